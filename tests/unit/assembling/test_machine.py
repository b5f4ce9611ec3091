"""The state machine, record by record: what opens, what closes, and whose a line is that could be another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse import parse_log

if TYPE_CHECKING:
    from logparse.api import Log
    from logparse.model import Attempt, Net

SOLVER = "solver.cpp|Initializing solver from parameters: "
OPTIMISING = "caffe.cpp|Starting Optimization"
NETS = "Initializing net from parameters: "
TRAIN = "solver.cpp|Creating training net from net file: a"
TEST = "solver.cpp|Creating test net (#1) specified by net file: a"
DONE = "Network initialization done."
LAYER = ("Creating Layer a", "a <- x", "a -> y", "Setting up a", "Top shape: 2 3 (6)")
STREAMS = "assuming input batch contains 2 timesteps of 3 independent streams."
UNROLLED = f"recurrent_layer.cpp|Initializing recurrent layer: {STREAMS}"
FIGURE = "Memory required for data: 24"
BANNER = "caffe.cpp|This is NVCaffe 0.17.0 started at Wed Feb 28"
RELU = "layer_factory.hpp|Creating layer 'a' of type 'ReLU'"


def read(*messages: str) -> Log:
    """Messages behind a header, from the file before a bar or else from net.cpp; after `bare|` without a header."""
    lines = []
    for message in messages:
        file, bar, text = message.partition("|")
        file, text = (file, text) if bar else ("net.cpp", message)
        severity = "F" if text.startswith("Check failed") else "I"
        lines.append(text if file == "bare" else f"{severity}0101 10:00:00.000000     1 {file}:1] {text}")
    return parse_log("\n".join([*lines, ""]).encode())


def attempts(*messages: str) -> tuple[Attempt, ...]:
    return read(*messages).facts.attempts


def nets(*messages: str) -> tuple[Net, ...]:
    (attempt,) = attempts(*messages)
    return attempt.nets


def only(*messages: str) -> Net:
    (net,) = nets(*messages)
    return net


# Attempts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        "caffe.cpp|Use CPU.",
        "caffe.cpp|Using GPUs 0, 1",
        BANNER,
        SOLVER,
    ],
)
def test_a_start_after_a_net_is_another_attempt(start: str) -> None:
    assert [one.line for one in attempts(SOLVER, *LAYER, start)] == [1, 7]


@pytest.mark.parametrize("start", ["caffe.cpp|GPU 0: Tesla", "caffe.cpp|Running for 3 iterations.", OPTIMISING])
def test_a_line_of_a_start_that_is_no_start_opens_none(start: str) -> None:
    assert len(attempts(SOLVER, *LAYER, start)) == 1


def test_starts_before_anything_has_begun_are_one() -> None:
    (one,) = attempts(BANNER, "caffe.cpp|Use CPU.", SOLVER)

    assert (one.versions, one.mode, one.command) == (("0.17.0",), "CPU", "train")


def test_a_second_optimisation_is_another_attempt() -> None:
    first, second = attempts(OPTIMISING, "solver.cpp|Iteration 0, loss = 1", OPTIMISING)

    assert (first.line, first.end_line, second.line) == (1, 2, 3)
    assert (first.command, second.command) == ("train", "train")


def test_before_2015_the_optimisation_stands_at_the_start() -> None:
    assert len(attempts(OPTIMISING, SOLVER, TRAIN, *LAYER)) == 1


def test_a_command_that_was_named_stays() -> None:
    (one,) = attempts("caffe.cpp|Running for 3 iterations.", OPTIMISING)
    assert one.command == "test"

    (one,) = attempts("caffe.cpp|*** Benchmark begins ***", SOLVER)
    assert one.command == "time"


def test_a_fatal_line_begins_an_attempt_and_a_milestone_does_not() -> None:
    assert len(attempts("a.cpp|Check failed: no", "caffe.cpp|Use CPU.")) == 2
    assert len(attempts("solver.cpp|Solving N", "caffe.cpp|Use CPU.")) == 1
    assert len(attempts("caffe.cpp|Finetuning from x", "caffe.cpp|Use CPU.")) == 1


def test_the_last_mode_and_number_of_gpus_that_are_named_count() -> None:
    (one,) = attempts("caffe.cpp|Use CPU.", "caffe.cpp|Using GPUs 0, 1, 2", "caffe.cpp|GPU 0: A")

    assert (one.mode, one.gpus, one.devices) == ("GPU", 3, ("A",))


def test_of_a_stack_trace_alone_the_command_is_known() -> None:
    (one,) = attempts("a.cpp|Check failed: no", "bare|    @ 0x1  test()", "bare|    @ 0x2  main")

    assert one.command == "test"


def test_solver_lines_before_the_first_start_are_a_run_of_their_own() -> None:
    before = "solver.cpp|Iteration 5, loss = 1"

    assert len(attempts(before, SOLVER)) == 2
    assert len(attempts(SOLVER, before)) == 1
    (alone,) = attempts(before)
    assert (alone.line, alone.end_line, alone.command) == (1, 1, None)


def test_each_attempt_ends_where_the_next_begins() -> None:
    one, two = attempts(SOLVER, *LAYER, SOLVER, *LAYER)

    assert (one.index, one.line, one.end_line) == (1, 1, 6)
    assert (two.index, two.line, two.end_line) == (2, 7, 12)
    assert one.nets[0].end_line == 6
    assert one.outcome_text == "No word about the end; another start follows at line 7."


def test_nothing_is_left_open_when_an_attempt_begins() -> None:
    """Neither a net, nor a total that is still to come, nor an announced phase, nor a layer from the factory."""
    _, second = attempts(SOLVER, *LAYER, SOLVER, "b <- x", "b -> y")
    assert [layer.name for layer in second.nets[0].layers] == ["b"]

    first, second = attempts(SOLVER, *LAYER, DONE, SOLVER, FIGURE)
    assert first.nets[0].total_bytes is None
    assert second.nets[0].total_bytes == 24

    _, second = attempts(SOLVER, *LAYER, TEST, SOLVER, *LAYER)
    assert (second.nets[0].phase, second.nets[0].test_index) == (None, None)

    _, second = attempts(SOLVER, *LAYER, "layer_factory.hpp|Creating layer b", SOLVER, "b -> y -> z")
    assert [layer.name for layer in second.nets[0].layers] == ["b"]
    assert second.nets[0].layers[0].line == 9


# Nets -----------------------------------------------------------------------------------------------------------------


def test_a_phase_is_announced_for_one_net_only() -> None:
    first, second = nets(SOLVER, TEST, NETS, *LAYER, DONE, NETS, *LAYER)

    assert (first.phase, first.test_index) == ("TEST", 1)
    assert (second.phase, second.test_index) == (None, None)


def test_the_dump_knows_the_phase_better_than_the_announcement() -> None:
    assert only(TEST, NETS, "bare|state { phase: TRAIN }", *LAYER).phase == "TRAIN"
    assert only(TEST, NETS, 'bare|name: "x"', *LAYER).phase == "TEST"
    assert only(TEST, NETS, "bare|state { phase: OTHER }", *LAYER).phase == "TEST"


def test_a_net_without_a_dump_or_a_name_has_none() -> None:
    assert (only(NETS, *LAYER).dump, only(NETS, *LAYER).name) == (None, None)
    assert only(NETS, 'bare|name: ""', *LAYER).name is None
    assert only(NETS, 'bare|name: "x"', *LAYER).name == "x"


def test_an_announced_net_closes_the_one_before() -> None:
    first, second = nets(TRAIN, *LAYER, TEST, *LAYER)

    assert (first.phase, second.phase, second.index) == ("TRAIN", "TEST", 1)
    assert not first.done


def test_layers_that_rules_filter_are_of_the_net_that_follows() -> None:
    rule = "The NetState phase (0) differed from the phase (1) specified by a rule in layer {}"
    first, second = nets(TRAIN, rule.format("p"), rule.format("q"), NETS, *LAYER, DONE, rule.format("r"), NETS, *LAYER)

    assert (first.dropped, second.dropped) == (("p", "q"), ("r",))


def test_inputs_and_outputs_are_of_the_open_net() -> None:
    net = only(NETS, "Input 0 -> data", "Input 1 -> label", *LAYER, "This network produces output y", DONE)

    assert ([blob.name for blob in net.inputs], net.outputs) == (["data", "label"], ("y",))


def test_an_output_after_the_net_is_nobodys() -> None:
    assert only(NETS, *LAYER, DONE, "This network produces output y").outputs == ()


def test_a_net_is_done_at_its_last_line() -> None:
    net = only(NETS, *LAYER, DONE, "solver.cpp|Solver scaffolding done.")

    assert (net.done, net.line, net.end_line) == (True, 1, 7)


# Nets within nets -----------------------------------------------------------------------------------------------------

OUTER = ("Creating Layer l", "l <- x", "l -> h", UNROLLED)


def test_a_net_within_a_layer_that_has_its_wires_and_no_shape_is_nested() -> None:
    outer, inner = nets(TRAIN, *OUTER, NETS, *LAYER, DONE, "Setting up l", "Top shape: 2 3 4 (24)")

    assert (inner.nested, inner.parent, inner.phase, inner.index) == ("l", 0, "TRAIN", 1)
    assert (outer.nested, outer.parent) == (None, None)
    assert [layer.name for layer in outer.layers] == ["l"]
    assert [layer.name for layer in inner.layers] == ["a"]


@pytest.mark.parametrize(
    "before",
    [
        ("Creating Layer l",),
        ("Creating Layer l", "l <- x", "l -> h", "Setting up l", "Top shape: 2 3 4 (24)"),
        ("Creating Layer l", "l <- x", "Memory required for data: 8"),
    ],
)
def test_a_net_after_a_layer_that_is_not_being_set_up_is_a_net_of_its_own(before: tuple[str, ...]) -> None:
    _, second = nets(TRAIN, *before, NETS, *LAYER)

    assert (second.nested, second.parent) == (None, None)


@pytest.mark.parametrize("wire", ["l <- x", "l -> h"])
def test_one_wire_is_enough(wire: str) -> None:
    _, inner = nets(TRAIN, "Creating Layer l", wire, NETS, *LAYER)

    assert inner.nested == "l"


def test_what_a_layer_says_is_its_chatter() -> None:
    parameter = "recurrent_layer.cpp|Adding parameter 0: W"
    outer, _ = nets(TRAIN, *OUTER, NETS, *LAYER, DONE, parameter, "Setting up l", "Top shape: 2 3 4 (24)")

    assert outer.layers[0].chatter == (UNROLLED.partition("|")[2], "Adding parameter 0: W")


def test_what_is_said_before_the_layers_first_line_is_its_chatter_too() -> None:
    net = only(
        NETS,
        "layer_factory.hpp|Creating layer d",
        "data_layer.cpp|output data size: 2,3",
        "Creating Layer d",
        "d -> y",
        "data_layer.cpp|output data size: 4,5",
        "Setting up d",
        "Top shape: 2 3 (6)",
        FIGURE,
        "data_layer.cpp|output data size: 6,7",
    )

    assert net.layers[0].chatter == ("output data size: 2,3", "output data size: 4,5")


def test_what_another_layers_factory_said_is_not_this_layers() -> None:
    net = only(
        NETS,
        "layer_factory.hpp|Creating layer lost",
        "data_layer.cpp|output data size: 2,3",
        "Creating Layer d",
        "d -> y",
    )

    assert (net.layers[0].name, net.layers[0].chatter, net.layers[0].line) == ("d", (), 4)


# Layers ---------------------------------------------------------------------------------------------------------------


def test_a_layer_begins_with_its_factory_line() -> None:
    net = only(NETS, RELU, *LAYER)

    assert (net.layers[0].line, net.layers[0].type) == (2, "ReLU")


def test_a_factory_line_is_used_once() -> None:
    net = only(NETS, RELU, *LAYER, FIGURE, *LAYER)

    assert [layer.type for layer in net.layers] == ["ReLU", None]


@pytest.mark.parametrize("first", ["a <- x", "a -> y", "Setting up a"])
def test_a_logger_of_factory_lines_alone_opens_the_layer_with_its_next_line(first: str) -> None:
    net = only(NETS, RELU, first, "Top shape: 2 3 (6)")

    assert [(layer.name, layer.type, layer.line) for layer in net.layers] == [("a", "ReLU", 2)]


def test_a_factory_line_of_another_layer_opens_none() -> None:
    net = only(NETS, "layer_factory.hpp|Creating layer lost", "Setting up a", "Top shape: 2 3 (6)")

    assert [(layer.name, layer.line) for layer in net.layers] == [("a", 3)]


def test_a_factory_line_of_another_name_within_a_layer_is_the_next_layers() -> None:
    net = only(NETS, "Creating Layer a", "a <- x", "a -> y", "layer_factory.hpp|Creating layer b", "b <- y", "b -> z")

    assert [(layer.name, layer.bottoms) for layer in net.layers] == [("a", ("x",)), ("b", ("y",))]


def test_wires_of_another_name_open_another_layer() -> None:
    net = only(NETS, "a <- x", "a -> y", "b <- y", "b -> z (in-place)", "c -> (automatic)")

    assert [(layer.name, layer.bottoms) for layer in net.layers] == [("a", ("x",)), ("b", ("y",)), ("c", ())]
    assert [(top.name, top.in_place, top.automatic) for layer in net.layers for top in layer.tops] == [
        ("y", False, False),
        ("z", True, False),
        ("(automatic)", False, True),
    ]


def test_a_wire_of_a_layer_that_is_closed_opens_it_anew() -> None:
    net = only(NETS, *LAYER, FIGURE, "a <- y")

    assert [layer.bottoms for layer in net.layers] == [("x",), ("y",)]


def test_setting_up_a_layer_that_has_its_shape_sets_up_another_of_its_name() -> None:
    net = only(NETS, *LAYER, "Setting up a", "Top shape: 4 (4)")

    assert [layer.tops[0].shape for layer in net.layers] == [(2, 3), (4,)]


def test_a_shape_beyond_the_layers_tops_is_an_unnamed_layers() -> None:
    net = only(NETS, *LAYER, "Top shape: 4 (4)")

    assert [(layer.name, layer.tops[0].shape) for layer in net.layers] == [("a", (2, 3)), (None, (4,))]
    assert [layer.line for layer in net.layers] == [2, 7]


def test_shapes_of_a_layer_without_wires_are_all_its() -> None:
    net = only(NETS, "Setting up a", "Top shape: 2 (2)", "Top shape: 3 (3)", "Memory required for data: 20")

    assert [[top.shape for top in layer.tops] for layer in net.layers] == [[(2,), (3,)]]
    assert [top.line for top in net.layers[0].tops] == [3, 4]


def test_a_shape_that_names_its_layer_and_its_phase_is_believed() -> None:
    net = only("TEST Top shape for layer 0 'a' 2 3 (6)", "TEST Top shape for layer 1 'b' 4 (4)")
    assert (net.phase, [layer.name for layer in net.layers]) == ("TEST", ["a", "b"])

    assert only(TRAIN, NETS, *LAYER[:4], "TEST Top shape for layer 0 'a' 2 3 (6)").phase == "TRAIN"


def test_a_weight_is_of_the_shape_before_it() -> None:
    net = only(
        NETS, "Setting up a", "Top shape: (1)", "    with loss weight 1", "Top shape: (1)", "    with loss weight 0.5"
    )
    assert [top.loss_weight for top in net.layers[0].tops] == [1.0, 0.5]

    assert only(NETS, "Creating Layer a", "a -> y", "    with loss weight 1").layers[0].tops[0].loss_weight is None


def test_a_shared_parameter_is_of_the_last_layer() -> None:
    net = only(
        NETS,
        *LAYER,
        FIGURE,
        "Sharing parameters 'w' owned by layer 'o', param index 3",
        "Sharing parameters 'b' owned by layer 'o', param index 4",
    )

    assert [(one.param, one.owner, one.index, one.line) for one in net.layers[0].shared_params] == [
        ("w", "o", 3, 8),
        ("b", "o", 4, 9),
    ]


def test_a_shared_parameter_of_no_layer_is_passed_over() -> None:
    share = "Sharing parameters 'w' owned by layer 'o', param index 3"

    assert nets(SOLVER, share) == ()
    assert only(NETS, share, *LAYER).layers[0].shared_params == ()


# The memory line ------------------------------------------------------------------------------------------------------


def test_the_running_figure_closes_its_layer() -> None:
    net = only(NETS, *LAYER, FIGURE, "Top shape: 4 (4)")

    assert [(layer.name, layer.logged_bytes) for layer in net.layers] == [("a", 24), (None, None)]


def test_a_second_figure_is_that_of_a_lost_layer() -> None:
    net = only(NETS, *LAYER, FIGURE, "Memory required for data: 40", *LAYER)

    assert [(layer.name, layer.logged_bytes, layer.line) for layer in net.layers] == [
        ("a", 24, 2),
        (None, 40, 8),
        ("a", None, 9),
    ]
    assert (net.total_bytes, net.layers[1].tops, net.layers[1].bottoms) == (None, (), ())


def test_a_figure_after_the_backward_flags_is_the_nets() -> None:
    """Of an older release, which prints it once: no lost layer."""
    net = only(NETS, *LAYER, "a needs backward computation.", FIGURE)
    assert ([layer.logged_bytes for layer in net.layers], net.total_bytes, net.total_line) == ([None], 24, 8)

    net = only(NETS, *LAYER, FIGURE, "a needs backward computation.", "Memory required for data: 99")
    assert ([layer.logged_bytes for layer in net.layers], net.total_bytes) == ([24], 99)


def test_where_flags_come_at_once_the_next_layer_is_no_longer_flagging() -> None:
    """2014: each layer's flag stands in its set-up; the layer after it may print its figure."""
    net = only(NETS, *LAYER, "a needs backward computation.", "b <- y", "b -> z", FIGURE)

    assert [(layer.name, layer.logged_bytes) for layer in net.layers] == [("a", None), ("b", 24)]
    assert net.total_bytes is None


