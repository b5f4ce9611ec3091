"""Rows and chunks of columns, block after block → the columns of a whole log, without a second copy of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from logparse.model import Curves
from logparse.reading.fast.scan import CLOCK_COLUMNS, in_order
from logparse.reading.line.values import NAN
from logparse.reading.messages.patterns.series import BY_PATTERN, NAME_COLUMNS, SERIES_COLUMNS, WHOLE_COLUMNS
from logparse.reading.messages.patterns.solver_line import MISSING

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Column: TypeAlias = npt.NDArray[Any]
    Row: TypeAlias = tuple[float, ...]

_FIRST_ROOM: Final = 256
# `resize` writes zeros to all new room, so a large column moves into fresh room instead: untouched it costs nothing,
# and numpy asks for huge pages from 4 MiB on, which spares most page faults.
_LARGE: Final = 1 << 19  # values
_GROWTH: Final = 1.5


class GrowingColumn:
    """A column that arrays are put behind. While all its values are equal (`interval`, a loss weight, what was never
    printed), it is that one value and a length.

    There is never a second copy of more than one column.
    """

    def __init__(self, dtype: str) -> None:
        self._data: Column = np.empty(0, dtype)
        self._size = 0
        self._same = True

    def extend(self, values: Column) -> None:
        """Put values behind the others."""
        if len(values) == 0:
            return
        if self._same:
            if self._size == 0:
                self._data = np.array([values[0]], self._data.dtype)
            if _all_equal(values, self._data[0]):
                self._size += len(values)
                return
            self._spread()
        end = self._size + len(values)
        if end > len(self._data):
            self._make_room(max(int(end * _GROWTH), _FIRST_ROOM))
        self._data[self._size : end] = values
        self._size = end

    def _make_room(self, values: int) -> None:
        if values < _LARGE:
            self._data.resize(values, refcheck=False)
            return
        moved = np.empty(values, self._data.dtype)
        moved[: self._size] = self._data[: self._size]
        self._data = moved

    def _spread(self) -> None:
        self._data = np.full(max(self._size, 1), self._data[0])
        self._same = False

    def shorten(self, size: int) -> None:
        """Keep so many values and forget those behind them."""
        self._size = min(size, self._size)

    def below(self, limit: int) -> int:
        """How many values of an ascending column are below the limit."""
        if self._same:
            return self._size if self._size and self._data[0] < limit else 0
        return int(np.searchsorted(self._data[: self._size], limit))

    def finished(self) -> Column:
        """The whole column, read-only. Nothing can be put behind it any more."""
        if self._same and self._size:
            return np.broadcast_to(self._data[0], self._size)
        self._data.resize(self._size, refcheck=False)
        self._data.flags.writeable = False
        return self._data


def _all_equal(values: Column, value: np.generic) -> bool:
    if values.strides == (0,):
        values = values[:1]
    if value != value:  # noqa: PLR0124 - NaN
        return bool(np.isnan(values).all())
    return bool((values == value).all())


class SeriesTable:
    """Collects a log's solver lines: whole chunks of columns, and rows one by one. Call `end_block` after each
    block: it puts the block's rows in the order of their lines."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._rows: dict[str, list[Row]] = {}
        self._chunks: dict[str, list[Mapping[str, Column]]] = {}
        self._columns: dict[str, dict[str, GrowingColumn]] = {}

    def intern(self, name: str) -> int:
        """The index of a name; the same for every chunk of a log."""
        return self._names.setdefault(name, len(self._names))

    def add(self, pattern: str, match: re.Match[str], line: int, month_day: int | None, seconds: float | None) -> None:
        """Add the row of one line."""
        kind = BY_PATTERN[pattern]
        clock = (MISSING if month_day is None else month_day, NAN if seconds is None else seconds)
        self._rows.setdefault(kind.series, []).append((line, *kind.row(match, self.intern), *clock))

    def add_chunk(self, series: str, columns: Mapping[str, Column], names: tuple[str, ...]) -> None:
        """Add whole columns whose name columns index into `names`."""
        if not NAME_COLUMNS.isdisjoint(columns):
            to_ours = np.array([self.intern(name) for name in names], np.int64)
            columns = {
                name: to_ours.take(values) if name in NAME_COLUMNS else values for name, values in columns.items()
            }
        self._chunks.setdefault(series, []).append(columns)

    def cut(self, line: int) -> None:
        """Forget what stands on this line or behind it."""
        self.end_block()
        for series, columns in list(self._columns.items()):
            kept = columns["line"].below(line)
            for column in columns.values():
                column.shorten(kept)
            if not kept:
                del self._columns[series]

    def end_block(self) -> None:
        """Put the rows and chunks of a block behind those of the blocks before it."""
        for series in self._rows.keys() | self._chunks.keys():
            rows = self._rows.pop(series, [])
            parts = [*self._chunks.pop(series, ()), *([_columns_of(series, rows)] if rows else [])]
            columns = self._columns.setdefault(series, {})
            for name, values in in_order(series, parts).items():
                if name not in columns:
                    columns[name] = GrowingColumn(_dtype(name))
                columns[name].extend(values)

    def curves(self) -> Curves:
        """Everything that was added, each series in the order of the log."""
        self.end_block()
        series = {
            name: {column: values.finished() for column, values in self._columns.pop(name).items()}
            for name in SERIES_COLUMNS
            if name in self._columns
        }
        return Curves(series, tuple(self._names))


def _columns_of(series: str, rows: Sequence[Row]) -> Mapping[str, Column]:
    names = (*SERIES_COLUMNS[series], *CLOCK_COLUMNS)
    return {name: np.array(values, _dtype(name)) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def _dtype(column: str) -> str:
    if column == "month_day":
        return "int32"
    return "int64" if column in WHOLE_COLUMNS else "float64"
