"""What happened on the way: snapshots, resumes, signals, errors, in the order of the log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.elements import Cell, Content
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

# Lines that every run prints at its start and end, figures that have a section of their own, and frames of a stack.
ROUTINE: Final = frozenset(
    {
        "scaffolding", "optimization", "solving", "lr_policy", "initial_loss", "initial_test", "time_iteration",
        "time_iterations", "time_total", "restoring_history", "clipping", "library_version", "engine", "waiting",
        "stall", "done", "time_done", "test_done", "stack",
    }
)  # fmt: skip
_ROWS_SHOWN: Final = 60


def build(log: ReportedLog) -> Content | None:
    """The table of events; None where nothing but the routine happened."""
    rows = [row for row in log.rows("events") if row["kind"] not in ROUTINE]
    if not rows:
        return None
    shown = _shown(rows)
    left_out = len(rows) - len(shown)
    note = f"{formats.count(left_out)} between them are left out; the table “events” has all." if left_out else ""
    fields = (*((_ATTEMPT,) if len(log.attempts) > 1 else ()), *_FIELDS)
    return Content(
        paragraphs=(_summary(rows),), tables=(tabulate("Events in the order of the log", fields, shown, note=note),)
    )


def _shown(rows: Sequence[TableRow]) -> Sequence[TableRow]:
    """The first and the last ones where there are many."""
    return rows if len(rows) <= _ROWS_SHOWN else [*rows[: _ROWS_SHOWN // 2], *rows[-_ROWS_SHOWN // 2 :]]


def _summary(rows: Sequence[TableRow]) -> str:
    counts = Counter(str(row["kind"]).replace("_", " ") for row in rows)
    return ", ".join(f"{formats.count(number)} × {kind}" for kind, number in counts.most_common()) + "."


def _when(row: Mapping[str, Any]) -> Cell:
    """The iteration that the line states, else the last one displayed before it."""
    if not formats.is_na(row.get("iteration")):
        return Cell(formats.count(row["iteration"]))
    after = row.get("after_iteration")
    return Cell("" if formats.is_na(after) else f"after {formats.count(after)}")


_ATTEMPT: Final = Field("attempt", "Attempt", "count")
_FIELDS: Final = (
    Field("kind", "Kind", cell=lambda row: Cell(str(row["kind"]).replace("_", " "), "t")),
    Field("iteration", "Iteration", "count", cell=_when),
    Field("elapsed_s", "Since the start", "duration"),
    Field("text", "Message", css="wide"),
    Field("line", "Line", "count"),
)
