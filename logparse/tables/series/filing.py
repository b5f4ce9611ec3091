"""Where a solver line belongs: which attempt and which iteration; by line numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logparse.tables.series.arrays import small_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.model import Attempt
    from logparse.tables.series.arrays import Array, Arrays


def attempt_of(lines: Array, attempts: Sequence[Attempt]) -> Array:
    """The attempt that each line stands in; lines before the first one belong to it."""
    if len(attempts) <= 1:
        return np.ones(len(lines), dtype=np.int64)
    starts = np.array([attempt.line for attempt in attempts], dtype=np.int64)
    return np.maximum(np.searchsorted(starts, lines, side="right"), 1)


def slices(attempt: Array) -> Iterator[tuple[int, slice]]:
    """Each attempt in a column sorted by attempt, with the rows that are its."""
    edges = np.flatnonzero(np.diff(attempt, prepend=-1, append=-1))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield int(attempt[start]), slice(start, end)


def filed(members: Arrays, starts: Arrays | None, attempts: Sequence[Attempt], barriers: Sequence[Array] = ()) -> Array:
    """Per output line the row of `starts` whose group it stands in, or -1.

    It is the last start before it in the same attempt. A group's lines count up by `index`, and no line of
    `barriers` (sorted line numbers) stands inside a group: where they begin again, or behind such a line, the line
    that starts a second group is missing, and its lines are nobody's, never the iteration's before.
    """
    lines = members["line"]
    if starts is None or not len(starts["line"]):
        return np.full(len(lines), -1, dtype=np.int64)
    if members["index"].min(initial=0) < 0:
        members = {**members, "index": _index_in_order(members["index"])}
    whole = _whole_groups(members, starts["line"])
    if whole is not None:
        return whole
    row = last_before(lines, starts["line"])
    return _without_orphans(row, starts["line"][np.maximum(row, 0)], members, attempts, barriers)


def _index_in_order(index: Array) -> Array:
    """The indices, one that is not known (below 0) a little above the one before it: it begins no group."""
    place = np.maximum.accumulate(np.where(index >= 0, np.arange(len(index)), 0))
    filled: Array = np.where(index >= 0, index, index[place] + 0.5)
    return filled


def _whole_groups(members: Arrays, starts: Array) -> Array | None:
    """The rows where each group stands whole right behind its start, as in a log that nothing has damaged; else None.

    (A search for each of a million lines would cost more than all the rest of a frame.)
    """
    lines, index = members["line"], members["index"]
    heads = index == 0
    begins = lines[heads] - 1
    if not len(begins) or not heads[0] or not np.array_equal(begins, starts[: len(begins)]):
        return None
    if len(starts) > len(begins) and starts[len(begins)] < lines[-1]:
        return None  # in the place of a lost line
    row: Array = np.cumsum(heads) - 1
    return row if np.array_equal(lines - index, begins[row] + 1) else None


def _without_orphans(
    row: Array,
    begins: Array,
    members: Arrays,
    attempts: Sequence[Attempt],
    barriers: Sequence[Array],
) -> Array:
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


def last_before(lines: Array, starts: Array) -> Array:
    """Per line, the place of the last start at or before it; -1 where there is none."""
    places: Array = np.searchsorted(starts, lines, side="right") - 1
    return places


def superseded(attempt: Array, iteration: Array) -> Array:
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


def element_of(group: Array, index: Array) -> Array:
    """The place of each value in its blob: how far its index is from the lowest of its group (a blob's number).

    -1 where the index is not known (below 0).
    """
    group, known = small_numbers(group), index >= 0
    lowest = np.full(int(group.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(lowest, group[known], index[known])
    element: Array = np.where(known, index - lowest[group], -1)
    return element
