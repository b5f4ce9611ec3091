"""Findings, worst first, gathered by rule: each with its cause, its figure, what to do, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.finding import SEVERITIES
from logparse.report.gathered import anchor_of, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.audit.finding import Finding
    from logparse.report.gathered import ToldFinding
    from logparse.report.reported_log import ReportedLog

SHOWN: Final = 80
MEMBERS_SHOWN: Final = 200  # of one group
WORDS: Final = {"error": "Error", "warning": "Warning", "hint": "Could be better", "note": "Note"}
_COUNTED: Final = {"error": "error", "warning": "warning", "hint": "possible saving", "note": "note"}


@dataclass(frozen=True, slots=True)
class MemberView:
    """One finding of a group: its title, and where it leads."""

    title: str
    href: str
    where: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding or group: what it is, what it means, what to do, what it rests on, where it is."""

    anchor: str
    severity: str
    word: str
    title: str
    meaning: str
    remedy: str
    evidence: tuple[str, ...]
    href: str
    where: str
    members: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class FindingsView:
    """What asks for a look, the notes beside it, how many of each severity there are, and how many are left out.

    `filters` are severities with their number in words; a filter is worth its place from two on.
    """

    summary: str
    findings: tuple[FindingView, ...]
    notes: tuple[FindingView, ...]
    filters: tuple[tuple[str, str], ...]
    left_out: str


def build(log: ReportedLog) -> FindingsView:
    """All findings of the log; there is always something to say, if only that nothing was found."""
    told = gathered(log)
    views = tuple(_view(log, number, one) for number, one in enumerate(told[:SHOWN], 1))
    rest = sum(len(one.members) for one in told[SHOWN:])
    return FindingsView(
        _summary(told),
        tuple(one for one in views if one.severity != "note"),
        tuple(one for one in views if one.severity == "note"),
        _filters(told),
        f"{formats.count(rest)} more are in the table “findings”." if rest else "",
    )


def _counts(told: Sequence[ToldFinding]) -> list[tuple[str, str]]:
    numbers = {severity: sum(one.severity == severity for one in told) for severity in SEVERITIES}
    return [
        (severity, f"{formats.count(number)} {formats.plural(_COUNTED[severity], number)}")
        for severity, number in numbers.items()
        if number
    ]


def _filters(told: Sequence[ToldFinding]) -> tuple[tuple[str, str], ...]:
    counts = _counts(told)
    return tuple(counts) if len(counts) > 1 else ()


def _summary(told: Sequence[ToldFinding]) -> str:
    if not told:
        return "Nothing stands out."
    return f"Worst first: {', '.join(words for _, words in _counts(told))}."


def _view(log: ReportedLog, number: int, told: ToldFinding) -> FindingView:
    one = told.lead
    several = len(told.members) > 1
    return FindingView(
        anchor_of(log, number),
        one.severity,
        WORDS[one.severity],
        told.title,
        told.meaning,
        told.remedy,
        () if several else one.evidence,
        "" if several else _href(log, one),
        "" if several else _where(log, one),
        tuple(MemberView(each.title, _href(log, each), _where(log, each)) for each in told.members[:MEMBERS_SHOWN])
        if several
        else (),
    )


def _href(log: ReportedLog, one: Finding) -> str:
    return log.layer_href(one.attempt, one.net_index, one.layer_index)


def _where(log: ReportedLog, one: Finding) -> str:
    where = [f"line {formats.count(one.line)}"] if one.line is not None else []
    if one.attempt is not None and len(log.attempts) > 1:
        where.insert(0, f"attempt {one.attempt}")
    return ", ".join(where)
