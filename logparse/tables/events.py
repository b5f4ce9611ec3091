"""What happened once in a while, joined with the iteration and the time at which it did."""

from __future__ import annotations

import re
from itertools import starmap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse.tables import filing
from logparse.tables.diagnostics import iteration_before
from logparse.tables.frames import frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from logparse.model import Attempt, Event, LogFacts

    Row = dict[str, Any]

# Solver::SnapshotFilename: PREFIX_iter_N.caffemodel; NVCaffe puts its scores behind the number.
_ITERATION: Final = re.compile(r"_iter_(\d{1,18})(?!\d)")


def events(facts: LogFacts) -> pd.DataFrame:
    """One row per event in the order of the log; clipping, which can happen in every update, is one per attempt."""
    found = [(attempt, event) for attempt in facts.attempts for event in attempt.events]
    rows = sorted([*starmap(_row, found), *_clipping(facts)], key=lambda row: (row["attempt"], row["line"]))
    if rows:
        _join(rows, facts)
    return frame("events", rows)


def _row(attempt: Attempt, event: Event) -> Row:
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


def _clipping(facts: LogFacts) -> Iterator[Row]:
    clipped = facts.curves.series.get("clipping")
    if clipped is None:
        return
    for attempt, rows in filing.slices(filing.attempt_of(clipped["line"], facts.attempts)):
        norm, factor = float(np.nanmax(clipped["norm"][rows])), float(np.nanmin(clipped["factor"][rows]))
        count = rows.stop - rows.start
        text = f"Gradients clipped {count} times, by a factor of {factor:.6g} at the least, for a norm up to {norm:.6g}"
        yield {
            "attempt": attempt,
            "kind": "clipping",
            "value": count,
            "text": text,
            "line": int(clipped["line"][rows][0]),
        }


def _join(rows: list[Row], facts: LogFacts) -> None:
    after = iteration_before(np.array([row["line"] for row in rows]), np.array([row["attempt"] for row in rows]), facts)
    seconds = np.array([np.nan if row.get("time_s") is None else row["time_s"] for row in rows])
    for row, iteration, moment in zip(rows, after.tolist(), filing.moments(seconds, facts.year), strict=True):
        row["after_iteration"] = iteration if iteration >= 0 else None
        row["time"] = moment
