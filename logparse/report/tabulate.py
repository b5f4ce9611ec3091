"""Records → a table of text: one row each, columns as the fields say, sums where they say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.elements import Cell, ColumnHead, Row, TableView
from logparse.rows import known_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.rows import TableRow


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table made from records: which key, under which head, in which form.

    `form` is a name in `formats.FORMS`; `cell`, where given, makes the whole cell out of the record.
    `total` says whether the column's sum stands under it.
    """

    key: str
    title: str
    form: str = "text"
    unit: str = ""
    meaning: str = ""
    css: str = ""
    cell: Callable[[TableRow], Cell] | None = None
    total: bool = False
    optional: bool = False  # left out where no record has a value other than 0 or NA


_NUMERIC: Final = frozenset({"count", "short", "bytes", "size", "percent", "significant", "precise", "ms", "duration"})


def tabulate(
    caption: str,
    fields: Sequence[Field],
    records: Sequence[TableRow],
    *,
    ids: Callable[[TableRow], str] | None = None,
    css: str = "",
    note: str = "",
) -> TableView:
    """Records → table: one row each, columns as the fields say, sums where they say so."""
    shown = [one for one in fields if not one.optional or any(_tells(record.get(one.key)) for record in records)]
    rows = tuple(
        Row(tuple(_cell(one, record) for one in shown), "" if ids is None else ids(record)) for record in records
    )
    total = _totals(shown, records) if any(one.total for one in shown) and len(records) > 1 else ()
    return TableView(caption, tuple(_head(one) for one in shown), rows, total, css, note)


def _head(one: Field) -> ColumnHead:
    return ColumnHead(one.title, one.unit, one.meaning, _css(one))


def _css(one: Field) -> str:
    """Text is the exception in these tables: it gets the class, so that numbers need none."""
    return f"{'' if one.form in _NUMERIC else 't'} {one.css}".strip()


def _cell(one: Field, record: TableRow) -> Cell:
    if one.cell is not None:
        return one.cell(record)
    return Cell(formats.as_text(record.get(one.key), one.form), _css(one))


def _tells(value: object) -> bool:
    return not formats.is_na(value) and value not in (0, "", [], ())


def _totals(fields: Sequence[Field], records: Sequence[TableRow]) -> tuple[Cell, ...]:
    cells = [_total(one, records) if one.total else Cell("") for one in fields]
    return (Cell("Total", "t"), *cells[1:])


def _total(one: Field, records: Sequence[TableRow]) -> Cell:
    """The sum of what is known; where something is not, the sum is marked as a lower bound."""
    known, unknown = known_sum(records, one.key)
    text = formats.as_text(known, one.form)
    if unknown:
        return Cell(f"≥ {text}", _css(one), title=f"{unknown} of {len(records)} rows are not known")
    return Cell(text, _css(one))
