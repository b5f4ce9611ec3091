"""When an attempt began, ended and how long it took: over New Year, a leap day, and clocks that step back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log

if TYPE_CHECKING:
    from logparse.api import Log

START = "caffe.cpp:1] Use CPU."
SOLVER = "solver.cpp:1] Initializing solver from parameters: "


def read(*stamped: tuple[str, str], year: int | None = None, name: str = "") -> Log:
    text = "".join(f"I{stamp}     1 {message}\n" for stamp, message in stamped)
    return parse_log((name + text).encode(), year=year)


def display(iteration: int) -> str:
    return f"solver.cpp:1] Iteration {iteration}, loss = 1"


def test_without_a_year_there_are_seconds_and_no_date() -> None:
    log = read(("1124 10:00:00.250000", START), ("1124 10:00:10.500000", display(1)))

    [row] = log.attempts.to_dict("records")
    assert row["duration_s"] == 10.25
    assert log.facts.year is None
    assert log.attempts["start"].isna().all()


def test_a_year_that_is_given_makes_dates() -> None:
    log = read(("1124 10:00:00.250000", START), ("1124 10:00:10.500000", display(1)), year=2016)

    [row] = log.attempts.to_dict("records")
    assert (log.facts.year, log.facts.year_origin) == (2016, "given")
    assert (row["start"], row["end"]) == ("2016-11-24T10:00:00.250000", "2016-11-24T10:00:10.500000")


def test_a_run_over_new_year() -> None:
    log = read(("1231 23:59:50.000000", START), ("0101 00:00:10.000000", display(1)), year=2016)

    [row] = log.attempts.to_dict("records")
    assert row["duration_s"] == 20.0
    assert row["end"] == "2017-01-01T00:00:10.000000"


@pytest.mark.parametrize(("year", "days"), [(2015, 1), (2016, 2)])
def test_a_run_over_the_end_of_february(year: int, days: int) -> None:
    log = read(("0228 12:00:00.000000", START), ("0301 12:00:00.000000", display(1)), year=year)

    assert log.attempts["duration_s"].tolist() == [days * 86_400.0]


def test_threads_that_step_back_by_microseconds_do_no_harm() -> None:
    stamps = [f"1124 10:00:0{n // 2}.{'500000' if n % 2 else '500010'}" for n in range(10)]
    log = read(("1124 10:00:00.000000", START), *((stamp, display(n)) for n, stamp in enumerate(stamps)))

    assert log.attempts["duration_s"].tolist() == [4.5]


def test_a_clock_that_was_set_back_an_hour_loses_none_of_the_run() -> None:
    log = read(
        ("1025 02:00:00.000000", START),
        ("1025 02:59:00.000000", display(1)),
        ("1025 02:00:00.000000", display(2)),
        ("1025 03:00:00.000000", display(3)),
    )

    assert log.attempts["duration_s"].tolist() == [3540.0 + 3600.0]


def test_each_attempt_has_its_own_span() -> None:
    log = read(
        ("1124 10:00:00.000000", START),
        ("1124 10:00:01.000000", SOLVER),
        ("1124 10:00:09.000000", display(1)),
        ("1125 10:00:00.000000", START),
        ("1125 10:00:01.000000", SOLVER),
        ("1125 10:01:00.000000", display(1)),
        year=2016,
    )

    assert log.attempts["duration_s"].tolist() == [9.0, 60.0]
    assert log.attempts["start"].tolist() == ["2016-11-24T10:00:00.000000", "2016-11-25T10:00:00.000000"]


def test_an_attempt_in_the_next_year_counts_on() -> None:
    log = read(
        ("1230 10:00:00.000000", START),
        ("1230 10:00:01.000000", SOLVER),
        ("0102 10:00:00.000000", START),
        ("0102 10:00:02.000000", SOLVER),
        year=2015,
    )

    assert log.attempts["end"].tolist() == ["2015-12-30T10:00:01.000000", "2016-01-02T10:00:02.000000"]
    assert log.attempts["duration_s"].tolist() == [1.0, 2.0]


def test_events_keep_their_time() -> None:
    log = read(
        ("1231 23:59:50.000000", START),
        ("0101 00:00:10.000000", "solver.cpp:1] Snapshotting to binary proto file a_iter_5.caffemodel"),
        year=2016,
    )

    [event] = [event for event in log.facts.attempts[0].events if event.kind == "snapshot"]
    assert event.time_s == 366 * 86_400.0 + 10


def test_lines_without_a_time_have_none() -> None:
    log = parse_log(b"I1203 net.cpp:66] Creating Layer conv1\nI1203 net.cpp:75] conv1 <- data\n")

    [attempt] = log.facts.attempts
    assert (attempt.start_s, attempt.end_s, attempt.duration_s) == (None, None, None)
