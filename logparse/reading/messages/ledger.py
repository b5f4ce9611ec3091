"""The ledger in the making: every line counted once, by class and reason, with its first example."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from logparse.model import LedgerRow

RECOGNISED: Final = "recognised"
IGNORED: Final = "ignored"
DUMP: Final = "dump"
FOREIGN: Final = "foreign"
UNKNOWN: Final = "unknown"
CLASSES: Final = (RECOGNISED, IGNORED, DUMP, FOREIGN, UNKNOWN)

_EXAMPLE_LENGTH: Final = 160
_SHAPES_KEPT: Final = 400  # bounds memory where every line has a shape of its own
_OTHER: Final = "other shapes"
_VALUE: Final = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|0x[0-9a-fA-F]+|[-+]?\d[\d.,:e+-]*")


def shape_of(message: str) -> str:
    """A message with its numbers and quoted names blanked out: messages of one shape are one kind."""
    words = _VALUE.sub("#", message[:400]).split()
    return " ".join(words[:8])[:80] or "(blank)"


@dataclass(slots=True)
class _Count:
    lines: int
    first_line: int
    example: str


class LedgerTally:
    """Counts lines; `rows` gives the ledger, most frequent first within each class."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}
        self._shapes = 0
        self.lines = 0

    def copy(self) -> LedgerTally:
        """The same counts, which go on apart."""
        tally = LedgerTally()
        tally._counts = {key: replace(count) for key, count in self._counts.items()}
        tally._shapes, tally.lines = self._shapes, self.lines
        return tally

    def add(self, kind: str, reason: str, line: int, example: str, lines: int = 1) -> None:
        """Count `lines` lines of one class and reason."""
        self.lines += lines
        count = self._counts.get((kind, reason))
        if count is None:
            self._counts[kind, reason] = _Count(lines, line, example[:_EXAMPLE_LENGTH])
            return
        count.lines += lines
        if line < count.first_line:
            count.first_line, count.example = line, example[:_EXAMPLE_LENGTH]

    def add_shape(self, kind: str, line: int, message: str) -> None:
        """Count a line that nothing claims, under its shape."""
        shape = shape_of(message)
        if (kind, shape) not in self._counts:
            self._shapes += 1
            if self._shapes > _SHAPES_KEPT:
                shape = _OTHER
        self.add(kind, shape, line, message)

    def rows(self) -> tuple[LedgerRow, ...]:
        """The ledger: classes in a fixed order, then by number of lines."""
        order = {kind: place for place, kind in enumerate(CLASSES)}
        rows = [
            LedgerRow(kind, reason, count.lines, count.first_line, count.example)
            for (kind, reason), count in self._counts.items()
        ]
        return tuple(sorted(rows, key=lambda row: (order[row.kind], -row.lines, row.first_line, row.reason)))
