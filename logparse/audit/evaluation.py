"""What the tests found: the best value and the model that was saved nearest, and where test and training part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from logparse import formats
from logparse.audit.curves import at, lowest_is_best, numbers, snapshots_of, trainings
from logparse.audit.finding import WHAT_HELPS, Finding
from logparse.rows import grouped
from logparse.tables.series.trend import trend, trend_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from logparse.audit.curves import Floats, Snapshot, Training
    from logparse.audit.finding import AuditedLog
    from logparse.rows import TableRow

# One test is a value, two are a comparison; the third makes a best of them worth telling.
TESTS_LEAST: Final = 3
# A test loss that ends this much above its lowest has turned; less is the noise of a finite test set.
OVERFIT_RISE: Final = 0.05
# … while the training loss fell by as much: else both rose, and the run did not overfit but diverge.
OVERFIT_FALL: Final = 0.05
# A test loss at twice the training loss is a gap that a reader of the two curves would ask about.
GAP_RATIO: Final = 2.0


@dataclass(frozen=True, slots=True)
class OutputCurve:
    """One scalar output of one test net over the tests of an attempt, those without a number left out."""

    attempt: int
    net: int
    name: str
    lowest: bool  # whether small is good
    weight: float  # with which it enters the loss; 0 where it does not, or none is printed
    iteration: Floats
    value: Floats
    line: Floats

    @property
    def best(self) -> int:
        """The first row of the best value."""
        return int(np.argmin(self.value) if self.lowest else np.argmax(self.value))


def best_test(log: AuditedLog) -> Iterator[Finding]:
    """Per attempt and test net the best value of each output, and the snapshots nearest to it."""
    for (attempt, net), listed in _compared(log).items():
        leading = _leading(listed)
        row = leading.best
        kept = snapshots_of(log.attempt(attempt))
        others = [one for one in listed if one is not leading]
        yield Finding(
            "note",
            "best_test",
            f"Best {leading.name} of test net #{net}: {formats.precise(float(leading.value[row]))} at "
            f"{at(leading.iteration[row])}, of {formats.count(len(leading.value))} tests",
            "The best of many tests flatters the model a little, because the same tests chose it.",
            (
                *_nearest(kept, int(leading.iteration[row])),
                f"last: {formats.precise(float(leading.value[-1]))} at {at(leading.iteration[-1])}",
                *(_said(one) for one in others[:4]),
            ),
            attempt,
            line=int(leading.line[row]),
        )


def best_curves(log: AuditedLog) -> tuple[OutputCurve, ...]:
    """The curve that each attempt's test nets are told by, those tested often enough."""
    return tuple(_leading(listed) for listed in _compared(log).values())


def telling_curve(log: AuditedLog, attempt: int) -> OutputCurve | None:
    """The curve that an attempt's tests are told by: scores before losses, the first test net before others.

    None where no output was tested often enough to have a best.
    """
    mine = [one for one in best_curves(log) if one.attempt == attempt]
    return min(mine, key=lambda one: (one.lowest, one.net), default=None)


class LastTest(NamedTuple):
    """What the last test of a run found, where there are too few for a best."""

    name: str
    value: float
    iteration: int | None
    tests: int


def last_test_of(log: AuditedLog, attempt: int) -> LastTest | None:
    """A scalar score (else a loss) of the last test of an attempt; None where no test is comparable."""
    frame = log.frame("test")
    if frame is None:
        return None
    wrong = np.logical_or.reduce([frame[name].to_numpy(dtype=bool) for name in ("initial", "meaningless")])
    usable = frame[(frame["attempt"] == attempt).to_numpy(dtype=bool) & ~wrong]
    usable = usable[np.isfinite(numbers(usable, "value"))]
    vectors = set(usable.loc[usable["element"].fillna(0) > 0, "output"])
    ranked = []
    for (name, net), rows in usable[~usable["output"].isin(vectors)].groupby(["output", "test_net"], sort=False):
        lowest = lowest_is_best(str(name), weighted=bool(rows["loss_weight"].notna().any()))
        if lowest is not None:
            ranked.append((lowest, int(net), str(name), rows))
    if not ranked:
        return None
    _, _, name, rows = min(ranked, key=lambda one: one[:2])
    last: TableRow = rows.iloc[-1].to_dict()
    iteration = None if formats.is_na(last["iteration"]) else int(last["iteration"])
    return LastTest(name, float(last["value"]), iteration, len(rows))


