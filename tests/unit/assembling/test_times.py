"""When attempts began and ended: which stamps bound them, and what a clock that steps back adds to their length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from logparse import parse_log
from tests.writing import cells

if TYPE_CHECKING:
    from logparse.api import Log

START = "caffe.cpp:1] Use CPU."
SOLVER = "solver.cpp:1] Initializing solver from parameters: "
OPTIMISING = "caffe.cpp:1] Starting Optimization"


def read(*lines: tuple[str, str], year: int | None = None) -> Log:
    """Lines with their clock on 24 November; without a time where there is none."""
    text = ""
    for clock, message in lines:
        stamp = f"1124 {clock}" if clock and "/" not in clock else clock.replace("/", " ") or "1124"
        text += f"I{stamp}{'     1' if clock else ''} {message}\n"
    return parse_log(text.encode(), year=year)


def display(iteration: int) -> str:
    return f"solver.cpp:1] Iteration {iteration}, loss = 1"


def rate(iteration: int) -> str:
    return f"sgd_solver.cpp:1] Iteration {iteration}, lr = 1"


def spans(log: Log) -> list[tuple[Any, Any]]:
    """Start and end of each attempt in seconds after ten o'clock."""
    rows = cells(log.attempts, "start_s", "end_s")
    ten = (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 23) * 86_400 + 36_000
    return [
        (None if start is None else start - ten, None if end is None else end - ten)
        for start, end in zip(rows["start_s"], rows["end_s"], strict=True)
    ]


def lasts(*clocks: str) -> float:
    """How long a run with displays at these times took."""
    log = read((clocks[0], START), *((clock, display(at)) for at, clock in enumerate(clocks[1:])))
    (seconds,) = cells(log.attempts)["duration_s"]
    assert isinstance(seconds, float)
    return seconds


@pytest.mark.parametrize(
    ("clocks", "seconds"),
    [
        (("10:00:00.000000", "10:05:00.000000", "10:04:00.000000", "10:06:00.000000"), 360.0),
        (("10:00:00.000000", "10:05:00.000000", "10:03:59.500000", "10:06:00.000000"), 420.5),
        (("10:00:00.000000", "10:05:00.000000", "10:00:00.000000", "10:06:00.000000"), 660.0),
        (("10:00:00.000000", "10:09:00.000000", "09:00:00.000000", "10:06:00.000000"), 4500.0),
        (
            ("10:00:00.000000", "10:05:00.000000", "10:03:00.000000", "10:06:00.000000", "10:04:00.000000"),
            240.0 + 120 + 120,
        ),
        (("10:00:30.000000", "10:00:00.000000"), 0.0),
        (("10:00:00.000000", "10:00:00.123456"), 0.123456),
    ],
)
def test_a_step_back_of_more_than_a_minute_is_a_clock_that_was_set(clocks: tuple[str, ...], seconds: float) -> None:
    """Less are threads that write side by side: what they are apart is no time of the run."""
    assert lasts(*clocks) == seconds


def test_solver_lines_of_every_kind_bound_an_attempt() -> None:
    """The first and the last row of each series in each attempt count, also of those that are no displays."""
    log = read(
        ("", OPTIMISING),
        ("10:00:05.000000", rate(0)),
        ("10:00:10.000000", rate(10)),
        ("10:00:20.000000", rate(20)),
        ("", OPTIMISING),
        ("10:01:05.000000", rate(20)),
        ("10:01:10.000000", rate(30)),
        ("10:01:20.000000", rate(40)),
        ("", OPTIMISING),
        ("10:02:05.000000", rate(40)),
        ("10:02:20.000000", rate(50)),
    )

    assert spans(log) == [(5.0, 20.0), (65.0, 80.0), (125.0, 140.0)]
    assert cells(log.attempts)["duration_s"] == [15.0, 15.0, 15.0]


def test_an_attempt_of_one_solver_line_begins_and_ends_there() -> None:
    log = read(("", OPTIMISING), ("10:00:05.000000", rate(0)), ("", OPTIMISING), ("10:00:07.000000", rate(0)))

    assert spans(log) == [(5.0, 5.0), (7.0, 7.0)]


def test_an_attempt_without_any_stamp_between_others_has_none() -> None:
    log = read(("10:00:05.000000", OPTIMISING), ("", OPTIMISING), ("10:00:07.000000", OPTIMISING), year=2015)

    assert spans(log) == [(5.0, 5.0), (None, None), (7.0, 7.0)]
    assert cells(log.attempts)["duration_s"] == [0.0, None, 0.0]
    assert [attempt.year for attempt in log.facts.attempts] == [2015, 2015, 2015]


def test_a_log_without_any_stamp_keeps_the_year() -> None:
    log = read(("", OPTIMISING), year=2015)

    assert [attempt.year for attempt in log.facts.attempts] == [2015]
    assert cells(log.attempts)["start"] == [None]


