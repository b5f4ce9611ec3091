"""Time: glog prints month, day and clock, but no year and no zone.

A raw time counts seconds in a calendar where every year has a 29 February, so that it needs no year:
`raw_time_s`. `resolve` makes seconds since the start of the year of them, in which differences are
true elapsed seconds. Where the year comes from: see `years`.
"""

from __future__ import annotations

import calendar
from functools import cache
from typing import TYPE_CHECKING, Final, overload

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Times = npt.NDArray[np.float64]

DAY_S: Final = 86_400.0
_MONTH_START: Final = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)
_LEAP_DAY: Final = 59  # days before 29 February
_YEAR_DAYS: Final = 366
_DEC: Final = 12
_STRAY_S: Final = 7 * DAY_S


@overload
def raw_time_s(month_day: int | None, seconds: float | None) -> float: ...
@overload
def raw_time_s(month_day: npt.NDArray[np.integer], seconds: Times) -> Times: ...
def raw_time_s(month_day: int | npt.NDArray[np.integer] | None, seconds: float | Times | None) -> float | Times:
    """Seconds since the start of a leap year: days before mmdd × 86400 + seconds since midnight.

    NaN where the time is unknown or the date impossible. An unknown date (None, or 0 in an array)
    counts as day 0, for loggers that print the clock alone; `resolve` then unrolls midnights. Takes
    one line's values, or arrays of them.
    """
    if month_day is None or isinstance(month_day, int):
        return float("nan") if seconds is None else day_start_s(month_day) + float(seconds)
    import numpy as np

    month, day_of_month = np.divmod(month_day.astype(np.int64), 100)
    starts = np.array((0, *_MONTH_START), dtype=np.int64)
    known = (month >= 1) & (month <= _DEC)
    month = np.where(known, month, 1)
    fits = known & (day_of_month >= 1) & (day_of_month <= starts[month + 1] - starts[month])
    days = np.where(fits, starts[month] + day_of_month - 1, 0) * DAY_S
    return np.where(fits | (month_day == 0), days, np.nan) + np.asarray(seconds, dtype=np.float64)


@cache
def day_start_s(month_day: int | None) -> float:
    """The raw time of mmdd's midnight: 0 for an unknown date (None or 0), NaN for an impossible one."""
    if not month_day:
        return 0.0
    month, day = divmod(month_day, 100)
    if not 1 <= month <= _DEC or not 1 <= day <= _MONTH_START[month] - _MONTH_START[month - 1]:
        return float("nan")
    return (_MONTH_START[month - 1] + day - 1) * DAY_S


def resolve(times: Times | Sequence[float], year: int | None) -> Times:
    """Raw times, in the order of the log, as seconds since the start of the year of the first.

    Differences are elapsed seconds: New Year is unrolled, and the missing 29 February of a common
    year taken out. A step back of more than half a year is a New Year; a step forward of nearly a
    whole year, between threads that write around midnight, goes back over it; smaller steps back are
    threads and clocks, and stay. Without a year, a year is taken as common unless a 29 February was
    seen in it. NaN stays NaN; a single date more than a week off between two that agree is damage,
    and becomes NaN.
    """
    import numpy as np

    raw = np.asarray(times, dtype=np.float64)
    result = raw.copy()
    known = np.flatnonzero(np.isfinite(raw))
    if not known.size:
        return result
    values = _without_strays(raw[known])
    result[known] = values
    known = known[np.isfinite(values)]
    values = values[np.isfinite(values)]
    if values.max() < DAY_S:
        result[known] = values + DAY_S * _turns(values, DAY_S / 2, DAY_S * 0.98)
        return result
    years = _turns(values, _YEAR_DAYS * DAY_S / 2, (_YEAR_DAYS - 1) * DAY_S)
    result[known] = values + _corrections(values, years, year)
    return result


def _without_strays(values: Times) -> Times:
    """NaN for a value far from both its neighbours where these are near each other, New Year allowed for."""
    import numpy as np

    if len(values) < 3 or values.max() < DAY_S:  # a value and two neighbours
        return values
    before, here, after = values[:-2], values[1:-1], values[2:]
    stray = (_apart(before, after) < DAY_S) & (_apart(before, here) > _STRAY_S) & (_apart(here, after) > _STRAY_S)
    result = values.copy()
    result[1:-1][stray] = np.nan
    return result


def _apart(one: Times, other: Times) -> Times:
    """How far two times are apart, round the calendar."""
    import numpy as np

    distance = np.abs(one - other)
    return np.minimum(distance, _YEAR_DAYS * DAY_S - distance)


def _turns(values: Times, back: float, forward: float) -> npt.NDArray[np.int64]:
    """How often the calendar has turned before each value."""
    import numpy as np

    steps = np.diff(values, prepend=values[:1])
    return np.cumsum((steps < -back).astype(np.int64) - (steps > forward))


def _corrections(values: Times, years: npt.NDArray[np.int64], year: int | None) -> Times:
    """What to add to each raw value: the years before its own, less leap days that were not."""
    import numpy as np

    days = np.floor(values / DAY_S)
    result = np.zeros_like(values)
    first, last = min(int(years.min()), 0), int(years.max())
    leap = {
        turn: calendar.isleap(year + turn) if year is not None else bool((days[years == turn] == _LEAP_DAY).any())
        for turn in range(first, last + 1)
    }
    for turn in range(first, last + 1):
        here = years == turn
        before = sum(_length_s(leap[each]) for each in range(turn)) - sum(
            _length_s(leap[each]) for each in range(turn, 0)
        )
        result[here] = before - np.where((days[here] > _LEAP_DAY) & (not leap[turn]), DAY_S, 0.0)
    return result


def _length_s(leap: bool) -> float:  # noqa: FBT001 - its one argument
    return DAY_S * (_YEAR_DAYS if leap else _YEAR_DAYS - 1)
