"""Memory growth across the layers: what the log counts, what is distinct, and which layers add most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.charts import memory
from logparse.report.context import layer_name
from logparse.report.parts import Block, Cell, Chart, Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.report.context import Context, NetRows, Record


def build(context: Context) -> Block | None:
    """The chart of the leading net; None where no layer has bytes."""
    lead = context.lead
    if lead is None or not any(_known(row, "distinct_bytes", "logged_bytes") for row in lead.layers):
        return None
    return Block(charts=(_chart(context, lead),))


def _known(row: Record, *keys: str) -> bool:
    return any(not formats.is_na(row.get(key)) for key in keys)


def _chart(context: Context, lead: NetRows) -> Chart:
    steps = [_step(context, row) for row in lead.layers]
    title, note = _title(lead), _note(lead)
    description = f"Step chart over {len(steps)} layers. {title}. The same figures stand in the table below it."
    return Chart(
        title,
        note,
        memory.memory(steps, description),
        tabulate("Memory by layer", _FIELDS, context.linked(lead.layers)),
        (("logged", "as Caffe logs it"), ("distinct", "distinct data")),
    )


def _step(context: Context, row: Record) -> memory.Step:
    keys = ("logged_bytes", "logged_step_bytes", "distinct_total_bytes", "distinct_bytes")
    totals = [None if formats.is_na(row.get(key)) else int(row[key]) for key in keys]
    return memory.Step(layer_name(row), totals[0], totals[1], totals[2], totals[3], context.layer_target(row))


def _title(lead: NetRows) -> str:
    logged, distinct = lead.net.get("logged_bytes"), lead.net.get("distinct_bytes")
    if formats.is_na(logged):
        return f"Distinct data grows to {formats.size(distinct)}; the log prints no running figure"
    if logged is None or distinct is None or formats.is_na(distinct) or logged <= distinct:
        return f"The running figure grows to {formats.size(logged)}"
    factor = formats.significant(logged / distinct) if distinct else formats.NA
    return f"Caffe counts {formats.size(logged)}, {factor} times the {formats.size(distinct)} of distinct data"


def _note(lead: NetRows) -> str:
    known = [row for row in lead.layers if not formats.is_na(row.get("distinct_bytes"))]
    total = sum(row["distinct_bytes"] for row in known)
    top = sorted(known, key=lambda row: -row["distinct_bytes"])[:3]
    if not total or not top:
        return ""
    named = [_named(row, total) for row in top]
    largest = " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return (
        f"The largest steps of distinct data are {largest}. Where a grey bar has no coloured one in it, the layer "
        "writes over or shares memory that is counted already."
    )


def _named(row: Record, total: int) -> str:
    size = row["distinct_bytes"]
    return f"{layer_name(row)} with {formats.size(size)} ({formats.percent(size / total)})"


def name_cell(row: Mapping[str, Any]) -> Cell:
    """A layer's name that leads to its row in the layer table."""
    return Cell(layer_name(row), "t", href=row.get("_href", ""))


_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("logged_step_bytes", "Step, logged", "count", "B", total=True),
    Field("logged_bytes", "Running, logged", "count", "B"),
    Field("distinct_bytes", "Step, distinct", "count", "B", total=True),
    Field("distinct_total_bytes", "Running, distinct", "count", "B"),
)
