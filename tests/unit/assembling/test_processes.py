"""Where another process or program begins: what it says anew, who says it, and after which pause."""

from __future__ import annotations

import pytest

from logparse import parse_log

SOLVER = "solver.cpp|Initializing solver from parameters: "
NET = "net.cpp|Initializing net from parameters: "
LAYER = ("net.cpp|Creating Layer a", "net.cpp|a -> y", "net.cpp|Setting up a", "net.cpp|Top shape: 2 3 (6)")
STANDS = "net.cpp|Network initialization done."
SET_UP = (SOLVER, NET, *LAYER, STANDS)
TRAIN = "solver.cpp|Creating training net from net file: a"
TEST = "solver.cpp|Creating test net (#0) specified by net file: a"
SCAFFOLDED = "solver.cpp|Solver scaffolding done."
SHOWN = "solver.cpp|Iteration 5, loss = 1"
TESTED = "solver.cpp|Iteration 5, Testing net (#0)"
DONE = "solver.cpp|Optimization Done."
READ_AGAIN = "data_layer.cpp|Restarting data prefetching from start."
LARGE = 2_000  # lines and more are read by the fast scan


def text(*messages: str | tuple[int, float, str]) -> bytes:
    """Messages of thread 7 at ten o'clock; as (thread, seconds, message) of another, so many seconds later."""
    lines = []
    for one in messages:
        thread, after_s, message = (7, 0.0, one) if isinstance(one, str) else one
        file, _, said = message.partition("|")
        severity = "F" if said.startswith("Check failed") else "I"
        lines.append(f"{severity}0101 10:00:{after_s:09.6f} {thread:5d} {file}:1] {said}\n")
    return "".join(lines).encode()


def begins(*messages: str | tuple[int, float, str], curves: bool = True) -> list[int]:
    """The first line of each attempt."""
    return [one.line for one in parse_log(text(*messages), curves=curves).facts.attempts]


def by(thread: int, *messages: str, after_s: float = 0.0) -> list[tuple[int, float, str]]:
    return [(thread, after_s, message) for message in messages]


@pytest.mark.parametrize("solving", [SHOWN, TESTED, "sgd_solver.cpp|Iteration 5, lr = 0.1"])
@pytest.mark.parametrize(
    "anew",
    [
        SCAFFOLDED,
        "caffe.cpp|Resuming from a_iter_5.solverstate",
        "caffe.cpp|Finetuning from a.caffemodel",
        "solver.cpp|Solving N",
        "sgd_solver.cpp|SGDSolver: restoring history",
        "caffe.cpp|Starting Optimization",
        TRAIN,
        SOLVER,
        "caffe.cpp|Use CPU.",
    ],
)
def test_what_is_said_once_before_the_solver_runs_is_after_its_lines_anothers(solving: str, anew: str) -> None:
    assert begins(solving, anew) == [1, 2]
    assert begins(*SET_UP, solving, anew) == [1, 9]


def test_the_same_without_solver_lines_between_is_one_start() -> None:
    assert begins(*SET_UP, SCAFFOLDED, "caffe.cpp|Resuming from a.solverstate", "caffe.cpp|Starting Optimization") == [
        1
    ]


def test_several_gpus_have_threads_that_come_later_to_the_same_step() -> None:
    gpus = "caffe.cpp|Using GPUs 0, 1"
    assert begins(gpus, *SET_UP, TESTED, *by(8, SCAFFOLDED)) == [1]
    assert begins(gpus, *SET_UP, TESTED, DONE, *by(8, SCAFFOLDED)) == [1, 11]


@pytest.mark.parametrize("done", [DONE, "caffe.cpp|*** Benchmark ends ***", "caffe.cpp|Loss: 0.5"])
def test_a_net_after_the_end_is_another_programs_whoever_sets_it_up(done: str) -> None:
    assert begins(*SET_UP, done, NET, *LAYER) == [1, 9]
    assert begins(*SET_UP, done, *by(8, NET, *LAYER)) == [1, 9]
    assert begins(*SET_UP, done, *LAYER) == [1, 9]


def test_a_net_of_another_thread_is_anothers_once_the_attempt_has_run_or_died() -> None:
    assert begins(*SET_UP, SHOWN, *by(8, NET, *LAYER)) == [1, 9]
    assert begins(*SET_UP, "net.cpp|Check failed: a", *by(8, NET, *LAYER)) == [1, 9]
    assert begins(*SET_UP, *by(8, NET, *LAYER)) == [1]


def test_a_script_may_set_up_another_net_while_it_trains() -> None:
    assert begins(*SET_UP, SHOWN, NET, *LAYER) == [1]


def test_a_net_that_a_solver_announces_is_its_own() -> None:
    assert begins(*SET_UP, *by(8, TEST, NET, *LAYER, after_s=5.0)) == [1]


def test_a_pause_tells_two_programs_from_ranks_that_set_up_side_by_side() -> None:
    assert begins(NET, *LAYER, STANDS, *by(8, NET, *LAYER, after_s=1.0)) == [1, 7]
    assert begins(NET, *LAYER, STANDS, *by(8, NET, *LAYER, after_s=0.9)) == [1]
    assert begins(NET, *LAYER, *by(8, NET, *LAYER, after_s=5.0)) == [1]  # the first still sets up its own
    assert begins(NET, *LAYER, STANDS, *by(7, NET, *LAYER, after_s=5.0)) == [1]


def test_solver_lines_without_a_set_up_had_one_before_them() -> None:
    assert begins(SHOWN, NET, *LAYER) == [1, 2]


def test_an_inner_net_is_its_outer_ones_whatever_the_thread() -> None:
    inside = by(8, NET, *LAYER, STANDS, after_s=5.0)
    assert begins(NET, "net.cpp|Creating Layer l", "net.cpp|l -> h", *inside, "net.cpp|Setting up l") == [1]


def test_each_attempt_has_its_own_nets_and_end() -> None:
    first, second = parse_log(text(*SET_UP, DONE, *by(8, NET, *LAYER))).facts.attempts

    assert (first.outcome, len(first.nets), first.end_line) == ("done", 1, 8)
    assert (second.outcome, len(second.nets), second.command) == ("unfinished", 1, None)


@pytest.mark.parametrize("curves", [True, False])
def test_a_large_log_is_cut_at_the_same_lines_with_curves_or_without(*, curves: bool) -> None:
    """The fast scan takes the solver's lines, and data layers' lines, which may stand in the middle of a set-up."""
    run = (*SET_UP, READ_AGAIN, SCAFFOLDED, *[SHOWN] * LARGE)
    resumed = (SCAFFOLDED, "caffe.cpp|Resuming from a.solverstate", READ_AGAIN, *[SHOWN] * LARGE)

    expected = [1, len(run) + 1]
    assert begins(*run, *resumed, curves=curves) == expected
    assert begins(*[SHOWN] * LARGE, *run, curves=curves) == [1, LARGE + 1]
