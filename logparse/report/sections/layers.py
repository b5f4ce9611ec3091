"""The layer table: every net, every layer, every figure, with a row for each that can be linked to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.cells import name_cell, share_cell
from logparse.report.elements import Cell
from logparse.report.tabulate import Field, tabulate
from logparse.rows import is_blank, items_of, layer_name
from logparse.tables.nets.layers import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


@dataclass(frozen=True, slots=True)
class NetView:
    """One net's layers, how each derived figure came about, and which later nets equal this one."""

    anchor: str
    title: str
    note: str
    table: TableView
    derivations: TableView | None


@dataclass(frozen=True, slots=True)
class LayersView:
    """All nets that differ, and the meaning of the columns."""

    nets: tuple[NetView, ...]
    left_out: str
    columns: tuple[tuple[str, str], ...]


def build(log: ReportedLog) -> LayersView | None:
    """The tables; None where the log sets up no layer."""
    if not log.nets:
        return None
    told: set[tuple[Any, ...]] = set()
    left_out = len(log.distinct_nets) - len(log.printed_nets)
    note = (
        f"Not printed here, but in the table “layers” of logparse export: {left_out} of its nets." if left_out else ""
    )
    views = tuple(_net(net, others, told) for net, others in log.printed_nets)
    return LayersView(views, note, _COLUMN_MEANINGS)


def _net(net: ReportedNet, others: tuple[ReportedNet, ...], told: set[tuple[Any, ...]]) -> NetView:
    table = tabulate(
        f"Layers of the {net.title}",
        _FIELDS,
        [{**row, "_id": net.row_id(row["layer_index"])} for row in net.layers],
        ids=lambda row: str(row["_id"]),
        css="layers",
    )
    return NetView(net.anchor, net.title, _note(net, others), table, _derivations(net, told))


def _note(net: ReportedNet, others: tuple[ReportedNet, ...]) -> str:
    row = net.row
    parts = [f"{len(net.layers)} layers"]
    if not formats.is_na(row.get("batch")):
        parts.append(f"batch {formats.count(row['batch'])}")
    if not formats.is_na(row.get("element_bytes")):
        parts.append(f"{row['element_bytes']} bytes per value")
    if not formats.is_na(row.get("line")):
        parts.append(f"lines {formats.count(row['line'])}–{formats.count(row.get('end_line'))} of the log")
    parts.append(_reconciled(net))
    if others:
        names = ", ".join(other.title for other in others[:6])
        more = f" and {len(others) - 6} more" if len(others) > 6 else ""  # as many as fit on a line
        parts.append(f"the same, layer by layer: {names}{more}")
    return "; ".join(part for part in parts if part) + "."


def _reconciled(net: ReportedNet) -> str:
    """Whether our sum of the tops equals the log's own figure at every layer."""
    pairs = [(row.get("logged_step_bytes"), row.get("expected_step_bytes")) for row in net.layers]
    known = [
        (logged, expected) for logged, expected in pairs if not formats.is_na(logged) and not formats.is_na(expected)
    ]
    if not known:
        return ""
    wrong = sum(logged != expected for logged, expected in known)
    if wrong:
        return f"the running figure differs from the printed shapes at {wrong} of {len(known)} layers"
    where = "all" if len(known) == len(net.layers) else formats.count(len(known))
    return f"the printed shapes add up to the running figure at {where} layers, to the byte"


def _lines(values: Sequence[Any] | None, form: Callable[[Any], str]) -> str:
    """A list's items under one another."""
    return formats.NA if formats.is_na(values) else "\n".join(map(form, items_of(values)))


def _name(row: Mapping[str, Any]) -> Cell:
    return Cell(layer_name(row), "t nm", href=f"#{row['_id']}")


def _wiring(row: Mapping[str, Any]) -> Cell:
    bottoms, tops = (_joined(row.get(key)) for key in ("bottoms", "tops"))
    return Cell(f"{bottoms} → {tops}" if bottoms else f"→ {tops}", "t io")


def _joined(values: Sequence[Any] | None) -> str:
    return ", ".join(str(value) or "(automatic)" for value in items_of(values))


def _owner(row: Mapping[str, Any]) -> Cell:
    """Whose memory the tops are, said once where all tops agree."""
    in_place, shares = items_of(row.get("in_place")), items_of(row.get("shares_with"))
    words = [
        "in place"
        if overwrites
        else (f"shares {shares[i]}" if i < len(shares) and not formats.is_na(shares[i]) else "own")
        for i, overwrites in enumerate(in_place)
    ]
    return Cell("\n".join(dict.fromkeys(words)) or formats.NA, "t" if words == ["own"] * len(words) else "t shared")


def _figure(key: str, reason: str | None = None, form: str = "count") -> Callable[[Mapping[str, Any]], Cell]:
    """A number; where it is not known the reason is told on hovering (and stands in the derivations).

    Without a `reason` the figure does not apply to every layer, and the cell stays empty.
    """

    def cell(row: Mapping[str, Any]) -> Cell:
        value = row.get(key)
        if not formats.is_na(value):
            return Cell(formats.as_text(value, form), "" if value else "z")
        if reason is None:
            return Cell("")
        why = row.get(reason)
        return Cell(formats.NA, "na", title="" if formats.is_na(why) else str(why))

    return cell


_MEANING: Final = {column.name: column.meaning for column in COLUMNS}


