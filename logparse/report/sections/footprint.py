"""What a training run really holds: memory by kind, net and device, and the whole process at its peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.charts import bars
from logparse.report.elements import Cell, ChartView, Content
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

# Kinds of the table `memory` that do not overlap, in the order of the bar: how they read, and the class of the mark.
KINDS: Final = (
    ("distinct_data", "data of blobs", "m-data"),
    ("diff", "diffs of blobs", "m-diff"),
    ("params", "parameters", "m-params"),
    ("gradients", "gradients", "m-gradients"),
    ("history", "solver history", "m-history"),
    ("buffers", "private buffers", "m-buffers"),
    ("prefetch", "prefetched batches", "m-prefetch"),
)
_DEVICES: Final = (("cpu", "CPU"), ("gpu", "GPU"))
REST: Final = "program and context"


def build(log: ReportedLog) -> Content | None:
    """The footprint of the attempt that the leading net is from; None where nothing is known of it."""
    lead = log.lead
    if lead is None:
        return None
    attempt = lead.row.get("attempt")
    memory = [row for row in log.rows("memory") if row["attempt"] == attempt and row["kind"] != "logged"]
    whole = [row for row in log.rows("footprint") if row["attempt"] == attempt]
    if not any(row["bytes"] for row in memory if not formats.is_na(row["bytes"])):
        return None
    failed = _out_of_memory(log)
    tables = [_totals_table(whole), *([failed] if failed is not None else [])]
    return Content(
        paragraphs=(_LEAD,), charts=(_chart(memory, whole, lead.row.get("logged_bytes")),), tables=tuple(tables)
    )


_LEAD: Final = (
    "Worked out from the log alone: train and test nets together, the layers' private buffers, the solver's copies of "
    "the parameters. On the GPU the figure is that of one card and Caffe's own engine; a cuDNN build lies in the range."
)


def _chart(memory: Sequence[TableRow], whole: Sequence[TableRow], logged: Any) -> ChartView:  # noqa: ANN401 - a cell
    known = [row for row in whole if not formats.is_na(row["bytes"])]
    totals = {row["device"]: int(row["bytes"]) for row in known}
    sums = {device: _by_kind(memory, device) for device, _ in _DEVICES}
    title = _title(known, logged)
    texts = {row["device"]: _need(row, formats.size) for row in known}
    drawing = bars.stacked(
        list(_wholes(sums, totals, texts)), f"Stacked bars of memory by kind. {title}. The table below has the figures."
    )
    note = "Each bar is a whole run at its peak, cut into kinds that do not overlap."
    used = {kind for kinds in sums.values() for kind, size in kinds.items() if size}
    key = (*((css, words) for kind, words, css in KINDS if kind in used), ("m-rest", REST))
    return ChartView(title, note, drawing, _kinds_table(memory), key)


def _by_kind(memory: Sequence[TableRow], device: str) -> dict[str, int]:
    sums = dict.fromkeys((kind for kind, _, _ in KINDS), 0)
    for row in memory:
        if row["device"] == device and row["kind"] in sums and not formats.is_na(row["bytes"]):
            sums[row["kind"]] += int(row["bytes"])
    return sums


def _wholes(sums: dict[str, dict[str, int]], totals: dict[str, int], texts: dict[str, str]) -> Iterator[bars.Whole]:
    known = {device: max(totals.get(device, 0), sum(kinds.values())) for device, kinds in sums.items()}
    longest = max(known.values())
    for device, name in _DEVICES:
        total, kinds = known[device], sums[device]
        if not total:
            continue
        parts = [bars.Share(words, css, kinds[kind] / total) for kind, words, css in KINDS]
        parts.append(bars.Share(REST, "m-rest", 1 - sum(kinds.values()) / total))
        yield bars.Whole(name, texts.get(device) or formats.size(total), tuple(parts), total / longest)


def _title(known: Sequence[TableRow], logged: Any) -> str:  # noqa: ANN401 - a cell
    """What the run needs: a range where the engine is not known, a lower bound where parts are left out."""
    if not known:
        return "What Caffe allocates for the run, by kind"
    names = dict(_DEVICES)
    needs = " and ".join(f"{_need(row, formats.size)} on the {names[row['device']]}" for row in known)
    if formats.is_na(logged) or not logged:
        return f"The run needs {needs}"
    times = " and ".join(_need(row, lambda size: formats.significant(round(size / logged, 1))) for row in known)
    return f"The run needs {needs}: {times} times the {formats.size(logged)} that Caffe logs"


def _need(row: TableRow, form: Callable[[int], str]) -> str:
    """`3.05 GB`, `3.05 GB to 9.4 GB`, `at least 3.05 GB`."""
    ends = [row[key] for key in ("bytes", "low_bytes", "high_bytes") if not formats.is_na(row[key])]
    low, high = form(int(min(ends))), form(int(max(ends)))
    least = "at least " if _LEFT_OUT in str(row["basis"]) else ""
    return f"{least}{low}" if low == high or least else f"{low} to {high}"


_LEFT_OUT: Final = "left out: "


def _kinds_table(memory: Sequence[TableRow]) -> TableView:
    """One row per net and kind, both devices beside each other."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in memory:
        phase = "" if formats.is_na(one["phase"]) else str(one["phase"])
        key = (one["net_index"], one["kind"])
        row = rows.setdefault(
            key, {"kind": one["kind"].replace("_", " "), "net": f"{phase} {one['net_index']}".strip()}
        )
        row[one["device"]] = one["bytes"]
        row["basis"] = one["basis"]
    fields = (
        Field("kind", "Kind"),
        Field("net", "Net"),
        Field("cpu", "CPU", "count", "B", total=True),
        Field("gpu", "GPU", "count", "B", total=True),
        Field("basis", "Basis", css="wide"),
    )
    return tabulate("Memory by net and kind", fields, list(rows.values()))


def _totals_table(whole: Sequence[TableRow]) -> TableView:
    fields = (
        Field("device", "Device"),
        Field("bytes", "Whole run", "count", "B"),
        Field("low_bytes", "At least", "count", "B, cuDNN", cell=_range_cell("low_bytes")),
        Field("high_bytes", "At most", "count", "B, cuDNN", cell=_range_cell("high_bytes")),
        Field("basis", "The terms of the sum", css="wide"),
    )
    return tabulate("The whole run at its peak", fields, [{**row, "device": row["device"].upper()} for row in whole])


def _range_cell(key: str) -> Callable[[Mapping[str, Any]], Cell]:
    """An end of the range; empty where there is no range."""

    def cell(row: Mapping[str, Any]) -> Cell:
        exact = row["low_bytes"] == row["high_bytes"] if not formats.is_na(row["low_bytes"]) else False
        return Cell("" if exact else formats.count(row[key]))

    return cell


def _out_of_memory(log: ReportedLog) -> TableView | None:
    rows = log.rows("out_of_memory")
    fields = (
        Field("stage", "Ran out in"),
        Field("phase", "Net"),
        Field("kind", "Asked for"),
        Field("layer_type", "Layer type"),
        Field("held_bytes", "Held before", "count", "B"),
        Field("first_net_bytes", "First net alone", "count", "B"),
        Field("run_bytes", "Whole run", "count", "B"),
        Field("card_bytes", "Card", "count", "B"),
        Field("text", "What follows", css="wide"),
        Field("line", "Line", "count"),
    )
    return tabulate("Where memory ran out", fields, rows) if rows else None
