"""The charts of the solver's lines: loss and learning rate, and one small panel per other output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.report.charts.axes import WIDTH, figure_texts, grid, printed_texts, told_apart
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.reduce import reduce_points
from logparse.report.charts.scales import Scale, fitting_scale, spread
from logparse.tables.series.trend import drawn_trend, last_smoothed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from markupsafe import Markup

    Floats = npt.NDArray[np.float64]

COLUMNS: Final = 320  # about one for two points of width; extremes survive the reduction
RATE_LOG_WORTH: Final = 5.0  # a learning rate is divided again and again
SMOOTHED_FROM: Final = 80  # so many values and more get a smoothed line over the raw one
DOTS_SHOWN: Final = 60  # more of them hide the line
PANEL: Final = (204.0, 150.0)
PANELS: Final = 9


@dataclass(frozen=True, slots=True)
class Series:
    """One measured quantity over iterations. `css` colours it; `dots` for few, separate measurements."""

    name: str
    css: str
    x: Floats
    y: Floats
    dots: bool = False
    quiet: bool = False  # what a later attempt did again: drawn thin, without a name


def losses(series: Sequence[Series], rate: Series | None, description: str) -> Markup:
    """Loss over iterations, all series on one scale; beneath it the learning rate as steps."""
    canvas = Canvas(WIDTH, 372.0 if rate is not None else 284.0)
    across = _across([*series, *([rate] if rate is not None else [])], 70, WIDTH - 128)
    scale = fitting_scale(np.concatenate([one.y for one in series]), 236.0, 26.0)
    canvas.text(70, 12, f"Loss{_named(scale)}", "t-head")
    grid(canvas, scale, (70, WIDTH - 128), 4, figure_texts)
    for one in series:
        _draw(canvas, one, across, scale)
    _names(canvas, series, across, scale)
    _broken(canvas, series, across, (26.0, 236.0))
    _iterations(canvas, across, 236.0, named=rate is None)
    if rate is not None:
        _rate(canvas, rate, across)
    return canvas.svg(description)


def _named(scale: Scale) -> str:
    return {"log": ", log scale", "symlog": ", bent scale (log beyond ±1)"}.get(scale.kind, "")


def _across(series: Sequence[Series], left: float, right: float) -> Scale:
    ends = [float(end) for one in series if one.x.size for end in (one.x.min(), one.x.max())]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return Scale(low, high if high > low else low + 1, left, right)


def _draw(canvas: Canvas, one: Series, across: Scale, scale: Scale) -> None:
    """Raw values thin, and a smoothed line over them where there are many; few test values as dots too."""
    if one.quiet:
        _line(canvas, one.x, one.y, across, scale, f"line {one.css} raw")
        return
    smoothed = one.y.size >= SMOOTHED_FROM and not one.dots
    _line(canvas, one.x, one.y, across, scale, f"line {one.css}{' raw' if smoothed else ''}")
    if smoothed:
        _line(canvas, one.x, drawn_trend(one.y), across, scale, f"line {one.css}")
    known = np.isfinite(one.y)
    if (one.dots and known.sum() <= DOTS_SHOWN) or known.sum() == 1:
        places = list(zip(across(one.x[known]).tolist(), scale(one.y[known]).tolist(), strict=True))
        titles = [
            f"{one.name}\niteration {formats.count(int(x))}: {formats.precise(y)}"
            for x, y in zip(one.x[known], one.y[known], strict=True)
        ]
        canvas.dots(places, 3, f"dot {one.css}", titles)


def _line(canvas: Canvas, x: Floats, y: Floats, across: Scale, scale: Scale, css: str) -> None:
    """A line in pieces: it ends where iterations go back (another attempt) and where values are no numbers."""
    x, y = reduce_points(x, y, COLUMNS)
    cuts = np.flatnonzero((np.diff(x) < 0) | (np.isfinite(y[1:]) != np.isfinite(y[:-1]))) + 1
    for part_x, part_y in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        if part_x.size > 1 and np.isfinite(part_y[0]):
            canvas.line(across(part_x).tolist(), scale(part_y).tolist(), css)


def _names(canvas: Canvas, series: Sequence[Series], across: Scale, scale: Scale) -> None:
    """Each series named beside its value at the end, moved apart where they meet."""
    ends = [(one, value) for one in series if not one.quiet and (value := end_of(one)) is not None]
    places = spread([scale.at(value) + 4 for _, value in ends], 32, 26, 236)
    for (one, value), place in zip(ends, places, strict=True):
        canvas.text(across.end + 10, place, formats.significant(value), f"t-value {one.css}")
        canvas.text(across.end + 10, place + 14, label(one.name, 20), "t-note")


def end_of(one: Series) -> float | None:
    """The value at the end: a test's last one, of many displays the median of the last. None without a number."""
    known = one.y[np.isfinite(one.y)]
    if not known.size:
        return None
    end = math.nan if one.dots else last_smoothed(one.y)
    return end if math.isfinite(end) else float(known[-1])


