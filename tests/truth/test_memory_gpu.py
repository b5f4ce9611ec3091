"""Memory on the GPU from the log alone, against every cudaMalloc of Caffe's and the driver's own figure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.api import parse_log
from logparse.cost.memory.holdings import holdings
from logparse.cost.memory.terms import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

    Truth = dict[str, Any]

WHOLE_TOLERANCE: Final = 0.015
WIDEST: Final = 0.25  # half of a build's range, of its middle
EAGER: Final = 424 * MIB  # where all kernels are loaded at the start, which no log tells


@pytest.fixture(scope="session")
def runs(shared_logs: Path) -> dict[str, Truth]:
    truth = json.loads((shared_logs / "gpu/gpu_truth.json").read_text(encoding="utf-8"))["runs"]
    found = {
        name: run
        for name, run in truth.items()
        if run.get("exit") == 0 and run.get("caffe_cudamalloc_peak") is not None
    }
    assert len(found) > 50
    return found


@pytest.fixture(scope="session")
def logs(runs: dict[str, Truth], shared_logs: Path) -> dict[str, Log]:
    return {name: parse_log(shared_logs / f"gpu/{name}.log") for name in runs}


def of_engine(runs: dict[str, Truth], engine: str) -> list[tuple[str, Truth]]:
    return [(name, run) for name, run in runs.items() if run["engine"] == engine]


def own_bytes(log: Log) -> int:
    """What the table `memory` says of Caffe's own allocations on the GPU."""
    rows = log.memory
    rows = rows[(rows["device"] == "gpu") & (rows["kind"] != "logged") & (rows["attempt"] == rows["attempt"].max())]
    return int(rows["bytes"].sum())


def on_gpu(log: Log) -> dict[str, int]:
    """The GPU row of the table `footprint`, without what is NA."""
    rows = log.footprint
    row = rows[(rows["device"] == "gpu")].filter(regex="bytes$").iloc[-1].dropna()
    return {str(name): int(value) for name, value in row.items()}


def names_card(log: Log) -> bool:
    """Whether the log names the card: `caffe time` and a run on the CPU do not."""
    return bool(log.facts.attempts[-1].devices)


def test_caffes_own_allocations_to_the_byte(runs: dict[str, Truth], logs: dict[str, Log]) -> None:
    measured = {name: run["caffe_cudamalloc_peak"] for name, run in of_engine(runs, "CAFFE")}
    assert {name: own_bytes(logs[name]) for name in measured} == measured
    assert len(measured) > 35


def workspace_bytes(run: Truth) -> int:
    """What the convolutions of a cuDNN build picked as workspace, which no log tells."""
    callers = run["by_caller"].items()
    return sum(int(asked["bytes"]) for caller, asked in callers if caller.startswith("CuDNN") and "::Reshape" in caller)


def test_a_cudnn_builds_own_allocations_to_the_byte_but_for_the_workspace_that_it_picks(
    runs: dict[str, Truth], logs: dict[str, Log]
) -> None:
    measured = {name: run["caffe_cudamalloc_peak"] - workspace_bytes(run) for name, run in of_engine(runs, "CUDNN")}
    found = {
        name: sum(held.total_bytes for held in holdings(logs[name].run()[1], "gpu", cudnn=True)) for name in measured
    }
    assert found == measured
    assert len(measured) > 10


def test_the_whole_gpu_as_the_driver_sees_it(runs: dict[str, Truth], logs: dict[str, Log]) -> None:
    named = [(name, run) for name, run in of_engine(runs, "CAFFE") if names_card(logs[name])]
    assert len(named) > 30
    for name, run in named:
        assert on_gpu(logs[name])["bytes"] == pytest.approx(run["gpu_used_peak"], rel=WHOLE_TOLERANCE), name


@pytest.mark.parametrize("engine", ["CAFFE", "CUDNN"])
def test_the_range_holds_what_was_measured_whatever_the_log_tells(
    engine: str, runs: dict[str, Truth], logs: dict[str, Log]
) -> None:
    for name, run in of_engine(runs, engine):
        row = on_gpu(logs[name])
        assert row["low_bytes"] <= row["bytes"] <= row["high_bytes"], name
        assert row["low_bytes"] <= run["gpu_used_peak"] <= row["high_bytes"], name


