"""Numbers of any size: what 64 bits do not hold is NA, a note names its line, and nothing else is lost by it."""

from __future__ import annotations

import re
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pandas as pd
import pytest

from logparse import parse_log
from logparse.reading.messages.patterns import PATTERNS
from logparse.report.page import render
from logparse.tables.series import outputs
from logparse.textproto import LARGEST_WHOLE, parse
from tests.writing import Layer, cells, data, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log

TOO_LARGE: Final = (str(2**63), str(2**64), "9" * 30, "1" + "0" * 400, "1" + "0" * 5000)
EDGES: Final = ("0", "1", str(2**31), str(2**53 + 1), str(2**62), str(LARGEST_WHOLE))
SOLVER: Final = "solver.cpp"
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?![\w.])")


def log_of(*messages: str, file: str = SOLVER) -> Log:
    return parse_log("".join(line(message, file) for message in messages).encode())


def built(log: Log) -> dict[str, pd.DataFrame]:
    return {name: log.table(name) for name in log.table_names}


def noted_lines(log: Log) -> list[int | None]:
    return [note.line for note in log.notes if "64 bits" in note.what]


# --- every line that is read --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*TOO_LARGE, *EDGES, "-1", "1e308", "5e-324"])
def test_no_number_in_any_line_that_is_read_ends_a_table_or_a_report(number: str) -> None:
    changed = [_NUMBER.sub(number, sample) for pattern in PATTERNS for sample in pattern.samples]
    log = parse_log("".join(line(message, "net.cpp") + line(message, SOLVER) for message in changed).encode())
    built(log)
    assert len(render([log])) > 1000


# --- solver lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", TOO_LARGE)
def test_an_iteration_that_is_too_large_is_na_and_its_loss_is_there(number: str) -> None:
    log = log_of("Iteration 0, loss = 3", f"Iteration {number}, loss = 2", "Iteration 40, loss = 1")
    assert log.train["iteration"].tolist() == [0, pd.NA, 40]
    assert log.train["loss"].tolist() == [3, 2, 1]
    assert noted_lines(log) == [2]
    assert log.attempts["last_iteration"].tolist() == [40]
    assert log.throughput["iterations"].tolist() == [40]
    built(log)


@pytest.mark.parametrize("number", EDGES)
def test_an_iteration_that_64_bits_hold_is_as_printed(number: str) -> None:
    log = log_of(f"Iteration {number}, loss = 2")
    assert log.train["iteration"].tolist() == [int(number)]
    assert noted_lines(log) == []


def test_a_rate_and_a_batch_of_a_number_too_large_keep_their_rows() -> None:
    log = log_of(f"Iteration {2**63}, lr = 0.5", "Iteration 20, lr = 0.1", f"Batch {2**64}, accuracy = 0.25")
    assert log.lr[["iteration", "lr"]].to_numpy(dtype=object).tolist() == [[pd.NA, 0.5], [20, 0.1]]
    assert log.test_batches[["batch", "value"]].to_numpy(dtype=object).tolist() == [[pd.NA, 0.25]]
    assert noted_lines(log) == [1, 3]


def test_an_index_that_is_too_large_takes_no_other_output_from_its_iteration() -> None:
    printed = [f"    Train net output #{index}: blob = {value}" for value, index in enumerate((0, 2**63, 2, 3))]
    log = log_of("Iteration 20, loss = 3", *printed)
    assert log.train_outputs["iteration"].tolist() == [20] * 4
    assert log.train_outputs["index"].tolist() == [0, pd.NA, 2, 3]
    assert log.train_outputs["element"].tolist() == [0, pd.NA, 2, 3]
    assert log.train[["#? blob", "#0 blob", "#2 blob", "#3 blob"]].to_numpy(dtype=object).tolist() == [[1, 0, 2, 3]]


@pytest.mark.parametrize("number", [10**8, 2**40, 2**62, LARGEST_WHOLE])
def test_nothing_is_allocated_by_a_number_in_the_log(number: int) -> None:
    test = [f"Iteration 0, Testing net (#{number})", f"    Test net output #{number}: accuracy = 0.5"]
    log = log_of("Iteration 0, loss = 3", f"    Train net output #{number}: loss = 3", *test)
    built(log_of("Iteration 0, loss = 3"))  # modules are loaded
    tracemalloc.start()
    built(log)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 << 20
    assert log.test[["test_net", "index", "element"]].to_numpy(dtype=object).tolist() == [[number, number, 0]]
    assert f"#{number} loss" in log.train


