"""Comma-separated values (RFC 4180 but for the line ends)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.export.cells import described, rows
from logparse.export.json import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from logparse.export.cells import PlainCell

_SPECIAL: Final = frozenset(',"\r\n')


def to_csv(frame: pd.DataFrame, table: str) -> Iterator[bytes]:
    """Comma-separated values with a header line."""
    yield _line(map(str, frame.columns))
    for row in rows(frame, described(frame, table)):
        yield _line(row)


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
