"""A net drawn as a graph: places of a layered drawing in, SVG out.

Written by hand rather than by the canvas: each node is a link, which a drawing library's output does not keep, and the
places are whole numbers. All boxes of a kind are one path, and all edges of a width.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import Markup

from logparse import formats
from logparse.report.charts.canvas import label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def drawing(nodes: Sequence[Drawn], values: Sequence[int | None], places: Layered, description: str) -> Markup:
    """The graph from top to bottom. `values` has for each edge of `places` how many values its blob has."""
    width = round((places.width - 1) * _PITCH[0]) + _BOX[0] + 2 * _MARGIN
    height = max(places.rank, default=0) * _PITCH[1] + _BOX[1] + 2 * _MARGIN
    body = "\n".join((*_edges(values, places), *_boxes(nodes, places), *_links(nodes, places)))
    size = f'viewBox="0 0 {width} {height}" width="{width}"'
    frame = f'<svg class="graph" {size} role="group" aria-label="{escape(description)}">'
    return Markup(formats.shown(f"{frame}\n{body}\n</svg>"))  # noqa: S704 - numbers, our classes and escaped text


def _left(x: float) -> int:
    return _MARGIN + round(x * _PITCH[0])


def _top(rank: int) -> int:
    return _MARGIN + rank * _PITCH[1]


def _edges(values: Sequence[int | None], places: Layered) -> Iterator[str]:
    """One path for each width; an edge whose blob is not known is as thin as the smallest."""
    largest = max((value or 0 for value in values), default=0) or 1
    by_width: dict[int, list[str]] = {}
    for value, route in zip(values, places.routes, strict=True):
        width = max(1, round(_WIDTHS * ((value or 0) / largest) ** 0.5))
        by_width.setdefault(width, []).append(_route(route))
    for width, paths in sorted(by_width.items()):
        yield f'<path class="e{width}" d="{"".join(paths)}"/>'


def _route(stops: Sequence[tuple[float, int]]) -> str:
    """From the foot of a box, between the boxes of the ranks that it passes, to the head of another."""
    places = [(_left(x) + _BOX[0] // 2, rank) for x, rank in stops]
    x, rank = places[0]
    y = _top(rank) + _BOX[1]
    path = f"M{x} {y}"
    for index, (right, below) in enumerate(places[1:], 1):
        head = _top(below)
        middle = (y + head) // 2
        path += f"V{head}" if right == x else f"C{x} {middle} {right} {middle} {right} {head}"
        x, y = right, head
        if index < len(places) - 1:  # a bend: past the boxes beside it
            y = head + _BOX[1]
            path += f"V{y}"
    return path


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
