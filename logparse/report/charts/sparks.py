"""The small drawings beside key figures: a range against a card, a curve, a whole cut into its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.report.charts.canvas import Canvas
from logparse.report.charts.reduce import reduce_points
from logparse.report.charts.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from markupsafe import Markup

    Floats = npt.NDArray[np.float64]

SPARK_WIDTH: Final = 240.0
SPARK_HEIGHT: Final = 34.0
_COLUMNS: Final = 80  # a curve of so many points looks the same as one of all
_LEAST: Final = 1.5  # a part that is there can be seen


def gauge(low: float, high: float | None, card: float | None, description: str) -> Markup:
    """A range on a scale from 0; where there is a card, its memory as a frame. An open end runs out of the drawing."""
    canvas = Canvas(SPARK_WIDTH, SPARK_HEIGHT)
    reach = max(low if high is None else high, card or 0.0) or 1.0
    across = Scale(0.0, reach * (1.15 if high is None else 1.0), 1.0, SPARK_WIDTH - 1)
    if card is not None:
        canvas.boxes([(across.start, 6, across.at(card), 28)], "g-card")
    end = SPARK_WIDTH - 1 if high is None else max(across.at(high), across.at(low) + _LEAST)
    over = "bad" if card is not None and low > card else "m-data"
    if across.at(low) < end:
        canvas.boxes([(across.at(low), 11, end, 23)], f"g-range {over}")
    canvas.boxes([(across.start, 11, max(across.at(low), across.start + _LEAST), 23)], f"bar {over}")
    if card is not None:
        canvas.rules([(across.at(card), 3, across.at(card), 31)], "g-end")
    return canvas.svg(description, "spark")


def curve(x: Floats, y: Floats, marked: int | None, description: str) -> Markup:
    """A line over its whole range; one of its points, by its place, is ringed."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if known.size < 2:
        return Canvas(SPARK_WIDTH, SPARK_HEIGHT).svg(description, "spark")
    across = _scale(x[known], 5.0, SPARK_WIDTH - 5)
    up = _scale(y[known], SPARK_HEIGHT - 5, 5.0)
    canvas = Canvas(SPARK_WIDTH, SPARK_HEIGHT)
    kept_x, kept_y = reduce_points(x[known], y[known], _COLUMNS)
    canvas.line(across(kept_x).tolist(), up(kept_y).tolist(), "line c-train")
    if marked is not None:
        canvas.dots([(across.at(float(x[marked])), up.at(float(y[marked])))], 3.5, "ring c-train")
    return canvas.svg(description, "spark")


def _scale(values: Floats, start: float, end: float) -> Scale:
    low, high = float(values.min()), float(values.max())
    return Scale(low, high if high > low else low + 1.0, start, end)


def split(parts: Sequence[tuple[str, float, str]], description: str) -> Markup:
    """A bar cut into its parts: of each the class, the share (0 to 1), and what hovering tells."""
    canvas = Canvas(SPARK_WIDTH, SPARK_HEIGHT)
    left = 1.0
    for css, share, title in parts:
        width = share * (SPARK_WIDTH - 2)
        if width > 0:
            right = left + max(width - 1.5, 0.5)
            canvas.boxes([(left, 10, right, 24)], f"bar {css}", [title])
        left += width
    return canvas.svg(description, "spark")
