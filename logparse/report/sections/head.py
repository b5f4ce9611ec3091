"""The head of a log, its first screen: the verdict; and, folded, solver, batches, versions and attempts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from logparse import formats
from logparse.audit.finding import SEVERITIES
from logparse.report.elements import Fact
from logparse.report.gathered import anchor_of, gathered
from logparse.report.tabulate import Field, tabulate
from logparse.report.verdict.cards import cards
from logparse.report.verdict.outcome import ENDINGS, LOST, pills
from logparse.report.verdict.sentence import sentence
from logparse.solver import solver_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.elements import KeyFigure, TableView
    from logparse.report.gathered import ToldFinding
    from logparse.report.reported_log import ReportedLog
    from logparse.report.verdict.outcome import Pill
    from logparse.rows import TableRow

ATTEMPTS_SHOWN: Final = 60
WORST_SHOWN: Final = 3
WORST_WORDS: Final = {"error": "Error", "warning": "Warning", "hint": "Could be better"}
# Fields of the solver that tell how it moves, in the order of reading: field, how it reads.
SOLVER: Final = (
    ("base_lr", "lr {}"),
    ("lr_policy", "policy {}"),
    ("gamma", "gamma {}"),
    ("power", "power {}"),
    ("stepsize", "every {}"),
    ("momentum", "momentum {}"),
    ("momentum2", "momentum2 {}"),
    ("rms_decay", "decay {}"),
    ("weight_decay", "weight decay {}"),
    ("iter_size", "{} passes per update"),
    ("clip_gradients", "gradients clipped at {}"),
)
# A value of a field that turns it off, or is what everybody has: 1 pass an update, no clipping (caffe.proto).
_SAYS_NOTHING: Final = {"iter_size": 1, "clip_gradients": -1}


@dataclass(frozen=True, slots=True)
class Worst:
    """One of the worst findings on one line: severity as class and word, its title, where it is told in full."""

    severity: str
    word: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class HeadView:
    """The first screen of one log: name, outcome, one sentence, six figures, the worst findings; the rest folded.

    `calm` stands in the place of the worst findings where there are none. `facts`, `settings` and `attempts` are for
    whoever asks.
    """

    title: str
    pills: tuple[Pill, ...]
    lede: str
    cards: tuple[KeyFigure, ...]
    worst: tuple[Worst, ...]
    calm: str
    facts: tuple[Fact, ...]
    settings: TableView | None
    attempts: TableView | None


def build(log: ReportedLog) -> HeadView:
    """The head of one log; it exists for every log, whatever could be read."""
    told = gathered(log)
    worst = tuple(_worst(log, told))
    calm = "" if worst else f"Nothing asks for a change{_notes(len(told))}."
    return HeadView(
        _title(log),
        pills(log),
        sentence(log),
        tuple(_linked(log, card) for card in cards(log)),
        worst,
        calm,
        tuple(_facts(log)),
        _settings(log),
        _attempts(log),
    )


def _linked(log: ReportedLog, card: KeyFigure) -> KeyFigure:
    """A card with the whole link to its section, and drawn."""
    href = f"#{log.prefix}{card.href}" if card.href else ""
    return replace(card, href=href, svg=Markup(card.svg) if card.svg else "")  # noqa: S704 - SVG of our own


def _notes(number: int) -> str:
    return f"; {formats.count(number)} {formats.plural('note', number)} below" if number else ""


def _worst(log: ReportedLog, told: Sequence[ToldFinding]) -> Iterator[Worst]:
    """The first that are no mere notes; that the log has no end stands last, since pill and sentence say so."""
    asking = [(number, one) for number, one in enumerate(told, 1) if one.severity in WORST_WORDS]
    asking.sort(key=lambda pair: (SEVERITIES.index(pair[1].severity), pair[1].lead.kind == "unfinished"))
    for number, one in asking[:WORST_SHOWN]:
        yield Worst(one.severity, WORST_WORDS[one.severity], one.title, f"#{anchor_of(log, number)}")


def _title(log: ReportedLog) -> str:
    lead = log.lead
    name = None if lead is None else lead.row.get("net")
    if not formats.is_na(name) and name:
        return str(name)
    return log.file_name


def _facts(log: ReportedLog) -> Iterator[Fact]:
    attempt = log.lead_facts
    message = None if attempt is None else attempt.solver
    if log.lead is not None and not formats.is_na(log.lead.row.get("family")):
        yield Fact("Known as", str(log.lead.row["family"]), "by its layers, whatever their names are")
    if message is not None:
        yield Fact("Solver", solver_type(message) or "", " · ".join(_solver_words(message)))
    yield from _batches(log)
    yield from _iterations(log)
    if attempt is not None and attempt.mode:
        yield Fact("Mode", attempt.mode, ", ".join(attempt.devices))
    if attempt is not None and attempt.versions:
        yield Fact("Versions", ", ".join(attempt.versions))
    source = log.facts.source
    yield Fact("Log", log.file_name, f"{formats.count(source.lines)} lines, {formats.size(source.size_bytes)}")


def _solver_words(message: Message) -> Iterator[str]:
    for name, words in SOLVER:
        value = message.last(name)
        if value is not None and value != _SAYS_NOTHING.get(name):
            yield words.format(formats.precise(value) if isinstance(value, int | float) else value)
    steps = message.integers("stepvalue")
    if steps:
        yield f"steps at {', '.join(formats.count(step) for step in steps)}"


def _batches(log: ReportedLog) -> Iterator[Fact]:
    outer = [net for net, _ in log.distinct_nets if formats.is_na(net.layers[0].get("nested"))]
    known = [(net, net.row.get("batch")) for net in outer]
    texts = [f"{net.title} {formats.count(batch)}" for net, batch in known if not formats.is_na(batch)]
    if texts:
        leading = None if log.lead is None else log.lead.row.get("batch")
        first = next(batch for _, batch in known if not formats.is_na(batch))
        yield Fact("Batch", formats.count(first if formats.is_na(leading) else leading), " · ".join(texts))


def _iterations(log: ReportedLog) -> Iterator[Fact]:
    row = log.lead_attempt
    planned = None if row is None else row["max_iter"]
    words = "" if planned is None else f"of {formats.count(planned)} planned"
    if row is not None and row["last_iteration"] is not None:
        yield Fact("Last iteration shown", formats.count(row["last_iteration"]), words)
    elif words:
        yield Fact("Iterations", "none in the log", words)


def _settings(log: ReportedLog) -> TableView | None:
    """Every setting of the leading attempt's solver as printed, one row each."""
    attempt = log.lead_facts
    message = None if attempt is None else attempt.solver
    if message is None:
        return None
    rows = [{"name": name, "value": text} for name, text in _flat(message)]
    fields = (Field("name", "Setting"), Field("value", "Value"))
    return tabulate("All solver settings as the log prints them", fields, rows) if rows else None


