"""One line: its header, taken apart, and its message.

A glog header is nearly always of one fixed width, so the common line is read by slices and small
dictionaries; everything else goes through the tables of `headers`. The prefix that a pipe put before
a headed line also stands before the lines of a dump, which have no header: the splitter remembers
what it took away last and takes the same away there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.headers import HEADERS, PREFIXES, HeaderForm, PrefixForm
from logparse.reading.plaintext import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.reading.source import Block


class Line(NamedTuple):
    """What one line says, and who said it when.

    `message` is the text after the header, leading and trailing blanks kept; without a header the
    whole line less the prefix of a pipe. `severity` is one of I W E F. `month_day` is mmdd, `seconds`
    since midnight. `file` is the base name of the source file. `rank` is the process that printed the
    line, where a launcher numbered them. What the header does not say, or says wrongly (a 13th
    month), is None.
    """

    message: str
    severity: str | None = None
    month_day: int | None = None
    year: int | None = None
    seconds: float | None = None
    thread: int | None = None
    file: str | None = None
    headed: bool = False
    rank: str | None = None


class _Taken(NamedTuple):
    """A prefix that stood before a headed line."""

    form: PrefixForm
    text: bytes


_DAYS_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SECONDS: Final = {b"%02d." % second: float(second) for second in range(61)}
_LOOSE_PREFIXES: Final = frozenset({"list marker", "code mark", "application", "file name"})
# Whatever can be a header contains one of these near its beginning; dump lines seldom do.
_MAYBE_HEADED: Final = re.compile(
    rb"\]|[IWEF](?:\d{4})?[01]\d{3}[ \t]|(?:INFO|WARN(?:ING)?|ERROR|FATAL|CRITICAL|DEBUG)[ :]"
)
_HEAD_BYTES: Final = 1200
_MAX_PREFIXES: Final = 8
_MAX_CACHE: Final = 20_000
_JSON_STRING: Final = re.compile(rb'[ \t]*("[^"\\]*(?:\\.[^"\\]*)*"),?[ \t]*\Z')
_DOCKER_JSON: Final = re.compile(rb'\{"log":("[^"\\]*(?:\\.[^"\\]*)*"),"')


class LineSplitter:
    """Takes lines apart, in the order of the log: `split` one, or `lines` of a block.

    Give it bytes without the line end. Never raises; linear in the length of the line.
    """

    def __init__(self) -> None:
        self._days: dict[bytes, tuple[str, int | None]] = {}
        self._minutes: dict[bytes, float] = {}
        self._places: dict[bytes, tuple[int, str]] = {}
        self._files: dict[bytes, str] = {}
        self._prefixes: tuple[_Taken, ...] = ()
        self._in_json = False
        self._first = True

    def lines(self, block: Block) -> Iterator[tuple[int, Line]]:
        """The lines of a block with their numbers."""
        data = block.data[:-1] if block.data.endswith(b"\n") else block.data
        return enumerate(map(self.split, data.split(b"\n")), block.first_line)

    def split(self, raw: bytes) -> Line:
        """One line taken apart."""
        day = self._days.get(raw[:5])
        if day is None:
            return self._split_any(raw)
        end = raw.find(b"] ", 22, 400)
        minute = self._minutes.get(raw[5:12])
        second = _SECONDS.get(raw[12:15])
        place = self._places.get(raw[21:end])
        micros = raw[15:21]
        if end < 0 or minute is None or second is None or place is None or not micros.isdigit():
            return self._split_any(raw)
        try:
            message = raw[end + 2 :].decode()
        except UnicodeDecodeError:
            message = decode(raw[end + 2 :])
        return tuple.__new__(
            Line,
            (message, day[0], day[1], None, minute + second + int(micros) / 1e6, place[0], place[1], True, None),
        )

    def _split_any(self, raw: bytes) -> Line:
        """A line that is not of the common width, or the first of its kind."""
        line = self._headed(raw) or self._headed_json(raw) or self._continued(raw)
        self._first = False
        return line

    def _headed(self, raw: bytes) -> Line | None:
        """The line where it has a header, behind any prefixes."""
        if not _MAYBE_HEADED.search(raw, 0, _HEAD_BYTES):
            return None
        taken: list[_Taken] = []
        place, rank, loose = 0, None, False
        for _ in range(_MAX_PREFIXES):
            for form in HEADERS:
                match = (
                    None
                    if (form.weak and loose) or (form.first_only and not self._first)
                    else form.regex.match(raw, place)
                )
                if match:
                    self._prefixes, self._in_json = tuple(taken), False
                    if not place and form is HEADERS[0]:
                        self._learn(raw, match)
                    return self._line(match, rank)
            prefix = next(((each, found) for each in PREFIXES if (found := each.regex.match(raw, place))), None)
            if prefix is None:
                return None
            taken.append(_Taken(prefix[0], prefix[1][0]))
            place = prefix[1].end()
            rank = _group(prefix[1], "rank") or rank
            loose = loose or prefix[0].name in _LOOSE_PREFIXES
        return None

    def _line(self, match: re.Match[bytes], rank: str | None) -> Line:
        fields = match.groupdict()
        moment = _moment(fields.get("epoch"))
        mmdd, clock = fields.get("mmdd"), fields.get("clock")
        thread = fields.get("thread")
        return Line(
            message=decode(fields.get("message") or b""),
            severity=(fields.get("severity") or b"")[:1].decode().replace("C", "F").replace("D", "I") or None,
            month_day=_month_day(mmdd) if mmdd else moment and moment.month * 100 + moment.day,
            year=int(fields["year"]) if fields.get("year") else moment and moment.year,
            seconds=_clock(clock) if clock else moment and moment.hour * 3600.0 + moment.minute * 60 + moment.second,
            thread=int(thread) if thread else None,
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
            if len(self._files) > _MAX_CACHE:
                self._files.clear()
            name = self._files[path] = decode(re.split(rb"[\\/]", path)[-1].partition(b":")[0].strip())
        return name or None

    def _learn(self, raw: bytes, match: re.Match[bytes]) -> None:
        """Remember the parts of a header of the common width for the next lines."""
        if match.start("clock") != 6 or match.end("clock") != 21 or match["year"] or raw[14:15] != b".":  # noqa: PLR2004
            return
        seconds, file = _clock(match["clock"]), self._base_name(match["path"])
        if seconds is None or file is None or raw[5:6] != b" ":
            return
        for cache in (self._places, self._days, self._minutes):
            if len(cache) > _MAX_CACHE:
                cache.clear()
        self._days[raw[:5]] = (raw[:1].decode(), _month_day(raw[1:5]))
        self._minutes[raw[5:12]] = int(raw[6:8]) * 3600.0 + int(raw[9:11]) * 60
        self._places[raw[21 : raw.index(b"]", 22)]] = (int(match["thread"]), file)

    def _headed_json(self, raw: bytes) -> Line | None:
        """A line of a notebook, or of a container's log file, that is a JSON string."""
        match = _DOCKER_JSON.match(raw) if raw[:1] == b"{" else _JSON_STRING.match(raw)
        inner = _unescaped(match[1]) if match else None
        if inner is None:
            return None
        was_json = self._in_json
        line = self._headed(inner)
        if line:
            self._in_json = True
            return line
        return self._stripped(inner) if was_json else None

    def _continued(self, raw: bytes) -> Line:
        """A line without a header: less the prefix that the last headed line had."""
        return self._stripped(raw) if self._prefixes else Line(decode(raw))

    def _stripped(self, raw: bytes) -> Line:
        rank = None
        for form, text in self._prefixes:
            if form.name == "indentation":
                blanks = len(raw) - len(raw.lstrip(b" \t"))
                raw = raw[min(blanks, len(text)) :]
            elif form.literal:
                raw = raw.removeprefix(text)
            elif match := form.regex.match(raw):
                raw = raw[match.end() :]
                rank = _group(match, "rank") or rank
        return Line(decode(raw), rank=rank)


