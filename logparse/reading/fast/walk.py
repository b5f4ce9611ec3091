"""A chunk of lines walks down the tree of templates together: one whole-array step a literal or field.

One pass finds the line ends, the bracket that closes a line's header and the first equals sign behind it.
The headers are checked and read as a whole. Then every step compares or reads something at the place that each
line has been read to, and the lines that do not fit drop out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from logparse.reading.fast.digits import (
    PADDING,
    WORD,
    Text,
    decimals,
    differs,
    integers,
    last_byte_equal,
    pairs,
    shifted,
)
from logparse.reading.fast.names import REFUSED, Interner
from logparse.reading.fast.templates import DECIMAL_FIELD, NAME_FIELD, WHOLE_FIELD, Leaf

if TYPE_CHECKING:
    import numpy.typing as npt

    from logparse.reading.fast.digits import Ints, Mask, Words
    from logparse.reading.fast.templates import Fork, Node, Option

    Column: TypeAlias = npt.NDArray[Any]
    Bytes: TypeAlias = npt.NDArray[np.uint8]
    Beginning: TypeAlias = tuple[np.uint64, np.uint64]  # mask, and the word under it

_LINE_END, _BRACKET, _EQUALS, _BLANK = b"\n]= "
MARKS: Final = bytes((_BRACKET, _EQUALS))
HEADER_MARKS: Final = bytes((_BRACKET,))
_SEVERITY: Final = ord("I")
_BYTE: Final = np.uint64(0xFF)

# `I1124 10:43:20.990321 23669 solver.cpp:239] `: date and time have fixed places, the rest has not.
_CLOCK: Final = (b"?0000 00", b":00:00.0", b"00000 ")
_CLOCK_BYTES: Final = len("I1124 10:43:20.990321")
_DATE_BYTES: Final = len("I1124")
_SHORTEST: Final = len("I1124 10:43:20.990321 1 a:1]")
_YEAR_DIGITS: Final = 4
_CENTURIES: Final = (19, 20)
_SECOND_BYTE: Final = np.uint64(8)
_DAYS: Final = np.array((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
_LAST_HOUR, _LAST = 23, 59  # a leap second is read line by line
_TAIL: Final = re.compile(rb' {1,16}\d{1,20} [^\s:\]"<>|*?]+:\d{1,7}\]')
# Names of printable ASCII, no blanks around them; others are read line by line.
_NAME: Final = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
DEBUG_PLACE: Final = re.compile(rb"Layer ([ -~]*), (top|bottom|param) blob ([ -~]*) (?:data|diff)")


@dataclass(frozen=True, slots=True)
class Lines:
    """A chunk of whole lines. Per line: its first byte, its line end, and the index of its first event; `events` are
    the places of all line ends, closing brackets and equals signs."""

    text: Text
    starts: Ints
    ends: Ints
    events: Ints
    first: Ints


@dataclass(frozen=True, slots=True)
class Clock:
    """Date and time of the lines of a chunk that have a header, one row each; `line` is ascending."""

    line: Ints
    month_day: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Walk:
    """Lines on their way down the tree: their indices, how far each is read, and the fields so far."""

    line: Ints
    at: Ints
    fields: tuple[Column, ...] = ()

    def where(self, mask: Mask) -> Walk:
        """The lines for which `mask` holds."""
        if mask.all():
            return self
        keep = np.flatnonzero(mask)
        return Walk(self.line.take(keep), self.at.take(keep), tuple(column.take(keep) for column in self.fields))

    def behind(self, length: Ints | int, *fields: Column) -> Walk:
        """The same lines, each read on by `length` bytes."""
        return Walk(self.line, self.at + length, (*self.fields, *fields))


class Walker:
    """Walks chunks one after another and remembers the names of earlier ones. Not for two threads at once."""

    def __init__(self, tree: Node) -> None:
        self.outputs = Interner(lambda name: _NAME.fullmatch(name) is not None)
        self.places = Interner(lambda place: DEBUG_PLACE.fullmatch(place) is not None)
        self._tails = Interner(lambda tail: _TAIL.fullmatch(tail) is not None)
        self._tree = tree
        self._marks = np.empty((2, 0), np.bool_)

    def lines(self, padded: Bytes, marks: bytes = MARKS) -> Lines:
        """The lines of a text that has PADDING bytes behind its last line end; `marks` are what makes an event."""
        text = padded[: len(padded) - PADDING]
        if len(text) > self._marks.shape[1]:
            self._marks = np.empty((2, len(text)), np.bool_)
        marked, other = self._marks[:, : len(text)]
        np.equal(text, _LINE_END, out=marked)
        for byte in marks:
            np.equal(text, byte, out=other)
            np.logical_or(marked, other, out=marked)
        events = np.flatnonzero(marked)
        last = np.flatnonzero(text.take(events) == _LINE_END)
        ends = events.take(last)
        starts, first = np.zeros_like(ends), np.zeros_like(last)
        starts[1:] = ends[:-1] + 1
        first[1:] = last[:-1] + 1
        return Lines(Text(padded), starts, ends, events, first)

    def glance(self, lines: Lines, beginnings: tuple[Beginning, ...]) -> Ints:
        """The lines whose message does not begin as one of `beginnings`; nothing else of them is looked at."""
        walk = self.headed(lines)
        word = lines.text.word(walk.at + 2)
        known = np.zeros(len(word), np.bool_)
        for mask, first in beginnings:
            known |= (word & mask) == first
        other = np.ones(len(lines.starts), np.bool_)
        other[walk.line[known]] = False
        return np.flatnonzero(other)

    def headed(self, lines: Lines) -> Walk:
        """The lines that may have a header, read up to the bracket that would close it."""
        bracket = lines.events.take(lines.first)
        closed = (lines.text.padded.take(bracket) == _BRACKET) & (bracket - lines.starts >= _SHORTEST)
        return Walk(np.arange(len(bracket)), bracket).where(closed)

    def headers(self, lines: Lines, walk: Walk) -> tuple[Walk, Clock]:
        """The lines with a whole glog header of severity I, read up to their message; and their date and time."""
        starts = lines.starts.take(walk.line)
        proper = lines.text.padded.take(starts) == _SEVERITY
        dated = lines.text.padded.take(starts + _DATE_BYTES) != _BLANK
        if dated.any():
            proper &= ~dated | _is_year(lines.text.word(starts))
            starts += dated * _YEAR_DIGITS
        month_day, seconds, wrong = _clock(lines.text, starts)
        at = starts + _CLOCK_BYTES
        proper &= ~wrong
        proper &= self._tails.ids(lines.text, at, walk.at + 1 - at) != REFUSED
        proper &= lines.text.padded.take(walk.at + 1) == _BLANK
        return walk.behind(2).where(proper), Clock(walk.line, month_day, seconds)

    def walk(self, lines: Lines, walk: Walk) -> list[tuple[Leaf, Walk]]:
        """The lines that fit a template to their last byte, by template."""
        found: list[tuple[Leaf, Walk]] = []
        self._step(self._tree, lines, walk, found)
        return found

    def _step(self, node: Node, lines: Lines, walk: Walk, found: list[tuple[Leaf, Walk]]) -> None:
        if len(walk.line) == 0:
            return
        if isinstance(node, Leaf):
            found.append((node, walk))
        else:
            self._fork(node, lines, walk, found)

    def _fork(self, fork: Fork, lines: Lines, walk: Walk, found: list[tuple[Leaf, Walk]]) -> None:
        """Each option takes the lines that begin with its literal; mostly that is one option and all lines."""
        row = lines.text.load(walk.at, fork.options[0].words)
        rest = np.ones(len(walk.line), np.bool_)
        for option in fork.options:
            begins = (row[0] & option.mask) == option.first
            begins &= rest
            if not begins.any():
                continue
            taken = walk.where(begins)
            own = row if taken is walk and option is fork.options[0] else lines.text.load(taken.at, option.words)
            self._option(option, lines, taken, own, found)
            if taken is walk:
                return
            rest ^= begins

    def _option(
        self, option: Option, lines: Lines, walk: Walk, row: tuple[Words, ...], found: list[tuple[Leaf, Walk]]
    ) -> None:
        if option.further:
            index, mask, word = option.further[0]
            same = (row[index] & mask) == word
            for index, mask, word in option.further[1:]:
                same &= (row[index] & mask) == word
            if not same.all():
                walk = walk.where(same)
                row = lines.text.load(walk.at, option.words)
        walk = walk.behind(option.length)
        if option.kind:
            walk = self._take(option, lines, walk, row)
        self._step(option.then, lines, walk, found)

    def _take(self, option: Option, lines: Lines, walk: Walk, row: tuple[Words, ...]) -> Walk:
        """Read the field behind an option's literal; `row` are the words from the literal on."""
        if option.kind == WHOLE_FIELD:
            whole, length = integers(lines.text, walk.at, shifted(row, option.length))
            return walk.behind(length, whole).where(length > 0)
        if option.kind == DECIMAL_FIELD:
            words = shifted(row, option.length), shifted(row, option.length + WORD)
            value, length = decimals(lines.text, walk.at, *words)
            return walk.behind(length, value).where(length > 0)
        end = _equals(lines, walk) if option.kind == NAME_FIELD else _last_blank(lines, walk)
        length = end - 1 - walk.at
        ids = (self.outputs if option.kind == NAME_FIELD else self.places).ids(lines.text, walk.at, length)
        return walk.behind(length, ids).where(ids != REFUSED)


