"""The usual what-ifs in a chart, every figure before and after in the table under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.charts import bars
from logparse.report.elements import Cell, ChartView
from logparse.report.tabulate import Field, tabulate
from logparse.rows import float_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from markupsafe import Markup

    from logparse.report.reported_log import ReportedLog, ReportedNet
    from logparse.rows import TableRow


# Figures of the table `whatif` that one compares: quantity, title, unit, form.
FIGURES: Final = (
    ("params", "Parameters", "", formats.short),
    ("param_bytes", "Parameter memory", "", formats.size),
    ("stored_bytes", "Weights as stored", "", formats.size),
    ("macs_per_image", "MACs", "per image", formats.short),
    ("distinct_data", "Distinct data", "", formats.size),
    ("footprint, cpu", "Whole run", "CPU", formats.size),
    ("footprint, gpu", "Whole run", "GPU", formats.size),
    ("batch", "Batch", "images", formats.count),
)
_COMPARED: Final = (
    ("params", "Parameters", formats.short),
    ("macs_per_image", "MACs per image", formats.short),
    ("footprint, gpu", "Whole run on the GPU", formats.size),
)


def question_charts(log: ReportedLog, lead: ReportedNet) -> Iterator[ChartView]:
    """The usual what-ifs of the leading attempt: bars of what changes, and every figure in the table under them."""
    rows = [row for row in log.rows("whatif") if row["attempt"] == lead.row.get("attempt")]
    if not rows:
        return
    scenarios: dict[str, dict[str, Any]] = {}
    for row in rows:
        found = scenarios.setdefault(row["scenario"], {"scenario": row["scenario"], "assumptions": _assumed(row)})
        found[row["quantity"]] = row
    fields = (
        Field("scenario", "What if", css="wide"),
        *(
            Field(key, title, "count", unit, cell=_figure(key, form), optional=True)
            for key, title, unit, form in FIGURES
        ),
        Field("assumptions", "Taken for granted", css="wide"),
    )
    table = tabulate("Before and after", fields, list(scenarios.values()))
    title = _questions_title(scenarios)
    yield ChartView(title, _QUESTIONS_NOTE, _questions_drawing(scenarios, title), table, name="what-ifs")


_QUESTIONS_NOTE: Final = (
    "One change at a time, and what it makes of the run; what each takes for granted stands in the table, with the "
    "changes that move none of these three."
)


def _questions_title(scenarios: Mapping[str, Mapping[str, Any]]) -> str:
    """The largest batch that fits each usual card; where there is none, what else is asked."""
    fits = [
        f"{formats.count(found['batch']['after'])} in {name.removeprefix('fits ').removesuffix(' on the gpu')}"
        for name, found in scenarios.items()
        if "batch" in found and found["batch"]["after"]
    ]
    if not fits:
        return "What one change would make of it"
    return f"The largest batch that fits a GPU: {formats.enumerated(fits)}"


def _questions_drawing(scenarios: Mapping[str, Mapping[str, Any]], title: str) -> Markup:
    shown = [name for name, found in scenarios.items() if "batch" not in found and _tells(found)]
    panels = []
    for key, head, form in _COMPARED:
        cells = [scenarios[name].get(key) for name in shown]
        values = tuple(None if row is None else float_of(row["after"]) for row in cells)
        panels.append(bars.Panel(head, values, tuple(_bar_text(row, form) for row in cells)))
    rows = [bars.LayerRow(name, "logged" if not place else "distinct") for place, name in enumerate(shown)]
    return bars.by_layer(rows, panels, f"Bars. {title}. The table below has the figures.", _LONGEST)


_LONGEST: Final = 40


def _tells(found: Mapping[str, Any]) -> bool:
    """Whether a figure that is drawn changes, or the scenario is the first: as it is."""
    rows = [found.get(key) for key, _, _ in _COMPARED]
    same = all(row is None or row["before"] == row["after"] for row in rows)
    return found["scenario"] == "as it is" or not same


def _bar_text(row: TableRow | None, form: Callable[[object], str]) -> str:
    if row is None or formats.is_na(row["after"]):
        return "not known"
    before, after = row["before"], row["after"]
    if formats.is_na(before) or before == after or not before:
        return form(after)
    return f"{form(after)} · {formats.change(before, after)}"


def _assumed(row: TableRow) -> str:
    """Everything that is taken for granted; of a batch that fits what binds it (its sum stands in the table whatif)."""
    texts = [] if formats.is_na(row["assumptions"]) else list(map(str, row["assumptions"]))
    return "; ".join(texts[:1] if row["quantity"] == "batch" else texts)


def _figure(key: str, form: Callable[[Any], str]) -> Callable[[Mapping[str, Any]], Cell]:
    def cell(scenario: Mapping[str, Any]) -> Cell:
        row = scenario.get(key)
        if row is None:
            return Cell("")
        before, after = row["before"], row["after"]
        if formats.is_na(after) or formats.is_na(before) or before == after:
            return Cell(form(after), "z")
        return Cell(f"{form(after)}\n{formats.change(before, after) if before else ''}", "c")

    return cell
