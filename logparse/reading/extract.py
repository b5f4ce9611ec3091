"""Lines → records (set-up) and columns (solver lines): one scan over the bytes.

`Extractor.take` takes scanned blocks in order; `finish` closes the log. Every line ends in the ledger exactly once.
A solver or net dump is one message of many lines, with a header on the first only: lines without a header
belong to it until the next header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from math import isnan
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.fast.columns import SeriesTable
from logparse.reading.fast.residue import left_of
from logparse.reading.input.blocks import Block
from logparse.reading.input.plaintext import decode
from logparse.reading.line.clock import raw_time_s
from logparse.reading.line.lines import LineSplitter
from logparse.reading.line.years import year_hints
from logparse.reading.messages import records as rec
from logparse.reading.messages.convert import CONVERTERS, event
from logparse.reading.messages.dispatch import Dispatcher
from logparse.reading.messages.dump import DUMPS, Dump
from logparse.reading.messages.headerless import BLANK, bare_kind
from logparse.reading.messages.ignored import IGNORED
from logparse.reading.messages.ledger import DUMP, FOREIGN, RECOGNISED, UNKNOWN, LedgerTally
from logparse.reading.messages.ledger import IGNORED as IGNORED_CLASS
from logparse.reading.messages.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.model import Curves, LedgerRow
    from logparse.reading.fast.scan import Scan
    from logparse.reading.line.lines import Line
    from logparse.reading.line.years import YearHint
    from logparse.reading.messages.headerless import BareKind
    from logparse.reading.messages.patterns import Pattern

# From these on a layer's own messages are evidence about it; after those its set-up is over.
_OPENS_LAYER: Final = frozenset(
    {"factory_layer", "factory_layer_typed", "creating_layer", "created_layer", "setting_up"}
)
_CLOSES_LAYER: Final = frozenset({"memory", "backward_flag", "net_done", "scaffolding_done", "display"})


class LastLine(NamedTuple):
    """The last line that is not blank; `cut` where it ends in the middle of a message."""

    number: int
    text: str
    cut: bool


class Extracted(NamedTuple):
    """What one log says, before anything is put together."""

    records: tuple[rec.Record, ...]
    curves: Curves
    ledger: tuple[LedgerRow, ...]
    lines: int
    last: LastLine
    clock: tuple[tuple[int, float], ...]  # (line, raw time) of the first and the last header read line by line
    first_month_day: int | None  # mmdd of the first header that has one
    year_hints: tuple[YearHint, ...]


class _Claim(NamedTuple):
    """A headed line and the pattern that claims it."""

    line: Line
    number: int
    time_s: float | None
    pattern: Pattern
    match: re.Match[str]


_CLASS_OF_ROLE: Final = {"ignored": IGNORED_CLASS}
_BY_NAME: Final = {pattern.name: pattern for pattern in (*PATTERNS, *IGNORED)}
_CLASS_AND_REASON: Final = {
    name: (_CLASS_OF_ROLE.get(pattern.role, RECOGNISED), pattern.reason or name) for name, pattern in _BY_NAME.items()
}
_WIRE: Final = _BY_NAME["wire"]
_ANY: Final = re.compile(r"(?P<wire>.*)", re.DOTALL)
_MOST_FRAMES: Final = 200  # an endless recursion's trace says nothing more
_FEW_LINES: Final = 16  # one line in so many is few
_LAST_LINE_BYTES: Final = 240


@cache
def _dispatcher() -> Dispatcher:
    return Dispatcher((*PATTERNS, *IGNORED))


@dataclass(slots=True)
class Extractor:
    """Reads one log; see the module's text."""

    records: list[rec.Record] = field(default_factory=list)
    series: SeriesTable = field(default_factory=SeriesTable)
    tally: LedgerTally = field(default_factory=LedgerTally)
    _splitter: LineSplitter = field(default_factory=LineSplitter)
    _dump: Dump | None = None
    _continued: str | None = None  # why the lines behind this header are counted as its message's
    _in_layer: bool = False
    _layer: str | None = None
    _rank: str | None = None
    _lines: int = 0
    _unended: int | None = None
    _cut: bool = False
    _frames: int = 0  # of the stack trace being read
    _last_data: bytes = b""
    _first: tuple[int, float] | None = None
    _last: tuple[int, float] | None = None
    _first_month_day: int | None = None
    _hints: list[YearHint] = field(default_factory=list)

    def take(self, block: Block, found: Scan) -> None:
        """Take in one block as scanned: the bulk of the solver's lines by columns, what is left line by line."""
        self._hints += _hints_of(block, found)
        if block.data and not block.data.isspace():
            self._last_data = block.data
        for series, columns in found.columns.items():
            self.series.add_chunk(series, columns, found.names)
        for name, (lines, first, example) in found.counts.items():
            role, reason = _CLASS_AND_REASON.get(name, (RECOGNISED, name))
            self.tally.add(role, reason, first, example, lines)
        self._lines = block.first_line + found.lines - 1
        self._unended = None if block.data.endswith(b"\n") else self._lines
        following = block.first_line
        for number, raw, blanks in left_of(found, block.data):
            if number != following:
                self._end_message()  # a line with a header stood between
            self.feed_line(number, raw)
            if blanks:
                self._blanks(number + 1, blanks)
            following = number + 1 + blanks
        if following <= self._lines:
            self._end_message()
        self.series.end_block()

    def feed_line(self, number: int, raw: bytes) -> None:
        """Read one line, given without its line end."""
        line = self._splitter.split(raw)
        if line.rank is not None and self._is_other_rank(line.rank):
            self.tally.add(IGNORED_CLASS, "line of another rank", number, line.message)
        elif line.headed:
            self._headed(line, number)
        else:
            self._bare(line, number)

    def _blanks(self, number: int, count: int) -> None:
        """Count further blank lines of a run; to a dump they add nothing."""
        if self._dump is None:
            self.tally.add(IGNORED_CLASS, BLANK, number, "", count)
        else:
            self.tally.add(DUMP, self._dump.reason, number, "", count)
            self._dump.end_line = number + count - 1

    def finish(self) -> Extracted:
        """Close the log."""
        self._end_message()
        return Extracted(
            records=tuple(self.records),
            curves=(curves := self.series.curves()),
            ledger=self.tally.rows(),
            lines=self._lines,
            last=self._last_line(),
            clock=tuple(mark for mark in (self._first, self._last) if mark is not None),
            first_month_day=self._first_month_day or _first_month_day(curves),
            year_hints=tuple(self._hints),
        )

    def _last_line(self) -> LastLine:
        data = self._last_data.rstrip()
        blank = self._last_data.removesuffix(b"\n").count(b"\n", len(data))
        text = decode(data[data.rfind(b"\n") + 1 :][:_LAST_LINE_BYTES])
        return LastLine(self._lines - blank, text, self._cut)

    def _is_other_rank(self, rank: str) -> bool:
        """Ranks print the same set-up side by side: the first one seen speaks for all."""
        self._rank = self._rank or rank
        return rank != self._rank

    def _headed(self, line: Line, number: int) -> None:
        if self._dump is None or self._dump.lines or line.message.strip():
            self._end_message()  # Intel Caffe prints a second, empty header between "from parameters:" and the dump
        time_s = self._time(line, number)
        found = self._own_wire(line.message) or _dispatcher().find(line.message, line.file)
        if found is None:
            self._unclaimed(line, number, time_s)
        else:
            self._claimed(_Claim(line, number, time_s, *found))

    def _own_wire(self, message: str) -> tuple[Pattern, re.Match[str]] | None:
        """A wire of the layer being set up, whatever its name looks like (it may read like another message)."""
        if self._layer and message.startswith((f"{self._layer} <- ", f"{self._layer} -> ")):
            match = _WIRE.regex.fullmatch(message) or _ANY.fullmatch(message)
            return None if match is None else (_WIRE, match)
        return None

    def _time(self, line: Line, number: int) -> float | None:
        if line.seconds is None:
            return None
        time_s = raw_time_s(line.month_day, line.seconds)
        if isnan(time_s):
            return None
        self._first_month_day = self._first_month_day or line.month_day
        self._last = (number, time_s)
        self._first = self._first or self._last
        return time_s

    def _claimed(self, claim: _Claim) -> None:
        pattern = claim.pattern
        kind = _CLASS_OF_ROLE.get(pattern.role, RECOGNISED)
        self.tally.add(kind, pattern.reason or pattern.name, claim.number, claim.line.message)
        if pattern.name in _OPENS_LAYER:
            self._in_layer = True
            self._layer = claim.match.groupdict().get("layer") or self._layer
        elif pattern.name in _CLOSES_LAYER:
            self._in_layer = False
        if pattern.continues:
            self._continued = f"{pattern.reason} (lines that follow)"
        take = _ROLES.get(pattern.role)
        if take is not None:
            take(self, claim)
        else:
            self._chatter(claim.line, claim.number, claim.time_s)

    def _record(self, claim: _Claim) -> None:
        name, match = claim.pattern.name, claim.match
        if name not in DUMPS:
            self.records.append(CONVERTERS[name](match, claim.number, claim.time_s))
            return
        self._dump = Dump(name, claim.number, claim.time_s, end_line=claim.number)
        if match["glued"]:
            self._dump.add(claim.number, match["glued"])

    def _series(self, claim: _Claim) -> None:
        line = claim.line
        self.series.add(claim.pattern.name, claim.match, claim.number, line.month_day, line.seconds)

    def _event(self, claim: _Claim) -> None:
        self.records.append(event(claim.pattern.name)(claim.match, claim.number, claim.time_s))

    def _unclaimed(self, line: Line, number: int, time_s: float | None) -> None:
        if line.severity == "F":
            self.tally.add(RECOGNISED, "fatal error", number, line.message)
            self.records.append(rec.EventRecord(number, time_s, "fatal", line.message, None, None, line.file))
            return
        self._cut = number == self._unended
        if self._cut and _dispatcher().begins(line.message):
            self.tally.add(IGNORED_CLASS, "line cut at the end of the log", number, line.message)
        else:
            self.tally.add_shape(UNKNOWN, number, line.message)
        self._chatter(line, number, time_s)

    def _chatter(self, line: Line, number: int, time_s: float | None) -> None:
        """A layer's own message is evidence about it, whether or not its wording is known."""
        if self._in_layer and "_layer." in (line.file or ""):
            self.records.append(rec.Chatter(number, time_s, line.file or "", line.message))

    def _bare(self, line: Line, number: int) -> None:
        found = bare_kind(line.message)
        if self._dump is not None and (found is None or found[0].name == "blank"):
            self._dump.add(number, line.message)
            self.tally.add(DUMP, self._dump.reason, number, line.message)
            if self._dump.full:
                self._end_message()
        elif found is not None:
            self._bare_known(found, line.message, number)
        elif self._continued is not None:
            self.tally.add(IGNORED_CLASS, self._continued, number, line.message)
        else:
            self._cut = number == self._unended
            self.tally.add_shape(FOREIGN, number, line.message)

    def _bare_known(self, found: tuple[BareKind, re.Match[str]], text: str, number: int) -> None:
        kind, match = found
        if kind.name != "blank":
            self._end_message()
        self.tally.add(kind.kind, kind.reason, number, text)
        self._frames = self._frames + 1 if kind.event == "stack" else 0
        if kind.event is not None and self._frames <= _MOST_FRAMES:
            self.records.append(_bare_event(kind.event, text, number, match))

    def _end_message(self) -> None:
        """A message of several lines ends with the next header."""
        dump, self._dump, self._continued = self._dump, None, None
        if dump is not None:
            self.records.append(dump.record())


