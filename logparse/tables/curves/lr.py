"""`lr`: one row per line about the learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, ITERATION, LINE, SUPERSEDED, decimal

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

_AS_PRINTED: Final = ("momentum", "weight_decay", "gradient_scale", "line")

COLUMNS: Final = (
    ATTEMPT,
    ITERATION,
    decimal("lr", "Learning rate", "As printed."),
    decimal("momentum", "Momentum", "As some forks print it."),
    decimal("weight_decay", "Weight decay", "As some forks print it."),
    decimal("gradient_scale", "Gradient scale", "As some forks print it."),
    SUPERSEDED,
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per `lr` line."""
    import numpy as np

    from logparse.tables.series import filing
    from logparse.tables.series.arrays import as_printed, printed_whole

    rates = log.facts.curves.series.get("lr")
    if rates is None:
        return []
    attempt = filing.attempt_of(rates["line"], log.facts.attempts)
    return {
        "attempt": attempt,
        "iteration": printed_whole(rates["iteration"]),
        **{name: rates[name] for name in _AS_PRINTED},
        "lr": as_printed(rates["lr"], np.ones(len(attempt), dtype=bool)),
        "superseded": filing.superseded(attempt, rates["iteration"]),
    }