def _column(key: str, title: str, unit: str = "", **more: Any) -> Field:  # noqa: ANN401 - Field's own arguments
    return Field(key, title, more.pop("form", "count"), unit, _MEANING.get(key, ""), **more)


_FIELDS: Final = (
    _column("layer", "Layer", form="text", cell=_name),
    _column("layer_index", "#"),
    _column("type", "Type", form="text"),
    _column(
        "top_shape",
        "Top shape",
        form="text",
        cell=lambda row: Cell(_lines(row.get("top_shape"), formats.shape), "t sh"),
    ),
    _column("shares_with", "Memory", form="text", cell=_owner),
    _column("logged_step_bytes", "Step, logged", "B", cell=_figure("logged_step_bytes"), total=True),
    _column("distinct_bytes", "Step, distinct", "B", cell=_figure("distinct_bytes"), total=True),
    _column("params", "Parameters", cell=_figure("params", "params_reason"), total=True),
    _column("params_share", "Parameters", "share", form="percent", cell=share_cell("params_share")),
    _column("macs_per_image", "MACs", "per image", cell=_figure("macs_per_image", "macs_reason"), total=True),
    _column("macs_share", "MACs", "share", form="percent", cell=share_cell("macs_share")),
    _column("macs_per_weight", "MACs", "per weight", cell=_figure("macs_per_weight", form="significant")),
    _column("logged_bytes", "Running, logged", "B", cell=_figure("logged_bytes"), optional=True),
    _column("distinct_total_bytes", "Running, distinct", "B", cell=_figure("distinct_total_bytes")),
    _column("weights", "Weights", cell=_figure("weights", "params_reason"), total=True),
    _column("biases", "Biases", cell=_figure("biases", "params_reason"), total=True),
    _column("statistics", "Statistics", cell=_figure("statistics", "params_reason"), total=True, optional=True),
    _column("other_ops_per_image", "Other ops", "per image", cell=_figure("other_ops_per_image"), optional=True),
    _column("backward", "Backward", form="flag"),
    _column("tops", "Bottoms → tops", form="text", cell=_wiring),
    _column("line", "Line"),
)
_COLUMN_MEANINGS: Final = tuple(
    (f"{field.title}{', ' + field.unit if field.unit else ''}", field.meaning) for field in _FIELDS if field.meaning
)


def _derivations(net: ReportedNet, told: set[tuple[Any, ...]]) -> TableView | None:
    """How each derived figure came about: formula with the layer's own values, basis, reason where not known.

    What an earlier net has told (a TEST net has most layers of its TRAIN net, at another batch) is not told again.
    """
    rows = [row for layer in net.layers for row in _derived(net, layer)]
    new = [row for row in rows if _told_as(row) not in told]
    told.update(map(_told_as, rows))
    if not new:
        return None
    again = f"{len(rows) - len(new)} figures are derived as in the nets before, with this net's batch."
    note = again if len(new) < len(rows) else ""
    return tabulate(f"How the figures of the {net.title} came about", _DERIVED_FIELDS, new, note=note)


def _told_as(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["layer"], row["what"], str(row["basis"])


# Column of `layers` → what it is, and the column with its basis (or the basis itself).
_EXPLAINED: Final = (
    ("params", "parameters", "params_basis"),
    ("macs", "MACs of the batch", "macs_basis"),
    ("distinct_bytes", "distinct data, B", ""),
    ("buffer_bytes", "private buffers (CPU), B", "macs_basis"),
)


def _derived(net: ReportedNet, layer: TableRow) -> list[dict[str, Any]]:
    found = []
    for key, what, basis in _EXPLAINED:
        value, reason, formula = layer.get(key), *_ground(net, layer, key)
        if not formats.is_na(value) and not value and is_blank(reason):
            continue
        found.append(
            {
                "layer": layer_name(layer),
                "_href": f"#{net.row_id(layer['layer_index'])}",
                "what": what,
                "value": value,
                "formula": reason if formats.is_na(value) or is_blank(formula) else formula,
                "basis": layer.get(basis) if basis else "shapes",
                "assumptions": layer.get("assumptions") if basis else None,
                "line": layer.get("line"),
            }
        )
    return found


def _ground(net: ReportedNet, layer: TableRow, key: str) -> tuple[Any, Any]:
    """Why a figure is not known, and its formula."""
    if key == "distinct_bytes":
        missing = formats.is_na(layer.get(key))
        return ("a shape is not printed", None) if missing else (None, _own_tops(net, layer))
    stem = key.removesuffix("_bytes")
    return layer.get(f"{stem}_reason"), layer.get(f"{stem}_formula")


def _own_tops(net: ReportedNet, layer: TableRow) -> str:
    """The tops that own memory, as the sum that Caffe's figure would make of them."""
    size = net.row.get("element_bytes")
    tops = zip(layer["top_shape"], layer["shares_with"], strict=True)
    own = ["·".join(map(str, shape)) or "1" for shape, owner in tops if owner is None and shape is not None]
    counted = f"({' + '.join(own)})" if len(own) > 1 else "".join(own)
    return f"{counted} × {4 if formats.is_na(size) else size} bytes"


_DERIVED_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("what", "Figure"),
    Field("value", "Value", "count"),
    Field("formula", "Formula with the layer’s own values, or why it is not known", css="wide"),
    Field("basis", "Basis"),
    Field("assumptions", "Assumed", css="wide", optional=True),
    Field("line", "Line", "count"),
)
