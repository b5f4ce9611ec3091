"""The page as data: which sections a report has, in which order, and what each of them shows.

A section is one builder (log in, view out, None where there is nothing to say), one partial that prints the view,
and one entry in `SECTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.elements import Cell
from logparse.report.reported_log import ReportedLog
from logparse.report.sections import (
    compute,
    could_be,
    events,
    findings,
    graph,
    head,
    layers,
    memory,
    provenance,
    summary,
    timing,
    training,
)
from logparse.report.tabulate import Field, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.sections.head import HeadView
    from logparse.tables.table import LogLike


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of section: the end of its anchor, its title, the partial that prints it, what builds its view."""

    name: str
    title: str
    partial: str
    build: Callable[[ReportedLog], Any]


SECTIONS: Final = (
    Section("findings", "Findings", "partials/findings.html", findings.build),
    Section("memory", "Memory", "partials/memory.html", memory.build),
    Section("summary", "What Caffe’s memory line counts", "partials/summary.html", summary.build),
    Section("compute", "Compute and parameters", "partials/block.html", compute.build),
    Section("layers", "Layer table", "partials/layers.html", layers.build),
    Section("graph", "The net drawn", "partials/graph.html", graph.build),
    Section("timing", "Time per layer", "partials/block.html", timing.build),
    Section("training", "Loss, outputs and learning rate", "partials/block.html", training.build),
    Section("events", "Events", "partials/block.html", events.build),
    Section("could-be", "What it could be", "partials/block.html", could_be.build),
    Section("provenance", "Provenance", "partials/provenance.html", provenance.build),
)


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section of one log, ready to print."""

    anchor: str
    title: str
    partial: str
    view: Any


@dataclass(frozen=True, slots=True)
class LogView:
    """One log: its head and its sections."""

    anchor: str
    head: HeadView
    sections: tuple[SectionView, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page. `comparison` stands before the logs where there are several.

    `short_title` is what a browser writes on a tab and into a list of bookmarks.
    """

    title: str
    short_title: str
    logs: tuple[LogView, ...]
    comparison: TableView | None


LONGEST_TITLE: Final = 80  # of a tab or a bookmark


def page_view(logs: Sequence[LogLike], title: str | None) -> PageView:
    """Logs → page, in the order given."""
    contexts = [ReportedLog(log, number, len(logs) == 1) for number, log in enumerate(logs, 1)]
    views = tuple(_log_view(log) for log in contexts)
    heading = title or (views[0].head.title if len(views) == 1 else f"{len(views)} logs")
    short = formats.shortened(" ".join(heading.split()), LONGEST_TITLE)
    return PageView(heading, short, views, _comparison(contexts, views) if len(views) > 1 else None)


def _log_view(log: ReportedLog) -> LogView:
    built = ((section, section.build(log)) for section in SECTIONS)
    sections = tuple(
        SectionView(f"{log.prefix}{section.name}", section.title, section.partial, view)
        for section, view in built
        if view is not None
    )
    return LogView(f"{log.prefix}top", head.build(log), sections)


def _comparison(contexts: Sequence[ReportedLog], views: Sequence[LogView]) -> TableView:
    """One row per log with the figures that one compares first."""
    return tabulate(
        "The logs beside each other", _COMPARED, [_row(*pair) for pair in zip(contexts, views, strict=True)]
    )


def _row(log: ReportedLog, view: LogView) -> Mapping[str, Any]:
    net = {} if log.lead is None else log.lead.row
    attempt = log.lead_attempt or {}
    return {
        **net,
        "_name": log.file_name,
        "_href": f"#{view.anchor}",
        "_title": view.head.title,
        "_layers": None if log.lead is None else len(log.lead.layers),
        "_loss": log.loss_at_end[0],
        "_iteration": attempt.get("last_iteration"),
        "_outcome": _outcome(log),
    }


def _outcome(log: ReportedLog) -> str:
    """The outcome of the leading attempt, and of the last one where that is another."""
    rows = [row for row in (log.lead_attempt, *log.attempt_rows[-1:]) if row is not None]
    words = {row["attempt"]: row["outcome"].replace("_", " ") for row in rows}
    return "; the last attempt: ".join(words.values()) or formats.NA


_COMPARED: Final = (
    Field("_name", "Log", cell=lambda row: Cell(row["_name"], "t", href=row["_href"])),
    Field("_title", "Net"),
    Field("_layers", "Layers", "count"),
    Field("batch", "Batch", "count"),
    Field("logged_bytes", "Memory as logged", "count", "B"),
    Field("distinct_bytes", "Distinct data", "count", "B"),
    Field("params", "Parameters", "count"),
    Field("macs_per_image", "MACs", "count", "per image"),
    Field("_iteration", "Iteration", "count", "last"),
    Field("_loss", "Loss", "significant", "at the end"),
    Field("_outcome", "Outcome"),
)