def test_two_numbers_that_are_alike_but_for_an_overflow_are_two_outputs() -> None:
    names = ("a", "b")
    printed = [f"    Train net output #{index}: {name} = 1" for index in (0, 2**62, 2**63 - 1) for name in names]
    log = log_of("Iteration 0, loss = 3", *printed)
    assert [name for name in map(str, log.train) if name.startswith("#")] == [
        f"#{index} {name}" for index in (0, 2**62, 2**63 - 1) for name in names
    ]


# --- set-up lines -------------------------------------------------------------------------------------------

CHAIN: Final = (
    data("2 3 4 4 (96)"),
    Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 5 (10)",), "inner_product_param { num_output: 5 }"),
)


def with_shape(shape: str) -> Log:
    """The chain, its second shape another."""
    return parse_log(net(CHAIN).replace("2 5 (10)", shape).encode())


@pytest.mark.parametrize(
    "shape",
    [
        *(f"2 {number} (10)" for number in (*TOO_LARGE, "-1")),
        *(f"2 5 ({number})" for number in (*TOO_LARGE, "-1")),
        f"{2**32} {2**32} (10)",
        " ".join(["65536"] * 4) + " (10)",
    ],
)
def test_a_shape_that_no_blob_has_is_na_and_the_other_layers_keep_theirs(shape: str) -> None:
    log = with_shape(shape)
    found = dict(zip(log.blobs["blob"], log.blobs["shape"], strict=True))
    assert found == {"data": [2, 3, 4, 4], "ip": None}
    lines = log.facts.source.lines
    noted = noted_lines(log) or [note.line for note in log.notes if "no blob has" in note.what]
    assert len(noted) == 1
    assert noted[0] is not None
    assert 0 < noted[0] <= lines
    built(log)
    render([log])


@pytest.mark.parametrize("size", [2**62, LARGEST_WHOLE])
def test_what_follows_from_a_huge_blob_is_na_where_it_is_larger_still(size: int) -> None:
    log = with_shape(f"1 {size} ({size})")
    layers = log.layers.set_index("layer")
    assert layers.loc["data", "distinct_bytes"] == 96 * 4
    assert layers["distinct_bytes"].isna().tolist() == [False, True]
    built(log)
    render([log])


def test_a_dimension_of_nothing_is_a_blob_of_nothing() -> None:
    log = with_shape("0 5 (0)")
    assert log.blobs["shape"].tolist() == [[2, 3, 4, 4], [0, 5]]
    assert noted_lines(log) == []
    built(log)


@pytest.mark.parametrize("number", TOO_LARGE)
def test_running_memory_that_is_too_large_is_not_known(number: str) -> None:
    text = net(CHAIN)
    sizes = re.findall(r"required for data: (\d+)", text)
    log = parse_log(text.replace(f"required for data: {sizes[0]}\n", f"required for data: {number}\n").encode())
    assert log.layers["logged_bytes"].isna().tolist()[0]
    assert len(noted_lines(log)) == 1
    built(log)


@pytest.mark.parametrize("number", TOO_LARGE)
def test_a_setting_that_is_too_large_is_no_default_but_leaves_its_layer_undefined(number: str) -> None:
    text = net(CHAIN).replace("num_output: 5", f"num_output: {number}")
    log = parse_log(text.encode())
    row = text.split("\n").index(next(one for one in text.split("\n") if number in one)) + 1
    assert noted_lines(log) == [row]
    layers = log.layers.set_index("layer")
    assert log.derived.nets[1][0].net.layers[1].definition is None
    assert layers.loc["data", "type"] == "Input"
    built(log)


def test_only_the_first_of_many_such_lines_are_noted() -> None:
    log = log_of(*(f"Iteration {2**63 + place}, loss = 2" for place in range(50)))
    notes = [note for note in log.notes if "64 bits" in note.what]
    assert [note.line for note in notes] == [*range(1, 21), None]
    assert "30 more lines" in notes[-1].what


# --- text format --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [str(2**63), str(-(2**64)), "0x8000000000000000", "9" * 30, "9" * 500])
def test_a_message_with_a_number_that_protobuf_cannot_hold_is_not_complete(word: str) -> None:
    found = parse(f"a {{ b {{ c: {word} }} }} d {{ c: 5 }}\ne {{\n  c: {word}\n}}\n")
    one, other, third = (found.root.children(name)[0] for name in "ade")
    assert [one.complete, one.child("b").complete, other.complete, third.complete] == [False, False, True, False]
    assert one.child("b").integers("c") == ()
    assert [where for where, _ in found.errors] == [1, 3]


