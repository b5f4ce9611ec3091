"""`train`: one row per displayed iteration, its outputs in columns `#J NAME`, by index and name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, ELAPSED, ITERATION, LINE, SUPERSEDED, TIME, decimal, printed

if TYPE_CHECKING:
    from logparse.tables.series.arrays import Array, Arrays
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    ATTEMPT,
    ITERATION,
    printed("loss", "Loss", "The displayed loss: mean over the last average_loss iterations."),
    decimal(
        "iterations_per_second",
        "iter/s",
        "As printed; the first figure of a process is left out, it is uninitialised memory.",
    ),
    decimal("seconds", "Seconds", "Since the display before, tests and snapshots included.", "s"),
    decimal("epoch", "Epoch", "As some forks print it."),
    ELAPSED,
    TIME,
    SUPERSEDED,
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per display."""
    from logparse.tables.series import clock, filing, outputs
    from logparse.tables.series.arrays import printed_whole

    facts = log.facts
    shown = facts.curves.series.get("display")
    if shown is None:
        return []
    attempt = filing.attempt_of(shown["line"], facts.attempts)
    return {
        "attempt": attempt,
        "iteration": printed_whole(shown["iteration"]),
        "loss": shown["loss"],
        "iterations_per_second": _real_rates(shown, attempt),
        "seconds": shown["seconds"],
        "epoch": shown["epoch"],
        **clock.elapsed_and_time(shown, attempt, facts),
        "superseded": filing.superseded(attempt, shown["iteration"]),
        "line": shown["line"],
        **outputs.wide_outputs(facts, shown),
    }


def _real_rates(shown: Arrays, attempt: Array) -> Array:
    """iter/s without the first figure of each process: Caffe divides by memory that it never set."""
    from logparse.tables.series import filing

    rates: Array = shown["iterations_per_second"].copy()
    rates[[rows.start for _, rows in filing.slices(attempt)]] = math.nan
    return rates
