"""The magnitudes that `debug_info: true` prints, as heat maps; and the norms of clipped gradients.

Caffe prints the mean absolute value of each top's data in the forward pass, of each bottom's and parameter's diff in
the backward pass (net.cpp, ForwardDebugInfo and BackwardDebugInfo). Along the depth of the net these are the picture
of gradients that vanish or explode.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.report.charts import curves
from logparse.report.charts.curves import CurvePanel, Series, Timeline
from logparse.report.charts.heat import HeatMap, heat
from logparse.report.charts.scales import sample_rows
from logparse.report.elements import ChartView
from logparse.report.measured.outputs import floats
from logparse.report.tabulate import Field, tabulate
from logparse.rows import items_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog

    Floats = npt.NDArray[np.float64]
    Key = tuple[str, str, str]  # layer, part, blob

ROWS_SHOWN: Final = 60
COLUMNS_SHOWN: Final = 80
# What is drawn: the pass, the parts in it, how the figure is called.
MAPS: Final = (
    ("forward", ("top",), "Mean |data| of tops in the forward pass"),
    ("backward", ("bottom", "param"), "Mean |diff| of bottoms and parameters in the backward pass"),
)


def heat_charts(log: ReportedLog) -> Iterator[ChartView]:
    """One map a pass, of the training of the leading attempt; nothing where debug_info is off."""
    frame, row = log.frame("debug"), log.lead_attempt
    if not len(frame) or row is None:
        return
    mine = frame[(frame["attempt"] == row["attempt"]) & (frame["phase"] == "TRAIN") & frame["iteration"].notna()]
    mine = mine[~mine["layer"].isin(_sources(log))]
    for stage, parts, name in MAPS:
        rows = mine[(mine["stage"] == stage) & mine["part"].isin(parts)]
        if len(rows):
            yield replace(_map_chart(rows, name), name=stage)


def _sources(log: ReportedLog) -> set[str]:
    """The layers that read the data: what they put out is no work of the net."""
    layers = () if log.lead is None else log.lead.layers
    return {str(row["layer"]) for row in layers if not items_of(row.get("bottoms"))}


def _map_chart(frame: pd.DataFrame, name: str) -> ChartView:
    names, iterations, values = _matrix(frame)
    kept = sample_rows(len(names), ROWS_SHOWN)
    starts, binned = _binned(values, COLUMNS_SHOWN)
    found = HeatMap(tuple(names[row] for row in kept), tuple(int(iterations[start]) for start in starts), binned[kept])
    title = _title(names, iterations, values, name)
    note = "Rows are in the order of the log, columns are iterations. The stronger the tone, the larger the figure. "
    note += "A frame marks what broke first."
    if len(starts) < len(iterations):
        note += f" Each column is the median of {formats.count(len(iterations))} / {len(starts)} iterations."
    if len(kept) < len(names):
        note += f" {len(kept)} of {formats.count(len(names))} rows, spread evenly; the table “debug” has all."
    return ChartView(
        title, note, heat(found, f"Heat map. {title}. The table has the figures."), _table(names, values, name)
    )


def _matrix(frame: pd.DataFrame) -> tuple[list[str], npt.NDArray[np.int64], Floats]:
    """Blobs by iteration: nan where nothing is printed, infinite where what is printed is no number.

    A blob that is printed more than once in an iteration (iter_size, shared layers) has the largest of its values.
    """
    keys = list(zip(frame["layer"].tolist(), frame["part"].tolist(), frame["blob"].tolist(), strict=True))
    order = {key: place for place, key in enumerate(_in_order(keys, backward=frame["stage"].iloc[0] == "backward"))}
    iterations, columns = np.unique(frame["iteration"].to_numpy(dtype=np.int64), return_inverse=True)
    printed = floats(frame["value"])
    printed = np.where(np.isfinite(printed), np.abs(printed), np.inf)
    values = np.full((len(order), len(iterations)), -np.inf)
    rows = np.array([order[key] for key in keys], dtype=np.int64)
    np.maximum.at(values, (rows, columns), printed)
    values[np.isneginf(values)] = np.nan
    return [_named(*key) for key in order], iterations, values


def _in_order(keys: Sequence[Key], *, backward: bool) -> list[Key]:
    """Blobs from the input on: the backward pass prints the layers the other way round."""
    layers: dict[str, list[Key]] = {}
    for key in dict.fromkeys(keys):
        layers.setdefault(key[0], []).append(key)
    ordered = list(layers.values())
    return [key for of_layer in (reversed(ordered) if backward else ordered) for key in of_layer]


def _named(layer: str, part: str, blob: str) -> str:
    """`conv1` for a top of its own layer's name, `conv1 param 0`, `pool1 in conv2`."""
    if part == "param":
        return f"{layer} param {blob}"
    return layer if blob == layer else f"{blob} in {layer}"


