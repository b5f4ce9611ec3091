"""Memory plans and figures that forks print: read, put into tables, and met by the printed shapes to the byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from logparse import parse_log
from logparse.formats import is_na
from tests.parsed import parsed
from tests.writing import Layer, cells, data, line, memory, net, read

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.model import MemoryPlan

SHAPE = "2 3 4 4 (96)"
RELU = Layer("relu", "ReLU", ("data",), ("data",), (SHAPE,))
CONV = Layer(
    "conv", "Convolution", ("data",), ("conv",), (SHAPE,), "convolution_param { num_output: 3 kernel_size: 1 }"
)
FLAT = Layer("fl", "Flatten", ("conv",), ("fl",), ("2 48 (96)",))

SECOND = (
    "Starting Memory Optimization:",
    "Checking data/diff sharing status",
    "excluding output fl",
    "excluding data layer output data",
    "layer 0 layer name: data direction: forward",
    "layer 2 layer name: conv direction: forward",
    "blob conv_data acquired new slot 0",
    "skipping deref",
    "layer 2 layer name: conv direction: backward",
    "blob conv_diff acquired new slot 1",
    "deref slot 1 held by blob conv_diff",
    "blob 0 name data data idx -1",
    "blob 0 name data diff idx -1",
    "blob 1 name conv data idx 0",
    "blob 1 name conv diff idx 1",
    "blob 2 name fl data idx 0",
    "blob 2 name fl diff idx -1",
    "storage memory slot 0 size 384",
    "storage memory slot 1 size 384",
    "raw memory 2304 opt memory 1920",
)
FIRST = (
    "layer 0 data",
    "layer 2 conv",
    "top conv acquires data slot 0",
    "top data refers to data slot 3",
    "top fl shares data with bottom conv slot 0",
    "bottom data derefs data slot 3",
    "layer id: 2 name: conv",
    "acquired slot for new blob",
    "bottom blob 0 name conv slot id 1",
    "sharing diff using slot 1",
    "top blob 0 name conv slot id 1",
    "blob 0 name data data idx 0",
    "blob 0 name data diff idx 0",
    "blob 1 name conv data idx 0",
    "blob 1 name conv diff idx 1",
    "storage memory slot 0 size 384",
)
LAYERS = (data(), RELU, CONV, FLAT)


def planned(*lines: str, layers: tuple[Layer, ...] = LAYERS) -> Log:
    return read(net(layers), *map(line, lines))


def plan_of(log: Log) -> MemoryPlan:
    (attempt,) = log.facts.attempts
    plan = attempt.nets[-1].plan
    assert plan is not None
    return plan


def figures(log: Log) -> dict[str, tuple[Any, Any]]:
    """Figure → (printed, by the shapes)."""
    found = cells(log.reconciliation, "figure", "bytes", "expected_bytes")
    return {name: (size, want) for name, size, want in zip(*found.values(), strict=True)}


# --- a plan of version 2 ------------------------------------------------------------------------------------


def test_each_slot_with_its_bytes_and_what_takes_turns_in_it() -> None:
    assert cells(planned(*SECOND).slots, "net_index", "slot", "bytes", "expected_bytes", "blobs", "line") == {
        "net_index": [0, 0],
        "slot": [0, 1],
        "bytes": [384, 384],
        "expected_bytes": [384, 384],
        "blobs": [["conv_data", "fl_data"], ["conv_diff"]],
        "line": [49, 50],
    }


def test_each_blob_with_its_slots() -> None:
    found = cells(planned(*SECOND).blobs, "blob", "data_slot", "diff_slot")

    assert found == {
        "blob": ["data", "data", "conv", "fl"],
        "data_slot": [None, None, 0, 0],
        "diff_slot": [None, None, 1, None],
    }


def test_the_steps_in_their_order() -> None:
    steps = plan_of(planned(*SECOND)).steps

    assert [step.kind for step in steps] == [
        "start", "checked", "excluded", "excluded", "layer", "layer", "taken", "kept", "layer", "taken", "released",
    ]  # fmt: skip
    assert [step.blob for step in steps if step.blob] == ["fl", "data", "conv_data", "conv_diff", "conv_diff"]
    assert [step.layer for step in steps if step.layer] == ["data", "conv", "conv"]


def test_raw_and_optimised_are_met_by_the_shapes() -> None:
    """Raw: three blobs of 384 bytes, twice. Optimised: two slots, data's two halves and the diff of fl."""
    assert figures(planned(*SECOND))["raw memory"] == (2304, 6 * 384)
    assert figures(planned(*SECOND))["optimised memory"] == (1920, 2 * 384 + 3 * 384)


