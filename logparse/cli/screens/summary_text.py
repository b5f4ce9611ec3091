"""What `summary` shows on a terminal: one screen a log, in the voice of the report's first screen."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cli.screens.columns import bar, in_columns
from logparse.report.gathered import gathered
from logparse.report.reported_log import ReportedLog
from logparse.report.verdict.cards import cards
from logparse.report.verdict.outcome import pills
from logparse.report.verdict.sentence import sentence
from logparse.rows import known_rows, layer_name
from logparse.tables.run.fork import build_of
from logparse.tables.run.ledger import line_counts, own_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.api import Log
    from logparse.report.elements import KeyFigure
    from logparse.rows import TableRow

_STEPS: Final = 3
_WORST: Final = 5  # findings that are told
_BAR: Final = 12


def summary_lines(parsed: Log, width: int) -> Iterator[str]:
    """The screen of one log, wrapped to `width` characters: its outcome, what it is, its figures, what to look at."""
    log = ReportedLog(parsed)
    yield f"{log.file_name}: {', '.join(pill.text for pill in pills(log))}"
    yield from _wrapped(sentence(log), width, "")
    yield ""
    told = [*_identity(log), *((card.name, _card(card)) for card in cards(log))]
    yield from _named(told, width)
    yield from _steps(log)
    yield from _findings(log, width)
    yield ""
    yield from _wrapped(_understood(log), width, "")


def _identity(log: ReportedLog) -> Iterator[tuple[str, str]]:
    """Which net, by whatever name, and which Caffe."""
    row = {} if log.lead is None else log.lead.row
    name, family = row.get("net"), row.get("family")
    if log.lead is not None:
        yield "Net", "without a name" if formats.is_na(name) else str(name)
        yield "Family", "no published net is near" if formats.is_na(family) else str(family)
    build = build_of(log.facts)
    if build is None:
        yield "Caffe", "no line tells a fork's"
    else:
        yield "Caffe", f"{' '.join(filter(None, (build.name, build.version)))} (line {build.line})"


def _card(card: KeyFigure) -> str:
    return f"{card.text}; {card.note}" if card.note else card.text


def _named(told: list[tuple[str, str]], width: int) -> Iterator[str]:
    """Names to the left, what is said of them behind, further lines under their first."""
    room = max((len(name) for name, _ in told), default=0) + 2
    for name, text in told:
        lines = textwrap.wrap(formats.shown(text), max(width - room - 2, 20)) or [""]
        yield f"  {name.ljust(room)}{lines[0]}"
        yield from (f"  {' ' * room}{line}" for line in lines[1:])


def _steps(log: ReportedLog) -> Iterator[str]:
    """The layers that add most to Caffe's memory figure; to the data of the shapes where none is printed."""
    layers = () if log.lead is None else log.lead.layers
    key, name = "logged_step_bytes", "Largest steps of Caffe's memory figure"
    if not known_rows(layers, key):
        key, name = "expected_step_bytes", "Largest steps of the printed shapes' sum"
    known = known_rows(layers, key)
    total = sum(int(row[key]) for row in known)
    if total <= 0:
        return
    best = sorted(known, key=lambda row: -int(row[key]))[:_STEPS]
    yield ""
    yield f"{name} of {formats.exact_bytes(total)}"
    yield from in_columns([_step(row, int(row[key]), total) for row in best], left=(0, 1, 4))


def _step(row: TableRow, size: int, total: int) -> tuple[str, ...]:
    kind = row.get("type")
    share = size / total
    name = formats.shown(formats.shortened(layer_name(row), 40))
    return name, "" if formats.is_na(kind) else str(kind), formats.size(size), formats.percent(share), bar(share, _BAR)


def _findings(log: ReportedLog, width: int) -> Iterator[str]:
    """How many there are of each severity, and the worst; mere notes are only counted."""
    told = gathered(log)
    severities = list(dict.fromkeys(one.severity for one in told))
    counts = [(name, sum(one.severity == name for one in told)) for name in severities]
    yield ""
    words = [f"{formats.count(number)} {formats.plural(name, number)}" for name, number in counts]
    yield f"Findings: {formats.enumerated(words) or 'none'}"
    asking = [one for one in told if one.severity != "note"]
    for one in asking[:_WORST]:
        where = "" if one.lead.line is None else f" (line {formats.count(one.lead.line)})"
        yield from _wrapped(f"{one.severity}: {one.title}{where}", width, "  ")
    if len(asking) > _WORST:
        yield f"  and {formats.count(len(asking) - _WORST)} more: export --table findings"


def _understood(log: ReportedLog) -> str:
    """How well the log was read."""
    ledger = log.facts.ledger
    own, counts = own_lines(ledger), line_counts(ledger)
    unknown, foreign = counts.get("unknown", 0), counts.get("foreign", 0)
    share = formats.percent((own - unknown) / own) if own else formats.NA
    said = f"{share} of {formats.count(own)} lines of Caffe's understood"
    return f"{said}; {formats.count(foreign)} {formats.plural('line', foreign)} not Caffe's" if foreign else said


def _wrapped(text: str, width: int, indent: str) -> Iterator[str]:
    """The text in lines of at most `width` characters, further lines set in by two more."""
    shown = formats.shown(" ".join(text.split()))
    yield from textwrap.wrap(shown, width, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else "")
