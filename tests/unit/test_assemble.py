"""The state machine: which attempt, which net, which layer a line belongs to, in whatever order lines come."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log
from logparse.assembling.wires import split_wire

if TYPE_CHECKING:
    from logparse.api import Log

CPU = "caffe.cpp|Use CPU."
SOLVER = "solver.cpp|Initializing solver from parameters: "
TRAIN = "solver.cpp|Creating training net from net file: a"
TEST = "solver.cpp|Creating test net (#0) specified by net file: a"
DONE = "solver.cpp|Optimization Done."
LAYER = (
    "layer_factory.hpp|Creating layer a",
    "Creating Layer a",
    "a <- x",
    "a -> y",
    "Setting up a",
    "Top shape: 2 3 (6)",
)
NET = (*LAYER, "Memory required for data: 24", "a needs backward computation.", "Network initialization done.")


def read(*messages: str, thread: int = 1) -> Log:
    lines = []
    for number, message in enumerate(messages):
        file, bar, text = message.partition("|")
        if not bar:
            file, text = "net.cpp", message
        severity = "F" if text.startswith("Check failed") else "I"
        clock = f"{10 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
        lines.append(f"{severity}0101 {clock}.000000 {thread:5d} {file}:1] {text}" if file != "none" else text)
    return parse_log("\n".join(lines).encode() + b"\n")


def outcomes(log: Log) -> list[str]:
    return [attempt.outcome for attempt in log.facts.attempts]


def test_runs_appended_to_one_file_are_attempts_of_their_own() -> None:
    run = (CPU, SOLVER, TRAIN, *NET, TEST, *NET, "solver.cpp|Iteration 0, loss = 1", DONE)
    log = read(*run, *run)

    assert outcomes(log) == ["done", "done"]
    assert [[net.phase for net in attempt.nets] for attempt in log.facts.attempts] == [["TRAIN", "TEST"]] * 2
    assert log.facts.attempts[0].end_line + 1 == log.facts.attempts[1].line


def test_failed_starts_are_attempts() -> None:
    fatal = "io.cpp|Check failed: fd != -1 (-1 vs. -1) File not found: x"
    log = read("io.cpp|Check failed: no solver", CPU, SOLVER, TRAIN, fatal, CPU, SOLVER, TRAIN, *NET, DONE)

    assert outcomes(log) == ["fatal", "fatal", "done"]


def test_a_resumed_run_goes_on_in_a_second_attempt() -> None:
    first = (CPU, SOLVER, TRAIN, *NET, *(f"solver.cpp|Iteration {n}, loss = 1" for n in range(0, 50, 10)))
    second = (CPU, SOLVER, TRAIN, *NET, "caffe.cpp|Resuming from a_iter_20.solverstate")
    log = read(*first, *second, *(f"solver.cpp|Iteration {n}, loss = 1" for n in range(20, 60, 10)), DONE)

    assert outcomes(log) == ["unfinished", "done"]
    assert "another start follows at line" in log.facts.attempts[0].outcome_text
    assert log.train["iteration"].tolist() == [0, 10, 20, 30, 40, 20, 30, 40, 50]
    assert log.train["superseded"].tolist() == [False, False, True, True, True, False, False, False, False]
    assert log.attempts["first_iteration"].tolist() == [0, 20]


def test_what_stands_before_the_first_start_is_a_run_of_its_own() -> None:
    log = read("solver.cpp|Iteration 90, loss = 1", CPU, SOLVER, TRAIN, *NET, "solver.cpp|Iteration 0, loss = 2", DONE)

    assert outcomes(log) == ["unfinished", "done"]
    assert log.train["attempt"].tolist() == [1, 2]


def test_start_lines_of_one_start_are_one_attempt() -> None:
    log = read("caffe.cpp|Using GPUs 0, 1", "caffe.cpp|GPU 0: A", "caffe.cpp|GPU 1: B", SOLVER, TRAIN, *NET, DONE)

    [attempt] = log.facts.attempts
    assert attempt.devices == ("A", "B")
    assert attempt.mode == "GPU"


@pytest.mark.parametrize("drop", range(len(NET)))
def test_a_lost_line_loses_no_other(drop: int) -> None:
    lines = [line for place, line in enumerate(NET) if place != drop]
    log = read(SOLVER, TRAIN, *lines, *LAYER, "Memory required for data: 48")

    shapes = [
        top.shape for net in log.facts.attempts[0].nets for layer in net.layers for top in layer.tops if top.shape
    ]
    assert len(shapes) == sum(line.startswith("Top shape") for line in (*lines, *LAYER))


def test_a_shape_without_its_layer_is_an_unnamed_layer() -> None:
    log = read("Top shape: 2 3 (6)", "Memory required for data: 24", "Top shape: 4 (4)")

    [net] = log.facts.attempts[0].nets
    assert [(layer.name, layer.tops[0].shape) for layer in net.layers] == [(None, (2, 3)), (None, (4,))]


def test_tops_take_their_shapes_in_order() -> None:
    log = read("Creating Layer d", "d -> data", "d -> label", "Setting up d", "Top shape: 8 3 (24)", "Top shape: 8 (8)")

    [layer] = log.facts.attempts[0].nets[0].layers
    assert [(top.name, top.shape) for top in layer.tops] == [("data", (8, 3)), ("label", (8,))]


def test_the_factory_line_of_an_inner_layer_is_no_second_layer() -> None:
    head = ("layer_factory.hpp|Creating layer loss", "Creating Layer loss", "loss <- x", "loss -> loss")
    log = read(
        *head, "layer_factory.hpp|Creating layer loss", "Setting up loss", "Top shape: (1)", "    with loss weight 0.3"
    )

    [layer] = log.facts.attempts[0].nets[0].layers
    assert layer.tops[0].shape == ()
    assert layer.tops[0].loss_weight == 0.3


def test_layers_of_one_name_take_their_flags_from_the_last() -> None:
    log = read(*LAYER, *LAYER, "a needs backward computation.", "a does not need backward computation.")

    [net] = log.facts.attempts[0].nets
    assert [layer.backward for layer in net.layers] == [False, True]


def test_flags_of_no_layer_are_noted_and_do_not_pile_up() -> None:
    log = read(*LAYER, *(f"q{n} needs backward computation." for n in range(500)))

    assert len(log.notes) == 21
    assert "480 more backward flags" in log.notes[-1].what


@pytest.mark.parametrize(
    ("text", "layer", "expected"),
    [
        ("conv1 <- data", "conv1", ("conv1", "<-", "data")),
        ("a -> b -> c", "a -> b", ("a -> b", "->", "c")),
        ("a -> b -> c", None, ("a", "->", "b -> c")),
        ("a <- b -> c", None, ("a", "<-", "b -> c")),
        (" <- x", "", ("", "<-", "x")),
    ],
)
def test_a_wire_is_split_at_the_layers_own_name(text: str, layer: str | None, expected: tuple[str, str, str]) -> None:
    assert split_wire(text, layer) == expected


def test_lines_of_other_threads_change_nothing() -> None:
    lines = (
        CPU,
        SOLVER,
        TRAIN,
        *NET,
        "solver.cpp|Iteration 0, loss = 1",
        "solver.cpp|    Train net output #0: l = 1",
        DONE,
    )
    noise = "data_layer.cpp|Restarting data prefetching from start."
    chance = random.Random(1)  # noqa: S311 - a shuffle that repeats
    for _ in range(20):
        mixed = [line for each in lines for line in ([noise] * chance.randint(0, 2) + [each])]
        log = read(*mixed)
        [attempt] = log.facts.attempts
        assert [layer.logged_bytes for layer in attempt.nets[0].layers] == [24]
        assert log.train_outputs["value"].tolist() == [1.0]


def test_nets_nested_fifty_deep() -> None:
    depth = 50
    lines: list[str] = []
    for level in range(depth):
        lines += ["Initializing net from parameters: ", f"Creating Layer l{level}", f"l{level} <- x", f"l{level} -> h"]
    for level in reversed(range(depth)):
        lines += [
            f"Setting up l{level}",
            "Top shape: 10 4 (40)",
            "Memory required for data: 160",
            "Network initialization done.",
        ]
    nets = read(*lines).facts.attempts[0].nets

    assert [net.nested for net in nets] == [None, *(f"l{level}" for level in range(depth - 1))]
    assert all(net.done and net.layers[0].logged_bytes == 160 for net in nets)
