"""Causes that no error line tells and the losses do: how a loss was lost, a negative one, one that begins too high; and
GPUs that cannot reach each other. What cannot be told apart is named together."""

from __future__ import annotations

from math import log as natural_log
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.audit.curves import at, numbers, trainings
from logparse.audit.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logparse.audit.curves import Training
    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt, Layer

# A loss that has doubled its lowest before it is lost was torn apart step by step.
GREW_RATIO: Final = 2.0
# Fewer good displays than these show no course.
GOOD_LEAST: Final = 3
# So many displays before the loss was lost are looked at for a learning rate that rose.
RATE_DISPLAYS: Final = 5
# Random scores of C classes cost ln C; from ten times that on it is no matter of luck.
HIGH_RATIO: Final = 10.0
# What an unnormalised loss is may be half or twice ln C a place: labels that are ignored, scores that are not flat.
SUMMED: Final = (0.5, 2.0)
_SOFTMAX: Final = frozenset({"SoftmaxWithLoss", "MultinomialLogisticLoss"})


class _Course(NamedTuple):
    """How a loss went before it was lost: the displays that were numbers, and the first that was none."""

    training: Training
    good: int  # the last good display; -1 where there is none
    bad: int

    @property
    def is_early(self) -> bool:
        return self.good + 1 < GOOD_LEAST

    @property
    def words(self) -> Mapping[str, str]:
        """What fills the titles."""
        before, then = self.rates or (None, None)
        good = self.good >= 0
        return {
            "place": at(self.training.iteration[self.bad]),
            "last": formats.precise(self.last) if good else "",
            "lowest": formats.precise(self.lowest) if good else "",
            "before": formats.precise(before),
            "then": formats.precise(then),
        }

    @property
    def last(self) -> float:
        return float(self.training.loss[self.good])

    @property
    def lowest(self) -> float:
        return float(np.nanmin(self.training.loss[: self.good + 1]))

    @property
    def rates(self) -> tuple[float, float] | None:
        """The learning rate some displays before the loss was lost, and then; None where either is not printed."""
        if self.good < 0:
            return None
        lines = self.training.line
        before = self.training.rate_at(int(lines[max(self.good - RATE_DISPLAYS, 0)]))
        then = self.training.rate_at(int(lines[self.bad]))
        return (before, then) if before is not None and then is not None else None


def how_lost(log: AuditedLog) -> Iterator[Finding]:
    """How the loss of an attempt ceased to be a number for good, which tells its likely causes."""
    for training in log.once(trainings):
        bad = np.flatnonzero(~np.isfinite(training.loss))
        if len(bad) and bad[-1] == len(training.loss) - 1:
            yield _lost(_Course(training, int(bad[0]) - 1, int(bad[0])))


def _lost(course: _Course) -> Finding:
    cause = next(one for one in _CAUSES if one.when(course))
    training = course.training
    evidence = [f"line {training.line[course.bad]}: the displayed loss is no number"]
    if course.good >= 0:
        last, place = formats.precise(course.last), at(training.iteration[course.good])
        evidence.append(f"line {training.line[course.good]}: {last} at {place}")
        evidence.append(f"lowest before: {formats.precise(course.lowest)}")
    evidence.append(f"confidence: {cause.confidence}")
    return Finding(
        "error",
        f"diagnosis_{cause.name}",
        cause.title.format_map(course.words),
        cause.text,
        tuple(evidence),
        training.attempt.index,
        line=int(training.line[course.bad]),
    )


class _Cause(NamedTuple):
    """One way in which a loss is lost; of those that hold the first is told."""

    name: str
    when: Callable[[_Course], bool]
    title: str
    text: str
    confidence: str


