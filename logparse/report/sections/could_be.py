"""What the net could be: who holds most, which one change buys most, what blobs would take by a plan, and what-ifs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.cells import name_cell
from logparse.report.elements import Cell, Content
from logparse.report.possible.plans import plan_charts
from logparse.report.possible.questions import question_charts
from logparse.report.tabulate import Field, tabulate
from logparse.rows import int_of, layer_name, net_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


def build(log: ReportedLog) -> Content | None:
    """Of the leading net; None where nothing of it can be worked out."""
    lead = log.lead
    if lead is None:
        return None
    levers = [row for row in log.rows("levers") if net_key(row) == net_key(lead.layers[0])]
    charts = [*plan_charts(log, lead), *question_charts(log, lead)]
    tables = tuple(_levers_table(log, levers))
    if not charts and not tables:
        return None
    return Content(paragraphs=tuple(_sentences(lead, levers)), charts=tuple(charts), folded=tables)


_HELD: Final = (
    ("distinct_bytes", "data", formats.size),
    ("params", "parameters", formats.short),
    ("macs_per_image", "MACs", formats.short),
)
# Column of `levers`, the whole of which it is a part, its name, form
_SAVED: Final[tuple[tuple[str, str, str, Callable[[object], str]], ...]] = (
    ("saves_gpu_bytes", "", "memory on the GPU", formats.size),
    ("saves_params", "params", "parameters", formats.short),
    ("saves_macs_per_image", "macs_per_image", "MACs of an image", formats.short),
)


def _sentences(lead: ReportedNet, levers: Sequence[TableRow]) -> Iterator[str]:
    held = [text for one in _HELD if (text := _heaviest(lead, *one))]
    if held:
        yield f"Who holds most: {'; '.join(held)}."
    best = [text for one in _SAVED if (text := _best(lead, levers, *one))]
    if best:
        yield f"What one layer's change buys at most: {'; '.join(best)}. What it costs in accuracy no log tells."


def _heaviest(lead: ReportedNet, key: str, name: str, form: Callable[[object], str]) -> str:
    """The layer that holds most of something, with its share of what is known."""
    known = [row for row in lead.layers if not formats.is_na(row.get(key))]
    total = sum(int(row[key]) for row in known)
    if not total:
        return ""
    worst = max(known, key=lambda row: row[key])
    return f"{layer_name(worst)} {form(worst[key])} of {name} ({formats.percent(worst[key] / total)})"


def _best(
    lead: ReportedNet, levers: Sequence[TableRow], key: str, whole: str, name: str, form: Callable[[object], str]
) -> str:
    known = [row for row in levers if (int_of(row[key]) or 0) > 0]
    if not known:
        return ""
    best = max(known, key=lambda row: row[key])
    total = int_of(lead.row.get(whole)) if whole else None
    share = f" ({formats.percent(best[key] / total)})" if total else ""
    return f"{form(best[key])} of {name}{share}, with {best['layer']} at {best['change']}"


def _levers_table(log: ReportedLog, levers: Sequence[TableRow]) -> Iterator[TableView]:
    known = [row for row in levers if not formats.is_na(row["saves_gpu_bytes"])]
    if known:
        best = sorted(known, key=lambda row: -row["saves_gpu_bytes"])[:_SHOWN]
        left = len(levers) - len(known)
        note = "The table levers has more." if len(known) > len(best) else ""
        note += f" {left} cannot be followed through the net: it says why." if left else ""
        yield tabulate("Which one layer's change buys most", _LEVER_FIELDS, log.linked(best), note=note)


_SHOWN: Final = 10


def _saving(key: str, form: Callable[[object], str]) -> Callable[[TableRow], Cell]:
    def cell(row: TableRow) -> Cell:
        value = int_of(row[key])
        if value is not None and value < 0:
            return Cell(f"{formats.MINUS}{form(-value)}", "z", title="This change needs more of it.")
        return Cell(form(value))

    return cell


_LEVER_FIELDS: Final = (
    Field("layer", "Layer", cell=name_cell),
    Field("type", "Type"),
    Field("change", "Change", css="wide"),
    Field("saves_params", "Saves parameters", "short", cell=_saving("saves_params", formats.short)),
    Field("saves_macs_per_image", "MACs", "short", "per image", cell=_saving("saves_macs_per_image", formats.short)),
    Field("saves_data_bytes", "Data", "size", cell=_saving("saves_data_bytes", formats.size)),
    Field("saves_gpu_bytes", "Whole run", "size", "GPU", cell=_saving("saves_gpu_bytes", formats.size)),
)
