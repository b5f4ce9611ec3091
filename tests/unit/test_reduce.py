"""Long series made small enough to draw: what must survive, and how much may stay."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.report.charts.reduce import kept_points, reduce_points, smooth, spans

VALUES = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0]))
SERIES = st.lists(VALUES, max_size=400)


def test_a_spike_of_one_point_in_a_million_survives() -> None:
    y = np.ones(1_000_000)
    y[654_321], y[123_456] = 50.0, -7.0

    x, reduced = reduce_points(np.arange(len(y)), y, 800)

    assert reduced.max() == 50.0
    assert reduced.min() == -7.0
    assert x[reduced.argmax()] == 654_321
    assert len(x) <= 4 * 800


def test_one_nan_in_a_million_survives_at_its_place() -> None:
    y = np.ones(1_000_000)
    y[500_001] = np.nan

    x, reduced = reduce_points(np.arange(len(y)), y, 800)

    assert x[np.isnan(reduced)].tolist() == [500_001]


def test_a_run_of_nan_keeps_its_first_and_its_last() -> None:
    y = np.linspace(5, 1, 100_000)
    y[60_000:80_001] = np.nan

    x, reduced = reduce_points(np.arange(len(y)), y, 100)

    gone = x[np.isnan(reduced)]
    assert (gone.min(), gone.max()) == (60_000, 80_000)


def test_infinity_does_not_hide_the_highest_number() -> None:
    y = np.ones(10_000)
    y[5_000], y[5_001] = 9.0, np.inf

    _, reduced = reduce_points(np.arange(len(y)), y, 10)

    assert 9.0 in reduced
    assert np.inf in reduced


def test_few_points_stay_as_they_are() -> None:
    x, y = reduce_points([3.0, 1.0, 2.0], [1.0, np.nan, 3.0], 100)

    assert x.tolist() == [3.0, 1.0, 2.0]
    assert np.array_equal(y, [1.0, np.nan, 3.0], equal_nan=True)


def test_a_curve_that_goes_back_is_drawn_twice_over_the_same_columns() -> None:
    """A resumed run repeats iterations: the second pass must not fill the first one's gaps."""
    first, second = np.arange(10_000), np.arange(5_000, 15_000)
    x, y = reduce_points(np.concatenate([first, second]), np.concatenate([first * 0.0, second * 0.0 + 1]), 100)

    assert (np.diff(x) < 0).sum() == 1
    assert y.tolist() == sorted(y.tolist())


def test_points_without_a_place_are_left_out() -> None:
    x, y = reduce_points([np.nan, 1.0], [5.0, 6.0], 10)

    assert (x.tolist(), y.tolist()) == ([1.0], [6.0])


@pytest.mark.parametrize(("x", "columns"), [([1.0], 0), ([1.0, 2.0], 5)])
def test_what_cannot_be_drawn_is_refused(x: list[float], columns: int) -> None:
    with pytest.raises(ValueError, match="columns"):
        reduce_points(x, [1.0], columns)


@given(y=SERIES, columns=st.integers(1, 40))
def test_each_pixel_column_keeps_what_a_slow_reader_would_keep(y: list[float], columns: int) -> None:
    kept = kept_points(np.arange(len(y)), y, columns).tolist()

    if len(y) <= 2 * columns:
        assert kept == list(range(len(y)))
        return
    scale = columns / (len(y) - 1)
    expected: set[int] = set()
    for _, group in groupby(range(len(y)), key=lambda place: min(int(place * scale), columns - 1)):
        places = list(group)
        numbers = [place for place in places if np.isfinite(y[place])]
        others = [place for place in places if not np.isfinite(y[place])]
        for some in (numbers, others):
            expected.update(some[:1] + some[-1:])
        if numbers:
            expected.update({min(numbers, key=y.__getitem__), max(numbers, key=y.__getitem__)})
    assert kept == sorted(expected)


def test_the_median_ignores_a_spike_and_keeps_a_step() -> None:
    y = np.concatenate([np.full(50, 2.0), np.full(50, 1.0)])
    y[20] = 1e6

    smoothed = smooth(y, 5)

    assert smoothed.tolist() == [2.0] * 50 + [1.0] * 50


