"""The head of a log: which net, which solver, which batch sizes, how the attempts ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.elements import Fact
from logparse.report.tabulate import Field, tabulate
from logparse.solver import solver_type
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

ATTEMPTS_SHOWN: Final = 60
OUTCOMES: Final = {
    "done": "reached its end",
    "stopped": "was stopped early",
    "signal": "was ended by a signal",
    "fatal": "ended with a fatal error",
    "out_of_memory": "ran out of memory",
    "killed": "was killed",
    "cut": "has no end in this log",
    "unfinished": "has no end in this log",
    "running": "was still running",
}
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
# What a loss makes of a run, before how its process ended.
LOST: Final = {"diverged": "diverged", "not_learning": "learnt nothing"}


@dataclass(frozen=True, slots=True)
class HeadView:
    """Name and summary of one log, its facts, all solver settings, and the attempts where there are several."""

    title: str
    lede: str
    facts: tuple[Fact, ...]
    settings: TableView | None
    attempts: TableView | None


def build(log: ReportedLog) -> HeadView:
    """The head of one log; it exists for every log, whatever could be read."""
    return HeadView(_title(log), _lede(log), tuple(_facts(log)), _settings(log), _attempts(log))


def _title(log: ReportedLog) -> str:
    lead = log.lead
    name = None if lead is None else lead.row.get("net")
    if not formats.is_na(name) and name:
        return str(name)
    return log.file_name


def _lede(log: ReportedLog) -> str:
    """What this is and how it ended, of one attempt; and how the last ended, where that is another."""
    lead, attempts = log.lead, log.attempt_rows
    what = "A log without a net's set-up" if lead is None else f"A {lead.kind} of {len(lead.layers)} layers"
    row = log.lead_attempt
    if row is None:
        return f"{what}. No start of Caffe is in it."
    subject = "The run" if len(attempts) == 1 else _numbered(row, attempts)
    sentences = [f"{what}{_solver_of(row)}.", _ending(row, subject)]
    if attempts[-1]["attempt"] != row["attempt"]:
        sentences.append(_ending(attempts[-1], "The last one"))
    return " ".join(sentences)


def _numbered(row: TableRow, attempts: Sequence[TableRow]) -> str:
    last = attempts[-1]["attempt"] == row["attempt"]
    number = formats.count(len(attempts))
    return f"The last of {number} attempts" if last else f"Attempt {row['attempt']} of {number}, which this is of,"


def _solver_of(row: TableRow) -> str:
    """The solver of an attempt; one that displays nothing has trained nothing."""
    if row["solver_type"] is None:
        return ""
    return f", {'trained with' if row['last_iteration'] is not None else 'with the solver'} {row['solver_type']}"


def _ending(row: TableRow, subject: str) -> str:
    """How an attempt ended, its loss first: Caffe says "Optimization Done." whatever became of it."""
    words = OUTCOMES.get(row["ending"], "ended in a way that the log does not tell")
    said = row["ending_text"].rstrip(".") if row["ending"] in _TELLING and row["ending_text"] else ""
    detail = f": {said}" if said else ""
    if row["loss_state"] is None:
        return f"{subject} {words}{detail}."
    lost = LOST.get(row["outcome"], "came to nothing")
    return f"{subject} {lost}: its loss {row['loss_text']}. It {words}{detail}."


_TELLING: Final = frozenset({"fatal", "out_of_memory", "signal", "stopped", "killed"})


def _facts(log: ReportedLog) -> Iterator[Fact]:
    attempt = log.lead_facts
    message = None if attempt is None else attempt.solver
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
        "outcome": LOST.get(one["outcome"]) or OUTCOMES.get(one["outcome"], "not known"),
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
