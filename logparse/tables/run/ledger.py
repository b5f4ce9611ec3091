"""`ledger`: how many lines were understood in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    text("class", "Class", "recognised, ignored, dump, foreign or unknown."),
    text("reason", "Reason", "The pattern that recognised the line, or why it is not used."),
    whole("lines", "Lines", "How many."),
    whole("first_line", "First line", "The first of them."),
    text("example", "Example", "Its message."),
)


def build(log: LogLike) -> Built:
    """One row per kind of line."""
    return [
        {
            "class": row.kind,
            "reason": row.reason,
            "lines": row.lines,
            "first_line": row.first_line,
            "example": row.example,
        }
        for row in log.facts.ledger
    ]
