"""The charts of the solver's lines: large panels over the same iterations, and a small one per other output."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.report.charts.axes import CHARACTER, WIDTH, figure_texts, grid, printed_texts, told_apart
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.reduce import reduce_points, spans
from logparse.report.charts.scales import Scale, fitting_scale, score_scale, spread
from logparse.tables.series.trend import drawn_trend, last_smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from markupsafe import Markup

    Floats = npt.NDArray[np.float64]

COLUMNS: Final = 320  # about one for two points of width; extremes survive the reduction
RATE_LOG_WORTH: Final = 5.0  # a learning rate is divided again and again
SMOOTHED_FROM: Final = 80  # so many values and more get a smoothed line over the raw ones
BAND_FROM: Final = 2 * COLUMNS  # so many are drawn as a band from lowest to highest
DOTS_SHOWN: Final = 60  # more of them hide the line
BUNDLE: Final = 6  # more lines than these, such as one per class, are named by their ends alone
_LEFT: Final = 70.0
_RIGHT: Final = WIDTH - 150
HEIGHT: Final = 210.0
PANEL_GAP: Final = 46.0
PANEL: Final = (222.0, 150.0)
PANELS: Final = 9
# What tells series apart besides hue and dash: the shape of their marks.
MARKERS: Final = {"c-test0": "circle", "c-test1": "square", "c-test2": "diamond", "c-test3": "triangle"}


@dataclass(frozen=True, slots=True)
class Series:
    """One measured quantity over iterations. `css` colours it; `dots` for few, separate measurements."""

    name: str
    css: str
    x: Floats
    y: Floats
    dots: bool = False
    quiet: bool = False  # what a later attempt did again: drawn thin, without a name
    joined: bool = True  # not where several values stand at one iteration: marks alone, or a band of many


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """Series on one scale. Scores stand on a linear one always; `best` is a point to ring, with its words."""

    head: str
    series: tuple[Series, ...]
    score: bool = False
    best: tuple[float, float, str] | None = None


class Occasion(NamedTuple):
    """Something that happened at an iteration: the class of its rule, and its words (empty: the rule alone)."""

    css: str
    at: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What all panels share: the learning rate, what happened, the iterations of snapshots, and the time at each.

    `clock` are iterations and the seconds since the start at them; empty where that is not known.
    """

    rate: Series | None = None
    occasions: tuple[Occasion, ...] = ()
    snapshots: tuple[float, ...] = ()
    clock: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())


def run(panels: Sequence[CurvePanel], timeline: Timeline, description: str) -> Markup:
    """Panels under one another over the same iterations, the learning rate as steps beneath; rules run through all."""
    rate = timeline.rate
    bottom = 26.0 + len(panels) * (HEIGHT + PANEL_GAP) - PANEL_GAP + (0.0 if rate is None else PANEL_GAP + 44.0)
    canvas = Canvas(WIDTH, bottom + (58.0 if timeline.clock[0] else 44.0))
    across = _across(
        [one for panel in panels for one in panel.series] + ([] if rate is None else [rate]), _LEFT, _RIGHT
    )
    _rules(canvas, timeline, across, (26.0, bottom))
    top = 26.0
    for panel in panels:
        _panel(canvas, panel, across, (top, top + HEIGHT))
        top += HEIGHT + PANEL_GAP
    if rate is not None:
        _rate(canvas, rate, across, top)
    _iterations(canvas, across, bottom, timeline.clock)
    return canvas.svg(description)


def _across(series: Sequence[Series], left: float, right: float) -> Scale:
    ends = [float(end) for one in series if one.x.size for end in (one.x.min(), one.x.max())]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return Scale(low, high, left, right) if high > low else Scale(low - 0.5, low + 0.5, left, right, constant=low)


# --- what runs through all panels -------------------------------------------------------------------------


