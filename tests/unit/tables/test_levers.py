"""Which one layer's change buys most: which layers are asked, and that each answer is what the same what-if gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import parse_log
from logparse.cost.whatif.change import Change, LowRank
from logparse.cost.whatif.levers import MOST_OF_EACH
from tests.writing import Layer, cells, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

IMAGES: Final = Layer("data", "Data", (), ("data", "label"), ("4 3 8 8 (768)", "4 (4)"), "data_param { batch_size: 4 }")
SUM: Final = Layer("sum", "Eltwise", ("a", "b"), ("sum",), ("4 16 8 8 (4096)",))
LOSS: Final = Layer("loss", "SoftmaxWithLoss", ("ip", "label"), ("loss",), ("(1)",))


def conv(name: str, bottom: str, outputs: int = 16, group: int = 1) -> Layer:
    more = f"convolution_param {{ num_output: {outputs} kernel_size: 3 pad: 1 group: {group} bias_term: false }}"
    return Layer(name, "Convolution", (bottom,), (name,), (f"4 {outputs} 8 8 ({256 * outputs})",), more, backward=True)


def dense(bottom: str) -> Layer:
    more = "inner_product_param { num_output: 5 bias_term: false }"
    return Layer("ip", "InnerProduct", (bottom,), ("ip",), ("4 5 (20)",), more, backward=True)


def rows(log: Log) -> dict[tuple[str, str], dict[str, Any]]:
    found = cells(log.levers, *log.levers.columns)
    each = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    return {(row["layer"], row["change"].split(",")[0]): row for row in each}


def figures(log: Log, change: Change) -> dict[str, int]:
    """Quantity → what is saved."""
    found = cells(log.whatif(change), "quantity", "before", "after")
    return {name: before - after for name, before, after in zip(*found.values(), strict=True)}


def chain() -> Log:
    return read(solver(), net([IMAGES, conv("a", "data"), conv("b", "a", 32), dense("b"), LOSS]))


def test_each_change_saves_what_the_same_question_answers() -> None:
    log = chain()
    asked = {
        ("a", "half of its channels"): Change(prune_channels={"a": 0.5}),
        ("b", "half of its channels"): Change(prune_channels={"b": 0.5}),
        ("b", "rank 8"): Change(low_rank={"b": LowRank(9 * 16 * 32 // (4 * 3 * (16 + 32)))}),
        ("ip", "rank 1"): Change(low_rank={"ip": LowRank(1)}),
    }
    found = rows(log)
    assert {*asked} <= {*found}
    for key, change in asked.items():
        saved = figures(log, change)
        assert found[key]["saves_params"] == saved["params"]
        assert found[key]["saves_macs_per_image"] == saved["macs_per_image"]
        assert found[key]["saves_data_bytes"] == saved["distinct_data"]
        assert found[key]["saves_gpu_bytes"] == saved["footprint, gpu"]


def test_a_change_that_cannot_be_followed_saves_an_unknown_amount_and_says_why() -> None:
    log = read(solver(), net([IMAGES, conv("a", "data"), conv("b", "data"), SUM, dense("sum"), LOSS]))
    alone, last = rows(log)["a", "half of its channels"], rows(log)["ip", "half of its channels"]
    for row, reason in ((alone, "sum adds blobs that would differ in shape"), (last, "are what loss measures")):
        assert {row["saves_params"], row["saves_data_bytes"], row["saves_gpu_bytes"]} == {None}
        assert reason in row["assumptions"][0]
        assert "\n" not in row["assumptions"][0]


@pytest.mark.parametrize("group", [1, 2, 4])
def test_a_quarter_of_the_weights_is_left_in_groups_too(group: int) -> None:
    log = read(solver(), net([IMAGES, conv("a", "data", 64), conv("b", "a", 64, group), dense("b"), LOSS]))
    row = next(row for (layer, change), row in rows(log).items() if layer == "b" and change.startswith("rank"))
    weights = 64 * 64 * 9 // group
    assert row["change"].endswith("a quarter of its weights")
    assert 0.75 * weights <= row["saves_params"] < 0.8 * weights


def test_only_layers_that_hold_most_are_asked() -> None:
    """Of twenty layers of each size those of most parameters, MACs and values: these are the same, the widest."""
    layers, bottom = [IMAGES], "data"
    for place in range(20):
        layers.append(conv(f"c{place}", bottom, 4 + place % 10))
        bottom = f"c{place}"
    log = read(solver(), net([*layers, dense(bottom), LOSS]))
    asked = {layer for layer, _ in rows(log)}
    assert MOST_OF_EACH <= len(asked) <= 3 * MOST_OF_EACH
    assert {"c9", "c19"} <= asked
    assert not {"c0", "c10", "loss", "data"} & asked


@pytest.mark.parametrize("text", [solver(), solver() + net([IMAGES])], ids=["no net", "nothing with weights"])
def test_where_nothing_can_be_changed_there_is_no_row(text: str) -> None:
    assert len(read(text).levers) == 0


def test_what_a_definition_was_inferred_from_is_among_the_assumptions(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet_excerpt.log")
    known = cells(log.layers, "layer", "assumptions")
    inferred = dict(zip(*known.values(), strict=True))
    followed = [row for row in rows(log).values() if row["saves_params"] is not None]
    assert followed
    for row in followed:
        assert inferred[row["layer"]]
        assert row["assumptions"][: len(inferred[row["layer"]])] == inferred[row["layer"]]
