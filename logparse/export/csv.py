"""Comma-separated values (RFC 4180 but for the line ends).

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and names in a log are a stranger's text:
`defused` writes an apostrophe before it, which a spreadsheet takes as the mark of a text. Numbers stay as they are.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.export.cells import described, rows
from logparse.export.json import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from logparse.export.cells import PlainCell

_SPECIAL: Final = frozenset(',"\r\n')


# What a spreadsheet takes as the beginning of a formula, also in full width and behind blanks that it leaves out …
_FORMULA: Final = re.compile(r"[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
# … and what begins so and is nothing but a number
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.][0-9]*)?(?:[eE][+-]?[0-9]+)?")


def to_csv(frame: pd.DataFrame, table: str, text: Callable[[str], str] | None = None) -> Iterator[bytes]:
    """Comma-separated values with a header line; `text` is what is done to each name and each cell of text."""
    columns = described(frame, table)
    yield _line(str(name) if text is None else text(str(name)) for name in frame.columns)
    if text is None or all(column.dtype != "string" for column in columns):
        yield from map(_line, rows(frame, columns))
        return
    for row in rows(frame, columns):
        yield _line(text(cell) if isinstance(cell, str) else cell for cell in row)


def defused(text: str) -> str:
    """Text for a spreadsheet: no formula, and nothing that steers a terminal or turns the direction of a line."""
    seen = formats.visible(text)
    return f"'{seen}" if _FORMULA.match(seen) and not _NUMBER.fullmatch(seen) else seen


# What becomes of text that a spreadsheet would run, by the name of the choice
FORMULAS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType({"escape": defused, "keep": formats.visible})


def _line(row: Iterable[PlainCell]) -> bytes:
    return f"{','.join(map(_cell, row))}\n".encode("utf-8", "backslashreplace")


def _cell(value: PlainCell) -> str:
    """Quoted where it must be (the csv module of 3.11 leaves a carriage return bare), and where it is empty text."""
    if value is None:
        return ""
    if isinstance(value, bool | list):
        value = json_text(value)
    text = repr(value) if isinstance(value, float) else str(value)
    return text if text and _SPECIAL.isdisjoint(text) else '"' + text.replace('"', '""') + '"'
