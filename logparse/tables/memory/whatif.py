"""`whatif`: figures before and after a change, for the changes that anybody would ask about first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, listed, text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    ATTEMPT,
    text("scenario", "What if", "The change."),
    text("quantity", "Figure", "Of the first net, of the test nets where named, or of the whole run (footprint)."),
    text("unit", "Unit", "values, MAC, operations, bytes or images."),
    whole("before", "As logged", "The figure of the run as the log shows it."),
    whole("after", "Then", "The figure under the change."),
    listed("assumptions", "Assumptions", "Everything that the change takes for granted."),
)


def build(log: LogLike) -> Built:
    """One row per attempt, scenario and figure."""
    from logparse.tables.memory.scenarios import standard_rows

    return [row for attempt, run in log.derived.runs.items() for row in standard_rows(attempt, run, log.terms)]