def _equals(lines: Lines, walk: Walk) -> Ints:
    """The first equals sign of each line's message; some other place where it has none in sight."""
    event = lines.first.take(walk.line) + 1
    place = lines.events.take(event)
    if (place < walk.at).any():  # the closing bracket of a rank
        further = lines.events.take(np.minimum(event + 1, len(lines.events) - 1))
        place = np.where(place < walk.at, further, place)
    return place


def _last_blank(lines: Lines, walk: Walk) -> Ints:
    """The last blank of each line, which stands before its value; -1 where that is longer than any value."""
    ends = lines.ends.take(walk.line)
    near = last_byte_equal(lines.text.word(ends - WORD), _BLANK)
    far = last_byte_equal(lines.text.word(ends - 2 * WORD), _BLANK)
    return np.where(near >= 0, ends - WORD + near, np.where(far >= 0, ends - 2 * WORD + far, -1))


def _clock(text: Text, at: Ints) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], Mask]:
    """`?mmdd hh:mm:ss.uuuuuu ` → MMDD, seconds since midnight, and where it is not as it should be."""
    date, clock, rest = text.load(at, 3)
    wrong = differs(date, _CLOCK[0]) | differs(clock, _CLOCK[1]) | differs(rest, _CLOCK[2])
    date, clock, pairs_rest = pairs(date), pairs(clock), pairs(rest)
    month, day, hour = _byte(date, 1), _byte(date, 3), _byte(date, 6)
    minute, second = _byte(clock, 1), _byte(clock, 4)
    micros = (_byte(clock, 7) * 1000 + _byte(pairs_rest, 0) * 100 + _byte(pairs_rest, 2)) * 10 + (_byte(rest, 4) & 15)
    wrong |= (month < 1) | (month > len(_DAYS)) | (day < 1) | (hour > _LAST_HOUR) | (minute > _LAST) | (second > _LAST)
    wrong |= day > _DAYS.take(month - 1, mode="clip")
    whole = ((hour * 60 + minute) * 60 + second).astype(np.float64)
    return (month * 100 + day).astype(np.int32), whole + micros / 1e6, wrong


def _is_year(word: Words) -> Mask:
    """Whether the word, a line's first, holds 19yy or 20yy behind its letter."""
    return ~differs(word >> _SECOND_BYTE, b"0000") & np.isin(_byte(pairs(word), 1), _CENTURIES)


def _byte(words: Words, index: int) -> Ints:
    return ((words >> np.uint64(8 * index)) & _BYTE).view(np.int64)
