"""Codes of unequal length: bounds where only the entropy or nothing is known, exact where frequencies are.

Huffman 1952: of all codes that can be told apart bit by bit his is the shortest, so its average length L is never more
than that of numbers of equal length; and with entropy H it is H ≤ L < H + 1 (Shannon 1948). A code has at least a bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import fsum, log2
from typing import TYPE_CHECKING

from logparse.cost.stored.bits import Bits, certain

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Huffman:
    """What is known of the codes: one of three for the values, and the average length of an index.

    `width` is a measured average length, `entropy` that of the values (bits), `counts` how often each value stands.
    """

    width: Fraction | None = None
    entropy: Fraction | None = None
    counts: tuple[int, ...] = ()
    index: Fraction | None = None

    def value_bits(self, fixed: int) -> Bits:
        """Average length of a value that takes `fixed` bits in numbers of equal length."""
        most = Fraction(fixed)
        if self.counts:
            return certain(average_length(self.counts))
        if self.width is not None:
            return certain(self.width)
        if self.entropy is not None:
            return Bits(max(self.entropy, Fraction(1)), None, min(most, self.entropy + 1))
        return Bits(Fraction(1), None, most)

    def index_bits(self, fixed: int, zeros: float) -> Bits:
        """Average length of a distance that takes `fixed` bits; likely as where each weight is zero by itself."""
        if self.index is not None:
            return certain(self.index)
        likely = average_length(_distances(2**fixed, zeros)).limit_denominator(10**6)
        return Bits(Fraction(1), likely, Fraction(fixed))


def _distances(span: int, zeros: float) -> list[float]:
    """How often each stored distance stands: p·qˢ, and what is left for the longest, fillers among them."""
    return [*((1 - zeros) * zeros**step for step in range(span - 1)), zeros ** (span - 1)]


def average_length(counts: Sequence[float]) -> Fraction:
    """Average length of Huffman's code for symbols of these frequencies, in bits; a lone symbol takes one bit."""
    heap = [count for count in counts if count]
    if len(heap) < 2:
        return Fraction(1)
    total = Fraction(sum(heap))
    length: float = 0  # whole numbers stay whole
    heapify(heap)
    while len(heap) > 1:
        both = heappop(heap) + heappop(heap)
        length += both
        heappush(heap, both)
    return Fraction(length) / total


def entropy_of(counts: Sequence[float]) -> float:
    """Entropy of symbols of these frequencies, in bits."""
    total = fsum(counts)
    return -fsum(count / total * log2(count / total) for count in counts if count)
