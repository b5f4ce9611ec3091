"""Compute against parameters: by kind of layer, and layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.cells import share_cell
from logparse.report.charts import bars, mirror
from logparse.report.charts.across import NamedSlots
from logparse.report.coverage import coverage
from logparse.report.elements import ChartView, Content
from logparse.report.kinds import css_of, kind_of
from logparse.report.structure.folding import modules_of
from logparse.report.structure.modules import MANY_LAYERS, brief
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of, int_of, known_sum, layer_name, net_key
from logparse.sums import float_sum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow

_MOST: Final = 0.8  # the share that a headline tells the holders of
WHOLES: Final = (
    ("macs_per_image", "MACs", formats.short),
    ("params", "Parameters", formats.short),
    ("distinct_bytes", "Distinct data", formats.size),
)


def build(log: ReportedLog) -> Content | None:
    """Both charts of the leading net; None where neither MACs nor parameters of any layer are known."""
    lead = log.lead
    if lead is None:
        return None
    if not any(row.get(key) for row in lead.layers for key in ("params", "macs") if not formats.is_na(row.get(key))):
        return Content(absent="No parameters or MACs could be derived: " + _why(lead)) if _costly(lead) else None
    shares = _shares(log, lead)
    charts = (_kinds_chart(lead), _mirror_chart(log, lead), _scatter_chart(lead))
    shown = tuple(chart for chart in charts if chart is not None)
    return Content(paragraphs=coverage(lead), charts=shown, tables=() if shares is None else (shares,))


def _shares(log: ReportedLog, lead: ReportedNet) -> TableView | None:
    """Fully connected layers and convolutions by kernel size: what pruning and faster convolution can reach."""
    rows = [row for row in log.rows("shares") if net_key(row) == net_key(lead.layers[0])]
    return tabulate("Shares by kind of layer and kernel size", _SHARE_FIELDS, rows) if rows else None


_SHARE_FIELDS: Final = (
    Field("group", "Group"),
    Field("layers", "Layers", "count", total=True),
    Field("weights", "Weights and biases", "count", total=True),
    Field("weights_share", "Share of weights", "percent", cell=share_cell("weights_share")),
    Field("macs", "MACs", "count", "of the batch", total=True),
    Field("macs_share", "Share of MACs", "percent", cell=share_cell("macs_share")),
    Field("distinct_bytes", "Distinct data", "count", "B", total=True),
    Field("distinct_share", "Share of data", "percent", cell=share_cell("distinct_share")),
    Field("unknown", "Not known", "count", "layers", optional=True),
)


def _why(lead: ReportedNet) -> str:
    reasons = dict.fromkeys(
        str(row["macs_reason"])
        for row in lead.layers
        if not formats.is_na(row.get("macs_reason")) and row["macs_reason"]
    )
    return "; ".join(list(reasons)[:3]) + "." if reasons else "the log shows no definitions."


def _costly(lead: ReportedNet) -> bool:
    return any(formats.is_na(row.get("macs")) for row in lead.layers)


def _kinds_chart(lead: ReportedNet) -> ChartView:
    kinds = _by_kind(lead.layers)
    totals = {key: sum(sums[key] for sums in kinds.values()) for key, _, _ in WHOLES}
    wholes = [
        bars.Whole(name, form(totals[key]), _parts(kinds, key, totals[key]))
        for key, name, form in WHOLES
        if totals[key]
    ]
    known = (
        "known "
        if any(formats.is_na(row.get("macs")) or formats.is_na(row.get("params")) for row in lead.layers)
        else ""
    )
    title = _contrast(kinds, totals, known)
    table = tabulate("Totals by kind of layer", _KIND_FIELDS, _kind_rows(kinds, totals))
    drawing = bars.stacked(wholes, f"Stacked bars. {title}. The table below has the figures.")
    return ChartView(title, _KIND_NOTE, drawing, table, name="kinds")


def _parts(kinds: Mapping[str, Mapping[str, int]], key: str, total: int) -> tuple[bars.Share, ...]:
    return tuple(bars.Share(kind, css_of(kind), sums[key] / total) for kind, sums in kinds.items())


_KIND_NOTE: Final = (
    "Each bar is the whole net: where it computes, where its parameters are, and where its activations are. Parameters "
    "in fully connected layers are what pruning and low rank can take away; MACs in convolutions are what faster "
    "convolution can."
)


def _by_kind(layers: Sequence[TableRow]) -> dict[str, dict[str, int]]:
    """Kind → sums of the three wholes, the kinds with most MACs and parameters first."""
    kinds: dict[str, dict[str, int]] = {}
    for row in layers:
        sums = kinds.setdefault(
            kind_of(row.get("type")), {"layers": 0, "weights": 0, **{key: 0 for key, _, _ in WHOLES}}
        )
        sums["layers"] += 1
        for key in ("weights", *(key for key, _, _ in WHOLES)):
            sums[key] += 0 if formats.is_na(row.get(key)) else int(row[key])
    order = sorted(
        kinds, key=lambda kind: (-kinds[kind]["macs_per_image"], -kinds[kind]["params"], -kinds[kind]["distinct_bytes"])
    )
    return {kind: kinds[kind] for kind in order}


def _contrast(kinds: Mapping[str, Mapping[str, int]], totals: Mapping[str, int], known: str) -> str:
    """The title: which kind holds most MACs, which most parameters."""
    parts = []
    for key, what in (("macs_per_image", "MACs"), ("params", "parameters")):
        if totals[key]:
            kind = max(kinds, key=lambda kind: kinds[kind][key])
            share = formats.percent(kinds[kind][key] / totals[key])
            parts.append((_PLURAL.get(kind, f"{kind} layers"), f"{share} of the {known}{what}"))
    if not parts:
        return "No layer computes matrix products or has parameters"
    kind, first = parts[0]
    if len(parts) == 2 and parts[1][0] == kind:  # one kind leads in both
        return f"{kind.capitalize()} hold {first} and {parts[1][1]}"
    others = "".join(f", {other} {share}" for other, share in parts[1:])
    return f"{kind.capitalize()} hold {first}{others}"


_PLURAL: Final = {
    "convolution": "convolutions",
    "fully connected": "fully connected layers",
    "unknown": "layers of unknown type",
}


def _kind_rows(kinds: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            **sums,
            "macs_share": sums["macs_per_image"] / totals["macs_per_image"] if totals["macs_per_image"] else None,
            "params_share": sums["params"] / totals["params"] if totals["params"] else None,
            "ratio": sums["macs_per_image"] / sums["weights"] if sums["weights"] else None,
        }
        for kind, sums in kinds.items()
    ]


_KIND_FIELDS: Final = (
    Field("kind", "Kind of layer"),
    Field("layers", "Layers", "count", total=True),
    Field("macs_per_image", "MACs", "count", "per image", total=True),
    Field("macs_share", "Share of MACs", "percent", cell=share_cell("macs_share")),
    Field("params", "Parameters", "count", total=True),
    Field("params_share", "Share of parameters", "percent", cell=share_cell("params_share")),
    Field("ratio", "MACs per weight", "significant"),
    Field("distinct_bytes", "Distinct data", "count", "B", total=True),
)


def _mirror_chart(log: ReportedLog, lead: ReportedNet) -> ChartView:
    times = _measured(log, lead)
    rows = [{**row, "ms": times.get(row["layer_index"])} for row in lead.layers]
    parts = modules_of(lead.layers)
    names = brief([part.name for part in parts])
    by_module = len(rows) > MANY_LAYERS
    if by_module:
        rows = [_merged(rows[part.start : part.stop], name) for part, name in zip(parts, names, strict=True)]
    spans = [
        NamedSlots(name, at if by_module else part.start, at + 1 if by_module else part.stop)
        for at, (part, name) in enumerate(zip(parts, names, strict=True))
    ]
    costs = [_bar(row, "k-conv" if by_module else css_of(kind_of(row.get("type")))) for row in rows]
    title = _concentration(lead.layers)
    drawing = mirror.mirrored(
        costs, spans, f"Bars up and down over the layers. {title}. The table below has the figures."
    )
    grain = "module" if by_module else "layer"
    table = tabulate(f"Compute and parameters by {grain}", _MIRROR_FIELDS, [row for row in rows if _counts(row)])
    key = () if by_module else tuple((css_of(kind), kind) for kind in _kinds(lead.layers))
    note = f"MACs upwards, parameters downwards, {grain} by {grain} in the order of the net."
    return ChartView(title, note, drawing, table, key, "layers")


def _bar(row: TableRow, css: str) -> mirror.CostBar:
    macs, params, time = (float_of(row.get(key)) for key in ("macs_per_image", "params", "ms"))
    return mirror.CostBar(layer_name(row), macs, params, time, css)


def _kinds(rows: Sequence[TableRow]) -> list[str]:
    """The kinds of the layers that compute or have parameters."""
    return list(dict.fromkeys(kind_of(row.get("type")) for row in rows if row.get("params") or row.get("macs")))


def _measured(log: ReportedLog, lead: ReportedNet) -> dict[Any, float]:
    """Layer → milliseconds of forward and backward in the last timed run of the net; empty where none is timed."""
    rows = [
        row
        for row in log.rows("timing")
        if row.get("scope", "layer") == "layer" and net_key(row) == net_key(lead.layers[0])
    ]
    runs = [row for row in rows if row.get("run") == rows[-1].get("run")]
    known = {}
    for row in runs:
        parts = [float_of(row.get(key)) for key in ("forward_ms", "backward_ms")]
        if any(part is not None for part in parts):
            known[row["layer_index"]] = float_sum(part or 0.0 for part in parts)
    return known


def _merged(rows: Sequence[TableRow], name: str) -> dict[str, Any]:
    """Layers as one row: sums of what is known; not known where nothing is."""
    merged: dict[str, Any] = {"layer": name}
    for key in ("macs_per_image", "macs", "params", "macs_share", "params_share", "ms"):
        known, missing = known_sum(rows, key)
        merged[key] = None if missing == len(rows) else known
    return merged


def _concentration(rows: Sequence[TableRow]) -> str:
    """How few layers hold most of the MACs and of the parameters."""
    parts: list[str] = []
    for key, what in (("macs", "MACs"), ("params", "parameters")):
        known = [int(row[key]) for row in rows if not formats.is_na(row.get(key))]
        if sum(known):
            few = fewest(sorted(known, reverse=True), _MOST)
            verb = "holds" if few == 1 else "hold"
            layers = f" of {sum(map(bool, known))} layers" if not parts else ""
            part = "known " if len(known) < len(rows) else ""
            parts.append(f"{few}{layers} {verb} {formats.significant(100 * _MOST)} % of the {part}{what}")
    return ", ".join(parts) or "No layer computes matrix products or has parameters"


def fewest(values: Sequence[int], share: float) -> int:
    """How many of the values, the largest first, make up that share of their sum or more."""
    total, reached = sum(values), 0
    for number, value in enumerate(values, 1):
        reached += value
        if reached >= share * total:
            return number
    return len(values)


def _scatter_chart(lead: ReportedNet) -> ChartView | None:
    """Each layer that has parameters and computes; None where fewer than two do."""
    rows = [row for row in lead.layers if row.get("macs_per_image") and row.get("params")]
    if len(rows) < 2:
        return None
    dots = [
        mirror.Weighted(
            layer_name(row),
            float(row["params"]),
            float(row["macs_per_image"]),
            int_of(row.get("distinct_bytes")) or 0,
            css_of(kind_of(row.get("type"))),
        )
        for row in rows
    ]
    title = _layer_title(rows)
    drawing = mirror.scatter(dots, f"Dots of layers by parameters and MACs. {title}. The table below has the figures.")
    table = tabulate("MACs per weight by layer", _SCATTER_FIELDS, rows)
    key = tuple((css_of(kind), kind) for kind in _kinds(rows))
    return ChartView(title, _SCATTER_NOTE, drawing, table, key, "macs-by-parameters")


_SCATTER_NOTE: Final = (
    "Both scales are logarithmic; the area of a dot is the layer’s own data. A convolution uses each weight at every "
    "place of its map, a fully connected layer once: what stands low and to the right is cheap to compute and dear to "
    "keep."
)


def _counts(row: TableRow) -> bool:
    """Whether a layer belongs into the chart: it has MACs or parameters, or they are not known."""
    return any(formats.is_na(row.get(key)) or row[key] for key in ("macs", "params"))


def _layer_title(rows: Sequence[TableRow]) -> str:
    ratios = [
        (float(row["macs_per_weight"]), layer_name(row))
        for row in rows
        if not formats.is_na(row.get("macs_per_weight")) and row["macs_per_weight"] > 0
    ]
    if len(ratios) < 2:  # a comparison needs two
        return "Compute and parameters of each layer"
    (low, least), (high, most) = min(ratios), max(ratios)
    if low == high:
        return f"Every weight is used {formats.significant(high)} times per image"
    return f"A weight of {most} is used {formats.significant(high)} times per image, one of {least} {_times(low)}"


def _times(value: float) -> str:
    return "once" if value == 1 else f"{formats.significant(value)} times"


_MIRROR_FIELDS: Final = (
    Field("layer", "Layer"),
    Field("macs_per_image", "MACs", "count", "per image", total=True),
    Field("macs_share", "Share of MACs", "percent", cell=share_cell("macs_share")),
    Field("params", "Parameters", "count", total=True),
    Field("params_share", "Share of parameters", "percent", cell=share_cell("params_share")),
    Field("ms", "Time", "ms", optional=True),
)
_SCATTER_FIELDS: Final = (
    Field("layer", "Layer"),
    Field("macs_per_image", "MACs", "count", "per image"),
    Field("params", "Parameters", "count"),
    Field("macs_per_weight", "MACs per weight", "significant"),
)
