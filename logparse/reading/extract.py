"""One log → records (set-up lines), columns (solver lines) and the ledger, in one pass over its blocks.

`Extractor.take` takes scanned blocks in order: the bulk of the solver's lines come as columns, what the scan left is
read by the interpreter. `finish` closes the log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.input.blocks import TextBlock
from logparse.reading.input.plaintext import decode
from logparse.reading.interpret import Interpreter
from logparse.reading.line.splitter import LineSplitter
from logparse.reading.line.years import year_hints
from logparse.reading.messages.meaning import class_and_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.errors import Note
    from logparse.model import Curves, LedgerRow
    from logparse.reading.fast.scan import Scan
    from logparse.reading.line.years import YearHint
    from logparse.reading.messages.records import Record

# What the fast scan counts and is no solver's (fast/templates.py).
_OTHERS: Final = re.compile(rb"(?:[^\n]*\] Restarting data prefetching from start\.\n)*+")
_FEW_LINES: Final = 16  # one line in so many is few
_LAST_LINE_BYTES: Final = 240


class LastLine(NamedTuple):
    """The last line that is not blank; `cut` where it ends in the middle of a message."""

    number: int
    text: str
    cut: bool


class Extracted(NamedTuple):
    """What one log says, before anything is put together."""

    records: tuple[Record, ...]
    curves: Curves
    ledger: tuple[LedgerRow, ...]
    lines: int
    last: LastLine
    clock: tuple[tuple[int, float], ...]  # (line, raw time) of the first and the last header read line by line
    first_month_day: int | None  # mmdd of the first header that has one
    year_hints: tuple[YearHint, ...]
    notes: tuple[Note, ...]  # numbers that no column can hold
    ranks: tuple[tuple[int, int], ...] = ()  # each process's number and lines; the first one is read


class Extractor:
    """Reads one log; see the module's text."""

    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._splitter = LineSplitter()
        self._lines = 0
        self._last_data = b""
        self._hints: list[YearHint] = []

    def take(self, block: TextBlock, found: Scan) -> None:
        """Take in one block as scanned."""
        self._hints += _hints_of(block, found)
        if block.data and not block.data.isspace():
            self._last_data = block.data
        self._lines = block.first_line + found.lines - 1
        self._take_columns(found)
        self._read_rest(block, found)
        self._interpreter.series.end_block()

    def _take_columns(self, found: Scan) -> None:
        for series, columns in found.columns.items():
            self._interpreter.series.add_chunk(series, columns, found.names)
        if found.counts and self._interpreter.first_header is None:
            self._interpreter.first_header = min(first for _, first, _ in found.counts.values())
        for name, (lines, first, example) in found.counts.items():
            self._interpreter.tally.add(*class_and_reason(name), first, example, lines)

    def _read_rest(self, block: TextBlock, found: Scan) -> None:
        """Read what the scan left; where it took lines between, they had headers, which end any message."""
        reader = self._interpreter
        reader.unended = None if block.data.endswith(b"\n") else self._lines
        following, place = block.first_line, 0
        for number, start, end in found.runs(block.data):
            if number != following:
                reader.end_message()
                self._note_solver_lines(block.data, place, start, following)
            following, place = number, end
            for piece in self._splitter.pieces(block.data, start, end):
                following = reader.take(piece, following)
        if following <= self._lines:
            reader.end_message()
            self._note_solver_lines(block.data, place, len(block.data), following)

    def _note_solver_lines(self, data: bytes, start: int, end: int, number: int) -> None:
        """Note that the scan took solver lines from `start` to `end`; data layers' lines, which it takes too, may stand
        in the middle of a set-up."""
        if self._interpreter.after_solver_lines:
            return
        others = _OTHERS.match(data, start, end)
        if others is not None and others.end() < end:
            self._interpreter.note_solver_lines(number + others[0].count(b"\n"))

    def finish(self) -> Extracted:
        """Close the log."""
        reader = self._interpreter
        reader.end_message()
        return Extracted(
            records=tuple(reader.records),
            curves=(curves := reader.series.curves()),
            ledger=reader.tally.rows(),
            lines=self._lines,
            last=self._last_line(),
            clock=tuple(mark for mark in (reader.first_time, reader.last_time) if mark is not None),
            first_month_day=reader.first_month_day or _first_month_day(curves),
            year_hints=tuple(self._hints),
            ranks=reader.ranks.rows(),
            notes=tuple(reader.unheld.notes()),
        )

    def _last_line(self) -> LastLine:
        data = self._last_data.rstrip()
        blank = self._last_data.removesuffix(b"\n").count(b"\n", len(data))
        text = decode(data[data.rfind(b"\n") + 1 :][:_LAST_LINE_BYTES])
        return LastLine(self._lines - blank, text, self._interpreter.cut)


def _first_month_day(curves: Curves) -> int | None:
    """Mmdd of the first solver line that has one: a log may begin with them."""
    firsts = (
        (int(columns["line"][0]), int(columns["month_day"][0]))
        for columns in curves.series.values()
        if len(columns["line"])
    )
    return next((month_day for _, month_day in sorted(firsts) if month_day > 0), None)


def _hints_of(block: TextBlock, found: Scan) -> Iterator[YearHint]:
    """Where a block names its year: no solver line does, so few lines of most blocks need to be searched."""
    few = len(found.residue[0]) * _FEW_LINES < found.lines
    if not few or block.first_line == 1:
        yield from year_hints(block)
        return
    for number, raw in found.residue_lines(block.data):
        yield from year_hints(TextBlock(raw, number))
