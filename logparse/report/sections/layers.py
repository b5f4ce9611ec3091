"""The layer table: every net, every layer, every figure, with a row for each that can be linked to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup

from logparse import formats
from logparse.report.charts.net.spine import Spines
from logparse.report.elements import Cell
from logparse.report.kinds import css_of, kind_of
from logparse.report.structure.folding import folded
from logparse.report.structure.lanes import lanes
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of, int_of, is_blank, items_of, layer_name
from logparse.tables.nets.layers import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


@dataclass(frozen=True, slots=True)
class NetView:
    """One net's layers in a table of nine columns, and as tab-separated lines what stands in no column of it.

    `more` has all further columns, a line for each layer; `derivations` how each derived figure came about. A page
    shows them as they are; its script makes columns and rows of them.
    """

    anchor: str
    title: str
    note: str
    table: TableView
    more: str
    derivations: str
    derivations_note: str


@dataclass(frozen=True, slots=True)
class LayersView:
    """All nets that differ, and the meaning of the columns."""

    nets: tuple[NetView, ...]
    left_out: str
    columns: tuple[tuple[str, str], ...]


class _Told(NamedTuple):
    """What earlier nets of the log have told: of derived figures, each layer's cells by head and name, drawings."""

    derived: set[tuple[Any, ...]]
    cells: dict[tuple[str, str], str]
    spines: Spines


def build(log: ReportedLog) -> LayersView | None:
    """The tables; None where the log sets up no layer."""
    if not log.nets:
        return None
    told = _Told(set(), {}, Spines(log.prefix))
    left_out = len(log.distinct_nets) - len(log.printed_nets)
    note = (
        f"Not printed here, but in the table “layers” of logparse export: {left_out} of its nets." if left_out else ""
    )
    views = tuple(_net(net, others, told) for net, others in log.printed_nets)
    return LayersView(views, note, _COLUMN_MEANINGS)


def _net(net: ReportedNet, others: tuple[ReportedNet, ...], told: _Told) -> NetView:
    spines, width = _spines(net, told.spines)
    table = tabulate(
        f"Layers of the {net.title}",
        _FIELDS,
        [{**row, "_spine": drawn} for row, drawn in zip(net.layers, spines, strict=True)],
        ids=lambda row: net.row_id(row["layer_index"]),
        css=f"layers l{width}",
    )
    derivations, again = _derivations(net, told.derived)
    return NetView(net.anchor, net.title, _note(net, others), table, _further(net, told.cells), derivations, again)


def _spines(net: ReportedNet, spines: Spines) -> tuple[list[Markup], int]:
    """The drawing of each row, and how many lanes the widest has."""
    rows = lanes(folded(net.layers))
    largest = max((int_of(row.get("distinct_bytes")) or 0 for row in net.layers), default=0) or 1
    used = [lane for row in rows for lane in (*row.through, *row.read, row.lane) if lane is not None]
    drawn = [
        spines.drawn(
            row, css_of(kind_of(layer.get("type"))), _weight(int_of(layer.get("distinct_bytes")) or 0, largest)
        )
        for row, layer in zip(rows, net.layers, strict=True)
    ]
    return drawn, max(used, default=0) + 1


def _weight(size: int, largest: int) -> int:
    """0 to 4: the area of a node goes with its bytes."""
    return round(4 * math.sqrt(size / largest))


def _note(net: ReportedNet, others: tuple[ReportedNet, ...]) -> str:
    row = net.row
    parts = [f"{len(net.layers)} layers"]
    if not formats.is_na(row.get("batch")):
        parts.append(f"batch {formats.count(row['batch'])}")
    if not formats.is_na(row.get("element_bytes")):
        size = row["element_bytes"]
        parts.append(f"{size} bytes per value, so that data is the product of its own tops’ shapes times {size}")
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


def _shapes(row: Mapping[str, Any]) -> str:
    """The tops' shapes under one another; one that all tops have is told once, with their number."""
    shapes = row.get("top_shape")
    if formats.is_na(shapes):
        return formats.NA
    texts = list(map(formats.shape, items_of(shapes)))
    if len(texts) > 1 and len(set(texts)) == 1:
        return f"{len(texts)} of {texts[0]}"
    return "\n".join(texts)


def _joined(values: Sequence[Any] | None) -> str:
    return ", ".join(str(value) or "(automatic)" for value in items_of(values))


def _owner(row: Mapping[str, Any]) -> str:
    """Whose memory the tops are, said once where all tops agree; nothing where it is their own."""
    in_place, shares = items_of(row.get("in_place")), items_of(row.get("shares_with"))
    words = [
        "in place"
        if overwrites
        else (f"shares {shares[i]}" if i < len(shares) and not formats.is_na(shares[i]) else "own")
        for i, overwrites in enumerate(in_place)
    ]
    return "" if set(words) <= {"own"} else "; ".join(dict.fromkeys(words))


