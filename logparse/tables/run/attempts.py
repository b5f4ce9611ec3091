"""`attempts`: each start of the solver with its settings, its span and its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from logparse.solver import solver_type
from logparse.tables.column import ATTEMPT, LINE, decimal, listed, text, whole

if TYPE_CHECKING:
    from logparse.model import Attempt, LogFacts
    from logparse.tables.table import Built, BuiltRow, LogLike
    from logparse.textproto import Message

COLUMNS: Final = (
    ATTEMPT,
    text("command", "Command", "train, test, time, device_query; NA where nothing tells it."),
    text("mode", "Mode", "CPU or GPU."),
    listed("devices", "Devices", "Names of the GPUs, as printed."),
    text("solver_type", "Solver", "SGD, Adam …"),
    decimal("base_lr", "Base lr", "The solver's base_lr."),
    text("lr_policy", "lr policy", "The solver's lr_policy."),
    decimal("momentum", "Momentum", "The solver's momentum."),
    decimal("weight_decay", "Weight decay", "The solver's weight_decay."),
    whole("iter_size", "iter_size", "Batches whose gradients are summed in one iteration."),
    whole("max_iter", "max_iter", "The solver's max_iter."),
    whole("first_iteration", "First iteration", "The first one displayed."),
    whole("last_iteration", "Last iteration", "The last one displayed."),
    text("outcome", "Outcome", "done, stopped, signal, killed, fatal, out_of_memory or unfinished."),
    text("outcome_text", "How it ended", "What the log says about the end."),
    decimal("start_s", "Start", "Seconds since the start of the year.", "s"),
    decimal("end_s", "End", "Seconds since the start of the year.", "s"),
    text("start", "Begun", "The first time stamp, ISO 8601, in the log's own zone; NA where the year is unknown."),
    text("end", "Ended", "The last time stamp, as above."),
    decimal("duration_s", "Duration", "Last time stamp minus first, unharmed by a clock that was set back.", "s"),
    LINE,
    whole("end_line", "To line", "The last line of the attempt."),
)


def build(log: LogLike) -> Built:
    """One row per attempt."""
    spans = _iterations(log.facts)
    return [_row(attempt, spans.get(attempt.index, (None, None))) for attempt in log.facts.attempts]


def _row(attempt: Attempt, span: tuple[int | None, int | None]) -> BuiltRow:
    return {
        "attempt": attempt.index,
        "command": attempt.command,
        "mode": attempt.mode or _mode(attempt.solver),
        "devices": list(attempt.devices),
        "solver_type": solver_type(attempt.solver),
        **_settings(attempt.solver),
        "first_iteration": span[0],
        "last_iteration": span[1],
        "outcome": attempt.outcome,
        "outcome_text": attempt.outcome_text,
        "start_s": attempt.start_s,
        "end_s": attempt.end_s,
        "start": iso_time(attempt.year, attempt.start_s),
        "end": iso_time(attempt.year, attempt.end_s),
        "duration_s": attempt.duration_s,
        "line": attempt.line,
        "end_line": attempt.end_line,
    }


def iso_time(year: int | None, seconds: float | None) -> str | None:
    """ISO 8601 without a zone of seconds since the start of a year; None where either is unknown."""
    if year is None or seconds is None:
        return None
    try:
        begun = datetime(year, 1, 1)  # noqa: DTZ001 - glog prints local time and no zone
        return (begun + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    except OverflowError:
        return None


def _mode(solver: Message | None) -> str | None:
    return solver.text("solver_mode") or None if solver is not None else None


def _settings(solver: Message | None) -> BuiltRow:
    """The solver's settings as dumped; defaults that Caffe does not print are not filled in, except iter_size."""
    if solver is None:
        return {}
    numbers = ("base_lr", "momentum", "weight_decay")
    return {
        **{name: solver.number(name, 0.0) if solver.has(name) else None for name in numbers},
        "lr_policy": solver.text("lr_policy") or None,
        "iter_size": solver.integer("iter_size", 1),
        "max_iter": solver.integer("max_iter", 0) if solver.has("max_iter") else None,
    }


def _iterations(facts: LogFacts) -> dict[int, tuple[int | None, int | None]]:
    """First and last displayed iteration of each attempt that displays any."""
    from logparse.tables.series.arrays import known_whole
    from logparse.tables.series.filing import attempt_of

    shown = facts.curves.series.get("display")
    if shown is None:
        return {}
    attempts = attempt_of(shown["line"], facts.attempts)
    found = {}
    for attempt in facts.attempts:
        mine = shown["iteration"][attempts == attempt.index]
        if len(mine):
            found[attempt.index] = (known_whole(mine[0]), known_whole(mine[-1]))
    return found
