"""A pipe table of GitHub's Markdown, for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.export.cells import described, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from logparse.tables.column import Column

_NUMERIC: Final = frozenset({"Int64", "Float64"})
# The catalogue's dtype → the form of a cell; a list's is what its items say.
CELL_FORMS: Final[Mapping[str, str]] = {
    "Int64": "count",
    "Float64": "precise",
    "boolean": "flag",
    "string": "text",
    "datetime64[us]": "text",
}


def to_markdown(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """A pipe table (GitHub's Markdown) for people: titles with their units, cells formatted as in the report."""
    columns = described(frame, table)
    yield _line(map(markdown_text, map(title_of, columns)))
    yield _line("---:" if is_numeric(column) else "---" for column in columns)
    forms = [formats.FORMS[form_of(column)] for column in columns]
    for row in rows(frame, columns):
        yield _line(markdown_text(form(value)) for form, value in zip(forms, row, strict=True))


def title_of(column: Column) -> str:
    """A column's title with its unit."""
    return f"{column.title} ({column.unit})" if column.unit else column.title


def is_numeric(column: Column) -> bool:
    """Whether its cells stand to the right."""
    return column.dtype in _NUMERIC


def form_of(column: Column) -> str:
    """The form of a column's cells, a key of formats.FORMS."""
    if column.name.endswith("_share"):
        return "percent"
    return column.items or CELL_FORMS[column.dtype]


def _line(cells: Iterable[str]) -> bytes:
    return f"| {' | '.join(cells)} |\n".encode("utf-8", "backslashreplace")


# What would start markup, a new cell or an entity; an underscore inside a word starts nothing.
_MARKUP: Final = re.compile(r"[\\`*\[\]<|~&#]|(?<!\w)_|_(?!\w)")


def markdown_text(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line."""
    return formats.shown(_MARKUP.sub(r"\\\g<0>", " ".join(text.splitlines())))
