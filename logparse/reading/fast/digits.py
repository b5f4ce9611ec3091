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

from logparse.reading.line.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Words: TypeAlias = npt.NDArray[np.uint64]
    Ints: TypeAlias = npt.NDArray[np.int64]
    Mask: TypeAlias = npt.NDArray[np.bool_]
    Floats: TypeAlias = npt.NDArray[np.float64]

WORD: Final = 8
# Comparing with a long name at the end of a text looks as far beyond it (names.LONGEST_NAME and a word).
PADDING: Final = 192

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

_BYTE, _BITS = _U(0xFF), _U(64)
_POINT, _EXPONENT, _ZERO, _MINUS, _PLUS = (_U(byte) for byte in b".e0-+")
_NINE: Final = _U(9)

_MOST_DIGITS: Final = 15
_MOST_POWER: Final = 22
_POWER_DIGITS: Final = 3
_LONGEST_EXPONENT: Final = len("-e+308,")  # and the sign before, and what ends it
_NUMBER: Final = re.compile(rb"[-+]?(?:\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|inf|1\.#(?:QNAN|IND|SNAN|INF))(?![\d.#(])")
_LONGEST_NUMBER: Final = 48


class Text:
    """Bytes that can be read a word, or several in a row, from any place; the last PADDING bytes are not text."""

    __slots__ = ("_rows", "padded", "words")

    def __init__(self, padded: npt.NDArray[np.uint8]) -> None:
        self.padded = padded
        self.words: Words = np.ndarray((len(padded) - WORD + 1,), "<u8", buffer=padded, strides=(1,))
        self._rows: dict[int, npt.NDArray[np.void]] = {}

    def word(self, at: Ints) -> Words:
        """The word that begins at each place."""
        return self.words[at]

    def load(self, at: Ints, count: int) -> tuple[Words, ...]:
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


def _digit_bits(words: Words) -> Words:
    """How many bits of each word the digits take that it begins with: 8 a digit, 0 to 64."""
    nibbles = words ^ _ZEROS
    # A byte beyond ASCII may carry into the bytes behind it, but it is itself the first that is no digit.
    other = ((nibbles + _TO_HIGH) | nibbles) & _HIGH
    return (np.bitwise_count((other - _U(1)) & ~other) & np.uint8(0x78)).astype(np.uint64)


def _count(bits: Words) -> Ints:
    return (bits >> _U(3)).view(np.int64)


def shifted(row: Sequence[Words], offset: int) -> Words:
    """The word that begins `offset` bytes into words in a row."""
    index, odd = divmod(offset, WORD)
    if odd == 0:
        return row[index]
    return (row[index] >> _U(8 * odd)) | (row[index + 1] << _U(64 - 8 * odd))


def _bytes_equal(words: Words, byte: int) -> Words:
    """The high bit of every byte that equals `byte`."""
    other = words ^ _U(byte * 0x0101010101010101)
    return ~(((other & _LOW7) + _LOW7) | other) & _HIGH


def last_byte_equal(words: Words, byte: int) -> Ints:
    """The index of the last byte that equals `byte`; -1 where none does."""
    flags = _bytes_equal(words, byte)
    for shift in (8, 16, 32):
        flags |= flags >> _U(shift)
    return np.bitwise_count(flags).astype(np.int64) - 1


def differs(words: Words, template: bytes) -> Mask:
    """Where a word does not begin as `template` says: 0 is any digit, ? anything, every other byte is itself."""
    limits = bytes(0x76 if byte == ord("0") else 0x7F for byte in template)
    matter = bytes(0 if byte == ord("?") else 0xFF for byte in template)
    other = (words ^ _packed(template)) & _packed(matter)
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


def integers(text: Text, at: Ints, word: Words) -> tuple[Ints, Ints]:
    """The whole number of 1 to 15 digits at each place, and its length; length 0 where there is none.

    `word` are the eight bytes at each place.
    """
    bits = _digit_bits(word)
    value = eight_digits(word << (_U(64) - bits)).view(np.int64)
    length = _count(bits)
    long = np.flatnonzero(bits == _BITS)
    if len(long):
        more = text.word(at[long] + WORD)
        bits = _digit_bits(more)
        powers = _INTEGER_POWERS.take(_count(bits))
        value[long] = value[long] * powers.view(np.int64) + eight_digits(more << (_U(64) - bits)).view(np.int64)
        length[long] += np.where(bits == _BITS, -WORD, _count(bits))
    return value, length


def decimals(text: Text, at: Ints, word: Words, next_word: Words) -> tuple[Floats, Ints]:
    """The number at each place and its length in bytes; length 0 where there is none that is understood.

    `word` and `next_word` are the sixteen bytes at each place.
    """
    value, length = _plain(word, next_word)
    odd = np.flatnonzero(length == 0)
    if len(odd):
        value[odd], length[odd] = _signed(word[odd], next_word[odd])
        rest = odd[length[odd] == 0]
        if len(rest):
            value[rest], length[rest] = _one_by_one(text, at[rest])
    return value, length


