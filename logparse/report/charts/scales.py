"""From values to places on a chart: scales, ticks, labels moved apart. No drawing here."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Values = npt.ArrayLike
    Floats = npt.NDArray[np.float64]

LOG_WORTH: Final = 30.0  # largest over smallest value from which a log scale shows more than a linear one
EXPLOSION: Final = 1e4  # largest value over the median from which a linear axis is bent (symlog)
STEPS: Final = ("1", "2", "2.5", "5", "10")  # times a power of ten: how far ticks stand apart
LARGEST: Final = sys.float_info.max
_DIGITS: Final = 50  # a step and the farthest of its multiples among the floats are twenty digits apart
_HAIR: Final = Decimal("1e-9")  # of a step: what rounding has moved a range's end by


@dataclass(frozen=True, slots=True)
class Scale:
    """A mapping of [low, high] to [start, end]; `kind` is "linear", "log" or "symlog" (linear within ±1)."""

    low: float
    high: float
    start: float
    end: float
    kind: str = "linear"
    constant: float | None = None

    def __call__(self, values: Values) -> Floats:
        """Places of the values; those outside the range stand at its edge."""
        clipped = np.clip(np.asarray(values, dtype=float), self.low, self.high)
        unit = 1.0 if math.isfinite(self.high - self.low) else 2.0  # halves of a range that is wider than any float
        low, high = (float(self._bend(end)) / unit for end in (self.low, self.high))
        along = (self._bend(clipped) / unit - low) / ((high - low) or 1.0)
        return np.asarray(self.start + along * (self.end - self.start))

    def at(self, value: float) -> float:
        """The place of one value."""
        return float(self(value))

    def _bend(self, values: Values) -> Floats:
        numbers = np.asarray(values, dtype=float)
        if self.kind == "log":
            return np.asarray(np.log10(numbers))
        if self.kind == "symlog":
            return np.asarray(np.sign(numbers) * np.log10(1.0 + np.abs(numbers)))
        return numbers

    def ticks(self, wanted: int) -> list[float]:
        """Round values inside the range, about as many as wanted; the one value of a range around a constant."""
        if self.constant is not None:
            return [self.constant]
        if self.kind == "log":
            return log_ticks(self.low, self.high, wanted)
        if self.kind == "symlog":
            return symlog_ticks(self.low, self.high)
        return linear_ticks(self.low, self.high, wanted)


def linear_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 × 10^k inside [low, high], ascending: at least one, at most `wanted` + 1.

    `low` ≤ `high`, both finite. The arithmetic is decimal, so that neither the smallest floats nor the largest are
    lost on the way. A multiple within a billionth of a step beyond an end is that end.
    """
    if not low < high:
        return [low]
    with localcontext(prec=_DIGITS):
        bottom, top = Decimal(low), Decimal(high)
        rough = (top - bottom) / max(wanted, 1)
        sizes = (Decimal(factor).scaleb(rough.adjusted()) for factor in STEPS)
        step = next(size for size in sizes if size >= rough * (1 - _HAIR))
        first = (bottom / step - _HAIR).to_integral_value(ROUND_CEILING)
        last = (top / step + _HAIR).to_integral_value(ROUND_FLOOR)
        inside = [min(max(float(index * step), low), high) for index in range(int(first), int(last) + 1)]
    return list(dict.fromkeys(inside)) or [low]


def log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Powers of ten inside [low, high], every second or third where they are many; 1, 2, 5 where they are few.

    0 < `low` ≤ `high`, both finite. What lies within a thousandth beyond an end counts as inside. At least one.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = _inside(low, high, (1,), range(first, last + 1))
    if len(powers) > 1:
        return powers[:: math.ceil(len(powers) / max(wanted, 2))]
    return _inside(low, high, (1, 2, 5), range(first, last + 1)) or [low]


def _inside(low: float, high: float, digits: Sequence[int], powers: Iterable[int]) -> list[float]:
    values = [_decimal(digit, power) for power in powers for digit in digits]
    return [value for value in values if low * 0.999 <= value <= high * 1.001 and 0 < value < math.inf]


def _decimal(digit: int, power: int) -> float:
    """The float next to digit × 10^power; 0 or infinity where there is none so small or large."""
    return float(f"{digit}e{power}")


def symlog_ticks(low: float, high: float) -> list[float]:
    """0 and powers of ten (thousands where there are many) on both sides, inside [low, high]; at least one."""
    reach = max(abs(low), abs(high), 1.0)
    stride = max(1, math.ceil(math.log10(reach) / 4))
    sides = [_decimal(1, power) for power in range(0, math.ceil(math.log10(reach)) + 1, stride)]
    ticks = (*(-side for side in reversed(sides)), 0.0, *sides)
    return [value for value in ticks if low <= value <= high] or [low]


def fitting_scale(values: Floats, start: float, end: float, *, log_worth: float = LOG_WORTH) -> Scale:
    """The scale that shows a series of measured values best; values that are no numbers do not count.

    Log where all are positive and span a factor of `log_worth` or more; bent (symlog) where some are not positive
    and the largest is 10^4 times the median; else linear with a little air, from 0 where the values come near it.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return Scale(0.0, 1.0, start, end)
    low, high = float(finite.min()), float(finite.max())
    if low > 0 and high / low >= log_worth:
        return Scale(low, high, start, end, "log")
    typical = float(np.median(np.abs(finite) / 2)) * 2 or 1.0  # halves: the sum of two large floats is none
    if max(abs(low), abs(high)) > EXPLOSION * typical:
        return Scale(min(low, 0.0), high, start, end, "symlog")
    return _aired(low, high, start, end)


def score_scale(values: Floats, later: Floats, start: float, end: float) -> Scale:
    """The linear scale of scores: of all of them, or from the second test on where the first would crush the rest.

    What an untrained net scores says nothing; where it takes more than half of the axis, the axis begins above it.
    """
    finite, rest = values[np.isfinite(values)], later[np.isfinite(later)]
    if not finite.size:
        return Scale(0.0, 1.0, start, end)
    low, high = float(finite.min()), float(finite.max())
    least = float(rest.min()) if rest.size > 1 else low
    if least - low > (high - low) / 2 and high > least:
        low = least
    return _aired(low, high, start, end, from_zero=False)


def _aired(low: float, high: float, start: float, end: float, *, from_zero: bool = True) -> Scale:
    """A linear scale with a little air about the values, as far as there are floats for it."""
    if low == high:
        air = abs(high) / 2 or 1.0
        return Scale(max(low - air, -LARGEST), min(high + air, LARGEST), start, end, constant=low)
    if from_zero and 0 <= low < high / 2:
        return Scale(0.0, min(high * 1.04, LARGEST), start, end)
    air = min(high - low, LARGEST) * 0.06
    return Scale(max(low - air, -LARGEST), min(high + air, LARGEST), start, end)


def sample_rows(length: int, limit: int) -> list[int]:
    """Positions of at most `limit` rows spread evenly over a table, the first and the last among them."""
    if length <= limit:
        return list(range(length))
    return sorted({round(index * (length - 1) / (limit - 1)) for index in range(limit)})


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Labels moved apart so that neighbours are at least `gap` from each other, as near to their places as can be."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for previous, current in pairwise(order):
        moved[current] = max(moved[current], moved[previous] + gap)
    over = (moved[order[-1]] - high) if order else 0.0
    if over > 0:
        moved[order[-1]] = high
        for following, current in pairwise(reversed(order)):
            moved[current] = min(moved[current], moved[following] - gap)
    return [max(place, low) for place in moved]
