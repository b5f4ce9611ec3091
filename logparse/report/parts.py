"""What the templates print: cells, tables, charts and sections, all of it prepared text.

A template loops and prints; it never computes, formats or escapes by hand. Text in these classes is raw (a
layer's name is a stranger's text) and escaped by the template engine; only `Chart.svg` is markup, made in
`canvas.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text (a newline starts a new line), its classes, where it leads, what hovering tells."""

    text: str
    css: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """One column's head: its title, the unit under it, what the column means, and its classes."""

    title: str
    unit: str = ""
    meaning: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `id` is the anchor that a link can lead to (never made from a log's text)."""

    cells: tuple[Cell, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; the first cell of a row is its head. `total` are the sums under it."""

    caption: str
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    total: tuple[Cell, ...] = ()
    css: str = ""
    note: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: a title that states what it shows, a short explanation, the drawing, and the same data as a table."""

    title: str
    note: str
    svg: Markup
    table: Table
    key: tuple[tuple[str, str], ...] = ()  # class of the mark, what it stands for


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
    cell: Callable[[Mapping[str, Any]], Cell] | None = None
    total: bool = False
    optional: bool = False  # left out where no record has a value other than 0 or NA


NUMERIC = frozenset({"count", "short", "bytes", "size", "percent", "significant", "precise", "ms", "duration"})


def tabulate(
    caption: str,
    fields: Sequence[Field],
    records: Sequence[Mapping[str, Any]],
    *,
    ids: Callable[[Mapping[str, Any]], str] | None = None,
    css: str = "",
    note: str = "",
) -> Table:
    """Records → table: one row each, columns as the fields say, sums where they say so."""
    shown = [one for one in fields if not one.optional or any(_tells(record.get(one.key)) for record in records)]
    rows = tuple(
        Row(tuple(_cell(one, record) for one in shown), "" if ids is None else ids(record)) for record in records
    )
    total = _totals(shown, records) if any(one.total for one in shown) and len(records) > 1 else ()
    return Table(caption, tuple(_head(one) for one in shown), rows, total, css, note)


def _head(one: Field) -> Head:
    return Head(one.title, one.unit, one.meaning, _css(one))


def _css(one: Field) -> str:
    """Text is the exception in these tables: it gets the class, so that numbers need none."""
    return f"{'' if one.form in NUMERIC else 't'} {one.css}".strip()


def _cell(one: Field, record: Mapping[str, Any]) -> Cell:
    if one.cell is not None:
        return one.cell(record)
    return Cell(formats.as_text(record.get(one.key), one.form), _css(one))


def _tells(value: object) -> bool:
    return not formats.is_na(value) and value not in (0, "", [], ())


def _totals(fields: Sequence[Field], records: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    cells = [_total(one, records) if one.total else Cell("") for one in fields]
    return (Cell("Total", "t"), *cells[1:])


def _total(one: Field, records: Sequence[Mapping[str, Any]]) -> Cell:
    """The sum of what is known; where something is not, the sum is marked as a lower bound."""
    known, unknown = known_sum(record.get(one.key) for record in records)
    text = formats.as_text(known, one.form)
    if unknown:
        return Cell(f"≥ {text}", _css(one), title=f"{unknown} of {len(records)} rows are not known")
    return Cell(text, _css(one))


def known_sum(values: Iterable[Any]) -> tuple[int, int]:
    """The sum of the known values, and how many are not known."""
    total = unknown = 0
    for value in values:
        if formats.is_na(value):
            unknown += 1
        else:
            total += value
    return total, unknown


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it is: a line of a definition list, or a key figure with its exact value as `note`."""

    name: str
    text: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A section's content in order of reading: paragraphs, facts, charts, tables; `partial` prints it."""

    lead: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    absent: str = ""
    extra: Any = field(default=None)
