"""The rounding rule, form by form."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logparse import formats

NAN = float("nan")
INF = float("inf")

EXPECTED: dict[str, list[tuple[Any, str]]] = {
    "count": [
        (0, "0"),
        (999, "999"),
        (60_965_224, "60,965,224"),
        (-5_000, "−5,000"),
        (np.int64(2**62 + 1), "4,611,686,018,427,387,905"),
        (2.5, "3"),
    ],
    "short": [
        (0, "0"),
        (999, "999"),
        (1_000, "1.00 k"),
        (1_234, "1.23 k"),
        (12_350, "12.4 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (18_412_345, "18.4 M"),
        (1_448_813_632, "1.45 G"),
        (10**18, "1.00 E"),
        (10**22, "10,000 E"),
        (0.5, "0.500"),
        (999.96, "1.00 k"),
        (-1_234_567, "−1.23 M"),
    ],
    "bytes": [(0, "0 B"), (243_860_896, "243,860,896 B")],
    "size": [
        (0, "0 B"),
        (4, "4 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (1_024, "1.02 kB"),
        (1_048_576, "1.05 MB"),
        (243_860_896, "244 MB"),
        (10**12, "1.00 TB"),
    ],
    "percent": [
        (0, "0 %"),
        (0.0, "0 %"),
        (1, "100 %"),
        (0.123, "12.3 %"),
        (0.5, "50.0 %"),
        (0.0004, "<0.1 %"),
        (0.00049999, "<0.1 %"),
        (0.0005001, "0.1 %"),
        (0.9994, "99.9 %"),
        (0.9996, ">99.9 %"),
        (1 - 1e-12, ">99.9 %"),
        (1 + 1e-12, ">100 %"),
        (2.5, "250.0 %"),
        (-0.3, "−30.0 %"),
        (-0.0001, ">−0.1 %"),
        (-0.9999, "<−99.9 %"),
        (-1, "−100 %"),
    ],
    "significant": [
        (0.72, "0.72"),
        (0.00125, "0.00125"),
        (576, "576"),
        (576.0, "576"),
        (8_190.4, "8,190"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333"),
        (-1 / 3, "−0.333"),
    ],
    "precise": [
        (2.302585, "2.30259"),
        (0.01, "0.01"),
        (1e-05, "1e−05"),
        (-1.5, "−1.5"),
        (87.3365, "87.3365"),
    ],
    "ms": [
        (0, "0 ms"),
        (1.234, "1.23 ms"),
        (0.0456, "45.6 µs"),
        (999.4, "999 ms"),
        (999.6, "1.00 s"),
        (2_500, "2.50 s"),
        (1e-7, "0.100 ns"),
    ],
    "duration": [
        (0.5, "500 ms"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (65, "1 min 05 s"),
        (3_599.4, "59 min 59 s"),
        (3_599.5, "1 h 00 min"),
        (7_380, "2 h 03 min"),
        (86_399, "1 d 00 h"),
        (100_800, "1 d 04 h"),
        (-70, "−1 min 10 s"),
    ],
    "shape": [((64, 20, 24, 24), "64 × 20 × 24 × 24"), ((500,), "500"), ((), "scalar"), (np.array([2, 3]), "2 × 3")],
    "flag": [(True, "yes"), (np.False_, "no")],
    "text": [("conv1", "conv1"), (["a", "b"], "a, b"), (("a", None), "a, –"), ("", ""), ([], "")],
    "shapes": [([(64, 1), (), None], "64 × 1, scalar, –")],
    "counts": [([1_000, 2], "1,000, 2")],
    "flags": [((True, False, None), "yes, no, –")],
}
CASES = [(form, value, text) for form, pairs in EXPECTED.items() for value, text in pairs]
NUMERIC = ["count", "short", "bytes", "size", "percent", "significant", "precise", "ms", "duration"]
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)


@pytest.mark.parametrize(("form", "value", "text"), CASES)
def test_a_value_reads(form: str, value: object, text: str) -> None:
    assert formats.as_text(value, form) == text


def test_every_form_has_an_example() -> None:
    assert set(EXPECTED) == set(formats.FORMS)


@pytest.mark.parametrize("form", formats.FORMS)
@pytest.mark.parametrize("unknown", [None, pd.NA, pd.NaT])
def test_the_unknown_is_an_en_dash_in_every_form(form: str, unknown: object) -> None:
    assert formats.as_text(unknown, form) == "–"


@pytest.mark.parametrize("form", NUMERIC)
@pytest.mark.parametrize(("value", "text"), [(NAN, "nan"), (INF, "inf"), (-INF, "−inf"), (np.float32("nan"), "nan")])
def test_what_is_not_finite_is_a_value(form: str, value: float, text: str) -> None:
    assert formats.as_text(value, form) == text


@pytest.mark.parametrize("form", NUMERIC)
def test_text_is_no_number(form: str) -> None:
    with pytest.raises(TypeError, match="a number is expected"):
        formats.as_text("12", form)


def test_a_form_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        formats.as_text(1, "roman")


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_part_never_reads_as_nothing_or_all(share: float) -> None:
    assert formats.percent(share) not in {"0 %", "0.0 %", "100 %", "100.0 %"}


@given(finite)
def test_a_short_form_is_within_half_a_unit_of_its_last_digit(value: float) -> None:
    match = re.fullmatch(r"(−?)([\d,]+)(?:\.(\d+))?(?: ([kMGTPE]))?", formats.short(value))
    assert match is not None
    sign, whole, decimals, prefix = match.groups()
    power = {None: 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}[prefix]
    shown = float(f"{whole.replace(',', '')}.{decimals or 0}") * 10**power * (-1 if sign else 1)
    assert shown == pytest.approx(value, rel=0.005001, abs=0)


@given(st.floats(), st.sampled_from(NUMERIC))
@example(1.7976931348623157e308, "significant")
@example(-1.7976931348623157e308, "percent")
@example(5e-324, "ms")
def test_every_float_has_a_text_in_every_form(value: float, form: str) -> None:
    assert formats.as_text(value, form)


@pytest.mark.parametrize(
    ("value", "text"), [(3.4e38, "3.4e+38"), (-1e300, "−1e+300"), (1e-13, "1e−13"), (10**20, "100" + ",000" * 6)]
)
def test_digits_that_nobody_printed_are_not_shown(value: float, text: str) -> None:
    assert formats.significant(value) == text


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_an_enumeration_ends_in_and(items: list[str], text: str) -> None:
    assert formats.enumerated(items) == text


def test_a_long_list_says_how_much_more_there_is() -> None:
    assert formats.first_of("abc", 3) == ["a", "b", "c"]
    assert formats.first_of("abcd", 3) == ["a", "b", "c", "and 1 more"]


def test_a_word_stands_in_the_number_of_its_figure() -> None:
    assert [formats.plural("layer", number) for number in (0, 1, 2)] == ["layers", "layer", "layers"]


def test_a_sentence_begins_with_a_capital_and_keeps_the_rest() -> None:
    assert formats.capitalised("net inside Foo") == "Net inside Foo"
    assert formats.capitalised("") == ""


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_a_count_keeps_every_digit(value: int) -> None:
    assert int(formats.count(value).replace(",", "").replace("−", "-")) == value


@given(st.floats(min_value=0.001, max_value=1e8))
def test_a_duration_never_overflows_its_smaller_unit(seconds: float) -> None:
    match = re.fullmatch(r"\d+ (min|h|d) (\d\d) (s|min|h)", formats.duration(seconds))
    if match is not None:
        assert int(match[2]) < {"s": 60, "min": 60, "h": 24}[match[3]]


@pytest.mark.parametrize(
    ("sizes", "texts"),
    [
        ((8_589_934_592, 8_566_865_920, 8_594_128_896), ["8.590 GB", "8.567 GB", "8.594 GB"]),
        ((1_000, 2_000), ["1.00 kB", "2.00 kB"]),
        ((11_811_160_064, 11_811_160_064), ["11.8 GB", "11.8 GB"]),  # equal ones may look it
        ((8, 1_459_617_792), ["8 B", "1.46 GB"]),
        ((8_589_934_592, 8_589_934_593), ["8,589,934,592 B", "8,589,934,593 B"]),
    ],
)
def test_sizes_that_differ_look_different(sizes: tuple[int, ...], texts: list[str]) -> None:
    assert formats.sizes_apart(sizes) == texts


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("conv1", "conv1"),
        ("a\tb\r\nc", "a\tb\r\nc"),
        ("a\x00\x1b[31m\x7f\x9b", r"a\u0000\u001b[31m\u007f\u009b"),
        ("\u202edrow\u202c \u2066x\u2069 \u200f\u061c\u2028", r"\u202edrow\u202c \u2066x\u2069 \u200f\u061c\u2028"),
        ("卷积 × é 😀", "卷积 × é 😀"),
        ("שלום", "\u2068שלום\u2069"),
        ("a שלום עולם: 5 مرحبا", "a \u2068שלום עולם\u2069: 5 \u2068مرحبا\u2069"),
    ],
)
def test_a_strangers_text_neither_steers_nor_turns_what_stands_beside(text: str, seen: str) -> None:
    assert formats.shown(text) == seen
    assert formats.shown(seen.replace("\u2068", "").replace("\u2069", "")) == seen  # once is enough


@pytest.mark.parametrize(("text", "short"), [("abcdef", "abcdef"), ("abcdefg", "abcde…"), ("abcd efg", "abcd…")])
def test_a_text_is_shortened_at_its_end(text: str, short: str) -> None:
    assert formats.shortened(text, 6) == short