def _rules(canvas: Canvas, timeline: Timeline, across: Scale, box: tuple[float, float]) -> None:
    """Rules where something happened, with words where there is room; snapshots as marks on the lowest axis."""
    ends = -math.inf
    for one in sorted(timeline.occasions, key=lambda one: one.at):
        x = across.at(one.at)
        canvas.rules([(x, box[0], x, box[1])], f"rule {one.css}")
        width = CHARACTER * len(one.text)
        left = x - 5 - width if x + width + 5 > across.end else x + 5
        if one.text and left > ends:
            canvas.text(left, box[0] - 3, one.text, f"t-note {one.css}")
            ends = left + width + 6
    if timeline.snapshots:
        places = [(across.at(one), box[1] + 4) for one in timeline.snapshots if across.low <= one <= across.high]
        titles = [f"snapshot of iteration {formats.count(int(one))}" for one in timeline.snapshots]
        canvas.dots(places, 3.5, "dot snapshot", titles[: len(places)], "triangle")


def _iterations(
    canvas: Canvas, across: Scale, bottom: float, clock: tuple[tuple[float, ...], tuple[float, ...]]
) -> None:
    ticks = [tick for tick in across.ticks(7) if tick == int(tick)]
    canvas.rules([(across.at(tick), bottom, across.at(tick), bottom + 4) for tick in ticks], "axis")
    canvas.rules([(across.start, bottom, across.end, bottom)], "axis")
    for tick in ticks:
        canvas.text(across.at(tick), bottom + 20, formats.count(int(tick)), "t-tick", "middle")
    canvas.text(across.end + 44, bottom + 20, "iteration", "t-note")
    if not clock[0]:
        return
    for tick in ticks:
        if clock[0][0] <= tick <= clock[0][-1]:
            seconds = float(np.interp(tick, clock[0], clock[1]))
            canvas.text(
                across.at(tick), bottom + 35, formats.duration(seconds) if seconds else "0 s", "t-tick", "middle"
            )
    canvas.text(across.end + 44, bottom + 35, "since the start", "t-note")


def _rate(canvas: Canvas, rate: Series, across: Scale, top: float) -> None:
    """The learning rate: it changes in steps or slowly, so each value holds until the next."""
    scale = fitting_scale(rate.y, top + 40, top, log_worth=RATE_LOG_WORTH)
    canvas.text(_LEFT, top - 12, f"Learning rate{_named(scale)}", "t-head")
    ticks = scale.ticks(2)
    for tick, text in told_apart(list(dict.fromkeys((ticks[0], ticks[-1]))), printed_texts):
        canvas.rules([(_LEFT, scale.at(tick), across.end, scale.at(tick))], "grid")
        canvas.text(_LEFT - 8, scale.at(tick) + 4, text, "t-tick", "end")
    x, y = reduce_points(rate.x, rate.y, COLUMNS)
    if x.size > 1:
        canvas.line(across(np.repeat(x, 2)[1:]).tolist(), scale(np.repeat(y, 2)[:-1]).tolist(), "line rate")
    if x.size:
        canvas.text(across.end + 10, scale.at(float(y[-1])) + 4, formats.precise(float(y[-1])), "t-value")


# --- one panel --------------------------------------------------------------------------------------------


def _panel(canvas: Canvas, panel: CurvePanel, across: Scale, box: tuple[float, float]) -> None:
    top, bottom = box
    scale = _scale_of(panel.series, bottom, top, score=panel.score)
    canvas.text(_LEFT, top - 14, f"{panel.head}{_named(scale)}", "t-head")
    grid(canvas, scale, (_LEFT, across.end), 4, figure_texts)
    canvas.rules([(_LEFT, bottom, across.end, bottom)], "axis")
    many = len([one for one in panel.series if not one.quiet]) > BUNDLE
    for one in panel.series:
        _draw(canvas, one, across, scale, bare=many)
    if panel.best is not None:
        x, y, words = panel.best
        _ring(canvas, (across.at(x), scale.at(y)), words, across.end)
    _below(canvas, panel.series, across, scale)
    _names(canvas, _told_ends(panel.series) if many else panel.series, across.end, scale)


def _ring(canvas: Canvas, place: tuple[float, float], words: str, right: float) -> None:
    """A ring about the best point, and its words on the side where there is room."""
    x, y = place
    canvas.dots([place], 5.5, "ring best", [words])
    side, anchor = (-9.0, "end") if x + 9 + CHARACTER * len(words) > right else (9.0, "start")
    canvas.text(x + side, y - 6, words, "t-note best", anchor)


