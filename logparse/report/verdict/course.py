"""How a run's loss went, and what its tests found: the figures that sentence, cards and charts share.

Every figure of a loss is a median over several displays, since each display is one noisy batch. The first is that of
the first five, the last that of the last fiftieth of the displays (at least five), as in the table `attempts`; the
lowest is that of the running median. Fewer than twenty displays have no such figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.audit.curves import trainings
from logparse.audit.evaluation import last_test_of, telling_curve
from logparse.tables.series.robust import median
from logparse.tables.series.trend import DISPLAYS_LEAST, TREND_LEAST, last_smoothed

if TYPE_CHECKING:
    import numpy.typing as npt

    from logparse.audit.curves import Training
    from logparse.audit.evaluation import LastTest, OutputCurve
    from logparse.report.reported_log import ReportedLog

HALVES_LEAST: Final = 8
RULE: Final = (
    f"Start: the median of the first {TREND_LEAST} displays; end: of the last fiftieth of them, at least "
    f"{TREND_LEAST}; lowest: of the running median."
)


class Course(NamedTuple):
    """A loss from start to end, smoothed; where it was lowest, and the iterations of its first and last display."""

    training: Training
    start: float
    low: float
    low_at: int
    end: float


def training_of(log: ReportedLog) -> Training | None:
    """The displays of the leading attempt; None where it has none."""
    row = log.lead_attempt
    found = log.audited.once(trainings)
    return next((one for one in found if row is not None and one.attempt.index == row["attempt"]), None)


def begins_within(log: ReportedLog) -> bool:
    """Whether the first display lies further from 0 than displays from each other: a run that was begun before."""
    training = training_of(log)
    if training is None or not len(training.iteration):
        return False
    steps = np.diff(training.iteration)
    steps = steps[steps > 0]
    return bool(steps.size and training.iteration[0] > steps[0])


def course(log: ReportedLog) -> Course | None:
    """The smoothed course of the leading attempt's loss; None with too few displays, or where they end in no number."""
    training = training_of(log)
    if training is None or len(training.loss) < DISPLAYS_LEAST or not len(training.steady):
        return None
    start, end = median(training.loss[:TREND_LEAST]), last_smoothed(training.loss)
    if not (np.isfinite(start) and np.isfinite(end)):
        return None
    low = int(training.steady[np.argmin(training.trend[training.steady])])
    return Course(training, start, float(training.trend[low]), int(training.iteration[low]), end)


def course_words(log: ReportedLog) -> str:
    """What the loss did, to be read behind "its loss": `fell to 0.01`; empty where nothing is displayed."""
    found = course(log)
    if found is not None:
        return _moved(found.start, found.end)
    training = training_of(log)
    known = np.zeros(0) if training is None else training.loss[np.isfinite(training.loss)]
    if not known.size:
        return ""
    if known.size == 1:
        return f"was {formats.significant(float(known[0]))} in its only display"
    if HALVES_LEAST <= known.size < DISPLAYS_LEAST and (moved := _halves(known)):
        return moved
    ends = [formats.significant(float(end)) for end in (known.min(), known.max())]
    span = ends[0] if ends[0] == ends[1] else f"between {ends[0]} and {ends[1]}"
    few = ", too few for a trend" if known.size < DISPLAYS_LEAST else ""
    return f"was {span} in its {formats.count(known.size)} displays{few}"


def _halves(known: npt.NDArray[np.float64]) -> str:
    """`fell from 1.05 in its first 4 displays to 0.162 in its last 4`: medians; empty where they do not differ."""
    number = known.size // 2
    first, last = known[:number], known[-number:]
    higher = float((last[:, None] > first).sum() + (last[:, None] == first).sum() / 2)  # pairs in which the last is
    most = _MANN_WHITNEY[number]
    if most < higher < number * number - most:
        return ""
    then, now = (formats.significant(median(half)) for half in (first, last))
    verb = "fell" if higher <= most else "rose"
    return f"{verb} from {then} in its first {number} displays to {now} in its last {number}"


# Two samples of so many each differ (two-sided, 5 %) where at most so many of their pairs speak against it.
_MANN_WHITNEY: Final = {4: 0, 5: 2, 6: 5, 7: 8, 8: 13, 9: 17}


def _moved(start: float, end: float) -> str:
    first, last = formats.significant(start), formats.significant(end)
    if first == last:
        return f"stayed at {first}"
    return f"{'fell' if end < start else 'rose'} to {last}"


def leading_test(log: ReportedLog) -> OutputCurve | None:
    """The curve that the leading attempt's tests are told by; None where none was tested often enough for a best."""
    row = log.lead_attempt
    return None if row is None else telling_curve(log.audited, row["attempt"])


def last_test(log: ReportedLog) -> LastTest | None:
    """The last test of the leading attempt; None where no test is comparable."""
    row = log.lead_attempt
    return None if row is None else last_test_of(log.audited, row["attempt"])
