"""What kept the solver from training, tests and snapshots, and how fast it trained between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from logparse.tables.run.events import iteration_of
from logparse.tables.series import clock, filing
from logparse.tables.series.results import test_durations, test_results

if TYPE_CHECKING:
    from logparse.model import LogFacts
    from logparse.tables.series.arrays import Array, Arrays


@dataclass(frozen=True, slots=True)
class Pauses:
    """What kept the solver from training: line, seconds and kind ("test", "snapshot") of each pause, by line."""

    line: Array
    seconds: Array
    is_test: Array

    def before(self, lines: Array) -> Array:
        """All seconds paused before each line."""
        total = np.concatenate([[0.0], np.cumsum(self.seconds)])
        paused: Array = total[np.searchsorted(self.line, lines)]
        return paused


def pauses(facts: LogFacts) -> Pauses:
    """All tests and snapshots of a log that can be timed."""
    found = sorted([*_tests(facts), *_snapshots(facts)])
    return Pauses(
        np.array([line for line, _, _ in found], dtype=np.int64),
        np.array([seconds for _, seconds, _ in found], dtype=np.float64),
        np.array([kind for _, _, kind in found], dtype=bool),
    )


def training_rates(shown: Arrays, paused: Pauses) -> Array:
    """Iterations a second between neighbouring displays, tests and snapshots taken out; by stamps, else as printed.

    nan where the iteration does not grow, or the clock does not.
    """
    iteration = shown["iteration"].astype(np.float64)
    steps = np.diff(np.where(iteration >= 0, iteration, np.nan))  # below 0 it is not known
    seconds = np.diff(shown["elapsed_s"])
    seconds = np.where(np.isfinite(seconds), seconds, shown["seconds"][1:])
    seconds = seconds - np.diff(paused.before(shown["line"]))
    rates: Array = np.where((steps > 0) & (seconds > 0), steps / np.where(seconds > 0, seconds, 1.0), np.nan)
    return rates


def _tests(facts: LogFacts) -> list[tuple[int, float, bool]]:
    starts, results = facts.curves.series.get("test_start"), test_results(facts)
    if starts is None or results is None:
        return []
    seconds = test_durations(results, starts)
    return [
        (line, length, True)
        for line, length in zip(starts["line"].tolist(), seconds.tolist(), strict=True)
        if np.isfinite(length)
    ]


def _snapshots(facts: LogFacts) -> list[tuple[int, float, bool]]:
    """At least so long each took: up to the line about the solver's state, and on to a test that follows at once."""
    tested = _elapsed_of_tests(facts)
    found = []
    for attempt in facts.attempts:
        for one, state in pairwise(event for event in attempt.events if event.time_s is not None):
            pair = one.kind == "snapshot" and state.kind == "solverstate"
            if not pair or iteration_of(one.path) != iteration_of(state.path):
                continue
            ends = [state.time_s or 0.0]
            if state.line + 1 in tested and attempt.start_s is not None:
                ends.append(attempt.start_s + tested[state.line + 1])
            found.append((one.line, max(max(ends) - (one.time_s or 0.0), 0.0), False))
    return found


def _elapsed_of_tests(facts: LogFacts) -> dict[int, float]:
    """Line of each test's start → seconds since the start of its attempt."""
    starts = facts.curves.series.get("test_start")
    if starts is None:
        return {}
    attempt = filing.attempt_of(starts["line"], facts.attempts)
    seconds = clock.elapsed_and_time(starts, attempt, facts)["elapsed_s"]
    known = np.isfinite(seconds)
    return dict(zip(starts["line"][known].tolist(), seconds[known].tolist(), strict=True))
