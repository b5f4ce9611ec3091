"""The charts of a report one by one: as files of their own, and as figures of matplotlib.

A chart is known by the name of its section and its own, `memory-whole-run`; of several that would have the same name
the second ends in `-2`. Names are made of what a chart is, never of what a log says in it.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.errors import UnknownFigureError, UsageError, WrongTypeError, suggestion
from logparse.formats import enumerated
from logparse.output import check_target, write_atomically
from logparse.report.charts.canvas import MarkedSvg
from logparse.report.charts.painting.palette import THEMES
from logparse.report.charts.painting.sheet import KeyEntry, sheet
from logparse.report.reported_log import ReportedLog
from logparse.report.sections.graph import GraphView
from logparse.report.sections.memory import MemoryView
from logparse.report.view import SECTIONS, page_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from matplotlib.figure import Figure

    from logparse.report.charts.painting.sheet import Sheet
    from logparse.report.elements import ChartView
    from logparse.report.sections.memory import StoryView
    from logparse.report.view import LogView, PageView
    from logparse.tables.table import LogLike

_LONGEST: Final = 60  # of a part of a file's name
_STEPS: Final = {"own", "again"}  # classes of what a layer adds, in the story of the memory
_STROKES: Final = ("c-", "rate")  # classes of what is drawn as a line, at the beginning


class NamedChart(NamedTuple):
    """A chart with its section, its name in it, and all that a drawing of its own needs."""

    section: str
    name: str
    title: str
    drawn: MarkedSvg
    key: tuple[KeyEntry, ...] = ()

    @property
    def stem(self) -> str:
        """What its file is called, without the ending."""
        return f"{self.section}-{self.name}"

    @property
    def sheet(self) -> Sheet:
        """The chart under its title and its key."""
        return sheet(self.drawn.marks, (self.drawn.width, self.drawn.height), self.title, self.key)


def charts_in(section: str, view: object) -> tuple[NamedChart, ...]:
    """All charts of a section in order of reading."""
    seen: Counter[str] = Counter()
    named = []
    for chart in _charts(section, view):
        seen[chart.name] += 1
        number = seen[chart.name]
        named.append(chart if number == 1 else chart._replace(name=f"{chart.name}-{number}"))
    return tuple(named)


def _charts(section: str, view: object) -> Iterator[NamedChart]:
    """A chart without any mark is none."""
    if isinstance(view, GraphView) and isinstance(view.svg, MarkedSvg):
        yield NamedChart(section, "net", view.title, view.svg)
    if isinstance(view, MemoryView) and view.story is not None:
        yield from _pictures(section, view.story)
    charts: Sequence[ChartView] = getattr(view, "charts", ())
    for chart in charts:
        if isinstance(chart.svg, MarkedSvg):
            key = tuple(KeyEntry(f"{_kind_of_mark(css)} {css}", words) for css, words in chart.key)
            yield NamedChart(section, slug(chart.name), chart.title, chart.svg, key)


def _kind_of_mark(css: str) -> str:
    return "line" if css.startswith(_STROKES) else "bar"


def _pictures(section: str, story: StoryView) -> Iterator[NamedChart]:
    key = tuple(KeyEntry(f"{'bar' if css in _STEPS else 'layer'} {css}", words) for css, words in story.key)
    for one in story.pictures:
        if isinstance(one.svg, MarkedSvg):
            title = f"{story.title}: {one.label}, {one.grain}"
            yield NamedChart(section, slug(f"{one.label} {one.grain}"), title, one.svg, key)


def slug(text: str, nothing: str = "chart") -> str:
    """A text as a part of a file's name: small letters and digits of ASCII with a dash between words.

    `nothing` is the part where there are none.
    """
    words = re.findall("[a-z0-9]+", text.lower())
    return "-".join(words)[:_LONGEST].strip("-") or nothing


# --- one of them ------------------------------------------------------------------------------------------


def names_of(log: LogLike) -> tuple[str, ...]:
    """What each chart of a log is called, in the order of its report."""
    return tuple(chart.stem for section in SECTIONS for chart in _built(log, section.name))


def figure(log: LogLike, section: str, chart: int | str | None = None, theme: str = "light") -> Figure:
    """A chart as a figure of matplotlib, by the name of its section, and by its place from 1 or its own name there.

    Raises:
        UnknownFigureError: there is no such section, or the log gives it no such chart.
        UsageError: there is no such theme; a WrongTypeError where an argument is of a type that means nothing here.

    """
    from logparse.report.charts.painting.plotted import figure_of

    _check_named("theme", theme, THEMES)
    if not isinstance(section, str):
        raise WrongTypeError(f"a section is named by a str, not by {type(section).__name__}")
    if isinstance(chart, bool) or not (chart is None or isinstance(chart, int | str)):
        raise WrongTypeError(f"a chart is a name or its place from 1, not {chart!r}")
    return figure_of(_found(log, section, chart).sheet, theme)


def _found(log: LogLike, section: str, chart: int | str | None) -> NamedChart:
    sections = [one.name for one in SECTIONS]
    if section not in sections and chart is None:  # the whole name of a chart
        begins = [one for one in sections if section.startswith(f"{one}-")]
        section, chart = (begins[0], section.removeprefix(f"{begins[0]}-")) if begins else (section, None)
    charts = _built(log, section) if section in sections else ()
    if not charts:
        raise _unknown_section(log, section)
    if chart is None:
        return charts[0]
    by_name: dict[int | str, NamedChart] = {one.name: one for one in charts}
    by_name.update(enumerate(charts, 1))
    if chart not in by_name:
        names = [one.name for one in charts]
        told = suggestion(chart, names) if isinstance(chart, str) else f"there are {', '.join(names)}"
        raise UnknownFigureError(f"{section} has no chart {chart!r}; {told}")
    return by_name[chart]


def _unknown_section(log: LogLike, section: str) -> UnknownFigureError:
    there = tuple(dict.fromkeys(one.name for one in SECTIONS if _built(log, one.name)))
    if section in {one.name for one in SECTIONS}:
        told = f"there are charts of {enumerated(there)}" if there else "there is no chart of anything in it"
        return UnknownFigureError(f"{log.facts.source.name} gives no chart of {section}; {told}")
    return UnknownFigureError(f"there is no figure {section!r}; {suggestion(section, there)}")


def _built(log: LogLike, name: str) -> tuple[NamedChart, ...]:
    build = next(section.build for section in SECTIONS if section.name == name)
    return charts_in(name, build(ReportedLog(log)))


# --- all of them as files ---------------------------------------------------------------------------------


def _svg(drawn: Sheet, theme: str) -> bytes:
    from logparse.report.charts.painting.svgfile import svg_file

    return svg_file(drawn, theme)


def _png(drawn: Sheet, theme: str) -> bytes:
    from logparse.report.charts.painting.plotted import figure_of, png_file

    return png_file(figure_of(drawn, theme))


def _pdf(drawn: Sheet, theme: str) -> bytes:
    from logparse.report.charts.painting.plotted import figure_of, pdf_file

    return pdf_file(figure_of(drawn, theme))


FIGURE_FORMATS: Final[Mapping[str, Callable[[Sheet, str], bytes]]] = {"svg": _svg, "png": _png, "pdf": _pdf}


def write_figures(
    logs: LogLike | list[LogLike] | tuple[LogLike, ...],
    folder: str | Path,
    *,
    form: str = "svg",
    theme: str = "light",
    force: bool = False,
) -> tuple[Path, ...]:
    """Write each chart of the report of one or several logs into a folder; the files, in the order of the report.

    `form` is "svg", "png" or "pdf", `theme` "light" or "dark". The folder is made where it is not there; each file is
    written whole or not at all, and none where one of them exists and `force` is not set.

    Raises:
        UsageError: there is no such form or theme, a file exists, or one cannot be written.

    """
    several = list(logs) if isinstance(logs, list | tuple) else [logs]
    if not several or not all(hasattr(log, "facts") for log in several):
        raise WrongTypeError("figures are of one or several of what parse_log gave")
    if not isinstance(folder, str | Path):
        raise WrongTypeError(f"a folder is given as its path, not as {type(folder).__name__}")
    targets = FigureFiles(page_view(several, None), folder, form, theme)
    targets.check(force=force)
    return targets.write(force=force)


class FigureFiles:
    """The charts of a page with the files that they go to."""

    def __init__(self, page: PageView, folder: str | Path, form: str, theme: str) -> None:
        _check_named("form", form, tuple(FIGURE_FORMATS))
        _check_named("theme", theme, THEMES)
        self._folder, self._form, self._theme = Path(folder), form, theme
        alone = len(page.logs) == 1
        prefixed = [("" if alone else f"{_prefix(number, log)}-", log) for number, log in enumerate(page.logs, 1)]
        self._charts = {
            self._folder / f"{prefix}{chart.stem}.{form}": chart
            for prefix, log in prefixed
            for chart in chain.from_iterable(charts_in(one.name, one.view) for one in log.sections)
        }

    def check(self, *, force: bool, inputs: Sequence[str | Path] = ()) -> None:
        """Raise UsageError if a file would not be written: to be asked before any is. No input is written over."""
        if self._folder.exists() and not self._folder.is_dir():
            raise UsageError(f"{self._folder} is no folder to write figures into")
        if self._folder.is_dir():
            for path in self._charts:
                check_target(path, force=force, inputs=inputs)

    def write(self, *, force: bool) -> tuple[Path, ...]:
        """Write all of them."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot make the folder {self._folder}: {error.strerror or error}") from error
        for path, chart in self._charts.items():
            write_atomically(path, FIGURE_FORMATS[self._form](chart.sheet, self._theme), force=force)
        return tuple(self._charts)


def _prefix(number: int, log: LogView) -> str:
    """`log2-alexnet`: the log's place among those of the report, and its file's name."""
    return "-".join(filter(None, (f"log{number}", slug(log.name, ""))))


def _check_named(what: str, name: str, known: Sequence[str]) -> None:
    if not isinstance(name, str):
        raise WrongTypeError(f"a {what} is named by a str, not by {type(name).__name__}")
    if name not in known:
        raise UsageError(f"there is no {what} {name!r}; {suggestion(name, known)}")
