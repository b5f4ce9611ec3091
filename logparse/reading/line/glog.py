r"""The header that nearly every line has, and the text that has none: a whole block taken apart by one expression.

glog's header is nearly always of one form, and its parts repeat from line to line: the second (`I1124 10:43:20.`) and
the origin (` 23669 net.cpp:102] `). Each is looked at once. All other forms are left to the tables of `headers`, which
read the common one alike (tests/property/test_reading_lines.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.reading.input.plaintext import decode
from logparse.reading.line.pieces import Line

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Loose: whether a date, a time and an origin are ones is asked once of each text, not on every line.
_HEADER: Final = rb"([IWEF]\d{4,8}[ ][\d:]{8}\.) (\d{6}) ([ ][^\]\n]{1,240}\][ ])"
_SECOND: Final = re.compile(rb"([IWEF])((?:19|20)\d\d)?([01]\d[0-3]\d) ([0-2]\d:[0-5]\d:[0-6]\d)\.")
_ORIGIN: Final = re.compile(rb" {1,16}(\d{1,20}) ((?:[A-Za-z]:)?[^\]\n:\"<>|*?]{1,200}):\d{1,7}\] ")
# A field, a brace, or a row of a table of numbers, and no character that a header or a kind of headerless line needs:
# no bracket, no blank in a value. `    major: x` is HDF5's and `corrupted {` might be malloc's.
_VALUE: Final = rb"(?: \"[!\#-\[^-~]*+\" | [-+.\w]++ )"
_FIELD: Final = rb"(?!(?:major|minor):|corrupted[ ])[a-z_]\w*+(?:[ ]\{|:[ ]" + _VALUE + rb")"
_NUMBERS: Final = rb"[\d.e+/-]++(?:\t[\d.e+/-]++)*+\t?"
_PLAIN: Final = rb"(?:[ ]*+(?:" + _FIELD + rb"|\})|" + _NUMBERS + rb")\n"

# One group each: second, microseconds, origin and message of a line with a header; plain text; blank lines; any line.
PIECE: Final = re.compile(
    _HEADER + rb"([^\n]*+)(?:\n|\Z) | ((?:" + _PLAIN + rb")++) | (\n++) | ([^\n]++)(?:\n|\Z)", re.VERBOSE
)
_COMMON: Final = re.compile(_HEADER + rb"([^\n]*+)", re.VERBOSE)
_DAYS_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_CACHE: Final = 20_000


class _Second(NamedTuple):
    """What a header says up to the second."""

    severity: str
    month_day: int | None
    year: int | None
    seconds: float  # since midnight


class _Origin(NamedTuple):
    """What a header says behind the time."""

    thread: int
    file: str


class GlogHeaders:
    """Reads headers of the common form, and remembers their parts."""

    def __init__(self) -> None:
        self._seconds: dict[bytes, _Second] = {}
        self._origins: dict[bytes, _Origin] = {}

    def split(self, raw: bytes) -> Line | None:
        """One line taken apart; None where its header is of another form, or it has none."""
        match = _COMMON.fullmatch(raw)
        return None if match is None else self.line(*match.groups())

    def line(self, second: bytes, micros: bytes, origin: bytes, message: bytes) -> Line | None:
        """The line of these parts; None where one of them says what cannot be."""
        moment = self._seconds.get(second) or self._second(second)
        place = self._origins.get(origin) or self._origin(origin)
        if moment is None or place is None:
            return None
        severity, month_day, year, seconds = moment
        thread, file = place
        try:
            text = message.decode()
        except UnicodeDecodeError:
            text = decode(message)
        seconds += float(micros) / 1e6
        # past NamedTuple's own constructor, which costs as much again
        return tuple.__new__(Line, (text, severity, month_day, year, seconds, thread, file, True, None, False))

    def _second(self, text: bytes) -> _Second | None:
        match = _SECOND.fullmatch(text)
        seconds = clock(match[4]) if match else None
        if match is None or seconds is None:
            return None
        bound(self._seconds)
        year = int(match[2]) if match[2] else None
        found = self._seconds[text] = _Second(match[1].decode(), month_day(match[3]), year, seconds)
        return found

    def _origin(self, text: bytes) -> _Origin | None:
        match = _ORIGIN.fullmatch(text)
        file = base_name(match[2]) if match else ""
        if match is None or not file:
            return None
        bound(self._origins)
        found = self._origins[text] = _Origin(int(match[1]), file)
        return found


def month_day(mmdd: bytes) -> int | None:
    """Mmdd as a number, None where there is no such day in any year."""
    month, day = int(mmdd[:2]), int(mmdd[2:])
    known = 1 <= month <= len(_DAYS_OF_MONTH) and 1 <= day <= _DAYS_OF_MONTH[month - 1]
    return month * 100 + day if known else None


def clock(text: bytes) -> float | None:
    """Seconds since midnight of `hh:mm:ss[.ffffff]`; None where there is no such time."""
    hours, minutes = int(text[:2]), int(text[3:5])
    if hours > 23 or minutes > 59 or not text[:8].replace(b":", b"").isdigit():
        return None
    return hours * 3600.0 + minutes * 60 + int(text[6:8]) + float(b"0." + text[9:] + b"0")


def base_name(path: bytes) -> str:
    """A source file's name without folders and, in a header that was cut, without its line number."""
    return decode(re.split(rb"[\\/]", path)[-1].partition(b":")[0].strip())


def bound(cache: MutableMapping[bytes, Any]) -> None:
    """Forget everything before a hostile log makes a cache grow without end."""
    if len(cache) > _MAX_CACHE:
        cache.clear()
