"""The spine of a net in the first column of its table: for each row a small drawing. Lanes in, SVG out.

Written by hand rather than by the canvas: hundreds of drawings of two paths each, with places that are whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from logparse.report.structure.lanes import LaneRow

_LANE: Final = 9
_MIDDLE: Final = 12  # of a row of one line, in points
_BELOW: Final = 999  # below any row; the cell cuts what is beyond it


class Spines:
    """The drawings of one log's rows: what is drawn once is used again under its name, which begins with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names: dict[str, str] = {}

    def drawn(self, row: LaneRow, css: str, weight: int) -> Markup:
        """One row: lines of the lanes, a dot for the layer. `css` colours its kind, `weight` (0 to 4) sizes a node."""
        body = _body(row, css, weight)
        if not body:
            return Markup()
        if body in self._names:
            return Markup(f'<svg><use href="#{self._names[body]}"/></svg>')  # noqa: S704 - a name of ours
        name = self._names[body] = f"{self._prefix}s{len(self._names)}"
        return Markup(f'<svg><g id="{name}">{body}</g></svg>')  # noqa: S704 - numbers and our classes


def _body(row: LaneRow, css: str, weight: int) -> str:
    lines = "".join(f"M{_x(lane)} 0V{_BELOW}" for lane in row.through)
    if row.lane is None:
        return f'<path class="wire" d="{lines}"/>' if lines else ""
    x = _x(row.lane)
    lines += "".join(f"M{_x(lane)} 0Q{_x(lane)} {_MIDDLE} {x} {_MIDDLE}" for lane in row.read)
    top, bottom = 0 if row.above else _MIDDLE, _BELOW if row.below else _MIDDLE
    lines += f"M{x} {top}V{bottom}" if bottom > top else ""
    look = f"knot {css} n{weight}" if row.made else "knot"
    return f'<path class="wire" d="{lines}"/><path class="{look}" d="M{x} {_MIDDLE}h0"/>'


def _x(lane: int) -> int:
    return _LANE // 2 + 3 + _LANE * lane
