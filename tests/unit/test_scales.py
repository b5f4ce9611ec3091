"""Places, ticks and labels of charts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.report.charts.scales import (
    Scale,
    fitting_scale,
    linear_ticks,
    log_ticks,
    sample_rows,
    spread,
    symlog_ticks,
)

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)


def fit(*values: float) -> Scale:
    return fitting_scale(np.array(values, dtype=float), 100, 0)


def test_a_scale_maps_its_ends_to_the_ends_of_its_place() -> None:
    assert Scale(0, 10, 100, 20)([0, 5, 10]).tolist() == [100, 60, 20]


def test_a_log_scale_gives_every_power_the_same_room() -> None:
    assert Scale(1, 100, 0, 10, "log")([1, 10, 100]).tolist() == [0, 5, 10]


def test_values_beyond_a_scale_stand_at_its_edge() -> None:
    assert Scale(0, 1, 0, 10)([-5, 7]).tolist() == [0, 10]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 33_276_996, [0, 10e6, 20e6, 30e6]), (0, 1, [0, 0.25, 0.5, 0.75, 1]), (-1, 1, [-1, -0.5, 0, 0.5, 1])],
)
def test_linear_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert linear_ticks(low, high, 4) == ticks


@given(NUMBERS, NUMBERS)
def test_linear_ticks_are_few_and_inside(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ticks = linear_ticks(low, high, 4)
    span = high - low
    assert 1 <= len(ticks) <= 6
    assert all(low - 0.01 * span <= tick <= high + 0.01 * span for tick in ticks)


def test_log_ticks_are_powers_where_there_are_several() -> None:
    assert log_ticks(0.5, 2000, 4) == [1, 10, 100, 1000]


def test_log_ticks_of_less_than_a_power_are_finer() -> None:
    assert log_ticks(1.5, 9, 4) == [2, 5]


def test_bent_ticks_stand_on_both_sides_of_zero() -> None:
    ticks = symlog_ticks(-100, 1e6)
    assert 0 in ticks
    assert min(ticks) < 0 < max(ticks)


def test_a_loss_that_falls_far_gets_a_log_scale() -> None:
    assert fit(2.3, 0.5, 0.003).kind == "log"


def test_a_loss_that_explodes_below_and_above_zero_gets_a_bent_scale() -> None:
    assert fit(-1, 0, 1, 2, 1e9).kind == "symlog"


def test_an_accuracy_gets_a_linear_scale_from_zero() -> None:
    scale = fit(0.1, 0.9, 0.95)
    assert (scale.kind, scale.low) == ("linear", 0)


def test_a_constant_has_one_tick_in_the_middle_of_its_place() -> None:
    scale = fit(0.001, 0.001)
    assert scale.ticks(4) == [0.001]
    assert scale.at(0.001) == pytest.approx(50)


def test_values_that_are_no_numbers_do_not_stretch_the_scale() -> None:
    scale = fit(1, 2, float("nan"), float("inf"))
    assert scale.high < 3


def test_nothing_but_nan_still_has_a_scale() -> None:
    assert fit(float("nan")).ticks(3)


@given(st.lists(st.floats(0, 200), max_size=12))
def test_spread_labels_do_not_touch(places: list[float]) -> None:
    moved = sorted(spread(places, 12, 0, 400))
    assert all(after - before >= 12 - 1e-6 for before, after in itertools.pairwise(moved))


def test_labels_that_have_room_stay() -> None:
    assert spread([10, 50, 90], 12, 0, 100) == [10, 50, 90]


def test_a_label_at_the_end_pushes_its_neighbours_back() -> None:
    assert spread([98, 100], 12, 0, 100) == [88, 100]


@given(st.integers(1, 10_000), st.integers(2, 200))
def test_a_sample_keeps_the_first_and_the_last_row(length: int, limit: int) -> None:
    rows = sample_rows(length, limit)
    assert rows[0] == 0
    assert rows[-1] == length - 1
    assert len(rows) <= limit or length <= limit
