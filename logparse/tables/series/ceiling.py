"""The ceiling of a softmax loss: 87.3365, what it is of a whole batch and of a part of one.

Caffe takes −log of a probability that it clamps at the smallest normal float (softmax_loss_layer.cpp). On a GPU the
maximum of the scores drops a nan, so that a net of nothing but nan prints the ceiling, times its loss weight, for ever.
"""

from __future__ import annotations

from itertools import combinations
from math import floor, inf, log10
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.sums import float_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from logparse.tables.series.arrays import Array, Arrays

    Bools = npt.NDArray[np.bool_]

# −log(FLT_MIN), and as Caffe prints it.
EXACT: Final = float(-np.log(np.finfo(np.float32).tiny))
CEILING: Final = 87.3365
# Six digits are printed, and averaging rounds once more.
_DIGITS: Final = 6
_UNITS: Final = 2
# Sums of more weighted losses than this are not tried: the subsets double with each.
_WEIGHTS_TRIED: Final = 6
# A part of more samples than this is told from no other number by six digits.
LARGEST_PART: Final = 2048
# Where the batch is not known: values that differ fit a whole number of 512 parts by chance once in a thousand, so that
# five of them do not; one value that never changes fits one of few parts only.
_TRIED_PARTS: Final = 512
_TRIED_PARTS_OF_ONE: Final = 64
_VALUES_LEAST: Final = 3
_TAIL_LEAST: Final = 5


def at_ceiling(values: Array, weights: Sequence[float] = ()) -> Bools:
    """Which values are 87.3365, or its sum under some of the loss weights."""
    near = np.zeros(len(values), dtype=bool)
    for factor in _factors(weights):
        unit = 10.0 ** (floor(log10(CEILING * factor)) + 1 - _DIGITS)
        near |= np.abs(values - CEILING * factor) <= _UNITS * unit
    return near


def _factors(weights: Sequence[float]) -> list[float]:
    """What a net's ceiling may be a multiple of: each sum of some of its loss weights, and 1."""
    tried = [weight for weight in weights if np.isfinite(weight) and weight > 0][:_WEIGHTS_TRIED]
    sums = (float_sum(some) for number in range(1, len(tried) + 1) for some in combinations(tried, number))
    factors = {1.0, *(round(factor, 9) for factor in sums)}
    return sorted(factor for factor in factors if 0 < CEILING * factor < inf)


def loss_weights(outputs: Arrays | None) -> tuple[float, ...]:
    """The loss weights that the training outputs of the first display print, one for each output."""
    if outputs is None:
        return ()
    indices = outputs["index"]
    count = 1 + int(np.argmax(np.append(np.diff(indices) <= 0, True)))
    weights: tuple[float, ...] = tuple(outputs["loss_weight"][:count].tolist())
    return weights


def at_parts(values: Array, parts: int) -> Bools:
    """Which values are k/`parts` of the ceiling, k from 1: so many of the batch's samples saturated, the rest right."""
    unit = EXACT / parts
    with np.errstate(all="ignore"):
        steps = np.rint(values / unit)
        digit = 10.0 ** (np.floor(np.log10(np.where(values > 0, values, 1.0))) + 1 - _DIGITS)
        near: Bools = (steps >= 1) & (steps <= parts) & (np.abs(values - steps * unit) <= _UNITS * digit)
    return near


def parts_of(tail: Array, batch: int | None) -> int | None:
    """Of how many samples every one of these losses is a saturated part; None where they are not.

    `batch` is how many one displayed loss is the mean of, where that is known.
    """
    if len(tail) < _VALUES_LEAST or not np.isfinite(tail).all():
        return None
    values = np.unique(tail)
    if batch is not None:
        return batch if batch <= LARGEST_PART and at_parts(values, batch).all() else None
    if len(values) >= _VALUES_LEAST and len(tail) >= _TAIL_LEAST:
        tried = _TRIED_PARTS
    elif len(values) == 1:
        tried = _TRIED_PARTS_OF_ONE
    else:
        return None
    return next((parts for parts in range(2, tried + 1) if at_parts(values, parts).all()), None)