_CAUSES: Final = (
    _Cause(
        "rate_rose",
        lambda course: course.rates is not None and course.rates[1] > course.rates[0],
        "The loss was lost at {place}, after the learning rate had risen from {before} to {then}",
        "A larger rate tears a net apart that the smaller one trained. What helps: a lower peak, a longer warm-up, "
        "`gamma` below 1, or `clip_gradients`; go on from a snapshot before the rise.",
        "medium",
    ),
    _Cause(
        "fine_tuning_lost",
        lambda course: course.is_early and _has(course.training.attempt, "finetune"),
        "Fine-tuning lost its loss at {place}, among its first displays",
        "The learning rate is too large for weights that are trained already, BatchNorm's statistics are not used as "
        "they were, or mean and scale of the input are missing: the log does not tell which. What helps: a tenth of "
        "the rate, with a larger `lr_mult` on the new layer only; the input prepared as it was.",
        "medium",
    ),
    _Cause(
        "lost_from_start",
        lambda course: course.is_early,
        "The loss was lost at {place}, among the first displays: data, weights or learning rate",
        "The data or a weights file hold nan, a batch has no valid label, or the rate or the filler is far too large: "
        "the log does not tell which. What helps: look at the data, `debug_info: true` for the first blob that breaks, "
        "a tenth of the rate.",
        "medium",
    ),
    _Cause(
        "lost_growing",
        lambda course: course.last >= GREW_RATIO * course.lowest > 0,
        "The loss grew from {lowest} to {last} and was lost at {place}: most likely the learning rate is too large",
        "It was torn apart step by step, which steps of the solver do and a bad record does not. What helps: a tenth "
        "of the learning rate, `clip_gradients`, a filler that suits the depth.",
        "high",
    ),
    _Cause(
        "lost_suddenly",
        lambda _: True,
        "The loss was still {last} one display before it was lost at {place}: a bad batch, a division by 0, a log of 0",
        "Nothing had announced it in the displays. A bad record, a layer that divides by 0 or takes the log of 0, and "
        "a rate that is too large between two displays look alike. What helps: go on from the last good snapshot with "
        "`debug_info: true` and `display: 1`.",
        "medium",
    ),
)


_NEGATIVE: Final = (
    "The negative log of a probability is never below 0. On a GPU a label outside the classes reads foreign memory "
    "instead. What helps: labels from 0 to the number of classes less 1, `ignore_label` for what has none."
)


def negative_loss(log: AuditedLog) -> Iterator[Finding]:
    """A softmax loss below 0, which no probability can give."""
    frame = log.frame("train_outputs")
    if frame is None:
        return
    below = np.flatnonzero((numbers(frame, "value") < 0) & ~(numbers(frame, "loss_weight") < 0))
    rows = frame.iloc[below]
    for attempt in log.facts.attempts if len(below) else ():
        names = {top.name for layer in _train_layers(attempt) if layer.type in _SOFTMAX for top in layer.tops[:1]}
        mine = rows[(rows["attempt"] == attempt.index) & rows["output"].isin(names)]
        if len(mine):
            first = mine.iloc[0]
            yield Finding(
                "error",
                "diagnosis_negative_loss",
                f"The softmax loss {first['output']} is negative ({formats.precise(float(first['value']))}) at "
                f"{at(first['iteration'])}: a label out of range",
                _NEGATIVE,
                (f"line {first['line']}: its first", f"lines in all: {formats.count(len(mine))}", "confidence: high"),
                attempt.index,
                line=int(first["line"]),
            )


def _train_layers(attempt: Attempt) -> tuple[Layer, ...]:
    net = attempt.training_net
    return net.layers if net is not None else ()


class _Start(NamedTuple):
    """What a net of one softmax loss would print at random scores: `chance` a place, summed over `places`."""

    classes: int
    places: int
    weight: float

    @property
    def chance(self) -> float:
        """−log of one of so many classes, times the loss weight."""
        return natural_log(self.classes) * self.weight


def high_start(log: AuditedLog) -> Iterator[Finding]:
    """A net of one softmax loss that begins far above what random scores cost."""
    for training in log.once(trainings):
        first, start = float(training.loss[0]), _start(training.attempt)
        begins = training.iteration[0] == 0 and not _has(training.attempt, "resume", "finetune") and np.isfinite(first)
        if begins and start is not None and first >= HIGH_RATIO * start.chance:
            yield _high(training, first, start)


