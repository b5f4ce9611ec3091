"""Cells under one another, for terminals and pipes."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PIPE_WIDTH: Final = 100  # characters of a line where no terminal tells how many it has
_NARROW, _WIDE = 40, 120  # a narrower line breaks every word, a wider one is hard to read
BLOCK: Final = "█"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def in_columns(lines: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> Iterator[str]:
    """Cells under one another, those of the columns `left` to the left; blanks at a line's end are left out."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield f"  {'  '.join(cells)}".rstrip()


def bar(share: float | None, width: int) -> str:
    """A bar of so many characters for the whole (1.0), to an eighth of a character; nothing where it is not known."""
    eighths = round(min(max(share or 0.0, 0.0), 1.0) * width * 8)
    if share and not eighths:
        eighths = 1
    return f"{BLOCK * (eighths // 8)}{_EIGHTHS[eighths % 8].strip()}"


def encoded(line: str) -> bytes:
    """A line as bytes; a stranger's control characters stay text."""
    return f"{formats.shown(line)}\n".encode("utf-8", "backslashreplace")


def width_of_lines() -> int:
    """How many characters a line may have: a terminal's, within reason; the same everywhere in a pipe."""
    if sys.stdout is None or not sys.stdout.isatty():
        return PIPE_WIDTH
    return max(_NARROW, min(shutil.get_terminal_size((PIPE_WIDTH, 24)).columns, _WIDE))
