"""One layer of a net as the memory rules see it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from logparse.cost.buffer import unknown_buffers
from logparse.cost.layer_types import traits_of
from logparse.cost.memory.sharing import Links
from logparse.cost.traits import Base, InPlace, LayerKind, Traits, unknown_reads
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.spec import LayerSpec, ParamBlob
    from logparse.cost.traits import Cudnn

_SOME_LAYER: Final = Traits(
    LayerKind.CUSTOM,
    Base.LAYER,
    unknown_buffers(),
    unknown_reads("nothing is known of the layer's type"),
    InPlace.UNKNOWN,
)


@dataclass(frozen=True, slots=True, eq=False)
class LayerMemory:
    """One layer as the memory rules see it; the same only as one object, so that what is worked out can be kept.

    `kind` is the canonical type, None where nothing tells it. `tops` and `bottoms` are blob names, `counts`
    values per top (None where not printed), `losses` whether a top has a loss weight. `params` are the layer's
    own parameter blobs, those of an earlier layer left out; None where they are not known. `owned` are their
    places among all blobs of the layer, `decays` whether weight decay applies to each. `inferred` says that
    type or definition is a guess. `links` is the layer as the sharing rules see it, `kept` what the memory rules have
    worked out of its parameters.
    """

    spec: LayerSpec
    kind: str | None
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    counts: tuple[int | None, ...]
    losses: tuple[bool, ...]
    params: tuple[ParamBlob, ...] | None
    owned: tuple[int, ...] = ()
    decays: tuple[bool, ...] = ()
    inferred: bool = False
    traits: Traits = field(init=False, repr=False)
    links: Links = field(init=False, repr=False)
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """What is known of its type; of an unknown type only that it is some layer."""
        traits = traits_of(self.kind) or _SOME_LAYER
        object.__setattr__(self, "traits", traits)
        flags = self.spec.in_place or (False,) * len(self.tops)
        object.__setattr__(self, "links", Links(*traits.sharing(self.spec), self.bottoms, self.tops, flags))

    def resized(
        self, spec: LayerSpec, counts: tuple[int | None, ...], params: tuple[ParamBlob, ...] | None
    ) -> LayerMemory:
        """The same layer at other shapes; what was worked out of its parameters goes along where they are the same.

        What-ifs make thousands: nothing that shapes do not change is worked out again.
        """
        other = object.__new__(LayerMemory)
        for name in _WHATEVER_THE_SHAPES:
            object.__setattr__(other, name, getattr(self, name))
        object.__setattr__(other, "spec", spec)
        object.__setattr__(other, "counts", counts)
        object.__setattr__(other, "params", params)
        object.__setattr__(other, "kept", self.kept if params is self.params else {})
        return other

    @property
    def backward(self) -> bool | None:
        """Whether the layer does backward; nothing does in a TEST net."""
        return False if self.spec.phase == "TEST" else self.spec.backward

    @property
    def prefetches(self) -> bool:
        """Whether a thread of the layer's own fills batches ahead."""
        return self.traits.prefetches

    @property
    def convolves(self) -> bool:
        """Whether it is a convolution in either direction."""
        return self.traits.convolves

    @property
    def cudnn(self) -> Cudnn | None:
        """How a cuDNN build treats its type."""
        return self.traits.cudnn


_WHATEVER_THE_SHAPES: Final = tuple(
    one.name for one in fields(LayerMemory) if one.name not in {"spec", "counts", "params", "kept"}
)


def known_type(name: str | None) -> str | None:
    """The canonical layer type, or None."""
    return (canonical_type(name) or None) if name else None
