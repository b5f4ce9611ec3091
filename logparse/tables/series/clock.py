"""When a solver line was written: seconds since its attempt began, and the date where the year is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.reading.line.clock import DAY_S, raw_time_s, resolve
from logparse.tables.series.filing import attempt_of, slices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.model import Curves, LogFacts
    from logparse.tables.series.arrays import Array, Arrays

_STEP_BACK_S: Final = 60.0  # threads and clocks that are set may put a line this far before the attempt's first
_YEARS_S: Final = (365 * DAY_S, 366 * DAY_S)
_HALF_YEAR_S: Final = 183 * DAY_S
_LEAP_DAY: Final = 59  # days before 29 February, as raw_time_s counts them
_LEAPS: Final = (-DAY_S, 0.0, DAY_S)


def times(series: Arrays) -> Array:
    """The time stamps of a series as clock.raw_time_s gives them; NaN where a line has none."""
    if "seconds_of_day" not in series:
        return np.full(len(series["line"]), np.nan)
    days, seconds = series["month_day"], series["seconds_of_day"]
    if len(days) and days.max() < 0:  # a logger that prints the clock alone
        days = np.zeros(len(days), dtype=np.int64)
    raw: Array = raw_time_s(days, seconds)
    return raw


def elapsed_and_time(series: Arrays, attempt: Array, facts: LogFacts) -> dict[str, Array]:
    """The columns `elapsed_s` (seconds since the attempt's first line) and `time` (NaT without a year)."""
    line, raw = _first_stamp(facts.curves)
    stamps = np.concatenate([[raw], times(series)])
    leap_day = facts.year is None and bool((stamps // DAY_S == _LEAP_DAY).any())
    seconds = resolve(stamps, facts.year)
    seconds, first = seconds[1:], float(seconds[0])
    starts = {one.index: one.start_s for one in facts.attempts}
    opening = starts.get(int(attempt_of(np.array([line]), facts.attempts)[0]))
    seconds -= 0.0 if opening is None else _turned(first - opening, leap_day=leap_day)
    elapsed = np.full(len(seconds), np.nan)
    for index, rows in slices(attempt):
        start = starts.get(index)
        elapsed[rows] = seconds[rows] - (first if start is None else start)
    return {"elapsed_s": np.round(elapsed, 6), "time": moments(seconds, facts.year)}


def _first_stamp(curves: Curves) -> tuple[int, float]:
    """Line and raw time of the first solver line that has a time stamp; the time is NaN where none has."""
    found = []
    for series in curves.series.values():
        place = int(np.argmax(np.isfinite(series["seconds_of_day"])))
        stamp = times({name: series[name][place : place + 1] for name in ("line", "month_day", "seconds_of_day")})
        found.append((int(series["line"][place]), float(stamp[0])))
    return min((one for one in found if np.isfinite(one[1])), default=(1, np.nan))


def _turned(apart: float, *, leap_day: bool) -> float:
    """What is too much between an attempt's start and its first solver line.

    The two may be counted in calendars that differ by a year, or by a leap day that only one of them has seen. A
    year or a day is taken off only where that is so: a first solver line may well come days after the start.
    """
    if not np.isfinite(apart):
        return 0.0
    best = _least(apart, _LEAPS if leap_day or abs(apart) > _HALF_YEAR_S else (0.0,))
    if best > _HALF_YEAR_S:
        best = _least(apart, _LEAPS)
    return apart - (best - _STEP_BACK_S)


def _least(apart: float, leaps: Sequence[float]) -> float:
    """The shortest way round the calendar, counted from the earliest time that a line may have."""
    return min((apart + _STEP_BACK_S + leap) % year for leap in leaps for year in _YEARS_S)


def moments(seconds: Array, year: int | None) -> Array:
    """Seconds since the start of the year as dates; all NaT where the year is not known."""
    dates = np.full(len(seconds), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    known = np.isfinite(seconds)
    if year is not None and known.any():
        base = np.datetime64(f"{year:04d}-01-01", "us")
        dates[known] = base + np.rint(seconds[known] * 1e6).astype("timedelta64[us]")
    return dates


def plausible(seconds: Array) -> Array:
    """Lengths of time between neighbouring lines: a midnight without a date and New Year unrolled, never below 0."""
    unrolled = np.where(seconds < -DAY_S / 2, np.mod(seconds, DAY_S), seconds)
    return np.round(np.maximum(unrolled, 0.0), 6)
