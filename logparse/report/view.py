"""The page as data: which sections a report has, in which order, and what each of them shows.

A section is one builder (log in, view out, None where there is nothing to say), one partial that prints the view,
and one entry in `SECTIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from logparse.report.verdict.course import leading_test
from logparse.report.verdict.memory_card import peak_text
from logparse.report.verdict.outcome import pills, shows_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from logparse.report.elements import TableView
    from logparse.report.sections.head import HeadView
    from logparse.tables.table import LogLike


# Of what templates are given. It rises when a field goes or is renamed, and not when one comes (templates/README.md).
VIEW_VERSION: Final = 1


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
    """One section of one log, ready to print. `name` is the same in every report, `anchor` has the log's number."""

    anchor: str
    title: str
    partial: str
    view: Any
    name: str


@dataclass(frozen=True, slots=True)
class LogView:
    """One log: its head and its sections; `name` is its file's."""

    anchor: str
    head: HeadView
    sections: tuple[SectionView, ...]
    name: str


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
        SectionView(f"{log.prefix}{section.name}", section.title, section.partial, view, section.name)
        for section, view in built
        if view is not None
    )
    leading = _leading_somewhere(head.build(log), {one.anchor for one in sections})
    return LogView(f"{log.prefix}top", leading, sections, log.file_name)


def _leading_somewhere(view: HeadView, anchors: set[str]) -> HeadView:
    """The head without links to sections that this log does not have."""
    cards = (card if card.href.removeprefix("#") in anchors else replace(card, href="") for card in view.cards)
    return replace(view, cards=tuple(cards))


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
        "_best": _best(log),
        "_memory": peak_text(log),
        "_solver": _solver(attempt),
        "_time": attempt.get("duration_s") if attempt and shows_start(attempt) else None,
        "_iteration": attempt.get("last_iteration"),
        "_outcome": _outcome(log),
    }


def _best(log: ReportedLog) -> str | None:
    """The best test as the first screen tells it, with its name: logs may have different ones."""
    best = leading_test(log)
    return None if best is None else f"{best.name.strip('()')} {formats.precise(float(best.value[best.best]))}"


def _solver(attempt: Mapping[str, Any]) -> str | None:
    """`SGD, lr 0.01, step`."""
    rate = attempt.get("base_lr")
    words = (attempt.get("solver_type"), rate and f"lr {formats.precise(rate)}", attempt.get("lr_policy"))
    return ", ".join(str(word) for word in words if word) or None


def _outcome(log: ReportedLog) -> str:
    """The pills of the log's first screen."""
    return "; ".join(pill.text for pill in pills(log))


_COMPARED: Final = (
    Field("_name", "Log", cell=lambda row: Cell(row["_name"], "t", href=row["_href"])),
    Field("_title", "Net"),
    Field("_outcome", "Outcome"),
    Field("_layers", "Layers", "count"),
    Field("batch", "Batch", "count"),
    Field("_solver", "Solver", optional=True),
    Field("_memory", "Memory", unit="at its peak", optional=True),
    Field("logged_bytes", "As Caffe", "size", "logs it", optional=True),
    Field("params", "Parameters", "short"),
    Field("macs_per_image", "MACs", "short", "per image"),
    Field("_iteration", "Iteration", "count", "last"),
    Field("_time", "Time", "duration", optional=True),
    Field("_loss", "Loss", "significant", "at the end"),
    Field("_best", "Best test", optional=True),
)
