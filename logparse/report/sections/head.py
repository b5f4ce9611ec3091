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

    from logparse.model import Attempt
    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog

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
    """One sentence: what this is, and how it ended."""
    lead, attempts = log.lead, log.attempts
    what = "A log without a net's set-up" if lead is None else f"A {lead.kind} of {len(lead.layers)} layers"
    solver = _solver_type(attempts)
    trained = f", trained with {solver}" if solver else ""
    return f"{what}{trained}. {_ending(attempts)}"


def _solver_type(attempts: Sequence[Attempt]) -> str:
    message = next((attempt.solver for attempt in attempts if attempt.solver is not None), None)
    return solver_type(message) or ""


def _ending(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return "No start of Caffe is in it."
    last = attempts[-1]
    words = OUTCOMES.get(last.outcome, "ended in a way that the log does not tell")
    subject = "The run" if len(attempts) == 1 else f"The last of {formats.count(len(attempts))} attempts"
    detail = (
        f": {last.outcome_text.rstrip('.')}"
        if last.outcome in {"fatal", "out_of_memory", "signal", "stopped"} and last.outcome_text
        else ""
    )
    return f"{subject} {words}{detail}."


def _facts(log: ReportedLog) -> Iterator[Fact]:
    attempts = log.attempts
    first = attempts[0] if attempts else None
    message = next((attempt.solver for attempt in attempts if attempt.solver is not None), None)
    if message is not None:
        yield Fact("Solver", solver_type(message) or "", " · ".join(_solver_words(message)))
    yield from _batches(log)
    yield from _iterations(log, message)
    if first is not None and first.mode:
        yield Fact("Mode", first.mode, ", ".join(first.devices))
    if first is not None and first.versions:
        yield Fact("Versions", ", ".join(first.versions))
    source = log.facts.source
    yield Fact("Log", log.file_name, f"{formats.count(source.lines)} lines, {formats.size(source.size_bytes)}")


def _solver_words(message: Message) -> Iterator[str]:
    for name, words in SOLVER:
        value = message.last(name)
        if value is not None:
            yield words.format(formats.precise(value) if isinstance(value, int | float) else value)
    steps = message.integers("stepvalue")
    if steps:
        yield f"steps at {', '.join(formats.count(step) for step in steps)}"


def _batches(log: ReportedLog) -> Iterator[Fact]:
    outer = [net for net, _ in log.distinct_nets if formats.is_na(net.layers[0].get("nested"))]
    known = [(net, net.row.get("batch")) for net in outer]
    texts = [f"{net.title} {formats.count(batch)}" for net, batch in known if not formats.is_na(batch)]
    if texts:
        first = next(batch for _, batch in known if not formats.is_na(batch))
        yield Fact("Batch", formats.count(first), " · ".join(texts))


def _iterations(log: ReportedLog, message: Message | None) -> Iterator[Fact]:
    train = log.frame("train")
    planned = None if message is None else message.last("max_iter")
    words = f"of {formats.count(planned)} planned" if isinstance(planned, int) else ""
    if len(train) and train["iteration"].notna().any():
        yield Fact("Last iteration shown", formats.count(int(train["iteration"].max())), words)
    elif words:
        yield Fact("Iterations", "none in the log", words)


def _settings(log: ReportedLog) -> TableView | None:
    """Every setting of the (first) solver as printed, one row each."""
    message = next((attempt.solver for attempt in log.attempts if attempt.solver is not None), None)
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
    attempts = log.attempts
    if len(attempts) < 2:  # a table is for comparing
        return None
    shown = [*attempts[: ATTEMPTS_SHOWN - 1], attempts[-1]] if len(attempts) > ATTEMPTS_SHOWN else attempts
    left_out = len(attempts) - len(shown)
    note = f"{formats.count(left_out)} attempts between are left out; the table “attempts” has all." if left_out else ""
    return tabulate(
        f"{formats.count(len(attempts))} attempts", _ATTEMPT_FIELDS, [_attempt(one) for one in shown], note=note
    )


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "attempt": one.index,
        "command": one.command,
        "outcome": OUTCOMES.get(one.outcome, "not known"),
        "text": one.outcome_text,
        "duration": one.duration_s,
        "lines": f"{formats.count(one.line)}–{formats.count(one.end_line)}",
    }


_ATTEMPT_FIELDS: Final = (
    Field("attempt", "Attempt", "count"),
    Field("command", "Command"),
    Field("outcome", "Outcome"),
    Field("text", "With what", css="wide"),
    Field("duration", "Duration", "duration"),
    Field("lines", "Lines"),
)
