"""`debug`: one row per figure that `debug_info: true` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, printed, text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

PHASES: Final = ("TRAIN", "TEST")
STAGES: Final = ("forward", "backward")

COLUMNS: Final = (
    ATTEMPT,
    whole(
        "iteration",
        "Iteration",
        "Of the display that follows in training, of the test's first line in a test; NA where that is missing.",
    ),
    text("phase", "Phase", "TEST between a test's first line and its results, else TRAIN."),
    whole("test_net", "Test net #", "K of 'Testing net (#K)'; NA in training."),
    text("stage", "Stage", "forward or backward."),
    text("layer", "Layer", "The layer's name."),
    text("part", "Part", "top, bottom or param."),
    text("blob", "Blob", "The blob's name, or the parameter's number."),
    printed("value", "Mean |x|", "Mean absolute value of the blob's data (forward) or diff (backward)."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per debug_info figure.

    Caffe prints those of a training pass before the display line of the same iteration, and those of a test between
    the test's first line and its results.
    """
    import numpy as np

    from logparse.tables.series import filing, neighbours
    from logparse.tables.series.arrays import named, nullable, worded

    facts = log.facts
    figures = facts.curves.series.get("debug")
    if figures is None:
        return []
    lines = figures["line"]
    attempt = filing.attempt_of(lines, facts.attempts)
    test = neighbours.test_of(lines, facts)
    in_test = (test >= 0) | neighbours.before_results(lines, facts)
    iteration = np.where(in_test, -1, neighbours.next_iteration(lines, attempt, facts))
    starts = facts.curves.series.get("test_start")
    net = np.full(len(lines), -1)
    if starts is not None:
        iteration = np.where(test >= 0, starts["iteration"][test], iteration)
        net = np.where(test >= 0, np.maximum(starts["net"][test], 0), -1)
    return {
        "attempt": attempt,
        "iteration": nullable(iteration, iteration >= 0),
        "phase": worded(PHASES, in_test),
        "test_net": nullable(net, net >= 0),
        "stage": worded(STAGES, figures["stage"]),
        **{name: named(facts.curves, figures[name]) for name in ("layer", "part", "blob")},
        "value": figures["value"],
        "line": lines,
    }