def _flat(message: Message, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, values in message.fields.items():
        for value in values:
            if isinstance(value, Message):
                yield from _flat(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else str(value)


def _attempts(log: ReportedLog) -> TableView | None:
    attempts = log.attempt_rows
    if len(attempts) < 2:  # a table is for comparing
        return None
    shown = [*attempts[: ATTEMPTS_SHOWN - 1], attempts[-1]] if len(attempts) > ATTEMPTS_SHOWN else attempts
    left_out = len(attempts) - len(shown)
    note = f"{formats.count(left_out)} attempts between are left out; the table “attempts” has all." if left_out else ""
    return tabulate(
        f"{formats.count(len(attempts))} attempts", _ATTEMPT_FIELDS, [_attempt(one) for one in shown], note=note
    )


def _attempt(one: TableRow) -> dict[str, Any]:
    return {
        "attempt": one["attempt"],
        "command": one["command"],
        "outcome": LOST.get(one["outcome"]) or ENDINGS.get(one["outcome"], "not known"),
        "text": one["outcome_text"],
        "duration": one["duration_s"],
        "lines": f"{formats.count(one['line'])}–{formats.count(one['end_line'])}",
    }


_ATTEMPT_FIELDS: Final = (
    Field("attempt", "Attempt", "count"),
    Field("command", "Command"),
    Field("outcome", "Outcome"),
    Field("text", "With what", css="wide"),
    Field("duration", "Duration", "duration"),
    Field("lines", "Lines"),
)
