"""What the templates print: cells, tables, charts and the content of sections, all of it prepared text.

A template loops and prints; it never computes, formats or escapes by hand. Text in these classes is raw (a
layer's name is a stranger's text) and escaped by the template engine; only `ChartView.svg` is markup, made in
`canvas.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text (a newline starts a new line), its classes, where it leads, what hovering tells."""

    text: str
    css: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """One column's head: its title, the unit under it, what the column means, and its classes."""

    title: str
    unit: str = ""
    meaning: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `id` is the anchor that a link can lead to (never made from a log's text)."""

    cells: tuple[Cell, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table with a caption; the first cell of a row is its head. `total` are the sums under it."""

    caption: str
    heads: tuple[ColumnHead, ...]
    rows: tuple[Row, ...]
    total: tuple[Cell, ...] = ()
    css: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LinesView:
    """Data of many rows as tab-separated lines, the first of them the heads; a fifth of what a table weighs."""

    caption: str
    note: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart: a title that states what it shows, a short explanation, the drawing, and the same data as a table.

    `name` is what the chart is called among those of its section, as a file or by `Log.figure`: lower case, for good.
    """

    title: str
    note: str
    svg: Markup
    table: TableView | LinesView
    key: tuple[tuple[str, str], ...] = ()  # class of the mark, what it stands for
    name: str = "chart"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it is: a line of a definition list, or a key figure with its exact value as `note`."""

    name: str
    text: str
    note: str = ""
    href: str = ""


class Drawable(Protocol):
    """What markup can be made of when it is wanted."""

    def __html__(self) -> str:
        """The markup."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A key figure of the first screen: its name, the figure, what it rests on, a small drawing (markup or empty)."""

    name: str
    text: str
    note: str = ""
    svg: Markup | Drawable | str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What most sections consist of, in order of reading: paragraphs, charts, tables, tables that a click unfolds.

    `absent` says why there is nothing to draw, where a reader would expect something.
    """

    paragraphs: tuple[str, ...] = ()
    charts: tuple[ChartView, ...] = ()
    tables: tuple[TableView, ...] = ()
    folded: tuple[TableView, ...] = ()
    absent: str = ""
