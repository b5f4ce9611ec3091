"""The heat map: rows by columns, each cell a magnitude in one of nine steps of a logarithmic scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.report.charts.axes import CHARACTER, WIDTH
from logparse.report.charts.canvas import Canvas, label

if TYPE_CHECKING:
    import numpy.typing as npt
    from markupsafe import Markup

    Floats = npt.NDArray[np.float64]

SHADES: Final = 9
_TALL: Final = 15.0
_LONGEST_NAME: Final = 28
_TOP: Final = 34.0
_GAP: Final = 0.5  # between neighbours


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Magnitudes by row and column: nan where nothing is printed, infinite where what is printed is no number.

    `columns` are the iterations that the columns begin at.
    """

    rows: tuple[str, ...]
    columns: tuple[int, ...]
    values: Floats


def heat(found: HeatMap, description: str) -> Markup:
    """The map with a legend; the first cell of each row that is no number is marked and told."""
    left = 16 + CHARACTER * max((len(label(name, _LONGEST_NAME)) for name in found.rows), default=0)
    canvas = Canvas(WIDTH, _TOP + _TALL * len(found.rows) + 40)
    wide = (WIDTH - 20 - left) / max(len(found.columns), 1)
    shades, ends = shaded(found.values)
    _legend(canvas, ends, left)
    for index, name in enumerate(found.rows):
        canvas.text(left - 8, _TOP + _TALL * index + 11, label(name, _LONGEST_NAME), "t-label", "end")
    for shade in np.unique(shades[shades >= 0]).tolist():
        boxes = [_cell(left, wide, row, column) for row, column in np.argwhere(shades == shade).tolist()]
        canvas.boxes(boxes, f"heat h{shade}")
    bad = [_cell(left, wide, row, column) for row, column in np.argwhere(np.isinf(found.values)).tolist()]
    canvas.boxes(bad, "heat bad")
    _first_bad(canvas, found, left, wide)
    _columns(canvas, found, left, wide)
    return canvas.svg(description)


def shaded(values: Floats) -> tuple[npt.NDArray[np.int64], tuple[float, float] | None]:
    """The step of each magnitude, 0 to 8 of a logarithmic scale and -1 for none; and the ends of the scale.

    An exact 0 is in the lowest step: no logarithm is as low.
    """
    shades = np.full(values.shape, -1, dtype=np.int64)
    known = np.isfinite(values)
    positive = values[known & (values > 0)]
    if not positive.size:
        shades[known] = 0
        return shades, None
    low, high = math.log10(float(positive.min())), math.log10(float(positive.max()))
    with np.errstate(divide="ignore"):
        along = (np.log10(np.where(known & (values > 0), values, 10.0**low)) - low) / ((high - low) or 1.0)
    shades[known] = np.clip((along[known] * SHADES).astype(np.int64), 0, SHADES - 1)
    return shades, (float(positive.min()), float(positive.max()))


def _cell(left: float, wide: float, row: int, column: int) -> tuple[float, float, float, float]:
    x, y = left + wide * column, _TOP + _TALL * row
    return x, y, x + max(wide - _GAP, _GAP), y + _TALL - 1


def _legend(canvas: Canvas, ends: tuple[float, float] | None, left: float) -> None:
    if ends is None:
        return
    low, high = (formats.precise(end, formats.SIGNIFICANT) for end in ends)
    start = left + CHARACTER * len(low) + 6
    canvas.text(left, 15, low, "t-tick")
    for shade in range(SHADES):
        canvas.boxes([(start + 16 * shade, 5, start + 16 * shade + 15, 17)], f"heat h{shade}")
    canvas.text(start + 16 * SHADES + 6, 15, f"{high}, log scale", "t-tick")


def _first_bad(canvas: Canvas, found: HeatMap, left: float, wide: float) -> None:
    """A frame about the cell that is no number first, in the order of columns, then of rows."""
    bad = np.argwhere(np.isinf(found.values).T)
    if not len(bad):
        return
    column, row = bad[0].tolist()
    x0, y0, x1, y1 = _cell(left, wide, row, column)
    x1 = max(x1, x0 + 4)
    corners = [(x0 - 2, y0 - 2), (x1 + 2, y0 - 2), (x1 + 2, y1 + 2), (x0 - 2, y1 + 2), (x0 - 2, y0 - 2)]
    canvas.line([x for x, _ in corners], [y for _, y in corners], "line bad-frame")


def _columns(canvas: Canvas, found: HeatMap, left: float, wide: float) -> None:
    """Iterations under the columns, as many as have room."""
    bottom = _TOP + _TALL * len(found.rows) + 14
    ends = -math.inf
    for index, iteration in enumerate(found.columns):
        text = formats.count(iteration)
        x = left + wide * index
        if x > ends and x + CHARACTER * len(text) < WIDTH:
            canvas.text(x, bottom, text, "t-tick")
            ends = x + CHARACTER * len(text) + 24
    canvas.text(left, bottom + 15, "iteration", "t-note")
