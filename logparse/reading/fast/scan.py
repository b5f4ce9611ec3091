"""What a scan of a block gives: columns of solver lines, and the lines that are left to be read one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from logparse.reading.messages.patterns.series import SERIES_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from logparse.model import Column
    from logparse.reading.input.blocks import TextBlock

    Columns: TypeAlias = dict[str, Column]
    Ints: TypeAlias = npt.NDArray[np.int64]

CLOCK_COLUMNS: Final = ("month_day", "seconds_of_day")  # of every series, behind its own
_NAN: Final = np.float64("nan")
_LINE_END: Final = 10


class LineRun(NamedTuple):
    """Lines that stand together: the first one's number, and their first and end byte (with the last line's end)."""

    first_line: int
    start: int
    end: int


class Scan(NamedTuple):
    """What the fast scan read of one block.

    `columns` are series → column → array, rows in the order of the block: those of SERIES_COLUMNS, and
    `month_day` (MMDD) and `seconds_of_day`. A column that no line of the series printed is a read-only view of one
    NaN. Name columns index `names`. `counts` are pattern → (lines, first line, its message). `residue` are the lines
    that were not taken: number, first and end byte (without the line end) in the block's data, in order.
    """

    columns: Mapping[str, Mapping[str, Column]]
    names: tuple[str, ...]
    counts: Mapping[str, tuple[int, int, str]]
    residue: tuple[Ints, Ints, Ints]
    lines: int

    def residue_lines(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each line that was not taken."""
        for number, start, end in zip(*(column.tolist() for column in self.residue), strict=True):
            yield number, data[start:end]

    def runs(self, data: bytes) -> Iterator[LineRun]:
        """The lines that were not taken, as far as they stand together as one."""
        numbers, starts, ends = self.residue
        firsts = np.flatnonzero(np.diff(numbers, prepend=-1) != 1)
        lasts = np.append(firsts[1:], len(numbers))[: len(firsts)] - 1
        columns = numbers.take(firsts), starts.take(firsts), ends.take(lasts)
        for number, start, end in zip(*(column.tolist() for column in columns), strict=True):
            yield LineRun(number, start, min(end + 1, len(data)))


def unscanned(block: TextBlock) -> Scan:
    """Nothing taken, every line left: for a block too small to pay for the fast scan's set-up."""
    ends = np.flatnonzero(np.frombuffer(block.data, np.uint8) == _LINE_END)
    if block.data and not block.data.endswith(b"\n"):
        ends = np.append(ends, len(block.data))
    starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1] + 1])[: len(ends)]
    numbers = np.arange(block.first_line, block.first_line + len(ends))
    return Scan({}, (), {}, (numbers, starts, ends), len(ends))


def in_order(series: str, parts: Sequence[Mapping[str, Column]]) -> Columns:
    """The parts of one series as one, by line; a column that none of them has is NaN."""
    names = (*SERIES_COLUMNS[series], *CLOCK_COLUMNS)
    line = _concatenated([part["line"] for part in parts])
    order = None if np.all(line[1:] >= line[:-1]) else np.argsort(line, kind="stable")
    columns: Columns = {}
    for name in names:
        column = _column(name, parts, len(line))
        columns[name] = column if order is None or column.strides == (0,) else column.take(order)
    return columns


def _column(name: str, parts: Sequence[Mapping[str, Column]], length: int) -> Column:
    if not any(name in part for part in parts):
        return np.broadcast_to(_NAN, length)
    return _concatenated([part[name] if name in part else np.broadcast_to(_NAN, len(part["line"])) for part in parts])


def _concatenated(arrays: Sequence[Column]) -> Column:
    first = arrays[0]
    if len(arrays) == 1:
        return first
    if all(array.strides == (0,) and len(array) and array[0] != array[0] for array in arrays):
        return np.broadcast_to(first[0], sum(len(array) for array in arrays))
    return np.concatenate(arrays)
