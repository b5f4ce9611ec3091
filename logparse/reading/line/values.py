"""Text of a number as Caffe prints it → a number. NaN and infinity are values, not failures."""

from __future__ import annotations

import math
from typing import Final

NAN: Final = math.nan
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
    """A whole number, or None."""
    return None if text is None or not text.lstrip("-").isdigit() else int(text)