def _first_month_day(curves: Curves) -> int | None:
    """Mmdd of the first solver line that has one: a log may begin with them."""
    firsts = (
        (int(columns["line"][0]), int(columns["month_day"][0]))
        for columns in curves.series.values()
        if len(columns["line"])
    )
    return next((month_day for _, month_day in sorted(firsts) if month_day > 0), None)


def _hints_of(block: Block, found: Scan) -> Iterator[YearHint]:
    """Where a block names its year: no solver line does, so few lines of most blocks need to be searched."""
    few = len(found.residue[0]) * _FEW_LINES < found.lines
    if not few or block.first_line == 1:
        yield from year_hints(block)
        return
    for number, raw in found.residue_lines(block.data):
        yield from year_hints(Block(raw, number))


def _bare_event(kind: str, text: str, number: int, match: re.Match[str]) -> rec.EventRecord:
    unix = match.groupdict().get("unix")
    return rec.EventRecord(number, None, kind, text.strip(), None, float(unix) if unix else None, None)


_ROLES: Final[dict[str, Callable[[Extractor, _Claim], None]]] = {
    "record": Extractor._record,  # noqa: SLF001 - the table of this module's own methods
    "series": Extractor._series,  # noqa: SLF001 - likewise
    "event": Extractor._event,  # noqa: SLF001 - likewise
}
