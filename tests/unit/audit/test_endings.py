"""How attempts end: which word decides, whose line is told, and nets whose set-up never ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.audit.finders import find
from tests.unit.audit.cases import CONV, DONE, ENDLESS, FATAL, NET, SIGTERM, START, STOPPED
from tests.writing import data, line, net, read

if TYPE_CHECKING:
    from logparse.audit.finders import Finding

TEST_NET = line("Creating test net (#1) specified by net file: a", "solver.cpp")


def found(*parts: str, kinds: tuple[str, ...] = ()) -> list[Finding]:
    log = read(*parts)
    return [one for one in find(log) if one.kind in kinds or not kinds]


def test_an_excerpt_without_a_solver_is_no_warning_for_having_no_end() -> None:
    shown = line("Iteration 5, loss = 1", "solver.cpp")
    (excerpt,) = found(shown, kinds=("unfinished",))
    (run,) = found(START, shown, kinds=("unfinished",))

    assert (excerpt.severity, run.severity) == ("note", "warning")


def test_a_fatal_end_without_a_solver_stays_an_error() -> None:
    (one,) = found(FATAL, kinds=("fatal",))

    assert (one.severity, one.line) == ("error", 1)


def test_each_attempt_is_told_of_with_its_own_line() -> None:
    """An attempt whose end is no line of its own is told with its last line."""
    told = found(START, line("Solving", "solver.cpp"), START, DONE, START, FATAL, START, SIGTERM)

    assert [(one.kind, one.attempt, one.line) for one in told] == [
        ("fatal", 3, 9),
        ("diagnosis_sigterm", 4, 12),
        ("unfinished", 1, 3),
        ("signal", 4, 12),
    ]
    assert told[2].evidence == ("No word about the end; another start follows at line 4.",)


@pytest.mark.parametrize(
    ("events", "word"),
    [
        ((STOPPED, FATAL), "fatal"),
        ((DONE, FATAL), "fatal"),
        ((STOPPED, DONE), "stopped"),
        ((SIGTERM, DONE), "done"),
        (("Killed\n", DONE), "done"),
        (("terminate called after throwing an instance of 'x'\n", DONE), "done"),
        (("Killed\n", SIGTERM), "signal"),
        ((SIGTERM, "terminate called after throwing an instance of 'x'\n"), "fatal"),
        ((STOPPED, SIGTERM), "stopped"),
        ((line("*** Benchmark ends ***", "caffe.cpp"), SIGTERM), "done"),
        ((line("Loss: 0.5", "caffe.cpp"), "Killed\n"), "done"),
    ],
)
def test_of_two_ends_the_graver_one_decides_whichever_comes_first(events: tuple[str, str], word: str) -> None:
    for order in (events, events[::-1]):
        (attempt,) = read(START, *order).facts.attempts
        assert attempt.outcome == word


def test_of_one_kind_the_first_is_told() -> None:
    later = FATAL.replace("the message", "another message")
    (attempt,) = read(START, FATAL, later).facts.attempts

    assert (attempt.outcome_line, attempt.outcome_text) == (3, "Check failed: a == b (1 vs. 2) the message")


def test_a_list_of_devices_is_done_when_it_ends() -> None:
    (attempt,) = read(line("Querying GPUs 0", "caffe.cpp")).facts.attempts

    assert (attempt.outcome, attempt.outcome_text, attempt.outcome_line) == ("done", "The devices were listed.", None)


def test_the_net_whose_set_up_stops_is_named_with_its_number() -> None:
    (one,) = found(START, NET, TEST_NET, net([data(), CONV], phase="TEST", done=False), kinds=("net_unfinished",))

    assert one.title == "The set-up of the TEST net #1 stops at conv"
    assert (one.attempt, one.net_index, one.layer_index, one.line) == (1, 1, 1, 31)


def test_a_net_that_stops_at_a_shape_without_its_layer() -> None:
    (one,) = found(START, line("Top shape: 2 3 (6)"), kinds=("net_unfinished",))

    assert one.title == "The set-up of the net stops at an unnamed layer"


def test_a_net_without_layers_and_a_run_that_was_done_have_no_unfinished_net() -> None:
    assert not found(START, line("Initializing net from parameters: "), 'name: "N"\n', kinds=("net_unfinished",))
    assert not found(START, ENDLESS, DONE, kinds=("net_unfinished",))


def test_each_unfinished_net_of_an_attempt_is_told() -> None:
    twice = ENDLESS + TEST_NET + net([data()], phase="TEST", done=False)

    assert [one.net_index for one in found(START, twice, kinds=("net_unfinished",))] == [0, 1]
