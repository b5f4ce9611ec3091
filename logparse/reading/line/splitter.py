"""Lines: the header of each, taken apart, and its message.

What is common is read by `common`, a block at a time; every other line goes through the tables of `headers`. The
prefix that a pipe put before a headed line also stands before the lines of a dump, which have no header: the splitter
remembers what it took away last and takes the same away there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.input.plaintext import decode
from logparse.reading.line.glog import PIECE, GlogHeaders, base_name, bound, clock, month_day
from logparse.reading.line.headers import HEADERS, PREFIXES
from logparse.reading.line.pieces import EMPTY_LINE, BlankLines, Line, PlainText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.reading.line.headers import PrefixForm
    from logparse.reading.line.pieces import Piece


class _Taken(NamedTuple):
    """A prefix that stood before a headed line."""

    form: PrefixForm
    text: bytes


# A line without any of these near its beginning has no header; seen before the tables are tried.
_MAYBE_HEADED: Final = re.compile(rb":\d{1,7}\]|[IWEF](?:\d{4})?[01]\d{3}(?:[ \t]|\xc2\xa0)|[A-Z]{4,8}(?: {1,8}- |: )")
_HEAD_BYTES: Final = 1200
# A header of the common form without a doubt: nothing else has a time of six decimals and a source file's line.
_GLOG: Final = (
    r"[IWEF](?:20\d\d)?[01]\d[0-3]\d [0-2]\d:[0-5]\d:[0-6]\d\.\d{6} {1,16}\d{1,20} "
    r"[\w./\\+-]{1,200}\.(?:cpp|hpp|cu|cuh|cc|h):\d{1,7}\] "
)
_GLUED: Final = re.compile(_GLOG)
# … that stands right behind a text, as where a program prints no line end: prose and quotations have a blank or a mark.
_WHOLE_HEADER: Final = re.compile(rb"(?<=[^\s\"'`(\[{<>])" + _GLOG.encode())
_MAX_PREFIXES: Final = 8
_JSON_STRING: Final = re.compile(rb'[ \t]*("[^"\\]*(?:\\.[^"\\]*)*"),?[ \t]*\Z')
_DOCKER_JSON: Final = re.compile(rb'\{"log":("[^"\\]*(?:\\.[^"\\]*)*"),"')


class LineSplitter:
    """Takes lines apart, in the order of the log: `split` one, or `pieces` of a block.

    Never raises; linear in the length of the text.
    """

    def __init__(self) -> None:
        self._common = GlogHeaders()
        self._files: dict[bytes, str] = {}
        self._prefixes: tuple[_Taken, ...] = ()
        self._in_json = False
        self._first = True
        self._is_settled = False  # nothing stands before the lines: no prefix, no JSON; and the first is read

    def pieces(self, data: bytes, start: int, end: int) -> Iterator[Piece]:
        """The lines from `start` to `end`, both at the beginning of a line (`end` may be that of the data): what
        `split` makes of each, but runs of plain text and of blank lines as one."""
        common = self._common.line
        for match in PIECE.finditer(data, start, end):
            second, micros, origin, message, plain, blanks, raw = match.groups()
            if message is not None:
                line = common(second, micros, origin, message)
                if line is None:
                    line = self.split(match[0].removesuffix(b"\n"))
                elif not self._is_settled:
                    self._settle()
                if b"] " in message:
                    yield from self.unglued(line)
                else:
                    yield line
            elif plain is not None:
                if self._is_settled:
                    yield PlainText(plain[:-1].decode(), plain.count(b"\n"))
                else:
                    yield from map(self.split, plain.splitlines())
            elif blanks is not None:
                yield BlankLines(len(blanks))
            else:
                yield from self.unglued(self.split(raw))

    def unglued(self, line: Line) -> Iterator[Line]:
        """The messages of a line that has lost the line ends between them, each with its header."""
        place = 0
        for match in _GLUED.finditer(line.message) if line.headed else ():
            following = self._common.split(match[0].encode())
            if following is not None:
                yield line._replace(message=line.message[place : match.start()].rstrip())
                place = match.end()
                line = following._replace(message=line.message, rank=line.rank, glued=True)
        yield line._replace(message=line.message[place:])

    def split(self, raw: bytes) -> Line:
        """One line, given without its line end, taken apart."""
        if not raw:
            return EMPTY_LINE
        line = self._common.split(raw)
        if line is not None:
            self._settle()
            return line
        line = (
            self._behind_known_prefixes(raw)
            or self._headed(raw)
            or self._headed_json(raw)
            or self._headed_behind_text(raw)
            or self._headed_in_bold(raw)
            or self._bare(raw)
        )
        self._first, self._is_settled = False, not (self._prefixes or self._in_json)
        return line

    def _settle(self) -> None:
        """A line began with its header: nothing stands before the lines that follow."""
        self._prefixes, self._in_json, self._first, self._is_settled = (), False, False, True

    def _behind_known_prefixes(self, raw: bytes) -> Line | None:
        """A common line behind the same prefixes as the last headed one; read as the tables would."""
        if not self._prefixes:
            return None
        place, ranks = 0, []
        for form, text in self._prefixes:
            match = form.regex.match(raw, place)
            if match is None or (match[0] != text if form.literal else match[0][-1:] != text[-1:]):
                return None
            place = match.end()
            ranks.append(_rank(match))
        line = self._common.split(raw[place:])
        rank = next(filter(None, ranks), None)
        return line if line is None or rank is None else line._replace(rank=rank)

    def _headed(self, raw: bytes) -> Line | None:
        """Any line with a header, behind any prefixes."""
        if not (self._first or _may_be_headed(raw, behind=bool(self._prefixes))):
            return None
        taken: list[_Taken] = []
        place = 0
        while True:
            loose = any(each.form.loose for each in taken)
            match = _header_at(raw, place, whole=loose, first=self._first)
            if match:
                self._prefixes, self._in_json = tuple(taken), False
                return self._line(match, _rank_of(taken))
            prefix = _prefix_at(raw, place)
            if prefix is None or len(taken) == _MAX_PREFIXES:
                return None
            taken.append(prefix)
            place += len(prefix.text)

    def _line(self, match: re.Match[bytes], rank: str | None) -> Line:
        fields = match.groupdict()
        mmdd, year, seconds = _moment(fields)
        severity, thread = fields.get("severity"), fields.get("thread")
        return Line(
            message=decode(fields.get("message") or b""),
            severity=_LETTERS[severity[:1]] if severity else None,
            month_day=mmdd,
            year=year,
            seconds=seconds,
            thread=int(thread, 16 if thread.startswith(b"0x") else 10) if thread else None,
            file=self._base_name(fields.get("path")),
            headed=True,
            rank=rank,
        )

    def _base_name(self, path: bytes | None) -> str | None:
        """The file's name without folders and, in a header that was cut, without its line number."""
        if not path:
            return None
        name = self._files.get(path)
        if name is None:
            bound(self._files)
            name = self._files[path] = base_name(path)
        return name or None

    def _headed_json(self, raw: bytes) -> Line | None:
        """A line that is a JSON string, of a notebook or of a container's log file."""
        if raw.lstrip()[:1] not in _JSON_STARTS:
            return None
        match = _DOCKER_JSON.match(raw) or _JSON_STRING.match(raw)
        inner = _unescaped(match[1]) if match else None
        if inner is None:
            return None
        was_json = self._in_json
        line = self._headed(inner)
        self._in_json = was_json or line is not None
        return line or (self._bare(inner) if was_json else None)

    def _headed_behind_text(self, raw: bytes) -> Line | None:
        """A whole header behind a text that lacks its line end."""
        match = _WHOLE_HEADER.search(raw, 0, _HEAD_BYTES) if b"] " in raw else None
        return None if match is None else self._common.split(raw[match.start() :])

    def _headed_in_bold(self, raw: bytes) -> Line | None:
        """A header that marks of bold type stand in."""
        return self._headed(raw.replace(b"**", b"")) if b"**" in raw and b"***" not in raw else None

    def _bare(self, raw: bytes) -> Line:
        """A line without a header: less the prefixes that the last headed line had."""
        rest, rank = self._less_prefixes(raw) if self._prefixes else (raw, None)
        return tuple.__new__(Line, (decode(rest), None, None, None, None, None, None, False, rank, False))

    def _less_prefixes(self, raw: bytes) -> tuple[bytes, str | None]:
        """The line without what stood before the last headed line, and its rank."""
        rank = None
        for form, text in self._prefixes:
            if form.name == "indentation":
                raw = raw[min(len(raw) - len(raw.lstrip(b" \t")), len(text)) :]
            elif form.literal:
                raw = raw.removeprefix(text)
            elif match := form.regex.match(raw):
                # a blank that did not stand before the header belongs to the message
                blank = match[0].endswith(b" ") and not text.endswith(b" ")
                raw = raw[match.end() - blank :]
                rank = _rank(match) or rank
        return raw, rank


