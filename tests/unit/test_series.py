"""The parts of the fast scan: numbers from words, names to numbers, templates to a tree, chunks to columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.reading.fast import scanner
from logparse.reading.fast.digits import KEEP, PADDING, WORD, Text, decimals, eight_digits, integers, last_byte_equal
from logparse.reading.fast.names import LONGEST_NAME, REFUSED, Interner
from logparse.reading.fast.scanner import SeriesScanner
from logparse.reading.fast.templates import TEMPLATES, Fork, Leaf, tree
from logparse.reading.input.blocks import TextBlock
from logparse.reading.messages.patterns.solver_line import Template

if TYPE_CHECKING:
    from logparse.reading.fast.scan import Scan
    from logparse.reading.fast.templates import Node

FILLING: Final = {"d": "7", "f": "0.5", "s": "loss", "k": "Layer conv1, top blob conv1 data"}
HEADER: Final = b"I1124 10:43:20.990321 23669 solver.cpp:239] "


def padded(data: bytes) -> Text:
    return Text(np.frombuffer(data + bytes(PADDING), np.uint8))


def read_decimals(texts: list[str]) -> tuple[list[float], list[int]]:
    """The numbers as `decimals` reads them, each with a comma behind it."""
    data = b"".join(f"{text},".encode() for text in texts)
    ends = np.cumsum([len(text) + 1 for text in texts])
    at = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    text = padded(data)
    value, length = decimals(text, at, *text.load(at, 2))
    return value.tolist(), length.tolist()


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


# --- numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("0.202821", 0.202821),
        ("87.3365", 87.3365),
        ("0.00316159", 0.00316159),
        ("0.000316159", 0.000316159),
        ("1e-05", 1e-05),
        ("6.51516e-05", 6.51516e-05),
        ("1.5e+30", 1.5e30),
        ("-0.5", -0.5),
        ("-1.96972e+29", -1.96972e29),
        ("3.78471e+37", 3.78471e37),
        ("-1.54143e-44", -1.54143e-44),
        ("123456789012345", 123456789012345.0),
        ("0.1234567890123456789", 0.1234567890123456789),
        ("9007199254740993", 9007199254740992.0),
        ("nan", math.nan),
        ("-nan", math.nan),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("1.#QNAN", math.nan),
        ("-1.#IND", math.nan),
        ("1.#INF", math.inf),
        ("-1.#INF", -math.inf),
    ],
)
def test_a_decimal_is_what_float_makes_of_it(text: str, value: float) -> None:
    values, lengths = read_decimals([text])
    assert same(values[0], value)
    assert lengths == [len(text)]


@pytest.mark.parametrize(
    "text", ["", "x", ".5", "1.", "1.2.3", "1e", "1e-", "--1", "nanx", "nan(0x8)", "infinity", "+5x"]
)
def test_what_is_no_number_has_no_length_that_reaches_its_end(text: str) -> None:
    _, lengths = read_decimals([text])
    assert lengths[0] == 0 or lengths[0] < len(text)


@given(
    st.lists(
        st.floats(allow_nan=False).flatmap(
            lambda x: st.sampled_from([f"{x:.6g}", f"{x:.4f}" if abs(x) < 1e30 else f"{x:.17g}", repr(x)])
        ),
        max_size=50,
    )
)
def test_every_printed_float_is_read_back(texts: list[str]) -> None:
    values, lengths = read_decimals([*texts, "0"])
    assert all(map(same, values, [*map(float, texts), 0.0]))
    assert lengths == [*map(len, texts), 1]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=50), st.integers(0, 15))
def test_every_fixed_point_number_is_read_back(numbers: list[int], places: int) -> None:
    texts = [f"{number:0{places + 1}d}" for number in numbers]
    texts = [f"{text[: len(text) - places]}.{text[len(text) - places :]}" if places else text for text in texts]
    values, lengths = read_decimals(texts)
    assert values == [float(text) for text in texts]
    assert lengths == [len(text) for text in texts]


@given(st.lists(st.integers(0, 10**15 - 1) | st.integers(0, 10**9), min_size=1))
def test_whole_numbers_of_up_to_fifteen_digits(numbers: list[int]) -> None:
    texts = [f"{number} iter/s" for number in numbers]
    text = padded("".join(texts).encode())
    at = np.cumsum([0, *map(len, texts)])[:-1].astype(np.int64)
    value, length = integers(text, at, text.word(at))
    assert value.tolist() == numbers
    assert length.tolist() == [len(str(number)) for number in numbers]


def test_a_longer_whole_number_is_left_to_the_line_reader() -> None:
    text = padded(b"1234567890123456,")
    _, length = integers(text, np.array([0]), text.word(np.array([0])))
    assert length.tolist() == [0]


def test_an_e_that_begins_a_word_is_no_exponent() -> None:
    text = padded(b"10.7ep, loss")
    value, length = decimals(text, np.array([0]), *text.load(np.array([0]), 2))
    assert (value.tolist(), length.tolist()) == ([10.7], [4])


def test_shifting_a_word_by_64_bits_or_more_gives_0() -> None:
    words = np.full(9, 2**64 - 1, np.uint64)
    for shift in (64, 65, 2**64 - 8):
        assert not (words << np.uint64(shift)).any()
        assert not (words >> np.full(9, shift, np.uint64)).any()


@given(st.binary(min_size=WORD, max_size=WORD), st.integers(0, 255))
def test_the_last_place_of_a_byte(word: bytes, byte: int) -> None:
    place = last_byte_equal(np.array([int.from_bytes(word, "little")], np.uint64), byte)
    assert place.tolist() == [word.rfind(bytes([byte]))]


@given(st.integers(0, 99_999_999))
def test_eight_digits(number: int) -> None:
    word = int.from_bytes(f"{number:08d}".encode(), "little")
    assert eight_digits(np.array([word], np.uint64)).tolist() == [number]


def test_keep_keeps_the_first_bytes() -> None:
    assert [int(mask).to_bytes(8, "little").count(0xFF) for mask in KEEP] == list(range(9))


# --- names --------------------------------------------------------------------------------------------------

NAMES: Final = st.lists(
    st.binary(min_size=1, max_size=LONGEST_NAME).filter(lambda name: b"\0" not in name), min_size=1, max_size=60
)


@given(NAMES, st.lists(st.integers(0, 59), max_size=100))
def test_a_name_keeps_its_number(names: list[bytes], order: list[int]) -> None:
    interner = Interner(lambda _name: True)
    said = [names[place % len(names)] for place in order] + names
    for part in (said[: len(said) // 2], said[len(said) // 2 :]):
        at = np.cumsum([0, *map(len, part)])[:-1].astype(np.int64)
        ids = interner.ids(padded(b"".join(part)), at, np.array([len(name) for name in part], np.int64))
        assert [interner.names[number] for number in ids] == part
    assert len(set(interner.names)) == len(interner.names)


def test_a_refused_name_stays_refused_and_a_long_one_is() -> None:
    interner = Interner(lambda name: name != b"bad")
    text = padded(b"badgood" + b"x" * 200)
    at, length = np.array([0, 3, 7]), np.array([3, 4, 200])
    for _ in range(2):
        assert interner.ids(text, at, length).tolist() == [REFUSED, 0, REFUSED]


# --- templates ----------------------------------------------------------------------------------------------


def leaves(node: Node) -> list[Leaf]:
    return [node] if isinstance(node, Leaf) else [leaf for option in node.options for leaf in leaves(option.then)]


def test_every_template_is_a_leaf_of_the_tree() -> None:
    found = sorted((leaf.pattern, leaf.template) for leaf in leaves(tree(TEMPLATES)))
    assert found == sorted((pattern, template) for pattern, some in TEMPLATES.items() for template in some)


def test_no_two_options_of_a_fork_begin_alike() -> None:
    def check(node: Node) -> None:
        if isinstance(node, Fork):
            firsts = [option.literal[:1] for option in node.options]
            assert len(set(firsts)) == len(firsts)
            assert b"" not in firsts[:-1]
            for option in node.options:
                check(option.then)

    check(tree(TEMPLATES))


def test_fields_of_two_kinds_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="two kinds"):
        tree({"x": (Template("a {b:d}"), Template("a {b:f}"))})


# --- chunks -------------------------------------------------------------------------------------------------


def scan(*messages: bytes, chunk_bytes: int | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> Scan:
    if monkeypatch is not None and chunk_bytes is not None:
        monkeypatch.setattr(scanner, "CHUNK_BYTES", chunk_bytes)
    return SeriesScanner().scan(TextBlock(b"".join(HEADER + message + b"\n" for message in messages), 1))


def test_a_display_and_its_lines_become_columns() -> None:
    found = scan(
        b"Iteration 100 (7.40631 iter/s, 13.502s/100 iters), loss = 0.202821",
        b"    Train net output #0: loss = 0.25 (* 1 = 0.25 loss)",
        b"Iteration 100, lr = 0.01",
    )
    display, output, rate = found.columns["display"], found.columns["train_output"], found.columns["lr"]
    assert {name: column.tolist() for name, column in display.items() if name != "epoch"} == {
        "line": [1],
        "iteration": [100],
        "loss": [0.202821],
        "iterations_per_second": [7.40631],
        "seconds": [13.502],
        "interval": [100.0],
        "month_day": [1124],
        "seconds_of_day": [38600.990321],
    }
    assert math.isnan(display["epoch"][0])
    assert [found.names[number] for number in output["name"]] == ["loss"]
    assert [output[name].tolist() for name in ("line", "index", "value", "loss_weight", "weighted_loss")] == [
        [2],
        [0],
        [0.25],
        [1.0],
        [0.25],
    ]
    assert rate["lr"].tolist() == [0.01]
    assert len(found.residue[0]) == 0


def test_debug_lines_name_layer_part_and_blob() -> None:
    found = scan(
        b"    [Forward] Layer conv1, top blob c data: 0.5", b"    [Backward] Layer x, param blob 0 diff: 1e-05"
    )
    debug = found.columns["debug"]
    places = [[found.names[number] for number in debug[name]] for name in ("layer", "part", "blob")]
    assert places == [["conv1", "x"], ["top", "param"], ["c", "0"]]
    assert debug["stage"].tolist() == [0, 1]
    assert debug["value"].tolist() == [0.5, 1e-05]


def test_columns_that_nobody_printed_take_no_memory() -> None:
    column = scan(*[b"Iteration 1, lr = 0.1"] * 1000).columns["lr"]["momentum"]
    assert column.strides == (0,)
    assert np.isnan(column).all()


@pytest.mark.parametrize(
    "message",
    [
        b"Iteration 100, loss = 0.5 ",
        b"Iteration 100, loss = 0.5x",
        b"Iteration 100, loss = ",
        b"Iteration , loss = 0.5",
        b"Iteration 10000000000000000, loss = 0.5",
        b"    Train net output #0:  = 0.5",
        b"    Train net output #0: a = b = 0.5",
        b"    Train net output #0: \xe5\x90\x8d = 0.5",
        b"    Train net output #0: loss = 0.5 (* 1 = 0.5 loss",
        b"MultiStep Status: Iteration 60, step = 1",
        b"Iteration: 1 forward-backward time: 1275 ms.",
        b"",
    ],
)
def test_what_fits_no_template_exactly_is_left_to_the_line_reader(message: bytes) -> None:
    found = scan(message)
    assert list(found.residue_lines(HEADER + message + b"\n")) == [(1, HEADER + message)]
    assert not found.columns


@pytest.mark.parametrize(
    "header",
    [
        b"W1124 10:43:20.990321 23669 solver.cpp:239] ",
        b"I1324 10:43:20.990321 23669 solver.cpp:239] ",
        b"I0230 10:43:20.990321 23669 solver.cpp:239] ",
        b"I1124 24:43:20.990321 23669 solver.cpp:239] ",
        b"I1124 10:43:20.990321 solver.cpp:239] ",
        b"I1124 10:43:20 23669 solver.cpp:239] ",
        b"I1124 10:43:20.990321 23669 solver.cpp] ",
        b"I1124 10:43:20.990321 23669 solver.cpp:239]",
        b"I31121124 10:43:20.990321 23669 solver.cpp:239] ",
        b"[0] I1124 10:43:20.990321 23669 solver.cpp:239] ",
        b"Iteration 1] ",
        b"",
    ],
)
def test_a_header_that_is_not_quite_one_is_left_to_the_line_reader(header: bytes) -> None:
    found = SeriesScanner().scan(TextBlock(header + b"Iteration 5, loss = 1\n", 7))
    assert found.residue[0].tolist() == [7]
    assert not found.columns


def test_a_header_with_its_year_gives_the_same_row() -> None:
    line = b"I20261124 10:43:20.990321 23669 solver.cpp:239] Iteration 5, loss = 1\n"
    display = SeriesScanner().scan(TextBlock(line, 1)).columns["display"]
    assert (display["month_day"].tolist(), display["seconds_of_day"].tolist()) == ([1124], [38600.990321])


def test_residue_keeps_places_and_numbers_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "CHUNK_BYTES", 200)
    data = b"".join(
        HEADER + (b"Iteration %d, loss = 1\n" % i if i % 3 else b"Snapshotting %d\n" % i) for i in range(50)
    )
    found = SeriesScanner().scan(TextBlock(data, 11))
    lines = data.split(b"\n")
    assert list(found.residue_lines(data)) == [(11 + i, lines[i]) for i in range(0, 50, 3)]
    assert found.columns["display"]["line"].tolist() == [11 + i for i in range(50) if i % 3]
    assert found.counts["display"] == (33, 12, "Iteration 1, loss = 1")


def test_a_last_line_without_its_end_is_read() -> None:
    found = SeriesScanner().scan(TextBlock(HEADER + b"Iteration 5, loss = 1\n" + HEADER + b"Iteration 6, lo", 1))
    assert found.lines == 2
    assert found.residue[0].tolist() == [2]


def test_a_glance_reads_no_number_and_leaves_the_rest() -> None:
    data = HEADER + b"Creating Layer conv1\n" + b"layer {\n" + (HEADER + b"Iteration 5, loss = 1\n") * 40
    found = SeriesScanner().glance(TextBlock(data, 1))
    assert not found.columns
    assert found.residue[0].tolist() == [1, 2]
    assert found.counts == {scanner.SOLVER_LINE: (40, 1, "")}
