"""Findings as the report tells them: what is said twice is one, what one rule finds often has one total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse import parse_log
from logparse.audit.finding import Finding
from logparse.report.gathered import gathered, told_once
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import findings
from tests.writing import Layer, data, line, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path


def finding(severity: str, kind: str, *, line: int | None = 1, attempt: int = 1, **more: object) -> Finding:
    return Finding(severity, kind, f"{kind} at {line}", "means. What helps: do it.", attempt=attempt, line=line, **more)  # type: ignore[arg-type]


def test_a_diagnosis_and_the_end_of_the_same_line_are_one() -> None:
    cause = finding("warning", "diagnosis_disk", line=7, evidence=("line 7: full",))
    end = finding("error", "fatal", line=7, evidence=("Check failed",))
    other = finding("error", "fatal", line=9, attempt=2)
    one, two = told_once([end, other, cause])
    assert (two.kind, two.line) == ("fatal", 9) or (one.kind, one.line) == ("fatal", 9)
    told = next(each for each in (one, two) if each.kind == "diagnosis_disk")
    assert told.severity == "error"
    assert told.evidence == ("line 7: full", "Check failed")


def test_what_has_no_line_is_never_the_same() -> None:
    assert len(told_once([finding("error", "fatal", line=None), finding("error", "diagnosis_x", line=None)])) == 2


def in_place_net(number: int) -> str:
    layers = [data()]
    for place in range(number):
        conv = Layer(f"conv{place}", "Convolution", (layers[-1].tops[0],), (f"conv{place}",), ("2 3 4 4 (96)",), CONV)
        norm = Layer(f"bn{place}", "BatchNorm", (f"conv{place}",), (f"bn{place}",), ("2 3 4 4 (96)",))
        layers += [conv, norm]
    return net(layers)


CONV = "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }"


def test_savings_of_one_rule_have_one_total() -> None:
    log = ReportedLog(read(solver(), in_place_net(3)))
    (group,) = [one for one in gathered(log) if one.lead.kind == "in_place"]
    assert group.title == "3 BatchNorm layers could work in place: −1.15 kB of data together"
    assert sum(one.saves_bytes or 0 for one in group.members) == 3 * 384
    view = next(one for one in findings.build(log).findings if one.members)
    assert view.remedy.startswith("Give each of them the same top as its bottom.")
    assert [member.where for member in view.members] == [f"line {one.line}" for one in group.members]


def test_one_saving_is_told_by_itself() -> None:
    (one,) = [one for one in gathered(ReportedLog(read(solver(), in_place_net(1)))) if one.lead.kind == "in_place"]
    assert one.title == one.lead.title


def test_three_of_a_kind_are_told_as_alike() -> None:
    again = solver() + line("Check failed: a == b (1 vs. 2)", "layer.cpp", "F")
    (one,) = [one for one in gathered(ReportedLog(read(again * 4))) if one.severity == "error"]
    assert one.title.endswith("; 3 more like it")
    assert len(one.members) == 4


def test_all_findings_are_in_some_group(sample_logs: Path) -> None:
    for path in sorted(sample_logs.glob("*.log")):
        log = ReportedLog(parse_log(path))
        assert [member for one in gathered(log) for member in one.members] == told_once(log.findings)


def test_a_finding_tells_what_it_means_and_what_to_do_apart() -> None:
    one = finding("hint", "x")
    assert (one.meaning, one.remedy) == ("means.", "Do it.")
    assert Finding("note", "y", "t", "No advice.").remedy == ""


def test_notes_stand_apart_and_a_filter_needs_two_severities(sample_logs: Path) -> None:
    plain = findings.build(ReportedLog(parse_log(sample_logs / "alexnet.log")))
    assert (plain.findings, plain.filters, len(plain.notes)) == ((), (), 5)
    mixed = findings.build(ReportedLog(parse_log(sample_logs / "lenet_nan.log")))
    assert mixed.filters == (("error", "1 error"), ("note", "5 notes"))
    assert [one.severity for one in mixed.findings] == ["error"]
