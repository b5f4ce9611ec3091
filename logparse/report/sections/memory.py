"""Memory growth across the layers: what the log counts, what is distinct, and which layers add most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.cells import name_cell
from logparse.report.charts import memory
from logparse.report.elements import ChartView, Content
from logparse.report.tabulate import Field, tabulate
from logparse.rows import int_of, items_of, known_rows, known_sum, layer_name, net_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


def build(log: ReportedLog) -> Content | None:
    """The chart of the leading net, if a layer has bytes, and what a fork prints of memory; None where neither is."""
    lead = log.lead
    drawn = lead is not None and any(_known(row, "distinct_bytes", "logged_bytes") for row in lead.layers)
    tables = (*_figures(log), *_slots(log))
    if not drawn and not tables:
        return None
    return Content(charts=(_chart(log, lead),) if lead is not None and drawn else (), tables=tables)


def _figures(log: ReportedLog) -> Iterator[TableView]:
    """The figures that only forks print; whether Caffe's own is met stands with the layers."""
    rows = [row for row in log.rows("reconciliation") if not str(row["figure"]).startswith("Memory required")]
    if rows:
        fields = (
            Field("_net", "Net"),
            Field("figure", "Figure"),
            Field("bytes", "Printed", "count", "B"),
            Field("expected_bytes", "By the shapes", "count", "B"),
            Field("difference_bytes", "Difference", "count", "B"),
            Field("basis", "Counts", css="wide"),
            Field("line", "Line", "count"),
        )
        yield tabulate("What this build prints of its memory", fields, [_with_net(log, row) for row in rows])


def _slots(log: ReportedLog) -> Iterator[TableView]:
    rows = log.rows("slots")
    if rows:
        fields = (
            Field("_net", "Net"),
            Field("slot", "Slot", "count"),
            Field("bytes", "Size", "count", "B", total=True),
            Field("_blobs", "Data and diffs that take turns in it", css="wide"),
            Field("line", "Line", "count"),
        )
        shown = [{**_with_net(log, row), "_blobs": ", ".join(map(str, items_of(row["blobs"])))} for row in rows]
        yield tabulate("Slots of the build's own memory plan", fields, shown, note=_PLAN)


_PLAN: Final = (
    "A slot is as large as the largest of what takes turns in it. Parameters, the solver's history and private buffers "
    "are outside the plan: the whole process shrinks by less."
)


def _with_net(log: ReportedLog, row: TableRow) -> dict[str, object]:
    attempt = f"attempt {row['attempt']}, " if len(log.attempts) > 1 else ""
    return {**row, "_net": f"{attempt}{net_kind(row['phase'])} {row['net_index']}"}


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
