"""Which layers could work in place, what is counted twice, and where memory, parameters and MACs are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from logparse import parse_log
from logparse.audit.finders import find
from tests.unit.audit.cases import CONV, IN_PLACE, ODD, RELU, SHAPE, dense, fan
from tests.writing import Layer, data, line, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.audit.finders import Finding

TEST = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def found(*parts: str, kind: str) -> list[Finding]:
    log = read(*parts)
    return [one for one in find(log) if one.kind == kind]


def candidates(*layers: Layer) -> list[int | None]:
    """The places of the layers that could work in place."""
    return [one.layer_index for one in found(net([data(), *layers]), kind="in_place")]


def act(type_: str, bottom: str = "conv", top: str = "act", name: str = "act") -> Layer:
    return Layer(name, type_, (bottom,), (top,), (SHAPE,))


# In place -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_",
    ["ReLU", "ReLU6", "ELU", "Sigmoid", "TanH", "Dropout", "BatchNorm", "Exp", "Swish", "Threshold", "Softmax", "Bias"],
)
def test_types_whose_backward_pass_never_reads_the_bottoms_data(type_: str) -> None:
    """Read in caffe/src/caffe/layers: each needs its top, a mask or a copy of its own."""
    assert candidates(CONV, act(type_)) == [2]


@pytest.mark.parametrize(
    "type_", ["PReLU", "Scale", "Power", "AbsVal", "BNLL", "LRN", "MVN", "Log", "Pooling", "Split"]
)
def test_types_that_need_their_bottom_or_a_copy_of_it(type_: str) -> None:
    assert candidates(CONV, act(type_)) == []


@pytest.mark.parametrize("type_", ["Sigmoid", "TanH", "ELU", "Exp", "LRN", "Softmax", "MVN", "Swish"])
def test_types_whose_own_backward_pass_reads_the_top_that_would_be_overwritten(type_: str) -> None:
    maker = act(type_, "conv", "made", "maker")

    assert 3 not in candidates(CONV, maker, act("ReLU", "made"))


@pytest.mark.parametrize(("power", "may"), [("1", True), ("2", True), ("3", False)])
def test_a_power_reads_its_top_unless_it_is_1_or_2(power: str, *, may: bool) -> None:
    maker = replace(act("Power", "conv", "made", "maker"), more=f"power_param {{ power: {power} }}")

    assert (3 in candidates(CONV, maker, act("ReLU", "made"))) is may


@pytest.mark.parametrize("type_", ["Convolution", "Eltwise", "Pooling", "Scale", "Dropout"])
def test_types_whose_top_may_be_overwritten(type_: str) -> None:
    maker = act(type_, "conv", "made", "maker")

    assert 3 in candidates(CONV, maker, act("ReLU", "made"))


def test_the_top_of_a_layer_of_no_known_type_is_left_alone() -> None:
    lines = net([data(), act("Mystery", "data", "made", "maker"), act("ReLU", "made")], dump=False)

    assert not found(lines, kind="in_place")


def test_what_shares_another_blobs_memory_is_left_alone() -> None:
    flatten = Layer("flat", "Flatten", ("conv",), ("flat",), (SHAPE,))

    assert candidates(CONV, flatten, act("ReLU", "flat")) == []


def test_what_was_written_in_place_may_be_overwritten_again() -> None:
    assert candidates(CONV, IN_PLACE, act("Dropout", "conv", "drop", "drop")) == [3]


def test_a_layer_of_two_bottoms_or_two_tops_is_no_candidate() -> None:
    two_tops = Layer("act", "ReLU", ("conv",), ("a", "b"), (SHAPE, SHAPE))
    two_bottoms = Layer("act", "ReLU", ("conv", "data"), ("act",), (SHAPE,))

    assert candidates(CONV, two_tops) == []
    assert candidates(CONV, two_bottoms) == []


def test_the_second_top_of_a_maker_is_judged_by_itself() -> None:
    """Of a slice each top is a blob of its own."""
    half = "2 3 2 4 (48)"
    slicer = Layer("slice", "Slice", ("conv",), ("one", "two"), (half, half), "slice_param { axis: 2 }")
    reader = Layer("act", "ReLU", ("two",), ("act",), (half,))

    assert candidates(CONV, slicer, reader) == [3]


def test_a_blob_is_judged_between_two_writes() -> None:
    """`conv` is written, read once, and later written anew by another layer."""
    again = Layer("conv2", "Convolution", ("act",), ("conv",), (SHAPE,), CONV.more)

    assert candidates(CONV, act("ReLU"), again, act("Dropout", "conv", "drop", "drop")) == [2, 4]


def test_a_layer_whose_memory_is_not_known_is_no_candidate() -> None:
    text = "".join(net([data(), CONV, RELU]).rsplit(line(f"Top shape: {SHAPE}"), 1))

    assert not found(text, kind="in_place")


def test_a_top_that_is_too_large_to_hold_is_no_candidate() -> None:
    """Its count fits 64 bits, its bytes do not."""
    huge = f"2 {2**61} ({2**62})"
    text = net([data(), replace(CONV, shapes=(huge,)), replace(RELU, shapes=(huge,))])

    assert read(text).layers["distinct_bytes"].isna().any()
    assert not found(text, kind="in_place")


def sized(batch: int, *, phase: str) -> str:
    """The net of a convolution and a ReLU, of so many images."""
    shape = f"{batch} 3 4 4 ({48 * batch})"
    return net([data(shape), replace(CONV, shapes=(shape,)), replace(RELU, shapes=(shape,))], phase=phase)


def test_one_layer_of_several_nets_is_told_once_an_attempt() -> None:
    """With what it saves in the first of them, though the second is of more images."""
    once = solver() + sized(2, phase="TRAIN") + TEST + sized(4, phase="TEST")
    again = solver() + sized(3, phase="TRAIN")

    assert [(one.attempt, one.net_index, one.saves_bytes) for one in found(once, kind="in_place")] == [(1, 0, 384)]
    assert [(one.attempt, one.saves_bytes) for one in found(once, again, kind="in_place")] == [(2, 576), (1, 384)]


# Counted twice --------------------------------------------------------------------------------------------------------


def test_what_is_in_place_and_what_is_shared_are_told_apart() -> None:
    split = Layer("split", "Split", ("conv",), ("a", "b"), (SHAPE, SHAPE))
    (one,) = found(net([data(), CONV, IN_PLACE, split, act("Dropout", "a", "a", "drop")]), kind="counted_twice")

    assert one.title == "Caffe's figure for the TRAIN net counts 1.54 kB more than once (66.7 %)"
    assert one.evidence == (
        "written in place: 768 B, relu, drop",
        "tops that share their bottom's memory: 768 B, split",
    )
    assert (one.layer_index, one.line) == (None, 1)


def test_where_the_shape_of_a_layer_in_place_is_missing_the_running_figure_counts() -> None:
    text = "".join(net([data(), CONV, IN_PLACE]).rsplit(line(f"Top shape: {SHAPE}"), 1))
    (one,) = found(text, kind="counted_twice")

    assert one.evidence == ("written in place: 384 B, relu",)


def test_a_net_without_a_memory_line_has_no_figure_to_count_twice_in() -> None:
    text = net([data(), CONV, IN_PLACE])

    assert not found(
        "".join(one for one in text.splitlines(keepends=True) if "Memory" not in one), kind="counted_twice"
    )


# Largest steps --------------------------------------------------------------------------------------------------------


def test_layers_of_unknown_memory_are_not_among_the_largest() -> None:
    text = "".join(net([data(), CONV, ODD, RELU]).rsplit(line(f"Top shape: {SHAPE}"), 1))

    assert not found(text, kind="largest_steps")
    assert found(net([data(), CONV, ODD, RELU]), kind="largest_steps")


def test_a_net_of_no_bytes_has_no_largest_steps() -> None:
    names = ("a", "b", "c", "d")

    assert not found(net([Layer(name, "Input", (), (name,), ("0 (0)",)) for name in names]), kind="largest_steps")


# Parameters and MACs --------------------------------------------------------------------------------------------------


def test_the_leading_net_of_an_attempt_is_its_largest_training_net() -> None:
    """Of two training nets the larger, of equal ones the first; before any test net, however large."""
    small, large = fan(a=4, b=1), fan(c=4, b=1, d=1)
    test = TEST + net([data("2 1 (2)"), *(dense(name, 1) for name in "abcdefgh")], phase="TEST")

    def leads(*parts: str) -> list[str]:
        return [one.title.split()[0] for one in found(solver(), *parts, kind="most_params")]

    assert leads(small, large) == ["c"]
    assert leads(large, small) == ["c"]
    assert leads(small, fan(e=4, b=1)) == ["a"]
    assert leads(test, small) == ["a"]
    assert leads(small, test) == ["a"]


def test_without_a_training_net_the_largest_net_leads() -> None:
    small = TEST + net([data("2 1 (2)"), dense("a", 4)], phase="TEST")
    large = TEST + net([data("2 1 (2)"), dense("b", 4), dense("c", 1)], phase="TEST")

    for order in ((small, large), (large, small)):
        (one,) = found(solver(), *order, kind="most_params")
        assert one.title == "b alone holds 80.0 % of the parameters of the TEST net #0"


def test_each_attempt_has_a_leading_net() -> None:
    told = found(solver(), fan(a=4, b=1), solver(), fan(c=4, b=1), kind="most_params")

    assert [(one.attempt, one.title.split()[0]) for one in told] == [(1, "a"), (2, "c")]


@pytest.mark.parametrize(("unknown", "told"), [(4, ["a"]), (5, [])])
def test_where_most_layers_are_not_known_nobody_holds_most(unknown: int, told: list[str]) -> None:
    """A sum over fewer than half of the layers says little: 4 of 8 layers are enough, 4 of 9 are not."""
    riddles = [Layer(f"r{place}", "Mystery", ("data",), (f"r{place}",), ("2 1 (2)",)) for place in range(unknown)]
    text = net([data("2 1 (2)"), dense("a", 7), dense("b", 2), dense("c", 1), *riddles])

    for kind in ("most_params", "most_macs"):
        assert [one.title.split()[0] for one in found(text, kind=kind)] == told


def test_a_net_without_parameters_has_none_who_holds_most() -> None:
    text = net([data(), act("ReLU", "data")])

    assert not found(text, kind="most_params")
    assert not found(text, kind="most_macs")


@pytest.mark.parametrize("kind", ["most_params", "most_macs"])
def test_the_only_layer_with_any_holds_all_which_says_nothing(kind: str) -> None:
    assert len(found(fan(a=3, b=1), kind=kind)) == 1
    assert found(fan(a=4), kind=kind) == []


# Memory plans ---------------------------------------------------------------------------------------------------------


def test_a_plan_that_counts_more_than_is_touched_without_it_has_saved_nothing_for_certain() -> None:
    (one,) = found(net([data(), CONV]), line("raw memory 1000 opt memory 768"), kind="memory_plan")

    assert one.title == (
        "By its own count the build's memory plan puts data and diffs of the TRAIN net into 768 B instead of 1.00 kB"
    )


@pytest.mark.parametrize(("name", "train", "test"), [("lenet_dummy", 0.114, 0.229), ("resnet18_bn", 0.455, 0.643)])
def test_at_least_what_was_measured_as_saved_is_not_overstated(
    shared_logs: Path, name: str, train: float, test: float
) -> None:
    """Measured: bytes really allocated in runs with and without the plan."""
    path = shared_logs / "memory_plans" / f"yj_{name}.log"
    if not path.is_file():
        pytest.skip(f"no log of a memory plan: {path}")
    titles = [one.title for one in find(parse_log(path)) if one.kind == "memory_plan"]
    shares = [float(title.rpartition("(")[2].rstrip(" %)")) / 100 for title in titles]

    assert shares[0] == pytest.approx(train, abs=0.001)
    assert 0 < shares[1] <= test