def _scale_of(series: Sequence[Series], start: float, end: float, *, score: bool) -> Scale:
    if not score:
        return fitting_scale(np.concatenate([one.y for one in series]), start, end)
    later = [one.y[one.x > one.x.min()] if one.x.size > 2 else one.y for one in series]
    return score_scale(np.concatenate([one.y for one in series]), np.concatenate(later), start, end)


def _named(scale: Scale) -> str:
    return {"log": ", log scale", "symlog": ", bent scale (log beyond ±1)"}.get(scale.kind, "")


def _draw(canvas: Canvas, one: Series, across: Scale, scale: Scale, *, bare: bool = False) -> None:
    """Few values as they are; more with a smoothed line over them; very many as a band from lowest to highest."""
    if one.quiet or bare:
        _line(canvas, one.x, one.y, across, scale, f"line {one.css} raw")
        return
    if not one.joined:
        (_dots if one.y.size <= DOTS_SHOWN else _band)(canvas, one, across, scale)
        return
    smoothed = one.y.size >= SMOOTHED_FROM and not one.dots
    if smoothed and one.y.size >= BAND_FROM:
        _band(canvas, one, across, scale)
    else:
        _line(canvas, one.x, one.y, across, scale, f"line {one.css}{' raw' if smoothed else ''}")
    if smoothed:
        _line(canvas, one.x, drawn_trend(one.y), across, scale, f"line {one.css}")
    known = np.isfinite(one.y)
    if (one.dots and known.sum() <= DOTS_SHOWN) or known.sum() == 1:
        _dots(canvas, one, across, scale)


def _dots(canvas: Canvas, one: Series, across: Scale, scale: Scale) -> None:
    known = np.isfinite(one.y)
    x, y = one.x[known], one.y[known]
    titles = [
        f"{one.name}\niteration {formats.count(int(at))}: {formats.precise(value)}"
        for at, value in zip(x, y, strict=True)
    ]
    places = list(zip(across(x).tolist(), scale(y).tolist(), strict=True))
    canvas.dots(places, 3, f"dot {one.css}", titles, MARKERS.get(one.css, "circle"))


def _band(canvas: Canvas, one: Series, across: Scale, scale: Scale) -> None:
    """Between the lowest and the highest value of each column of the drawing."""
    for x, low, high in spans(one.x, one.y, COLUMNS):
        places = across(x).tolist()
        upper, lower = scale(high).tolist(), scale(low).tolist()
        outline = [*zip(places, upper, strict=True), *zip(reversed(places), reversed(lower), strict=True)]
        canvas.area(outline, f"area band {one.css}")


def _line(canvas: Canvas, x: Floats, y: Floats, across: Scale, scale: Scale, css: str) -> None:
    """A line in pieces: it ends where iterations go back (another attempt) and where values are no numbers."""
    x, y = reduce_points(x, y, COLUMNS)
    cuts = np.flatnonzero((np.diff(x) < 0) | (np.isfinite(y[1:]) != np.isfinite(y[:-1]))) + 1
    for part_x, part_y in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        if part_x.size > 1 and np.isfinite(part_y[0]):
            canvas.line(across(part_x).tolist(), scale(part_y).tolist(), css)


def _below(canvas: Canvas, series: Sequence[Series], across: Scale, scale: Scale) -> None:
    """Words for the first value of a score that lies under the axis: a net before its training."""
    under = [(one.x[0], one.y[0]) for one in series if one.y.size and one.y[0] < scale.low]
    if under:
        x, y = min(under, key=lambda point: point[1])
        canvas.text(
            across.at(float(x)) + 7, scale.start - 5, f"↓ {formats.significant(float(y))} at the start", "t-note"
        )


# --- names at the ends ------------------------------------------------------------------------------------


def _told_ends(series: Sequence[Series]) -> list[Series]:
    """Of a bundle the two that end highest and the two that end lowest."""
    ended = [(value, one) for one in series if not one.quiet and (value := end_of(one)) is not None]
    ranked = [one for _, one in sorted(ended, key=lambda pair: -pair[0])]
    return ranked if len(ranked) <= 4 else [*ranked[:2], *ranked[-2:]]


