"""`events`: what happened once in a while, joined with the iteration and the time at which it did."""

from __future__ import annotations

import re
from itertools import starmap
from typing import TYPE_CHECKING, Final

from logparse.formats import plural
from logparse.tables.column import ATTEMPT, ELAPSED, LINE, TIME, decimal, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import Attempt, Event, LogFacts
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    text("kind", "Kind", "snapshot, resume, fatal, signal …"),
    whole("iteration", "Iteration", "As the line prints it, or the name of the file that it names."),
    whole("after_iteration", "After iteration", "The last one that the attempt displayed or tested before."),
    decimal("value", "Value", "The number that the line states."),
    text("path", "Path", "The file that the line names."),
    text("text", "Text", "The line's message."),
    ELAPSED,
    TIME,
    LINE,
)

# Solver::SnapshotFilename: PREFIX_iter_N.caffemodel; NVCaffe puts its scores behind the number.
_ITERATION: Final = re.compile(r"_iter_(\d{1,18})(?!\d)")


def build(log: LogLike) -> Built:
    """One row per event in the order of the log; clipping, which can happen in every update, is one per attempt."""
    found = [(attempt, event) for attempt in log.facts.attempts for event in attempt.events]
    rows = sorted([*starmap(_row, found), *_clipping(log.facts)], key=lambda row: (row["attempt"], row["line"]))
    if rows:
        _join(rows, log.facts)
    return rows


def _row(attempt: Attempt, event: Event) -> BuiltRow:
    timed = event.time_s is not None and attempt.start_s is not None
    return {
        "attempt": attempt.index,
        "kind": event.kind,
        "iteration": event.iteration if event.iteration is not None else iteration_of(event.path),
        "value": event.value,
        "path": event.path,
        "text": event.text,
        "elapsed_s": round(event.time_s - attempt.start_s, 6) if timed else None,  # type: ignore[operator]  # as tested
        "time_s": event.time_s,
        "line": event.line,
    }


def iteration_of(path: str | None) -> int | None:
    """The iteration in the name of a snapshot's file; None where there is none."""
    numbers = _ITERATION.findall(path or "")
    return int(numbers[-1]) if numbers else None


def _clipping(facts: LogFacts) -> Iterator[BuiltRow]:
    import numpy as np

    from logparse.tables.series import filing

    clipped = facts.curves.series.get("clipping")
    if clipped is None:
        return
    for attempt, rows in filing.slices(filing.attempt_of(clipped["line"], facts.attempts)):
        norm, factor = float(np.nanmax(clipped["norm"][rows])), float(np.nanmin(clipped["factor"][rows]))
        count = rows.stop - rows.start
        times = f"{count} {plural('time', count)}"
        text = f"Gradients clipped {times}, by a factor of {factor:.6g} at the least, for a norm up to {norm:.6g}"
        yield {
            "attempt": attempt,
            "kind": "clipping",
            "value": count,
            "text": text,
            "line": int(clipped["line"][rows][0]),
        }


def _join(rows: list[BuiltRow], facts: LogFacts) -> None:
    """Add the iteration that each stands behind, and its date for its seconds since the start of the year."""
    import numpy as np

    from logparse.tables.series.clock import moments
    from logparse.tables.series.neighbours import iteration_before

    after = iteration_before(np.array([row["line"] for row in rows]), np.array([row["attempt"] for row in rows]), facts)
    seconds = np.array([row.pop("time_s", None) for row in rows], dtype=np.float64)  # None becomes nan
    for row, iteration, moment in zip(rows, after.tolist(), moments(seconds, facts.year), strict=True):
        row["after_iteration"] = iteration if iteration >= 0 else None
        row["time"] = moment
