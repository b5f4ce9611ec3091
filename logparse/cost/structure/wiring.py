"""A net as a graph: which layer reads which, by position, with what names, batches and phases bring left out.

A blob's maker is the last layer before its reader that wrote it, as in Caffe: a layer in place is one more link of the
chain. Split and Dropout hand on what they read. What only measures is left out, and so is what stands between it and
the net (a Softmax, a Reshape), so that training, testing and deployed net are the same as far as they compute the
same. A blob from outside is its shape for one image, and none where only measures read it (labels).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from logparse.cost.structure.net_layer import ends, is_source, measures_only, passes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.spec import Shape
    from logparse.cost.structure.net_layer import NetLayer

Edge: TypeAlias = tuple[int, int]  # a vertex, and which of its tops


@dataclass(frozen=True, slots=True, eq=False)
class Vertex:
    """One layer of the graph: its place among the layers, and per bottom the edge that it hangs on.

    A edge of None is a blob that nothing in the log makes.
    """

    place: int
    layer: NetLayer
    edges: tuple[Edge | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The kept layers of a net in their order; edges count them. `layers` are all of its layers."""

    layers: tuple[NetLayer, ...]
    vertices: tuple[Vertex, ...]


def graph_of(layers: Sequence[NetLayer]) -> Graph:
    """The graph of a net's layers, which stand in the order of the log.

    Each blob from outside that the net reads is a vertex of its own, however many of them one layer gives.
    """
    edges = _wires(layers)
    kept, used = _kept(layers, edges)
    vertices: list[Vertex] = []
    numbers: dict[Edge, Edge] = {}
    for place, layer in enumerate(layers):
        if not kept[place]:
            continue
        if is_source(layer):
            for top in sorted(used[place]):
                numbers[place, top] = len(vertices), 0
                vertices.append(Vertex(place, _one_top(layer, top), ()))
        else:
            numbers.update({(place, top): (len(vertices), top) for top in range(len(layer.tops))})
            vertices.append(Vertex(place, layer, tuple(edge and numbers.get(edge) for edge in edges[place])))
    return Graph(tuple(layers), tuple(vertices))


def _one_top(layer: NetLayer, top: int) -> NetLayer:
    shape = layer.spec.tops[top] if top < len(layer.spec.tops) else None
    return replace(layer, spec=layer.spec.with_shapes((), (shape,)), tops=layer.tops[top : top + 1])


def _wires(layers: Sequence[NetLayer]) -> list[tuple[Edge | None, ...]]:
    """Per layer: who made each of its bottoms, those that only hand on seen through."""
    makers: dict[str, Edge | None] = {}
    found = []
    for place, layer in enumerate(layers):
        edges = tuple(makers.get(name) for name in layer.bottoms)
        found.append(edges)
        through = passes(layer) and len(edges) == 1
        for top, name in enumerate(layer.tops):
            makers[name] = edges[0] if through else (place, top)
    return found


def _kept(layers: Sequence[NetLayer], edges: Sequence[tuple[Edge | None, ...]]) -> tuple[list[bool], list[set[int]]]:
    """Whether a layer is part of the structure, and which of its tops kept layers read: told from the last layer on."""
    kept, lost = [False] * len(layers), [False] * len(layers)
    used: list[set[int]] = [set() for _ in layers]
    for place in reversed(range(len(layers))):
        layer = layers[place]
        kept[place] = _is_kept(layer, is_read=bool(used[place]), meets_loss=lost[place])
        for edge in edges[place]:
            if edge is None:
                continue
            if kept[place]:
                used[edge[0]].add(edge[1])
            elif not passes(layer):
                lost[edge[0]] |= layer.kind is not None and layer.kind.endswith("Loss")
    return kept, used


def _is_kept(layer: NetLayer, *, is_read: bool, meets_loss: bool) -> bool:
    if passes(layer):
        return False
    return is_read or not (measures_only(layer) or is_source(layer) or ends(layer, meets_loss=meets_loss))


def shape_of_image(shape: Shape | None, streams: int | None) -> Shape | None:
    """A shape without its batch: the first axis, and of a recurrent net's steps × streams both."""
    if shape is None:
        return None
    lead = 2 if streams is not None and len(shape) > 1 and shape[1] == streams else 1
    return shape[lead:]
