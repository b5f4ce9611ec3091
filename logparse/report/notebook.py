"""A log as a notebook shows it: what became of it, its figures, and the layers of the net that leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from logparse import formats
from logparse.report.reported_log import ReportedLog
from logparse.report.verdict.cards import cards
from logparse.report.verdict.outcome import pills
from logparse.report.verdict.sentence import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logparse.rows import TableRow
    from logparse.tables.table import LogLike

LAYERS_SHOWN: Final = 100
# Column of the table `layers`, its head, the form of its cells, and whether they stand to the right.
_COLUMNS: Final = (
    ("layer_index", "#", "count", True),
    ("layer", "Layer", "text", False),
    ("type", "Type", "text", False),
    ("top_shape", "Top shape", "shapes", False),
    ("distinct_bytes", "Distinct data", "size", True),
    ("params", "Params", "short", True),
    ("macs_per_image", "MACs / image", "short", True),
)


def notebook_html(parsed: LogLike) -> str:
    """The summary of a log and the layers of its leading net as HTML; every text of the log is escaped."""
    log = ReportedLog(parsed)
    return str(Markup("\n").join([Markup("<div>"), *_summary(log), *_layers(log), Markup("</div>")]))


def _summary(log: ReportedLog) -> Iterator[Markup]:
    outcome = ", ".join(pill.text for pill in pills(log))
    yield _tag("p", Markup("<strong>{}</strong>: {}").format(_shown(log.file_name), outcome))
    yield _tag("p", _shown(sentence(log)))
    rows = ((_cell("th", card.name), _cell("td", card.text), _cell("td", card.note)) for card in cards(log))
    yield _table(rows)


def _layers(log: ReportedLog) -> Iterator[Markup]:
    if log.lead is None:
        return
    layers = log.lead.layers
    heads = tuple(_cell("th", head, right=right) for _, head, _, right in _COLUMNS)
    yield _tag("p", _shown(log.lead.title))
    yield _table([heads, *map(_row, layers[:LAYERS_SHOWN])])
    left = len(layers) - LAYERS_SHOWN
    if left > 0:
        yield _tag("p", f"and {formats.count(left)} more layers: log.layers has all")


def _row(layer: TableRow) -> tuple[Markup, ...]:
    return tuple(_cell("td", formats.FORMS[form](layer[name]), right=right) for name, _, form, right in _COLUMNS)


def _table(rows: Iterable[Iterable[Markup]]) -> Markup:
    body = Markup("").join(_tag("tr", Markup("").join(cells)) for cells in rows)
    return Markup("<table>{}</table>").format(body)


def _cell(tag: str, text: str, *, right: bool = False) -> Markup:
    align = "right" if right else "left"
    return Markup('<{0} style="text-align:{1}">{2}</{0}>').format(Markup(tag), align, _shown(text))  # noqa: S704 - ours


def _tag(name: str, content: Markup | str) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(name), content)  # noqa: S704 - a name of ours


def _shown(text: str) -> Markup:
    """A stranger's text, shown and escaped."""
    return escape(formats.shown(text))
