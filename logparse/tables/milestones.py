"""How long it took to reach a loss: the running median against a ladder of round values."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse.tables import filing
from logparse.tables.frames import frame
from logparse.tables.robust import smooth

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from logparse.model import LogFacts
    from logparse.tables.filing import Column

    Row = dict[str, Any]

_STEPS: Final = (5, 2, 1)
# A display is a noisy sample: the trend is taken over a fiftieth of the run, at least over five displays, which a
# spike or two cannot move.
TREND_PARTS: Final = 50
TREND_LEAST: Final = 5


def trend(loss: Column) -> Column:
    """The running median of a run's displayed losses; near its ends over fewer of them, down to the one at the end."""
    return smooth(loss, trend_window(len(loss)))


def trend_window(displays: int) -> int:
    """How many displays one value of the trend is taken over."""
    return max(TREND_LEAST, displays // TREND_PARTS)


def reached(trended: Column, loss: float) -> int | None:
    """The row at which a trend is first as low as `loss`; None where it never is."""
    rows = np.flatnonzero(trended <= loss)
    return int(rows[0]) if len(rows) else None


def ladder(high: float, low: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten below `high`, down to `low`."""
    if not 0 < low < high < np.inf:
        return
    for power in range(floor(log10(high)), floor(log10(low)) - 1, -1):
        for step in _STEPS:
            value = float(f"{step}e{power}")
            if low <= value < high:
                yield value


def milestones(facts: LogFacts) -> pd.DataFrame:
    """One row per attempt and round loss that it reached below the one it began with."""
    shown = facts.curves.series.get("display")
    if shown is None:
        return frame("milestones", [])
    attempt = filing.attempt_of(shown["line"], facts.attempts)
    elapsed = filing.elapsed_and_time(shown, attempt, facts)["elapsed_s"]
    rows: list[Row] = []
    for index, mine in filing.slices(attempt):
        trended = trend(shown["loss"][mine])
        known = trended[np.isfinite(trended)]
        for loss in ladder(float(known[0]), float(known.min())) if len(known) else ():
            place = reached(trended, loss)
            if place is not None:
                at = mine.start + place
                seconds = float(elapsed[at]) if np.isfinite(elapsed[at]) else None
                row = {"attempt": index, "loss": loss, "iteration": int(shown["iteration"][at]), "elapsed_s": seconds}
                rows.append({**row, "line": int(shown["line"][at])})
    return frame("milestones", rows)
