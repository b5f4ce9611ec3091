"""The skeleton of a net that a log shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.costing import view_of
from logparse.cost.fields import Choice
from logparse.cost.layer_types import RULES
from logparse.cost.rule import Missing
from logparse.cost.rules.convolution import depthwise_geometry, geometry
from logparse.cost.rules.pooling import method, window
from logparse.cost.structure.part import is_of_kind, is_source
from logparse.cost.traits import Family, LayerKind
from logparse.cost.zoo.bones import CONCAT, CONV, DECONV, DENSE, DEPTHWISE, LRN, POOL, SUM, Bone, Skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.spec import Shape
    from logparse.cost.structure.part import Part
    from logparse.cost.structure.wiring import Graph, Node

_SEEN_THROUGH: Final = (LayerKind.ACTIVATION, LayerKind.NORMALISATION)
_RESHAPING: Final = frozenset({"Flatten", "Reshape", "Permute", "Padding"})
_OPERATION: Final = Choice("operation", ("PROD", "SUM", "MAX"), "SUM")
# Among what stands beside bones: a layer of that family; and one that reads a sum of a residual net of He et al. 2016b
NORMED: Final = "BatchNorm"
ACTIVATED_FIRST: Final = "activation before convolutions"


def skeleton_of(graph: Graph) -> Skeleton:
    """The bones of a net's graph. A layer whose weights are all an earlier layer's is that layer once more."""
    bones: list[Bone] = []
    beside: list[str] = []
    reached: list[tuple[int, ...]] = []  # per node: the bones that are read through it
    by_name: dict[str, tuple[int, ...]] = {}
    for node in graph.nodes:
        part = node.part
        above = tuple(bone for wire in node.wires if wire is not None for bone in reached[wire[0]])
        twin = _twin(part, by_name)
        if is_source(part) or is_of_kind(part, LayerKind.DETECTION) or (part.kind == "Concat" and not above):
            reached.append(())  # boxes of priors and what joins them are no work of the net
        elif twin is not None:
            reached.append(twin)
        elif _is_seen_through(part):
            beside.append(_beside(part))
            if beside[-1] == NORMED and _reads_sum(graph, node):
                beside.append(ACTIVATED_FIRST)
            reached.append(above)
        else:
            bones.append(_bone(part, above))
            reached.append((len(bones) - 1,))
        by_name.setdefault(part.spec.name, reached[-1])
    channels, size = _image(graph)
    return Skeleton(tuple(bones), channels, size, tuple(beside))


def _reads_sum(graph: Graph, node: Node) -> bool:
    return any(wire is not None and graph.nodes[wire[0]].part.kind == "Eltwise" for wire in node.wires)


def _twin(part: Part, by_name: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    owners = set(part.owners)
    if not part.owners or None in owners or len(owners) > 1:
        return None
    return by_name.get(str(owners.pop()))


def _is_seen_through(part: Part) -> bool:
    return part.kind in _RESHAPING or (part.kind != LRN and is_of_kind(part, *_SEEN_THROUGH))


def _beside(part: Part) -> str:
    traits = part.traits
    is_norm = traits is not None and traits.family is Family.BATCH_NORM
    return NORMED if is_norm else part.kind or ""


def _image(graph: Graph) -> tuple[int | None, tuple[int, ...]]:
    """Channels and map of the first blob from outside."""
    for node in graph.nodes:
        shape = node.part.spec.tops[0] if is_source(node.part) and node.part.spec.tops else None
        if shape is not None and len(shape) > 1:
            return shape[1], shape[2:]
    return None, ()


def _bone(part: Part, above: tuple[int, ...]) -> Bone:
    try:
        return _DRAWN.get(part.kind or "", _other)(part, above)
    except (Missing, IndexError, ValueError, ZeroDivisionError):
        return _other(part, above)


def _convolution(part: Part, above: tuple[int, ...]) -> Bone:
    traits = part.traits
    is_depthwise = traits is not None and traits.depthwise
    view = view_of(part.spec, RULES["Convolution"])
    found = depthwise_geometry(view) if is_depthwise else geometry(view)
    ins = view.bottom()[found.axis]
    kind = DECONV if part.kind == "Deconvolution" else DEPTHWISE if 1 < found.group == ins else CONV
    shape = (found.kernel, found.stride, found.dilation, found.pad)
    return Bone(kind, _channels(part), above, ins, *shape, group=found.group, size=_map(part))


def _dense(part: Part, above: tuple[int, ...]) -> Bone:
    weights = part.params[0].shape if part.params else ()
    return Bone(DENSE, _channels(part), above, weights[-1] if weights else 0, size=(1, 1))


def _pooling(part: Part, above: tuple[int, ...]) -> Bone:
    channels = _channels(part)
    try:
        view = view_of(part.spec, RULES["Pooling"])
        found, how = window(view), method(view)
    except Missing:  # how far the windows are apart shows in the maps all the same
        return Bone(POOL, channels, above, channels, stride=_steps(part), size=_map(part))
    return Bone(POOL, channels, above, channels, found.kernel, found.stride, (), found.pad, method=how, size=_map(part))


def _steps(part: Part) -> tuple[int, ...]:
    bottom, top = part.spec.bottoms[0], part.spec.tops[0]
    if bottom is None or top is None:
        return ()
    return tuple(round(before / after) for before, after in zip(bottom[2:], top[2:], strict=False))


def _eltwise(part: Part, above: tuple[int, ...]) -> Bone:
    definition = part.spec.definition
    operation = "SUM" if definition is None else _OPERATION.stated(definition.child("eltwise_param"))
    return Bone(SUM if operation == "SUM" else f"Eltwise {operation}", _channels(part), above, size=_map(part))


def _concat(part: Part, above: tuple[int, ...]) -> Bone:
    return Bone(CONCAT, _channels(part), above, size=_map(part))


def _lrn(part: Part, above: tuple[int, ...]) -> Bone:
    return Bone(LRN, _channels(part), above, size=_map(part))


def _other(part: Part, above: tuple[int, ...]) -> Bone:
    return Bone(part.kind or "layer of unknown type", _channels(part), above, size=_map(part))


_DRAWN: Final[Mapping[str, Callable[[Part, tuple[int, ...]], Bone]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "InnerProduct": _dense,
    "Pooling": _pooling,
    "Eltwise": _eltwise,
    "Concat": _concat,
    "LRN": _lrn,
}


def _top(part: Part) -> Shape | None:
    return part.spec.tops[0] if part.spec.tops else None


def _channels(part: Part) -> int:
    top = _top(part)
    return top[1] if top is not None and len(top) > 1 else 0


def _map(part: Part) -> tuple[int, ...]:
    top = _top(part)
    return () if top is None else top[2:]
