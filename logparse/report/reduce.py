"""Long series made small enough to draw: extremes survive the reduction, a running median shows the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.intp]

# A running median over more values than this is taken over the medians of blocks: no eye sees the difference, and
# the cost no longer grows with the window.
WINDOW_VALUES: Final = 16
_ROWS_AT_ONCE: Final = 1 << 16


def reduce_points(x: npt.ArrayLike, y: npt.ArrayLike, columns: int) -> tuple[Floats, Floats]:
    """The points that a chart `columns` pixels wide needs to look as if it drew them all, in their order.

    Of each pixel column the first, lowest, highest and last finite point stay (M4; Jugel, Jerzak, Hackenbroich,
    Markl: "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014), and the first and last that are
    nan or infinite, so that gaps stay where they are. `x` and `y` are of one length; a point whose `x` is not finite
    has no place and is left out. At most six points a column come back, for each time that `x` runs through it.

    Raises:
        ValueError: `columns` is below 1, or `x` and `y` differ in length.

    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    kept = kept_points(across, up, columns)
    return across[kept], up[kept]


def kept_points(x: npt.ArrayLike, y: npt.ArrayLike, columns: int) -> Places:
    """The places of the points that `reduce_points` returns, ascending."""
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if columns < 1 or across.shape != up.shape:
        raise ValueError(f"{columns} columns for {across.shape} and {up.shape} points")
    placed = np.flatnonzero(np.isfinite(across))
    if len(placed) <= 2 * columns:
        return placed
    run = _runs(across[placed], columns)
    values = up[placed]
    finite = np.isfinite(values)
    chosen = [
        _ends(run, finite),
        _ends(run, ~finite),
        _extremes(run, values, finite, np.minimum),
        _extremes(run, values, finite, np.maximum),
    ]
    kept: Places = placed[np.unique(np.concatenate(chosen))]
    return kept


def _runs(x: Floats, columns: int) -> Places:
    """Per point the number of its run: neighbours in one pixel column. Where `x` goes back a new run begins."""
    low, high = x.min(), x.max()
    scale = columns / (high - low) if high > low else 0.0
    column = np.minimum(((x - low) * scale).astype(np.intp), columns - 1)
    run: Places = np.cumsum(np.diff(column, prepend=column[:1]) != 0)
    return run


def _ends(run: Places, among: npt.NDArray[np.bool_]) -> Places:
    """The first and the last place of each run, of those `among` which we look."""
    places = np.flatnonzero(among)
    edge = np.flatnonzero(np.diff(run[places]))
    if not len(places):
        return places
    return np.concatenate([places[:1], places[edge], places[edge + 1], places[-1:]])


def _extremes(run: Places, values: Floats, finite: npt.NDArray[np.bool_], pick: Any) -> Places:  # noqa: ANN401 - ufunc
    """The first place of each run's lowest (np.minimum) or highest (np.maximum) finite value."""
    places = np.flatnonzero(finite)
    if not len(places):
        return places
    runs, kept = run[places], values[places]
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    extreme = np.repeat(pick.reduceat(kept, starts), np.diff(starts, append=len(kept)))
    hits = np.flatnonzero(kept == extreme)
    return places[hits[np.flatnonzero(np.diff(runs[hits], prepend=-1))]]


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
