"""`test`: one row per `Test net output` (or score) and per `Test loss`, under its test's iteration and net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import (
    ATTEMPT,
    ELAPSED,
    ELEMENT,
    FILED,
    LINE,
    SUPERSEDED,
    TIME,
    WEIGHTED,
    decimal,
    printed,
    text,
    truth,
    whole,
)

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

TEST_LOSS: Final = "(test loss)"  # where a blob should be called so, its index tells the two apart

COLUMNS: Final = (
    ATTEMPT,
    FILED,
    whole("test_net", "Test net #", "K of 'Testing net (#K)'; 0 where the form has no number, NA where no start is."),
    whole("index", "Output #", "The number behind '#'; NA for the test's total loss."),
    text("output", "Output", "The blob's name; 'score' where the form prints none; '(test loss)' for the total loss."),
    ELEMENT,
    printed("value", "Value", "Mean over the test's batches."),
    truth(
        "initial",
        "Initial",
        "Whether it is NVCaffe's test at the start: one iteration, whatever test_iter says, and no measure of the net.",
    ),
    *WEIGHTED,
    decimal("seconds", "Seconds", "Of the whole test, from its first line to its last.", "s"),
    ELAPSED,
    TIME,
    SUPERSEDED,
    truth("meaningless", "Meaningless", "Whether the net's loss was no number, or at its ceiling, by then."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per line that says what a test found."""
    import numpy as np

    from logparse.tables.series import clock, filing, outputs, results
    from logparse.tables.series.arrays import nullable, small_numbers

    facts = log.facts
    found = results.test_results(facts)
    if found is None:
        return []
    starts, row = facts.curves.series.get("test_start"), found["row"]
    attempt = filing.attempt_of(found["line"], facts.attempts)
    iteration, net = results.of_start(starts, row, "iteration"), results.of_start(starts, row, "net")
    net = np.where((row >= 0) & (net < 0), 0, net)
    numbered = small_numbers(net + 1)  # an unknown net's are -1
    group = (attempt - 1) * (int(numbered.max(initial=0)) + 1) + numbered
    is_loss = found["name"] < 0
    index = np.where(is_loss, found["index"].max(initial=0), found["index"])  # the total loss is no output's first
    said = outputs.output_columns(facts.curves, {**found, "name": np.maximum(found["name"], 0), "index": index}, group)
    said["output"][is_loss] = TEST_LOSS
    return {
        **said,
        "attempt": attempt,
        "iteration": nullable(iteration, iteration >= 0),
        "test_net": nullable(net, net >= 0),
        "index": nullable(found["index"], found["index"] >= 0),
        "element": nullable(said["element"], ~is_loss & (found["index"] >= 0)),
        "initial": results.is_initial(facts, starts, row),
        "seconds": results.seconds_of_test(found, starts),
        **clock.elapsed_and_time(found, attempt, facts),
        "superseded": filing.superseded(attempt, iteration),
        "meaningless": results.meaningless(found, attempt, facts),
    }
