"""Evidence from the rest of the net: layers of the same role that kept their definition, names that state kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.costing import cost
from logparse.cost.inference.by_window import convolution
from logparse.cost.inference.guess import MAP_AXES, Guess, one_to_one, supported_type
from logparse.cost.inference.lacking import defined
from logparse.cost.inference.names import is_optional, place_of, reduced_name, series, stated_kernel
from logparse.cost.inference.windows import common
from logparse.cost.layer_types import traits_of
from logparse.cost.types import canonical_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Value

_CONVOLUTION: Final = "convolution_param"
# What a convolution's peers must have in common, beside their type
_WINDOW_FIELDS: Final = ("kernel_size", "kernel_h", "kernel_w", "dilation", "bias_term", "axis")


class Blocks(NamedTuple):
    """The net's blocks: which parts each has, which layers of a role are defined, and the block that stands last."""

    parts: Mapping[str, frozenset[str]]
    roles: Mapping[str, tuple[LayerSpec, ...]]
    last: str | None

    def alike(self, block: str, other: str) -> bool:
        """Whether two blocks have the same parts, but for optional ones; the last block may be cut short."""
        mine, theirs = self.parts.get(block, frozenset()), self.parts.get(other, frozenset())
        missing = frozenset() if block == self.last else theirs - mine
        return all(is_optional(part) for part in (mine - theirs) | missing)


def blocks_of(specs: Sequence[LayerSpec]) -> Blocks:
    """Blocks and roles by the layers' names."""
    parts: dict[str, set[str]] = {}
    roles: dict[str, list[LayerSpec]] = {}
    last = None
    for spec in specs:
        place = place_of(spec.name)
        if place is None:
            continue
        last = place.block
        parts.setdefault(place.block, set()).add(place.part)
        if defined(spec):
            roles.setdefault(place.role, []).append(spec)
    return Blocks(
        {block: frozenset(found) for block, found in parts.items()},
        {role: tuple(found) for role, found in roles.items()},
        last,
    )


def peers_of(spec: LayerSpec, blocks: Blocks) -> list[LayerSpec]:
    """The defined layers of the same role in blocks of the same make; those of the same stage where there are any.

    Depthwise kernels differ from stage to stage (MnasNet, MobileNet v3), so there only the same stage counts.
    """
    place = place_of(spec.name)
    if place is None:
        return []
    others = [(place_of(peer.name), peer) for peer in blocks.roles.get(place.role, ())]
    alike = [(other, peer) for other, peer in others if other is not None and blocks.alike(place.block, other.block)]
    near = [peer for other, peer in alike if other.stage == place.stage]
    return near or [peer for _, peer in alike if _grouping(peer) != _DEPTHWISE]


_DEPTHWISE: Final = "depthwise"


def _settings(spec: LayerSpec) -> tuple[object, ...]:
    """What peers are compared by: type, and a convolution's window, or a layer's number of bottoms."""
    definition = spec.definition if spec.definition is not None else Message()
    child = definition.child(_CONVOLUTION)
    window = tuple(tuple(map(str, child.all(name))) for name in _WINDOW_FIELDS)
    return (canonical_type(spec.type or ""), len(spec.bottoms), window, _grouping(spec))


def _grouping(spec: LayerSpec) -> object:
    """The group as a number, or "depthwise" where it is the number of channels."""
    traits = traits_of(spec.type)
    if traits is not None and traits.depthwise:
        return _DEPTHWISE
    group = spec.definition.child(_CONVOLUTION).integer("group", 1) if spec.definition is not None else 1
    bottom = spec.bottoms[0] if spec.bottoms else None
    return _DEPTHWISE if group > 1 and bottom is not None and len(bottom) > 1 and bottom[1] == group else group


def _adapted(peer: LayerSpec, spec: LayerSpec) -> Message:
    """The peer's definition with this layer's own number of outputs and, where it is depthwise, of groups."""
    definition = peer.definition if peer.definition is not None else Message()
    fields: dict[str, list[Value]] = {**definition.fields, "name": [spec.name]}
    top = spec.tops[0] if spec.tops else None
    for name in (_CONVOLUTION, "inner_product_param"):
        if definition.has(name) and top is not None and len(top) > 1:
            child = dict(definition.child(name).fields)
            child["num_output"] = [top[1]]
            if _grouping(peer) == _DEPTHWISE and spec.bottoms and spec.bottoms[0] is not None:
                child["group"] = [spec.bottoms[0][1]]
            fields[name] = [Message(child)]
    return Message(fields, line=definition.line)


