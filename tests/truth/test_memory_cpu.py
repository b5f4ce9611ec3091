"""Memory by kind on the CPU, against the live nets' allocations and the resident memory of real runs."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.api import parse_log
from logparse.cost.buffer import BACKWARD
from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.footprint import footprint
from logparse.cost.memory.holdings import Solver, copies
from logparse.cost.whatif.change import Change, changed

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

    Truth = dict[str, Any]

# Measured with `time -v` on runs of two iterations without a test net: log, change, resident bytes
SAMPLE_RSS: Final = (
    ("alexnet", Change(batch=1), 785_387_520),
    ("alexnet", Change(), 824_156_160),
    ("alexnet", Change(solver="Adam"), 1_312_116_736),
    ("resnet18", Change(batch=1), 303_132_672),
)
RSS_TOLERANCE: Final = 0.03
# The truth is of one Net::Backward; `caffe time` calls every layer's Backward, needed or not (caffe.cpp)
TIMED_WITHOUT_LOSS: Final = frozenset({"time_legacy_input"})
ALEXNET_AS_IT_STANDS: Final = 859_500_000  # alexnet.log itself, its test net included


def held(log: Log, kind: str, net: int, device: str = "cpu") -> int:
    """One figure of the table `memory`."""
    frame = log.memory
    row = frame[(frame["kind"] == kind) & (frame["device"] == device) & (frame["net_index"] == net)]
    return int(row["bytes"].iloc[0])


def on_cpu(log: Log, change: Change) -> int:
    """The CPU footprint under a change."""
    return footprint(changed(log.run()[1], change).run, "cpu").bytes


@pytest.mark.parametrize(("name", "change", "measured"), SAMPLE_RSS)
def test_the_footprint_is_the_resident_memory_of_the_run(
    sample_logs: Path, name: str, change: Change, measured: int
) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    alone = replace(change, no_test_net=True)
    assert on_cpu(log, alone) == pytest.approx(measured, rel=RSS_TOLERANCE)


def test_a_test_net_adds_its_data_and_its_buffers(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "alexnet.log")
    assert int(log.footprint["bytes"].iloc[0]) == pytest.approx(ALEXNET_AS_IT_STANDS, rel=RSS_TOLERANCE)
    assert held(log, "params", net=1) == 0
    assert held(log, "distinct_data", net=1) == 11_306_792


def test_every_measured_run_within_three_percent(genuine_truth: Truth, shared_logs: Path) -> None:
    for name, measured in genuine_truth["_rss"].items():
        if name == "tiny":
            continue
        net, batch, *rest = name.split("_")
        log = parse_log(shared_logs / f"genuine/{net}.log")
        change = Change(batch=int(batch[1:]), solver="Adam" if rest else "SGD", no_test_net=True)
        assert on_cpu(log, change) == pytest.approx(measured["max_rss_bytes"], rel=RSS_TOLERANCE), name


def test_data_and_diff_are_allocated_as_in_the_live_net(genuine_truth: Truth, shared_logs: Path) -> None:
    compared = 0
    for name, about in genuine_truth["_logs"].items():
        if not about["net_inits"] or about["net"] not in genuine_truth["nets"]:
            continue
        log = parse_log(shared_logs / f"genuine/{name}.log")
        own = [int(index) for index in dict.fromkeys(log.memory["net_index"])]
        for index, phase in zip(own, about["net_inits"], strict=True):
            totals = genuine_truth["nets"][about["net"]][phase]["totals"]
            assert held(log, "distinct_data", index) == totals["distinct_data_bytes"], (name, phase)
            found = held(log, "diff", index)
            if name in TIMED_WITHOUT_LOSS:
                assert found > totals["allocated_diff_bytes_after_backward"] == 0
                continue
            assert found == totals["allocated_diff_bytes_after_backward"], (name, phase)
            assert held(log, "params", 0) == totals["param_bytes_distinct"], (name, phase)
            compared += 1
    assert compared > 90


def test_solvers_hold_as_many_copies_as_measured(genuine_truth: Truth) -> None:
    seen = set()
    for name, measured in genuine_truth["_solver_memory"].items():
        solver = Solver(type=measured["type"], l1="L1" in measured.get("note", ""))
        assert 2 + copies(solver, "cpu") == measured["total_param_sized_copies_cpu"], name
        seen.add(measured["type"])
    assert seen == {"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"}


@pytest.mark.parametrize(
    ("solver", "on_the_cpu", "on_a_gpu"),
    [("SGD", 3, 3), ("Nesterov", 4, 3), ("AdaGrad", 4, 3), ("RMSProp", 4, 3), ("AdaDelta", 6, 4), ("Adam", 5, 4)],
)
def test_copies_of_the_parameters_by_solver(sample_logs: Path, solver: str, on_the_cpu: int, on_a_gpu: int) -> None:
    log = parse_log(sample_logs / "lenet.log")
    run = changed(log.run()[1], Change(solver=solver)).run
    for device, expected in (("cpu", on_the_cpu), ("gpu", on_a_gpu)):
        assert 2 + copies(run.solver, device) == expected


LSTM_BLOCKS: Final = 79  # ten steps: 4·10 of each, 2·9 but for one step, 2·9 of two readers, 3 whole ones
BLOCK_HEAD: Final = 16  # bytes that malloc puts before each of these blocks


def test_the_heap_grows_by_an_lstms_gradients_in_its_first_backward_pass(
    genuine_truth: Truth, shared_logs: Path
) -> None:
    layers = genuine_truth["nets"]["lstm"]["TRAIN"]["layers"]
    place = next(index for index, layer in enumerate(layers) if layer["type"] == "LSTM")
    net = parse_log(shared_logs / "genuine/lstm.log").run()[1].nets[0]
    made = sum(item.bytes for item in buffers(net.layers[place].spec).items or () if item.moment == BACKWARD)
    bottom = layers[place]["bottoms"][0]["shape"]
    grown = layers[place]["heap_growth_first_backward"]
    assert made + prod(bottom) * net.element_bytes + LSTM_BLOCKS * BLOCK_HEAD == grown


def test_kinds_add_up_to_the_footprint(sample_logs: Path) -> None:
    for path in sorted(sample_logs.glob("*.log")):
        log = parse_log(path)
        if log.memory.empty:
            continue
        last = log.memory["attempt"].max()
        rows = log.memory[(log.memory["attempt"] == last) & (log.memory["kind"] != "logged")]
        parts = rows[rows["device"] == "cpu"]["bytes"].sum()
        whole = log.footprint[(log.footprint["attempt"] == last) & (log.footprint["device"] == "cpu")]
        assert int(whole["bytes"].iloc[0]) - int(parts) == log.terms.program_bytes, path.name
