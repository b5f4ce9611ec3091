"""Whole numbers that no column of 64 bits can hold: each is NA, and a note names its line.

Caffe prints none. They stand in damaged logs, and in those that somebody made to see what happens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from logparse.errors import Note
from logparse.reading.line.values import integer
from logparse.reading.messages.convert import printed_shape
from logparse.textproto import is_unheld

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NOTES: Final = 20  # of all such lines of a log, the first

_FIGURE: Final = "a whole number that 64 bits do not hold", "It is NA; the rest of the line is read."
_SHAPE: Final = (
    "a top shape that no blob has: a dimension below zero, or more values than 64 bits count",
    "The shape is NA, and so is all that follows from it.",
)
_SETTING: Final = (
    "a whole number that 64 bits do not hold, in a definition",
    "The definition of its layer is left out, or the setting where it is no layer's.",
)
_SHAPES: Final = frozenset({"dims", "count"})
_LONG_SETTING: Final = re.compile(r":\s*+([-+]?(?:\d{19,}+|0[xX][0-9a-fA-F]{16,}+))(?![\w.])")


@dataclass(slots=True)
class UnheldNumbers:
    """What of a log's numbers is not held: the first few notes, and how many lines there were."""

    count: int = 0
    first: list[Note] = field(default_factory=list)

    def look(self, match: re.Match[str], groups: tuple[str, ...], line: int) -> None:
        """Look at the groups of a line that are read as whole numbers."""
        for group in groups:
            text = match[group]
            if text is not None and not _is_held(group, text):
                self._add(line, _SHAPE if group in _SHAPES else _FIGURE)
                return

    def look_at_dump(self, text: str, end_line: int) -> None:
        """Look at lines of a definition; `end_line` is the last one's number."""
        for found in _LONG_SETTING.finditer(text):
            if is_unheld(found[1]):
                self._add(end_line - text.count("\n", found.end()), _SETTING)

    def _add(self, line: int, words: tuple[str, str]) -> None:
        self.count += 1
        if len(self.first) < MOST_NOTES:
            self.first.append(Note(line, *words))

    def notes(self) -> Iterator[Note]:
        """The notes, and how many more lines there are like theirs."""
        yield from self.first
        more = self.count - len(self.first)
        if more:
            yield Note(None, f"{more} more lines with numbers that 64 bits do not hold", _FIGURE[1])


def _is_held(group: str, text: str) -> bool:
    if group == "dims":
        return printed_shape(text) is not None
    value = integer(text)
    return value is not None and (value >= 0 or group != "count")
