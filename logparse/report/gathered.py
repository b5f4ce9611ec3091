"""Findings as a reader takes them: what is said twice is one, what one rule finds many times is one with a total.

The table `findings` keeps every row; only the report gathers them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.audit.finding import SEVERITIES
from logparse.rows import grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.audit.finding import Finding
    from logparse.report.reported_log import ReportedLog

# Findings that a diagnosis of the same line says better: how an attempt ended, and that its loss was lost.
ABSORBED: Final = frozenset({"fatal", "out_of_memory", "killed", "signal", "stopped", "unfinished", "not_a_number"})
_DIAGNOSIS: Final = "diagnosis_"
ALIKE_LEAST: Final = 3  # findings of one kind that are told as one; two are as short by themselves


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """One thing to look at: the finding that leads, what is said of all, and all the findings that it stands for."""

    lead: Finding
    title: str
    meaning: str
    remedy: str
    members: tuple[Finding, ...]

    @property
    def severity(self) -> str:
        """That of its findings, which is the same."""
        return self.lead.severity


def gathered(log: ReportedLog) -> tuple[ToldFinding, ...]:
    """All findings of a log, worst first, in the order of the table `findings`."""
    groups = grouped(told_once(log.findings), _rule).values()
    return tuple(one for members in groups for one in _told(log, tuple(members)))


def anchor_of(log: ReportedLog, number: int) -> str:
    """The anchor of what is told at a place, from 1."""
    return f"{log.prefix}finding{number}"


def told_once(found: Sequence[Finding]) -> list[Finding]:
    """Findings without those that a diagnosis of the same line says better; it takes over severity and evidence."""
    told = {(one.attempt, one.line): one for one in reversed(found) if one.kind.startswith(_DIAGNOSIS)}
    said = [one for one in found if one.kind in ABSORBED and one.line is not None and (one.attempt, one.line) in told]
    kept = [_with_said(one, said) if one.kind.startswith(_DIAGNOSIS) else one for one in found if one not in said]
    return sorted(kept, key=lambda one: SEVERITIES.index(one.severity))


def _with_said(one: Finding, said: Sequence[Finding]) -> Finding:
    same = [other for other in said if (other.attempt, other.line) == (one.attempt, one.line)]
    severity = min((one.severity, *(other.severity for other in same)), key=SEVERITIES.index)
    more = [text for other in same for text in other.evidence if text not in one.evidence]
    return replace(one, severity=severity, evidence=(*one.evidence, *more))


def _rule(one: Finding) -> tuple[object, ...]:
    """What makes findings of one rule one: severity and kind; savings add up within an attempt only."""
    return one.severity, one.kind, one.attempt if one.saves_bytes is not None else None


def _told(log: ReportedLog, members: tuple[Finding, ...]) -> tuple[ToldFinding, ...]:
    """The findings of a rule as one where they are several, else each by itself."""
    lead, group = members[0], _GROUPS.get(members[0].kind, _ALIKE)
    if len(members) < group.least:
        return tuple(ToldFinding(one, one.title, one.meaning, one.remedy, (one,)) for one in members)
    meaning, remedy = group.meaning or lead.meaning, group.remedy or lead.remedy
    return (ToldFinding(lead, group.title(log, members), meaning, remedy, members),)


def _in_place(log: ReportedLog, members: Sequence[Finding]) -> str:
    """`53 BatchNorm layers could work in place: −1.40 GB of data together`."""
    types = {_type_of(log, one) for one in members}
    kind = f"{types.pop()} " if len(types) == 1 else ""
    saved = formats.size(sum(one.saves_bytes or 0 for one in members))
    return f"{formats.count(len(members))} {kind}layers could work in place: {formats.MINUS}{saved} of data together"


def _type_of(log: ReportedLog, one: Finding) -> str:
    if one.attempt is None or one.net_index is None or one.layer_index is None:
        return ""
    return log.parsed.derived.nets[one.attempt][one.net_index].layers[one.layer_index].type or ""


def _alike(_: ReportedLog, members: Sequence[Finding]) -> str:
    """The first of them, and how many more there are."""
    return f"{members[0].title}; {formats.count(len(members) - 1)} more like it"


class _Group(NamedTuple):
    """How findings of a kind are told as one: the title of all, from how many on, and what differs in the words."""

    title: Callable[[ReportedLog, Sequence[Finding]], str]
    least: int
    meaning: str = ""
    remedy: str = ""


_ALIKE: Final = _Group(_alike, ALIKE_LEAST)
_GROUPS: Final = {
    "in_place": _Group(
        _in_place,
        2,
        "Nothing else reads their bottoms, and no backward pass needs what they would overwrite.",
        "Give each of them the same top as its bottom. In training as much again is saved of diffs.",
    )
}
