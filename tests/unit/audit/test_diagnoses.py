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
    assert not re.search(r"\. [a-z]", finding.text.replace("train.py", "")), finding.text
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


def test_a_bottom_that_nothing_makes_is_told_with_the_top_that_is_spelt_most_alike() -> None:
    net = 'I net.cpp] Initializing net from parameters: \nlayer { name: "p" type: "Pooling" top: "pool2" }\n'
    (finding,) = told(f"{net}F insert_splits.cpp] Unknown bottom blob 'pool3' (layer 'ip1', bottom index 0)")

    assert finding.title == "No layer before 'ip1' makes its bottom 'pool3'; spelt most alike is 'pool2'"


def test_what_fails_in_a_loaders_thread_is_told_with_its_thread() -> None:
    (finding,) = told(
        "F data_transformer.cpp] Check failed: height <= datum_height (300 vs. 237) \n"
        "    @ 0x7f1 caffe::DataLayer<>::load_batch()\n"
        "    @ 0x7f2 caffe::BasePrefetchingDataLayer<>::InternalThreadEntry()"
    )

    assert finding.kind == "diagnosis_image_smaller_than_crop"
    assert "thread: a thread that loads data" in finding.evidence


def test_the_first_fatal_line_that_is_known_decides() -> None:
    unknown, known = "F a.cpp] Check failed: nobody knows this", "F common.cpp] Cannot use GPU in CPU-only Caffe"

    assert [one.line for one in told(f"{unknown}\n{known}\n{known}")] == [2]
    assert told(unknown) == []


def test_behind_a_fatal_line_the_shells_word_is_a_consequence() -> None:
    assert claiming("F common.cpp] Cannot use GPU in CPU-only Caffe\nAborted (core dumped)") == ["gpu_in_cpu_build"]
    assert claiming("*** SIGTERM (@0x1) received by PID 42\nslurmstepd: error: *** JOB 7 ON n1 CANCELLED AT x ***") == [
        "slurm_cancelled"
    ]


@pytest.mark.parametrize("end", ["Killed", "*** SIGTERM (@0x1) received by PID 42", "KeyError: 'a'"])
def test_what_the_run_went_on_after_did_not_end_it(end: str) -> None:
    assert told(f"I solver.cpp] Solving N\n{end}\nI solver.cpp] Iteration 0, loss = 1") == []
    assert told(f"I solver.cpp] Optimization Done.\n{end}") == []


def test_many_last_words_are_not_all_asked() -> None:
    log = audited("F a.cpp] nobody knows this\n" * 200 + "F common.cpp] Cannot use GPU in CPU-only Caffe")

    assert claims(log, log.facts.attempts[0]) == []


def test_an_image_that_cannot_be_read_and_a_model_given_as_snapshot_are_named() -> None:
    (image,) = told("F image_data_layer.cpp] Check failed: cv_img.data Could not load images/a.jpg")
    (model,) = told(
        "I caffe.cpp] Resuming from a.caffemodel\nF sgd_solver.cpp] Check failed: state.history_size() == "
        "history_.size() (0 vs. 16) Incorrect length of history blobs."
    )

    assert image.title == "An image cannot be read: images/a.jpg"
    assert model.title.endswith("holds no history: a.caffemodel")
