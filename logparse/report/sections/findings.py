"""Findings, worst first, each with its evidence and a link to its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.finders import find
from logparse.audit.finding import SEVERITIES

if TYPE_CHECKING:
    from logparse.audit.finding import Finding
    from logparse.report.reported_log import ReportedLog

SHOWN: Final = 80
WORDS: Final = {"error": "Error", "warning": "Warning", "hint": "Could be better", "note": "Note"}


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding: severity as a word and a class, what it is, what it means, what it rests on, where it is."""

    severity: str
    word: str
    title: str
    text: str
    evidence: tuple[str, ...]
    href: str
    where: str


@dataclass(frozen=True, slots=True)
class FindingsView:
    """The findings, how many of each severity, and how many are left out."""

    summary: str
    findings: tuple[FindingView, ...]
    left_out: str


def build(log: ReportedLog) -> FindingsView:
    """All findings of the log; there is always something to say, if only that nothing was found."""
    found = find(log.parsed)
    left_out = f"{len(found) - SHOWN} more are in the table “findings”." if len(found) > SHOWN else ""
    return FindingsView(_summary(found), tuple(_view(log, one) for one in found[:SHOWN]), left_out)


def _summary(found: tuple[Finding, ...]) -> str:
    if not found:
        return "Nothing stands out."
    counts = {severity: sum(one.severity == severity for one in found) for severity in SEVERITIES}
    words = {"error": "error", "warning": "warning", "hint": "possible saving", "note": "note"}
    parts = [f"{number} {formats.plural(words[severity], number)}" for severity, number in counts.items() if number]
    return f"Worst first: {', '.join(parts)}."


def _view(log: ReportedLog, one: Finding) -> FindingView:
    href = log.layer_href(one.attempt, one.net_index, one.layer_index)
    where = [f"line {formats.count(one.line)}"] if one.line is not None else []
    if one.attempt is not None and len(log.attempts) > 1:
        where.insert(0, f"attempt {one.attempt}")
    return FindingView(one.severity, WORDS[one.severity], one.title, one.text, one.evidence, href, ", ".join(where))
