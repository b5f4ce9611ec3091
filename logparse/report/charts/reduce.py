"""Long series made small enough to draw: extremes survive the reduction, a running median shows the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logparse.tables.series.robust import smooth

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Indices = npt.NDArray[np.intp]

__all__ = ["kept_points", "reduce_points", "smooth", "spans"]


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


def spans(x: npt.ArrayLike, y: npt.ArrayLike, columns: int) -> list[tuple[Floats, Floats, Floats]]:
    """Places, lowest and highest values of a chart's columns, in pieces.

    A piece ends where x goes back, and where values that are no numbers stand between. Of each column in a piece there
    is its first place, so that a piece has at most as many points as there are columns.

    Raises:
        ValueError: `columns` is below 1, or `x` and `y` differ in length.

    """
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if columns < 1 or across.shape != up.shape:
        raise ValueError(f"{columns} columns for {across.shape} and {up.shape} points")
    placed = np.flatnonzero(np.isfinite(across))
    if not len(placed):
        return []
    run, finite = _runs(across[placed], columns), np.isfinite(up[placed])
    kept = np.flatnonzero(finite)
    if not len(kept):
        return []
    starts = np.flatnonzero(np.diff(run[kept], prepend=-1))
    values, places = up[placed][kept], across[placed][kept]
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    before = kept[np.maximum(starts - 1, 0)]  # the last number of the column before
    gap = kept[starts] - before > 1
    back = np.diff(places[starts], prepend=places[0]) < 0
    cuts = np.flatnonzero(gap | back)
    cuts = cuts[cuts > 0]
    parts = (np.split(column, cuts) for column in (places[starts], low, high))
    return [(at, least, most) for at, least, most in zip(*parts, strict=True) if len(at) > 1]


def kept_points(x: npt.ArrayLike, y: npt.ArrayLike, columns: int) -> Indices:
    """Which points `reduce_points` returns, ascending."""
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
    kept: Indices = placed[np.unique(np.concatenate(chosen))]
    return kept


def _runs(x: Floats, columns: int) -> Indices:
    """Per point the number of its run: neighbours in one pixel column. Where `x` goes back a new run begins."""
    low, high = x.min(), x.max()
    scale = columns / (high - low) if high > low else 0.0
    column = np.minimum(((x - low) * scale).astype(np.intp), columns - 1)
    run: Indices = np.cumsum(np.diff(column, prepend=column[:1]) != 0)
    return run


def _ends(run: Indices, among: npt.NDArray[np.bool_]) -> Indices:
    """The first and the last index of each run, of those `among` which we look."""
    indices = np.flatnonzero(among)
    edge = np.flatnonzero(np.diff(run[indices]))
    if not len(indices):
        return indices
    return np.concatenate([indices[:1], indices[edge], indices[edge + 1], indices[-1:]])


def _extremes(run: Indices, values: Floats, finite: npt.NDArray[np.bool_], pick: Any) -> Indices:  # noqa: ANN401 - ufunc
    """The index of each run's lowest (np.minimum) or highest (np.maximum) finite value."""
    indices = np.flatnonzero(finite)
    if not len(indices):
        return indices
    runs, kept = run[indices], values[indices]
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    extreme = np.repeat(pick.reduceat(kept, starts), np.diff(starts, append=len(kept)))
    hits = np.flatnonzero(kept == extreme)
    return indices[hits[np.flatnonzero(np.diff(runs[hits], prepend=-1))]]
