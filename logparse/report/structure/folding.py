"""A net's layers as a graph that people draw: layers that write in place and Splits folded away.

A layer that writes over its bottom stands on the node that made the blob; a Split, which Caffe inserts where several
layers read one blob (insert_splits.cpp), is what it splits. Edges are blobs, from the node that made one to those that
read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.report.structure.modules import modules
from logparse.rows import int_of, items_of, layer_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.report.structure.modules import Module
    from logparse.rows import TableRow


class GraphNode(NamedTuple):
    """What is drawn as one thing: the place of its first layer, those folded into it, and its name."""

    place: int
    folded: tuple[int, ...]
    name: str


class GraphEdge(NamedTuple):
    """A blob between two nodes, by their places among the nodes; `values` is its count, None where not known."""

    source: int
    target: int
    values: int | None


class FoldedNet(NamedTuple):
    """Nodes in the order of layers, edges that all go forward, and per layer the node that it is part of."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    node_of: tuple[int | None, ...]


def _is_split(row: TableRow) -> bool:
    """Whether Caffe inserted the layer where several others read one blob."""
    return row.get("type") == "Split"


def _is_in_place(row: TableRow) -> bool:
    """Whether every top overwrites its bottom."""
    flags = items_of(row.get("in_place"))
    return bool(flags) and all(flags)


def folded(rows: Sequence[TableRow]) -> FoldedNet:
    """Rows of the table `layers`, one net in order → its graph. A blob that no layer makes has no edge."""
    nodes: list[GraphNode] = []
    edges: dict[tuple[int, int], int | None] = {}
    node_of: list[int | None] = []
    made: dict[str, tuple[int, int | None]] = {}  # blob → its node, its values
    for place, row in enumerate(rows):
        sources = [made[blob] for blob in map(str, items_of(row.get("bottoms"))) if blob in made]
        if sources and (_is_split(row) or _is_in_place(row)):
            at = sources[0][0]
            nodes[at] = nodes[at]._replace(folded=(*nodes[at].folded, place))
        else:
            at = len(nodes)
            nodes.append(GraphNode(place, (), layer_name(row)))
            for source, values in sources:
                edges[source, at] = values
        node_of.append(at)
        made.update(_tops(row, at))
    return FoldedNet(tuple(nodes), tuple(GraphEdge(*pair, values) for pair, values in edges.items()), tuple(node_of))


def _tops(row: TableRow, at: int) -> Iterable[tuple[str, tuple[int, int | None]]]:
    tops = [str(top) for top in items_of(row.get("tops"))]
    counts = [int_of(count) for count in items_of(row.get("top_count"))]
    return ((top, (at, counts[i] if i < len(counts) else None)) for i, top in enumerate(tops))


def modules_of(rows: Sequence[TableRow]) -> tuple[Module, ...]:
    """Rows of the table `layers`, one net in order → its modules."""
    graph = folded(rows)
    leaders = [None if at is None else graph.nodes[at].place for at in graph.node_of]
    follows = [None if leader == place else leader for place, leader in enumerate(leaders)]
    return modules([layer_name(row) for row in rows], follows)


def closed(graph: FoldedNet, parts: Sequence[Module]) -> FoldedNet:
    """The same graph with each module as one node; edges inside a module are gone, parallel ones are one."""
    of_layer = [index for index, part in enumerate(parts) for _ in range(part.start, part.stop)]
    of_node = [of_layer[node.place] for node in graph.nodes]
    edges: dict[tuple[int, int], int | None] = {}
    for edge in graph.edges:
        pair = of_node[edge.source], of_node[edge.target]
        if pair[0] < pair[1]:
            edges[pair] = _larger(edges.get(pair), edge.values)
    nodes = tuple(GraphNode(part.start, tuple(range(part.start + 1, part.stop)), part.name) for part in parts)
    return FoldedNet(nodes, tuple(GraphEdge(*pair, values) for pair, values in edges.items()), tuple(of_layer))


def _larger(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
