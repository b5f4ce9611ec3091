"""How the loss went: what it reached, where it stopped falling, where it rose, and where the tests part from it.

A displayed loss is noisy, so that everything here is read from its running median and held against its own noise.
Each threshold is a named constant with its reason; a finding shows the figures, the judgement is the reader's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import at, trainings
from logparse.audit.finding import WHAT_HELPS, Finding
from logparse.tables.series.trend import (
    DISPLAYS_LEAST,
    DIVERGED_OF_FIRST,
    DIVERGED_RATIO,
    DIVERGED_SIGMAS,
    lowest_and_last,
    reached,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.audit.curves import Training
    from logparse.audit.finding import AuditedLog

# A loss that falls by less than this share of itself has stopped falling, for a reader of three digits.
PLATEAU_GAIN: Final = 0.01
# A flat end is common after the last step of the learning rate; from a third of the run on it is worth a look.
PLATEAU_SHARE: Final = 1 / 3
_HALF: Final = 0.5
_TENTH: Final = 0.1


def progress(log: AuditedLog) -> Iterator[Finding]:
    """From which loss to which, and how long half and a tenth of the first took."""
    for training in log.once(trainings):
        known, steady = np.flatnonzero(np.isfinite(training.trend)), training.steady
        if len(steady) < DISPLAYS_LEAST:
            continue
        first, low = known[0], steady[np.argmin(training.trend[steady])]
        if not 0 < training.trend[low] <= (1 - PLATEAU_GAIN) * training.trend[first]:
            continue
        yield Finding(
            "note",
            "progress",
            f"The loss fell from {formats.significant(float(training.trend[first]))} to "
            f"{formats.significant(float(training.trend[low]))}, reached at {at(training.iteration[low])}"
            f"{_after(training, int(low))}",
            "Running medians of the displayed loss. The table milestones has the time to each round loss between them.",
            tuple(_milestones(training, float(training.trend[first]))),
            training.attempt.index,
            line=int(training.line[low]),
        )


def _milestones(training: Training, start: float) -> Iterator[str]:
    for share, name in ((_HALF, "half"), (_TENTH, "a tenth")):
        row = reached(training.trend, share * start)
        if row is not None:
            yield f"{name} of it at {at(training.iteration[row])}{_after(training, row)} (line {training.line[row]})"


def _after(training: Training, row: int) -> str:
    seconds = float(training.elapsed_s[row])
    return f" after {formats.duration(seconds)}" if np.isfinite(seconds) else ""


def plateau(log: AuditedLog) -> Iterator[Finding]:
    """Runs whose loss has stopped falling, at the end or from the start."""
    for training in log.once(trainings):
        rows = training.steady
        if len(rows) < DISPLAYS_LEAST:
            continue
        values = training.trend[rows]
        lowest = np.minimum.accumulate(values)
        # from here on the trend gains less than PLATEAU_GAIN of what it had reached
        start = int(np.argmax(lowest * (1 - PLATEAU_GAIN) <= lowest[-1]))
        if len(rows) - start < PLATEAU_SHARE * len(rows) or lowest_and_last(training.loss) or lowest[-1] <= 0:
            continue
        yield _flat(training, int(rows[start]), int(rows[-1]))


def _flat(training: Training, start: int, end: int) -> Finding:
    span = f"from {at(training.iteration[start])} to {formats.count(int(training.iteration[end]))}"
    share = (end - start + 1) / len(training.iteration)
    never = start == int(training.steady[0])
    return Finding(
        "hint" if never else "note",
        "no_progress" if never else "plateau",
        f"The loss has {'never fallen' if never else 'stopped falling'} {span}: "
        f"{formats.significant(float(training.trend[start]))} to {formats.significant(float(training.trend[end]))}",
        f"Its running median gains less than {formats.percent(PLATEAU_GAIN)} there, over {formats.percent(share)} of "
        "the displays.",
        (
            f"line {training.line[start]}: {training.rate_text(int(training.line[start]))}",
            f"line {training.line[end]}: {training.rate_text(int(training.line[end]))}",
        ),
        training.attempt.index,
        line=int(training.line[start]),
    )


def diverged(log: AuditedLog) -> Iterator[Finding]:
    """Runs whose loss ends far above the lowest that it had reached, though it is a number."""
    for training in log.once(trainings):
        found = lowest_and_last(training.loss)
        if found is None:
            continue
        low, last = found
        kept = [one for one in training.snapshots if one.iteration <= training.iteration[low]]
        yield Finding(
            "warning",
            "diverged",
            f"The loss rose from {formats.significant(float(training.trend[low]))} at {at(training.iteration[low])} to "
            f"{formats.significant(float(training.trend[last]))} at {at(training.iteration[last])}",
            f"The running median ends at {DIVERGED_RATIO:g} times its lowest or more, and by more than "
            f"{DIVERGED_SIGMAS:g} standard deviations of its noise and {formats.percent(DIVERGED_OF_FIRST)} of the "
            f"first loss. {WHAT_HELPS}go on from the last snapshot before it rose, with a lower learning rate or with "
            "clip_gradients.",
            (
                f"line {training.line[low]}: lowest, {training.rate_text(int(training.line[low]))}",
                f"line {training.line[last]}: last, {training.rate_text(int(training.line[last]))}",
                f"last snapshot before it rose: {kept[-1]}" if kept else "no snapshot before it rose",
            ),
            training.attempt.index,
            line=int(training.line[low]),
        )
