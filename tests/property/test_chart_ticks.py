"""Whatever a log's numbers are, a chart has ticks that can be drawn, read and told apart."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logparse.report.charts.axes import figure_texts, printed_texts, size_texts, told_apart
from logparse.report.charts.scales import Scale, fitting_scale, linear_ticks, log_ticks, symlog_ticks

LARGEST = 1.7976931348623157e308
SMALLEST = 5e-324
FINITE = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.floats(min_value=SMALLEST, allow_nan=False, allow_infinity=False)
WANTED = st.integers(1, 12)


def are_ticks(ticks: list[float]) -> bool:
    """At least one, finite, ascending, none twice."""
    return bool(ticks) and all(map(math.isfinite, ticks)) and all(before < after for before, after in pairwise(ticks))


@given(FINITE, FINITE, WANTED)
@example(0.0, SMALLEST, 4)
@example(0.0, 1e-13, 4)
@example(-LARGEST, LARGEST, 4)
@example(1e16, 1e16 + 2, 4)
@example(0.3, 0.9, 1)
@example(7.0, 7.0, 4)
def test_linear_ticks_of_any_range(one: float, other: float, wanted: int) -> None:
    low, high = sorted((one, other))
    ticks = linear_ticks(low, high, wanted)
    assert are_ticks(ticks)
    assert len(ticks) <= wanted + 1
    assert low <= ticks[0]
    assert ticks[-1] <= high


@given(POSITIVE, POSITIVE, WANTED)
@example(SMALLEST, SMALLEST, 4)
@example(SMALLEST, LARGEST, 4)
@example(1e308, LARGEST, 4)
@example(1.1, 1.9, 4)
def test_log_ticks_of_any_positive_range(one: float, other: float, wanted: int) -> None:
    low, high = sorted((one, other))
    ticks = log_ticks(low, high, wanted)
    assert are_ticks(ticks)
    assert low * 0.999 <= ticks[0]
    assert ticks[-1] / 1.001 <= high


@given(FINITE, FINITE)
@example(-LARGEST, LARGEST)
@example(-0.5, -1e-7)
@example(SMALLEST, SMALLEST)
def test_bent_ticks_of_any_range(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ticks = symlog_ticks(low, high)
    assert are_ticks(ticks)
    assert low <= ticks[0]
    assert ticks[-1] <= high


@given(st.lists(st.floats(), max_size=30), WANTED)
@example([LARGEST, LARGEST], 4)
@example([LARGEST, 1e308], 4)
@example([-LARGEST, LARGEST], 4)
@example([0.0, SMALLEST], 4)
@example([SMALLEST], 4)
@example([-1e-7] * 9 + [-0.5], 4)
@example([math.nan, math.inf, -math.inf], 4)
@example([87.3310, 87.3312, 87.3311], 4)
def test_measured_values_have_a_scale_with_places_and_ticks(values: list[float], wanted: int) -> None:
    measured = np.array(values, dtype=float)
    scale = fitting_scale(measured, 236.0, 26.0)
    ticks = scale.ticks(wanted)
    assert are_ticks(ticks)
    places = scale([*ticks, *measured[np.isfinite(measured)]])
    assert bool(np.all((places >= 26.0) & (places <= 236.0)))
    for texts_of in (figure_texts, printed_texts):
        texts = texts_of(ticks)
        assert len(set(texts)) == len(ticks)


@given(FINITE, FINITE, st.lists(FINITE, min_size=2, max_size=10))
def test_a_larger_value_never_stands_before_a_smaller_one(one: float, other: float, values: list[float]) -> None:
    low, high = sorted((one, other))
    places = Scale(low, high, 0.0, 100.0)(sorted(values)).tolist()
    assert all(before <= after for before, after in pairwise(places))


@given(st.integers(0, 10**18))
def test_sizes_on_an_axis_are_told_apart(peak: int) -> None:
    shown = told_apart(Scale(0, peak or 1, 206.0, 26.0).ticks(4), size_texts)
    assert len({text for _, text in shown}) == len(shown)
    assert shown[0] == (0, "0")


@pytest.mark.parametrize(
    ("ticks", "texts"),
    [
        ([0.5, 1.0, 1.5], ["0.5", "1", "1.5"]),
        ([87.331, 87.3312], ["87.331", "87.3312"]),
        ([110.0, 112.5, 115.0], ["110", "112.5", "115"]),
        ([1e7, 2e7], ["1e+07", "2e+07"]),
    ],
)
def test_ticks_have_as_many_digits_as_say_where_they_stand(ticks: list[float], texts: list[str]) -> None:
    assert figure_texts(ticks) == texts
