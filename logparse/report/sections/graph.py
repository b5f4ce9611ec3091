"""The net drawn: its folded graph in layers from the input down, and the same as an outline in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.charts.net.drawing import Drawn, drawing
from logparse.report.kinds import css_of, kind_of
from logparse.report.structure.folding import closed, folded, modules_of
from logparse.report.structure.layered import layered
from logparse.report.structure.modules import brief, within
from logparse.rows import layer_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markupsafe import Markup

    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.report.structure.folding import FoldedNet, GraphNode
    from logparse.report.structure.modules import Module
    from logparse.rows import TableRow

_MOST: Final = 150  # nodes from which on modules are closed
_DENSE: Final = 30_000  # edges times ranks: beyond, the drawing would be a thicket
_OUTLINED: Final = 400  # lines of the outline


@dataclass(frozen=True, slots=True)
class GraphView:
    """The drawing of a net with what stands beside it: what it shows, its crossings, and the outline."""

    title: str
    note: str
    svg: Markup
    outline: str


def build(log: ReportedLog) -> GraphView | None:
    """The leading net; None where no layer of it reads a blob that another makes."""
    lead = log.lead
    if lead is None:
        return None
    graph, parts = folded(lead.layers), modules_of(lead.layers)
    if not graph.edges:
        return None
    modular = len(graph.nodes) > _MOST or len(graph.edges) * len(parts) > _DENSE
    shown = closed(graph, parts) if modular else graph
    places = layered(len(shown.nodes), [(edge.source, edge.target) for edge in shown.edges])
    wholes = [part.name for part in parts]
    names = dict(zip(wholes, brief(wholes), strict=True))
    nodes = [_module(log, lead, node) if modular else _node(log, lead, node, names) for node in shown.nodes]
    what = f"{len(nodes)} {'modules' if modular else 'nodes'} and {len(shown.edges)} edges"
    title = f"The {lead.title} as a graph: {what}"
    svg = drawing(nodes, [edge.values for edge in shown.edges], places, f"{title}, {places.crossings} crossings.")
    return GraphView(title, _note(lead, graph, places.crossings, modular=modular), svg, _outline(lead, graph, parts))


def _note(lead: ReportedNet, graph: FoldedNet, crossings: int, *, modular: bool) -> str:
    hidden = len(lead.layers) - len(graph.nodes)
    parts = [f"Of {len(lead.layers)} layers {hidden} are folded: those that write in place, and Splits."]
    if modular:
        parts.append("Modules are closed, each with its number of layers; these stand in the outline.")
    parts.append("A line is the wider the more values its blob has.")
    if crossings:
        parts.append(f"Lines cross {crossings} {'time' if crossings == 1 else 'times'}.")
    return " ".join(parts)


def _node(log: ReportedLog, net: ReportedNet, node: GraphNode, names: Mapping[str, str]) -> Drawn:
    """A node under its name, in which its module has its brief name: `3a/1x1`."""
    row = net.layers[node.place]
    return Drawn(within(node.name, names), log.row_href(row), css_of(kind_of(row.get("type"))))


def _kept(net: ReportedNet, node: GraphNode) -> list[int]:
    return [place for place in node.folded if net.layers[place].get("type") != "Split"]


def _module(log: ReportedLog, net: ReportedNet, node: GraphNode) -> Drawn:
    rows = [net.layers[place] for place in (node.place, *node.folded)]
    return Drawn(f"{node.name}: {len(rows)}", log.row_href(rows[0]), css_of(_leading_kind(rows)))


def _leading_kind(rows: Sequence[TableRow]) -> str:
    """The kind of the layer that computes most, else of the first."""
    most = max(rows, key=lambda row: int(row.get("macs") or 0))
    return kind_of(most.get("type"))


def _outline(net: ReportedNet, graph: FoldedNet, parts: Sequence[Module]) -> str:
    lines = list(_outlined(net, graph, parts))
    more = len(lines) - _OUTLINED
    return "\n".join(lines[:_OUTLINED] + ([f"and {more} more lines"] if more > 0 else []))


def _outlined(net: ReportedNet, graph: FoldedNet, parts: Sequence[Module]) -> Iterator[str]:
    """Module by module its nodes, each with its types, and with what it reads where that is not the one before."""
    read: dict[int, list[int]] = {}
    for edge in graph.edges:
        read.setdefault(edge.target, []).append(edge.source)
    by_place = {node.place: at for at, node in enumerate(graph.nodes)}
    for part in parts:
        inside = [by_place[place] for place in range(part.start, part.stop) if place in by_place]
        if len(inside) > 1:
            yield _word(part.name)
        for at in inside:
            node = graph.nodes[at]
            types = " + ".join(
                formats.plain(net.layers[place].get("type")) for place in (node.place, *_kept(net, node))
            )
            sources = read.get(at, [])
            reads = ", ".join(_word(graph.nodes[source].name) for source in sources)
            told = f" ← {reads}" if sources and sources != [at - 1] else ""
            indent = "  " if len(inside) > 1 else ""
            yield f"{indent}{_word(layer_name(net.layers[node.place]))}: {types}{told}"


def _word(name: str) -> str:
    return " ".join(name.split())