def _start(attempt: Attempt) -> _Start | None:
    """By the shape and the definition of the one loss; None where there are several, or either is not known.

    softmax_loss_layer.cpp: NONE sums over all, BATCH_SIZE (`normalize: false`) over the places behind the axis.
    """
    losses = [layer for layer in _train_layers(attempt) if _is_loss(layer) and layer.tops]
    shape = next(iter(_shapes(attempt, losses[0])), None) if len(losses) == 1 else None
    if shape is None or losses[0].type != "SoftmaxWithLoss" or losses[0].definition is None:
        return None
    message = losses[0].definition.message
    axis = message.child("softmax_param").integer("axis", 1)
    if not -len(shape) <= axis < len(shape) or shape[axis] < 2:
        return None
    loss = message.child("loss_param")
    mean = "VALID" if loss.flag("normalize", default=True) else "BATCH_SIZE"
    axis %= len(shape)
    behind = prod(shape[axis + 1 :])
    places = {"NONE": prod(shape[:axis]) * behind, "BATCH_SIZE": behind}
    weight = losses[0].tops[0].loss_weight or 1.0
    return _Start(shape[axis], places.get(loss.text("normalization", mean), 1), weight) if weight > 0 else None


def _high(training: Training, first: float, start: _Start) -> Finding:
    summed = start.places > 1 and SUMMED[0] <= first / start.chance / start.places <= SUMMED[1]
    kind, severity, text, confidence = _HIGH_STARTS[summed]
    return Finding(
        severity,
        kind,
        f"The first loss is {formats.significant(first)}, where random scores of {formats.count(start.classes)} "
        f"classes cost {formats.significant(start.chance)}",
        text.format(places=formats.count(start.places)),
        (f"line {training.line[0]}: {at(0)}", f"confidence: {confidence}"),
        training.attempt.index,
        line=int(training.line[0]),
    )


_SUMMED: Final = (
    "It is summed over {places} places, not averaged, as its definition says: harmless with a learning rate that is "
    "smaller by as much."
)
_TOO_HIGH: Final = (
    "The filler is too large, or the input is not scaled (0 to 255) or has no mean taken off: the log does not tell "
    "which. What helps: look at the input's scale and at `std` of the fillers."
)
# By whether the loss is what a sum over its places would be: kind, severity, text, confidence.
_HIGH_STARTS: Final = {
    True: ("summed_loss", "note", _SUMMED, "high"),
    False: ("diagnosis_high_start", "hint", _TOO_HIGH, "medium"),
}


def _is_loss(layer: Layer) -> bool:
    return any(top.loss_weight for top in layer.tops) or "Loss" in (layer.type or "")


def _shapes(attempt: Attempt, layer: Layer) -> Iterator[tuple[int, ...]]:
    """The shape of what the loss compares with its labels: its first bottom."""
    shapes = {top.name: top.shape for one in _train_layers(attempt) for top in one.tops if top.shape is not None}
    if layer.bottoms and layer.bottoms[0] in shapes:
        yield shapes[layer.bottoms[0]]


def _has(attempt: Attempt, *kinds: str) -> bool:
    return any(event.kind in kinds for event in attempt.events)


def no_peer_access(log: AuditedLog) -> Iterator[Finding]:
    """GPUs that reach each other only through the host: slower, and no error."""
    for attempt in log.facts.attempts:
        said = [event for event in attempt.events if event.kind == "no_peer_access"]
        if said:
            pairs = list(dict.fromkeys(_pair(event.text) for event in said))
            yield Finding(
                "hint",
                "no_peer_access",
                f"GPUs without peer access (P2P) to each other: {', '.join(formats.first_of(pairs))}",
                "Gradients go between them through the host's memory, which is slower; the results are the same. What "
                "helps: cards in slots of one PCIe root, or pairs that have access.",
                tuple(formats.first_of(f"line {event.line}: {event.text}" for event in said)),
                attempt.index,
                line=said[0].line,
            )


def _pair(text: str) -> str:
    """`GPU 1 does not have p2p access to GPU 0` → `1 to 0`."""
    one, other = (word for word in text.split() if word.isdecimal())
    return f"{one} to {other}"
