"""Where a solver line belongs: which attempt, which iteration, which second; by line numbers and time stamps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse.reading.line.clock import DAY_S, raw_time_s, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from logparse.model import Attempt, Curves, LogFacts

    Column = npt.NDArray[Any]
    Columns = Mapping[str, Column]

_STEP_BACK_S: Final = 60.0  # threads and clocks that are set may put a line this far before the attempt's first
_YEARS_S: Final = (365 * DAY_S, 366 * DAY_S)


def attempt_of(lines: Column, attempts: Sequence[Attempt]) -> Column:
    """The attempt that each line stands in; lines before the first one belong to it."""
    if len(attempts) <= 1:
        return np.ones(len(lines), dtype=np.int64)
    starts = np.array([attempt.line for attempt in attempts], dtype=np.int64)
    return np.maximum(np.searchsorted(starts, lines, side="right"), 1)


def slices(attempt: Column) -> Iterator[tuple[int, slice]]:
    """Each attempt in a column sorted by attempt, with the rows that are its."""
    edges = np.flatnonzero(np.diff(attempt, prepend=-1, append=-1))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield int(attempt[start]), slice(start, end)


def filed(
    members: Columns, starts: Columns | None, attempts: Sequence[Attempt], barriers: Sequence[Column] = ()
) -> Column:
    """Per output line the row of `starts` whose group it stands in, or -1.

    It is the last start before it in the same attempt. A group's lines count up by `index`, and no line of
    `barriers` (sorted line numbers) stands inside a group: where they begin again, or behind such a line, the line
    that starts a second group is missing, and its lines are nobody's, never the iteration's before.
    """
    lines = members["line"]
    if starts is None or not len(starts["line"]):
        return np.full(len(lines), -1, dtype=np.int64)
    whole = _whole_groups(members, starts["line"])
    if whole is not None:
        return whole
    row = last_before(lines, starts["line"])
    return _without_orphans(row, starts["line"][np.maximum(row, 0)], members, attempts, barriers)


def _whole_groups(members: Columns, starts: Column) -> Column | None:
    """The rows where each group stands whole right behind its start, as in a log that nothing has damaged; else None.

    (A search for each of a million lines would cost more than all the rest of a frame.)
    """
    lines, index = members["line"], members["index"]
    heads = index == 0
    begins = lines[heads] - 1
    if not len(begins) or not heads[0] or not np.array_equal(begins, starts[: len(begins)]):
        return None
    row: Column = np.cumsum(heads) - 1
    return row if np.array_equal(lines - index, begins[row] + 1) else None


def _without_orphans(
    row: Column,
    begins: Column,
    members: Columns,
    attempts: Sequence[Attempt],
    barriers: Sequence[Column],
) -> Column:
    lines, index = members["line"], members["index"]
    mine = (row >= 0) & (attempt_of(begins, attempts) == attempt_of(lines, attempts))
    for barrier in barriers:
        mine &= last_before(lines, barrier) == last_before(begins, barrier)
    again = np.cumsum((row[1:] == row[:-1]) & (index[1:] <= index[:-1]))
    if len(again) and again[-1]:
        count = np.concatenate([[0], again])
        edges = np.diff(row, prepend=-2) != 0
        mine &= count == count[np.flatnonzero(edges)][np.cumsum(edges) - 1]
    return np.where(mine, row, -1)


def last_before(lines: Column, starts: Column) -> Column:
    """Per line, the place of the last start at or before it; -1 where there is none."""
    places: Column = np.searchsorted(starts, lines, side="right") - 1
    return places


def superseded(attempt: Column, iteration: Column) -> Column:
    """Whether a later attempt went over this iteration again: at or above the lowest iteration of a later one.

    An unknown iteration (below 0) is never superseded and supersedes none.
    """
    flags = np.zeros(len(iteration), dtype=bool)
    parts = list(slices(attempt))
    lowest = np.iinfo(np.int64).max
    for _, rows in reversed(parts if len(parts) > 1 else []):
        mine = iteration[rows]
        flags[rows] = mine >= lowest
        lowest = min(lowest, int(mine[mine >= 0].min(initial=lowest)))
    return flags


def element_of(group: Column, index: Column) -> Column:
    """The place of each value in its blob: how far its index is from the lowest of its group (a blob's number)."""
    lowest = np.full(int(group.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(lowest, group, index)
    element: Column = index - lowest[group]
    return element


def times(series: Columns) -> Column:
    """The time stamps of a series as clock.raw_time_s gives them; NaN where a line has none."""
    if "seconds_of_day" not in series:
        return np.full(len(series["line"]), np.nan)
    days, seconds = series["month_day"], series["seconds_of_day"]
    if len(days) and days.max() < 0:  # a logger that prints the clock alone
        days = np.zeros(len(days), dtype=np.int64)
    raw: Column = raw_time_s(days, seconds)
    return raw


def elapsed_and_time(series: Columns, attempt: Column, facts: LogFacts) -> dict[str, Column]:
    """The columns `elapsed_s` (seconds since the attempt's first line) and `time` (NaT without a year)."""
    line, raw = _first_stamp(facts.curves)
    seconds = resolve(np.concatenate([[raw], times(series)]), facts.year)
    seconds, first = seconds[1:], float(seconds[0])
    starts = {one.index: one.start_s for one in facts.attempts}
    opening = starts.get(int(attempt_of(np.array([line]), facts.attempts)[0]))
    seconds -= 0.0 if opening is None else _turned(first - opening)
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


def _turned(apart: float) -> float:
    """What is too much between an attempt's start and its first solver line, at most a day later.

    The two may be counted in calendars that differ by a year, or by a leap day that only one of them has seen.
    """
    best = min((apart + _STEP_BACK_S + leap) % year for leap in (-DAY_S, 0.0, DAY_S) for year in _YEARS_S)
    return apart - (best - _STEP_BACK_S) if np.isfinite(apart) else 0.0


def moments(seconds: Column, year: int | None) -> Column:
    """Seconds since the start of the year as dates; all NaT where the year is not known."""
    dates = np.full(len(seconds), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    known = np.isfinite(seconds)
    if year is not None and known.any():
        base = np.datetime64(f"{year:04d}-01-01", "us")
        dates[known] = base + np.rint(seconds[known] * 1e6).astype("timedelta64[us]")
    return dates


def plausible(seconds: Column) -> Column:
    """Lengths of time between neighbouring lines: a midnight without a date and New Year unrolled, never below 0."""
    unrolled = np.where(seconds < -DAY_S / 2, np.mod(seconds, DAY_S), seconds)
    return np.round(np.maximum(unrolled, 0.0), 6)