def _compared(log: AuditedLog) -> dict[tuple[int, int], list[OutputCurve]]:
    """The curves that have a best, by attempt and test net."""
    return grouped(
        (curve for curve in log.once(output_curves) if len(curve.value) >= TESTS_LEAST),
        lambda curve: (curve.attempt, curve.net),
    )


def _leading(listed: Sequence[OutputCurve]) -> OutputCurve:
    """What counts hits before any loss, and the main head before auxiliary ones.

    Outputs come in the order of the net. So the last head (what stands before a name's last slash) is the main one,
    and its first score leads; of losses that with the largest weight, and of equal ones the last.
    """
    scores = [one for one in listed if not one.lowest]
    if scores:
        head = scores[-1].name.rpartition("/")[0]
        return next(one for one in scores if one.name.rpartition("/")[0] == head)
    return max(reversed(listed), key=lambda one: one.weight)


def _said(one: OutputCurve) -> str:
    value, where = formats.precise(float(one.value[one.best])), at(one.iteration[one.best])
    return f"best {one.name}: {value} at {where} (line {int(one.line[one.best])})"


def _nearest(kept: Sequence[Snapshot], iteration: int) -> Iterator[str]:
    """The snapshots nearest to an iteration, at or before it and after it; a test of N sees the weights saved as N."""
    before = [one for one in kept if one.iteration <= iteration]
    after = [one for one in kept if one.iteration > iteration]
    if before and before[-1].iteration == iteration:
        yield f"saved as {before[-1]}"
        return
    yield f"nearest snapshot before it: {before[-1]}" if before else "no snapshot at or before it"
    if after:
        yield f"nearest snapshot after it: {after[0]}"


def output_curves(log: AuditedLog) -> Iterator[OutputCurve]:
    """The scalar outputs whose name or loss weight tells what is good and that ever change; of tests done last, but
    not of one iteration only."""
    frame = log.frame("test")
    if frame is None:
        return
    usable = frame[frame["iteration"].notna() & frame["test_net"].notna() & ~_passed_over(frame)]
    vectors = set(usable.loc[usable["element"].fillna(0) > 0, "output"])
    scalar = usable[~usable["output"].isin(vectors)]
    for (attempt, net, name), rows in scalar.groupby(["attempt", "test_net", "output"], sort=False):
        weights = numbers(rows, "loss_weight")
        weights = weights[np.isfinite(weights)]
        lowest = lowest_is_best(str(name), weighted=bool(weights.size))
        value = numbers(rows, "value")
        finite = np.isfinite(value)
        if lowest is not None and finite.any() and value[finite].max() > value[finite].min():
            columns = (numbers(rows, column)[finite] for column in ("iteration", "value", "line"))
            weight = float(weights.max()) if weights.size else 0.0
            yield OutputCurve(int(attempt), int(net), str(name), lowest, weight, *columns)


def _passed_over(frame: pd.DataFrame) -> Any:  # noqa: ANN401 - a boolean array
    """Rows that are compared with no other: done again later, of one batch before training, or of no number."""
    return np.logical_or.reduce([frame[name].to_numpy(dtype=bool) for name in ("superseded", "initial", "meaningless")])


