"""An attempt's curves as finders read them: losses, learning rates, tests and snapshots, by iteration and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import floor, inf, log10
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.audit.finding import frame_of
from logparse.sums import float_sum
from logparse.tables.run.events import iteration_of
from logparse.tables.series.trend import trend, trend_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt
    from logparse.tables.table import LogLike

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Indices = npt.NDArray[np.intp]
    Bools = npt.NDArray[np.bool_]

# −log(FLT_MIN): Caffe clamps a probability from below there. On a GPU the maximum of the scores drops a nan, so that
# a net of nothing but nan prints this, times its loss weight, for ever.
CEILING: Final = 87.3365
# Six digits are printed, and averaging rounds once more.
_DIGITS: Final = 6
_UNITS: Final = 2
# Sums of more weighted losses than this are not tried: the subsets double with each.
_WEIGHTS_TRIED: Final = 6


_OUTPUT: Final = re.compile(r"#\d+ ")  # in the name of a column: an output's number


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved model: the iteration in its file's name, the file, and its line."""

    iteration: int
    path: str
    line: int

    def __str__(self) -> str:
        """As evidence names it."""
        return f"{self.path} (iteration {formats.count(self.iteration)}, line {self.line})"


@dataclass(frozen=True)
class Training:
    """The displays of one attempt, in the order of the log; an iteration that is not known is -1."""

    parsed: LogLike
    attempt: Attempt
    iteration: Ints
    loss: Floats
    line: Ints
    elapsed_s: Floats
    rows: slice  # of the table train

    @cached_property
    def trend(self) -> Floats:
        """The running median of the displayed loss."""
        return trend(self.loss)

    @cached_property
    def steady(self) -> Indices:
        """The displays whose trend is a number, under a softmax loss's ceiling, and taken over a whole window.

        At both ends the trend is that of fewer displays, so that one of them can move it.
        """
        margin = trend_window(len(self.loss)) // 2
        known = np.isfinite(self.trend) & ~at_ceiling(self.trend)
        known[:margin] = False
        known[len(known) - margin :] = False
        return np.flatnonzero(known)

    @cached_property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What the attempt saved, in order."""
        return snapshots_of(self.attempt)

    def output(self, name: str) -> Floats | None:
        """The training output of a name at each display; None where there is none, or it is a vector."""
        frame = frame_of(self.parsed, "train")
        columns = [] if frame is None else [str(column) for column in frame.columns]
        found = [column for column in columns if _OUTPUT.match(column) and _OUTPUT.sub("", column, count=1) == name]
        return numbers(frame, found[0])[self.rows] if frame is not None and len(found) == 1 else None

    def rate_at(self, line: int) -> float | None:
        """The learning rate displayed last before a line; where a form prints it behind the loss, at the same display.

        None where the attempt prints none.
        """
        frame = frame_of(self.parsed, "lr")
        if frame is None:
            return None
        lines = numbers(frame, "line")
        row = int(np.searchsorted(lines, line)) - 1
        inside = row >= 0 and lines[row] >= self.attempt.line
        if not inside:  # the first display of all: its rate stands behind it
            row += 1
            inside = row < len(lines) and lines[row] <= self.attempt.end_line
        return float(numbers(frame, "lr")[row]) if inside else None

    def rate_text(self, line: int) -> str:
        """The same in words."""
        rate = self.rate_at(line)
        return "no learning rate is printed" if rate is None else f"learning rate {formats.precise(rate)}"


def trainings(log: AuditedLog) -> Iterator[Training]:
    """Every attempt that displays a loss."""
    frame = log.frame("train")
    if frame is None:
        return
    owner = numbers(frame, "attempt")
    columns: dict[str, Any] = {name: numbers(frame, name) for name in ("loss", "elapsed_s")}
    columns |= {name: frame[name].to_numpy(dtype=np.int64, na_value=-1) for name in ("iteration", "line")}
    for attempt in log.facts.attempts:
        mine = slice(*np.searchsorted(owner, [attempt.index, attempt.index + 1]).tolist())
        if mine.stop > mine.start:
            part = {name: column[mine] for name, column in columns.items()}
            yield Training(log.parsed, attempt, part["iteration"], part["loss"], part["line"], part["elapsed_s"], mine)


def numbers(frame: pd.DataFrame, column: str) -> Floats:
    """A column as plain numbers, NaN where it is NA."""
    values: Any = frame[column]
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def at_ceiling(values: Floats, weights: Sequence[float] = ()) -> Bools:
    """Which values are 87.3365, or its sum under some of the loss weights."""
    near = np.zeros(len(values), dtype=bool)
    for factor in _factors(weights):
        unit = 10.0 ** (floor(log10(CEILING * factor)) + 1 - _DIGITS)
        near |= np.abs(values - CEILING * factor) <= _UNITS * unit
    return near


def _factors(weights: Sequence[float]) -> list[float]:
    """What a net's ceiling may be a multiple of: each sum of some of its loss weights, and 1."""
    tried = [weight for weight in weights if np.isfinite(weight) and weight > 0][:_WEIGHTS_TRIED]
    sums = (float_sum(some) for number in range(1, len(tried) + 1) for some in combinations(tried, number))
    factors = {1.0, *(round(factor, 9) for factor in sums)}
    return sorted(factor for factor in factors if 0 < CEILING * factor < inf)


def snapshots_of(attempt: Attempt) -> tuple[Snapshot, ...]:
    """What an attempt saved, in order; a file whose name tells no iteration is left out."""
    found = []
    for event in attempt.events:
        iteration = iteration_of(event.path) if event.kind == "snapshot" else None
        if iteration is not None:
            found.append(Snapshot(iteration, event.path or "", event.line))
    return tuple(found)


def at(iteration: float) -> str:
    """`iteration 1,200`; below 0 it is not known."""
    return f"iteration {formats.count(int(iteration))}" if iteration >= 0 else "an iteration that is not known"
