"""The skeleton of a net that a log shows."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import view_of
from logparse.cost.fields import Choice
from logparse.cost.layer_types import RULES
from logparse.cost.rule import Missing
from logparse.cost.rules.convolution import depthwise_geometry, geometry
from logparse.cost.rules.pooling import method, window
from logparse.cost.structure.net_layer import is_of_kind, is_source
from logparse.cost.traits import Family, LayerKind
from logparse.cost.zoo.bones import CHANNELWISE, CONCAT, CONNECTED, CONV, DECONV, LRN, POOLING, SUM, Bone, Skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.spec import Shape
    from logparse.cost.structure.net_layer import NetLayer
    from logparse.cost.structure.wiring import Graph, Vertex

_SEEN_THROUGH: Final = (LayerKind.ACTIVATION, LayerKind.NORMALISATION)
_RESHAPING: Final = frozenset({"Flatten", "Reshape", "Permute", "Padding"})
_OPERATION: Final = Choice("operation", ("PROD", "SUM", "MAX"), "SUM")
# Among what stands beside bones: a layer of that family; and one that reads a sum of a residual net of He et al. 2016b
NORMED: Final = "BatchNorm"
ACTIVATED_FIRST: Final = "activation before convolutions"


def skeleton_of(graph: Graph) -> Skeleton:
    """The bones of a net's graph. A layer whose weights are all an earlier layer's is that layer once more."""
    tracing = _Tracing(graph)
    for vertex in graph.vertices:
        tracing.follow(vertex)
    return Skeleton(tuple(tracing.bones), *_image(graph), tuple(tracing.beside))


class _Tracing:
    """A skeleton in the making; `reached` are per vertex the bones that are read through it."""

    def __init__(self, graph: Graph) -> None:
        self.bones: list[Bone] = []
        self.beside: list[str] = []
        self._graph = graph
        self._reached: list[tuple[int, ...]] = []
        self._by_name: dict[str, tuple[int, ...]] = {}
        self._places: dict[Bone, int] = {}
        self._twins = False

    def follow(self, vertex: Vertex) -> None:
        """The next layer."""
        above = tuple(bone for edge in vertex.edges if edge is not None for bone in self._reached[edge[0]])
        self._reached.append(self._through(vertex, above))
        self._by_name.setdefault(vertex.layer.spec.name, self._reached[-1])

    def _through(self, vertex: Vertex, above: tuple[int, ...]) -> tuple[int, ...]:
        layer = vertex.layer
        twin = _twin(layer, self._by_name)
        if twin is not None:
            self._twins = True
            return twin
        if is_source(layer) or is_of_kind(layer, LayerKind.DETECTION) or (layer.kind == "Concat" and not above):
            return ()  # boxes of priors and what joins them are no work of the net
        if _is_seen_through(layer):
            self.beside.append(_beside(layer))
            if self.beside[-1] == NORMED and _reads_sum(self._graph, vertex):
                self.beside.append(ACTIVATED_FIRST)
            return above
        return (self._place(_bone(layer, above)),)

    def _place(self, bone: Bone) -> int:
        """The bone's place; what a second tower does to a twin's top has been done to it before."""
        if self._twins and not bone.is_weighty and bone in self._places:
            return self._places[bone]
        self._places.setdefault(bone, len(self.bones))
        self.bones.append(bone)
        return len(self.bones) - 1


def _reads_sum(graph: Graph, vertex: Vertex) -> bool:
    return any(edge is not None and graph.vertices[edge[0]].layer.kind == "Eltwise" for edge in vertex.edges)


def _twin(layer: NetLayer, by_name: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    owners = set(layer.owners)
    if not layer.owners or None in owners or len(owners) > 1:
        return None
    return by_name.get(str(owners.pop()))


def _is_seen_through(layer: NetLayer) -> bool:
    return layer.kind in _RESHAPING or (layer.kind != LRN and is_of_kind(layer, *_SEEN_THROUGH))


def _beside(layer: NetLayer) -> str:
    traits = layer.traits
    is_norm = traits is not None and traits.family is Family.BATCH_NORM
    return NORMED if is_norm else layer.kind or ""


def _image(graph: Graph) -> tuple[int | None, tuple[int, ...]]:
    """Channels and map of the first blob from outside."""
    for vertex in graph.vertices:
        shape = vertex.layer.spec.tops[0] if is_source(vertex.layer) and vertex.layer.spec.tops else None
        if shape is not None and len(shape) > 1:
            return shape[1], shape[2:]
    return None, ()


def _bone(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    try:
        return _DRAWN.get(layer.kind or "", _other)(layer, above)
    except (Missing, IndexError, ValueError, ZeroDivisionError):
        return _other(layer, above)


def _convolution(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    traits = layer.traits
    is_depthwise = traits is not None and traits.depthwise
    view = view_of(layer.spec, RULES["Convolution"])
    found = depthwise_geometry(view) if is_depthwise else geometry(view)
    ins = view.bottom()[found.axis]
    kind = DECONV if layer.kind == "Deconvolution" else CHANNELWISE if 1 < found.group == ins else CONV
    shape = (found.kernel, found.stride, found.dilation, found.pad)
    return Bone(kind, _channels(layer), above, ins, *shape, group=found.group, size=_map(layer))


def _dense(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    if not layer.params:
        return Bone(CONNECTED, _channels(layer), above, size=(1, 1))
    outs, *ins = layer.params[0].shape  # the top of a recurrent net has its outputs on the last of three axes
    return Bone(CONNECTED, outs, above, prod(ins), size=(1, 1))


def _pooling(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    channels = _channels(layer)
    try:
        view = view_of(layer.spec, RULES["Pooling"])
        found, how = window(view), method(view)
    except Missing:  # how far the windows are apart shows in the maps all the same
        return Bone(POOLING, channels, above, channels, stride=_steps(layer), size=_map(layer))
    return Bone(
        POOLING, channels, above, channels, found.kernel, found.stride, (), found.pad, method=how, size=_map(layer)
    )


def _steps(layer: NetLayer) -> tuple[int, ...]:
    bottom, top = layer.spec.bottoms[0], layer.spec.tops[0]
    if bottom is None or top is None:
        return ()
    return tuple(round(before / after) for before, after in zip(bottom[2:], top[2:], strict=False))


def _eltwise(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    definition = layer.spec.definition
    operation = "SUM" if definition is None else _OPERATION.stated(definition.child("eltwise_param"))
    return Bone(SUM if operation == "SUM" else f"Eltwise {operation}", _channels(layer), above, size=_map(layer))


def _concat(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    return Bone(CONCAT, _channels(layer), above, size=_map(layer))


def _lrn(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    return Bone(LRN, _channels(layer), above, size=_map(layer))


def _other(layer: NetLayer, above: tuple[int, ...]) -> Bone:
    return Bone(layer.kind or "layer of unknown type", _channels(layer), above, size=_map(layer))


_DRAWN: Final[Mapping[str, Callable[[NetLayer, tuple[int, ...]], Bone]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "InnerProduct": _dense,
    "Pooling": _pooling,
    "Eltwise": _eltwise,
    "Concat": _concat,
    "LRN": _lrn,
}


def _top(layer: NetLayer) -> Shape | None:
    return layer.spec.tops[0] if layer.spec.tops else None


def _channels(layer: NetLayer) -> int:
    top = _top(layer)
    return top[1] if top is not None and len(top) > 1 else 0


def _map(layer: NetLayer) -> tuple[int, ...]:
    top = _top(layer)
    return () if top is None else top[2:]
