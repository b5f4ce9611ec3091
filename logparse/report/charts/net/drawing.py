"""A net drawn as a graph: places of a layered drawing in, SVG out.

Written by hand rather than by the canvas: each node is a link, and the places are whole numbers. All boxes of a kind
are one path, and all edges of a width. The same marks stay with it for a drawing that stands alone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.report.charts.canvas import label, marked
from logparse.report.charts.painting.mark import CLOSE, CURVE, LINE, MOVE, Outline, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.charts.canvas import MarkedSvg
    from logparse.report.charts.painting.mark import Mark, Point
    from logparse.report.structure.layered import Layered

_PITCH: Final = (146, 46)  # from node to node, from rank to rank
_BOX: Final = (132, 26)
_MARGIN: Final = 8
_LONGEST: Final = 21
_WIDTHS: Final = 4  # of edges


class Drawn(NamedTuple):
    """One node: its text, where it leads, the class of its kind."""

    text: str
    href: str
    css: str


def drawing(nodes: Sequence[Drawn], values: Sequence[int | None], places: Layered, description: str) -> MarkedSvg:
    """The graph from top to bottom. `values` has for each edge of `places` how many values its blob has."""
    width = round((places.width - 1) * _PITCH[0]) + _BOX[0] + 2 * _MARGIN
    height = max(places.rank, default=0) * _PITCH[1] + _BOX[1] + 2 * _MARGIN
    body = "\n".join((*_edges(values, places), *_boxes(nodes, places), *_links(nodes, places)))
    size = f'viewBox="0 0 {width} {height}" width="{width}"'
    frame = f'<svg class="graph" {size} role="group" aria-label="{escape(description)}">'
    marks = (*_edge_marks(values, places), *_box_marks(nodes, places))
    return marked(formats.shown(f"{frame}\n{body}\n</svg>"), marks, (width, height))


def _left(x: float) -> int:
    return _MARGIN + round(x * _PITCH[0])


def _top(rank: int) -> int:
    return _MARGIN + rank * _PITCH[1]


def _edges(values: Sequence[int | None], places: Layered) -> Iterator[str]:
    """One path for each width."""
    for width, routes in _by_width(values, places):
        yield f'<path class="e{width}" d="{"".join(map(_data, routes))}"/>'


def _by_width(values: Sequence[int | None], places: Layered) -> list[tuple[int, list[Sequence[tuple[float, int]]]]]:
    """Edges by how wide they are; an edge whose blob is not known is as thin as the smallest."""
    largest = max((value or 0 for value in values), default=0) or 1
    by_width: dict[int, list[Sequence[tuple[float, int]]]] = {}
    for value, route in zip(values, places.routes, strict=True):
        width = max(1, round(_WIDTHS * ((value or 0) / largest) ** 0.5))
        by_width.setdefault(width, []).append(route)
    return sorted(by_width.items())


class _Step(NamedTuple):
    """A piece of a route: where it begins (MOVE), an upright line (LINE), a curve with its two handles (CURVE)."""

    code: int
    points: tuple[tuple[int, int], ...]


def _route(stops: Sequence[tuple[float, int]]) -> Iterator[_Step]:
    """From the foot of a box, between the boxes of the ranks that it passes, to the head of another."""
    places = [(_left(x) + _BOX[0] // 2, rank) for x, rank in stops]
    x, rank = places[0]
    y = _top(rank) + _BOX[1]
    yield _Step(MOVE, ((x, y),))
    for index, (right, below) in enumerate(places[1:], 1):
        head = _top(below)
        middle = (y + head) // 2
        straight = right == x
        yield _Step(LINE, ((x, head),)) if straight else _Step(CURVE, ((x, middle), (right, middle), (right, head)))
        x, y = right, head
        if index < len(places) - 1:  # a bend: past the boxes beside it
            y = head + _BOX[1]
            yield _Step(LINE, ((x, y),))


def _data(stops: Sequence[tuple[float, int]]) -> str:
    """A route as path data."""
    pieces = []
    for code, points in _route(stops):
        if code == LINE:
            pieces.append(f"V{points[0][1]}")
        else:
            pieces.append(("M" if code == MOVE else "C") + " ".join(f"{x} {y}" for x, y in points))
    return "".join(pieces)


def _edge_marks(values: Sequence[int | None], places: Layered) -> Iterator[Mark]:
    for width, routes in _by_width(values, places):
        steps = [step for stops in routes for step in _route(stops)]
        points = [point for step in steps for point in step.points]
        codes = [step.code for step in steps for _ in step.points]
        yield Outline(f"edge e{width}", points, codes, fill=False)


def _box_marks(nodes: Sequence[Drawn], places: Layered) -> Iterator[Mark]:
    for node, x, rank in zip(nodes, places.x, places.rank, strict=True):
        left, top = _left(x), _top(rank)
        right, bottom = left + _BOX[0], top + _BOX[1]
        corners: list[Point] = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        yield Outline(f"box {node.css}", corners, [MOVE, LINE, LINE, LINE, CLOSE])
        yield Words("t-node", left + _BOX[0] // 2, top + 17, label(node.text, _LONGEST), "middle")


def _boxes(nodes: Sequence[Drawn], places: Layered) -> Iterator[str]:
    by_kind: dict[str, list[str]] = {}
    for node, x, rank in zip(nodes, places.x, places.rank, strict=True):
        box = f"M{_left(x)} {_top(rank)}h{_BOX[0]}v{_BOX[1]}h-{_BOX[0]}z"
        by_kind.setdefault(node.css, []).append(box)
    for css, boxes in by_kind.items():
        yield f'<path class="box {css}" d="{"".join(boxes)}"/>'


def _links(nodes: Sequence[Drawn], places: Layered) -> Iterator[str]:
    for node, x, rank in zip(nodes, places.x, places.rank, strict=True):
        place = f'x="{_left(x) + _BOX[0] // 2}" y="{_top(rank) + 17}"'
        text = f"<text {place}>{escape(label(node.text, _LONGEST))}</text>"
        yield f'<a href="{escape(node.href)}">{text}</a>' if node.href else text
