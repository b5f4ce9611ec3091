"""Elapsed time without a year, and where the year stands."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest

from logparse.reading.input.blocks import open_input
from logparse.reading.line.clock import DAY_S, raw_time_s, resolve
from logparse.reading.line.splitter import LineSplitter
from logparse.reading.line.years import YearHint, find_year, year_hints

# Days before each


@pytest.mark.parametrize(
    ("month_day", "seconds", "expected"),
    [
        (101, 0.0, 0.0),
        (101, 1.5, 1.5),
        (131, 0.0, 30 * DAY_S),
        (229, 0.0, 59 * DAY_S),
        (301, 0.0, 60 * DAY_S),
        (1231, 86399.0, 366 * DAY_S - 1),
        (None, 5.0, 5.0),
        (None, None, math.nan),
        (101, None, math.nan),
        (230, 0.0, math.nan),
        (1301, 0.0, math.nan),
        (100, 0.0, math.nan),
        (-5, 0.0, math.nan),
    ],
)
def test_raw_time(month_day: int | None, seconds: float | None, expected: float) -> None:
    assert raw_time_s(month_day, seconds) == pytest.approx(expected, nan_ok=True)


def test_raw_times_of_arrays_equal_those_of_lines() -> None:
    days = np.array([101, 229, 1231, 0, 230, 1301, 100, 131, -5, 9999])
    seconds = np.linspace(0.0, 80_000.0, len(days))
    expected = [raw_time_s(int(day), float(second)) for day, second in zip(days, seconds, strict=True)]
    np.testing.assert_array_equal(raw_time_s(days, seconds), expected)


# Elapsed


def times_of(*moments: str) -> list[float]:
    """Raw times of dates such as `12-31 23:59:59`."""
    parsed = [datetime.strptime(f"2000-{each}", "%Y-%m-%d %H:%M:%S") for each in moments]  # noqa: DTZ007 - no zone in a log
    return [
        raw_time_s(each.month * 100 + each.day, each.hour * 3600 + each.minute * 60 + each.second) for each in parsed
    ]


@pytest.mark.parametrize(
    ("moments", "year", "elapsed_s"),
    [
        pytest.param(("02-28 23:59:59", "03-01 00:00:01"), 2015, 2, id="28 February of a common year"),
        pytest.param(("02-28 23:59:59", "03-01 00:00:01"), 2016, DAY_S + 2, id="28 February of a leap year"),
        pytest.param(("02-28 23:59:59", "03-01 00:00:01"), None, 2, id="no year: common"),
        pytest.param(("02-29 23:59:59", "03-01 00:00:01"), None, 2, id="no year: leap, as 29 February was seen"),
        pytest.param(("12-31 23:59:58", "01-01 00:00:01"), 2015, 3, id="New Year"),
        pytest.param(("12-31 23:59:58", "01-01 00:00:01"), 2016, 3, id="New Year after a leap year"),
        pytest.param(("12-31 23:59:58", "01-01 00:00:01"), None, 3, id="New Year of an unknown year"),
        pytest.param(("12-31 00:00:00", "01-01 00:00:00", "03-01 00:00:00"), 2015, 61 * DAY_S, id="into a leap year"),
        pytest.param(("12-31 00:00:00", "01-01 00:00:00", "03-01 00:00:00"), 2016, 60 * DAY_S, id="into a common year"),
        pytest.param(("05-01 00:00:05", "05-01 00:00:04", "05-01 00:00:06"), 2016, 1, id="a clock that steps back"),
        pytest.param(("06-01 00:00:00", "05-01 00:00:00"), 2015, -31 * DAY_S, id="an older run appended"),
        pytest.param(
            ("12-31 00:00:00", "01-01 00:00:00", "12-31 00:00:00", "01-01 00:00:00"),
            2015,
            367 * DAY_S,
            id="two New Years",
        ),
    ],
)
def test_elapsed(moments: tuple[str, ...], year: int | None, elapsed_s: float) -> None:
    seconds = resolve(times_of(*moments), year)
    assert seconds[-1] - seconds[0] == elapsed_s


@pytest.mark.parametrize("year", [2015, 2016, 1999, 2000, None])
def test_times_count_from_the_start_of_the_year(year: int | None) -> None:
    start = datetime(year or 2015, 1, 1)  # noqa: DTZ001
    for moment in (datetime(year or 2015, 2, 28, 12), datetime(year or 2015, 3, 1), datetime(year or 2015, 12, 31, 23)):  # noqa: DTZ001
        raw = raw_time_s(moment.month * 100 + moment.day, moment.hour * 3600.0)
        assert resolve([raw], year)[0] == (moment - start).total_seconds()


def test_threads_that_write_around_new_year_do_not_add_years() -> None:
    moments = ["12-31 23:59:59", "01-01 00:00:00", "12-31 23:59:59", "01-01 00:00:01", "01-01 00:00:02"]
    seconds = resolve(times_of(*moments), 2015)
    assert [b - a for a, b in pairwise(seconds)] == [1.0, -1.0, 2.0, 1.0]


def test_a_log_that_begins_with_a_late_thread_at_new_year() -> None:
    seconds = resolve(times_of("01-01 00:00:00", "12-31 23:59:59", "01-01 00:00:01"), 2016)
    assert seconds.tolist() == [0.0, -1.0, 1.0]


def test_a_single_damaged_date_is_unknown_and_shifts_nothing() -> None:
    seconds = resolve(times_of("11-24 00:00:00", "01-24 00:00:01", "11-24 00:00:02", "11-24 00:00:03"), 2015)
    assert np.isnan(seconds[1])
    assert seconds[3] - seconds[0] == 3.0


def test_clocks_without_a_date_roll_over_midnight() -> None:
    raw = [raw_time_s(None, second) for second in (86_399.0, 1.0, 86_399.5, 2.0, 43_000.0, 100.0)]
    assert resolve(raw, None).tolist() == [86_399.0, 86_401.0, 86_399.5, 86_402.0, 129_400.0, 86_500.0]


def test_unknown_times_stay_unknown() -> None:
    seconds = resolve([math.nan, 5 * DAY_S, math.nan, 6 * DAY_S], 2016)
    np.testing.assert_array_equal(seconds, [math.nan, 5 * DAY_S, math.nan, 6 * DAY_S])
    assert np.isnan(resolve([math.nan], 2016)).all()
    assert resolve([], None).size == 0


# The year


def year_of(text: str, name: str = "") -> tuple[int | None, str | None]:
    with open_input(text.encode(), block_bytes=100) as log:
        blocks = list(log.blocks())
    splitter = LineSplitter()
    lines = [splitter.split(raw) for block in blocks for raw in block.data.removesuffix(b"\n").split(b"\n")]
    first = next((line.month_day for line in lines if line.month_day), None)
    return find_year([hint for block in blocks for hint in year_hints(block)], name=name, first_month_day=first)


HEADED = "I0228 07:56:38.454120  7805 caffe.cpp:639] "


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        pytest.param(
            f"Log file created at: 2014/02/28 15:37:55\n{HEADED}x",
            "",
            (2014, "Log file created at, line 1"),
            id="glog file",
        ),
        pytest.param(
            f"{HEADED}This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018",
            "",
            (2018, "NVCaffe's banner, line 1"),
            id="NVCaffe",
        ),
        pytest.param("I20260228 07:56:38.4 7805 a.cpp:1] x", "", (2026, "header, line 1"), id="year in the header"),
        pytest.param(
            f'{HEADED}x\n*** Aborted at 1519804598 (unix time) try "date"',
            "",
            (2018, "Aborted at, line 2"),
            id="crash",
        ),
        pytest.param(
            HEADED, "a/caffe.host.user.log.INFO.20170228-075638.7805", (2017, "glog's file name"), id="glog's file name"
        ),
        pytest.param(
            f"2016-02-28T06:56:39.1Z {HEADED}x", "", (2016, "a pipe's time stamp, line 1"), id="pipe in another zone"
        ),
        pytest.param(
            f"Script started on 2016-02-28 07:50:00+00:00\n{HEADED}x",
            "",
            (2016, "Script started on, line 1"),
            id="script",
        ),
        pytest.param(HEADED, "resnet__2016-02-28_07-56-38.log", (2016, "a date in the file name"), id="file name"),
        pytest.param(HEADED, "resnet__2016-05-28_07-56-38.log", (None, None), id="file name with another date"),
        pytest.param(HEADED, "x.INFO.20160528-075638.1", (None, None), id="glog's file name with another date"),
        pytest.param("Iteration 1", "resnet__2016-05-28.log", (None, None), id="nothing to check a file name against"),
        pytest.param(HEADED, "seed_1234567890123.log", (None, None), id="digits that are no date"),
        pytest.param(HEADED, "", (None, None), id="nothing"),
        pytest.param(
            f"Log file created at: 2014/02/28 15:37:55\n{HEADED}x",
            "x.INFO.20170228-075638.7805",
            (2014, "Log file created at, line 1"),
            id="the log is trusted before its name",
        ),
        pytest.param(
            'I1231 23:00:00.0 1 a.cpp:1] x\n*** Aborted at 1451610000 (unix time) try "date"',
            "",
            (2015, "Aborted at, line 2"),
            id="began in December, crashed in January",
        ),
        pytest.param(
            "Log file created at: 2015/12/31 23:59:59\nI0101 00:00:00.0 1 a.cpp:1] x",
            "",
            (2016, "Log file created at, line 1"),
            id="created in the last second of the year",
        ),
    ],
)
def test_year(text: str, name: str, expected: tuple[int | None, str | None]) -> None:
    assert year_of(text, name) == expected


def test_hints_far_into_the_log_are_found_with_their_line() -> None:
    text = "x\n" * 1000 + f"{HEADED}This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018\n"
    assert year_of(text) == (2018, "NVCaffe's banner, line 1001")


def test_the_first_of_equal_hints_counts() -> None:
    hints = [YearHint(0, 2014, 1025, "first"), YearHint(0, 2015, 1026, "second")]
    assert find_year(hints) == (2014, "first")
