"""Rows of the tables as plain mappings: cells that may be NA, sums of what is known, and what a row is about.

Whoever reads tables row by row (the finders, the report) reads them with these, so that a layer without a name or a
sum with a gap is the same thing everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    import pandas as pd

TableRow: TypeAlias = Mapping[str, Any]  # column → raw value
NetWithLayers: TypeAlias = tuple[TableRow, list[TableRow]]  # a net's row, and those of its layers in order

_T = TypeVar("_T")


# --- one cell ---------------------------------------------------------------------------------------------


def is_blank(value: object) -> bool:
    """Whether a cell holds no text."""
    return formats.is_na(value) or value == ""


def items_of(value: Iterable[Any] | None) -> list[Any]:
    """A cell that holds a list; empty where it is NA."""
    return [] if value is None or formats.is_na(value) else list(value)


def int_of(value: Any) -> int | None:  # noqa: ANN401 - a cell of a frame
    """A cell as an int; None where it is NA, or NaN in a column of floats."""
    return None if formats.is_na(value) or (isinstance(value, float) and math.isnan(value)) else int(value)


def float_of(value: Any) -> float | None:  # noqa: ANN401 - a cell of a frame
    """A cell as a float; None where it is NA."""
    return None if formats.is_na(value) else float(value)


# --- several rows -----------------------------------------------------------------------------------------


def rows_of(frame: pd.DataFrame) -> list[TableRow]:
    """A table's rows, NA as None; for tables of layers, nets and events, not for curves.

    It is what `to_dict("records")` gives, in half the time.
    """
    names = frame.columns.tolist()
    cells = [_cells(column) for _, column in frame.items()]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _cells(column: pd.Series) -> list[Any]:
    if hasattr(column.dtype, "na_value"):  # an array of pandas' own
        return column.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload,no-any-return]
    return column.tolist()


def known_rows(rows: Iterable[TableRow], key: str) -> list[TableRow]:
    """The rows in which a column is known."""
    return [row for row in rows if not formats.is_na(row.get(key))]


def known_sum(rows: Iterable[TableRow], key: str) -> tuple[Any, int]:
    """The sum of the known values of a column, and in how many rows it is not known."""
    values = [row.get(key) for row in rows]
    known = [value for value in values if not formats.is_na(value)]
    return sum(known), len(values) - len(known)


def grouped(items: Iterable[_T], key: Callable[[_T], Any]) -> dict[Any, list[_T]]:
    """Items by key, keys in order of first appearance."""
    groups: dict[Any, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


# --- layers and nets --------------------------------------------------------------------------------------


def layer_name(row: TableRow, unnamed: str = "(unnamed)") -> str:
    """A layer's name; a shape line without its layer has none."""
    return unnamed if formats.is_na(row.get("layer")) else str(row["layer"])


def net_key(row: TableRow) -> tuple[Any, Any]:
    """What tells a row's net from all others: attempt and number."""
    return row["attempt"], row["net_index"]


def net_kind(phase: object) -> str:
    """`TRAIN net`; `net` where the log does not tell its phase."""
    return "net" if formats.is_na(phase) else f"{phase} net"


def net_name(phase: object, test_index: object = None, nested: object = None) -> str:
    """A net in words: `TRAIN net`, `TEST net #1`, `net inside rnn`."""
    number = "" if formats.is_na(test_index) else f" #{test_index}"
    inside = "" if formats.is_na(nested) else f" inside {nested}"
    return f"{net_kind(phase)}{number}{inside}"


def lead_rank(row: TableRow, layers: int) -> tuple[bool, bool, int]:
    """The net of highest rank is the one that figures and charts are about: the training net with most layers.

    Where there is no training net it is the largest; a net inside a layer leads only where there is no other. `row`
    is any row that tells the net's phase and what it is nested in.
    """
    outer = formats.is_na(row.get("nested"))
    return outer and row.get("phase") == "TRAIN", outer, layers


def told_rank(row: TableRow, layers: int, trained: Container[object]) -> tuple[bool, bool, bool, int, int]:
    """The net of highest rank is the one that a whole log is told by.

    A net that was trained leads before any that was only set up, and of nets alike the last. `trained` are the attempts
    that display an iteration.
    """
    attempt = int(row["attempt"])
    return attempt in trained, *lead_rank(row, layers), attempt
