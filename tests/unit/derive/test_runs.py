"""Which layers do backward where no flag tells it, and nets and attempts as the memory rules see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.cost.memory.holdings import Era, Kind, holdings
from tests.writing import INITIALISED, Layer, cells, line, memory, net, read, solver

if TYPE_CHECKING:
    from logparse.api import Log
    from logparse.cost.memory.holdings import Run

DENSE: Final = "inner_product_param {{ num_output: {} bias_term: false }}"
DATA: Final = Layer("data", "Input", (), ("data", "label"), ("2 4 (8)", "2 (2)"))
ONE: Final = Layer("one", "InnerProduct", ("data",), ("one",), ("2 5 (10)",), DENSE.format(5))
TWO: Final = Layer("two", "InnerProduct", ("one",), ("two",), ("2 3 (6)",), DENSE.format(3))
LOSS: Final = Layer("loss", "SoftmaxWithLoss", ("two", "label"), ("loss",), ("(1)",))
NET: Final = (DATA, ONE, TWO, LOSS)
# Forward 2 × 4 × 5 = 40 and 2 × 5 × 3 = 30; backward the weights' gradient each, and the bottom's of the second.
FORWARD: Final = [0, 40, 30, 0]
TRAINED: Final = [0, 40, 60, 0]


def flagged(flags: str) -> list[Layer]:
    """The layers with printed flags: + needs backward, - does not, ? prints none."""
    told = {"+": True, "-": False, "?": None}
    return [replace(layer, backward=told[flag]) for layer, flag in zip(NET, flags, strict=True)]


def backward(text: str) -> list[Any]:
    return cells(read(text).layers)["backward_macs"]


# Backward -------------------------------------------------------------------------------------------------------------


def test_printed_flags_decide() -> None:
    assert cells(read(net(NET)).layers)["macs"] == FORWARD
    assert backward(net(flagged("-+++"))) == TRAINED
    assert backward(net(flagged("--++"))) == [0, 0, 30, 0]
    assert backward(net(flagged("---+"))) == [0, 0, 0, 0]


def test_without_flags_a_whole_definition_tells_the_flow_of_gradients() -> None:
    assert backward(net(NET)) == TRAINED


def test_a_missing_flag_is_filled_from_the_definition() -> None:
    assert backward(net(flagged("-?+?"))) == TRAINED


@pytest.mark.parametrize(("flags", "macs"), [("?+??", 40), ("?-??", 0)])
def test_a_flag_that_is_printed_stands_whatever_the_definition_says(flags: str, macs: int) -> None:
    assert backward(net(flagged(flags)))[1] == macs


def test_without_flags_and_definitions_nothing_is_known() -> None:
    assert set(cells(read(net(NET, dump=False)).layers)["diff_bytes"]) == {None}
    assert cells(read(net(NET)).layers)["diff_bytes"] == [0, 40, 24, 4]


def test_a_cut_definition_tells_no_flow() -> None:
    cut = net(NET).replace('type: "SoftmaxWithLoss" bottom: "two" bottom: "label" top: "loss" }', 'type: "Softm')

    assert set(cells(read(cut).layers)["diff_bytes"]) == {None}


def test_force_backward_reaches_the_data() -> None:
    forced = net(NET).replace('name: "N"', 'name: "N" force_backward: true')

    assert backward(forced) == [0, 80, 60, 0]
    printed = net(flagged("-+++")).replace('name: "N"', 'name: "N" force_backward: true')
    assert backward(printed) == [0, 80, 60, 0]
    off = net(NET).replace('name: "N"', 'name: "N" force_backward: false')
    assert backward(off) == TRAINED


def test_propagate_down_cuts_what_is_below() -> None:
    cut = [replace(TWO, more=f"propagate_down: false {TWO.more}") if layer is TWO else layer for layer in NET]

    assert backward(net(cut)) == [0, 0, 30, 0]


@pytest.mark.parametrize(
    ("type_", "weights", "macs"),
    [("SoftmaxWithLoss", 0, 40), ("EuclideanLoss", 0, 40), ("Reduction", 1, 40), ("Reduction", 0, 0)],
)
def test_what_ends_in_a_loss_or_has_a_weight_is_what_is_trained_for(type_: str, weights: int, macs: int) -> None:
    text = net([DATA, ONE, replace(LOSS, type=type_, bottoms=("one",))])
    shape = line("Top shape: (1)")
    text = text.replace(shape, shape + line("    with loss weight 1") * weights)

    assert backward(text)[1] == macs


def test_a_layer_whose_parameters_do_not_learn_does_no_backward() -> None:
    frozen = replace(ONE, more=f"param {{ lr_mult: 0 }} {ONE.more}")

    assert backward(net([DATA, frozen, TWO, LOSS])) == [0, 0, 30, 0]


# Runs -----------------------------------------------------------------------------------------------------------------


def run_of(*parts: str) -> Run:
    return read(*parts).run()[1]


@pytest.mark.parametrize(
    ("start", "command"),
    [
        (solver(), "train"),
        ("", "train"),
        (line("Running for 2 iterations.", "caffe.cpp"), "test"),
        (line("*** Benchmark begins ***", "caffe.cpp"), "time"),
        (line("Querying GPUs 0", "caffe.cpp"), "train"),
    ],
)
def test_the_command_decides_what_is_allocated_and_an_unknown_one_is_training(start: str, command: str) -> None:
    assert run_of(start, net(NET)).command == command


TEST: Final = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def test_a_test_net_stands_beside_a_training_net_only() -> None:
    both = net(NET) + TEST + net(NET, phase="TEST")

    assert [one.beside for one in run_of(solver(), both).nets] == [False, True]
    assert [one.beside for one in run_of(line("*** Benchmark begins ***", "caffe.cpp"), both).nets] == [False, False]


def test_inner_nets_are_buffers_and_no_nets_of_a_run() -> None:
    outer = net([DATA], done=False) + line("Creating Layer l") + line("l <- data") + line("l -> h")
    run = run_of(solver(), outer + net([ONE]) + line("Setting up l") + line("Top shape: 2 5 (10)") + INITIALISED)

    assert [[layer.spec.name for layer in one.layers] for one in run.nets] == [["data", "l"]]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("base_lr: 1\n", ("SGD", False, True)),
        ('type: "AdaGrad"\n', ("AdaGrad", False, True)),
        ("solver_type: ADADELTA\n", ("AdaDelta", False, True)),
        ('regularization_type: "L1"\nweight_decay: 0.1\n', ("SGD", True, True)),
        ('regularization_type: "L1"\nweight_decay: 0\n', ("SGD", False, True)),
        ('regularization_type: "L1"\n', ("SGD", False, True)),
        ('regularization_type: "L2"\nweight_decay: 0.1\n', ("SGD", False, True)),
        ("test_initialization: false\n", ("SGD", False, False)),
        ("test_initialization: true\n", ("SGD", False, True)),
    ],
)
def test_what_of_a_solver_decides_about_memory(settings: str, expected: tuple[str, bool, bool]) -> None:
    found = run_of(solver(settings), net(NET)).solver

    assert (found.type, found.l1, found.tests_first) == expected
    assert found.stated
    assert not run_of(net(NET)).solver.stated


def test_one_memory_line_a_net_is_an_older_release() -> None:
    lines = "".join(one for one in net(NET).splitlines(keepends=True) if "Memory" not in one)

    assert run_of(net(NET)).era is Era.NOW
    assert run_of(lines).era is Era.NOW
    assert run_of(lines + memory(96)).era is Era.RC2


def sizes(log: Log, kind: Kind, device: str = "cpu") -> dict[int | None, int]:
    """Layer → bytes of a kind in the first net."""
    found: dict[int | None, int] = {}
    for block in holdings(log.run()[1], device)[0].blocks:
        if block.kind is kind:
            found[block.layer] = found.get(block.layer, 0) + block.bytes
    return found


def test_parameters_of_an_earlier_layer_are_not_counted_again() -> None:
    more = f'param {{ name: "w" }} {ONE.more}'
    text = net([DATA, replace(ONE, more=more), replace(ONE, name="again", tops=("again",), more=more)], done=False)
    log = read(solver(), text + line("Sharing parameters 'w' owned by layer 'one', param index 0") + INITIALISED)

    assert sizes(log, Kind.PARAMS) == {1: 80}
    assert cells(log.nets)["param_bytes"] == [80]


def test_weight_decay_of_an_own_parameter_is_its_own() -> None:
    """L1 keeps a copy of what decays: of the weights (80 bytes), not of the biases whose decay_mult is 0 (20)."""
    settings = 'type: "SGD"\nregularization_type: "L1"\nweight_decay: 0.1\n'
    biased = replace(ONE, more="param { decay_mult: 1 } param { decay_mult: 0 } inner_product_param { num_output: 5 }")
    plain = replace(ONE, more="inner_product_param { num_output: 5 }")
    first = replace(ONE, more="param { decay_mult: 0 } inner_product_param { num_output: 5 }")

    def history(layer: Layer, text: str = settings) -> int:
        return sum(sizes(read(solver(text), net([DATA, layer, TWO, LOSS])), Kind.HISTORY, "gpu").values())

    without = history(plain, 'type: "SGD"\n')
    assert history(plain) - without == 80 + 20 + 60
    assert history(biased) - without == 80 + 60
    assert history(first) - without == 20 + 60


def test_unnamed_tops_are_told_apart_by_their_place() -> None:
    text = line("Setting up a") + line("Top shape: 2 3 (6)") + line("Top shape: 2 5 (10)") + memory(64)
    log = read(text + line("Setting up b") + line("Top shape: 2 7 (14)") + memory(120))

    assert sizes(log, Kind.DATA) == {0: 64, 1: 56}
    (one,) = log.run()[1].nets
    assert [layer.tops for layer in one.layers] == [("0.0", "0.1"), ("1.0",)]


def test_a_loss_top_is_one_with_a_weight_other_than_zero() -> None:
    shape = line("Top shape: (1)")
    for weight, is_loss in (("1", True), ("0.5", True), ("0", False), (None, False)):
        more = "" if weight is None else line(f"    with loss weight {weight}")
        (one,) = run_of(net(NET).replace(shape, shape + more)).nets
        assert one.layers[3].losses == (is_loss,)


def test_shapes_without_their_batch_have_no_bytes_and_known_parameters() -> None:
    text = line("Creating Layer data") + line("data -> data") + line("Top shape: 1 28 28")
    text += line("Creating Layer conv") + line("conv <- data") + line("conv -> conv") + line("Top shape: 20 24 24")
    log = read(text)

    assert sizes(log, Kind.DATA) == {}
    assert sizes(log, Kind.PARAMS) == {1: 2080}
    (one,) = log.run()[1].nets
    assert [layer.counts for layer in one.layers] == [(None,), (None,)]
    assert [layer.spec.bottoms for layer in one.layers] == [(), (None,)]


# What each layer holds ------------------------------------------------------------------------------------------------


def test_gradients_of_all_tops_of_a_layer_are_summed() -> None:
    half = "2 2 (4)"
    slicer = Layer("slice", "Slice", ("one",), ("a", "b"), (half, "2 3 (6)"), "slice_param { axis: 1 slice_point: 2 }")
    ends = [
        replace(LOSS, name=f"loss_{top}", type="EuclideanLoss", bottoms=(top, top), tops=(f"loss_{top}",))
        for top in "ab"
    ]
    log = read(net([DATA, ONE, slicer, *ends]))

    assert cells(log.layers)["diff_bytes"][2] == 4 * (4 + 6)


def test_buffers_are_told_one_by_one_or_why_they_are_not_known() -> None:
    conv = Layer(
        "c",
        "Convolution",
        ("x",),
        ("c",),
        ("2 3 4 4 (96)",),
        "convolution_param { num_output: 3 kernel_size: 3 pad: 1 }",
    )
    odd = Layer("odd", "Mystery", ("x",), ("odd",), ("2 (2)",))
    log = read(net([Layer("x", "Input", (), ("x",), ("2 1 4 4 (32)",)), conv, odd]))
    rows = cells(log.layers, "buffer_bytes", "gpu_buffer_bytes", "buffer_formula", "buffer_reason")

    assert rows["buffer_formula"] == [
        None,
        "im2col column: 1·3·3·4·4 × 4 bytes = 576; bias multiplier: 4·4 × 4 bytes = 64",
        None,
    ]
    assert rows["buffer_bytes"] == rows["gpu_buffer_bytes"] == [0, 640, None]
    assert rows["buffer_reason"] == [None, None, "what the layer type Mystery allocates is not known"]
