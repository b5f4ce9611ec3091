"""Losses and scores over what both runs went through: by iterations, images, multiply-accumulates and seconds.

Within the range that both have, a loss is told by its lowest running median and by the median of its last displays
(tables/series/trend.py), a test by its best and its last value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.audit.curves import trainings
from logparse.audit.evaluation import output_curves
from logparse.comparing.values import MEASURED, FigurePair, Range
from logparse.tables.series.trend import DISPLAYS_LEAST, last_smoothed, steady_rows, trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.audit.curves import Floats, Training
    from logparse.audit.evaluation import OutputCurve
    from logparse.comparing.side import ComparedRun
    from logparse.comparing.values import Number

CHANCE: Final = "One run each: how much of a difference is chance is not known."
ITERATIONS: Final = "iterations"


class _Axis(NamedTuple):
    """What is gone along: its name, its unit, and how iterations and seconds of a side become values on it."""

    name: str
    unit: str
    along: Callable[[ComparedRun, Floats, Floats], Floats | None]


def _by(column: str) -> Callable[[ComparedRun, Floats, Floats], Floats | None]:
    """Iterations times a figure of the table `throughput`; None where it is not known."""

    def along(side: ComparedRun, iteration: Floats, _: Floats) -> Floats | None:
        row = side.row("throughput")
        factor = None if row is None else row[column]
        if formats.is_na(factor) or not factor or (column == "macs_per_iteration" and row and row["unknown_layers"]):
            return None
        return iteration * float(factor)

    return along


_AXES: Final = (
    _Axis(ITERATIONS, "iteration", lambda _, iteration, __: iteration),
    _Axis("images", "images", _by("images_per_iteration")),
    _Axis("multiply-accumulates", "MAC", _by("macs_per_iteration")),
    _Axis("seconds", "s", lambda _, __, seconds: seconds),
)


class _Line(NamedTuple):
    """A training's displays or a test's values along an axis."""

    x: Floats
    y: Floats


def common_ranges(base: ComparedRun, other: ComparedRun) -> tuple[tuple[Range, ...], tuple[str, ...]]:
    """What both runs went over along each axis that both logs tell, and why an axis or the curves are left out."""
    trained = [_training(side) for side in (base, other)]
    missing = [side.name for side, one in zip((base, other), trained, strict=True) if one is None]
    if missing:
        return (), (f"{formats.enumerated(missing)} {_shows(missing)} no loss: curves are not compared",)
    found, notes = [], []
    for axis in _AXES:
        made = _range(axis, base, other, *(one for one in trained if one is not None))
        if isinstance(made, Range):
            found.append(made)
        else:
            notes.append(made)
    return tuple(found), tuple(notes)


def _shows(names: list[str]) -> str:
    return "displays" if len(names) == 1 else "display"


def _training(side: ComparedRun) -> Training | None:
    found = side.audited.once(trainings)
    one = next((one for one in found if one.attempt.index == side.attempt), None)
    return one if one is not None and (one.iteration >= 0).any() else None


def _range(axis: _Axis, base: ComparedRun, other: ComparedRun, one: Training, two: Training) -> Range | str:
    lines = [_displays(axis, side, training) for side, training in ((base, one), (other, two))]
    if lines[0] is None or lines[1] is None:
        lacking = [side.name for side, line in zip((base, other), lines, strict=True) if line is None]
        return f"{axis.name} are not known of {formats.enumerated(lacking)}: curves are not compared along them"
    first, last = (
        max(float(line.x.min()) for line in lines if line),
        min(float(line.x.max()) for line in lines if line),
    )
    if first > last:
        return f"the displays of both runs have no {axis.name} in common: curves are not compared along them"
    changes = (*_losses(lines[0], lines[1], first, last), *_tests(axis, base, other, first, last))
    return Range(axis.name, axis.unit, first, last, changes)


def _displays(axis: _Axis, side: ComparedRun, training: Training) -> _Line | None:
    known = training.iteration >= 0
    x = axis.along(side, training.iteration.astype(np.float64), training.elapsed_s)
    if x is None or not np.isfinite(x[known]).any():
        return None
    usable = known & np.isfinite(x)
    return _Line(x[usable], training.loss[usable])


def _losses(one: _Line, two: _Line, first: float, last: float) -> Iterator[FigurePair]:
    figures = [_smoothed(line, first, last) for line in (one, two)]
    for place, name in enumerate(("training loss, lowest smoothed", "training loss, last smoothed")):
        before, after = figures[0][place], figures[1][place]
        yield FigurePair(name, MEASURED, before, after, before)


def _smoothed(line: _Line, first: float, last: float) -> tuple[Number | None, Number | None]:
    """The lowest running median and the median of the last displays; None with too few displays in the range."""
    inside = line.y[(line.x >= first) & (line.x <= last)]
    if len(inside) < DISPLAYS_LEAST:
        return None, None
    trended = trend(inside)
    rows = steady_rows(inside, trended)
    return (float(trended[rows].min()) if len(rows) else None), last_smoothed(inside)


def _tests(axis: _Axis, base: ComparedRun, other: ComparedRun, first: float, last: float) -> Iterator[FigurePair]:
    """Outputs that both runs test, by test net and name: the best and the last value within the range."""
    ours, theirs = (_tested(side) for side in (base, other))
    for key in (key for key in ours if key in theirs):
        values = [_within(axis, side, curves[key], first, last) for side, curves in ((base, ours), (other, theirs))]
        if not all(one.size for one in values):
            continue
        best = np.min if ours[key].lowest else np.max
        name = f"{key[1]} of test net #{key[0]}"
        old, new = (float(best(one)) for one in values)
        yield FigurePair(f"{name}, best", MEASURED, old, new, old)
        old, new = (float(one[-1]) for one in values)
        yield FigurePair(f"{name}, last", MEASURED, old, new, old)


def _tested(side: ComparedRun) -> dict[tuple[int, str], OutputCurve]:
    return {(one.net, one.name): one for one in side.audited.once(output_curves) if one.attempt == side.attempt}


def _within(axis: _Axis, side: ComparedRun, curve: OutputCurve, first: float, last: float) -> Floats:
    x = axis.along(side, curve.iteration, _seconds_at(side, curve.line))
    if x is None:
        return np.zeros(0)
    return curve.value[(x >= first) & (x <= last)]


def _seconds_at(side: ComparedRun, lines: Floats) -> Floats:
    """When each line of a test was printed, by the table `test`; NaN where it has no time."""
    frame = side.audited.frame("test")
    if frame is None:
        return np.full(len(lines), np.nan)
    known = dict(
        zip(frame["line"].tolist(), frame["elapsed_s"].to_numpy(dtype=np.float64, na_value=np.nan), strict=True)
    )
    return np.array([known.get(int(line), np.nan) for line in lines])
