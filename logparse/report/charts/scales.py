"""From values to places on a chart: scales, ticks, labels moved apart. No drawing here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Values = npt.ArrayLike
    Floats = npt.NDArray[np.float64]

LOG_WORTH: Final = 30.0  # largest over smallest value from which a log scale shows more than a linear one
EXPLOSION: Final = 1e4  # largest value over the median from which a linear axis is bent (symlog)
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


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
        low, high = float(self._bend(self.low)), float(self._bend(self.high))
        return np.asarray(self.start + (self._bend(clipped) - low) / ((high - low) or 1.0) * (self.end - self.start))

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
    """Multiples of 1, 2, 2.5 or 5 × 10^k inside [low, high]: at most `wanted` + 1 of them."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in STEPS if factor * power >= rough * (1 - 1e-9)), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) if step < 1 else index * step for index in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Powers of ten inside [low, high], every second or third where they are many; 1, 2, 5 where they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [power for power in range(first, last + 1) if low * 0.999 <= 10.0**power <= high * 1.001]
    if len(powers) >= 2:  # noqa: PLR2004 - one tick is no scale
        stride = math.ceil(len(powers) / max(wanted, 2))
        return [10.0**power for power in powers[::stride]]
    fine = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    return [value for value in fine if low * 0.999 <= value <= high * 1.001] or [low]


def symlog_ticks(low: float, high: float) -> list[float]:
    """0 and powers of ten (thousands where there are many) on both sides."""
    reach = max(abs(low), abs(high), 1.0)
    stride = max(1, math.ceil(math.log10(reach) / 4))
    sides = [10.0**power for power in range(0, math.ceil(math.log10(reach)) + 1, stride)]
    return [value for value in (*(-side for side in reversed(sides)), 0.0, *sides) if low <= value <= high]


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
    typical = float(np.median(np.abs(finite))) or 1.0
    if max(abs(low), abs(high)) > EXPLOSION * typical:
        return Scale(min(low, 0.0), high, start, end, "symlog")
    return _aired(low, high, start, end)


def _aired(low: float, high: float, start: float, end: float) -> Scale:
    if low == high:
        air = abs(high) / 2 or 1.0
        return Scale(low - air, high + air, start, end, constant=low)
    if 0 <= low < high / 2:
        return Scale(0.0, high * 1.04, start, end)
    air = (high - low) * 0.06
    return Scale(low - air, high + air, start, end)


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
