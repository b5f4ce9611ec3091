"""The questions that anybody would ask first: which scenarios a run has, and what their rows say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from tests.writing import Layer, cells, line, net, read, solver

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

SGD: Final = solver('type: "SGD"\n')
TEST: Final = line("Creating test net (#0) specified by net file: a", "solver.cpp")


def images(batch: int) -> Layer:
    count = 64 * batch
    more = f"input_param {{ shape {{ dim: {batch} dim: 1 dim: 8 dim: 8 }} }}"
    return Layer("data", "Input", (), ("data",), (f"{batch} 1 8 8 ({count})",), more, backward=False)


def dense(name: str, outputs: int, batch: int = 4) -> Layer:
    """`outputs` sums over the 64 values of an image."""
    more = f"inner_product_param {{ num_output: {outputs} bias_term: false }}"
    shape = f"{batch} {outputs} ({batch * outputs})"
    return Layer(name, "InnerProduct", ("data",), (name,), (shape,), more, backward=True)


def conv(name: str, outputs: int, batch: int = 4) -> Layer:
    more = f"convolution_param {{ num_output: {outputs} kernel_size: 1 bias_term: false }}"
    shape = f"{batch} {outputs} 8 8 ({64 * outputs * batch})"
    return Layer(name, "Convolution", ("data",), (name,), (shape,), more, backward=True)


BOTH: Final = (dense("small", 16), dense("large", 64), conv("few", 2), conv("many", 4))


def scenarios(log: Log) -> list[str]:
    return list(dict.fromkeys(cells(log.table("whatif"))["scenario"]))


PRECISIONS: Final = ["weights fp16", "weights int8", "weights binary", "activations fp16"]
PRUNED: Final = "9 in 10 fully connected weights are zero"
PACKED: Final = "the same, 5 bits a weight"
FITS: Final = [f"fits {size} GiB on the gpu" for size in (4, 8, 11, 24, 80)]


def test_the_scenarios_of_a_training_with_convolutions_and_fully_connected_layers() -> None:
    """The largest matrix is split, 64 × 64 at rank 64·64 / 4(64 + 64) = 8; the busiest convolution is cut."""
    assert scenarios(read(SGD, net([images(4), *BOTH]))) == [
        "as it is",
        "batch 8",
        "batch 2",
        "solver Adam",
        *PRECISIONS,
        PRUNED,
        PACKED,
        "large at rank 8",
        "half of the channels of many",
        *FITS,
    ]


def test_a_test_net_may_be_left_out() -> None:
    text = net([images(4), conv("few", 2)])
    log = read(SGD, text, TEST, net([images(1), conv("few", 2, 1)], phase="TEST"))

    assert scenarios(log)[:5] == ["as it is", "batch 8", "batch 2", "no test net", "solver Adam"]


def test_a_batch_of_one_has_no_half() -> None:
    log = read(SGD, net([images(1), conv("few", 2, 1)]))

    assert scenarios(log)[:3] == ["as it is", "batch 2", "solver Adam"]


def test_the_solver_that_trains_is_no_other_one() -> None:
    log = read(solver('type: "Adam"\n'), net([images(4), conv("few", 2)]))

    assert [one for one in scenarios(log) if one.startswith("solver")] == ["solver SGD"]
    log = read(solver('type: "Nesterov"\n'), net([images(4), conv("few", 2)]))
    assert [one for one in scenarios(log) if one.startswith("solver")] == ["solver SGD", "solver Adam"]


def test_what_does_not_train_has_no_solver() -> None:
    log = read(net([images(4), conv("few", 2)]), line("*** Benchmark begins ***", "caffe.cpp"))

    assert not [one for one in scenarios(log) if one.startswith("solver")]


def test_without_fully_connected_layers_or_convolutions_nothing_is_pruned() -> None:
    assert not {PRUNED, "large at rank 8"} & {*scenarios(read(SGD, net([images(4), conv("few", 2)])))}
    assert not [one for one in scenarios(read(SGD, net([images(4), dense("a", 16)]))) if "half of" in one]


def test_a_matrix_too_small_to_split_is_left_whole() -> None:
    """4 outputs of 64: 256 / 4·68 is below one; 5 outputs: 320 / 4·69 is one."""
    assert not [one for one in scenarios(read(SGD, net([images(4), dense("a", 4)]))) if "rank" in one]
    assert "a at rank 1" in scenarios(read(SGD, net([images(4), dense("a", 5)])))


def test_without_a_batch_no_other_one_is_asked_for() -> None:
    text = line("Creating Layer a") + line("a <- x") + line("a -> y") + line("Top shape: 2 3 (6)")

    assert scenarios(read(SGD, text)) == ["as it is", "solver Adam", *PRECISIONS]


def test_an_attempt_without_a_net_has_no_scenario() -> None:
    assert read(SGD).table("whatif").empty
    assert read(SGD, line("Initializing net from parameters: "), 'name: "N"\n').table("whatif").empty


def test_scenarios_are_of_each_attempt() -> None:
    one = SGD + net([images(1), conv("few", 2, 1)])
    rows = cells(read(one, one).table("whatif"), "attempt", "scenario")

    assert rows["scenario"][: len(rows["scenario"]) // 2] == rows["scenario"][len(rows["scenario"]) // 2 :]
    assert [*dict.fromkeys(rows["attempt"])] == [1, 2]


def after(log: Log, scenario: str) -> dict[str, tuple[int | None, int | None]]:
    """Figure → before and after."""
    rows = cells(log.table("whatif"))
    return {
        quantity: (before, then)
        for name, quantity, before, then in zip(
            rows["scenario"], rows["quantity"], rows["before"], rows["after"], strict=True
        )
        if name == scenario
    }


def test_a_row_has_the_figure_before_and_after() -> None:
    log = read(SGD, net([images(4), *BOTH]))

    assert after(log, "batch 8")["macs"] == (4 * 5504, 8 * 5504)
    assert after(log, "batch 2")["macs"] == (4 * 5504, 2 * 5504)
    assert after(log, "large at rank 8")["params"] == (64 * 80 + 6, 64 * 16 + 6 + 8 * 128)
    assert after(log, "half of the channels of many")["params"] == (5126, 5124)
    assert after(log, PRUNED)["params"] == (
        5126,
        103 + 410 + 6,
    )  # of 1,024 and 4,096 whole weights
    assert after(log, "weights int8")["param_bytes"] == (4 * 5126, 5126)
    assert after(log, "activations fp16")["distinct_data"] == (8448, 4224)
    rows = cells(log.table("whatif"))
    assert [*dict.fromkeys(rows["unit"])] == ["values", "MAC", "bytes", "images"]
    assert rows["assumptions"][0] == []
    assert rows["assumptions"][8] == ["first net: batch 4 → 8, image size unchanged"]


def test_a_test_net_left_out_leaves_its_figures_out() -> None:
    text = net([images(4), conv("few", 2)])
    log = read(SGD, text, TEST, net([images(1), conv("few", 2, 1)], phase="TEST"))

    assert "distinct_data, test net 0" in after(log, "as it is")
    assert "distinct_data, test net 0" not in after(log, "no test net")


def test_the_largest_batch_stands_beside_the_logs() -> None:
    rows = cells(read(SGD, net([images(4), *BOTH])).table("whatif"))
    fits = [place for place, name in enumerate(rows["scenario"]) if name.startswith("fits")]

    assert [rows["quantity"][place] for place in fits] == ["batch"] * 5
    assert [rows["unit"][place] for place in fits] == ["images"] * 5
    assert [rows["before"][place] for place in fits] == [4] * 5
    batches = [rows["after"][place] for place in fits]
    assert batches == sorted(batches)
    assert batches[-1] == 2**30 // (4 * 64)  # a blob of the card's has at most 2^30 values: `many` has 256 an image
    assert rows["assumptions"][fits[-1]][0] == "the blob many would have 1,073,742,080 elements, Caffe's limit is 2^30"


@pytest.mark.parametrize("name", ["alexnet", "siamese", "lenet"])
def test_what_a_budget_holds_whatever_the_batch_is_not_below_nothing(name: str, sample_logs: Path) -> None:
    rows = cells(parse_log(sample_logs / f"{name}.log").table("whatif"))
    told = [words[1] for words in rows["assumptions"] if len(words) > 1 and "whatever the batch" in words[1]]
    fixed = [re.match(r"(-?[\d,]+) bytes whatever the batch, [\d,]+ per image", words) for words in told]

    assert len(fixed) == 5
    assert len({found and found[1] for found in fixed}) == 1  # no budget changes it
    assert all(found is not None and not found[1].startswith("-") for found in fixed)


SUM: Final = re.compile(
    r"(?P<still>[\d,]+) bytes whatever the batch, (?P<each>[\d,]+) per image(?:, (?P<pages>[\d,]+) for pages that are"
    r" not full)?(?:, (?P<uneven>−?[\d,]+) for what grows unevenly)?(?:, (?P<build>[\d,]+) more for a cuDNN build)?"
    r": (?P<all>[\d,]+) for (?P<images>[\d,]+) images?"
)


@pytest.mark.parametrize("name", ["alexnet", "siamese", "lenet", "lstm", "resnet18"])
def test_what_a_batch_takes_is_told_in_terms_that_add_up(name: str, sample_logs: Path) -> None:
    rows = cells(parse_log(sample_logs / f"{name}.log").table("whatif"))
    fitted = [place for place, scenario in enumerate(rows["scenario"]) if scenario.startswith("fits ")]

    assert len(fitted) == 5
    for place in fitted:
        told = SUM.fullmatch(rows["assumptions"][place][1])
        assert told is not None
        figures = {
            what: int((text or "0").replace(",", "").replace("−", "-")) for what, text in told.groupdict().items()
        }
        assert figures["images"] == max(rows["after"][place], 1)  # where none fits, what one takes
        grown = figures["still"] + figures["each"] * figures["images"]
        assert figures["all"] == grown + figures["pages"] + figures["uneven"] + figures["build"]
