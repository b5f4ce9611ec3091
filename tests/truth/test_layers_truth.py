"""Every layer of a log equals what the real Caffe held: names, shapes, parameters, MACs, bytes.

The sample logs carry their truth with them; all genuine logs are compared where the shared logs are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pytest

from logparse.api import parse_log
from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

    Truth = dict[str, Any]

SAMPLES: Final = ("alexnet", "lenet", "lenet_nan", "lstm", "resnet18", "siamese", "time_alexnet")
# glog cut GoogLeNet's dump: what has no definition there is compared in test_cut_dump below.
CUT: Final = frozenset({"googlenet"})


def value(cell: Any) -> Any:  # noqa: ANN401 - any cell of a frame
    """A cell, with NA as None."""
    return None if not isinstance(cell, list) and pd.isna(cell) else cell


def squeezed(shape: list[int]) -> list[int]:
    """A shape without trailing ones: before rc3 every blob was printed with four dimensions."""
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def distinct_bytes(layers: list[Truth], size: int) -> list[int]:
    """Bytes of each layer's tops whose memory no top before them had (equal ids are one memory)."""
    seen: set[int] = set()
    steps = []
    for layer in layers:
        fresh = {top["data_mem_id"]: top["count"] * size for top in layer["tops"] if top["data_mem_id"] not in seen}
        seen.update(fresh)
        steps.append(sum(fresh.values()))
    return steps


def expected_rows(net: Truth) -> list[Truth]:
    """The truth of one net in the columns of `layers`."""
    steps = distinct_bytes(net["layers"], net["dtype_bytes"])
    return [
        {
            "layer": layer["name"],
            "type": layer["type"],
            "bottoms": [bottom["name"] for bottom in layer["bottoms"]],
            "tops": [top["name"] for top in layer["tops"]],
            "top_shape": [top["shape"] for top in layer["tops"]],
            "top_count": [top["count"] for top in layer["tops"]],
            "in_place": [top["in_place"] for top in layer["tops"]],
            "backward": layer["need_backward"],
            "weights": layer["weight_count"],
            "biases": layer["bias_count"],
            "statistics": layer.get("statistics_count") or 0,
            "macs": layer["macs_forward"],
            "backward_macs": layer["macs_backward"],
            "logged_bytes": layer["memory_required_logged_cumulative"],
            "distinct_bytes": step,
        }
        for layer, step in zip(net["layers"], steps, strict=True)
    ]


def outer_nets(log: Log) -> list[Any]:
    """The nets of a log without the inner ones of recurrent layers, in order."""
    nets = log.nets[log.nets["nested"].isna()]
    return list(nets.itertuples())


def layers_of(log: Log, net: Any) -> list[Truth]:  # noqa: ANN401 - a row
    """The `layers` rows of one net."""
    mine = (log.layers["attempt"] == net.attempt) & (log.layers["net_index"] == net.net_index)
    return [dict(row) for row in log.layers[mine].to_dict("records")]


def compare(log: Log, truth: Truth, name: str, *, old: bool = False) -> None:
    """Every net that the log initialises, column by column."""
    info = truth["_logs"][name]
    nets = outer_nets(log)
    phases = info["net_inits"] or []
    assert len(nets) == len(phases)
    for net, phase in zip(nets, phases, strict=True):
        want = truth["nets"][info["net"]][phase]
        got = [
            {key: value(row[key]) for key in first}
            for row, first in zip(layers_of(log, net), expected_rows(want), strict=True)
        ]
        rows = expected_rows(want)
        if old:
            for row in (*got, *rows):
                row["top_shape"] = [squeezed(shape) for shape in row["top_shape"]]
                row.pop("logged_bytes")
        assert got == rows


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_log_gives_what_caffe_held(name: str, sample_logs: Path, sample_truth: Truth) -> None:
    compare(parse_log(sample_logs / f"{name}.log"), sample_truth, name)


def test_a_genuine_log_gives_what_caffe_held(genuine_log: Path, genuine_truth: Truth) -> None:
    name = genuine_log.stem
    info = genuine_truth["_logs"].get(name)
    if info is None or not info["net_inits"]:
        assert parsed(genuine_log).facts.attempts  # a run that failed before its first net still is an attempt
        return
    if name in CUT or name == "old_rc_googlenet":
        return
    compare(parsed(genuine_log), genuine_truth, name, old=name.startswith("old_rc"))


@pytest.mark.parametrize("name", SAMPLES)
def test_totals_of_a_net_are_the_sums_of_its_rows_and_caffes_own(
    name: str, sample_logs: Path, sample_truth: Truth
) -> None:
    log = parse_log(sample_logs / f"{name}.log")
    info = sample_truth["_logs"][name]
    for net, phase in zip(outer_nets(log), info["net_inits"], strict=True):
        rows, totals = layers_of(log, net), sample_truth["nets"][info["net"]][phase]["totals"]
        assert net.macs == sum(row["macs"] for row in rows) == totals["macs_forward"]
        assert net.params == sum(row["params"] for row in rows)
        assert net.param_bytes == sum(row["param_bytes"] for row in rows) == totals["param_bytes_distinct"]
        assert net.distinct_bytes == sum(row["distinct_bytes"] for row in rows) == totals["distinct_data_bytes"]
        assert net.logged_bytes == sum(row["logged_step_bytes"] for row in rows) == totals["memory_required_logged"]
        assert net.reconciled_layers == len(rows)
        assert net.missing_bytes == 0


def test_a_shared_parameter_counts_once_and_names_its_owner(sample_logs: Path) -> None:
    params = parse_log(sample_logs / "siamese.log").params
    twin = params[params["layer"] == "conv1_p"]
    assert twin["shares_with"].tolist() == ["conv1", "conv1"]
    assert twin["bytes"].tolist() == [0, 0]
    assert twin["count"].tolist() == [500, 20]


def test_without_its_definition_a_layer_is_unknown_and_never_zero(shared_logs: Path, genuine_truth: Truth) -> None:
    log = parse_log(shared_logs / "genuine/googlenet.log")
    for net, phase in zip(outer_nets(log), ("TRAIN", "TEST"), strict=True):
        truth = expected_rows(genuine_truth["nets"]["googlenet"][phase])
        rows = layers_of(log, net)
        for row, want in zip(rows, truth, strict=True):
            for column in ("layer", "bottoms", "tops", "top_shape", "in_place", "logged_bytes", "distinct_bytes"):
                assert row[column] == want[column]
            for column, reason in (("weights", "params_reason"), ("macs", "macs_reason")):
                assert value(row[column]) == want[column] or (value(row[column]) is None and row[reason])


def test_with_the_prototxt_a_cut_dump_is_exact_again(shared_logs: Path, genuine_truth: Truth) -> None:
    prototxt = shared_logs / "genuine/nets/googlenet.prototxt"
    compare(parse_log(shared_logs / "genuine/googlenet.log", prototxt=prototxt), genuine_truth, "googlenet")