def _remark(row: Mapping[str, Any]) -> Cell:
    """What a reader should know of a layer: whose memory it writes to, what is not known, assumed or contradicted."""
    words = [_owner(row)] if row.get("type") != "Split" else []
    if row.get("backward") is not None and not row["backward"] and row.get("params"):
        words.append("not trained")
    missing = [name for key, name in _UNSURE if formats.is_na(row.get(key))]
    words.append(f"not known: {', '.join(missing)}" if missing else "")
    words.append("assumed" if items_of(row.get("assumptions")) else "")
    words.append("contradicts its shapes" if items_of(row.get("problems")) else "")
    return Cell("; ".join(filter(None, words)))


_UNSURE: Final = (("distinct_bytes", "data"), ("params", "parameters"), ("macs", "MACs"))


def _bars(row: Mapping[str, Any]) -> Cell:
    """Three thin bars under one another: shares of the net's data, parameters and MACs, in steps of two per cent."""
    shares = (float_of(row.get(f"{key}_share")) or 0.0 for key in ("distinct", "params", "macs"))
    steps = [max(0, min(50, round(share * 50))) for share in shares]
    marks = [
        Markup("<i class={}{}>").format(css, step) + Markup("</i>") for css, step in zip("dpx", steps, strict=True)
    ]
    return Cell(Markup("").join(mark for mark, step in zip(marks, steps, strict=True) if step))


def _figure(key: str, reason: str | None = None, form: str = "count") -> Callable[[Mapping[str, Any]], Cell]:
    """A number; where it is not known the reason is told on hovering (and stands in the derivations).

    Without a `reason` the figure does not apply to every layer, and the cell stays empty.
    """

    def cell(row: Mapping[str, Any]) -> Cell:
        value = row.get(key)
        if not formats.is_na(value):
            return Cell(formats.as_text(value, form))
        if reason is None:
            return Cell("")
        why = row.get(reason)
        return Cell(formats.NA, "na", title="" if formats.is_na(why) else str(why))

    return cell


_MEANING: Final = {column.name: column.meaning for column in COLUMNS}


def _column(key: str, title: str, unit: str = "", **more: Any) -> Field:  # noqa: ANN401 - Field's own arguments
    return Field(key, title, more.pop("form", "count"), unit, _MEANING.get(key, ""), **more)


_FIELDS: Final = (
    Field("_spine", "Net", cell=lambda row: Cell(row["_spine"])),
    _column("layer", "Layer", form="text", cell=lambda row: Cell(layer_name(row), "n")),
    _column("type", "Type", form="text", cell=lambda row: Cell(formats.plain(row.get("type")))),
    _column("top_shape", "Shape", form="text", cell=lambda row: Cell(_shapes(row)), css="sh"),
    _column("distinct_bytes", "Data", "B", cell=_figure("distinct_bytes"), total=True),
    _column("params", "Parameters", cell=_figure("params", "params_reason"), total=True),
    _column("macs_per_image", "MACs", "per image", cell=_figure("macs_per_image", "macs_reason"), total=True),
    Field("_shares", "Shares", unit="data, parameters, MACs", cell=_bars),
    Field("_remark", "Note", cell=_remark),
)


AS_BEFORE: Final = "″"
OWN_NAME: Final = "·"  # of a top that is called as its layer


class _Further(NamedTuple):
    """A column that the table has no room for: its head and what makes text of a row.

    `same` is whether a later net says no more than that a layer of this name has it as before.
    """

    title: str
    text: Callable[[Mapping[str, Any]], str]
    same: bool = False


def _raw(key: str, form: str = "text") -> Callable[[Mapping[str, Any]], str]:
    return lambda row: formats.as_text(row.get(key), form)


def _above_nothing(key: str, form: str = "text") -> Callable[[Mapping[str, Any]], str]:
    """A figure that most layers have none of: blank for 0."""
    return lambda row: "" if row.get(key) == 0 else formats.as_text(row.get(key), form)


def _on_gpu(row: Mapping[str, Any]) -> str:
    """The buffers on a GPU where they take other bytes than on the CPU."""
    same = row.get("gpu_buffer_bytes") == row.get("buffer_bytes")
    return "" if same else formats.as_text(row.get("gpu_buffer_bytes"), "text")


def _if_known(key: str, form: str) -> Callable[[Mapping[str, Any]], str]:
    """A figure that does not apply to every layer."""
    return lambda row: "" if formats.is_na(row.get(key)) else formats.as_text(row[key], form)


