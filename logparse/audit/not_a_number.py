"""Where numbers ended: nan and infinity, and the softmax loss's ceiling, which is how a GPU prints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import at, numbers, of_losses, trainings
from logparse.audit.finding import Finding
from logparse.formats import capitalised, first_of
from logparse.rows import grouped, rows_of
from logparse.tables.series.ceiling import at_ceiling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.audit.curves import Bools, Floats, Ints, Training
    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt
    from logparse.rows import TableRow

    IsMarked = Callable[[Floats, Sequence[float]], Bools]


_LOSS: Final = "the displayed loss"


@dataclass(frozen=True, slots=True)
class _Mark:
    """A printed value that tells of the breakdown."""

    line: int
    iteration: int | None
    what: str
    value: float


@dataclass(frozen=True, slots=True)
class _Breakdown:
    """All that is marked in one attempt: the marks of the first iteration, and how many there are in all."""

    attempt: Attempt
    first: tuple[_Mark, ...]
    total: int
    displays: Bools  # of the attempt's displays, those that are marked
    in_training: bool  # whether training is concerned, or tests alone
    lasts: bool  # whether the last that is printed is marked too

    @property
    def names(self) -> list[str]:
        """What went first, by the outputs' names where they are printed."""
        names = list(dict.fromkeys(mark.what for mark in self.first))
        return [name for name in names if name != _LOSS] or names

    @property
    def place(self) -> str:
        """Where it began."""
        mark = self.first[0]
        return f"line {formats.count(mark.line)}" if mark.iteration is None else at(mark.iteration)


def not_a_number(log: AuditedLog) -> Iterator[Finding]:
    """The first nan or infinity of each attempt: what went first, and what was in force then."""
    for one in _breakdowns(log, lambda values, _: ~np.isfinite(values)):
        names = ", ".join(first_of(one.names, 4))
        lost = one.in_training and one.lasts
        yield Finding(
            "error" if lost else "warning",
            "not_a_number" if one.in_training else "test_not_a_number",
            f"Not a number {f'from {one.place} on' if lost else f'at {one.place}'}: {names}",
            _SPOILT if lost else _PASSING if one.in_training else _SPOILT_TEST,
            tuple(_evidence(log, one)),
            one.attempt.index,
            line=one.first[0].line,
        )


_SPOILT: Final = (
    "Caffe never stops by itself when this happens: what is trained after it is lost. An accuracy of such scores means "
    "nothing, since every comparison with nan is false."
)
_PASSING: Final = (
    "The last display is a number again, so that the weights are too: one batch was at fault, such as one without a "
    "label, or a record that is broken."
)
_SPOILT_TEST: Final = (
    "Only tests are concerned, training prints numbers. Before the first iteration a BatchNorm has no statistics to "
    "test with; later, look at what the test net does otherwise than the training net."
)


def saturated(log: AuditedLog) -> Iterator[Finding]:
    """Attempts whose softmax loss sits at its ceiling, in a display, an output or a test."""
    for one in _breakdowns(log, at_ceiling):
        leading = next((mark for mark in one.first if mark.what == _LOSS), one.first[0])
        sits = f"sits at {formats.precise(leading.value)} from {one.place} on"
        touched = f"was at {formats.precise(leading.value)} at {one.place}"
        yield Finding(
            "error" if one.lasts else "warning",
            "saturated",
            f"{capitalised(leading.what)} {sits if one.lasts else touched}",
            "This is −log of the smallest float, 87.3365, times loss weights: the softmax gives the right class a "
            "probability of 0. On a GPU it is all that is seen of scores that are nan. What helps: go on from the last "
            "good snapshot with a lower learning rate, and look at the scale of the input.",
            tuple(_evidence(log, one)),
            one.attempt.index,
            line=one.first[0].line,
        )


