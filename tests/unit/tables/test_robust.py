"""Statistics that a few wild values do not move, against their definitions; and what is read off a trend."""

from __future__ import annotations

import math
from statistics import median as middle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.tables.series.robust import median, noise, smooth
from logparse.tables.series.trend import reached, trend, trend_window
from logparse.tables.speed.milestones import ladder

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=40)


def running_median(values: Sequence[float], window: int) -> list[float]:
    """By definition: over as many neighbours on both sides, fewer near the ends."""
    radius = min(max(1, window // 2), (len(values) - 1) // 2)
    found = []
    for place in range(len(values)):
        reach = min(radius, place, len(values) - 1 - place)
        found.append(float(middle(values[place - reach : place + reach + 1])))
    return found


@given(values=VALUES, window=st.integers(2, 31))
def test_a_window_below_thirty_two_is_a_running_median(values: list[float], window: int) -> None:
    assert smooth(values, window).tolist() == running_median(values, window)


@given(values=VALUES)
def test_a_window_of_one_changes_nothing(values: list[float]) -> None:
    assert smooth(values, 1).tolist() == values


def test_a_wider_window_is_taken_over_medians_of_blocks() -> None:
    """Of a window of 32 values a block is 2, and the medians of 16 blocks are taken; centres lie between two rows."""
    values = [float(at // 2 * 2 + (at % 2) * 2) for at in range(12)]  # blocks 0 2 | 2 4 | 4 6 …: medians 1 3 5 7 9 11

    assert smooth(values, 32).tolist() == pytest.approx([1, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11])


def test_a_last_block_that_is_not_full_has_its_own_centre() -> None:
    """13 values in blocks of 4: the last is one value at row 12."""
    values = [0.0] * 4 + [4.0] * 4 + [8.0] * 4 + [40.0]

    found = smooth(values, 64)

    # medians 0 4 8 40 at 1.5 5.5 9.5 12; running over three of them: 0 4 8 40 again, straight lines between
    assert found.tolist() == pytest.approx([0, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 14.4, 27.2, 40.0])


def test_a_window_of_blocks_takes_sixteen_of_them() -> None:
    """A spike of three blocks is gone from the median of sixteen, whatever the block."""
    values = [1.0] * 400
    values[200:206] = [9.0] * 6

    assert set(smooth(values, 32).tolist()) == {1.0}
    assert max(smooth(values, 5).tolist()) == 9.0


def test_what_is_no_number_is_passed_over_and_stays_none() -> None:
    found = smooth([1.0, math.nan, 3.0, math.inf, 5.0, 7.0, 9.0], 3)

    # neighbours of 3 are nan and inf: it is its own median; those of 5 are inf and 7: their middle
    assert np.isnan(found).tolist() == [False, True, False, True, False, False, False]
    assert found[[0, 2, 4, 5, 6]].tolist() == [1.0, 3.0, 6.0, 7.0, 9.0]


def test_more_rows_than_are_taken_at_once() -> None:
    values = np.arange(70_000, dtype=np.float64)

    assert np.array_equal(smooth(values, 5), values)


def test_the_median_of_an_even_number_does_not_overflow() -> None:
    largest = 1.7e308

    assert smooth([largest] * 6, 32).tolist() == [largest] * 6


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_median_is_that_of_the_numbers(values: list[float]) -> None:
    assert median([*values, math.nan, math.inf, -math.inf]) == pytest.approx(middle(values))


def test_noise_is_the_median_distance_as_a_standard_deviation() -> None:
    assert noise([1.0, 3.0, 8.0, math.nan], [2.0, 2.0, 2.0, 2.0]) == pytest.approx(1.4826 * 1.0)
    assert noise([2.0, 6.0], [4.0, 4.0]) == pytest.approx(1.4826 * 2.0)
    assert math.isnan(noise([], []))


# Trends ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("displays", "window"), [(1, 5), (299, 5), (300, 6), (1000, 20), (5000, 100)])
def test_a_trend_is_taken_over_a_fiftieth_of_the_run_and_five_displays_at_least(displays: int, window: int) -> None:
    assert trend_window(displays) == window


def test_the_trend_takes_that_window() -> None:
    losses = np.ones(300)
    losses[100:103] = 5.0

    assert trend(losses[:299]).max() == 5.0
    assert trend(np.concatenate([losses, np.ones(100)])).max() == 1.0


def test_a_loss_is_reached_where_the_trend_is_first_as_low() -> None:
    trended = np.array([3.0, 2.0, np.nan, 2.0, 1.0])

    assert [reached(trended, loss) for loss in (3.5, 3.0, 2.5, 2.0, 1.0, 0.5)] == [0, 0, 1, 1, 4, None]


@pytest.mark.parametrize(
    ("high", "low", "steps"),
    [
        (2.0, 1.0, [1.0]),
        (2.1, 1.0, [2.0, 1.0]),
        (10.0, 5.0, [5.0]),
        (1000.0, 90.0, [500.0, 200.0, 100.0]),
        (0.06, 0.004, [0.05, 0.02, 0.01, 0.005]),
        (5.0, 4.0, []),
        (1.0, 1.0, []),
        (1.0, 2.0, []),
        (1.0, 0.0, []),
        (1.0, -1.0, []),
        (math.inf, 1.0, []),
    ],
)
def test_the_ladder_goes_down_in_ones_twos_and_fives(high: float, low: float, steps: list[float]) -> None:
    assert list(ladder(high, low)) == steps
