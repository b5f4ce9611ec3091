"""What became of an attempt's loss: whether it ended as a number, at the ceiling, far above its lowest, or at chance.

Caffe never looks at its loss: a run of nothing but nan says "Optimization Done". So how a run ended is told by its
last lines, and whether it was worth anything by its loss; both together are its outcome (table `attempts`).
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.tables.series.ceiling import CEILING, EXACT, at_ceiling, loss_weights, parts_of
from logparse.tables.series.filing import attempt_of, last_before
from logparse.tables.series.trend import lowest_and_last, trend, trend_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.model import Attempt, LogFacts
    from logparse.tables.series.arrays import Array, Arrays

DIVERGED: Final = "diverged"
NOT_LEARNING: Final = "not_learning"
# A loss of 0 on one display may be rounding, on three from the start it is none.
_ZEROS_LEAST: Final = 3
# The first displays of any run are at chance.
_AT_CHANCE_LEAST: Final = 10
# A trend that ever was this much below chance has begun to learn.
_LEARNT: Final = 0.97
# How near to chance the second half stays: the noise of a batch moves a median by less.
_NEAR_CHANCE: Final = 0.02
# With too few displays for a trend a loss has exploded where its last two are so many times its first.
_EXPLODED: Final = 10.0
_EXPLODED_LEAST: Final = 3
_SOFTMAX_LOSSES: Final = frozenset({"SoftmaxWithLoss", "SoftmaxLoss"})


class Condition(NamedTuple):
    """What is wrong with a loss: `state` is a key of VERDICTS, `text` says it in words, to stand behind "its loss".

    `iteration` (None where it is not known) and `line` are where it began; for one that rose, where it was lowest.
    """

    state: str
    text: str
    iteration: int | None
    line: int


# State of the loss → the outcome of its attempt.
VERDICTS: Final[Mapping[str, str]] = {
    "not_a_number": DIVERGED,
    "saturated": DIVERGED,
    "partly_saturated": DIVERGED,
    "rose": DIVERGED,
    "exploded": DIVERGED,
    "zero": NOT_LEARNING,
    "at_chance": NOT_LEARNING,
}
# After these a score means nothing: what is compared with nan is false, and what is true for all counts as a hit.
MEANINGLESS: Final = frozenset({"not_a_number", "saturated"})


class Losses(NamedTuple):
    """One attempt's losses in the order of the log; an iteration is -1 where it is not known."""

    line: Array
    iteration: Array
    value: Array
    in_training: bool


def conditions(facts: LogFacts) -> dict[int, Condition]:
    """What is wrong with each attempt's loss, by attempt; nothing for those whose loss is sound or is not printed."""
    weights = loss_weights(facts.curves.series.get("train_output"))
    found = {}
    for attempt, losses in _by_attempt(facts):
        one = condition(losses, weights, attempt)
        if one is not None:
            found[attempt.index] = one
    return found


def condition(losses: Losses, weights: tuple[float, ...], attempt: Attempt) -> Condition | None:
    """What is wrong with a loss, the gravest first; None where it is sound."""
    found = _broken(losses) or _saturated(losses, weights)
    if found is not None or not losses.in_training:
        return found
    return _partly(losses, attempt) or _rose(losses) or _zero(losses) or _at_chance(losses, attempt)


# --- whose losses ---------------------------------------------------------------------------------------------


def _by_attempt(facts: LogFacts) -> Iterator[tuple[Attempt, Losses]]:
    """The losses of each attempt that prints any: those displayed, else those of its tests."""
    shown = [found for found in (_displayed(facts), _tested(facts)) if found is not None]
    for attempt in facts.attempts:
        for losses, owner in shown:
            mine = slice(*np.searchsorted(owner, [attempt.index, attempt.index + 1]).tolist())
            if mine.stop > mine.start:
                yield attempt, _rows(losses, mine)
                break


def _rows(losses: Losses, mine: slice) -> Losses:
    return Losses(losses.line[mine], losses.iteration[mine], losses.value[mine], losses.in_training)


def _displayed(facts: LogFacts) -> tuple[Losses, Array] | None:
    series = facts.curves.series.get("display")
    return None if series is None else _owned(series, series["iteration"], series["loss"], facts, in_training=True)


def _tested(facts: LogFacts) -> tuple[Losses, Array] | None:
    """What tests print of the loss: outputs with a weight, in the order of the log."""
    series = facts.curves.series.get("test_output")
    if series is None:
        return None
    rows = np.flatnonzero(~np.isnan(series["loss_weight"]))
    lines = series["line"][rows]
    starts = facts.curves.series.get("test_start")
    iteration = np.full(len(rows), -1)
    if starts is not None:
        row = last_before(lines, starts["line"])
        iteration = np.where(row >= 0, starts["iteration"][np.maximum(row, 0)], -1)
    return _owned({"line": lines}, iteration, series["value"][rows], facts, in_training=False)


def _owned(
    series: Arrays, iteration: Array, value: Array, facts: LogFacts, *, in_training: bool
) -> tuple[Losses, Array]:
    return Losses(series["line"], iteration, value, in_training), attempt_of(series["line"], facts.attempts)


# --- what may be wrong ----------------------------------------------------------------------------------------


def _at(losses: Losses, row: int) -> tuple[int | None, int]:
    iteration = int(losses.iteration[row])
    return (iteration if iteration >= 0 else None), int(losses.line[row])