def _restrided(definition: Message, stride: int) -> Message:
    child = {
        name: values
        for name, values in definition.child(_CONVOLUTION).fields.items()
        if name not in {"stride", "stride_h", "stride_w"}
    }
    return Message({**definition.fields, _CONVOLUTION: [Message({**child, "stride": [stride]})]})


_STRIDES: Final = (1, 2)  # of a block's first layer, which halves the map


def from_peers(spec: LayerSpec, blocks: Blocks) -> Guess | None:
    """The definition that all layers of the same role share, if its shapes fit here."""
    peers = peers_of(spec, blocks)
    if not peers or len({_settings(peer) for peer in peers}) != 1 or len(peers[0].bottoms) != len(spec.bottoms):
        return None
    kind = canonical_type(peers[0].type or "")
    if spec.type is not None and canonical_type(spec.type) != kind:
        return None
    adapted = _adapted(peers[0], spec)
    options = [adapted] if kind != "Convolution" else [adapted, *(_restrided(adapted, stride) for stride in _STRIDES)]
    for definition in options:
        found = cost(replace(spec, type=kind, definition=definition))
        if not found.problems and found.macs.value is not None:
            others = ", ".join(peer.name for peer in peers[:3])
            return Guess(kind, definition, (f"{kind} like the layers of the same role that are defined ({others})",))
    return None


def by_twin(specs: Sequence[LayerSpec]) -> dict[object, LayerSpec]:
    """Defined layers without a window by series and shapes: `lstm1_unit_1` stands for `lstm1_unit_30`."""
    return {_twin_key(spec): spec for spec in specs if defined(spec) and series(spec.name) and not _is_windowed(spec)}


def _is_windowed(spec: LayerSpec) -> bool:
    traits = traits_of(spec.type)
    return traits is not None and traits.windowed


def _twin_key(spec: LayerSpec) -> object:
    return (series(spec.name), spec.bottoms, spec.tops)


def from_twin(spec: LayerSpec, twins: Mapping[object, LayerSpec]) -> Guess | None:
    """The definition of a layer of the same series with the very same shapes, as an unrolled net has many."""
    twin = twins.get(_twin_key(spec)) if series(spec.name) else None
    if twin is None or twin.definition is None or spec.type not in {None, twin.type}:
        return None
    definition = Message({**twin.definition.fields, "name": [spec.name]})
    kind = canonical_type(twin.type or "")
    return Guess(kind, definition, (f"{kind} like {twin.name}, of the same series and shapes",))


def _same_kernel(bottom: Shape, top: Shape, kernel: int, stride: int | None) -> Guess | None:
    fitting = [w for w in common(bottom, top, (kernel,)) if stride in {None, w.stride}]
    if not fitting:
        return None
    return convolution(bottom, top, fitting[0], f"its name states the kernel {kernel}×{kernel}, and its shapes agree")


def from_name(spec: LayerSpec, specs: Mapping[str, LayerSpec]) -> Guess | None:
    """A kernel that the name states, if shapes, channels and, for a `…_reduce`, the layer behind it agree."""
    stated, pair = stated_kernel(spec.name), one_to_one(spec)
    if stated is None or pair is None or stated.kernel[0] != stated.kernel[1]:
        return None
    bottom, top = pair
    is_map = len(bottom) == len(top) == MAP_AXES + 2 and bottom[0] == top[0]
    if not is_map or supported_type(spec) not in {None, "Convolution"}:
        return None
    if spec.in_place and spec.in_place[0]:
        return None
    if bottom[1] == top[1] and supported_type(spec) is None:
        return None  # a window that keeps its channels may as well be a pooling's
    after = reduced_name(spec.name)
    if after is not None and not _reduces(top, specs.get(after)):
        return None
    return _same_kernel(bottom, top, stated.kernel[0], stated.stride)


def _reduces(top: Shape, after: LayerSpec | None) -> bool:
    """Whether the layer that a `…_reduce` is named for reads a map of its channels."""
    read = after.bottoms[0] if after is not None and after.bottoms else None
    return read is not None and len(read) > 1 and read[1] == top[1]
