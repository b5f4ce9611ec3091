"""What the solver prints on request or in passing: debug_info, gradient clipping, the batches of `caffe test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from logparse.tables import filing
from logparse.tables.curves import build, named, nullable
from logparse.tables.frames import frame

if TYPE_CHECKING:
    from logparse.model import LogFacts
    from logparse.tables.filing import Column

STAGES: Final = ("forward", "backward")


def debug(facts: LogFacts) -> pd.DataFrame:
    """One row per debug_info figure.

    Caffe prints those of a training pass before the display line of the same iteration, and those of a test between
    the test's first line and its results.
    """
    figures = facts.curves.series.get("debug")
    if figures is None:
        return frame("debug", [])
    lines = figures["line"]
    attempt = filing.attempt_of(lines, facts.attempts)
    test = _test_of(lines, facts)
    in_test = (test >= 0) | _before_results(lines, facts)
    iteration = np.where(in_test, -1, _next_iteration(lines, attempt, facts))
    starts = facts.curves.series.get("test_start")
    net = np.full(len(lines), -1)
    if starts is not None:
        iteration = np.where(test >= 0, starts["iteration"][test], iteration)
        net = np.where(test >= 0, np.maximum(starts["net"][test], 0), -1)
    columns = {
        "attempt": attempt,
        "iteration": nullable(iteration, iteration >= 0),
        "phase": _words(("TRAIN", "TEST"), in_test),
        "test_net": nullable(net, net >= 0),
        "stage": _words(STAGES, figures["stage"]),
        **{name: named(facts.curves, figures[name]) for name in ("layer", "part", "blob")},
        "value": figures["value"],
        "line": lines,
    }
    return build("debug", columns)


def _words(words: tuple[str, ...], numbers: Column) -> Any:  # noqa: ANN401 - a pandas array
    return pd.array(list(words), dtype="string").take(np.asarray(numbers, dtype=np.intp))


def _test_of(lines: Column, facts: LogFacts) -> Column:
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


def _lines(facts: LogFacts, *names: str) -> Column:
    """The line numbers of some series together, ascending."""
    found = [facts.curves.series[name]["line"] for name in names if name in facts.curves.series]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found]))


def _next(lines: Column, among: Column) -> Column:
    """The first of `among` behind each line; past every line where there is none."""
    past = np.iinfo(np.int64).max
    following: Column = np.append(among, past)[np.searchsorted(among, lines, side="right")]
    return following


def _before_results(lines: Column, facts: LogFacts) -> Column:
    """Whether a test's results are the next that the solver says: its first line may be missing."""
    results = _next(lines, _lines(facts, "test_output", "test_loss"))
    others = _next(lines, _lines(facts, "display", "train_output", "lr", "test_start"))
    earlier: Column = results < others
    return earlier


def _next_iteration(lines: Column, attempt: Column, facts: LogFacts) -> Column:
    """The iteration of the display behind each line, in the same attempt and before any test; else -1."""
    shown = facts.curves.series.get("display")
    if shown is None:
        return np.full(len(lines), -1)
    place = np.searchsorted(shown["line"], lines, side="right")
    known = (place < len(shown["line"])) & (_next(lines, shown["line"]) < _next(lines, _lines(facts, "test_start")))
    place = np.minimum(place, len(shown["line"]) - 1)
    known &= filing.attempt_of(shown["line"], facts.attempts)[place] == attempt
    return np.where(known, shown["iteration"][place], -1)


def clipping(facts: LogFacts) -> pd.DataFrame:
    """One row per clipped update; its iteration is not printed, only the display before it is known."""
    clipped = facts.curves.series.get("clipping")
    if clipped is None:
        return frame("clipping", [])
    attempt = filing.attempt_of(clipped["line"], facts.attempts)
    after = iteration_before(clipped["line"], attempt, facts)
    figures = {name: clipped[name] for name in ("norm", "threshold", "factor", "line")}
    return build("clipping", {"attempt": attempt, "after_iteration": nullable(after, after >= 0), **figures})


def iteration_before(lines: Column, attempt: Column, facts: LogFacts) -> Column:
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


def test_batches(facts: LogFacts) -> pd.DataFrame:
    """One row per value of a batch of `caffe test`."""
    values = facts.curves.series.get("test_batch")
    if values is None:
        return frame("test_batches", [])
    columns = {
        "attempt": filing.attempt_of(values["line"], facts.attempts),
        "batch": values["batch"],
        "output": named(facts.curves, values["name"]),
        "value": values["value"],
        "line": values["line"],
    }
    # caffe test prints no index: the values of one blob follow one another
    element = pd.DataFrame({**columns, "name": values["name"]}).groupby(["attempt", "batch", "name"]).cumcount()
    return build("test_batches", {**columns, "element": element.to_numpy()})
