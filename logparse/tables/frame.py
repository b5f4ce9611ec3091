"""Rows, or columns as arrays → a DataFrame with the columns of its table: those, in their order, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from logparse.tables.column import Column
    from logparse.tables.table import Built, BuiltRow, Table

COPIED_CELLS: Final = 1_000_000  # a copy of so many takes some milliseconds
OUTPUT: Final = "#"  # what the name of a column that the log names begins with


def frame(table: Table, built: Built) -> pd.DataFrame:
    """What a table's `build` gave → its DataFrame.

    Of rows: None is NA, and so are a key that a row lacks and, where no log prints it, a nan. Of columns: as they are.

    Raises:
        ValueError: the table has no column of that name; of columns, one is missing.

    """
    return _of_arrays(table, built) if isinstance(built, Mapping) else _of_rows(table, built)


def handed_out(made: pd.DataFrame) -> pd.DataFrame:
    """A kept frame as a caller gets it: a copy, whose changes the kept one does not see.

    A frame too large for that is copied by pandas 3 where somebody writes to it; pandas 2 hands out the kept one.
    """
    return made.copy(deep=made.size <= COPIED_CELLS)


def _of_rows(table: Table, rows: Sequence[BuiltRow]) -> pd.DataFrame:
    if not rows:
        return _without_rows(table).copy(deep=False)
    return _made(table, zip(*_cells(table, rows), strict=True), len(rows))


@cache
def _without_rows(table: Table) -> pd.DataFrame:
    """The table of a log that has nothing for it, as every second table is; made once, handed out as a new frame."""
    return _made(table, [()] * len(table.columns), 0)


def _made(table: Table, cells: Iterable[Sequence[Any]], length: int) -> pd.DataFrame:
    arrays = {column.name: _array_of(column)(values) for column, values in zip(table.columns, cells, strict=True)}
    return pd.DataFrame(arrays, index=pd.RangeIndex(length), copy=False)


def _cells(table: Table, rows: Sequence[BuiltRow]) -> list[tuple[Any, ...]]:
    """Each row as a tuple in the order of the columns."""
    names = [column.name for column in table.columns]
    if not all(map(frozenset(names).issuperset, rows)):
        _refuse(table, chain.from_iterable(rows))
    try:
        return list(map(itemgetter(*names), rows))
    except KeyError:  # rows need not say what is not known
        return [tuple(map(row.get, names)) for row in rows]


def _of_arrays(table: Table, arrays: Mapping[str, Any]) -> pd.DataFrame:
    """Outputs, which the log names, stand before the last column."""
    names = [column.name for column in table.columns]
    outputs = [name for name in arrays if name.startswith(OUTPUT)] if table.has_outputs else []
    if not arrays.keys() <= {*names, *outputs}:
        _refuse(table, arrays)
    for name in names:
        if name not in arrays:
            raise ValueError(f"nothing builds the column {name!r} of the table {table.name!r}: see {_home(table)}")
    # Shared with the facts, not copied: their columns are read-only, and pandas copies what is about to be written to.
    return pd.DataFrame({name: arrays[name] for name in [*names[:-1], *outputs, *names[-1:]]}, copy=False)


def _refuse(table: Table, names: Iterable[str]) -> NoReturn:
    """Raise ValueError that names what is no column of the table."""
    known = [column.name for column in table.columns]
    strange = next(name for name in names if name not in known and not (table.has_outputs and name.startswith(OUTPUT)))
    near = "".join(f"; is {close!r} meant?" for close in get_close_matches(strange, known, 1))
    raise ValueError(f"the table {table.name!r} has no column {strange!r}: add it in {_home(table)}{near}")


def _home(table: Table) -> str:
    """The module of a table's columns and builder."""
    return table.build.__module__


_LEAST: Final = int(np.iinfo(np.int64).min)
_MOST: Final = int(np.iinfo(np.int64).max)
_MOST_DECIMAL: Final = int(np.finfo(np.float64).max)

# --- one column: a tuple of Python's values, None where not known → an array of pandas' -------------------------------


def _whole(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a pandas array
    gaps = np.array([value is None for value in values], dtype=bool)
    known = np.array([0 if value is None else value for value in values]) if values else np.zeros(0, dtype=np.int64)
    if known.dtype != np.int64:  # no Python integers, or too large: pandas converts what is safe and refuses the rest
        return pd.array([None if _is_too_large(value) else value for value in values], dtype="Int64")
    return pd.arrays.IntegerArray(known, gaps)


def _is_too_large(value: object) -> bool:
    """Whether a whole number is one that 64 bits do not hold, as a product of what a log prints may be: it is NA.

    (What a log prints itself is bounded as it is read, with a note of its line.)
    """
    return isinstance(value, int) and not _LEAST <= value <= _MOST


def _decimal(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a pandas array
    try:
        known = np.array(values, dtype=np.float64)  # None becomes nan
    except OverflowError:  # a whole number beyond 1e308
        return _decimal([None if isinstance(value, int) and abs(value) > _MOST_DECIMAL else value for value in values])
    return pd.arrays.FloatingArray(known, np.isnan(known))


def _printed(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a pandas array
    """Decimals of which a printed nan is one."""
    gaps = np.array([value is None for value in values], dtype=bool)
    return pd.arrays.FloatingArray(np.array(values, dtype=np.float64), gaps)


def _truth(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a pandas array
    gaps = np.array([value is None for value in values], dtype=bool)
    known = np.array([False if value is None else value for value in values]) if values else gaps.copy()
    return pd.arrays.BooleanArray(known, gaps)


def _text(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a pandas array
    return pd.array(list(values), dtype=pd.StringDtype())


def _listed(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a numpy array of lists
    return np.fromiter(values, dtype=object, count=len(values))


def _moment(values: Sequence[Any]) -> Any:  # noqa: ANN401 - a numpy array
    return np.array(values, dtype="datetime64[us]")


_ARRAYS: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "Int64": _whole,
    "Float64": _decimal,
    "boolean": _truth,
    "string": _text,
    "object": _listed,
    "datetime64[us]": _moment,
}


def _array_of(column: Column) -> Callable[[Sequence[Any]], Any]:
    return _printed if column.nan_is_value else _ARRAYS[column.dtype]