def _binned(values: Floats, columns: int) -> tuple[list[int], Floats]:
    """Neighbouring columns as one, by their median; one that holds what is no number is none."""
    number = values.shape[1]
    if number <= columns:
        return list(range(number)), values
    starts = [round(index * number / columns) for index in range(columns)]
    ends = [*starts[1:], number]
    return starts, np.stack([_bin(values[:, start:end]) for start, end in zip(starts, ends, strict=True)], axis=1)


def _bin(part: Floats) -> Floats:
    ordered = np.sort(part, axis=1)  # nan comes last, what is no number before it
    known = (~np.isnan(ordered)).sum(axis=1)
    middle = np.take_along_axis(ordered, np.maximum((known - 1) // 2, 0)[:, None], axis=1)[:, 0]
    return np.where(np.isinf(part).any(axis=1), np.inf, middle)


def _title(names: list[str], iterations: npt.NDArray[np.int64], values: Floats, name: str) -> str:
    """Where it broke first; else how far the magnitudes lie apart at the end."""
    bad = np.argwhere(np.isinf(values).T)
    if len(bad):
        column, row = bad[0].tolist()
        where = formats.count(int(iterations[column]))
        return f"{name}: {names[row]} is the first that is no number, at iteration {where}"
    last = values[:, -1]
    known = np.flatnonzero(np.isfinite(last) & (last > 0))
    if len(known) < 2:
        return name
    low, high = known[np.argmin(last[known])], known[np.argmax(last[known])]
    ends = [formats.precise(float(last[row]), formats.SIGNIFICANT) for row in (low, high)]
    return f"{name}: from {ends[0]} ({names[low]}) to {ends[1]} ({names[high]}) at the last iteration"


def _table(names: list[str], values: Floats, name: str) -> TableView:
    """First, smallest, largest and last magnitude of each blob."""
    fields = (
        Field("name", "Blob"),
        Field("first", "First", "precise"),
        Field("low", "Smallest", "precise"),
        Field("high", "Largest", "precise"),
        Field("last", "Last", "precise"),
        Field("broken", "Not a number", "count", "iterations"),
    )
    return tabulate(name, fields, [_extent(*pair) for pair in zip(names, values, strict=True)])


def _extent(name: str, row: Floats) -> Mapping[str, Any]:
    known = row[np.isfinite(row)]
    found: dict[str, Any] = {"name": name, "broken": int(np.isinf(row).sum())}
    if known.size:
        found |= {"first": known[0], "low": known.min(), "high": known.max(), "last": known[-1]}
    return found


def clipping_chart(log: ReportedLog) -> Iterator[ChartView]:
    """The norms of the gradients that were clipped, over iterations, with the threshold."""
    frame = log.frame("clipping")
    known = frame[frame["after_iteration"].notna()] if len(frame) else frame
    if len(known) < 2:
        return
    x, norm, limit = (floats(known[name]) for name in ("after_iteration", "norm", "threshold"))
    series = (Series("norm before clipping", "c-train", x, norm, joined=False), Series("threshold", "rate", x, limit))
    worst = float(np.nanmax(norm / limit))
    clipped = f"{formats.count(len(frame))} {'update was' if len(frame) == 1 else 'updates were'} clipped"
    title = f"{clipped}; the longest gradient was {formats.significant(worst)} × the threshold"
    note = (
        "A clipped update is drawn at the iteration displayed before it; updates that are not clipped are not printed."
    )
    drawing = curves.run([CurvePanel("L2 norm of the gradient", series)], Timeline(), f"Line chart. {title}.")
    fields = (
        Field("after_iteration", "After iteration", "count"),
        Field("norm", "L2 norm", "precise"),
        Field("threshold", "Threshold", "precise"),
        Field("factor", "Factor", "precise"),
        Field("line", "Line", "count"),
    )
    picked: list[dict[Any, Any]] = frame.iloc[sample_rows(len(frame), ROWS_SHOWN)].to_dict("records")
    yield ChartView(
        title,
        note,
        drawing,
        tabulate("Clipped updates", fields, picked),
        (("c-train", "norm before clipping"), ("rate", "threshold")),
        "clipping",
    )
