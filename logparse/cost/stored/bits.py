"""A size in bits that is known, or bounded, or likely: three numbers that add up and multiply together."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

_BYTE: Final = 8


class Bits(NamedTuple):
    """A number at least, likely and at most; `likely` is None where nothing tells where between the bounds it is.

    Of bits as a rule; of entries where it says so. Where all three are the same the number is exact.
    """

    low: Fraction
    likely: Fraction | None
    high: Fraction

    def plus(self, other: Bits) -> Bits:
        """The sum."""
        likely = None if self.likely is None or other.likely is None else self.likely + other.likely
        return Bits(self.low + other.low, likely, self.high + other.high)

    def times(self, other: Bits) -> Bits:
        """The product; none of them is negative."""
        likely = None if self.likely is None or other.likely is None else self.likely * other.likely
        return Bits(self.low * other.low, likely, self.high * other.high)

    @property
    def in_bytes(self) -> tuple[int, int | None, int]:
        """At least, likely, at most, in whole bytes."""
        low, likely, high = (None if one is None else -(-one // _BYTE) for one in self)
        return low or 0, likely, high or 0


def certain(number: int | Fraction) -> Bits:
    """A number that is known."""
    return Bits(Fraction(number), Fraction(number), Fraction(number))


NO_BITS: Final = certain(0)
