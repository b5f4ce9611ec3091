"""What happened on the way of a run, at its iteration: steps of the learning rate, resumes, snapshots, a lost loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import snapshots_of
from logparse.report.charts.curves import Occasion, Timeline, first_broken
from logparse.report.verdict.course import training_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.charts.curves import Series
    from logparse.report.reported_log import ReportedLog

STEP: Final = 1.5  # a learning rate that changes by such a factor between two displays was stepped
STEPS_SHOWN: Final = 12  # more of them are a policy that the learning rate's own line shows
SNAPSHOTS_SHOWN: Final = 60
_CLOCK_POINTS: Final = 200


def run_timeline(log: ReportedLog, series: Sequence[Series], rate: Series | None) -> Timeline:
    """What the panels of a run share."""
    occasions = (*_steps(rate), *_starts(log), *_lost(series))
    return Timeline(rate, occasions, _snapshots(log), _clock(log))


def _steps(rate: Series | None) -> list[Occasion]:
    """Where the learning rate is stepped, and by how much; nothing of a rate that changes all the time."""
    if rate is None or rate.y.size < 2:
        return []
    before, after = rate.y[:-1], rate.y[1:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = after / before
    known = np.isfinite(ratio) & (ratio > 0) & (np.diff(rate.x) > 0)
    places = np.flatnonzero(known & ((ratio >= STEP) | (ratio <= 1 / STEP)))
    if len(places) > STEPS_SHOWN:
        return []
    return [Occasion("step", float(rate.x[place + 1]), _step_words(float(ratio[place]))) for place in places]


def _step_words(ratio: float) -> str:
    if ratio < 1:
        return f"lr ÷ {formats.significant(round(1 / ratio, 6))}"
    return f"lr × {formats.significant(round(ratio, 6))}"


def _starts(log: ReportedLog) -> Iterator[Occasion]:
    """Where a later attempt takes the run up again."""
    shown = [row for row in log.attempt_rows if row["first_iteration"] is not None]
    for row in shown[1 : 1 + STEPS_SHOWN]:
        yield Occasion("start", float(row["first_iteration"]), f"attempt {row['attempt']}")


def _lost(series: Sequence[Series]) -> Iterator[Occasion]:
    """Where a series stops being a number for the first time."""
    found = [first for one in series if (first := first_broken(one)) is not None]
    if found:
        where = min(found)
        yield Occasion("bad", where, f"not a number from iteration {formats.count(int(where))}")


def _snapshots(log: ReportedLog) -> tuple[float, ...]:
    """The iterations of the snapshots; nothing where they are too many to tell apart."""
    found = {float(one.iteration) for attempt in log.attempts for one in snapshots_of(attempt)}
    return tuple(sorted(found)) if len(found) <= SNAPSHOTS_SHOWN else ()


def _clock(log: ReportedLog) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Iterations and seconds of the one attempt of a log; nothing of several, whose clocks begin anew."""
    training = training_of(log)
    if training is None or len([row for row in log.attempt_rows if row["first_iteration"] is not None]) != 1:
        return (), ()
    x, seconds = training.iteration.astype(np.float64), training.elapsed_s
    known = np.flatnonzero(np.isfinite(seconds) & (x >= 0))
    if len(known) < 2 or (np.diff(x[known]) <= 0).any() or (np.diff(seconds[known]) < 0).any():
        return (), ()
    picked = known[np.unique(np.linspace(0, len(known) - 1, _CLOCK_POINTS).astype(np.intp))]
    return tuple(x[picked].tolist()), tuple(seconds[picked].tolist())
