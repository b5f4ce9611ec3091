"""The memory of a run: what its nets hold from layer to layer, what the whole run needs, what a fork prints of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse.report.held_memory.footprints import whole_run
from logparse.report.held_memory.held import KIND_WORDS, held_run
from logparse.report.held_memory.stories import data_of, headline, pictures, reading_notes
from logparse.report.tabulate import Field, tabulate
from logparse.rows import items_of, net_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.report.elements import ChartView, TableView
    from logparse.report.held_memory.stories import PictureView
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow


@dataclass(frozen=True, slots=True)
class StoryView:
    """The pictures of the run's nets under one title, how they are read, and their figures."""

    title: str
    notes: tuple[str, ...]
    key: tuple[tuple[str, str], ...]  # class of the mark, what it stands for
    pictures: tuple[PictureView, ...]
    table: TableView


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The story, if a block of a net has a size, and in order of reading what else is known."""

    story: StoryView | None
    paragraphs: tuple[str, ...]
    charts: tuple[ChartView, ...]
    tables: tuple[TableView, ...]


def build(log: ReportedLog) -> MemoryView | None:
    """What is known of the memory of the run that the leading net is from; None where nothing is."""
    told, whole = _story(log), whole_run(log)
    tables = (*(() if whole is None else whole.tables), *_figures(log), *_slots(log))
    if told is None and whole is None and not tables:
        return None
    paragraphs, charts = ((), ()) if whole is None else (whole.paragraphs, whole.charts)
    return MemoryView(told, paragraphs, charts, tables)


def _story(log: ReportedLog) -> StoryView | None:
    run = held_run(log)
    if run is None or not any(net.total for net in run.nets):
        return None
    kinds = [css for _, css in KIND_WORDS.values()]
    shown = pictures(log, run)
    words = {css: name for name, css in KIND_WORDS.values()}
    key = tuple((css, words[css]) for css in kinds if any(f"layer {css}" in one.svg for one in shown))
    key += (("own", "step: own data"), ("again", "step: counted again"))
    return StoryView(headline(run), tuple(reading_notes(run)), key, shown, data_of(run))


def _figures(log: ReportedLog) -> Iterator[TableView]:
    """The figures that only forks print; whether Caffe's own is met stands with the layers."""
    rows = [row for row in log.rows("reconciliation") if not str(row["figure"]).startswith("Memory required")]
    if rows:
        fields = (
            Field("_net", "Net"),
            Field("figure", "Figure"),
            Field("bytes", "Printed", "count", "B"),
            Field("expected_bytes", "By the shapes", "count", "B"),
            Field("difference_bytes", "Difference", "count", "B"),
            Field("basis", "Counts", css="wide"),
            Field("line", "Line", "count"),
        )
        yield tabulate("What this build prints of its memory", fields, [_with_net(log, row) for row in rows])


def _slots(log: ReportedLog) -> Iterator[TableView]:
    rows = log.rows("slots")
    if rows:
        fields = (
            Field("_net", "Net"),
            Field("slot", "Slot", "count"),
            Field("bytes", "Size", "count", "B", total=True),
            Field("_blobs", "Data and diffs that take turns in it", css="wide"),
            Field("line", "Line", "count"),
        )
        shown = [{**_with_net(log, row), "_blobs": ", ".join(map(str, items_of(row["blobs"])))} for row in rows]
        yield tabulate("Slots of the build's own memory plan", fields, shown, note=_PLAN)


_PLAN: Final = (
    "A slot is as large as the largest of what takes turns in it. Parameters, the solver's history and private buffers "
    "are outside the plan: the whole process shrinks by less."
)


def _with_net(log: ReportedLog, row: TableRow) -> dict[str, object]:
    attempt = f"attempt {row['attempt']}, " if len(log.attempts) > 1 else ""
    return {**row, "_net": f"{attempt}{net_kind(row['phase'])} {row['net_index']}"}
