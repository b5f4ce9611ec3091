"""What happened once in a while, joined with the iteration and the time at which it did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse.tables import filing
from logparse.tables.diagnostics import iteration_before
from logparse.tables.frames import frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from logparse.model import Event, LogFacts

    Row = dict[str, Any]

# Solver::SnapshotFilename: PREFIX_iter_N.caffemodel; NVCaffe puts its scores behind the number.
_ITERATION: Final = re.compile(r"_iter_(\d{1,18})(?!\d)")


def events(facts: LogFacts) -> pd.DataFrame:
    """One row per event in the order of the log; clipping, which can happen in every update, is one per attempt."""
    found = [(attempt.index, event) for attempt in facts.attempts for event in attempt.events]
    rows = [_row(attempt, event) for attempt, event in found]
    raw = [np.nan if event.time_s is None else event.time_s for _, event in found]
    clipped = list(_clipping(facts))
    rows, raw = [*rows, *clipped], [*raw, *[np.nan] * len(clipped)]
    order = sorted(range(len(rows)), key=lambda place: (rows[place]["attempt"], rows[place]["line"]))
    rows = [rows[place] for place in order]
    if rows:
        _join(rows, np.array([raw[place] for place in order]), facts)
    return frame("events", rows)


def _row(attempt: int, event: Event) -> Row:
    return {
        "attempt": attempt,
        "kind": event.kind,
        "iteration": event.iteration if event.iteration is not None else iteration_of(event.path),
        "value": event.value,
        "path": event.path,
        "text": event.text,
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


def _join(rows: list[Row], raw: filing.Column, facts: LogFacts) -> None:
    attempt = np.array([row["attempt"] for row in rows])
    lines = np.array([row["line"] for row in rows])
    clock = filing.clocked(raw, attempt, facts)
    after = iteration_before(lines, attempt, facts)
    for place, row in enumerate(rows):
        row["after_iteration"] = int(after[place]) if after[place] >= 0 else None
        row["elapsed_s"] = float(clock["elapsed_s"][place]) if np.isfinite(clock["elapsed_s"][place]) else None
        row["time"] = clock["time"][place]
