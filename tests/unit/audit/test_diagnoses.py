"""The table of diagnoses: each row claims its samples, alone; no row claims a near miss, or what is harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.audit.diagnoses.entry import HIGH, MEDIUM, TIERS
from logparse.audit.diagnoses.table import DIAGNOSES, HARMLESS, NOT_TOLD, TOLD_BY
from logparse.audit.failures.diagnosed import claims, diagnosed
from logparse.audit.finding import SEVERITIES, AuditedLog
from tests.unit.audit.cases import CASES

if TYPE_CHECKING:
    from logparse.audit.diagnoses.entry import Diagnosis
    from logparse.audit.finding import Finding

_SHORT: Final = re.compile(r"^(?P<severity>[IWEF]) (?P<file>[\w.]+)\] ", re.MULTILINE)
SAMPLES: Final = [(one, sample) for one in DIAGNOSES for sample in one.samples]
NEAR: Final = [(one, sample) for one in DIAGNOSES for sample in one.near]
INNOCENT: Final = [(row, line) for row, lines in HARMLESS.items() for line in lines]


def whole(sample: str) -> str:
    """A sample as a log: `F file.cpp] text` stands for a line with a whole header."""
    return _SHORT.sub(r"\g<severity>0601 10:00:00.000000  4242 \g<file>:1] ", sample) + "\n"


def audited(sample: str) -> AuditedLog:
    return AuditedLog(parse_log(whole(sample).encode()))


def claiming(sample: str) -> list[str]:
    log = audited(sample)
    return [claim.diagnosis.name for attempt in log.facts.attempts for claim in claims(log, attempt)]


def told(sample: str) -> list[Finding]:
    return list(diagnosed(audited(sample)))


# The catalogue of ways in which a run fails: memory, GPU, definition, weights, data, numbers, SSD, ends, Python.
CATALOGUE: Final = {
    *(f"M{number}" for number in range(1, 15)),
    *(f"G{number}" for number in range(1, 21)),
    *(f"D{number}" for number in range(1, 19)),
    *(f"W{number}" for number in range(13)),
    *(f"A{number}" for number in range(1, 12)),
    *(f"N{number}" for number in range(1, 12)),
    *(f"S{number}" for number in range(1, 12)),
    *(f"E{number}" for number in range(1, 17)),
    *(f"P{number}" for number in range(1, 9)),
}


def test_every_row_of_the_catalogue_is_told_or_known_as_harmless_or_says_why_not() -> None:
    claimed, harmless = {one.row for one in DIAGNOSES}, set(HARMLESS)

    assert len(CATALOGUE) == 122
    assert claimed | harmless | set(TOLD_BY) | set(NOT_TOLD) == CATALOGUE
    assert not (claimed | harmless) & (set(TOLD_BY) | set(NOT_TOLD))


def test_findings_that_tell_a_row_exist() -> None:
    kinds = {case.kind for case in CASES}

    assert {kind for told_by in TOLD_BY.values() for kind in told_by} <= kinds


def test_names_are_unique() -> None:
    names = [one.name for one in DIAGNOSES]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("one", DIAGNOSES, ids=[one.name for one in DIAGNOSES])
def test_a_row_is_whole(one: Diagnosis) -> None:
    assert one.samples
    assert re.fullmatch(r"[MGDWAENSP]\d+", one.row)
    assert one.confidence in (HIGH, MEDIUM)
    assert one.severity in SEVERITIES
    assert any(one.kinds & kinds for kinds in TIERS)


@pytest.mark.parametrize(("one", "sample"), SAMPLES, ids=[f"{one.name}:{sample[-40:]}" for one, sample in SAMPLES])
def test_a_sample_is_claimed_by_its_row_alone(one: Diagnosis, sample: str) -> None:
    assert claiming(sample) == [one.name]


@pytest.mark.parametrize(("one", "sample"), SAMPLES, ids=[f"{one.name}:{sample[-40:]}" for one, sample in SAMPLES])
def test_a_sample_makes_one_finding_without_a_gap(one: Diagnosis, sample: str) -> None:
    (finding,) = told(sample)

    assert finding.kind == f"diagnosis_{one.name}"
    assert not re.search(r"\{\w+\}|\bNone\b|  |: ,|^ | $", finding.title), finding.title
    assert not re.search(r"\{\w+\}|\bNone\b|  |\.\.", finding.text), finding.text
    assert finding.text.endswith("."), finding.text
    assert finding.evidence[-1] == f"confidence: {one.confidence}"
    assert finding.line is not None


@pytest.mark.parametrize(("one", "sample"), NEAR, ids=[f"{one.name}:{sample[-40:]}" for one, sample in NEAR])
def test_a_near_miss_is_claimed_by_no_row(one: Diagnosis, sample: str) -> None:
    assert told(sample) == [], one.name


@pytest.mark.parametrize(("row", "line"), INNOCENT, ids=[f"{row}:{line[:40]}" for row, line in INNOCENT])
def test_a_harmless_line_is_never_blamed(row: str, line: str) -> None:
    running = "I solver.cpp] Solving N\nI solver.cpp] Iteration 0, loss = 1\n"
    for sample in (f"{running}{line}\nI solver.cpp] Iteration 1, loss = 1", f"{line}\n{running}"):
        assert told(sample) == [], row
