"""Columns of numbers → columns of a table: names by their numbers, and NA where nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from logparse.model import Curves

    Array = npt.NDArray[Any]
    Arrays = Mapping[str, Array]  # one series: the solver's lines of a kind


def named(curves: Curves, places: Array) -> Any:  # noqa: ANN401 - a pandas string array
    """Names by their numbers, as one column of text; NA in a log that names nothing."""
    if not curves.names:
        return pd.array([pd.NA] * len(places), dtype="string")
    return pd.array(list(curves.names), dtype="string").take(places)


def worded(words: Sequence[str], numbers: Array) -> Any:  # noqa: ANN401 - a pandas string array
    """Words by their numbers, as one column of text."""
    return pd.array(list(words), dtype="string").take(np.asarray(numbers, dtype=np.intp))


def nullable(values: Array, known: Array) -> Any:  # noqa: ANN401 - a pandas array
    """Whole numbers that are NA where they are not known."""
    return pd.arrays.IntegerArray(values.astype(np.int64), ~known)


def printed_whole(values: Array) -> Any:  # noqa: ANN401 - array or nullable
    """Whole numbers that a line always prints, as they are; NA (below 0) where one is too large to be held."""
    return values if values.min(initial=0) >= 0 else nullable(values, values >= 0)


def known_whole(value: Any) -> int | None:  # noqa: ANN401 - an item of an array
    """One such number: None where it is too large to be held."""
    return int(value) if value >= 0 else None


def small_numbers(values: Array) -> Array:
    """A number from 0 for each value, the same for the same and in their order: a table by them is never larger than
    the values are many, whatever number a log prints."""
    if values.min(initial=0) >= 0 and values.max(initial=0) < len(values):
        return values
    numbers: Array = np.unique(values, return_inverse=True)[1]
    return numbers


def as_printed(values: Array, known: Array) -> Any:  # noqa: ANN401 - array or nullable
    """Decimals that are NA where nothing was printed, and nan where that was printed."""
    return pd.arrays.FloatingArray(values, ~known) if np.isnan(values[known]).any() else values
