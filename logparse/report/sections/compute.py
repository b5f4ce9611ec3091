"""Compute against parameters: by kind of layer, and layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.cells import name_cell, share_cell
from logparse.report.charts import bars
from logparse.report.coverage import coverage
from logparse.report.elements import ChartView, Content
from logparse.report.kinds import css_of, kind_of
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of, layer_name, net_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow

_ROWS_SHOWN: Final = 40
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
    charts = (_kinds_chart(lead), _layers_chart(log, lead))
    return Content(paragraphs=coverage(lead), charts=charts, tables=() if shares is None else (shares,))


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
    return ChartView(title, _KIND_NOTE, drawing, table)


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


def _layers_chart(log: ReportedLog, lead: ReportedNet) -> ChartView:
    rows = [row for row in lead.layers if _counts(row)]
    shown = _most_important(rows)
    note = _LAYERS_NOTE
    if len(shown) < len(rows):
        note += f" Of {len(rows)} layers the {len(shown)} largest are drawn; the table has all."
    title = _layer_title(rows)
    drawing = bars.by_layer(
        [_layer_row(log, row) for row in shown],
        _panels(shown),
        f"Bars and dots per layer. {title}. The table below has the figures.",
    )
    kinds = dict.fromkeys(kind_of(row.get("type")) for row in shown)
    table = tabulate("Compute and parameters by layer", _LAYER_FIELDS, log.linked(rows))
    return ChartView(title, note, drawing, table, tuple((css_of(kind), kind) for kind in kinds))


_LAYERS_NOTE: Final = (
    "MACs per weight say how often a parameter is used for one image: a convolution uses it at every place of its map, "
    "a fully connected layer once."
)


def _counts(row: TableRow) -> bool:
    """Whether a layer belongs into the chart: it has MACs or parameters, or they are not known."""
    return any(formats.is_na(row.get(key)) or row[key] for key in ("macs", "params"))


def _most_important(rows: Sequence[TableRow]) -> Sequence[TableRow]:
    if len(rows) <= _ROWS_SHOWN:
        return rows
    ranked = sorted(rows, key=lambda row: -max(_share(row, "macs_share"), _share(row, "params_share")))
    kept = {id(row) for row in ranked[:_ROWS_SHOWN]}
    return [row for row in rows if id(row) in kept]


def _share(row: TableRow, key: str) -> float:
    return float_of(row.get(key)) or 0.0


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


def _layer_row(log: ReportedLog, row: TableRow) -> bars.LayerRow:
    name = layer_name(row)
    title = (
        f"{name}\n{formats.count(row.get('macs_per_image'))} MACs per image, {formats.count(row.get('params'))} "
        f"parameters, {formats.significant(row.get('macs_per_weight'))} MACs per weight"
    )
    return bars.LayerRow(name, css_of(kind_of(row.get("type"))), title, log.layer_target(row))


def _panels(rows: Sequence[TableRow]) -> list[bars.Panel]:
    def known(key: str) -> tuple[float | None, ...]:
        return tuple(float_of(row.get(key)) for row in rows)

    ratios = tuple(formats.significant(row.get("macs_per_weight")) for row in rows)
    return [
        bars.Panel("Share of MACs", known("macs_share"), _texts(rows, "macs_share", "macs"), room=1.6),
        bars.Panel("Share of parameters", known("params_share"), _texts(rows, "params_share", "params"), room=1.45),
        bars.Panel("MACs per weight, log scale", known("macs_per_weight"), ratios, dots=True),
    ]


def _texts(rows: Sequence[TableRow], share: str, key: str) -> tuple[str, ...]:
    """Share and figure beside a bar; MACs are those of one image where the batch is known."""
    texts = []
    for row in rows:
        value = row.get(key)
        if key == "macs" and not formats.is_na(row.get("macs_per_image")):
            value = row["macs_per_image"]
        known = not formats.is_na(value)
        part = formats.percent(0 if formats.is_na(row.get(share)) else row[share])
        texts.append(f"{part} · {formats.short(value)}" if known else "not known")
    return tuple(texts)


_LAYER_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("type", "Type"),
    Field("macs_per_image", "MACs", "count", "per image", total=True),
    Field("macs_share", "Share of MACs", "percent", cell=share_cell("macs_share")),
    Field("params", "Parameters", "count", total=True),
    Field("params_share", "Share of parameters", "percent", cell=share_cell("params_share")),
    Field("macs_per_weight", "MACs per weight", "significant"),
)
