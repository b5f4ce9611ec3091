"""What a costing rule gets and gives: plain values, no log, no pandas."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from logparse.textproto import Message

Shape: TypeAlias = tuple[int, ...]


class Basis(StrEnum):
    """How a derived number came about; the order is the order of trust."""

    DEFINITION = "definition"  # from the dumped or given network definition and the printed shapes
    SHAPES = "shapes"  # the type is known and the printed shapes alone fix the number
    INFERRED = "inferred"  # one stated assumption
    UNKNOWN = "unknown"  # not derivable; the number is NA


@dataclass(frozen=True, slots=True, eq=False)
class LayerSpec:
    """One layer as a rule sees it; the same only as one object, so that what is worked out of it can be kept with it.

    `definition` is the layer's message from the dump or a prototxt (V1 dumps are already mapped to
    V2 names), None where it is missing or was cut. `bottoms` and `tops` are shapes in order; None
    where the log does not show one. `type` is None where nothing tells it. `backward` is what the log
    says ("needs backward computation"), None where it does not say. `bottom_needs_grad` tells per
    bottom whether a gradient is passed down to it, empty where that is not known. `force_backward` is
    the net's setting: then frozen parameters have their gradient computed too. `kept` is the rules' own: what they
    have worked out of this layer; a changed copy begins anew. `settings` is what they have read of its definition.
    """

    name: str
    type: str | None
    definition: Message | None
    bottoms: tuple[Shape | None, ...]
    tops: tuple[Shape | None, ...]
    in_place: tuple[bool, ...] = ()
    phase: str | None = None
    backward: bool | None = None
    bottom_needs_grad: tuple[bool, ...] = ()
    nested_notes: tuple[str, ...] = ()  # chatter of the layer's own set-up
    force_backward: bool = False
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False)
    settings: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def label(self) -> str:
        """What words call the layer: its name, or that it has none (in an excerpt a shape may stand by itself)."""
        return self.name or "unnamed layer"

    def with_flow(self, bottom_needs_grad: tuple[bool, ...], *, backward: bool | None, forced: bool) -> LayerSpec:
        """The same layer, told which of its bottoms get a gradient; what was read of its definition goes along."""
        other = LayerSpec(
            self.name,
            self.type,
            self.definition,
            self.bottoms,
            self.tops,
            self.in_place,
            self.phase,
            backward,
            bottom_needs_grad,
            self.nested_notes,
            forced,
        )
        object.__setattr__(other, "settings", self.settings)
        return other

    def with_shapes(self, bottoms: tuple[Shape | None, ...], tops: tuple[Shape | None, ...]) -> LayerSpec:
        """The same layer between blobs of other sizes (and as many axes); what was read of its definition goes along.

        What-ifs make thousands: four times as fast as dataclasses.replace.
        """
        other = LayerSpec(
            self.name,
            self.type,
            self.definition,
            bottoms,
            tops,
            self.in_place,
            self.phase,
            self.backward,
            self.bottom_needs_grad,
            self.nested_notes,
            self.force_backward,
        )
        object.__setattr__(other, "settings", self.settings)
        return other


@dataclass(frozen=True, slots=True)
class ParamBlob:
    """One parameter blob of a layer, in Caffe's order: its shape and what it holds."""

    shape: Shape
    kind: str  # "weight", "bias" or "statistic"

    @property
    def count(self) -> int:
        """Number of values."""
        return prod(self.shape)


class Derived(NamedTuple):
    """A derived number, its basis, the formula with the layer's own values, and why it is NA."""

    value: int | None
    basis: Basis
    formula: str = ""
    reason: str = ""


NO_FIGURE: Final = Derived(None, Basis.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one layer costs, for the whole batch unless a name says otherwise.

    `params` lists the layer's own blobs (shared or not); None where they are not known. `macs` are
    matrix products of one forward pass, `backward_macs` those of one backward pass (0 in a TEST net);
    `other_ops` is all other arithmetic of the forward pass, one operation each.
    `problems` are contradictions between the rule and the printed shapes. `assumptions` are the
    stated assumptions behind an inferred number.
    """

    params: tuple[ParamBlob, ...] | None
    params_basis: Basis
    macs: Derived
    other_ops: Derived
    expected_tops: tuple[Shape | None, ...] = ()
    params_formula: str = ""
    params_reason: str = ""
    problems: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    batch: int | None = field(default=None)
    backward_macs: Derived = NO_FIGURE

    def _total(self, kind: str) -> int | None:
        return None if self.params is None else sum(p.count for p in self.params if p.kind == kind)

    @property
    def weights(self) -> int | None:
        """Learnable weights (also a Scale's gamma, a PReLU's slopes)."""
        return self._total("weight")

    @property
    def biases(self) -> int | None:
        """Learnable biases (also a Scale's beta)."""
        return self._total("bias")

    @property
    def statistics(self) -> int | None:
        """Values that are kept but not learned (BatchNorm's mean, variance and factor)."""
        return self._total("statistic")