_FURTHER: Final = (
    _Further("#", _raw("layer_index")),
    _Further("Bottoms", lambda row: _joined(row.get("bottoms")), same=True),
    _Further(
        "Tops", lambda row: OWN_NAME if items_of(row.get("tops")) == [row.get("layer")] else _joined(row.get("tops"))
    ),
    _Further("Running, logged, B", _raw("logged_bytes")),
    _Further("Diffs, B", _above_nothing("diff_bytes")),
    _Further("Buffers, CPU, B", _above_nothing("buffer_bytes")),
    _Further("Buffers, GPU, B, if other", _on_gpu),
    _Further("Weights", _above_nothing("weights"), same=True),
    _Further("Biases", _above_nothing("biases"), same=True),
    _Further("Statistics", _above_nothing("statistics"), same=True),
    _Further("MACs per weight", _if_known("macs_per_weight", "significant"), same=True),
    _Further("Other ops per image", _above_nothing("other_ops_per_image", "significant"), same=True),
    _Further("Without backward", lambda row: "yes" if row.get("backward") is not None and not row["backward"] else ""),
    _Further("Line", _raw("line")),
)
_NOTHING: Final = frozenset({"", "0", formats.NA})
_KEPT: Final = 3  # columns that stand even where they are empty


def _further(net: ReportedNet, told: dict[tuple[str, str], str]) -> str:
    """Tab-separated: a line of heads, a line for each layer; columns that say nothing of any layer are left out."""
    columns = [_column_of(one, net, told) for one in _FURTHER]
    telling = [
        (one.title, cells)
        for at, (one, cells) in enumerate(zip(_FURTHER, columns, strict=True))
        if at < _KEPT or set(cells) - _NOTHING
    ]
    heads, kept = [title for title, _ in telling], [cells for _, cells in telling]
    return "\n".join("\t".join(line) for line in (heads, *zip(*kept, strict=True)))


def _column_of(one: _Further, net: ReportedNet, told: dict[tuple[str, str], str]) -> list[str]:
    cells = []
    for row in net.layers:
        text, key = _tabless(one.text(row)), (one.title, layer_name(row))
        same = one.same and len(text) > 1 and told.get(key) == text
        cells.append(AS_BEFORE if same else text)
        told.setdefault(key, text)
    return cells


def _tabless(text: str) -> str:
    """Text without what ends a cell or a line."""
    return re.sub(r"[\t\r\n]+", " ", text)


_COLUMN_MEANINGS: Final = tuple(
    (f"{field.title}{', ' + field.unit if field.unit else ''}", field.meaning) for field in _FIELDS if field.meaning
)


def _derivations(net: ReportedNet, told: set[tuple[Any, ...]]) -> tuple[str, str]:
    """How each derived figure came about, tab-separated: formula with the layer's own values, basis, reason; a note.

    What an earlier net has told (a TEST net has most layers of its TRAIN net, at another batch) is not told again.
    """
    rows = [row for layer in net.layers for row in _derived(layer)]
    new = [row for row in rows if _told_as(row) not in told]
    told.update(map(_told_as, rows))
    if not new:
        return "", ""
    again = f"{len(rows) - len(new)} figures are derived as in the nets before, with this net’s batch."
    assumed = any(items_of(row["assumptions"]) for row in new)
    heads = ["#", "Figure", "Formula, or why it is not known", "Basis", *(["Assumed"] if assumed else [])]
    keys = ["index", "what", "formula", "basis", *(["assumptions"] if assumed else [])]
    lines = [
        "\t".join(_tabless(formats.plain(row[key])) if row[key] is not None else "" for key in keys) for row in new
    ]
    return "\n".join(("\t".join(heads), *lines)), again if len(new) < len(rows) else ""


def _told_as(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["layer"], row["what"], str(row["basis"])


# Column of `layers` → what it is, and the column with its basis (or the basis itself).
_EXPLAINED: Final = (
    ("params", "parameters", "params_basis"),
    ("macs", "MACs", "macs_basis"),
    ("distinct_bytes", "data", ""),
    ("buffer_bytes", "buffers", "macs_basis"),
)


def _derived(layer: TableRow) -> list[dict[str, Any]]:
    found = []
    for key, what, basis in _EXPLAINED:
        value, reason, formula = layer.get(key), *_ground(layer, key)
        if not formats.is_na(value) and (key == "distinct_bytes" or (not value and is_blank(reason))):
            continue  # data is its shapes times the bytes of a value, as the net's note says
        found.append(
            {
                "layer": layer_name(layer),
                "index": layer["layer_index"],
                "what": what,
                "formula": reason if formats.is_na(value) or is_blank(formula) else formula,
                "basis": _told_basis(layer.get(basis) if basis else "shapes"),
                "assumptions": layer.get("assumptions") if basis else None,
            }
        )
    return found


def _told_basis(basis: Any) -> str | None:  # noqa: ANN401 - a cell
    """A basis where it is another than the definition, which stands for most."""
    return None if basis == "definition" else formats.plain(basis)


def _ground(layer: TableRow, key: str) -> tuple[Any, Any]:
    """Why a figure is not known, and its formula."""
    if key == "distinct_bytes":
        return "a shape is not printed", None
    stem = key.removesuffix("_bytes")
    return layer.get(f"{stem}_reason"), layer.get(f"{stem}_formula")
