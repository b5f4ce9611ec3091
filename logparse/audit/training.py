"""How the loss went: what it reached, where it stopped falling, where it rose, and where the tests part from it.

A displayed loss is noisy, so that everything here is read from its running median and held against its own noise.
Each threshold is a named constant with its reason; a finding shows the figures, the judgement is the reader's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import at, runs
from logparse.audit.finding import Finding
from logparse.tables.series.robust import noise
from logparse.tables.series.trend import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.audit.curves import Run
    from logparse.audit.finding import Case

# Fewer displays than these have no trend: a running median of five among twenty is the least that shows one.
DISPLAYS_LEAST: Final = 20
# A loss that falls by less than this share of itself has stopped falling, for a reader of three digits.
PLATEAU_GAIN: Final = 0.01
# A flat end is common after the last step of the learning rate; from a third of the run on it is worth a look.
PLATEAU_SHARE: Final = 1 / 3
# Up to twice its lowest trend a loss may wander with a cyclic learning rate or harder data; beyond, it went away.
DIVERGED_RATIO: Final = 2.0
# … and by more than the noise: six standard deviations do not come by chance in a million displays.
DIVERGED_SIGMAS: Final = 6.0
# … and by a tenth of the loss that the run began with: below that it wanders about its floor.
DIVERGED_OF_FIRST: Final = 0.1
_HALF: Final = 0.5
_TENTH: Final = 0.1


def progress(case: Case) -> Iterator[Finding]:
    """From which loss to which, and how long half and a tenth of the first took."""
    for run in runs(case):
        known, steady = np.flatnonzero(np.isfinite(run.trend)), run.steady
        if len(steady) < DISPLAYS_LEAST:
            continue
        first, low = known[0], steady[np.argmin(run.trend[steady])]
        if not 0 < run.trend[low] <= (1 - PLATEAU_GAIN) * run.trend[first]:
            continue
        yield Finding(
            "note",
            "progress",
            f"The loss fell from {formats.significant(float(run.trend[first]))} to "
            f"{formats.significant(float(run.trend[low]))}, reached at {at(run.iteration[low])}{_after(run, int(low))}",
            "Running medians of the displayed loss. The table milestones has the time to each round loss between them.",
            tuple(_milestones(run, float(run.trend[first]))),
            run.attempt.index,
            line=int(run.line[low]),
        )


def _milestones(run: Run, start: float) -> Iterator[str]:
    for share, name in ((_HALF, "half"), (_TENTH, "a tenth")):
        row = reached(run.trend, share * start)
        if row is not None:
            yield f"{name} of it at {at(run.iteration[row])}{_after(run, row)} (line {run.line[row]})"


def _after(run: Run, row: int) -> str:
    seconds = float(run.elapsed_s[row])
    return f" after {formats.duration(seconds)}" if np.isfinite(seconds) else ""


def plateau(case: Case) -> Iterator[Finding]:
    """Runs whose loss has stopped falling, at the end or from the start."""
    for run in runs(case):
        rows = run.steady
        if len(rows) < DISPLAYS_LEAST:
            continue
        values = run.trend[rows]
        lowest = np.minimum.accumulate(values)
        # from here on the trend gains less than PLATEAU_GAIN of what it had reached
        start = int(np.argmax(lowest * (1 - PLATEAU_GAIN) <= lowest[-1]))
        if len(rows) - start < PLATEAU_SHARE * len(rows) or _rises(run) or lowest[-1] <= 0:
            continue
        yield _flat(run, int(rows[start]), int(rows[-1]))


def _flat(run: Run, start: int, end: int) -> Finding:
    span = f"from {at(run.iteration[start])} to {formats.count(int(run.iteration[end]))}"
    share = (end - start + 1) / len(run.iteration)
    never = start == int(run.steady[0])
    return Finding(
        "hint" if never else "note",
        "no_progress" if never else "plateau",
        f"The loss has {'never fallen' if never else 'stopped falling'} {span}: "
        f"{formats.significant(float(run.trend[start]))} to {formats.significant(float(run.trend[end]))}",
        f"Its running median gains less than {formats.percent(PLATEAU_GAIN)} there, over {formats.percent(share)} of "
        "the displays.",
        (
            f"line {run.line[start]}: {run.rate_text(int(run.line[start]))}",
            f"line {run.line[end]}: {run.rate_text(int(run.line[end]))}",
        ),
        run.attempt.index,
        line=int(run.line[start]),
    )


def diverged(case: Case) -> Iterator[Finding]:
    """Runs whose loss ends far above the lowest that it had reached, though it is a number."""
    for run in runs(case):
        if not _rises(run):
            continue
        rows = run.steady
        values = run.trend[rows]
        low, last = int(rows[np.argmin(values)]), int(rows[-1])
        kept = [one for one in run.snapshots if one.iteration <= run.iteration[low]]
        yield Finding(
            "warning",
            "diverged",
            f"The loss rose from {formats.significant(float(run.trend[low]))} at {at(run.iteration[low])} to "
            f"{formats.significant(float(run.trend[last]))} at {at(run.iteration[last])}",
            f"The running median ends at {DIVERGED_RATIO:g} times its lowest or more, and by more than "
            f"{DIVERGED_SIGMAS:g} standard deviations of its noise and {formats.percent(DIVERGED_OF_FIRST)} of the "
            "first loss.",
            (
                f"line {run.line[low]}: lowest, {run.rate_text(int(run.line[low]))}",
                f"line {run.line[last]}: last, {run.rate_text(int(run.line[last]))}",
                f"last snapshot before it rose: {kept[-1]}" if kept else "no snapshot before it rose",
            ),
            run.attempt.index,
            line=int(run.line[low]),
        )


def _rises(run: Run) -> bool:
    rows = run.steady
    if len(rows) < DISPLAYS_LEAST:
        return False
    values = run.trend[rows]
    low = int(np.argmin(values))
    spread = noise(run.loss[rows], values)
    rise = float(values[-1] - values[low])
    least = max(DIVERGED_SIGMAS * spread, DIVERGED_OF_FIRST * float(values[0]))
    return bool(values[low] > 0 and values[-1] >= DIVERGED_RATIO * values[low] and rise > least)