def absent_scores(log: AuditedLog) -> Iterator[Finding]:
    """Outputs that are no losses and print nan although the loss of their attempt never does."""
    for name in ("train_outputs", "test"):
        frame = log.frame(name)
        absent = None if frame is None else ~np.isfinite(numbers(frame, "value"))
        if frame is None or absent is None or not absent.any():
            continue
        broken = {one.attempt.index for one in _breakdowns(log, lambda values, _: ~np.isfinite(values))}
        marked = frame[absent]
        marked = marked[~of_losses(marked) & ~marked["attempt"].isin(broken)]
        for (attempt, output), lines in grouped(rows_of(marked), lambda row: (row["attempt"], row["output"])).items():
            yield Finding(
                "note",
                "absent_score",
                f"{output} {'of the test ' if name == 'test' else ''}is not a number in {formats.count(len(lines))} "
                f"{formats.plural('line', len(lines))}",
                "It is no loss, and the loss is a number throughout: a score of a class that a batch does not hold is "
                "a division by zero.",
                (),
                attempt,
                line=lines[0]["line"],
            )


def in_debug_info(log: AuditedLog) -> Iterator[Finding]:
    """The first blob of debug_info that is no number, in an attempt that prints no loss to tell of it."""
    frame = log.frame("debug")
    if frame is None:
        return
    told = {one.attempt.index for one in _breakdowns(log, lambda values, _: ~np.isfinite(values))}
    marked = rows_of(frame[~np.isfinite(numbers(frame, "value")) & ~frame["attempt"].isin(told)])
    for attempt, (row, *others) in grouped(marked, lambda row: row["attempt"]).items():
        yield Finding(
            "error",
            "debug_not_a_number",
            f"First in debug_info that is not a number: {_blob_text(row)}",
            "What is computed from it is no number either. In the forward pass it is this layer whose result broke, or "
            "its parameters; where the backward pass comes first, the gradient that reaches it.",
            tuple(first_of(f"line {one['line']}: {_blob_text(one)}" for one in others)),
            attempt,
            line=row["line"],
        )


def _blob_text(row: TableRow) -> str:
    """`top blob conv2 of conv2, forward, is inf`."""
    value = formats.precise(float(row["value"]))
    return f"{row['part']} blob {row['blob']} of {row['layer']}, {row['stage']}, is {value}"


# What is marked, by attempt -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marked:
    """The marked rows of one table."""

    attempt: Ints
    line: Ints
    iteration: Floats
    value: Floats
    what: list[str]
    is_test: bool


def _breakdowns(log: AuditedLog, is_marked: IsMarked) -> Iterator[_Breakdown]:
    weights = _weights(log)
    tables = [
        marked for name in ("train", "train_outputs", "test") if (marked := _marked(log, name, is_marked, weights))
    ]
    for attempt in log.facts.attempts:
        mine = [(table, np.flatnonzero(table.attempt == attempt.index)) for table in tables]
        total = sum(len(rows) for _, rows in mine)
        in_training = any(len(rows) and not table.is_test for table, rows in mine)
        if total:
            first = sorted(
                (mark for table, rows in mine for mark in _first_marks(table, rows)), key=lambda mark: mark.line
            )
            same = [mark for mark in first if mark.iteration == first[0].iteration]
            last = max(int(table.line[rows[-1]]) for table, rows in mine if len(rows))
            displays = _displays(log, attempt, is_marked, weights)
            lasts = last >= _last_line(log, attempt, in_training=in_training)
            yield _Breakdown(attempt, tuple(same), total, displays, in_training, lasts)


def _last_line(log: AuditedLog, attempt: Attempt, *, in_training: bool) -> int:
    """The line of the last display of an attempt, or of the first result of its last test; 0 where it has none."""
    frame = log.frame("train" if in_training else "test")
    if frame is None:
        return 0
    mine = numbers(frame, "attempt") == attempt.index
    lines = numbers(frame, "line")[mine]
    if not len(lines):
        return 0
    if in_training:
        return int(lines[-1])
    iteration = numbers(frame, "iteration")[mine]
    return int(lines[iteration == iteration[-1]][0]) if np.isfinite(iteration[-1]) else int(lines[-1])


def _weights(log: AuditedLog) -> tuple[float, ...]:
    """The loss weights that the training outputs print, one for each output."""
    frame = log.frame("train_outputs")
    if frame is None:
        return ()
    indices, weights = numbers(frame, "index"), numbers(frame, "loss_weight")
    group = indices[: 1 + int(np.argmax(np.append(np.diff(indices) <= 0, True)))]
    return tuple(weights[: len(group)].tolist())


