"""Lines, one after another → records (set-up), rows (solver lines) and the ledger: what belongs to what.

A solver or net dump is one message of many lines, with a header on the first only: lines without a header belong to
it until the next header. Every line ends in the ledger exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from logparse.reading.fast.columns import SeriesTable
from logparse.reading.line.clock import day_start_s
from logparse.reading.line.pieces import Line, PlainText
from logparse.reading.messages import records as rec
from logparse.reading.messages.dump import OpenDump
from logparse.reading.messages.headerless import BLANK, bare_kind
from logparse.reading.messages.ledger import DUMP, FOREIGN, IGNORED, RECOGNISED, UNKNOWN, LedgerTally
from logparse.reading.messages.meaning import dispatcher, meanings
from logparse.reading.messages.unheld import UnheldNumbers

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from logparse.reading.line.pieces import Piece
    from logparse.reading.messages.dispatch import Dispatcher
    from logparse.reading.messages.headerless import BareKind
    from logparse.reading.messages.meaning import Meaning

_MOST_FRAMES: Final = 200  # an endless recursion's trace says nothing more


@dataclass(slots=True)
class Interpreter:
    """Takes in the pieces of one log; see the module's text."""

    records: list[rec.Record] = field(default_factory=list)
    series: SeriesTable = field(default_factory=SeriesTable)
    tally: LedgerTally = field(default_factory=LedgerTally)
    first_time: tuple[int, float] | None = None  # (line, raw time) of the first header that has one, and of the last
    last_time: tuple[int, float] | None = None
    first_month_day: int | None = None
    unended: int | None = None  # the log's last line, where it has no end
    cut: bool = False  # whether that line is the beginning of a message
    unheld: UnheldNumbers = field(default_factory=UnheldNumbers)
    _dispatcher: Dispatcher = field(default_factory=dispatcher)
    _meanings: Mapping[str, Meaning] = field(default_factory=meanings)
    _dump: OpenDump | None = None
    _continued: str | None = None
    _in_layer: bool = False
    _wires: tuple[str, ...] = ()  # what the wires of the layer being set up begin with
    _rank: str | None = None
    _frames: int = 0  # of the stack trace being read

    def take(self, piece: Piece, number: int) -> int:
        """Read one piece, whose first line has this number; gives the number of the line behind it."""
        if isinstance(piece, Line):
            if piece.rank is not None and self._is_other_rank(piece.rank):
                self.tally.add(IGNORED, "line of another rank", number, piece.message)
            elif piece.headed:
                self._headed(piece, number)
            else:
                self._bare(piece.message, number)
            return number + 1
        if isinstance(piece, PlainText):
            self._plain(piece, number)
        else:
            self._blank(number, piece.lines)
        return number + piece.lines

    def end_message(self) -> None:
        """A message of several lines ends with the next header."""
        dump, self._dump, self._continued = self._dump, None, None
        if dump is not None:
            self.records.append(dump.record())

    def _is_other_rank(self, rank: str) -> bool:
        """Ranks print the same set-up side by side: the first one seen speaks for all."""
        self._rank = self._rank or rank
        return rank != self._rank

    # --- lines with a header -------------------------------------------------------------------------------

    def _headed(self, line: Line, number: int) -> None:
        message = line.message
        if self._dump is None:
            self._continued = None
        elif self._dump.lines or message.strip():
            self.end_message()  # Intel Caffe prints a second, empty header between "from parameters:" and the dump
        time_s = None
        if line.seconds is not None:
            time_s = day_start_s(line.month_day) + line.seconds
            self.last_time = number, time_s
            if self.first_month_day is None:
                self._note_first(line, self.last_time)
        if message.startswith(self._wires):
            # a wire of the layer being set up, whatever its name looks like (it may read like another message)
            self.tally.add(RECOGNISED, "wire", number, message)
            self.records.append(rec.Wire(number, time_s, message))
            return
        found = self._dispatcher.find(message, line.file)
        if found is None:
            self._unclaimed(line, number, time_s)
            return
        meaning, match = self._meanings[found[0].name], found[1]
        self.tally.add(meaning.kind, meaning.reason, number, message)
        if meaning.bears_on_next:
            self._follow(meaning, match)
        if meaning.whole_groups:
            self.unheld.look(match, meaning.whole_groups, number)
        if meaning.convert is not None:
            self.records.append(meaning.convert(match, number, time_s))
        else:
            _TAKE_OF_ROLE[meaning.role](self, meaning.name, line, number, match)

    def _note_first(self, line: Line, time: tuple[int, float]) -> None:
        if self.first_time is None:
            self.first_time = time
        self.first_month_day = line.month_day

    def _follow(self, meaning: Meaning, match: re.Match[str]) -> None:
        """Note what the message says about those that follow."""
        if meaning.opens_layer:
            self._in_layer = True
            if meaning.names_layer and match["layer"]:
                self._wires = f"{match['layer']} <- ", f"{match['layer']} -> "
        elif meaning.closes_layer:
            self._in_layer = False
        self._continued = meaning.continued

    def open_dump(self, name: str, line: Line, number: int, match: re.Match[str]) -> None:
        """The lines that follow are a definition."""
        self._dump = OpenDump(name, number, _time_s(line), end_line=number)
        if match["glued"]:
            self._add_to_dump(self._dump, match["glued"], number)

    def _add_to_dump(self, dump: OpenDump, text: str, end_line: int) -> None:
        dump.add(text, end_line)
        self.unheld.look_at_dump(text, end_line)

    def add_row(self, name: str, line: Line, number: int, match: re.Match[str]) -> None:
        """A solver line."""
        self.series.add(name, match, number, line.month_day, line.seconds)

    def pass_over(self, _name: str, line: Line, number: int, _match: re.Match[str]) -> None:
        """A line that is known and not used."""
        self._chatter(line, number)

    def _unclaimed(self, line: Line, number: int, time_s: float | None) -> None:
        if line.severity == "F":
            self.tally.add(RECOGNISED, "fatal error", number, line.message)
            self.records.append(rec.EventRecord(number, time_s, "fatal", line.message, None, None, line.file))
            return
        self.cut = number == self.unended
        if self.cut and self._dispatcher.begins(line.message):
            self.tally.add(IGNORED, "line cut at the end of the log", number, line.message)
        else:
            self.tally.add_shape(UNKNOWN, number, line.message)
        self._chatter(line, number)

    def _chatter(self, line: Line, number: int) -> None:
        """A layer's own message is evidence about it, whether or not its wording is known."""
        if self._in_layer and "_layer." in (line.file or ""):
            self.records.append(rec.Chatter(number, _time_s(line), line.file or "", line.message))

    # --- lines without one ---------------------------------------------------------------------------------

    def _plain(self, piece: PlainText, number: int) -> None:
        """Text of an open dump, or of a message of several lines, is taken as a whole."""
        text, lines = piece
        dump = self._dump
        if dump is not None and dump.has_room(text):
            self._add_to_dump(dump, text, number + lines - 1)
            self.tally.add(DUMP, dump.reason, number, text.partition("\n")[0], lines)
        elif dump is None and self._continued is not None:
            self.tally.add(IGNORED, self._continued, number, text.partition("\n")[0], lines)
        else:
            for place, one in enumerate(text.split("\n"), number):
                self._bare(one, place)

    def _blank(self, number: int, count: int) -> None:
        """Blank lines in a row; to a dump the first alone adds something."""
        self._bare("", number)
        if count == 1:
            return
        if self._dump is None:
            self.tally.add(IGNORED, BLANK, number + 1, "", count - 1)
        else:
            self.tally.add(DUMP, self._dump.reason, number + 1, "", count - 1)
            self._dump.end_line = number + count - 1

    def _bare(self, text: str, number: int) -> None:
        found = bare_kind(text)
        if self._dump is not None and (found is None or found[0].name == "blank"):
            self._add_to_dump(self._dump, text, number)
            self.tally.add(DUMP, self._dump.reason, number, text)
            if self._dump.is_full:
                self.end_message()
        elif found is not None:
            self._bare_known(found, text, number)
        elif self._continued is not None:
            self.tally.add(IGNORED, self._continued, number, text)
        else:
            self.cut = number == self.unended
            self.tally.add_shape(FOREIGN, number, text)

    def _bare_known(self, found: tuple[BareKind, re.Match[str]], text: str, number: int) -> None:
        kind, match = found
        if kind.name != "blank":
            self.end_message()
        self.tally.add(kind.kind, kind.reason, number, text)
        self._frames = self._frames + 1 if kind.event == "stack" else 0
        if kind.event is not None and self._frames <= _MOST_FRAMES:
            self.records.append(_bare_event(kind.event, text, number, match))


def _time_s(line: Line) -> float | None:
    return None if line.seconds is None else day_start_s(line.month_day) + line.seconds


def _bare_event(kind: str, text: str, number: int, match: re.Match[str]) -> rec.EventRecord:
    unix = match.groupdict().get("unix")
    return rec.EventRecord(number, None, kind, text.strip(), None, float(unix) if unix else None, None)


_TAKE_OF_ROLE: Final[Mapping[str, Callable[[Interpreter, str, Line, int, re.Match[str]], None]]] = {
    "record": Interpreter.open_dump,
    "series": Interpreter.add_row,
    "ignored": Interpreter.pass_over,
}
