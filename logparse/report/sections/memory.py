"""Memory growth across the layers: what the log counts, what is distinct, and which layers add most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.cells import name_cell
from logparse.report.charts import memory
from logparse.report.elements import ChartView, Content
from logparse.report.tabulate import Field, tabulate
from logparse.rows import int_of, known_rows, known_sum, layer_name

if TYPE_CHECKING:
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


def build(log: ReportedLog) -> Content | None:
    """The chart of the leading net; None where no layer has bytes."""
    lead = log.lead
    if lead is None or not any(_known(row, "distinct_bytes", "logged_bytes") for row in lead.layers):
        return None
    return Content(charts=(_chart(log, lead),))


def _known(row: TableRow, *keys: str) -> bool:
    return any(not formats.is_na(row.get(key)) for key in keys)


def _chart(log: ReportedLog, lead: ReportedNet) -> ChartView:
    steps = [_step(log, row) for row in lead.layers]
    title, note = _title(lead), _note(lead)
    description = f"Step chart over {len(steps)} layers. {title}. The same figures stand in the table below it."
    return ChartView(
        title,
        note,
        memory.memory(steps, description),
        tabulate("Memory by layer", _FIELDS, log.linked(lead.layers)),
        (("logged", "as Caffe logs it"), ("distinct", "distinct data")),
    )


def _step(log: ReportedLog, row: TableRow) -> memory.Step:
    keys = ("logged_bytes", "logged_step_bytes", "distinct_total_bytes", "distinct_bytes")
    totals = [int_of(row.get(key)) for key in keys]
    return memory.Step(layer_name(row), totals[0], totals[1], totals[2], totals[3], log.layer_target(row))


def _title(lead: ReportedNet) -> str:
    logged, distinct = lead.row.get("logged_bytes"), lead.row.get("distinct_bytes")
    if formats.is_na(logged):
        return f"Distinct data grows to {formats.size(distinct)}; the log prints no running figure"
    if logged is None or distinct is None or formats.is_na(distinct) or logged <= distinct:
        return f"The running figure grows to {formats.size(logged)}"
    factor = formats.significant(logged / distinct) if distinct else formats.NA
    return f"Caffe counts {formats.size(logged)}, {factor} times the {formats.size(distinct)} of distinct data"


def _note(lead: ReportedNet) -> str:
    known = known_rows(lead.layers, "distinct_bytes")
    total, _ = known_sum(known, "distinct_bytes")
    top = sorted(known, key=lambda row: -row["distinct_bytes"])[:3]
    if not total or not top:
        return ""
    largest = formats.enumerated([_named(row, total) for row in top])
    return (
        f"The largest steps of distinct data are {largest}. Where a grey bar has no coloured one in it, the layer "
        "writes over or shares memory that is counted already."
    )


def _named(row: TableRow, total: int) -> str:
    size = row["distinct_bytes"]
    return f"{layer_name(row)} with {formats.size(size)} ({formats.percent(size / total)})"


_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("logged_step_bytes", "Step, logged", "count", "B", total=True),
    Field("logged_bytes", "Running, logged", "count", "B"),
    Field("distinct_bytes", "Step, distinct", "count", "B", total=True),
    Field("distinct_total_bytes", "Running, distinct", "count", "B"),
)
