"""The losses and outputs of a run as series: each output of each net apart, each element of a vector by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import lowest_is_best
from logparse.report.charts.curves import Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from logparse.report.reported_log import ReportedLog

    Floats = npt.NDArray[np.float64]

STYLES: Final = 5  # looks of test series, `c-test0` and so on; more come around again


@dataclass(frozen=True, slots=True)
class DrawnOutput:
    """One number of one named output of one net, TRAIN or test net K.

    `weight` is that with which it enters the loss, None where it does not; `index` the number behind '#'; `element`
    its place in a vector, None of a scalar.
    """

    name: str
    net: str
    series: Series
    weight: float | None
    index: int
    element: int | None = None

    @property
    def weighted(self) -> bool:
        """Whether it enters the loss."""
        return self.weight is not None

    @property
    def is_score(self) -> bool:
        """Whether it counts hits: large is good."""
        return lowest_is_best(self.name, weighted=self.weighted) is False

    @property
    def as_part(self) -> Series:
        """Its part of the total loss, which is what it is drawn beside: times its weight."""
        if self.weight is None or self.weight == 1:
            return self.series
        with np.errstate(over="ignore"):  # a part beyond what a double holds is infinite
            return replace(self.series, y=self.series.y * self.weight)


def floats(column: pd.Series[Any]) -> Floats:
    """A column as plain numbers, NaN where it is NA."""
    return np.asarray(column.to_numpy(dtype="float64", na_value=np.nan))


def losses(log: ReportedLog) -> list[Series]:
    """The displayed loss; before it what later attempts did again, if anything."""
    frame = log.frame("train")
    if not len(frame) or not frame["loss"].notna().any():
        return []
    known = frame[frame["iteration"].notna()]
    again = known["superseded"].to_numpy(dtype=bool)
    old, new = known[again], known[~again]
    return [
        *([Series("done again", "c-old", *_places(old), quiet=True)] if len(old) else []),
        *([Series("training", "c-train", *_places(new))] if len(new) else []),
    ]


def _places(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    return floats(frame["iteration"]), floats(frame["loss"])


def rate(log: ReportedLog) -> Series | None:
    """The learning rate; None where none is printed."""
    frame = log.frame("lr")
    frame = frame[frame["iteration"].notna()] if len(frame) else frame
    if not len(frame):
        return None
    return Series("learning rate", "rate", floats(frame["iteration"]), floats(frame["lr"]))


def outputs_of_tests(log: ReportedLog) -> list[DrawnOutput]:
    """Test results without those of one batch before training, and without scores of a net that is no number."""
    test = log.frame("test")
    if not len(test):
        return []
    scored = test["meaningless"] & np.isfinite(floats(test["value"]))
    return list(_outputs(test[~(test["initial"] | scored).to_numpy(dtype=bool)], "test_net"))


def outputs_of_training(log: ReportedLog) -> list[DrawnOutput]:
    """The outputs of the training net, as displayed."""
    return list(_outputs(log.frame("train_outputs"), None))


def _outputs(frame: pd.DataFrame, net: str | None) -> Iterator[DrawnOutput]:
    """Each output of each net apart; a name that stands at several indices is several series."""
    frame = frame[frame["iteration"].notna()]
    if not len(frame):
        return
    keys = [key for key in (net, "output", "index") if key is not None]
    numbered = net is not None and len(frame[net].unique()) > 1
    vectors = {name for name, rows in frame.groupby("output", observed=True) if (rows["element"].fillna(0) > 0).any()}
    for key, rows in frame.groupby(keys, sort=True, observed=True):
        name, number = str(key[-2]), 0 if net is None else int(rows[net].iloc[0])
        words = "training" if net is None else f"test #{number}" if numbered else "test"
        css = "c-train" if net is None else f"c-test{number % STYLES}"
        series = Series(words, css, floats(rows["iteration"]), floats(rows["value"]), dots=net is not None)
        weights = floats(rows["loss_weight"])
        weight = float(np.nanmax(weights)) if np.isfinite(weights).any() else None
        element = rows["element"].iloc[0]
        place = int(element) if name in vectors and not formats.is_na(element) else None
        yield DrawnOutput(name, words, series, weight, int(rows["index"].iloc[0]), place)


def styled(series: Sequence[Series]) -> tuple[Series, ...]:
    """The series of one panel with a look each: hue, dash and mark by their order; training keeps its own."""
    tests = 0
    found = []
    for one in series:
        css = one.css
        if css.startswith("c-test"):
            css, tests = f"c-test{tests % STYLES}", tests + 1
        found.append(replace(one, css=css))
    return tuple(found)
