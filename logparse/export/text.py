"""A table for a terminal or a plain file: cells under one another, as in the report."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.export.cells import described, rows
from logparse.export.markdown import form_of, is_numeric, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from logparse.tables.column import Column

_MEASURED: Final = 2000  # rows that decide how wide the columns are; a longer cell further down pushes its line
LONGEST_CELL: Final = 60


def to_text(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """Columns under one another: titles with their units, exact figures, texts of at most 60 characters."""
    columns = described(frame, table)
    cells = _cells(frame, columns, {})
    yield from (f"{line}\n".encode("utf-8", "backslashreplace") for line in _aligned(columns, cells))


def table_lines(frame: pd.DataFrame, table: str, forms: Mapping[str, str]) -> Iterator[str]:
    """The same as lines, where `forms` (keys of `formats.FORMS`) say how the cells of some columns look."""
    columns = described(frame, table)
    return _aligned(columns, _cells(frame, columns, forms))


def _cells(frame: pd.DataFrame, columns: Sequence[Column], forms: Mapping[str, str]) -> Iterator[list[str]]:
    chosen = [formats.FORMS[forms.get(column.name) or form_of(column)] for column in columns]
    for row in rows(frame, columns):
        texts = (form(value) for form, value in zip(chosen, row, strict=True))
        yield [formats.shown(formats.shortened(" ".join(text.split()), LONGEST_CELL)) for text in texts]


def _aligned(columns: Sequence[Column], cells: Iterator[list[str]]) -> Iterator[str]:
    head = [title_of(column) for column in columns]
    right = [is_numeric(column) for column in columns]
    first = [head, *islice(cells, _MEASURED)]
    widths = [max(map(len, column)) for column in zip(*first, strict=True)]
    for line in chain(first, cells):
        yield _line(line, widths, right)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()
