"""An attempt's curves as finders read them: losses, learning rates, tests and snapshots, by iteration and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.audit.finding import frame_of
from logparse.tables.run.events import iteration_of
from logparse.tables.series.trend import steady_rows, trend

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd

    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt
    from logparse.tables.table import LogLike

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Indices = npt.NDArray[np.intp]
    Bools = npt.NDArray[np.bool_]

_OUTPUT: Final = re.compile(r"#\d+ ")  # in the name of a column: an output's number


# What a name says about its best: losses and errors are small, what counts hits is large.
_SMALL: Final = re.compile(r"loss|err|perplexity|distance", re.IGNORECASE)
_LARGE: Final = re.compile(r"acc|prec|recall|top|map|\bap\b|eval|score|iou|f1|auc|correct", re.IGNORECASE)


def lowest_is_best(name: str, *, weighted: bool) -> bool | None:
    """Whether small is good for an output, by its name and by whether it enters the loss; None where nothing tells.

    Of a name with slashes the last part counts first: `loss3/top-1` is a score of the head `loss3`.
    """
    if weighted:
        return True
    for said in (name.rpartition("/")[2], name):
        if _SMALL.search(said):
            return True
        if _LARGE.search(said):
            return False
    return None


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
        """The displays whose trend is a number, under the ceiling, and taken over a whole window."""
        return steady_rows(self.loss, self.trend)

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


def of_losses(rows: pd.DataFrame) -> Bools:
    """Which rows of outputs are of losses: those with a weight, and what is called so. Any other is a score."""
    called = rows["output"].str.contains("loss", case=False, regex=False).fillna(value=False)
    return np.asarray(rows["loss_weight"].notna() | called, dtype=bool)


def snapshots_of(attempt: Attempt) -> tuple[Snapshot, ...]:
    """What an attempt saved, in order; a file whose name tells no iteration is left out."""
    found = []
    for event in attempt.events:
        iteration = iteration_of(event.path) if event.kind == "snapshot" else None
        if iteration is not None:
            found.append(Snapshot(iteration, event.path or "", event.line))
    return tuple(found)


def at(iteration: float) -> str:
    """`iteration 1,200`; below 0, or NA in a table's cell, it is not known."""
    if formats.is_na(iteration) or iteration < 0:
        return "an iteration that is not known"
    return f"iteration {formats.count(int(iteration))}"
