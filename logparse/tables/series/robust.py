"""Statistics that a few wild values do not move: losses spike, clocks stall, a first interval compiles kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

# A running median over more values than this is taken over the medians of blocks: no eye sees the difference, and
# the cost no longer grows with the window.
WINDOW_VALUES: Final = 16
_ROWS_AT_ONCE: Final = 1 << 16
# What the median absolute deviation is multiplied with to be the standard deviation of a normal distribution.
_MAD_TO_SIGMA: Final = 1.4826


def median(values: npt.ArrayLike) -> float:
    """The median of the finite values; nan where there is none."""
    known = np.asarray(values, dtype=np.float64)
    known = np.sort(known[np.isfinite(known)])
    if not len(known):
        return float("nan")
    low, high = known[(len(known) - 1) // 2], known[len(known) // 2]
    return float(low) if low == high else float(low) / 2 + float(high) / 2  # their sum may be too large


def noise(values: npt.ArrayLike, smoothed: npt.ArrayLike) -> float:
    """The spread of values around their trend, as a standard deviation that outliers do not move."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is infinitely far apart is passed over
        apart = np.asarray(values, dtype=np.float64) - np.asarray(smoothed, dtype=np.float64)
    return _MAD_TO_SIGMA * median(np.abs(apart))


def smooth(y: npt.ArrayLike, window: int) -> Floats:
    """The running median over `window` neighbours, of the same length as `y`.

    Single outliers leave no trace, steps stay steps. Values that are nan or infinite are passed over, and stay nan in
    the result. At both ends the window shrinks on both sides alike, so that a falling curve is not bent. A window of
    more than 16 values is taken over medians of blocks, with straight lines between their centres.

    Raises:
        ValueError: `window` is below 1.

    """
    values = np.array(y, dtype=np.float64)
    if window < 1:
        raise ValueError(f"a window of {window} values")
    finite = np.isfinite(values)
    values[~finite] = np.nan
    if window == 1 or not finite.any():
        return values
    block = max(1, window // WINDOW_VALUES)
    centres, medians = (np.arange(len(values), dtype=np.float64), values) if block == 1 else _blocks(values, block)
    run = _running_median(medians, max(1, window // block // 2))
    known = np.isfinite(run)
    smoothed = np.interp(np.arange(len(values)), centres[known], run[known])
    smoothed[~finite] = np.nan
    return smoothed


def _blocks(values: Floats, block: int) -> tuple[Floats, Floats]:
    """The centre and the median of each block of neighbours."""
    padded = np.full(-(-len(values) // block) * block, np.nan)
    padded[: len(values)] = values
    medians = _medians(padded.reshape(-1, block))
    starts = np.arange(len(medians), dtype=np.float64) * block
    ends = np.minimum(starts + block, len(values)) - 1
    return (starts + ends) / 2, medians


def _running_median(values: Floats, radius: int) -> Floats:
    """The median of the neighbours up to `radius` away; fewer, and on both sides alike, near the ends."""
    radius = min(radius, (len(values) - 1) // 2)
    if radius < 1:
        return values
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * radius + 1)
    parts = [_medians(windows[at : at + _ROWS_AT_ONCE]) for at in range(0, len(windows), _ROWS_AT_ONCE)]
    head = [_medians(values[None, : 2 * at + 1]) for at in range(radius)]
    tail = [_medians(values[None, len(values) - 2 * at - 1 :]) for at in reversed(range(radius))]
    return np.concatenate([*head, *parts, *tail])


def _medians(rows: Floats) -> Floats:
    """The median of each row's numbers, nan where a row has none; np.nanmedian goes row by row, in Python."""
    ordered = np.sort(rows, axis=1)  # nan comes last
    known = np.isfinite(ordered).sum(axis=1)
    middle = np.maximum(known - 1, 0)
    low = np.take_along_axis(ordered, (middle // 2)[:, None], axis=1)[:, 0]
    high = np.take_along_axis(ordered, (known // 2).clip(max=ordered.shape[1] - 1)[:, None], axis=1)[:, 0]
    odd = known % 2 == 1
    return np.where(known == 0, np.nan, np.where(odd, low, low / 2 + high / 2))