@pytest.mark.parametrize(
    "word", [str(LARGEST_WHOLE), str(-LARGEST_WHOLE), "0x7fffffffffffffff", "1e400", "9" * 30 + "."]
)
def test_other_numbers_are_held(word: str) -> None:
    assert parse(f"a {{ b: {word} }}").errors == ()


# --- decimals -----------------------------------------------------------------------------------------------

EXTREMES: Final = (
    "5e-324",
    "-5e-324",
    "2.2250738585072014e-308",
    "1e308",
    "-1e308",
    "1.7976931348623157e+308",
    "0",
    "-0.0",
)


@pytest.mark.parametrize(("first", "second"), [*pairwise(EXTREMES), (EXTREMES[0], EXTREMES[3]), ("1e308", "1e308")])
def test_losses_at_the_ends_of_what_a_double_holds_are_drawn_and_told(first: str, second: str) -> None:
    values = [first, second, "1", second, first] * 8
    lines = [
        text
        for place, value in enumerate(values)
        for text in (
            f"Iteration {place * 20}, Testing net (#0)",
            f"    Test net output #0: loss = {value} (* {first} = {value} loss)",
            f"Iteration {place * 20}, loss = {value}",
            f"    Train net output #0: loss = {value} (* {second} = {value} loss)",
            f"Iteration {place * 20}, lr = {value}",
        )
    ]
    log = log_of(*lines)
    assert log.train["loss"].tolist() == [float(value) for value in values]
    built(log)
    page = render([log])
    assert "<svg" in page
    assert not re.search(r' d="[^"]*(?:nan|inf|e\+)', page)


# --- many names ---------------------------------------------------------------------------------------------


def test_a_wide_table_keeps_the_outputs_with_the_most_lines_where_nearly_all_its_cells_would_be_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "MOST_CELLS", 100)
    monkeypatch.setattr(outputs, "SPARSE", 0)
    displays = [
        [f"Iteration {place}, loss = 1", "    Train net output #0: loss = 1", f"    Train net output #1: n{place} = 2"]
        for place in range(20)
    ]
    log = log_of(*(message for lines in displays for message in lines))
    columns = [name for name in map(str, log.train) if name.startswith("#")]
    assert columns == ["#0 loss", "#1 n0", "#1 n1", "#1 n2", "#1 n3"]
    assert log.train["#0 loss"].tolist() == [1] * 20
    assert len(log.train_outputs) == 40
    assert log.train_outputs["output"].nunique() == 21


def test_a_log_whose_displays_print_all_outputs_has_a_column_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST_CELLS", 0)
    display = [f"    Train net output #{index}: name{index} = 1" for index in range(30)]
    log = log_of(*(message for place in range(5) for message in (f"Iteration {place}, loss = 1", *display)))
    assert sum(str(name).startswith("#") for name in log.train) == 30


# -- numbers of a definition that say how often something is ---------------------------------------------

HUGE: Final = (2**20, 10**9, 2**31 - 1)


@pytest.mark.parametrize("number", HUGE)
def test_a_pyramid_of_damaged_height_costs_an_unknown_amount(number: int) -> None:
    spp = Layer("spp", "SPP", ("data",), ("spp",), ("2 3 (6)",), f"spp_param {{ pyramid_height: {number} }}")
    row = read(net([data(), spp])).layers.iloc[-1]
    assert row["top_count"] == [6]
    assert pd.isna(row["other_ops_per_image"])
    assert f"a pyramid of {number} levels" in row["buffer_reason"]


@pytest.mark.parametrize("number", HUGE)
def test_batches_of_a_damaged_prefetch_are_not_made_one_by_one(number: int) -> None:
    images = Layer("in", "Data", (), ("data",), ("2 3 4 4 (96)",), f"data_param {{ batch_size: 2 prefetch: {number} }}")
    log = read(net([images]))
    rows = cells(log.memory, "device", "kind", "basis")
    told = [basis for _, kind, basis in zip(*rows.values(), strict=True) if kind == "prefetch"]
    assert len(told) == 2
    assert all("batches are no prefetch" in basis for basis in told)
    assert len(log.timeline) < 100
