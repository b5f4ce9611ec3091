"""Names that repeat by the million → small whole numbers, without one string per line.

A name is told from others by a 64-bit hash of its words, and then compared with the name that it was taken
for, byte by byte: two names that share a hash are never confused, the second one is refused (-1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.reading.fast.digits import KEEP, WORD, literal_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from logparse.reading.fast.digits import Ints, Text, Words

    Ids = npt.NDArray[np.int32]

LONGEST_NAME: Final = 128  # bytes; longer ones are read line by line
REFUSED: Final = -1

_U = np.uint64
_FACTOR: Final = _U(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
_FOLD: Final = _U(29)
_MOST_NAMES: Final = 1 << 16
_FEW: Final = 6


class Interner:
    """Numbers names from 0 in the order in which they are first met. `accept` may refuse one."""

    def __init__(self, accept: Callable[[bytes], bool]) -> None:
        self.names: list[bytes] = []
        self._literals: list[tuple[tuple[int, np.uint64, np.uint64], ...]] = []
        self._seen = np.empty(0, np.int64)  # how often each name was looked up by its hash
        self._usual: list[int] = []
        self._accept = accept
        self._hashes = np.empty(0, np.uint64)  # sorted
        self._ids = np.empty(0, np.int32)  # of each hash; REFUSED where it was
        self._rows = np.empty(0, np.int64)  # of each hash: where its words stand
        self._words = np.empty((0, LONGEST_NAME // WORD), np.uint64)

    def ids(self, text: Text, at: Ints, length: Ints) -> Ids:
        """The number of the name at each place; -1 where it is refused."""
        found = np.full(len(at), REFUSED, np.int32)
        if len(at) == 0:
            return found
        left = self._compared(text, at, length, found) if self._usual else np.arange(len(at))
        if len(left):
            found[left] = self._looked_up(text, at[left], length[left])
            self._count(found[left])
        return found

    def _count(self, found: Ids) -> None:
        """Note which names are the usual ones: they are compared with first."""
        seen = np.bincount(found[found != REFUSED], minlength=len(self.names))
        seen[: len(self._seen)] += self._seen
        self._seen = seen
        self._usual = np.argsort(-seen, kind="stable")[:_FEW].tolist()

    def _compared(self, text: Text, at: Ints, length: Ints, found: Ids) -> Ints:
        """Compare with each of a few usual names: cheaper than a hash. Returns the rows that are none of them."""
        read = text.load(at, max(len(self._literals[number]) for number in self._usual))
        none = np.ones(len(at), np.bool_)
        for number in self._usual:
            same = length == len(self.names[number])
            for word, (_, mask, expected) in zip(read, self._literals[number], strict=False):
                same &= (word & mask) == expected
            np.putmask(found, same, number)
            none &= ~same
        return np.flatnonzero(none)

    def _looked_up(self, text: Text, at: Ints, length: Ints) -> Ids:
        read = _name_words(text, at, length)
        hashes = _hash(read, length)
        self._learn(read, hashes, length)
        place = self._places(hashes)
        found = self._ids.take(place)
        wrong = (length <= 0) | (length > LONGEST_NAME)
        row = self._rows.take(place)
        for index, word in enumerate(read):
            wrong |= self._words[:, index].take(row) != word
        found[wrong] = REFUSED
        return found

    def _places(self, hashes: Words) -> Ints:
        """Where each hash stands in the sorted table (the nearest place where it does not)."""
        return np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)

    def _learn(self, read: list[Words], hashes: Words, length: Ints) -> None:
        """Take up the names that are new."""
        if len(self._hashes):
            new = np.flatnonzero(self._hashes.take(self._places(hashes)) != hashes)
        else:
            new = np.arange(len(hashes))
        if len(new) == 0:
            return
        _, first = np.unique(hashes[new], return_index=True)
        fresh = new[np.sort(first)]
        fresh = fresh[: max(_MOST_NAMES - len(self._hashes), 0)]
        if len(fresh):
            words = np.array([word[fresh] for word in read], np.uint64).reshape(len(read), len(fresh)).T
            self._add(hashes[fresh], words, length[fresh])

    def _add(self, hashes: Words, words: Words, lengths: Ints) -> None:
        """Take up names together, so that a log of nothing but new names costs no more than its length."""
        rows = np.arange(len(self._words), len(self._words) + len(hashes))
        ids = np.array(
            [self._number(word, length) for word, length in zip(words, lengths.tolist(), strict=True)], np.int32
        )
        order = np.argsort(hashes, kind="stable")
        place = np.searchsorted(self._hashes, hashes[order])
        self._hashes = np.insert(self._hashes, place, hashes[order])
        self._ids = np.insert(self._ids, place, ids[order])
        self._rows = np.insert(self._rows, place, rows[order])
        padding = ((0, 0), (0, LONGEST_NAME // WORD - words.shape[1]))
        self._words = np.vstack([self._words, np.pad(words, padding)])

    def _number(self, word: Words, length: int) -> int:
        """The number of a new name, or REFUSED."""
        name = word.astype("<u8").tobytes()[: max(length, 0)]
        if not (0 < length <= LONGEST_NAME and self._accept(name)):
            return REFUSED
        self.names.append(name)
        self._literals.append(literal_words(name))
        return len(self.names) - 1


def _name_words(text: Text, at: Ints, length: Ints) -> list[Words]:
    """The words of each name, zero behind its end; as many as the longest has."""
    count = (min(int(length.max()), LONGEST_NAME) + WORD - 1) // WORD
    read = []
    for index in range(count):
        left = np.clip(length - WORD * index, 0, WORD)
        place = at if index == 0 else np.where(left > 0, at + WORD * index, at)
        read.append(text.word(place) & KEEP.take(left))
    return read


def _hash(read: list[Words], length: Ints) -> Words:
    """A hash of each name, whatever the longest of those read with it."""
    mixed = length.astype(np.uint64) * _FACTOR
    for index, word in enumerate(read):
        further = (mixed ^ word) * _FACTOR
        further ^= further >> _FOLD
        mixed = np.where(length > WORD * index, further, mixed) if index else further
    return mixed
