"""When each attempt began and ended: the time stamps of all its lines, put into one calendar.

The year stands elsewhere than in the lines (reading/years.py), the order of the lines is not quite that of time
(threads, several clocks), and a run may go over New Year. All stamps that bound something are resolved together, in
the order of the log; the seconds count from the start of the year of the log's first line.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Final

from logparse.reading.line.clock import raw_time_s, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from logparse.model import Attempt, Event
    from logparse.reading.extract import Extracted

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

# Threads that write at once are milliseconds apart, a buffer seconds; a step back of more is a clock that was set.
SET_BACK_S: Final = 60.0
# Few of a long log's series are needed between an attempt's ends: these are enough to see a New Year.
_SPINE: Final = ("display", "test_start")


def timed(attempts: tuple[Attempt, ...], extracted: Extracted, year: int | None) -> tuple[Attempt, ...]:
    """The attempts with start, end and duration, and their events' times, in seconds since the start of `year`."""
    lines, raw = _stamps(attempts, extracted)
    if not len(lines) or not attempts:
        return tuple(replace(attempt, year=year) for attempt in attempts)
    times = resolve(raw, year)
    bounds = lines.searchsorted([attempt.line for attempt in attempts[1:]]).tolist()
    return tuple(
        _timed(attempt, lines[first:last], times[first:last], year)
        for attempt, (first, last) in zip(attempts, pairwise([0, *bounds, len(lines)]), strict=True)
    )


def _stamps(attempts: Sequence[Attempt], extracted: Extracted) -> tuple[Ints, Floats]:
    """Line and raw time of every record, of the spine, and of each series' first and last row in each attempt."""
    import numpy as np

    starts = np.array([attempt.line for attempt in attempts], dtype=np.int64)
    marked = np.array([record.line for record in extracted.records], dtype=np.int64)
    marks = np.array([record.time_s for record in extracted.records], dtype=np.float64)  # NaN for None
    known = ~np.isnan(marks)
    lines = [marked[known], np.array([line for line, _ in extracted.clock], dtype=np.int64)]
    raw = [marks[known], np.array([time_s for _, time_s in extracted.clock], dtype=np.float64)]
    for name, columns in extracted.curves.series.items():
        rows = slice(None) if name in _SPINE else _ends(columns["line"], starts)
        lines.append(columns["line"][rows].astype(np.int64))
        months = np.maximum(columns["month_day"][rows].astype(np.int64), 0)
        raw.append(raw_time_s(months, columns["seconds_of_day"][rows].astype(np.float64)))
    all_lines, all_raw = np.concatenate(lines), np.concatenate(raw)
    order = np.argsort(all_lines, kind="stable")
    return all_lines[order], all_raw[order]


def _ends(lines: npt.NDArray[np.generic], starts: Ints) -> Ints:
    """The rows that come first and last in each attempt."""
    import numpy as np

    firsts = lines.searchsorted(starts)
    rows = np.concatenate([[0], firsts, firsts - 1, [len(lines) - 1]])
    return np.unique(rows[(rows >= 0) & (rows < len(lines))]).astype(np.int64)


def _timed(attempt: Attempt, lines: Ints, times: Floats, year: int | None) -> Attempt:
    import numpy as np

    known = times[np.isfinite(times)]
    events = tuple(_event(event, lines, times) for event in attempt.events)
    if not len(known):
        return replace(attempt, events=events, start_s=None, end_s=None, year=year)
    start, end = float(known[0]), float(known[-1])
    return replace(attempt, events=events, start_s=start, end_s=end, duration_s=_duration(known), year=year)


def _duration(times: Floats) -> float:
    """Last stamp less first, and what clocks were set back in between."""
    import numpy as np

    steps = np.diff(times)
    back = float(-steps[steps < -SET_BACK_S].sum())
    return max(round(float(times[-1] - times[0]) + back, 6), 0.0)


def _event(event: Event, lines: Ints, times: Floats) -> Event:
    if event.time_s is None:
        return event
    place = int(lines.searchsorted(event.line))
    if place == len(lines) or lines[place] != event.line or isnan(times[place]):
        return replace(event, time_s=None)
    return replace(event, time_s=float(times[place]))