_LETTERS: Final = {b"I": "I", b"W": "W", b"E": "E", b"F": "F", b"C": "F", b"D": "I"}
_JSON_STARTS: Final = (b'"', b"{")


def _may_be_headed(raw: bytes, *, behind: bool) -> bool:
    """A quick no for nearly every line of a dump."""
    if not (behind or b"]" in raw or raw[:1] in _LETTERS or b" - " in raw or b" : line " in raw):
        return False
    return _MAYBE_HEADED.search(raw, 0, _HEAD_BYTES) is not None


def _header_at(raw: bytes, place: int, *, whole: bool, first: bool) -> re.Match[bytes] | None:
    """The header that begins at `place`; `whole`: not a mere part of one; `first`: this line may begin inside one."""
    for form in HEADERS:
        if (form.weak and whole) or (form.first_only and not first):
            continue
        if match := form.regex.match(raw, place):
            return match
    return None


def _prefix_at(raw: bytes, place: int) -> _Taken | None:
    for form in PREFIXES:
        if match := form.regex.match(raw, place):
            return _Taken(form, match[0])
    return None


def _rank_of(taken: list[_Taken]) -> str | None:
    ranks = (_rank(match) for form, text in taken if (match := form.regex.match(text)))
    return next((rank for rank in ranks if rank is not None), None)


def _rank(match: re.Match[bytes]) -> str | None:
    text = match.groupdict().get("rank")
    return text.decode() if text else None


def _moment(fields: dict[str, bytes | None]) -> tuple[int | None, int | None, float | None]:
    """Mmdd, year and seconds since midnight of a header; an epoch without a zone is read as UTC."""
    epoch, year, mmdd, time = (fields.get(name) for name in ("epoch", "year", "mmdd", "clock"))
    if epoch:
        moment = datetime.fromtimestamp(int(epoch), UTC)
        return moment.month * 100 + moment.day, moment.year, float(int(epoch) % 86_400)
    return (month_day(mmdd) if mmdd else None), (int(year) if year else None), (clock(time) if time else None)


def _unescaped(literal: bytes) -> bytes | None:
    """The text of a JSON string without its line end; None where it is no valid one."""
    try:
        text = json.loads(literal)
    except ValueError:
        return None
    return text.rstrip("\r\n").encode("utf-8", "backslashreplace") if isinstance(text, str) else None
