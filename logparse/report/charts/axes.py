"""What the charts have in common: their width, and the grid with texts that tell its ticks apart."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.report.charts.canvas import Canvas
    from logparse.report.charts.scales import Scale

WIDTH: Final = 960.0
CHARACTER: Final = 6.1  # mean width of a character of a label
_ZEROS: Final = re.compile(r"\.0+(?= )|(?<=\.\d)0+(?= )")
_LONG: Final = 1e7  # from here on a number with all its digits does not fit beside a chart
_TELLING: Final = 17  # digits that tell any two floats apart


def grid(
    canvas: Canvas,
    scale: Scale,
    ends: tuple[float, float],
    wanted: int,
    texts_of: Callable[[Sequence[float]], list[str]],
) -> None:
    """Horizontal rules between two ends at round values, with their text left of them."""
    ticks = told_apart(scale.ticks(wanted), texts_of)
    left, right = ends
    canvas.rules([(left, scale.at(tick), right, scale.at(tick)) for tick, _ in ticks], "grid")
    for tick, text in ticks:
        canvas.text(left - 8, scale.at(tick) + 4, text, "t-tick", "end")


def told_apart(ticks: Sequence[float], texts_of: Callable[[Sequence[float]], list[str]]) -> list[tuple[float, str]]:
    """Ticks with their texts; one that reads like the one before it is left out."""
    first: dict[str, float] = {}
    for tick, text in zip(ticks, texts_of(ticks), strict=True):
        first.setdefault(text, tick)
    return [(tick, text) for text, tick in first.items()]


def figure_texts(ticks: Sequence[float]) -> list[str]:
    """Numbers with three significant digits, or with as many more as say where their ticks stand."""
    return _with_digits(ticks, _figure, formats.SIGNIFICANT)


def _figure(tick: float, digits: int) -> str:
    form = formats.significant if abs(tick) < _LONG else formats.precise
    return form(tick, digits)


def printed_texts(ticks: Sequence[float]) -> list[str]:
    """Numbers as a log prints them, or with as many more digits as say where their ticks stand."""
    return _with_digits(ticks, formats.precise, formats.DIGITS_PRINTED)


def _with_digits(ticks: Sequence[float], form: Callable[[float, int], str], least: int) -> list[str]:
    gap = min((after - before for before, after in pairwise(ticks)), default=math.inf)
    enough = (digits for digits in range(least, _TELLING) if all(_misses(tick, digits) <= gap / 100 for tick in ticks))
    digits = next(enough, _TELLING)
    return [form(tick, digits) for tick in ticks]


def _misses(tick: float, digits: int) -> float:
    """By how much a number with so many digits differs from the tick."""
    return abs(float(f"{tick:.{digits - 1}e}") - tick)


def size_texts(ticks: Sequence[float]) -> list[str]:
    """Bytes without the zeros that three digits would give round numbers: `10 MB`."""
    return [without_zeros(formats.size(int(tick))) if int(tick) else "0" for tick in ticks]


def without_zeros(text: str) -> str:
    """`10.0 MB` → `10 MB`, `2.50 k` → `2.5 k`: for round values."""
    return _ZEROS.sub("", text)