def test_no_line_of_a_plan_is_unknown_or_a_wire() -> None:
    for lines in (SECOND, FIRST):
        log = planned(*lines)
        assert not {"unknown", "ignored"} & set(cells(log.ledger, "class")["class"])
        assert [layer.name for layer in log.facts.attempts[0].nets[0].layers] == ["data", "relu", "conv", "fl"]


def test_names_in_a_plan_are_free_text() -> None:
    odd = "odd, with -> and <- arrows"
    text = (
        f"layer 1 layer name: {odd} direction: forward",
        f"blob {odd}_data acquired new slot 0",
        f"blob x_data shares its root {odd}_data's slot: 0",
        f"deref slot 0 held by blob {odd}_data",
        f"excluding output {odd}",
        f"blob 0 name {odd} data idx 0",
    )
    plan = plan_of(planned(*text))

    assert {step.blob for step in plan.steps if step.kind in {"taken", "released", "excluded"}} == {f"{odd}_data", odd}
    assert [step.root for step in plan.steps if step.root] == [f"{odd}_data"]
    assert [blob.name for blob in plan.blobs] == [odd]


def test_a_top_of_a_type_that_nobody_knows_is_whose_memory_the_plan_says() -> None:
    strange = Layer("st", "Strange", ("conv",), ("st",), (SHAPE,))
    share = "blob st_data shares its root conv_data's slot: 0"

    for lines, owner, size in (((share,), "conv", 0), ((), None, 384)):
        found = cells(planned(*lines, layers=(data(), CONV, strange)).blobs, "shares_with", "distinct_bytes")
        assert (found["shares_with"][-1], found["distinct_bytes"][-1]) == (owner, size)


def test_a_plan_is_of_the_net_before_it() -> None:
    log = read(net(LAYERS), *map(line, SECOND), net(LAYERS, phase="TEST"), *map(line, SECOND[-3:]))

    assert cells(log.slots, "phase", "slot") == {"phase": ["TRAIN", "TRAIN", "TEST", "TEST"], "slot": [0, 1, 0, 1]}


def test_a_plan_whose_net_is_not_in_the_log_is_read_and_what_rests_on_shapes_is_not_known() -> None:
    log = read(*map(line, SECOND))

    assert cells(log.slots, "bytes", "expected_bytes") == {"bytes": [384, 384], "expected_bytes": [None, None]}
    assert figures(log) == {"raw memory": (2304, None), "optimised memory": (1920, None)}


def test_memory_that_is_reckoned_without_the_plan_says_so() -> None:
    for lines, said in ((SECOND, True), ((), False)):
        log = planned(*lines)
        bases = cells(log.memory, "kind", "basis")
        told = {kind for kind, basis in zip(*bases.values(), strict=True) if "memory plan" in basis}
        assert told == ({"distinct_data", "diff"} if said else set())
        assert all(("memory plan" in basis) == said for basis in cells(log.footprint, "basis")["basis"])


# --- a plan of version 1 ------------------------------------------------------------------------------------


def test_version_1_says_the_same_in_other_words() -> None:
    plan = plan_of(planned(*FIRST))

    assert plan.version == 1
    assert [(step.kind, step.blob, step.slot) for step in plan.steps if step.kind != "layer"] == [
        ("taken", "conv_data", 0),
        ("in place", "data_data", 3),
        ("shared", "fl_data", 0),
        ("released", "data_data", 3),
        ("new", None, None),
        ("taken", "conv_diff", 1),
        ("diff shared", None, 1),
        ("released", "conv_diff", 1),
    ]
    assert [step.layer for step in plan.steps if step.kind == "layer"] == ["data", "conv", "conv"]


def test_version_1_repeats_the_datas_slot_where_a_diff_has_none() -> None:
    """Its variable is not set anew; in version 2 an equal number is one and the same memory."""
    first, second = (
        cells(planned(*lines).slots, "blobs")["blobs"][0] for lines in (FIRST, (*SECOND[:11], *FIRST[-5:]))
    )

    assert first == ["data_data", "conv_data"]
    assert second == ["data_data", "data_diff", "conv_data"]


def test_a_diff_that_took_the_slot_of_its_own_data_shares_it_in_version_1_too() -> None:
    took = planned(*FIRST[:-5], "bottom blob 0 name data slot id 0", *FIRST[-5:])

    assert cells(took.slots, "blobs")["blobs"][0] == ["data_data", "data_diff", "conv_data"]


def test_that_version_1_gives_back_no_slot_is_no_fault() -> None:
    """Inputs and outputs of a net hold none; only version 2 writes before its list then."""
    for step in ("bottom data derefs data slot -1", "top blob 0 name fl slot id -1"):
        assert "released_unheld" not in cells(planned("layer 0 data", step).findings, "kind")["kind"]


