"""Time per layer of `caffe time` and of forks that profile, with the speed that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.cells import name_cell, share_cell
from logparse.report.charts import bars
from logparse.report.elements import ChartView, Content
from logparse.report.kinds import css_of, kind_of
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of, known_sum
from logparse.sums import float_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

_ROWS_SHOWN: Final = 40


def build(log: ReportedLog) -> Content | None:
    """The layers of the last timed run; None where the log times none."""
    rows = [row for row in log.rows("timing") if row.get("scope", "layer") == "layer"]
    if not rows:
        return None
    last = (rows[-1]["attempt"], rows[-1].get("run"))
    return Content(charts=(_chart(log, [row for row in rows if (row["attempt"], row.get("run")) == last]),))


def _chart(log: ReportedLog, rows: Sequence[TableRow]) -> ChartView:
    ranked = sorted(rows, key=lambda row: -_time(row))[:_ROWS_SHOWN]
    kept = {id(row) for row in ranked}
    shown = [row for row in rows if id(row) in kept]
    title = _title(rows)
    note = "GFLOP/s count two operations per MAC, and matrix products alone: layers without any have no such figure."
    if len(shown) < len(rows):
        note += f" Of {len(rows)} layers the {len(shown)} slowest are drawn; the table has all."
    drawing = bars.by_layer(
        [_layer_row(log, row) for row in shown],
        [
            bars.Panel("Forward", _known(shown, "forward_ms"), _texts(shown, "forward"), room=1.3),
            bars.Panel("Backward", _known(shown, "backward_ms"), _texts(shown, "backward"), room=1.3),
            bars.Panel("Forward GFLOP/s, log scale", _known(shown, "forward_gflops"), _speeds(shown), dots=True),
        ],
        f"Bars of time per layer. {title}. The table below has the figures.",
    )
    kinds = dict.fromkeys(kind_of(row.get("type")) for row in shown)
    key = tuple((css_of(kind), kind) for kind in kinds if css_of(kind) != "k-other")
    return ChartView(title, note, drawing, tabulate("Time per layer", _FIELDS, log.linked(rows)), key, "layers")


def _time(row: TableRow) -> float:
    return float_sum(float_of(row.get(key)) or 0.0 for key in ("forward_ms", "backward_ms"))


def _title(rows: Sequence[TableRow]) -> str:
    forward, _ = known_sum(rows, "forward_ms")
    backward, _ = known_sum(rows, "backward_ms")
    slowest = max(rows, key=_time)
    share = formats.percent(_time(slowest) / (forward + backward)) if forward + backward else formats.NA
    total = f"{formats.milliseconds(forward)} forward, {formats.milliseconds(backward)} backward"
    return f"{slowest['layer']} takes {share} of the time ({total})"


def _known(rows: Sequence[TableRow], key: str) -> tuple[float | None, ...]:
    return tuple(float_of(row.get(key)) for row in rows)


def _texts(rows: Sequence[TableRow], direction: str) -> tuple[str, ...]:
    return tuple(
        f"{formats.milliseconds(row.get(f'{direction}_ms'))} · {formats.percent(row.get(f'{direction}_share'))}"
        for row in rows
    )


def _speeds(rows: Sequence[TableRow]) -> tuple[str, ...]:
    return tuple(formats.significant(row.get("forward_gflops")) for row in rows)


def _layer_row(log: ReportedLog, row: TableRow) -> bars.LayerRow:
    title = f"{row['layer']}\nforward {formats.milliseconds(row.get('forward_ms'))}"
    title += f", backward {formats.milliseconds(row.get('backward_ms'))}"
    return bars.LayerRow(str(row["layer"]), css_of(kind_of(row.get("type"))), title, log.layer_target(row))


_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("type", "Type"),
    Field("forward_ms", "Forward", "precise", "ms"),
    Field("forward_share", "Share", "percent", "forward", cell=share_cell("forward_share")),
    Field("backward_ms", "Backward", "precise", "ms"),
    Field("backward_share", "Share", "percent", "backward", cell=share_cell("backward_share")),
    Field("macs", "MACs", "count", "of the batch", total=True),
    Field("forward_gflops", "Speed", "significant", "GFLOP/s, forward"),
    Field("backward_gflops", "Speed", "significant", "GFLOP/s, backward"),
    Field("touched_bytes", "Touched", "count", "B"),
    Field("line", "Line", "count"),
)