def test_a_figure_behind_the_nets_end_is_its_total() -> None:
    net = only(NETS, *LAYER, DONE, "Memory required for Data 24")

    assert (net.total_bytes, net.total_line, net.layers[0].logged_bytes) == (24, 8, None)


def test_a_zero_before_the_first_layer_is_reported_and_anything_else_is_a_total() -> None:
    net = only(NETS, "Memory required for data: 0", *LAYER)
    assert (dict(net.reported), net.total_bytes) == ({"Memory required before the first layer": 0}, None)

    net = only(NETS, "Memory required for data: 4", *LAYER)
    assert (dict(net.reported), net.total_bytes) == ({}, 4)


def test_a_figure_without_any_net_opens_one() -> None:
    net = only(FIGURE)

    assert (net.total_bytes, net.layers, net.line) == (24, (), 1)


def test_other_figures_that_a_fork_prints_are_reported_of_the_open_net_or_the_last() -> None:
    figure = "Top memory (TEST) required for data: 6 diff: 8"
    expected = {"Top memory (TEST) data": 6, "Top memory (TEST) diff": 8}

    assert dict(only(NETS, *LAYER, figure).reported) == expected
    assert dict(only(NETS, *LAYER, DONE, figure).reported) == expected
    alone = only(figure)
    assert (dict(alone.reported), alone.phase) == (expected, "TEST")


