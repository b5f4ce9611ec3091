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


def as_printed(values: Array, known: Array) -> Any:  # noqa: ANN401 - array or nullable
    """Decimals that are NA where nothing was printed, and nan where that was printed."""
    return pd.arrays.FloatingArray(values, ~known) if np.isnan(values[known]).any() else values
