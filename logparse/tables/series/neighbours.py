"""What the solver said before and behind a line: the iteration before it, the test that it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logparse.tables.series import filing

if TYPE_CHECKING:
    from logparse.model import LogFacts
    from logparse.tables.series.arrays import Array


def iteration_before(lines: Array, attempt: Array, facts: LogFacts) -> Array:
    """The last iteration that each line's attempt displayed or tested before it; -1 where there is none."""
    found = [facts.curves.series[name] for name in ("display", "test_start") if name in facts.curves.series]
    if not found:
        return np.full(len(lines), -1)
    at = np.concatenate([series["line"] for series in found])
    order = np.argsort(at, kind="stable")
    at, iteration = at[order], np.concatenate([series["iteration"] for series in found])[order]
    place = filing.last_before(lines, at)
    same = filing.attempt_of(at, facts.attempts)[np.maximum(place, 0)] == attempt
    return np.where((place >= 0) & same, iteration[np.maximum(place, 0)], -1)


def test_of(lines: Array, facts: LogFacts) -> Array:
    """The row of the test start whose test each line stands in; -1 for a line of training."""
    starts = facts.curves.series.get("test_start")
    if starts is None:
        return np.full(len(lines), -1)
    row = filing.last_before(lines, starts["line"])
    begins = starts["line"][np.maximum(row, 0)]
    inside = (row >= 0) & (filing.attempt_of(begins, facts.attempts) == filing.attempt_of(lines, facts.attempts))
    for name in ("test_output", "test_loss", "display", "lr"):  # any of them, and the test is over
        series = facts.curves.series.get(name)
        if series is not None:
            inside &= filing.last_before(lines, series["line"]) == filing.last_before(begins, series["line"])
    return np.where(inside, row, -1)


def before_results(lines: Array, facts: LogFacts) -> Array:
    """Whether a test's results are the next that the solver says: its first line may be missing."""
    results = _next(lines, _lines(facts, "test_output", "test_loss"))
    others = _next(lines, _lines(facts, "display", "train_output", "lr", "test_start"))
    earlier: Array = results < others
    return earlier


def next_iteration(lines: Array, attempt: Array, facts: LogFacts) -> Array:
    """The iteration of the display behind each line, in the same attempt and before any test; else -1."""
    shown = facts.curves.series.get("display")
    if shown is None:
        return np.full(len(lines), -1)
    place = np.searchsorted(shown["line"], lines, side="right")
    known = (place < len(shown["line"])) & (_next(lines, shown["line"]) < _next(lines, _lines(facts, "test_start")))
    place = np.minimum(place, len(shown["line"]) - 1)
    known &= filing.attempt_of(shown["line"], facts.attempts)[place] == attempt
    return np.where(known, shown["iteration"][place], -1)


def _lines(facts: LogFacts, *names: str) -> Array:
    """The line numbers of some series together, ascending."""
    found = [facts.curves.series[name]["line"] for name in names if name in facts.curves.series]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found]))


def _next(lines: Array, among: Array) -> Array:
    """The first of `among` behind each line; past every line where there is none."""
    past = np.iinfo(np.int64).max
    following: Array = np.append(among, past)[np.searchsorted(among, lines, side="right")]
    return following
