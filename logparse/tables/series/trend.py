"""The trend of a loss: its running median, and where that is first as low as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.tables.series.robust import smooth

if TYPE_CHECKING:
    from logparse.tables.series.arrays import Array

# A display is a noisy sample: the trend is taken over a fiftieth of the run, at least over five displays, which a
# spike or two cannot move.
TREND_PARTS: Final = 50
TREND_LEAST: Final = 5


def trend(loss: Array) -> Array:
    """The running median of a run's displayed losses; near its ends over fewer of them, down to the one at the end."""
    return smooth(loss, trend_window(len(loss)))


def trend_window(displays: int) -> int:
    """How many displays one value of the trend is taken over."""
    return max(TREND_LEAST, displays // TREND_PARTS)


def reached(trended: Array, loss: float) -> int | None:
    """The row at which a trend is first as low as `loss`; None where it never is."""
    rows = np.flatnonzero(trended <= loss)
    return int(rows[0]) if len(rows) else None