@pytest.mark.parametrize("engine", ["CAFFE", "CUDNN"])
def test_each_builds_own_range_holds_its_runs(engine: str, runs: dict[str, Truth], logs: dict[str, Log]) -> None:
    for name, run in of_engine(runs, engine):
        row, key = on_gpu(logs[name]), engine.lower()
        low, high = row[f"{key}_low_bytes"], row[f"{key}_high_bytes"]
        assert low <= run["gpu_used_peak"] <= high, name
        assert not names_card(logs[name]) or high - low <= WIDEST * (high + low) + EAGER, name


def test_the_engine_narrows_the_range(logs: dict[str, Log]) -> None:
    log = logs["gpu_alexnet_b32"]
    usual, before = log.terms, on_gpu(log)
    log.terms = replace(usual, engine="caffe")
    narrowed = on_gpu(log)
    assert (narrowed["low_bytes"], narrowed["high_bytes"]) == (before["caffe_low_bytes"], before["caffe_high_bytes"])
    assert narrowed["bytes"] == before["bytes"]
    log.terms = replace(usual, engine="cudnn")
    narrowed = on_gpu(log)
    assert (narrowed["low_bytes"], narrowed["high_bytes"]) == (before["cudnn_low_bytes"], before["cudnn_high_bytes"])
    assert narrowed["low_bytes"] < narrowed["bytes"] < narrowed["high_bytes"]
    log.terms = replace(usual, context_bytes=594 * MIB + 1000)
    assert on_gpu(log)["bytes"] == before["bytes"] + 1000
    log.terms = usual


def test_a_cudnn_build_has_no_range_where_it_would_stop(shared_logs: Path) -> None:
    log = parse_log(shared_logs / "gpu/gpu_conv3d_b1.log")
    row = log.footprint[log.footprint["device"] == "gpu"].iloc[0]
    assert "cuDNN build stops" in row["basis"]
    assert row["engine"] == "caffe"  # it was set up
    assert row[["cudnn_low_bytes", "cudnn_high_bytes"]].isna().all()
    stopped = on_gpu(parse_log(shared_logs / "gpu/gpu_cudnn_err_conv3d.log"))
    assert not {"low_bytes", "high_bytes"} & stopped.keys()


OUT_OF_MEMORY: Final = {
    # its failed_cudamalloc: live_before is all up to conv1's top, so that the request was the first of norm1
    "gpu_oom_test_net": ("TEST", "distinct_data", "LRN"),
    "gpu_oom_shared_gpu_700": ("TRAIN", "gradients", None),
    "gpu_oom_shared_gpu_1200": ("TRAIN", "params", "InnerProduct"),
    "gpu_oom_shared_gpu_200": (None, None, None),
}


@pytest.mark.parametrize("name", OUT_OF_MEMORY)
def test_where_memory_ran_out_and_what_would_have_fitted(name: str, shared_logs: Path) -> None:
    rows = parse_log(shared_logs / f"gpu/{name}.log").table("out_of_memory")
    row = rows.astype(object).where(rows.notna(), None).iloc[0]
    assert len(rows) == 1
    assert (row["phase"], row["kind"], row["layer_type"]) == OUT_OF_MEMORY[name]
    assert "something else held its memory" in row["text"]
    assert row["card_bytes"] == 85_017_493_504
    if row["net_index"] is not None:
        assert row["first_net_fits"]
        assert row["run_fits_card"]


def test_what_was_held_before_the_failing_request(shared_logs: Path) -> None:
    truth = json.loads((shared_logs / "gpu/gpu_truth.json").read_text(encoding="utf-8"))["runs"]
    for name in ("gpu_oom_test_net", "gpu_oom_shared_gpu_700", "gpu_oom_shared_gpu_1200"):
        rows = parse_log(shared_logs / f"gpu/{name}.log").table("out_of_memory")
        assert int(rows["held_bytes"].iloc[0]) == pytest.approx(truth[name]["gpu_used_peak"], rel=0.05), name


@pytest.mark.parametrize("name", ["gpu_oom_vgg16_b660", "gpu_err_vgg16_b340", "gpu_err_intmax_vgg16_b1024"])
def test_a_blob_that_is_too_large_is_no_lack_of_memory(name: str, shared_logs: Path) -> None:
    assert parse_log(shared_logs / f"gpu/{name}.log").table("out_of_memory").empty
