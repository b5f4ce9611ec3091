"""Lines, one after another → records (set-up), rows (solver lines) and the ledger: what belongs to what.

A solver or net dump is one message of many lines, with a header on the first only: lines without a header belong to
it until the next header. Every line ends in the ledger exactly once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from logparse.reading.fast.columns import SeriesTable
from logparse.reading.line.clock import day_start_s
from logparse.reading.line.pieces import Line, PlainText
from logparse.reading.messages import records as rec
from logparse.reading.messages.decoration import undecorated, without_bold
from logparse.reading.messages.dispatch import LONGEST_MESSAGE
from logparse.reading.messages.dump import OpenDump
from logparse.reading.messages.headerless import BLANK, bare_kind
from logparse.reading.messages.ledger import DUMP, FOREIGN, IGNORED, RECOGNISED, UNKNOWN, LedgerTally
from logparse.reading.messages.meaning import OF_A_QUERY, OPENS_HEADERLESS, dispatcher, meanings
from logparse.reading.messages.unheld import UnheldNumbers
from logparse.reading.ranks import Ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.reading.line.pieces import Piece
    from logparse.reading.messages.bare import BareKind
    from logparse.reading.messages.dispatch import Dispatcher
    from logparse.reading.messages.meaning import Meaning

_MOST_FRAMES: Final = 200  # an endless recursion's trace says nothing more
_OTHER_RANK: Final = "line of another rank"
_NO_FILE: Final = ""  # of a line without a header: no pattern that needs the file's word claims it
_MOST_BARE: Final = 1000  # events of one kind without headers: a program that complains for ever says no more
# In the names of files whose lines are about the layer that is being set up
_OF_A_LAYER: Final = ("_layer.", "db_lmdb.", "db_leveldb.")


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
    ranks: Ranks = field(default_factory=Ranks)
    _broken: tuple[Line, int] | None = None  # a headed message that nothing claims yet
    first_header: int | None = None  # the first line that has one, as far as is known
    _before_ranks: LedgerTally = field(default_factory=LedgerTally)
    _is_headless: bool = False  # messages have come without headers
    _is_queried: bool = False  # a card's properties follow, which NVCaffe and stdout give no headers
    _frames: int = 0  # of the stack trace being read
    _bare_events: Counter[str] = field(default_factory=Counter)  # kept so far, by kind

    def take(self, piece: Piece, number: int) -> int:
        """Read one piece, whose first line has this number; gives the number of the line behind it."""
        if isinstance(piece, Line):
            if piece.glued:
                self._glued(piece, number - 1)
                return number
            self._line(piece, number)
            return number + 1
        if isinstance(piece, PlainText):
            self._plain(piece, number)
        else:
            self._blank(number, piece.lines)
        return number + piece.lines

    def end_message(self) -> None:
        """A message of several lines ends with the next header."""
        self._give_up_broken()
        dump, self._dump, self._continued = self._dump, None, None
        if dump is not None:
            self.records.append(dump.record())

    def _line(self, line: Line, number: int) -> None:
        if line.rank is not None and self._is_other_rank(int(line.rank), number):
            self.tally.add(RECOGNISED, _OTHER_RANK, number, line.message)
        elif line.headed:
            self._headed(line, number)
        else:
            self._bare(line.message, number)

    def _glued(self, line: Line, number: int) -> None:
        """A second message on a line, which the ledger has counted."""
        self._give_up_broken()
        tally, self.tally = self.tally, LedgerTally()
        self._line(line, number)
        self._give_up_broken()
        self.tally = tally

    def _is_other_rank(self, rank: int, number: int) -> bool:
        self.ranks.count(rank)
        if self.ranks.is_lower(rank):
            self._read_rank(rank, number)
        return rank != self.ranks.read

    def _read_rank(self, rank: int, number: int) -> None:
        """Read this rank from here on; what was read of a higher one is dropped."""
        self._give_up_broken()
        ranks = self.ranks
        if ranks.read is None:
            ranks.since, self._before_ranks = number, self.tally.copy()
        else:
            self._dump, self._continued, self._in_layer, self._wires = None, None, False, ()
            self.records = [record for record in self.records if record.line < ranks.since]
            self.series.cut(ranks.since)
            dropped = self.tally.lines - self._before_ranks.lines
            self.tally = self._before_ranks.copy()
            self.tally.add(RECOGNISED, _OTHER_RANK, ranks.since, "", dropped)
            self.first_time = None if self.first_time is None or self.first_time[0] >= ranks.since else self.first_time
        ranks.read = rank

    # --- lines with a header -------------------------------------------------------------------------------

    def _headed(self, line: Line, number: int) -> None:
        message = line.message
        self._give_up_broken()
        if self.first_header is None:
            self.first_header = number
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
        if "**" in message:
            message = without_bold(message)
        if not (self._said(message, line, number, time_s) or self._said_plainly(message, line, number, time_s)):
            self._unclaimed(line, number)

    def _said_plainly(self, message: str, line: Line, number: int, time_s: float | None) -> bool:
        """Read a message that is known once its decoration is taken away; gives whether it is."""
        plain = undecorated(message) if len(message) <= LONGEST_MESSAGE else message
        return plain != message and self._said(plain, line, number, time_s)

    def _said(self, message: str, line: Line, number: int, time_s: float | None) -> bool:
        """Read a message; gives whether it is known."""
        if message.startswith(self._wires):
            # a wire of the layer being set up, whatever its name looks like (it may read like another message)
            self.tally.add(RECOGNISED, "wire", number, message)
            self.records.append(rec.Wire(number, time_s, message))
            return True
        if line.severity == "F":  # whatever its words: glog ends the program behind it
            self.tally.add(RECOGNISED, "fatal error", number, message)
            self.records.append(rec.EventRecord(number, time_s, "fatal", message, None, None, line.file))
            return True
        found = self._dispatcher.find(message, line.file)
        if found is None:
            return False
        meaning, match = self._meanings[found[0].name], found[1]
        self._is_queried = meaning.name in OF_A_QUERY
        self.tally.add(meaning.kind, meaning.reason, number, message)
        if meaning.bears_on_next:
            self._follow(meaning, match)
        if meaning.whole_groups:
            self.unheld.look(match, meaning.whole_groups, number)
        if meaning.convert is not None:
            self.records.append(meaning.convert(match, number, time_s))
        else:
            _TAKE_OF_ROLE[meaning.role](self, meaning.name, line, number, match)
        return True

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
        self._dump = OpenDump(name, number, _time_s(line), end_line=number, thread=line.thread)
        if match["glued"]:
            self._add_to_dump(self._dump, match["glued"], number)

    def _add_to_dump(self, dump: OpenDump, text: str, end_line: int) -> None:
        dump.add(text, end_line)
        self.unheld.look_at_dump(text, end_line)

    def add_row(self, name: str, line: Line, number: int, match: re.Match[str]) -> None:
        """A solver line."""
        self.note_solver_lines(number)
        self.series.add(name, match, number, line.month_day, line.seconds)

    def note_solver_lines(self, number: int) -> None:
        """Solver lines begin at this line, if they do: of those in a row the first is a record."""
        if not self.after_solver_lines:
            self.records.append(rec.SolverLines(number, None))

    @property
    def after_solver_lines(self) -> bool:
        """Whether nothing but solver lines has been read since solver lines began."""
        return bool(self.records) and isinstance(self.records[-1], rec.SolverLines)

    def pass_over(self, _name: str, line: Line, number: int, _match: re.Match[str]) -> None:
        """A line that is known and not used."""
        self._chatter(line, number)

    def _unclaimed(self, line: Line, number: int) -> None:
        self.cut = number == self.unended
        if self.cut and self._dispatcher.begins(line.message):
            self.tally.add(IGNORED, "line cut at the end of the log", number, line.message)
            self._chatter(line, number)
        else:
            self._broken = line, number

    def _give_up_broken(self) -> None:
        """A message that nothing claims, and that the line behind it does not complete, is unknown."""
        broken, self._broken = self._broken, None
        if broken is not None:
            line, number = broken
            self.tally.add_shape(UNKNOWN, number, line.message)
            self._chatter(line, number)

    def _completes_broken(self, text: str, number: int) -> bool:
        """Whether a line without a header is the rest of the message before it: a terminal or a page broke it in two,
        in a word or at a blank."""
        if self._broken is None:
            return False
        line, first = self._broken
        for whole in (line.message + text, f"{line.message.rstrip()} {text.strip()}"):
            if self._said(whole, line, first, _time_s(line)):
                self._broken = None
                self.tally.add(RECOGNISED, "rest of a broken line", number, text)
                return True
        return False

    def _chatter(self, line: Line, number: int) -> None:
        """A layer's own message is evidence about it, whether or not its wording is known; its database's too.

        A thread of its own may open the database, but the layer's set-up waits for it (data_layer.cpp, peek).
        """
        if self._in_layer and any(word in (line.file or "") for word in _OF_A_LAYER):
            self.records.append(rec.Chatter(number, _time_s(line), line.file or "", line.message))

    # --- lines without one ---------------------------------------------------------------------------------

    def _plain(self, piece: PlainText, number: int) -> None:
        """Text of an open dump, or of a message of several lines, is taken as a whole."""
        self._give_up_broken()
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
        if self._completes_broken(text, number):
            return
        self._give_up_broken()
        if (self._is_queried or self._lacks_headers(number)) and self._said_without_header(text, number):
            return
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

    def _lacks_headers(self, number: int) -> bool:
        """Whether no line so far had a header: all may have lost theirs, or the first ones."""
        return self.first_header is None or number < self.first_header

    def _said_without_header(self, text: str, number: int) -> bool:
        """Read a message whose header is lost, or that never had one; gives whether it is one."""
        if self._dump is not None and _FIELD.match(text):
            return False
        is_wire = text.startswith(self._wires)
        message = text if is_wire else text.strip()
        found = None if is_wire else self._dispatcher.find(message, _NO_FILE)
        if not self._is_awaited("wire" if is_wire else found[0].name if found and message else "", number):
            return False
        self.end_message()
        return self._said(message, Line(message, file=_NO_FILE), number, None)

    def _is_awaited(self, name: str, number: int) -> bool:
        """Whether a message of this kind may come without a header: a card's properties behind the first of them; in a
        log without headers every one, once one has come that is unmistakably Caffe's."""
        if not self._lacks_headers(number):
            return name in OF_A_QUERY
        self._is_headless = self._is_headless or name in OPENS_HEADERLESS
        return self._is_headless and bool(name)

    def _bare_known(self, found: tuple[BareKind, re.Match[str]], text: str, number: int) -> None:
        kind, match = found
        if kind.name != "blank":
            self.end_message()
        self.tally.add(kind.kind, kind.reason, number, text)
        self._frames = self._frames + 1 if kind.event == "stack" else 0
        if kind.event is not None and self._is_kept(kind.event):
            self.records.append(_bare_event(kind.event, text, number, match))

    def _is_kept(self, event: str) -> bool:
        if event == "stack":
            return self._frames <= _MOST_FRAMES
        self._bare_events[event] += 1
        return self._bare_events[event] <= _MOST_BARE


# A field or a brace of a definition, which a message does not look like: its first word stands alone.
_FIELD: Final = re.compile(r"\s*+(?:\w++\s*+[:{]|\}|\Z)")


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