def _group(match: re.Match[bytes], name: str) -> str | None:
    text = match.groupdict().get(name)
    return text.decode() if text else None


def _month_day(mmdd: bytes) -> int | None:
    """Mmdd as a number, None where there is no such day in any year."""
    month, day = int(mmdd[:2]), int(mmdd[2:])
    return month * 100 + day if 1 <= month <= 12 and 1 <= day <= _DAYS_OF_MONTH[month - 1] else None  # noqa: PLR2004


def _clock(text: bytes) -> float | None:
    """Seconds since midnight of `hh:mm:ss[.ffffff]`; None where there is no such time."""
    hours, minutes = int(text[:2]), int(text[3:5])
    if hours > 23 or minutes > 59 or not text[:8].replace(b":", b"").isdigit():  # noqa: PLR2004
        return None
    return hours * 3600.0 + minutes * 60 + int(text[6:8]) + float(b"0." + text[9:] + b"0")


def _moment(epoch: bytes | None) -> datetime | None:
    """The date of seconds since 1970; such a logger names no zone, so it is read as UTC."""
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else None


def _unescaped(literal: bytes) -> bytes | None:
    """The text of a JSON string without its line end; None where it is no valid one."""
    try:
        text = json.loads(literal)
    except ValueError:
        return None
    return text.rstrip("\r\n").encode("utf-8", "backslashreplace") if isinstance(text, str) else None
