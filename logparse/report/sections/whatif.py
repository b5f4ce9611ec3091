"""What the net would need with another batch, precision, solver or shape; every assumption beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.elements import Cell, Content
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

# Figures of the table `whatif` that one compares: quantity, title, unit, form.
FIGURES: Final = (
    ("params", "Parameters", "", formats.short),
    ("param_bytes", "Parameter memory", "", formats.size),
    ("macs_per_image", "MACs", "per image", formats.short),
    ("distinct_data", "Distinct data", "", formats.size),
    ("footprint, cpu", "Whole run", "CPU", formats.size),
    ("footprint, gpu", "Whole run", "GPU", formats.size),
    ("batch", "Batch", "images", formats.count),
)


LARGE: Final = 1.5  # from here on a factor reads better than a percentage


def build(log: ReportedLog) -> Content | None:
    """One row per scenario of the leading attempt; None where there are none."""
    lead = log.lead
    if lead is None:
        return None
    rows = [row for row in log.rows("whatif") if row["attempt"] == lead.row.get("attempt")]
    if not rows:
        return None
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
    return Content(paragraphs=(_LEAD,), tables=(tabulate("Before and after", fields, list(scenarios.values())),))


_LEAD: Final = (
    "Figures that stay as they are stand in grey; under those that change stands their part of the figure before."
)


def _assumed(row: TableRow) -> str:
    return "" if formats.is_na(row["assumptions"]) else "; ".join(map(str, row["assumptions"]))


def _change(ratio: float) -> str:
    return formats.percent(ratio) if ratio < LARGE else f"× {formats.significant(ratio)}"


def _figure(key: str, form: Callable[[Any], str]) -> Callable[[Mapping[str, Any]], Cell]:
    def cell(scenario: Mapping[str, Any]) -> Cell:
        row = scenario.get(key)
        if row is None:
            return Cell("")
        before, after = row["before"], row["after"]
        if formats.is_na(after) or formats.is_na(before) or before == after:
            return Cell(form(after), "z")
        return Cell(f"{form(after)}\n{_change(after / before) if before else ''}", "c")

    return cell