def _from(losses: Losses, row: int) -> str:
    """`from iteration 1,200 on`."""
    iteration, line = _at(losses, row)
    place = f"line {formats.count(line)}" if iteration is None else f"iteration {formats.count(iteration)}"
    return f"from {place} on"


def _lasting(marked: Array) -> int | None:
    """Where a mark begins that lasts to the end: the last value has it, and most of those since the first."""
    if not marked[-1]:
        return None
    first = int(np.argmax(marked))
    if 2 * int(marked[first:].sum()) > len(marked) - first:
        return first
    return len(marked) - int(np.argmax(~marked[::-1]))  # it came and went before: the last time counts


def _of(losses: Losses) -> str:
    return "" if losses.in_training else " in its tests"


def _broken(losses: Losses) -> Condition | None:
    row = _lasting(~np.isfinite(losses.value))
    if row is None:
        return None
    text = f"is not a number ({formats.precise(float(losses.value[row]))}){_of(losses)} {_from(losses, row)}"
    return Condition("not_a_number", text, *_at(losses, row))


def _saturated(losses: Losses, weights: tuple[float, ...]) -> Condition | None:
    row = _lasting(at_ceiling(losses.value, weights))
    if row is None:
        return None
    value = formats.precise(float(losses.value[row]))
    text = f"sits at {value}, the ceiling of a softmax loss,{_of(losses)} {_from(losses, row)}"
    return Condition("saturated", text, *_at(losses, row))


def _partly(losses: Losses, attempt: Attempt) -> Condition | None:
    """A loss of whole saturated samples: each is right or at the ceiling, and none is anything between."""
    start = len(losses.value) // 2
    parts = parts_of(losses.value[start:], _samples(attempt))
    if parts is None:
        return None
    last = float(losses.value[-1])
    text = (
        f"ends at {formats.precise(last)}, {formats.count(round(last / EXACT * parts))} of {formats.count(parts)} "
        f"samples at the ceiling of a softmax loss, {formats.precise(CEILING)}"
    )
    return Condition("partly_saturated", text, *_at(losses, start))


def _rose(losses: Losses) -> Condition | None:
    found = lowest_and_last(losses.value)
    if found is None:
        return _exploded(losses)
    low, last = found
    return Condition("rose", _rise(losses, trend(losses.value), low, last), *_at(losses, low))


def _rise(losses: Losses, values: Array, low: int, last: int) -> str:
    ends = (f"{formats.significant(float(values[row]))}{_where(losses, row)}" for row in (low, last))
    return f"rose from {' to '.join(ends)}"


def _where(losses: Losses, row: int) -> str:
    iteration, _ = _at(losses, row)
    return "" if iteration is None else f" at iteration {formats.count(iteration)}"


def _exploded(losses: Losses) -> Condition | None:
    """A loss with too few displays for a trend that grew by orders of magnitude."""
    values = losses.value
    if len(values) < _EXPLODED_LEAST or not np.isfinite(values).all() or values[0] <= 0:
        return None
    if float(values[-2:].min()) < _EXPLODED * float(values[:-2].max()):
        return None
    return Condition("exploded", _rise(losses, values, 0, len(values) - 1), *_at(losses, 0))


def _zero(losses: Losses) -> Condition | None:
    if len(losses.value) < _ZEROS_LEAST or losses.value.any():
        return None
    return Condition("zero", "is exactly 0 on every display: there is nothing to learn from", *_at(losses, 0))


def _at_chance(losses: Losses, attempt: Attempt) -> Condition | None:
    classes = _classes(attempt)
    values = losses.value[np.isfinite(losses.value)]
    if classes is None or len(values) < _AT_CHANCE_LEAST:
        return None
    chance, end = log(classes), float(np.median(values[len(values) // 2 :]))
    steady = trend(values)[trend_window(len(values)) // 2 :]
    if abs(end - chance) > _NEAR_CHANCE * chance or steady.min() < _LEARNT * chance:
        return None
    text = (
        f"has stayed at chance to its last display, {formats.significant(end)}: ln of {formats.count(classes)} classes "
        f"is {formats.significant(chance)}"
    )
    return Condition("at_chance", text, *_at(losses, 0))


# --- what the net says ----------------------------------------------------------------------------------------


def _samples(attempt: Attempt) -> int | None:
    """How many samples one displayed loss is the mean of: batch, times passes, times averaged losses."""
    net = attempt.training_net
    shape = next((top.shape for layer in net.layers for top in layer.tops if top.shape), None) if net else None
    if shape is None or attempt.solver is None:
        return None
    return shape[0] * attempt.solver.integer("iter_size", 1) * attempt.solver.integer("average_loss", 1)


def _classes(attempt: Attempt) -> int | None:
    """The classes of the only softmax loss of a training net, whose weight is 1; None where that is not known."""
    net = attempt.training_net
    losses = [] if net is None else [layer for layer in net.layers if layer.type in _SOFTMAX_LOSSES]
    weighted = [] if net is None else [top for layer in net.layers for top in layer.tops if top.loss_weight]
    if net is None or len(losses) != 1 or not losses[0].bottoms or len(weighted) > 1:
        return None
    if weighted and weighted[0].loss_weight != 1:
        return None
    scores = [top for layer in net.layers for top in layer.tops if top.name == losses[0].bottoms[0] and top.shape]
    shape = scores[-1].shape if scores else None
    return shape[1] if shape is not None and len(shape) > 1 and shape[1] > 1 else None
