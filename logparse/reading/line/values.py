"""Text of a number as Caffe prints it → a number. NaN and infinity are values, not failures."""

from __future__ import annotations

import math
from typing import Final

from logparse.textproto import LARGEST_WHOLE  # a column of whole numbers holds as much, here and in every format

NAN: Final = math.nan
_LONGEST: Final = 400  # characters: int() takes quadratic time, and refuses more than some thousand digits
_WINDOWS: Final = {"#QNAN": NAN, "#IND": NAN, "#SNAN": NAN, "#INF": math.inf}


def number(text: str | None) -> float:
    """`1e-05`, `nan`, `-nan(0x8…)`, `-inf`, `1.#QNAN`, `-1.#INF` as a float; NaN for None or what is no number."""
    if text is None:
        return NAN
    try:
        return float(text)
    except ValueError:
        return _odd_number(text)


def _odd_number(text: str) -> float:
    mark = text.find("#")
    if mark >= 0:
        value = _WINDOWS.get(text[mark:], NAN)
        return -value if text.startswith("-") else value
    return NAN


def integer(text: str | None) -> int | None:
    """A whole number; None for None, for what is no number, and for one that no column of 64 bits holds."""
    if text is None or len(text) > _LONGEST or not text.lstrip("-").isdecimal():
        return None
    value = int(text)
    return value if -LARGEST_WHOLE <= value <= LARGEST_WHOLE else None
