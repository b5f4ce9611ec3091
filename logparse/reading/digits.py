"""Numbers and words read from text eight bytes at a time, for thousands of lines at once.

`words[i]` is the little-endian 64-bit word that begins at byte `i`, so a number, a literal or a name is
compared, measured and converted with a handful of whole-array operations: no Python object per line.

A decimal of at most 15 digits whose power of ten is at most 22 is an exact integer divided (or multiplied)
by an exact power of ten: one rounding, hence the same double as `float(text)` gives (Clinger 1990).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from logparse.reading.values import number

if TYPE_CHECKING:
    import numpy.typing as npt

    Words: TypeAlias = npt.NDArray[np.uint64]
    Places: TypeAlias = npt.NDArray[np.int64]
    Mask: TypeAlias = npt.NDArray[np.bool_]
    Floats: TypeAlias = npt.NDArray[np.float64]

WORD: Final = 8
# Reading a word, or a number that follows the last byte of a line, may look this far beyond it.
PADDING: Final = 64

_U = np.uint64
_ONES: Final = _U(0x0101010101010101)
_HIGH: Final = _U(0x8080808080808080)
_LOW7: Final = _U(0x7F7F7F7F7F7F7F7F)
_ZEROS: Final = _U(0x3030303030303030)  # eight times "0"
_TO_HIGH: Final = _U(0x7676767676767676)  # carries 10 and more into the high bit of their byte
_ALL: Final = _U(0xFFFFFFFFFFFFFFFF)

_INTEGER_POWERS: Final = np.array([10**power for power in range(20)], np.uint64)
_POWERS: Final = np.array([float(10**power) for power in range(23)])
# KEEP[n] keeps the first n bytes of a word.
KEEP: Final = np.array([(1 << (8 * count)) - 1 for count in range(WORD + 1)], np.uint64)

_POINT, _EXPONENT, _ZERO, _NINE = _U(ord(".")), _U(ord("e")), _U(ord("0")), _U(9)

_MOST_DIGITS: Final = 15
_MOST_POWER: Final = 22
_POWER_DIGITS: Final = 3
_NUMBER: Final = re.compile(rb"[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|inf|1\.#(?:QNAN|IND|SNAN|INF))(?![\w.#(])")
_LONGEST_NUMBER: Final = 48


class Text:
    """Bytes that can be read a word, or several in a row, from any place; the last PADDING bytes are not text."""

    __slots__ = ("_rows", "padded", "words")

    def __init__(self, padded: npt.NDArray[np.uint8]) -> None:
        self.padded = padded
        self.words: Words = np.ndarray((len(padded) - WORD + 1,), "<u8", buffer=padded, strides=(1,))
        self._rows: dict[int, npt.NDArray[np.void]] = {}

    def word(self, at: Places) -> Words:
        """The word that begins at each place."""
        return self.words[at]

    def load(self, at: Places, count: int) -> tuple[Words, ...]:
        """`count` words in a row from each place: one look at memory for all of them."""
        rows = self._rows.get(count)
        if rows is None:
            size = WORD * count
            rows = np.ndarray((len(self.padded) - size + 1,), f"V{size}", buffer=self.padded, strides=(1,))
            self._rows[count] = rows
        table = rows[at].view("<u8").reshape(len(at), count)
        return tuple(table[:, column] for column in range(count))


def literal_words(text: bytes) -> tuple[tuple[int, np.uint64, np.uint64], ...]:
    """A literal as (offset, mask, word) triples, eight bytes each."""
    pieces = [(offset, text[offset : offset + WORD]) for offset in range(0, len(text), WORD)]
    return tuple((offset, KEEP[len(piece)], _packed(piece)) for offset, piece in pieces)


def _packed(text: bytes) -> np.uint64:
    return _U(int.from_bytes(text, "little"))


def _first_set(flags: Words) -> Places:
    """The index of the first byte whose high bit is set; 8 where none is."""
    below: Places = np.bitwise_count((flags - _U(1)) & ~flags).astype(np.int64)
    return below >> 3


def _not_digits(words: Words) -> Words:
    """The high bit of every byte that is no ASCII digit."""
    nibbles = words ^ _ZEROS
    return (((nibbles & _LOW7) + _TO_HIGH) | nibbles) & _HIGH


def count_digits(words: Words) -> Places:
    """How many digits each word begins with, 0 to 8."""
    return _first_set(_not_digits(words))


def _bytes_equal(words: Words, byte: int) -> Words:
    """The high bit of every byte that equals `byte`."""
    other = words ^ _U(byte * 0x0101010101010101)
    return ~(((other & _LOW7) + _LOW7) | other) & _HIGH


def last_byte_equal(words: Words, byte: int) -> Places:
    """The index of the last byte that equals `byte`; -1 where none does."""
    flags = _bytes_equal(words, byte)
    for shift in (8, 16, 32):
        flags |= flags >> _U(shift)
    return np.bitwise_count(flags).astype(np.int64) - 1


def differs(words: Words, template: bytes) -> Mask:
    """Where a word does not begin as `template` says: 0 is any digit, every other byte is itself."""
    limits = bytes(0x76 if byte == ord("0") else 0x7F for byte in template)
    other = (words ^ _packed(template)) & KEEP[len(template)]
    wrong: Mask = ((((other & _LOW7) + _packed(limits)) | other) & _HIGH) != 0
    return wrong


def pairs(words: Words) -> Words:
    """Byte i holds the number that the digits at i and i + 1 spell."""
    digits = words & _U(0x0F0F0F0F0F0F0F0F)
    return digits * _U(10) + (digits >> _U(8))


def eight_digits(words: Words) -> Words:
    """The number that each word's eight bytes spell; a zero byte counts as a leading 0."""
    twos = ((words & _U(0x0F0F0F0F0F0F0F0F)) * _U(2561)) >> _U(8)
    fours = ((twos & _U(0x00FF00FF00FF00FF)) * _U(6553601)) >> _U(16)
    return ((fours & _U(0x0000FFFF0000FFFF)) * _U(42949672960001)) >> _U(32)


