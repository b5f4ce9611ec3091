"""Whether a run went on from where it was: a resume that did not take, a start from weights alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import at, snapshots_of, trainings
from logparse.audit.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.audit.curves import Training
    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt, Event

# A resumed run begins with the loss that it had: from twice the highest of the last displays on it has another state.
JUMP_RATIO: Final = 2.0
LAST_DISPLAYS: Final = 5
FIRST_DISPLAYS: Final = 3


def did_not_take(log: AuditedLog) -> Iterator[Finding]:
    """Resumed attempts whose loss begins far above what the attempt before them had reached."""
    known = log.once(trainings)
    for before, after in pairwise(known):
        resumed = _last(after.attempt, "resume")
        if resumed is None:
            continue
        reached, begins = _reached(before, int(after.iteration[0])), _begins(after)
        if reached is not None and begins is not None and begins >= JUMP_RATIO * reached > 0:
            yield _jump(before, after, resumed, reached, begins)


def _reached(before: Training, iteration: int) -> float | None:
    """The highest of the last good losses up to an iteration, which noise may have raised; None without any."""
    good = before.loss[np.isfinite(before.loss) & (before.iteration <= iteration)][-LAST_DISPLAYS:]
    return float(good.max()) if len(good) == LAST_DISPLAYS else None


def _begins(after: Training) -> float | None:
    """The lowest of the first losses; None where they are too few, or one is no number."""
    first = after.loss[:FIRST_DISPLAYS]
    return float(first.min()) if len(first) == FIRST_DISPLAYS and np.isfinite(first).all() else None


def _jump(before: Training, after: Training, resumed: Event, reached: float, begins: float) -> Finding:
    return Finding(
        "warning",
        "diagnosis_resume_did_not_take",
        f"The resume at {at(after.iteration[0])} did not take: the loss begins at {formats.precise(begins)}, and was "
        f"at most {formats.precise(reached)} before",
        "It is not the state that was saved, or not the same run: another file, other data or mean, another batch or "
        "learning rate. A new order of the data alone makes a small jump. What helps: the .solverstate of this very "
        "run, with its solver file and data unchanged.",
        (
            f"line {resumed.line}: {resumed.text}",
            f"line {before.line[-1]}: last display before",
            *_rates(before, after),
            "confidence: medium",
        ),
        after.attempt.index,
        line=int(after.line[0]),
    )


def _rates(before: Training, after: Training) -> Iterator[str]:
    """The learning rates on both sides, where they differ."""
    old, new = before.rate_at(int(before.line[-1])), after.rate_at(int(after.line[0]) + 1)
    if old is not None and new is not None and old != new:
        yield f"learning rate before {formats.precise(old)}, after {formats.precise(new)}"


def from_weights_alone(log: AuditedLog) -> Iterator[Finding]:
    """Attempts that begin from a snapshot of an earlier one by its weights: iteration and momentum are lost."""
    saved: dict[str, int] = {}
    for attempt in log.facts.attempts:
        tuned = _last(attempt, "finetune")
        if tuned is not None and tuned.path in saved:
            yield Finding(
                "hint",
                "diagnosis_restarted_from_weights",
                f"Attempt {attempt.index} goes on from weights alone: it begins at iteration 0, without momentum",
                f"The weights are those that attempt {saved[tuned.path]} saved. With --weights the learning rate's "
                "policy and the count begin anew. What helps: --snapshot with the .solverstate, if the run was to go "
                "on.",
                (f"line {tuned.line}: {tuned.text}", "confidence: high"),
                attempt.index,
                line=tuned.line,
            )
        saved |= {one.path: attempt.index for one in snapshots_of(attempt)}


def _last(attempt: Attempt, kind: str) -> Event | None:
    return next((event for event in reversed(attempt.events) if event.kind == kind), None)
