"""What the fast scan left, one line at a time; runs of blank lines as one, so that millions of them cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.reading.fast.scan import Scan

_AT_ONCE: Final = 1 << 16  # bounds the lists that a block of nothing but line ends is turned into


class Left(NamedTuple):
    """A line that is left: its number and bytes, and how many blank lines follow it if it is blank itself."""

    number: int
    raw: bytes
    blanks: int


def left_of(found: Scan, data: bytes) -> Iterator[Left]:
    """The lines of a block that the scan did not take, in order."""
    numbers, starts, ends = found.residue
    blank = starts == ends
    follows = np.zeros(len(numbers), np.bool_)
    follows[1:] = blank[1:] & blank[:-1] & (np.diff(numbers) == 1)
    firsts = np.flatnonzero(~follows)
    for place in range(0, len(firsts), _AT_ONCE):
        rows = firsts[place : place + _AT_ONCE]
        after = firsts[place + 1 : place + 1 + _AT_ONCE]
        blanks = np.diff(np.append(rows, after[-1:] if len(after) == len(rows) else len(numbers))) - 1
        columns = (numbers.take(rows), starts.take(rows), ends.take(rows), blanks)
        for number, start, end, more in zip(*(column.tolist() for column in columns), strict=True):
            yield Left(number, data[start:end], more)