def _bits(count: Places) -> Words:
    """A count of bytes as the number of bits to shift by."""
    return (count << 3).view(np.uint64)


def _bits_left(count: Places) -> Words:
    """What to shift by so that the first `count` bytes of a word become its last."""
    return ((WORD - count) << 3).view(np.uint64)


def integers(text: Text, at: Places) -> tuple[Places, Places]:
    """The whole number of 1 to 7 digits at each place, and its length; length 0 where there is none."""
    word = text.word(at)
    length = count_digits(word)
    value = eight_digits(word << _bits_left(length)).view(np.int64)
    length[length == WORD] = 0
    return value, length


def decimals(text: Text, at: Places) -> tuple[Floats, Places]:
    """The number at each place and its length in bytes; length 0 where there is none that is understood."""
    value, length = _plain(text, at)
    odd = np.flatnonzero(length == 0)
    if len(odd):
        value[odd], length[odd] = _signed(text, at[odd])
    return value, length


def _plain(text: Text, at: Places) -> tuple[Floats, Places]:
    """`12`, `1.25`, `0.00316159`: at most eight digits, leading zero apart; nearly every number of a log."""
    word, next_word = text.load(at, 2)
    whole = count_digits(word)
    bits = _bits(whole)
    after = (word >> bits) & _U(0xFF)
    pointed = after == _POINT
    tail: Words = (word >> (bits + _U(8))) | (next_word << (_U(56) - bits))
    part = count_digits(tail) * pointed
    part_bits = _bits(part)
    # Shifted by 64 bits a word is 0: behind eight decimals only the zero before the point is left out.
    digits = ((word << (_U(64) - bits)) >> part_bits) | (tail << (_U(64) - part_bits))
    value = eight_digits(digits) / _POWERS.take(part)
    length = whole + part + pointed
    last = np.where(pointed, tail >> part_bits, after) & _U(0xFF)
    fits = (whole + part <= WORD) & (last != _EXPONENT)
    long = part == WORD
    if long.any():
        last = (next_word >> _U(16)) & _U(0xFF)
        zero = (whole == 1) & ((word & _U(0xFF)) == _ZERO) & (last != _EXPONENT) & (last - _ZERO > _NINE)
        fits = np.where(long, zero, fits)
    fits &= (whole > 0) & (whole < WORD) & (pointed == (part > 0))
    return value, length * fits