# Flags ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lost", "more"), [(20, []), (21, [1]), (25, [5])])
def test_twenty_flags_of_unknown_layers_are_noted_one_by_one(lost: int, more: list[int]) -> None:
    log = read(NETS, *LAYER, *(f"q{number} needs backward computation." for number in range(lost)))

    assert [note.what for note in log.notes] == [
        *(f"backward flag of an unknown layer 'q{number}'" for number in range(20)),
        *(f"{number} more backward flags of unknown layers" for number in more),
    ]
    assert [note.line for note in log.notes] == [*range(7, 27), *(None for _ in more)]
    assert {note.meaning for note in log.notes} == {"The flag is of no layer that was set up; it is left out."}


def test_a_layer_takes_one_flag() -> None:
    log = read(NETS, *LAYER, "a needs backward computation.", "a does not need backward computation.")

    assert log.facts.attempts[0].nets[0].layers[0].backward is True
    assert [note.what for note in log.notes] == ["backward flag of an unknown layer 'a'"]


def test_flags_before_any_net_are_passed_over() -> None:
    log = read(SOLVER, "a needs backward computation.")

    assert (log.notes, log.facts.attempts[0].nets) == ((), ())


# Bytes of a value -----------------------------------------------------------------------------------------------------


def sizes(*figures: int | None) -> int | None:
    """The size of a value in a net of layers of 6 values each, with these running figures."""
    lines = []
    for number, figure in enumerate(figures):
        lines += [f"Creating Layer l{number}", f"l{number} -> t{number}", f"Setting up l{number}", "Top shape: 2 3 (6)"]
        lines += [] if figure is None else [f"Memory required for data: {figure}"]
    return only(NETS, *lines).element_bytes


@pytest.mark.parametrize(
    ("figures", "size"),
    [
        ((24, 48), 4),
        ((48, 96), 8),
        ((12, 24), 2),
        ((24, 72, 96), 4),
        ((48, 96, 120), 8),
        ((30, 60), None),
        ((None, None), None),
        ((24, None, 72, 120, 168), 4),
    ],
)
def test_the_commonest_quotient_of_step_and_count_is_the_size_of_a_value(
    figures: tuple[int | None, ...], size: int | None
) -> None:
    """A step counts between two figures alone: behind a layer without one nothing more is told."""
    assert sizes(*figures) == size


def test_a_layer_of_no_values_tells_nothing() -> None:
    net = only(NETS, "Setting up a", "Top shape: 0 (0)", "Memory required for data: 0")

    assert net.element_bytes is None
