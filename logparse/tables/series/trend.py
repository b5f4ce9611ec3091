"""The trend of a loss: its running median, and where that is first as low as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.tables.series.ceiling import at_ceiling
from logparse.tables.series.robust import median, noise, smooth

if TYPE_CHECKING:
    import numpy.typing as npt

    from logparse.tables.series.arrays import Array

# A display is a noisy sample: the trend is taken over a fiftieth of the run, at least over five displays, which a
# spike or two cannot move.
TREND_PARTS: Final = 50
TREND_LEAST: Final = 5
# Fewer displays than these have no trend: a running median of five among twenty is the least that shows one.
DISPLAYS_LEAST: Final = 20
# Up to twice its lowest trend a loss may wander with a cyclic learning rate or harder data; beyond, it went away.
DIVERGED_RATIO: Final = 2.0
# … and by more than the noise: six standard deviations do not come by chance in a million displays.
DIVERGED_SIGMAS: Final = 6.0
# … and by a tenth of the loss that the run began with: below that it wanders about its floor.
DIVERGED_OF_FIRST: Final = 0.1


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


def steady_rows(loss: Array, trended: Array) -> npt.NDArray[np.intp]:
    """The displays whose trend is a number, under a softmax loss's ceiling, and taken over a whole window.

    At both ends the trend is that of fewer displays, so that one of them can move it.
    """
    margin = trend_window(len(loss)) // 2
    known = np.isfinite(trended) & ~at_ceiling(trended)
    known[:margin] = False
    known[len(known) - margin :] = False
    return np.flatnonzero(known)


def lowest_and_last(loss: Array) -> tuple[int, int] | None:
    """Where a loss that went away was lowest, and its last display with a whole window; None for one that did not.

    It ends at DIVERGED_RATIO times its lowest or more, and the rise is more than its noise and a share of its first.
    """
    trended = trend(loss)
    rows = steady_rows(loss, trended)
    if len(rows) < DISPLAYS_LEAST:
        return None
    values = trended[rows]
    low = int(np.argmin(values))
    rise = float(values[-1]) - float(values[low])
    least = max(DIVERGED_SIGMAS * noise(loss[rows], values), DIVERGED_OF_FIRST * float(values[0]))
    if not (values[low] > 0 and values[-1] >= DIVERGED_RATIO * float(values[low]) and rise > least):
        return None
    return int(rows[low]), int(rows[-1])


def last_smoothed(loss: Array) -> float:
    """The median of the last displays, as many as the trend is taken over.

    nan where there are too few for a trend, or none of the last is a number.
    """
    return median(loss[-trend_window(len(loss)) :]) if len(loss) >= DISPLAYS_LEAST else float("nan")


def drawn_trend(loss: Array) -> Array:
    """The trend as a line that ends at `last_smoothed`: near the end it would follow single displays again."""
    trended = trend(loss)
    margin = min(trend_window(len(loss)) // 2, len(loss) - 1)
    start, end = trended[len(loss) - 1 - margin], last_smoothed(loss)
    if margin and np.isfinite(start) and np.isfinite(end):
        line = np.linspace(start, end, margin + 1)[1:]
        trended[-margin:] = np.where(np.isfinite(trended[-margin:]), line, np.nan)
    return trended
