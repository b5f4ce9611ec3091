"""Where the figures come from: the file, its digest, what was read of it, and by which version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import logparse
from logparse import formats
from logparse.report.elements import Fact
from logparse.report.tabulate import Field, tabulate
from logparse.tables.run.ledger import line_counts, own_lines, understood_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog

_ROWS_SHOWN: Final = 60
# The classes of lines, those first that need a look.
_ORDER: Final = ("unknown", "foreign", "recognised", "dump", "ignored")
MEANINGS: Final = {
    "recognised": "read, and what it says is used",
    "ignored": "known, and left out for the reason given",
    "dump": "part of a definition that Caffe printed",
    "foreign": "not Caffe's",
    "unknown": "not understood",
}


@dataclass(frozen=True, slots=True)
class ProvenanceView:
    """Facts about the input, the ledger by class and by reason."""

    facts: tuple[Fact, ...]
    classes: TableView | None
    ledger: TableView | None


def build(log: ReportedLog) -> ProvenanceView:
    """Provenance of one log; it exists for every log."""
    ledger = log.facts.ledger
    order = sorted(ledger, key=lambda row: (_ORDER.index(row.kind) if row.kind in _ORDER else 0, -row.lines))
    rows = [
        {
            "class": row.kind,
            "reason": row.reason,
            "lines": row.lines,
            "first": row.first_line,
            "example": row.example[:160],
        }
        for row in order[:_ROWS_SHOWN]
    ]
    left_out = len(ledger) - len(rows)
    note = f"{formats.count(left_out)} more rows are in the table “ledger”." if left_out > 0 else ""
    table = tabulate("Every line accounted for", _LEDGER_FIELDS, rows, note=note) if rows else None
    return ProvenanceView(tuple(_facts(log)), _classes(log), table)


def _facts(log: ReportedLog) -> Iterator[Fact]:
    source = log.facts.source
    yield Fact("File", source.name)
    packed = f", {source.compression}: {formats.exact_bytes(source.text_bytes)} of text" if source.compression else ""
    yield Fact("Size", f"{formats.exact_bytes(source.size_bytes)}{packed}")
    yield Fact("SHA-256", source.sha256)
    yield Fact("Encoding", source.encoding)
    yield Fact("Lines", formats.count(source.lines), _understood(log))
    if log.facts.year is not None:
        yield Fact("Year", str(log.facts.year), log.facts.year_origin or "")
    yield Fact("Made with", f"logparse {logparse.__version__}")


def _understood(log: ReportedLog) -> str:
    ledger = log.facts.ledger
    return f"{formats.percent(understood_share(ledger))} of Caffe's own understood" if own_lines(ledger) else ""


def _classes(log: ReportedLog) -> TableView | None:
    sums = line_counts(log.facts.ledger)
    total = sum(sums.values())
    rows = [
        {"class": kind, "meaning": MEANINGS.get(kind, ""), "lines": lines, "share": lines / total}
        for kind, lines in sorted(sums.items(), key=lambda item: -item[1])
        if total
    ]
    return tabulate("Lines by how they were understood", _CLASS_FIELDS, rows) if rows else None


_CLASS_FIELDS: Final = (
    Field("class", "Class"),
    Field("meaning", "Which means"),
    Field("lines", "Lines", "count", total=True),
    Field("share", "Share", "percent"),
)
_LEDGER_FIELDS: Final = (
    Field("class", "Class"),
    Field("reason", "Pattern or reason", css="wide"),
    Field("lines", "Lines", "count"),
    Field("first", "First line", "count"),
    Field("example", "Example", css="wide mono"),
)
