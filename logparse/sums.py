"""Sums of floats, the same to the last digit on every Python."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def float_sum(values: Iterable[float]) -> float:
    """The values added up one after the other, each step rounded to a float; 0.0 where there is none.

    The built-in `sum` does the same up to Python 3.11 and carries the rounding errors along from 3.12 on, so that its
    last digit depends on the version. `math.fsum` would not, but it raises where a sum overflows or adds an infinity
    to its opposite: a log may print any number, and here such a sum is inf or nan.
    """
    return reduce(operator.add, values, 0.0)
