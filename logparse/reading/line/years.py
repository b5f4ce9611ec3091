"""The year of a log: glog's classic header has none, but the log often names it elsewhere.

Never from the file system: a copied file has the date of the copy. In order of trust: the line that
glog writes into its own files; NVCaffe's banner; a header with a year; the unix time of a crash; the
name that glog gave the file; a time stamp that a pipe put before the lines; the line of `script`; a
date in any other file name. From the file name on, the date must agree with the first header's to
within two days, else it is the date of something else.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.line.clock import DAY_S, raw_time_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from logparse.reading.input.blocks import TextBlock

YEARS: Final = range(1970, 2200)  # those that a caller may state


class YearHint(NamedTuple):
    """A place where the log names a date: how far to trust it (0 most), and where it stands."""

    trust: int
    year: int
    month_day: int
    origin: str


class _Mention(NamedTuple):
    """One way of naming the year; `mark` is searched for first, because that is fast."""

    trust: int
    origin: str
    mark: bytes
    regex: re.Pattern[bytes]
    date: Callable[[re.Match[bytes]], tuple[int, int]]


def _numeric(found: re.Match[bytes]) -> tuple[int, int]:
    return int(found["y"]), int(found["m"]) * 100 + int(found["d"])


def _named_month(found: re.Match[bytes]) -> tuple[int, int]:
    return int(found["y"]), (_MONTHS.index(found["m"]) + 1) * 100 + int(found["d"])


def _unix_time(found: re.Match[bytes]) -> tuple[int, int]:
    moment = datetime.fromtimestamp(int(found["unix"]), UTC)
    return moment.year, moment.month * 100 + moment.day


_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_YMD: Final = rb"(?P<y>(?:19|20)\d\d)[-/_.]?(?P<m>[01]\d)[-/_.]?(?P<d>[0-3]\d)"
_NAMED: Final = rb"[A-Z][a-z]{2} (?P<m>" + b"|".join(_MONTHS) + rb") {1,2}(?P<d>\d{1,2}) [\d:]{8} (?P<y>(?:19|20)\d\d)"

_ANYWHERE: Final = (
    _Mention(0, "Log file created at", b"Log file created at", re.compile(b"Log file created at: " + _YMD), _numeric),
    _Mention(
        1, "NVCaffe's banner", b"This is NVCaffe", re.compile(rb"This is NVCaffe .{0,100}?at " + _NAMED), _named_month
    ),
    _Mention(3, "Aborted at", b"*** Aborted at", re.compile(rb"\*\*\* Aborted at (?P<unix>[1-9]\d{8,9}) "), _unix_time),
    _Mention(6, "Script started on", b"Script started on", re.compile(b"Script started on " + _YMD), _numeric),
)
# Where a header has it, the first has it: these two are looked for at the beginning only.
_AT_THE_BEGINNING: Final = (
    _Mention(2, "header", b"] ", re.compile(rb"\b[IWEF]" + _YMD + rb" +\d\d:\d\d:\d\d"), _numeric),
    _Mention(
        5, "a pipe's time stamp", b"] ", re.compile(_YMD + rb"[T ]\d\d:\d\d:\d\d.{0,80}?\b[IWEF]\d{4} "), _numeric
    ),
)
# What either of them needs: a year behind the letter of a header, or something before it on its line. The letter stands
# first because a search for it is fast; the look behind it says what `\b` would say before it.
_DATED: Final = re.compile(rb"[IWEF](?<!\w.)(?:(?:19|20)\d\d[-/_.]?[01]\d|(?<=[^\n].)\d{4} )")
_BEGINNING_BYTES: Final = 256 << 10
_GLOG_NAME: Final = re.compile(rb"\.(?:INFO|WARNING|ERROR|FATAL)\." + _YMD + rb"(?:-\d{6}|\b)")
_ANY_NAME: Final = re.compile(rb"(?<!\d)" + _YMD + rb"(?!\d)")
_GLOG_NAME_TRUST: Final = 4
_ANY_NAME_TRUST: Final = 7
_AGREE_S: Final = 2 * DAY_S
_HALF_YEAR_S: Final = 183 * DAY_S
_NEARLY_A_YEAR_S: Final = 300 * DAY_S
_YEAR_S: Final = 366 * DAY_S


def year_hints(block: TextBlock) -> Iterator[YearHint]:
    """Where a block of the log names its year; call it with every block."""
    data = block.data
    for mention in _ANYWHERE:
        yield from _found(mention, data, block.first_line)
    if block.first_line != 1:
        return
    head = data[:_BEGINNING_BYTES]
    if _DATED.search(head):
        for mention in _AT_THE_BEGINNING:
            yield from _found(mention, head, 1)


def _found(mention: _Mention, data: bytes, first_line: int) -> Iterator[YearHint]:
    place = data.find(mention.mark)
    match = mention.regex.search(data, 0 if mention in _AT_THE_BEGINNING else place) if place >= 0 else None
    if match:
        year, month_day = mention.date(match)
        line = first_line + data.count(b"\n", 0, match.start())
        yield YearHint(mention.trust, year, month_day, f"{mention.origin}, line {line}")


def find_year(
    hints: Iterable[YearHint], *, name: str = "", first_month_day: int | None = None
) -> tuple[int | None, str | None]:
    """The year of the log's first line, and in words where it stands; (None, None) where nothing tells.

    `hints` in the order of the log; `name` is the input's; `first_month_day` is mmdd of the first header.
    """
    candidates = sorted([*hints, *_hints_of_name(name)], key=lambda hint: hint.trust)
    for hint in candidates:
        year = _year_of_first_line(hint, first_month_day)
        if year is not None:
            return year, hint.origin
    return None, None


def _hints_of_name(name: str) -> Iterator[YearHint]:
    base = PurePath(name.replace("\\", "/")).name.encode("utf-8", "replace")
    forms = (
        (_GLOG_NAME_TRUST, _GLOG_NAME, "glog's file name"),
        (_ANY_NAME_TRUST, _ANY_NAME, "a date in the file name"),
    )
    for trust, regex, origin in forms:
        if match := regex.search(base):
            yield YearHint(trust, *_numeric(match), origin)


def _year_of_first_line(hint: YearHint, first_month_day: int | None) -> int | None:
    """The year of the first header by this hint, None where the two dates do not belong together."""
    ahead_s = raw_time_s(hint.month_day, 0.0) - raw_time_s(first_month_day or hint.month_day, 0.0)
    if hint.trust >= _GLOG_NAME_TRUST:
        apart_s = min(abs(ahead_s), _YEAR_S - abs(ahead_s))
        weak = first_month_day is None and hint.trust > _GLOG_NAME_TRUST
        if weak or not apart_s <= _AGREE_S:  # also where the date is impossible: NaN
            return None
    if ahead_s < -_HALF_YEAR_S:  # the log began in the old year and the hint stands in the new
        return hint.year - 1
    return hint.year + 1 if ahead_s > _NEARLY_A_YEAR_S else hint.year