def test_a_straight_line_is_not_bent_at_its_ends() -> None:
    y = np.linspace(10.0, 1.0, 100)

    assert np.allclose(smooth(y, 9), y)


def test_what_is_no_number_stays_none_and_spoils_no_neighbour() -> None:
    y = np.ones(40)
    y[10], y[20] = np.nan, np.inf

    smoothed = smooth(y, 7)

    assert np.flatnonzero(np.isnan(smoothed)).tolist() == [10, 20]
    assert np.nanmax(smoothed) == 1.0


def test_nothing_but_nan_stays_nan() -> None:
    assert np.isnan(smooth([np.nan] * 5, 3)).all()
    assert len(smooth([], 3)) == 0


def test_no_window_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        smooth([1.0], 0)


def test_a_wide_window_follows_the_trend_under_noise() -> None:
    rng = np.random.default_rng(0)
    trend = np.linspace(5.0, 1.0, 100_000)

    smoothed = smooth(trend + rng.normal(0, 0.5, len(trend)), 2_000)

    assert np.abs(smoothed - trend).max() < 0.15


@given(y=SERIES, window=st.integers(1, 60))
def test_a_smoothed_value_lies_between_the_lowest_and_the_highest(y: list[float], window: int) -> None:
    smoothed = smooth(y, window)
    finite = np.isfinite(np.array(y, dtype=float))

    assert len(smoothed) == len(y)
    assert np.array_equal(np.isfinite(smoothed), finite)
    if finite.any():
        numbers = np.array(y, dtype=float)[finite]
        slack = 1e-9 * np.abs(numbers).max()
        assert smoothed[finite].min() >= numbers.min() - slack
        assert smoothed[finite].max() <= numbers.max() + slack


@given(y=st.lists(st.floats(-100, 100), min_size=1, max_size=60), window=st.integers(1, 16))
def test_a_short_window_is_the_plain_median_of_the_neighbours(y: list[float], window: int) -> None:
    smoothed = smooth(y, window)

    for place, value in enumerate(smoothed):
        radius = min(window // 2, (len(y) - 1) // 2, place, len(y) - 1 - place) if window > 1 else 0
        assert value == pytest.approx(np.median(y[place - radius : place + radius + 1]))


# The band -------------------------------------------------------------------------------------------------------------


def test_the_band_of_a_million_points_has_one_point_a_column_and_all_extremes() -> None:
    y = np.sin(np.arange(1_000_000) / 1e5)
    y[500_000], y[700_000] = 40.0, -40.0
    ((x, low, high),) = spans(np.arange(1_000_000), y, 300)
    assert len(x) == 300
    assert (low.min(), high.max()) == (-40.0, 40.0)
    assert (low <= high).all()


def test_the_band_ends_where_values_are_no_numbers_and_where_iterations_go_back() -> None:
    y = np.ones(1000)
    y[400:600] = np.nan
    first, second = spans(np.arange(1000), y, 100)
    assert (first[0].min(), first[0].max()) == (0, 390)
    assert second[0].min() == 600
    again = np.concatenate([np.arange(500), np.arange(100, 600)])
    assert [piece[0][0] for piece in spans(again, np.ones(1000), 100)] == [0, 100]


@given(SERIES)
def test_every_number_lies_in_the_band_of_its_column(y: list[float]) -> None:
    values = np.array(y, dtype=float)
    finite = values[np.isfinite(values)]
    pieces = spans(np.arange(len(y)), values, 20)
    low = min((piece[1].min() for piece in pieces), default=np.inf)
    high = max((piece[2].max() for piece in pieces), default=-np.inf)
    if len(finite):  # a piece of one column has no area
        assert low >= finite.min()
        assert high <= finite.max()


def test_a_band_of_nothing_is_none() -> None:
    assert spans([], [], 10) == []
    assert spans([np.nan], [1.0], 10) == []
    assert spans([1.0, 2.0], [np.nan, np.inf], 10) == []
    with pytest.raises(ValueError, match="0 columns"):
        spans([1.0], [1.0], 0)