def test_new_year_is_seen_in_the_displays_between() -> None:
    log = read(
        ("1231/23:59:00.000000", START),
        ("1231/23:59:30.000000", display(0)),
        ("0101/00:00:30.000000", display(10)),
        ("0101/00:01:00.000000", rate(10)),
        year=2015,
    )

    assert cells(log.attempts, "start", "end", "duration_s") == {
        "start": ["2015-12-31T23:59:00.000000"],
        "end": ["2016-01-01T00:01:00.000000"],
        "duration_s": [120.0],
    }


def test_events_have_the_time_of_their_line_in_one_calendar() -> None:
    log = read(
        ("1231/23:59:00.000000", OPTIMISING),
        ("", "solver.cpp:1] Optimization stopped early."),
        ("0101/00:00:30.000000", "solver.cpp:1] Optimization Done."),
        year=2015,
    )
    events = log.facts.attempts[0].events

    assert [(event.kind, event.time_s) for event in events] == [
        ("optimization", 365 * 86_400 - 60.0),
        ("stopped_early", None),
        ("done", 365 * 86_400 + 30.0),
    ]


def test_a_date_that_is_damaged_is_no_time_of_an_event() -> None:
    log = read(
        ("10:00:00.000000", OPTIMISING),
        ("0224/10:00:10.000000", "solver.cpp:1] Optimization stopped early."),
        ("10:00:20.000000", "solver.cpp:1] Optimization Done."),
        year=2015,
    )

    assert [event.time_s is None for event in log.facts.attempts[0].events] == [False, True, False]
    assert cells(log.attempts)["duration_s"] == [20.0]


def test_a_logger_of_clock_times_alone_counts_from_midnight() -> None:
    text = "INFO - 10:00:00 - Starting Optimization\nINFO - 10:00:05 - Iteration 0, loss = 1\n"
    log = parse_log(text.encode())

    assert cells(log.attempts, "start_s", "end_s", "duration_s") == {
        "start_s": [36_000.0],
        "end_s": [36_005.0],
        "duration_s": [5.0],
    }


def test_clock_times_alone_bound_every_attempt() -> None:
    """The first attempt's last stamp is that of a solver line."""
    lines = ("10:00:00 - Starting Optimization", "10:00:05 - Iteration 0, loss = 1")
    more = ("10:01:00 - Starting Optimization", "10:01:07 - Iteration 0, loss = 1")
    log = parse_log("".join(f"INFO - {text}\n" for text in (*lines, *more)).encode())

    assert cells(log.attempts)["duration_s"] == [5.0, 7.0]


# The table ------------------------------------------------------------------------------------------------------------


def attempts(settings: str, *more: tuple[str, str]) -> dict[str, list[Any]]:
    text = f"I1124 10:00:00.000000     1 {SOLVER}\n{settings}"
    text += "".join(f"I1124 {clock}     1 {message}\n" for clock, message in more)
    return cells(parse_log(text.encode()).attempts)


def test_settings_that_the_solver_does_not_state_are_not_known_but_iter_size() -> None:
    row = attempts("base_lr: 0\n")

    names = ("base_lr", "momentum", "weight_decay", "lr_policy", "iter_size", "max_iter", "mode")
    assert [row[name][0] for name in names] == [0.0, None, None, None, 1, None, None]


def test_settings_that_the_solver_states_are_told() -> None:
    row = attempts(
        'momentum: 0.5\nweight_decay: 0\nlr_policy: "step"\niter_size: 4\nmax_iter: 0\nsolver_mode: GPU\ntype: "Adam"\n'
    )

    names = ("base_lr", "momentum", "weight_decay", "lr_policy", "iter_size", "max_iter", "mode", "solver_type")
    assert [row[name][0] for name in names] == [None, 0.5, 0.0, "step", 4, 0, "GPU", "Adam"]


def test_the_mode_of_the_start_line_comes_before_the_solvers() -> None:
    log = read(("10:00:00.000000", START), ("10:00:00.000000", SOLVER))
    assert cells(log.attempts)["mode"] == ["CPU"]

    text = f"I1124 10:00:00.000000     1 {START}\nI1124 10:00:00.000000     1 {SOLVER}\nsolver_mode: GPU\n"
    assert cells(parse_log(text.encode()).attempts)["mode"] == ["CPU"]


def test_first_and_last_iteration_are_those_that_each_attempt_displayed() -> None:
    log = read(
        ("10:00:00.000000", OPTIMISING),
        ("10:00:01.000000", display(5)),
        ("10:00:02.000000", display(15)),
        ("10:00:03.000000", display(25)),
        ("10:00:04.000000", OPTIMISING),
        ("10:00:05.000000", OPTIMISING),
        ("10:00:06.000000", display(7)),
    )

    rows = cells(log.attempts, "first_iteration", "last_iteration")
    assert rows == {"first_iteration": [5, None, 7], "last_iteration": [25, None, 7]}


@pytest.mark.parametrize(
    ("clock", "start"),
    [
        ("23:59:59.999999", 13 * 3600 + 59 * 60 + 59.999999),
        ("00:00:00.000000", -36_000.0),
        ("24:00:00.000000", None),
    ],
)
def test_a_clock_has_hours_to_twenty_three(clock: str, start: float | None) -> None:
    ((found, _),) = spans(read((clock, START)))

    assert found == (None if start is None else pytest.approx(start, abs=1e-6))