def _broken(canvas: Canvas, series: Sequence[Series], across: Scale, box: tuple[float, float]) -> None:
    """A mark where a series stops being a number for the first time."""
    found = [first for one in series if (first := first_broken(one)) is not None]
    if not found:
        return
    where = min(found)
    x = across.at(where)
    canvas.rules([(x, box[0], x, box[1])], "line bad")
    end = x > (across.start + across.end) / 2
    text = f"not a number from iteration {formats.count(int(where))}"
    canvas.text(x - 6 if end else x + 6, box[0] + 12, text, "t-value bad", "end" if end else "start")


def first_broken(one: Series) -> float | None:
    """The first iteration whose value is nan or infinite, or None."""
    broken = np.flatnonzero(~np.isfinite(one.y))
    return float(one.x[broken[0]]) if broken.size else None


def _iterations(canvas: Canvas, across: Scale, bottom: float, *, named: bool) -> None:
    ticks = [tick for tick in across.ticks(7) if tick == int(tick)]
    canvas.rules([(across.at(tick), bottom, across.at(tick), bottom + 4) for tick in ticks], "axis")
    canvas.rules([(across.start, bottom, across.end, bottom)], "axis")
    for tick in ticks:
        canvas.text(across.at(tick), bottom + 18, formats.count(int(tick)), "t-tick", "middle")
    if named:
        canvas.text(across.end, bottom + 36, "iteration", "t-note", "end")


def _rate(canvas: Canvas, rate: Series, across: Scale) -> None:
    """The learning rate: it changes in steps or slowly, so each value holds until the next."""
    scale = fitting_scale(rate.y, 332.0, 292.0, log_worth=RATE_LOG_WORTH)
    canvas.text(70, 280, f"Learning rate{_named(scale)}", "t-head")
    ticks = scale.ticks(2)
    for tick, text in told_apart(list(dict.fromkeys((ticks[0], ticks[-1]))), printed_texts):
        canvas.rules([(70, scale.at(tick), across.end, scale.at(tick))], "grid")
        canvas.text(62, scale.at(tick) + 4, text, "t-tick", "end")
    x, y = reduce_points(rate.x, rate.y, COLUMNS)
    if x.size > 1:
        canvas.line(across(np.repeat(x, 2)[1:]).tolist(), scale(np.repeat(y, 2)[:-1]).tolist(), "line rate")
    if x.size:
        canvas.text(across.end + 10, scale.at(float(y[-1])) + 4, formats.significant(float(y[-1])), "t-value")
    _iterations(canvas, across, 336.0, named=True)


def panels(groups: Sequence[tuple[str, Sequence[Series]]], description: str) -> Markup:
    """Small multiples: one panel per output, its series on a scale of their own, the same iterations in all."""
    groups = groups[:PANELS]
    rows = math.ceil(len(groups) / 3)
    canvas = Canvas(WIDTH, rows * (PANEL[1] + 46))
    for index, (name, series) in enumerate(groups):
        left = 46 + (index % 3) * WIDTH / 3
        top = (index // 3) * (PANEL[1] + 46)
        _panel(canvas, name, series, (left, top, left + PANEL[0], top + PANEL[1]))
    return canvas.svg(description)


def _panel(canvas: Canvas, name: str, series: Sequence[Series], box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    across = _across(series, left, right)
    scale = fitting_scale(np.concatenate([one.y for one in series]), bottom, top + 26)
    canvas.text(left, top + 14, label(name, 38), "t-head")
    grid(canvas, scale, (left, right), 3, figure_texts)
    for one in series:
        _draw(canvas, one, across, scale)
    _broken(canvas, series, across, (top + 26, bottom))
    ends = across.start, across.end
    canvas.rules([(ends[0], bottom, ends[1], bottom)], "axis")
    for place, value, anchor in ((ends[0], across.low, "start"), (ends[1], across.high, "end")):
        canvas.text(place, bottom + 15, formats.count(int(value)), "t-tick", anchor)
    _panel_values(canvas, series, scale, right)


def _panel_values(canvas: Canvas, series: Sequence[Series], scale: Scale, right: float) -> None:
    """The last values, unless there are more of them than can be read."""
    ends = [(one, value) for one in series if (value := end_of(one)) is not None]
    if len(ends) > 4:  # a bundle of lines, such as one per class
        return
    places = spread([scale.at(value) + 4 for _, value in ends], 13, scale.end, scale.start + 4)
    for (one, value), place in zip(ends, places, strict=True):
        canvas.text(right + 5, place, formats.significant(value), f"t-value {one.css}")