def test_totals_of_version_1_are_met_by_the_shapes() -> None:
    """Made by its rules for a source, a convolution and a loss: a diff without a slot counts as its own memory."""
    text = (
        "layer 0 data",
        "top data acquires data slot 0",
        "layer 1 conv",
        "top conv acquires data slot 1",
        "layer 2 loss",
        "layer id: 2 name: loss",
        "acquired slot for new blob",
        "bottom blob 0 name conv slot id 2",
        "layer id: 1 name: conv",
        "top blob 0 name conv slot id 2",
        "layer id: 0 name: data",
        "blob 0 name data data idx 0",
        "blob 0 name data diff idx 0",
        "blob 1 name conv data idx 1",
        "blob 1 name conv diff idx 2",
        "blob 2 name loss data idx -1",
        "blob 2 name loss diff idx -1",
        *(f"storage memory slot {slot} size 384" for slot in range(3)),
        "raw memory 1544 opt memory 1544",
    )
    found = figures(planned(*text, layers=(data(), CONV, LOSS)))

    assert found["raw memory"] == (1544, 2 * (384 + 384 + 4))
    assert found["optimised memory"] == (1544, 3 * 384 + 384 + 2 * 4)


@pytest.mark.parametrize(
    "text",
    [
        "storage memory slot 0 size {}",
        "storage memory slot {} size 384",
        "blob 0 name data data idx {}",
        "blob data_data acquired new slot {}",
        "Biggest Memory of single blob: {}",
        "[0.0] Reserving {} bytes of shared learnable space for type FLOAT",
    ],
)
def test_numbers_that_no_memory_has_are_left_alone(text: str) -> None:
    for digits in (20, 400, 5000):
        log = planned(text.format("9" * digits))
        assert cells(log.slots, "slot")["slot"] == []
        assert list(figures(log)) == ["Memory required for data"]


# --- real plans ---------------------------------------------------------------------------------------------

PLANS = (
    "yj_lenet_dummy", "yj_googlenet_b1", "yj_siamese_b8", "yj_legacy_input", "yj_resnet18_bn", "yj_odd_names",
    "yj_share_single", "yj_share_chain", "yj_deploy_small", "yj_lenet_default", "yj_lenet_exclude",
    "yj_lenet_netdebug", "yj_lenet_solverdebug", "yj_lenet_testonly", "yj_lenet_off",
)  # fmt: skip


@pytest.fixture
def plans(shared_logs: Path) -> Path:
    """Logs of the fork, run for this."""
    folder = shared_logs / "memory_plans"
    if not folder.is_dir():
        pytest.skip(f"no logs of memory plans: {folder}")
    return folder


@pytest.mark.parametrize("name", PLANS)
def test_slots_of_real_runs_are_those_of_a_replay_of_the_forks_rules(plans: Path, name: str) -> None:
    truth = json.loads((plans / "truth.json").read_text(encoding="utf-8"))[f"{name}.log"]
    log = parsed(plans / f"{name}.log")

    rows = cells(log.slots, "net_index", "slot", "bytes", "blobs")
    got = list(zip(*rows.values(), strict=True))
    want = [
        (one["index"], slot["id"], slot["bytes"], sorted(slot["blobs"]))
        for one in truth["nets"]
        for slot in one.get("slots", [])
    ]
    assert [(*row[:3], sorted(row[3])) for row in got] == want


@pytest.mark.parametrize("name", PLANS)
def test_every_printed_figure_of_real_runs_is_met_to_the_byte(plans: Path, name: str) -> None:
    truth = json.loads((plans / "truth.json").read_text(encoding="utf-8"))[f"{name}.log"]
    log = parsed(plans / f"{name}.log")

    rows = cells(log.reconciliation, "figure", "bytes", "difference_bytes")
    assert set(rows["difference_bytes"]) == {0}
    printed = [one[key] for one in truth["nets"] for key in ("memory_required_printed", "raw", "opt") if key in one]
    assert rows["bytes"] == printed
    sizes = cells(log.slots, "bytes", "expected_bytes")
    assert sizes["bytes"] == sizes["expected_bytes"]


@pytest.mark.parametrize("name", PLANS)
def test_every_line_of_a_real_plan_is_read(plans: Path, name: str) -> None:
    truth = json.loads((plans / "truth.json").read_text(encoding="utf-8"))[f"{name}.log"]
    log = parsed(plans / f"{name}.log")

    nets = [one for one in log.facts.attempts[0].nets if one.nested is None]
    for read_net, one in zip(nets, truth["nets"], strict=True):
        plan = read_net.plan
        lines = 0 if plan is None else len(plan.steps) + 2 * len(plan.blobs) + len(plan.slots) + 1
        assert lines == one.get("events", 0)
    assert not [one for one in log.facts.ledger if one.kind == "unknown"]