def _marked(log: AuditedLog, name: str, is_marked: IsMarked, weights: Sequence[float]) -> _Marked | None:
    """The marked rows of a table; one that adds up several losses is held against sums of their weights."""
    frame = log.frame(name)
    if frame is None:
        return None
    values = numbers(frame, "loss" if name == "train" else "value")
    rows = np.flatnonzero(is_marked(values, weights if name == "train" else ()))
    if len(rows) and name != "train":
        rows = rows[of_losses(frame.iloc[rows])]
    if not len(rows):
        return None
    part = frame.iloc[rows]
    what = [_LOSS] * len(rows) if name == "train" else part["output"].astype(str).tolist()
    if name == "test":
        what = [f"{one} of the test" for one in what]
    attempt, line = (numbers(part, column).astype(np.int64) for column in ("attempt", "line"))
    return _Marked(attempt, line, numbers(part, "iteration"), values[rows], what, name == "test")


def _first_marks(table: _Marked, rows: Ints) -> Iterator[_Mark]:
    """The marks of the first known iteration among some rows of a table; of the first line where none is known."""
    if not len(rows):
        return
    known = rows[np.isfinite(table.iteration[rows])]
    chosen = known[table.iteration[known] == table.iteration[known[0]]] if len(known) else rows[:1]
    for row in chosen.tolist():
        iteration = int(table.iteration[row]) if len(known) else None
        yield _Mark(int(table.line[row]), iteration, table.what[row], float(table.value[row]))


def _displays(log: AuditedLog, attempt: Attempt, is_marked: IsMarked, weights: Sequence[float]) -> Bools:
    frame = log.frame("train")
    if frame is None:
        return np.zeros(0, dtype=bool)
    mine = numbers(frame, "attempt") == attempt.index
    return np.asarray(is_marked(numbers(frame, "loss")[mine], weights))


# What was in force --------------------------------------------------------------------------------------------------


def _evidence(log: AuditedLog, one: _Breakdown) -> Iterator[str]:
    yield from first_of(f"line {mark.line}: {mark.what} is {formats.precise(mark.value)}" for mark in one.first)
    yield f"such values in all: {formats.count(one.total)}"
    yield from _circumstances(log, one)


def _circumstances(log: AuditedLog, one: _Breakdown) -> Iterator[str]:
    """The learning rate then, the last good display and snapshot, and what came after."""
    training = next((training for training in log.once(trainings) if training.attempt is one.attempt), None)
    yield from _first_blob(log, one)
    if training is None:
        return
    line = one.first[0].line
    rate = training.rate_at(line)
    if rate is not None:
        yield f"learning rate before it: {formats.precise(rate)}"
    good = np.flatnonzero(np.isfinite(training.loss) & ~one.displays & (training.line < line))
    if len(good):
        last = good[-1]
        loss = formats.precise(float(training.loss[last]))
        yield f"last good display: {at(training.iteration[last])}, loss {loss} (line {training.line[last]})"
    yield from _snapshots(training, int(training.iteration[good[-1]]) if len(good) else -1, line)
    after = one.displays[training.line >= line]
    if len(after):
        yield f"displays from there on: {formats.count(int(after.sum()))} of {formats.count(len(after))} like it"


def _snapshots(training: Training, good: int, line: int) -> Iterator[str]:
    """A snapshot is good if a later or the same iteration was displayed with a good loss: it ran the same weights."""
    before = [one for one in training.snapshots if one.line < line]
    safe = [one for one in before if one.iteration <= good]
    yield f"last good snapshot: {safe[-1]}" if safe else "no snapshot before it that is known to be good"
    if len(before) > len(safe):
        yield f"saved between the last good display and it, so perhaps spoilt: {before[-1]}"


def _first_blob(log: AuditedLog, one: _Breakdown) -> Iterator[str]:
    """With debug_info: the first blob that is no number."""
    frame = log.frame("debug")
    if frame is None:
        return
    bad = np.flatnonzero((numbers(frame, "attempt") == one.attempt.index) & ~np.isfinite(numbers(frame, "value")))
    if len(bad):
        (row,) = rows_of(frame.iloc[bad[:1]])
        yield f"first in debug_info: {_blob_text(row)} (line {row['line']})"
