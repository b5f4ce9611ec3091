"""The spine of a net in the first column of its table: for each row a small drawing. Lanes in, SVG out.

Written by hand rather than by the canvas: hundreds of drawings of two paths each, with places that are whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from logparse.report.structure.lanes import LaneRow

PITCH: Final = 9
MIDDLE: Final = 12  # of a row of one line
END: Final = 999  # below any row; the cell cuts what is beyond it


def spine(row: LaneRow, css: str, weight: int) -> Markup:
    """One row: lines of the lanes, and a dot for the layer. `css` colours its kind, `weight` (0 to 4) sizes a node."""
    lines = "".join(f"M{_x(lane)} 0V{END}" for lane in row.through)
    dot = ""
    if row.lane is not None:
        x = _x(row.lane)
        lines += "".join(f"M{_x(lane)} 0Q{_x(lane)} {MIDDLE} {x} {MIDDLE}" for lane in row.read)
        top, bottom = 0 if row.above else MIDDLE, END if row.below else MIDDLE
        lines += f"M{x} {top}V{bottom}" if bottom > top else ""
        size = f"n{weight}" if row.made else "n"
        dot = f'<path class="{css} {size}" d="M{x} {MIDDLE}h0"/>'
    return Markup(f'<svg><path d="{lines}"/>{dot}</svg>' if lines or dot else "")  # noqa: S704 - numbers and our classes


def _x(lane: int) -> int:
    return PITCH // 2 + 2 + PITCH * lane