# --- NVCaffe and Intel Caffe --------------------------------------------------------------------------------

NVCAFFE = ("train_with_nccl.log", "mnist_train.log")
SUMS = (
    "Top memory (TRAIN) required for data: {0} diff: {1}",
    "Bottom memory (TRAIN) required for data: {2} diff: {3}",
    "Shared (in-place) memory (TRAIN) by data: {4} diff: {5}",
)
LOSS = Layer("loss", "EuclideanLoss", ("conv", "data"), ("loss",), ("(1)",))


def nvcaffe(layers: tuple[Layer, ...], types: str, *sums: int) -> Log:
    text = net(layers, done=False).replace('name: "N"', f'name: "N" {types}')
    text = "".join(one for one in text.splitlines(keepends=True) if "Memory required" not in one)
    return read(text, *(line(one.format(*sums)) for one in SUMS))


def test_sums_of_nvcaffe_are_met_at_the_width_of_each_layers_type() -> None:
    """A scalar holds two values; diffs of a layer that transforms data are FLOAT."""
    source = Layer("data", "Data", (), ("data",), (SHAPE,), "transform_param { }")
    layers = (source, RELU, CONV, LOSS)
    floats = nvcaffe(layers, "", 96 * 12 + 8, 96 * 12 + 8, 96 * 16, 96 * 16, 384, 384)
    halves = nvcaffe(
        layers,
        "default_forward_type: FLOAT16 default_backward_type: FLOAT16",
        *(96 * 6 + 4, 96 * 8 + 4, 96 * 8, 96 * 14, 192, 192),
    )

    for log in (floats, halves):
        found = figures(log)
        assert len(found) == 6
        assert all(printed == expected for printed, expected in found.values())


def test_the_slab_of_diffs_checks_the_parameters() -> None:
    """9 weights and 3 biases, each rounded up to 64 values; every GPU says so."""
    say = "[0.{}] Reserving 512 bytes of shared learnable space for type FLOAT"
    log = read(net([data(), CONV]), net([data(), CONV], phase="TEST"), *(line(say.format(gpu)) for gpu in (2, 0, 1)))

    rows = log.reconciliation[log.reconciliation["figure"] == "shared learnable space for type FLOAT"]
    assert cells(rows, "phase", "bytes", "expected_bytes") == {
        "phase": ["TRAIN"],
        "bytes": [512],
        "expected_bytes": [512],
    }


def test_parameters_that_an_earlier_layer_owns_are_summed_apart() -> None:
    shared = line("Sharing parameters 'w' owned by layer 'conv', param index 0")
    again = Layer("again", "Convolution", ("conv",), ("again",), (SHAPE,), CONV.more)
    figure = line("Parameters memory (TRAIN) required for data: 68 diff: 0")
    figure += line("Parameters shared memory (TRAIN) by data: 40 diff: 40")
    log = read(net([data(), CONV, again], done=False), shared, figure)

    assert figures(log)["Parameters memory (TRAIN) data"][1] == 4 * (10 + 4 + 4)  # 9 + 3 + 3 values, each made even
    assert figures(log)["Parameters shared memory (TRAIN) data"] == (40, 40)


def test_the_largest_blob_of_intel_caffe_is_the_largest_top() -> None:
    text = net([data(), Layer("conv", "Convolution", ("data",), ("conv",), ("2 6 4 4 (192)",))])
    lines = text.splitlines(keepends=True)
    sizes = iter((384, 768))
    said = [
        one + (line(f"Biggest Memory of single blob: {next(sizes)}") if "Memory required" in one else "")
        for one in lines
    ]

    assert figures(read(*said))["biggest blob"] == (768, 768)


def test_real_sums_of_nvcaffe_are_met_where_its_memory_is_on_the_gpu(shared_logs: Path) -> None:
    found = [shared_logs / "public" / "Amanda-Barbara__nvcaffe" / name for name in NVCAFFE]
    if not all(path.is_file() for path in found):
        pytest.skip("no logs of NVCaffe here")
    for log in map(parse_log, found):
        assert len(log.reconciliation) == 21
        rows = zip(*cells(log.reconciliation, "figure", "difference_bytes").values(), strict=True)
        away = {name for name, difference in rows if is_na(difference) or difference}
        assert away <= {"Parameters memory (TRAIN) diff", "Parameters memory (TEST) diff"}


# --- a net of which only a figure is there ------------------------------------------------------------------


def test_caffes_own_figure_is_met_too() -> None:
    assert figures(read(net([data(), CONV]))) == {"Memory required for data": (768, 768)}
    assert figures(read(memory(1000))) == {"Memory required for data": (1000, None)}
