"""`attempts`: each start of the solver with its settings, its span and its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Final

from logparse.solver import solver_type
from logparse.tables.column import ATTEMPT, LINE, decimal, listed, printed, text, whole

if TYPE_CHECKING:
    from logparse.model import Attempt, LogFacts
    from logparse.tables.series.condition import Condition
    from logparse.tables.table import Built, BuiltRow, LogLike
    from logparse.textproto import Message

ERRORS: Final = frozenset({"fatal", "out_of_memory"})  # endings that are the process's own
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
    text(
        "outcome",
        "Outcome",
        "fatal or out_of_memory; else diverged or not_learning where its loss tells so; else how the process ended.",
    ),
    text("outcome_text", "How it ended", "What its loss tells, and what the log says about the end."),
    text("ending_text", "Its words", "What the log says about the end."),
    text("ending", "Ending", "Of the process: done, stopped, signal, killed, fatal, out_of_memory or unfinished."),
    text(
        "loss_state",
        "Loss",
        "not_a_number, saturated, partly_saturated, rose, exploded, zero or at_chance; NA where it is none of these.",
    ),
    text("loss_text", "Loss, in words", "The same, to be read behind “its loss”."),
    whole("loss_line", "Loss line", "Where it began."),
    whole("loss_from", "Loss from", "The iteration from which on it is so; of a loss that rose, where it was lowest."),
    printed("last_loss", "Last loss", "Of the last display."),
    decimal(
        "smoothed_loss",
        "Smoothed",
        "The median of the last fiftieth of the displays, at least five; NA below 20.",
    ),
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
    from logparse.tables.series.condition import conditions

    found, shown = conditions(log.facts), _displays(log.facts)
    return [
        {**_row(attempt), **_outcome(attempt, found.get(attempt.index)), **shown.get(attempt.index, {})}
        for attempt in log.facts.attempts
    ]


def _outcome(attempt: Attempt, loss: Condition | None) -> BuiltRow:
    """How the process ended, what became of its loss, and the word for both: an error of its own comes first."""
    word, said = attempt.outcome, attempt.outcome_text
    row: BuiltRow = {"outcome": word, "outcome_text": said, "ending": word, "ending_text": said}
    if loss is None:
        return row
    from logparse.tables.series.condition import VERDICTS

    row |= {
        "loss_state": loss.state,
        "loss_text": loss.text,
        "loss_line": loss.line,
        "loss_from": loss.iteration,
    }
    row["outcome_text"] = f"Its loss {loss.text}; {said}"
    if word not in ERRORS:
        row["outcome"] = VERDICTS[loss.state]
    return row


def _row(attempt: Attempt) -> BuiltRow:
    return {
        "attempt": attempt.index,
        "command": attempt.command,
        "mode": attempt.mode or _mode(attempt.solver),
        "devices": list(attempt.devices),
        "solver_type": solver_type(attempt.solver),
        **_settings(attempt.solver),
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


def _displays(facts: LogFacts) -> dict[int, BuiltRow]:
    """First and last displayed iteration and the last losses of each attempt that displays any."""
    from logparse.tables.series.arrays import known_whole
    from logparse.tables.series.filing import attempt_of, slices
    from logparse.tables.series.trend import last_smoothed

    shown = facts.curves.series.get("display")
    if shown is None:
        return {}
    found: dict[int, BuiltRow] = {}
    for attempt, rows in slices(attempt_of(shown["line"], facts.attempts)):
        iteration, loss = shown["iteration"][rows], shown["loss"][rows]
        smoothed = last_smoothed(loss)
        found[attempt] = {
            "first_iteration": known_whole(iteration[0]),
            "last_iteration": known_whole(iteration[-1]),
            "last_loss": float(loss[-1]),
            "smoothed_loss": smoothed if isfinite(smoothed) else None,
        }
    return found