def _names(canvas: Canvas, series: Sequence[Series], right: float, scale: Scale) -> None:
    """Each series named beside its value at the end, moved apart where they meet; of many on one line each."""
    ends = [(one, value) for one in series if not one.quiet and (value := end_of(one)) is not None]
    short = len(ends) > 5
    places = spread([scale.at(value) + 4 for _, value in ends], 15 if short else 32, scale.end, scale.start - 8)
    for (one, _), place, text in zip(ends, places, _apart([value for _, value in ends]), strict=True):
        if short:
            canvas.text(right + 10, place, f"{text} {label(one.name, 16)}", f"t-value {one.css}")
            continue
        canvas.text(right + 10, place, text, f"t-value {one.css}")
        canvas.text(right + 10, place + 14, label(one.name, 24), "t-note")


def _apart(values: Sequence[float]) -> list[str]:
    """Figures with three digits, or with as many more as tell those apart that differ."""
    for digits in range(formats.SIGNIFICANT, formats.DIGITS_PRINTED):
        texts = [formats.significant(value, digits) for value in values]
        if len(set(texts)) == len(set(values)):
            return texts
    return [formats.precise(value) for value in values]


def end_of(one: Series) -> float | None:
    """The value at the end: a test's last one, of many displays the median of the last. None without a number."""
    known = one.y[np.isfinite(one.y)]
    if not known.size:
        return None
    end = math.nan if one.dots else last_smoothed(one.y)
    return end if math.isfinite(end) else float(known[-1])


def first_broken(one: Series) -> float | None:
    """The first iteration whose value is nan or infinite, or None."""
    broken = np.flatnonzero(~np.isfinite(one.y))
    return float(one.x[broken[0]]) if broken.size else None


# --- small panels -----------------------------------------------------------------------------------------


def panels(groups: Sequence[tuple[str, Sequence[Series]]], description: str, *, scores: frozenset[str]) -> Markup:
    """Small multiples: one panel per output, its series on a scale of their own, the same iterations in all.

    Those named in `scores` stand on a linear scale.
    """
    groups = groups[:PANELS]
    rows = math.ceil(len(groups) / 3)
    canvas = Canvas(WIDTH, rows * (PANEL[1] + 46))
    ends = _across([one for _, series in groups for one in series], 0, 1)
    for index, (name, series) in enumerate(groups):
        left = 46 + (index % 3) * WIDTH / 3
        top = (index // 3) * (PANEL[1] + 46)
        across = Scale(ends.low, ends.high, left, left + PANEL[0])
        _small(canvas, (name, series), across, (top, top + PANEL[1]), score=name in scores)
    return canvas.svg(description)


def _small(
    canvas: Canvas, group: tuple[str, Sequence[Series]], across: Scale, box: tuple[float, float], *, score: bool
) -> None:
    name, series = group
    top, bottom = box
    scale = _scale_of(series, bottom, top + 26, score=score)
    canvas.text(across.start, top + 14, f"{label(name, 30)}{_named(scale)}", "t-head")
    grid(canvas, scale, (across.start, across.end), 3, figure_texts)
    for one in series:
        _draw(canvas, one, across, scale, bare=len(series) > BUNDLE)
    for x in _breaks(series):
        canvas.rules([(across.at(x), top + 26, across.at(x), bottom)], "rule bad")
    canvas.rules([(across.start, bottom, across.end, bottom)], "axis")
    for place, value, anchor in ((across.start, across.low, "start"), (across.end, across.high, "end")):
        canvas.text(place, bottom + 15, formats.count(int(value)), "t-tick", anchor)
    ended = [(one, end) for one in series if (end := end_of(one)) is not None]
    if len(ended) <= 4:  # the last values, unless there are more of them than can be read
        places = spread([scale.at(end) + 4 for _, end in ended], 13, scale.end, scale.start + 4)
        for (one, _), place, text in zip(ended, places, _apart([end for _, end in ended]), strict=True):
            canvas.text(across.end + 5, place, text, f"t-value {one.css}")


def _breaks(series: Sequence[Series]) -> Iterator[float]:
    found = [first for one in series if (first := first_broken(one)) is not None]
    if found:
        yield min(found)