def _plain(word: Words, next_word: Words) -> tuple[Floats, Ints]:
    """`12`, `1.25`, `0.00316159`: at most eight digits, leading zero apart; nearly every number of a log."""
    whole = _digit_bits(word)
    after = (word >> whole) & _BYTE
    pointed = after == _POINT
    tail = _behind_point(word, next_word, whole)
    part = _digit_bits(tail) * pointed
    # Shifted by 64 bits a word is 0: behind eight decimals only the zero before the point is left out.
    digits = ((word << (_U(64) - whole)) >> part) | (tail << (_U(64) - part))
    value = eight_digits(digits) / _POWERS.take(_count(part))
    length = _count(whole + part) + pointed
    last = np.where(pointed, tail >> part, after) & _BYTE
    fits = (whole + part <= _BITS) & (last != _EXPONENT)
    long = part == _BITS
    if long.any():
        last = (next_word >> _U(16)) & _BYTE
        zero = (whole == _U(8)) & ((word & _BYTE) == _ZERO) & (last != _EXPONENT) & (last - _ZERO > _NINE)
        fits = np.where(long, zero, fits)
    fits &= (whole > 0) & (whole < _BITS) & (pointed == (part > 0))
    return value, length * fits


def _behind_point(word: Words, next_word: Words, whole: Words) -> Words:
    """The eight bytes behind `whole` bits of digits and one byte more."""
    high: Words = next_word << (_U(56) - whole)
    return (word >> (whole + _U(8))) | high


def _signed(word: Words, next_word: Words) -> tuple[Floats, Ints]:
    """Numbers with or without a minus; what stands behind it is any of the unsigned forms."""
    minus = (word & _BYTE) == _MINUS
    if not minus.any():
        return _unsigned(word, next_word)
    word = np.where(minus, (word >> _U(8)) | (next_word << _U(56)), word)
    next_word = np.where(minus, next_word >> _U(8), next_word)
    value, length = _unsigned(word, next_word)
    length *= length < 2 * WORD - minus  # the sign took a byte of what could be seen
    return np.where(minus, -value, value), np.where(length > 0, length + minus, 0)


def _unsigned(word: Words, next_word: Words) -> tuple[Floats, Ints]:
    """Up to 15 digits, an exponent, `nan` and `inf`, as far as sixteen bytes hold the number and its end."""
    whole = _digit_bits(word)
    pointed = ((word >> whole) & _BYTE) == _POINT
    tail = _behind_point(word, next_word, whole)
    part = _digit_bits(tail) * pointed
    more = next_word >> (whole + _U(8))
    part_more = _digit_bits(more) * (part == _BITS)
    mantissa = _mantissa(
        word << (_U(64) - whole), tail << (_U(64) - part), part, more << (_U(64) - part_more), part_more
    )
    end = whole + part + part_more + _U(8) * pointed
    # A shift by 64 bits or more gives 0, also where the subtraction wrapped round.
    rest = (word >> end) | (next_word << (_U(64) - end)) | (next_word >> (end - _U(64)))
    power, power_length = _exponents(rest)
    digits = _count(part + part_more)
    value, exact = _scaled(mantissa, power - digits)
    length = _count(end) + power_length
    fits = (whole > 0) & (whole < _BITS) & (_count(whole) + digits <= _MOST_DIGITS) & (pointed == (part > 0))
    fits &= exact & (length < 2 * WORD)
    fits &= ((rest & _BYTE) != _EXPONENT) | (_count(end) < 2 * WORD - _LONGEST_EXPONENT)
    return _with_names(word, value, length * fits)


def _mantissa(head: Words, middle: Words, part: Words, last: Words, part_more: Words) -> Words:
    """All digits as one whole number; meaningless where there are more than 19."""
    high = eight_digits(head) * _INTEGER_POWERS.take(_count(part)) + eight_digits(middle)
    return high * _INTEGER_POWERS.take(_count(part_more)) + eight_digits(last)


def _exponents(word: Words) -> tuple[Ints, Ints]:
    """`e-05` → (-5, 4); (0, 0) where none stands (`10.7ep`: the `e` is of a word)."""
    marked = (word & _BYTE) == _EXPONENT
    sign = (word >> _U(8)) & _BYTE
    rest = word >> _U(16)
    bits = _digit_bits(rest)
    count = _count(bits)
    value = eight_digits(rest << (_U(64) - bits)).view(np.int64)
    proper = marked & ((sign == _MINUS) | (sign == _PLUS)) & (count > 0) & (count <= _POWER_DIGITS)
    return np.where(sign == _MINUS, -value, value) * proper, (count + 2) * proper


def _scaled(mantissa: Words, power: Ints) -> tuple[Floats, Mask]:
    """Mantissa × 10^power with one rounding, and where that can be promised."""
    size = np.abs(power)
    exact = size <= _MOST_POWER
    scale = _POWERS.take(np.minimum(size, _MOST_POWER))
    figure = mantissa.astype(np.float64)
    return np.where(power < 0, figure / scale, figure * scale), exact


def _with_names(word: Words, value: Floats, length: Ints) -> tuple[Floats, Ints]:
    """`nan` and `inf`, unless more follows (`nan(0x8…)`, `infinity`)."""
    last = (word >> _U(24)) & _U(0xFF)
    ends = (last != ord("(")) & (last != ord("i"))
    for name, meaning in ((b"nan", np.nan), (b"inf", np.inf)):
        named = ends & ((word & KEEP[3]) == _U(int.from_bytes(name, "little")))
        value = np.where(named, meaning, value)
        length = np.where(named, len(name), length)
    return value, length


def _one_by_one(text: Text, at: Ints) -> tuple[Floats, Ints]:
    """What is left: garbage rates (`-1.54143e-44`), Windows' `1.#QNAN`, and what is no number."""
    value = np.full(len(at), np.nan)
    length = np.zeros(len(at), np.int64)
    raw = text.padded.data
    for row, place in enumerate(at.tolist()):
        match = _NUMBER.match(bytes(raw[place : place + _LONGEST_NUMBER]))
        if match:
            value[row], length[row] = number(match.group().decode("ascii")), match.end()
    return value, length
