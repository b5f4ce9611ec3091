"""A frame's cells as plain Python, piece by piece: what the text formats write."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, SupportsFloat, SupportsIndex, TypeAlias

from logparse import formats
from logparse.catalogue import TABLES
from logparse.tables.column import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

PlainCell: TypeAlias = "bool | int | float | str | list[PlainCell] | None"

ROWS_AT_ONCE: Final = 20_000

_PLAIN: Final = frozenset({int, float})
# numpy's kinds of numbers → the catalogue's word for them.
_DTYPES: Final = {"i": "Int64", "u": "Int64", "f": "Float64", "b": "boolean"}


def described(frame: pd.DataFrame, table: str) -> list[Column]:
    """The catalogue's entry for each column of the frame; a column named by the log (an output) describes itself."""
    entries = {column.name: column for column in TABLES[table].columns}
    return [entries.get(str(name)) or _output(str(name), dtype) for name, dtype in frame.dtypes.items()]


def _output(name: str, dtype: object) -> Column:
    kind = _DTYPES.get(getattr(dtype, "kind", "O"), "string")
    return Column(name, kind, name, "An output, named as in the log.", nan_is_value=True)


def rows(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterator[tuple[PlainCell, ...]]:
    """The rows of a frame as plain cells, a piece of the frame at a time; `columns` describe its columns."""
    for start in range(0, len(frame), ROWS_AT_ONCE):
        piece = frame.iloc[start : start + ROWS_AT_ONCE]
        yield from zip(*(cells(piece.iloc[:, index], column) for index, column in enumerate(columns)), strict=True)


def cells(series: pd.Series, column: Column) -> list[PlainCell]:
    """The cells of one column."""
    if series.dtype.kind == "M":
        return _moments(series)
    gap_if_nan = not nan_is_value(series, column)
    values: list[PlainCell] = series.tolist()
    if set(map(type, values)) <= _PLAIN and not (gap_if_nan and series.hasnans):  # the long columns: nothing to do
        return values
    return [cell(value, gap_if_nan=gap_if_nan) for value in values]


def nan_is_value(series: pd.Series, column: Column) -> bool:
    """Whether a NaN in the column was printed so: in a nullable one always, its gaps are NA; else as described."""
    return series.dtype.kind == "f" and (str(series.dtype).startswith("Float") or column.nan_is_value)


def cell(value: object, *, gap_if_nan: bool = False) -> PlainCell:
    """The value as plain Python: None for NA, numpy's kin unwrapped, sequences as lists; `gap_if_nan`: NaN is NA."""
    if isinstance(value, bool | int | str):
        return value
    if formats.is_na(value):
        return None
    if isinstance(value, float):
        return None if gap_if_nan and math.isnan(value) else float(value)
    if isinstance(value, Iterable):
        return [cell(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> PlainCell:
    """What is neither Python's own number nor text: numpy's scalars."""
    if type(value).__name__.startswith("bool"):
        return bool(value)
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    if isinstance(value, SupportsFloat):
        return float(value)
    raise TypeError(f"no format has a cell for {value!r}")


def _moments(series: pd.Series) -> list[PlainCell]:
    """Dates in ISO 8601, to the microsecond as glog prints them."""
    import numpy as np

    if not series.notna().any():
        return [None] * len(series)
    texts = np.datetime_as_string(series.to_numpy().astype("datetime64[us]")).tolist()
    return [None if text == "NaT" else text for text in texts]
