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
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.reading.input.plaintext import decode
from logparse.reading.line.headers import HEADERS, PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from logparse.reading.input.blocks import Block
    from logparse.reading.line.headers import PrefixForm


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
# A line without any of these near its beginning has no header; seen before the tables are tried.
_MAYBE_HEADED: Final = re.compile(rb":\d{1,7}\]|[IWEF](?:\d{4})?[01]\d{3}(?:[ \t]|\xc2\xa0)|[A-Z]{4,8}(?: {1,8}- |: )")
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
        self._days: dict[bytes, tuple[str, int | None, int | None]] = {}
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
        if not raw:
            return _EMPTY
        line = self._common(raw)
        if line is None:
            line = self._behind_known_prefixes(raw) or self._headed(raw) or self._headed_json(raw) or self._bare(raw)
            self._first = False
        elif self._prefixes or self._in_json:
            self._prefixes, self._in_json = (), False
        return line

    def _common(self, raw: bytes) -> Line | None:
        """A line of glog's whose parts were all seen before, read by its fixed columns."""
        place = 5
        day = self._days.get(raw[:5])
        if day is None:
            place = 9
            day = self._days.get(raw[:9])
            if day is None:
                return None
        end = raw.find(b"] ", place + 17, 400)
        minute = self._minutes.get(raw[place : place + 7])
        second = _SECONDS.get(raw[place + 7 : place + 10])
        micros = raw[place + 10 : place + 16]
        origin = self._places.get(raw[place + 16 : end])
        if minute is None or second is None or origin is None or end < 0 or not micros.isdigit():
            return None
        try:
            message = raw[end + 2 :].decode()
        except UnicodeDecodeError:
            message = decode(raw[end + 2 :])
        # spelt out: unpacking the two tuples would cost a tenth of the whole
        seconds = minute + second + int(micros) / 1e6
        return tuple.__new__(Line, (message, day[0], day[1], day[2], seconds, origin[0], origin[1], True, None))

    def _behind_known_prefixes(self, raw: bytes) -> Line | None:
        """A common line behind the same prefixes as the last headed one."""
        if not self._prefixes:
            return None
        rest, rank = self._less_prefixes(raw)
        line = self._common(rest)
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
                self._learn(raw[place:])
                return self._line(match, _rank_of(taken))
            prefix = _prefix_at(raw, place)
            if prefix is None or len(taken) == _MAX_PREFIXES:
                return None
            taken.append(prefix)
            place += len(prefix.text)

    def _line(self, match: re.Match[bytes], rank: str | None) -> Line:
        fields = match.groupdict()
        month_day, year, seconds = _moment(fields)
        severity, thread = fields.get("severity"), fields.get("thread")
        return Line(
            message=decode(fields.get("message") or b""),
            severity=_LETTERS[severity[:1]] if severity else None,
            month_day=month_day,
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
            _bound(self._files)
            name = self._files[path] = decode(re.split(rb"[\\/]", path)[-1].partition(b":")[0].strip())
        return name or None

    def _learn(self, raw: bytes) -> None:
        """Remember the parts of a header of the common width for the next lines."""
        match = _COMMON.match(raw)
        if match is None:
            return
        clock = _clock(match["clock"])
        file = self._base_name(match["path"])
        if clock is None or file is None:
            return
        for cache in (self._places, self._days, self._minutes):
            _bound(cache)
        year = int(match["year"]) if match["year"] else None
        self._days[match["day"]] = (match["day"][:1].decode(), _month_day(match["mmdd"]), year)
        self._minutes[b" " + match["clock"][:6]] = clock // 60 * 60.0
        self._places[match["origin"]] = (int(match["thread"]), file)

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

    def _bare(self, raw: bytes) -> Line:
        """A line without a header: less the prefixes that the last headed line had."""
        rest, rank = self._less_prefixes(raw) if self._prefixes else (raw, None)
        return tuple.__new__(Line, (decode(rest), None, None, None, None, None, None, False, rank))

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


_EMPTY: Final = Line("")
_LETTERS: Final = {b"I": "I", b"W": "W", b"E": "E", b"F": "F", b"C": "F", b"D": "I"}
_JSON_STARTS: Final = (b'"', b"{")
_COMMON: Final = re.compile(
    rb"(?P<day>[IWEF](?P<year>(?:19|20)\d\d)?(?P<mmdd>[01]\d[0-3]\d)) (?P<clock>\d\d:\d\d:\d\d\.\d{6})"
    rb"(?P<origin> +(?P<thread>\d{1,20}) (?P<path>[^\]]{1,200}):\d{1,7})\] "
)


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


def _bound(cache: MutableMapping[bytes, Any]) -> None:
    """Forget everything before a hostile log makes a cache grow without end."""
    if len(cache) > _MAX_CACHE:
        cache.clear()


def _moment(fields: dict[str, bytes | None]) -> tuple[int | None, int | None, float | None]:
    """Mmdd, year and seconds since midnight of a header; an epoch without a zone is read as UTC."""
    epoch, year, mmdd, clock = (fields.get(name) for name in ("epoch", "year", "mmdd", "clock"))
    if epoch:
        moment = datetime.fromtimestamp(int(epoch), UTC)
        return moment.month * 100 + moment.day, moment.year, float(int(epoch) % 86_400)
    return (_month_day(mmdd) if mmdd else None), (int(year) if year else None), (_clock(clock) if clock else None)


def _month_day(mmdd: bytes) -> int | None:
    """Mmdd as a number, None where there is no such day in any year."""
    month, day = int(mmdd[:2]), int(mmdd[2:])
    known = 1 <= month <= len(_DAYS_OF_MONTH) and 1 <= day <= _DAYS_OF_MONTH[month - 1]
    return month * 100 + day if known else None


def _clock(text: bytes) -> float | None:
    """Seconds since midnight of `hh:mm:ss[.ffffff]`; None where there is no such time."""
    hours, minutes = int(text[:2]), int(text[3:5])
    if hours > 23 or minutes > 59 or not text[:8].replace(b":", b"").isdigit():
        return None
    return hours * 3600.0 + minutes * 60 + int(text[6:8]) + float(b"0." + text[9:] + b"0")


def _unescaped(literal: bytes) -> bytes | None:
    """The text of a JSON string without its line end; None where it is no valid one."""
    try:
        text = json.loads(literal)
    except ValueError:
        return None
    return text.rstrip("\r\n").encode("utf-8", "backslashreplace") if isinstance(text, str) else None
