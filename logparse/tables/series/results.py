"""What tests found: their lines under the test that they belong to, and how long each test took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logparse.tables.series import clock, filing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import Event, LogFacts
    from logparse.tables.series.arrays import Array, Arrays


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


def of_start(starts: Arrays | None, row: Array, name: str) -> Array:
    """A figure of each row's start; -1 where there is no start, or it does not print it."""
    if starts is None:
        return np.full(len(row), -1, dtype=np.int64)
    return np.where(row >= 0, starts[name][np.maximum(row, 0)], -1)


def is_initial(facts: LogFacts, starts: Arrays | None, row: Array) -> Array:
    """Whether each row's test is NVCaffe's initial one: begun behind the word of its start, and before that of its end,
    or, where that is lost, before the first display."""
    begun = [event.line for event in _initial_tests(facts) if "started" in event.text]
    if starts is None or not begun:
        return np.zeros(len(row), dtype=np.bool_)
    shown = facts.curves.series.get("display", {"line": np.empty(0, dtype=np.int64)})["line"]
    ended = np.sort(np.concatenate([[event.line for event in _initial_tests(facts) if event.line not in begun], shown]))
    start = starts["line"][np.maximum(row, 0)]
    behind = np.searchsorted(begun, start)
    last = np.array([0, *begun])[behind]
    between = np.searchsorted(ended, start) - np.searchsorted(ended, last)
    inside: Array = (row >= 0) & (behind > 0) & (between == 0)
    return inside


def _initial_tests(facts: LogFacts) -> Iterator[Event]:
    return (event for attempt in facts.attempts for event in attempt.events if event.kind == "initial_test")


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
