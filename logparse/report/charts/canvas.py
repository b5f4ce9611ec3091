"""Drawing into small, themable SVG: marks are noted down, and written when all are there.

A mark has a class in place of fixed colours, so that one style sheet gives light, dark and print. What is written
holds no id, no style attribute (a content security policy would drop it), no font name and no date: two runs give the
same bytes. The marks stay with the markup, so that a figure of its own can be made of them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from logparse import formats
from logparse.report.charts.painting.mark import ABOVE, CLOSE, LINE, MOVE, Box, Outline, Words, label, outline_of
from logparse.report.charts.painting.renderer import elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.report.charts.painting.mark import Mark

__all__ = ["Box", "Canvas", "MarkedSvg", "label", "marked"]


class MarkedSvg(Markup):
    """The markup of a drawing, with the marks and the size that it was made from."""

    __slots__ = ("height", "marks", "width")

    marks: tuple[Mark, ...]
    width: float
    height: float


def marked(markup: str, marks: Sequence[Mark], size: tuple[float, float]) -> MarkedSvg:
    """Markup that is escaped already, with what it was made from."""
    made = MarkedSvg(markup)
    made.marks, (made.width, made.height) = tuple(marks), size
    return made


class Canvas:
    """One drawing. Places are in points from the top left corner, as in SVG."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._marks: list[Mark] = []

    def line(self, x: Sequence[float], y: Sequence[float], css: str) -> None:
        """A line through the places."""
        points = list(zip(x, y, strict=True))
        if points:
            codes = [MOVE, *[LINE] * (len(points) - 1)]
            self._marks.append(Outline(css, points, codes, ABOVE, fill=False))

    def rules(self, segments: Sequence[Box], css: str) -> None:
        """Separate straight lines, each from (left, top) to (right, bottom), as one path."""
        points = [point for x0, y0, x1, y1 in segments for point in ((x0, y0), (x1, y1))]
        if points:
            self._marks.append(Outline(css, points, [MOVE, LINE] * len(segments), fill=False))

    def area(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """A closed area."""
        codes = [MOVE, *[LINE] * (len(points) - 1), CLOSE]
        self._marks.append(Outline(css, [*points, points[0]], codes))

    def boxes(self, boxes: Sequence[Box], css: str, titles: Sequence[str] = (), targets: Sequence[str] = ()) -> None:
        """Filled boxes; `titles` (hover) and `targets` (the id of a table row), one per box, are optional."""
        points = [p for x0, y0, x1, y1 in boxes for p in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
        codes = [MOVE, LINE, LINE, LINE, CLOSE] * len(boxes)
        if points:
            self._marks.append(Outline(css, points, codes, titles=tuple(titles), targets=tuple(targets)))

    def dots(
        self,
        places: Sequence[tuple[float, float]],
        radius: float,
        css: str,
        titles: Sequence[str] = (),
        shape: str = "circle",
    ) -> None:
        """Marks of one shape: circle, square, diamond or triangle."""
        outline, codes = outline_of(shape, radius)
        points = [(x + dx, y + dy) for x, y in places for dx, dy in outline]
        if points:
            self._marks.append(Outline(css, points, codes * len(places), titles=tuple(titles)))

    def text(self, x: float, y: float, text: str, css: str, anchor: str = "start", turn: float = 0.0) -> None:
        """Text on a baseline at (x, y), turned counter-clockwise by `turn` degrees about it; none where empty."""
        if text:
            self._marks.append(Words(css, x, y, label(text, 200), anchor, turn))

    def svg(self, description: str, css: str = "chart") -> Markup:
        """The drawing as an inline `<svg>` of a class, with a text alternative; a `MarkedSvg` unless it is empty."""
        if not self._marks:
            return Markup("")
        size = (self.width, self.height)
        body = "\n".join(elements(self._marks, size, _classes))
        view = f"0 0 {self.width:.0f} {self.height:.0f}"
        frame = f'<svg class="{css}" viewBox="{view}" role="img" aria-label="{escape(description)}">'
        return marked(formats.shown(f"{frame}\n{body}\n</svg>"), self._marks, size)


_ANCHORS = {"start": "", "middle": " a-m", "end": " a-e"}


def _classes(mark: Mark) -> str:
    """The look of a mark on the page: a class of the style sheet."""
    return f'class="{mark.css}{_ANCHORS[mark.anchor] if isinstance(mark, Words) else ""}"'
