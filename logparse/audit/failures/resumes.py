"""Whether a run went on from where it was: a resume that did not take, by its loss or a test; a start from weights."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import at, lowest_is_best, snapshots_of, trainings
from logparse.audit.finding import Finding
from logparse.rows import float_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from logparse.audit.curves import Training
    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt, Event
    from logparse.rows import TableRow

# A resumed run begins with the loss that it had: from twice the highest of the last displays on it has another state.
JUMP_RATIO: Final = 2.0
LAST_DISPLAYS: Final = 5
FIRST_DISPLAYS: Final = 3
# A resumed run sees the weights that were saved: what is twice as bad at the same iteration is another state.
RESUMED_RATIO: Final = 2.0


def did_not_take(log: AuditedLog) -> Iterator[Finding]:
    """Resumed attempts whose loss begins far above what the attempt before them had reached."""
    known = log.once(trainings)
    for before, after in pairwise(known):
        said = _last(after.attempt, "resume")
        if said is None:
            continue
        reached, begins = _reached(before, int(after.iteration[0])), _begins(after)
        if reached is not None and begins is not None and begins >= JUMP_RATIO * reached > 0:
            yield _jump(before, after, said, reached, begins)


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


def resumed(log: AuditedLog) -> Iterator[Finding]:
    """Attempts that resume, whose first test is far worse than the last one of the attempt before at that iteration."""
    frame = log.frame("test")
    if frame is None:
        return
    scalar = frame[frame["iteration"].notna() & frame["test_net"].notna() & (frame["element"].fillna(0) == 0)]
    for before, attempt in pairwise(log.facts.attempts):
        if not any(event.kind == "resume" for event in attempt.events):
            continue
        mine = scalar[scalar["attempt"] == attempt.index]
        theirs = scalar[scalar["attempt"] == before.index]
        if len(mine) and len(theirs):
            yield from _worse(attempt, theirs, mine[mine["iteration"] == mine["iteration"].iloc[0]])


def _worse(attempt: Attempt, theirs: pd.DataFrame, first: pd.DataFrame) -> Iterator[Finding]:
    keys = ["iteration", "test_net", "output"]
    both = theirs.drop_duplicates(keys, keep="last").merge(first, on=keys, suffixes=("_then", ""))
    worse = [row for row in rows_of(both) if _is_worse(row)]
    if not worse:
        return
    one = worse[0]
    then, now = (formats.precise(one[name]) for name in ("value_then", "value"))
    yield Finding(
        "warning",
        "resumed_elsewhere",
        f"Attempt {attempt.index} resumes at {at(one['iteration'])} with another state: {one['output']} of test net "
        f"#{one['test_net']} was {then} there, and is {now}",
        "A test at the iteration of a snapshot sees the weights that were saved. Look at which file was resumed from, "
        "and whether net, data and mean are the same.",
        tuple(
            f"{row['output']}: {formats.precise(row['value_then'])} (line {row['line_then']}), then "
            f"{formats.precise(row['value'])} (line {row['line']})"
            for row in worse
        ),
        attempt.index,
        line=int(one["line"]),
    )


def _is_worse(row: TableRow) -> bool:
    """Whether a value is worse by RESUMED_RATIO; of an output of which nobody knows what is good, no."""
    name, then, now = str(row["output"]), float(row["value_then"]), float(row["value"])
    weighted = float_of(row["loss_weight"])
    low = lowest_is_best(name, weighted=weighted is not None and bool(np.isfinite(weighted)))
    if low is None:
        return False
    better, worse = (then, now) if low else (now, then)
    return not np.isfinite(now) or (better >= 0 and worse > RESUMED_RATIO * better)


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
