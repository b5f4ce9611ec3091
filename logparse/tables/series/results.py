"""What tests found: their lines under the test that they belong to, and how long each test took."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.tables.series import clock, filing
from logparse.tables.series.ceiling import at_ceiling
from logparse.tables.series.condition import MEANINGLESS, conditions

if TYPE_CHECKING:
    from logparse.model import LogFacts
    from logparse.tables.series.arrays import Array, Arrays

_LOSS: Final = re.compile("loss", re.IGNORECASE)


def test_results(facts: LogFacts) -> Arrays | None:
    """All lines that say what a test found, in the order of the log; `row` is the test start that each belongs to.

    `name` and `index` are -1 for a test's loss.
    """
    parts = [part for part in (_test_outputs(facts), _test_losses(facts)) if part is not None]
    if len(parts) <= 1:
        return parts[0] if parts else None
    order = np.argsort(np.concatenate([part["line"] for part in parts]), kind="stable")
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _test_outputs(facts: LogFacts) -> Arrays | None:
    outputs = facts.curves.series.get("test_output")
    if outputs is None:
        return None
    return {**outputs, "row": filing.filed(outputs, facts.curves.series.get("test_start"), facts.attempts)}


def _test_losses(facts: LogFacts) -> Arrays | None:
    losses = facts.curves.series.get("test_loss")
    if losses is None:
        return None
    once = {**losses, "index": np.zeros(len(losses["line"]), dtype=np.int64)}  # a test has one
    row = filing.filed(once, facts.curves.series.get("test_start"), facts.attempts)
    unnamed, unknown = np.full(len(row), -1), np.full(len(row), np.nan)
    columns = {"row": row, "index": unnamed, "name": unnamed, "value": losses["loss"]}
    return {**losses, **columns, "loss_weight": unknown, "weighted_loss": unknown}


def _initial_tests(facts: LogFacts, starts: Arrays) -> Array:
    """Which tests are NVCaffe's before training: of one batch, whatever test_iter says.

    It says so before them and behind them; where one of the two lines is missing, they end with the first display, or
    begin with the attempt.
    """
    marked = np.zeros(len(starts["line"]), dtype=bool)
    shown = facts.curves.series.get("display")
    displays = np.zeros(0, dtype=np.int64) if shown is None else shown["line"]
    for attempt in facts.attempts:
        said = [event for event in attempt.events if event.kind == "initial_test"]
        begins = [event.line for event in said if event.value is None]
        ends = [event.line for event in said if event.value is not None]
        for begin in begins or [attempt.line for _ in ends[:1]]:
            later = displays[np.searchsorted(displays, begin) :][:1].tolist()
            end = min([*(line for line in ends if line > begin), *later, attempt.end_line + 1])
            marked |= (starts["line"] >= begin) & (starts["line"] < end)
    return marked


def meaningless(results: Arrays, attempt: Array, facts: LogFacts) -> Array:
    """Which results are of a net whose scores are no numbers: every comparison with nan is false.

    All since an attempt's loss broke for good, and all of a test whose own loss is nan or at the ceiling of a softmax.
    """
    found = np.zeros(len(results["line"]), dtype=bool)
    for index, one in conditions(facts).items():
        if one.state in MEANINGLESS:
            found |= (attempt == index) & (results["line"] >= one.line)
    broken = of_loss(results, facts) & (~np.isfinite(results["value"]) | at_ceiling(results["value"]))
    broken &= results["row"] >= 0
    return found | np.isin(results["row"], results["row"][broken])


def of_loss(results: Arrays, facts: LogFacts) -> Array:
    """Which values are losses: those with a weight, a test's total, and what is called so."""
    called = np.array([_LOSS.search(name) is not None for name in facts.curves.names] or [False])
    loss: Array = ~np.isnan(results["loss_weight"]) | (results["name"] < 0) | called[np.maximum(results["name"], 0)]
    return loss


def of_start(starts: Arrays | None, row: Array, name: str) -> Array:
    """A figure of each row's start; -1 where there is no start, or it does not print it."""
    if starts is None:
        return np.full(len(row), -1, dtype=np.int64)
    return np.where(row >= 0, starts[name][np.maximum(row, 0)], -1)


def is_initial(facts: LogFacts, starts: Arrays | None, row: Array) -> Array:
    """Whether each row's test is NVCaffe's initial one."""
    if starts is None:
        return np.zeros(len(row), dtype=np.bool_)
    inside: Array = (row >= 0) & _initial_tests(facts, starts)[np.maximum(row, 0)]
    return inside


def seconds_of_test(results: Arrays, starts: Arrays | None) -> Array:
    """How long each row's test took: from its start to the last line that says what it found."""
    if starts is None:
        return np.full(len(results["row"]), np.nan)
    durations = test_durations(results, starts)
    return np.where(results["row"] >= 0, durations[np.maximum(results["row"], 0)], np.nan)


def test_durations(results: Arrays, starts: Arrays) -> Array:
    """Seconds of each test of `starts`; NaN where it has no result or no time stamps."""
    begun, ended = clock.times(starts), clock.times(results)
    last, filed = np.full(len(begun), np.nan), results["row"] >= 0
    last[results["row"][filed]] = ended[filed]  # of several, numpy keeps the last
    return clock.plausible(last - begun)