@dataclass(frozen=True, slots=True)
class _Parting:
    """A test loss beside the training loss of the same name: where the test was lowest, and at the end."""

    curve: OutputCurve
    trained: Floats

    @property
    def test(self) -> tuple[float, float]:
        """The lowest and the last test loss."""
        return float(self.curve.value[self.curve.best]), float(self.curve.value[-1])

    @property
    def training(self) -> tuple[float, float]:
        """The training loss at both."""
        return float(self.trained[self.curve.best]), float(self.trained[-1])

    @property
    def has_turned(self) -> bool:
        """Whether the test loss rose while the training loss fell."""
        (low, last), (then, now) = self.test, self.training
        return last >= low * (1 + OVERFIT_RISE) and now <= then * (1 - OVERFIT_FALL)

    @property
    def ratio(self) -> float:
        """The last test loss over the last training loss."""
        return self.test[1] / self.training[1]

    def lines(self) -> tuple[str, str]:
        """Its figures as evidence."""
        name, lines = self.curve.name, self.curve.line[[self.curve.best, -1]]
        both = [
            f"line {int(line)}: {name} {formats.precise(test)}, in training {formats.precise(training)}"
            for line, test, training in zip(lines, self.test, self.training, strict=True)
        ]
        return both[0], both[1]


def overfitting(log: AuditedLog) -> Iterator[Finding]:
    """Test nets whose loss has turned while the same loss went on falling in training, or ends far above it."""
    found: dict[tuple[int, int], list[_Parting]] = {}
    trained = {training.attempt.index: training for training in log.once(trainings)}
    for curve in log.once(output_curves):
        training = trained.get(curve.attempt)
        if training is None or not curve.lowest or len(curve.value) < TESTS_LEAST or curve.value.min() <= 0:
            continue
        values = _trained_at(training, curve)
        if values is not None and values.min() > 0:
            found.setdefault((curve.attempt, curve.net), []).append(_Parting(curve, values))
    for listed in found.values():
        turned = [one for one in listed if one.has_turned]
        if turned:
            yield _turned(turned)
        elif max(one.ratio for one in listed) >= GAP_RATIO:
            yield _apart(sorted((one for one in listed if one.ratio >= GAP_RATIO), key=lambda one: -one.ratio))


def _trained_at(training: Training, curve: OutputCurve) -> Floats | None:
    """The trend of the training output of the same name at each test; None where there is too little of it.

    At the ends it is that of the nearest whole window.
    """
    values = training.output(curve.name)
    if values is None:
        return None
    margin = trend_window(len(values)) // 2
    trended = trend(values)[margin : len(values) - margin]
    known = np.flatnonzero(np.isfinite(trended))
    if len(known) < TESTS_LEAST:
        return None
    return np.interp(curve.iteration, training.iteration[margin:][known], trended[known])


_MEASURED: Final = (
    "Compared with the running median of the same output in training, which prints the last batch of each display: "
    "with dropout or augmentation it is measured on harder data than the test."
)


def _turned(listed: list[_Parting]) -> Finding:
    one = listed[-1]  # outputs come in the order of the net: the last is the main loss
    (low, last), (then, now) = one.test, one.training
    return Finding(
        "warning",
        "overfitting",
        f"{one.curve.name} of test net #{one.curve.net} rose from {formats.significant(low)} at "
        f"{at(one.curve.iteration[one.curve.best])} to {formats.significant(last)} while in training it fell from "
        f"{formats.significant(then)} to {formats.significant(now)}",
        f"Each of the two moved by {formats.percent(OVERFIT_RISE)} or more. {_MEASURED} {WHAT_HELPS}take the model "
        "that was saved nearest to the lowest test loss; train on more or augmented data, or with more weight decay.",
        tuple(line for each in reversed(listed) for line in each.lines()),
        one.curve.attempt,
        line=int(one.curve.line[one.curve.best]),
    )


def _apart(listed: list[_Parting]) -> Finding:
    one = listed[0]
    return Finding(
        "note",
        "test_gap",
        f"{one.curve.name} of test net #{one.curve.net} ends at {formats.significant(one.test[1])}, "
        f"{formats.significant(one.ratio)} times that in training",
        f"It is told where the test loss is {GAP_RATIO:g} times the training loss or more. {_MEASURED}",
        tuple(each.lines()[1] for each in listed),
        one.curve.attempt,
        line=int(one.curve.line[-1]),
    )