def _signed(text: Text, at: Places) -> tuple[Floats, Places]:
    """Numbers with a sign; what stands behind it is any of the unsigned forms."""
    minus = (text.word(at) & _U(0xFF)) == ord("-")
    value, length = _unsigned(text, at + minus)
    value = np.where(minus, -value, value)
    length = np.where(length > 0, length + minus, 0)
    rest = np.flatnonzero(length == 0)
    if len(rest):
        value[rest], length[rest] = _one_by_one(text, at[rest])
    return value, length


def _unsigned(text: Text, at: Places) -> tuple[Floats, Places]:
    """Up to 15 digits, an exponent, `nan` and `inf`."""
    word = text.word(at)
    whole = count_digits(word)
    pointed = ((word >> _bits(whole)) & _U(0xFF)) == ord(".")
    part_at = at + whole + 1
    tail = text.word(part_at)
    part = np.where(pointed, count_digits(tail), 0)
    long = part == WORD
    more = np.where(long, text.word(part_at + WORD), _U(0))
    part_more = np.where(long, count_digits(more), 0)
    digits = part + part_more
    mantissa = _mantissa(word, whole, tail, part, more, part_more)
    end = at + whole + pointed + digits
    power, power_length = _exponents(text, end)
    value, exact = _scaled(mantissa, power - digits)
    understood = (whole > 0) & (whole < WORD) & (whole + digits <= _MOST_DIGITS) & (pointed == (digits > 0))
    understood &= exact & (power_length >= 0) & (part_more < WORD)
    length = np.where(understood, end + power_length - at, 0)
    return _with_names(word, value, length)


def _mantissa(word: Words, whole: Places, tail: Words, part: Places, more: Words, part_more: Places) -> Words:
    """All digits as one whole number; meaningless where there are more than 19."""
    head = eight_digits(word << _bits_left(whole))
    middle = eight_digits(tail << _bits_left(part))
    last = eight_digits(more << _bits_left(part_more))
    return (head * _INTEGER_POWERS.take(part) + middle) * _INTEGER_POWERS.take(part_more) + last


def _exponents(text: Text, at: Places) -> tuple[Places, Places]:
    """`e-05` → (-5, 4); (0, 0) where no `e` stands, length -1 where something else follows it."""
    word = text.word(at)
    marked = (word & _U(0xFF)) == ord("e")
    sign = (word >> _U(8)) & _U(0xFF)
    rest = word >> _U(16)
    count = np.minimum(count_digits(rest), 6)
    value = eight_digits(rest << _bits_left(count)).view(np.int64)
    value = np.where(marked, np.where(sign == ord("-"), -value, value), 0)
    proper = ((sign == ord("-")) | (sign == ord("+"))) & (count > 0) & (count <= _POWER_DIGITS)
    return value, np.where(marked, np.where(proper, count + 2, -1), 0)


def _scaled(mantissa: Words, power: Places) -> tuple[Floats, Mask]:
    """Mantissa × 10^power with one rounding, and where that can be promised."""
    size = np.abs(power)
    exact = size <= _MOST_POWER
    scale = _POWERS.take(np.minimum(size, _MOST_POWER))
    figure = mantissa.astype(np.float64)
    return np.where(power < 0, figure / scale, figure * scale), exact


def _with_names(word: Words, value: Floats, length: Places) -> tuple[Floats, Places]:
    """`nan` and `inf`, unless more follows (`nan(0x8…)`, `infinity`)."""
    last = (word >> _U(24)) & _U(0xFF)
    ends = (last != ord("(")) & (last != ord("i"))
    for name, meaning in ((b"nan", np.nan), (b"inf", np.inf)):
        named = ends & ((word & KEEP[3]) == _U(int.from_bytes(name, "little")))
        value = np.where(named, meaning, value)
        length = np.where(named, len(name), length)
    return value, length


def _one_by_one(text: Text, at: Places) -> tuple[Floats, Places]:
    """What is left: garbage rates (`-1.54143e-44`), Windows' `1.#QNAN`, and what is no number."""
    value = np.full(len(at), np.nan)
    length = np.zeros(len(at), np.int64)
    raw = text.padded.data
    for row, place in enumerate(at.tolist()):
        match = _NUMBER.match(bytes(raw[place : place + _LONGEST_NUMBER]))
        if match:
            value[row], length[row] = number(match.group().decode("ascii")), match.end()
    return value, length
