"""Weights that are zero are left out, and what tells where the others stand.

Sources: Han et al. 2016, "Deep Compression" (distances of a few bits, a filler where one is too large; CSR);
Gustavson 1972 and any text on sparse matrices (a bit for each place). How many fillers there are depends on where the
zeros are. At least none. At most one for each whole span of zeros. Likely as many as where each weight is zero by
itself: nz · qᴺ / (1 − qᴺ), with q the share of zeros and N = 2ⁱ the places that a distance of i bits spans.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.stored.bits import Bits, certain

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.cost.stored.weights import Weights

BEST: Final = "best"
CSR: Final = "csr"
BITMAP: Final = "bitmap"
WITH_ZEROS: Final = "dense"
_RELATIVE: Final = re.compile("rel([1-8])")
_NUMBER_BITS: Final = 32  # of a column's or a row's number in CSR
_TRIED: Final = ("rel4", "rel8", CSR, BITMAP, WITH_ZEROS)  # where the best is asked for


@dataclass(frozen=True, slots=True)
class Zeros:
    """The share of a layer's weights that is zero, how the others are found, and the share of inputs that is not zero.

    `index` is "rel1" … "rel8" (distances of so many bits), "csr", "bitmap", "dense" (zeros stored too) or "best", the
    smallest of rel4, rel8, CSR, bitmap and dense. `active` is the share of the inputs that is other than zero.
    """

    share: Fraction
    index: str = BEST
    active: Fraction = Fraction(1)


class Sparse(NamedTuple):
    """What an index makes of a blob: its name, entries that are stored, bits of index for each, and for all."""

    name: str
    entries: Bits
    each: int
    extra: int

    def with_values(self, value_bits: int) -> Bits:
        """Bits of the whole, with values of so many bits."""
        return self.entries.times(certain(value_bits + self.each)).plus(certain(self.extra))


def is_index(text: str) -> bool:
    """Whether it names an index."""
    return text in {BEST, CSR, BITMAP, WITH_ZEROS} or _RELATIVE.fullmatch(text) is not None


def fraction_of(number: float | Fraction) -> Fraction:
    """A number as it is written: of 100 things a share of 0.29 is 29, which in binary it is not quite."""
    return number if isinstance(number, Fraction) else Fraction(str(number))


def gone(count: int, share: Fraction) -> int:
    """Weights that are zero: whole ones, never more than the share."""
    return floor(count * share)


def sparse(weights: Weights, zeros: Zeros, value_bits: int) -> Sparse:
    """The blob under its index; where the best is asked for, the one that is likely smallest with such values."""
    names = _TRIED if zeros.index == BEST else (zeros.index,)
    found = [_indexed(name, weights, weights.count - gone(weights.count, zeros.share)) for name in names]
    return min(found, key=lambda one: one.with_values(value_bits).likely or 0)


def _indexed(name: str, weights: Weights, left: int) -> Sparse:
    relative = _RELATIVE.fullmatch(name)
    if relative is not None:
        width = int(relative[1])
        return Sparse(name, _with_fillers(weights.count, left, 2**width), width, 0)
    return _BY_NAME[name](weights, left)


_BY_NAME: Final[dict[str, Callable[[Weights, int], Sparse]]] = {
    CSR: lambda weights, left: Sparse(CSR, certain(left), _NUMBER_BITS, _NUMBER_BITS * (weights.filters + 1)),
    BITMAP: lambda weights, left: Sparse(BITMAP, certain(left), 0, weights.count),
    WITH_ZEROS: lambda weights, _: Sparse(WITH_ZEROS, certain(weights.count), 0, 0),
}


def _with_fillers(count: int, left: int, span: int) -> Bits:
    """Entries: the weights that are left, and a filler for each distance that is too large."""
    if not left:
        return certain(0)
    zeros = count - left
    spanned = (zeros / count) ** span
    likely = round(left * Fraction(spanned / (1 - spanned)))  # a count may be larger than any float
    return Bits(Fraction(left), Fraction(left + likely), Fraction(left + zeros // span))
