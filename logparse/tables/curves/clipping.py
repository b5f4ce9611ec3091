"""`clipping`: one row per update whose gradients were clipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, decimal, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    ATTEMPT,
    whole("after_iteration", "After iteration", "The last one displayed before; clipping may happen at any."),
    decimal("norm", "L2 norm", "Of all gradients together, before the clipping."),
    decimal("threshold", "Threshold", "The solver's clip_gradients."),
    decimal("factor", "Factor", "What the gradients were multiplied with."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per clipped update; its iteration is not printed, only the display before it is known."""
    from logparse.tables.series import filing
    from logparse.tables.series.arrays import nullable
    from logparse.tables.series.neighbours import iteration_before

    clipped = log.facts.curves.series.get("clipping")
    if clipped is None:
        return []
    attempt = filing.attempt_of(clipped["line"], log.facts.attempts)
    after = iteration_before(clipped["line"], attempt, log.facts)
    return {
        "attempt": attempt,
        "after_iteration": nullable(after, after >= 0),
        **{name: clipped[name] for name in ("norm", "threshold", "factor", "line")},
    }
