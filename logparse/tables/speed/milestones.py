"""`milestones`: how long it took to reach a loss, by its running median and a ladder of round values."""

from __future__ import annotations

from math import floor, inf, log10
from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, decimal, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.tables.table import Built, BuiltRow, LogLike

_STEPS: Final = (5, 2, 1)

COLUMNS: Final = (
    ATTEMPT,
    decimal("loss", "Loss", "The loss reached; 1, 2 or 5 times a power of ten."),
    whole("iteration", "Iteration", "The first display at which the running median of the loss is as low."),
    decimal("elapsed_s", "Elapsed", "Since the attempt's first line.", "s"),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per attempt and round loss that it reached below the one it began with."""
    import numpy as np

    from logparse.tables.series import clock, filing
    from logparse.tables.series.arrays import known_whole
    from logparse.tables.series.trend import reached, trend

    shown = log.facts.curves.series.get("display")
    if shown is None:
        return []
    attempt = filing.attempt_of(shown["line"], log.facts.attempts)
    elapsed = clock.elapsed_and_time(shown, attempt, log.facts)["elapsed_s"]
    rows: list[BuiltRow] = []
    for index, mine in filing.slices(attempt):
        trended = trend(shown["loss"][mine])
        known = trended[np.isfinite(trended)]
        for loss in ladder(float(known[0]), float(known.min())) if len(known) else ():
            place = reached(trended, loss)
            if place is not None:
                at = mine.start + place
                seconds = float(elapsed[at]) if np.isfinite(elapsed[at]) else None
                iteration = known_whole(shown["iteration"][at])
                row = {"attempt": index, "loss": loss, "iteration": iteration, "elapsed_s": seconds}
                rows.append({**row, "line": int(shown["line"][at])})
    return rows


def ladder(high: float, low: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten below `high`, down to `low`."""
    if not 0 < low < high < inf:
        return
    for power in range(floor(log10(high)), floor(log10(low)) - 1, -1):
        for step in _STEPS:
            value = float(f"{step}e{power}")
            if low <= value < high:
                yield value
