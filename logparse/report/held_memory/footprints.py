"""What a training run really holds: memory by kind, net and device, and the whole process at its peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.charts import bars
from logparse.report.elements import ChartView, Content
from logparse.report.held_memory.held import reach
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def whole_run(log: ReportedLog) -> Content | None:
    """The footprint of the attempt that the leading net is from; None where nothing is known of it."""
    lead = log.lead
    if lead is None:
        return None
    attempt = lead.row.get("attempt")
    memory = [row for row in log.rows("memory") if row["attempt"] == attempt and row["kind"] != "logged"]
    whole = [row for row in log.rows("footprint") if row["attempt"] == attempt]
    if not any(row["bytes"] for row in memory if not formats.is_na(row["bytes"])):
        return None
    tables = (_totals_table(whole), _builds_table(whole), _out_of_memory(log))
    return Content(
        paragraphs=(_LEAD,),
        charts=(_chart(memory, whole, lead.row.get("logged_bytes")),),
        tables=tuple(table for table in tables if table is not None),
    )


_LEAD: Final = (
    "Worked out from the log alone: train and test nets together, the layers' private buffers, the solver's copies of "
    "the parameters. On the GPU it is a range, of one card: what a context and cuDNN take is known by measurements on "
    "other cards only, and most logs do not tell whether Caffe was built with cuDNN; then both builds are in the range."
)


def _chart(memory: Sequence[TableRow], whole: Sequence[TableRow], logged: Any) -> ChartView:  # noqa: ANN401 - a cell
    known = [row for row in whole if not formats.is_na(row["bytes"])]
    totals = {row["device"]: int(row["bytes"]) for row in known}
    sums = {device: _by_kind(memory, device) for device, _ in _DEVICES}
    title = _title(known, logged)
    texts = {row["device"]: reach(row, formats.size) for row in known}
    drawing = bars.stacked(
        list(_wholes(sums, totals, texts)), f"Stacked bars of memory by kind. {title}. The table below has the figures."
    )
    note = "Each bar is a whole run at its peak, cut into kinds that do not overlap; the GPU's is an estimate."
    used = {kind for kinds in sums.values() for kind, size in kinds.items() if size}
    key = (*((css, words) for kind, words, css in KINDS if kind in used), ("m-rest", REST))
    return ChartView(title, note, drawing, _kinds_table(memory), key, "whole-run")


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


def _title(whole: Sequence[TableRow], logged: Any) -> str:  # noqa: ANN401 - a cell
    if not whole:
        return "What Caffe allocates for the run, by kind"
    names = dict(_DEVICES)
    needs = " and ".join(f"{reach(row, formats.size)} on the {names[row['device']]}" for row in whole)
    if formats.is_na(logged) or not logged:
        return f"The run needs {needs}"
    times = " and ".join(f"{reach(row, lambda size: _times(size, logged))} times" for row in whole)
    return f"The run needs {needs}: {times} the {formats.size(logged)} that Caffe logs"


def _times(size: Any, logged: Any) -> str:  # noqa: ANN401 - cells
    return formats.significant(round(size / logged, 1))


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
        Field("bytes", "Estimate", "count", "B"),
        Field("low_bytes", "At least", "count", "B"),
        Field("high_bytes", "At most", "count", "B"),
        Field("card", "Card", optional=True),
        Field("card_bytes", "Its memory", "count", "B", optional=True),
        Field("fits", "The empty card", optional=True),
        Field("basis", "The terms of the sum", css="wide"),
    )
    return tabulate("The whole run at its peak", fields, [{**row, "device": row["device"].upper()} for row in whole])


_ENGINES: Final = (("caffe", "CAFFE"), ("cudnn", "cuDNN"))


def _builds_table(whole: Sequence[TableRow]) -> TableView | None:
    """The range of each build on the GPU; None where the log tells the build, or nothing of a GPU."""
    rows = [
        {"engine": name, "low_bytes": row[f"{engine}_low_bytes"], "high_bytes": row[f"{engine}_high_bytes"]}
        for row in whole
        for engine, name in _ENGINES
        if not formats.is_na(row[f"{engine}_low_bytes"])
    ]
    fields = (
        Field("engine", "Caffe built with"),
        Field("low_bytes", "At least", "count", "B"),
        Field("high_bytes", "At most", "count", "B"),
    )
    return tabulate("The GPU's range by build", fields, rows) if rows else None


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
        Field("run_low_bytes", "At least", "count", "B"),
        Field("run_high_bytes", "At most", "count", "B"),
        Field("card_bytes", "Card", "count", "B"),
        Field("text", "What follows", css="wide"),
        Field("line", "Line", "count"),
    )
    return tabulate("Where memory ran out", fields, rows) if rows else None
