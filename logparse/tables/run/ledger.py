"""`ledger`: how many lines were understood in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.model import LedgerRow
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    text("class", "Class", "recognised, ignored, dump, foreign or unknown."),
    text("reason", "Reason", "The pattern that recognised the line, or why it is not used."),
    whole("lines", "Lines", "How many."),
    whole("first_line", "First line", "The first of them."),
    text("example", "Example", "Its message."),
)


# Classes that count as understood; with those that are not they are Caffe's own lines. A dump's belong to its message.
UNDERSTOOD: Final = frozenset({"recognised", "ignored"})
_UNKNOWN: Final = "unknown"


def line_counts(ledger: Iterable[LedgerRow]) -> dict[str, int]:
    """Lines by class."""
    counts: dict[str, int] = {}
    for row in ledger:
        counts[row.kind] = counts.get(row.kind, 0) + row.lines
    return counts


def own_lines(ledger: Iterable[LedgerRow]) -> int:
    """How many lines are Caffe's own, each a message: what every share of lines understood is a share of."""
    counts = line_counts(ledger)
    return sum(counts.get(kind, 0) for kind in (*UNDERSTOOD, _UNKNOWN))


def understood_share(ledger: Iterable[LedgerRow]) -> float:
    """Share of Caffe's own lines that are recognised, or ignored for a named reason; 1 where there is none."""
    counts = line_counts(ledger)
    known = sum(counts.get(kind, 0) for kind in UNDERSTOOD)
    total = known + counts.get(_UNKNOWN, 0)
    return known / total if total else 1.0


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
