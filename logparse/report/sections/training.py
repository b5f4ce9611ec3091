"""Loss, outputs and learning rate over iterations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.audit.evaluation import best_curves
from logparse.audit.finding import AuditedLog
from logparse.report.charts import curves
from logparse.report.charts.curves import Series
from logparse.report.charts.scales import sample_rows
from logparse.report.elements import ChartView, Content
from logparse.report.tabulate import Field, tabulate
from logparse.tables.series.trend import DISPLAYS_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from logparse.report.elements import TableView
    from logparse.report.reported_log import ReportedLog

    Floats = npt.NDArray[np.float64]

_ROWS_SHOWN: Final = 120
LOSSES_SHOWN: Final = 5  # of the test nets, in one chart
_NAMES_SHOWN: Final = 4  # in a title
OUTPUTS_SHOWN: Final = 10  # columns of the table
LINES_SHOWN: Final = 12  # of one output in one panel: one per class, say


@dataclass(frozen=True, slots=True)
class _Output:
    """One named output of one net: TRAIN, or test net K; `index` where a name has several values."""

    name: str
    net: str
    series: Series
    weight: float | None  # with which it enters the loss
    index: int  # the first of its numbers

    @property
    def weighted(self) -> bool:
        """Whether it enters the loss."""
        return self.weight is not None

    @property
    def as_part(self) -> Series:
        """Its part of the total loss, which is what it is drawn beside: times its weight."""
        if self.weight is None or self.weight == 1:
            return self.series
        with np.errstate(over="ignore"):  # a part beyond what a double holds is infinite
            return replace(self.series, y=self.series.y * self.weight)


def build(log: ReportedLog) -> Content | None:
    """Charts and tables of the solver's lines; None where there are none."""
    train, rate = _loss(log), _rate(log)
    tests = list(_outputs(_compared(log.frame("test")), "test_net"))
    trained = list(_outputs(log.frame("train_outputs"), None))
    charts = [*_loss_chart(log, train, rate, tests), *_panel_chart(log, [*trained, *tests])]
    if not charts and not any(len(log.frame(name)) for name in ("train", "train_outputs", "test")):
        return None
    return Content(charts=tuple(charts), absent="" if charts else _NOTHING_TO_DRAW)


_NOTHING_TO_DRAW: Final = (
    "The log has solver lines, but none that can be drawn: one measurement alone, or values without their iterations. "
    "They are in the tables that “logparse export” writes."
)


def _floats(column: pd.Series[Any]) -> Floats:
    return np.asarray(column.to_numpy(dtype="float64", na_value=np.nan))


def _loss(log: ReportedLog) -> list[Series]:
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
    return _floats(frame["iteration"]), _floats(frame["loss"])


def _rate(log: ReportedLog) -> Series | None:
    frame = log.frame("lr")
    if not len(frame):
        return None
    return Series("learning rate", "rate", _floats(frame["iteration"]), _floats(frame["lr"]))


def _compared(test: pd.DataFrame) -> pd.DataFrame:
    """Test results without those of one batch before training, and without scores of a net that is no number."""
    if not len(test):
        return test
    scored = test["meaningless"] & np.isfinite(_floats(test["value"]))
    return test[~(test["initial"] | scored).to_numpy(dtype=bool)]


def _outputs(frame: pd.DataFrame, net: str | None) -> Iterator[_Output]:
    """Each output of each net apart; a name that stands at several indices is several series."""
    frame = frame[frame["iteration"].notna()]
    if not len(frame):
        return
    keys = [key for key in (net, "output", "index") if key is not None]
    numbered = net is not None and len(frame[net].unique()) > 1
    for key, rows in frame.groupby(keys, sort=True, observed=True):
        name, number = str(key[-2]), 0 if net is None else int(rows[net].iloc[0])
        label = "training" if net is None else f"test #{number}" if numbered else "test"
        css = "c-train" if net is None else f"c-test{number % 3}"
        series = Series(label, css, _floats(rows["iteration"]), _floats(rows["value"]), dots=net is not None)
        weights = _floats(rows["loss_weight"])
        weight = float(np.nanmax(weights)) if np.isfinite(weights).any() else None
        yield _Output(name, label, series, weight, int(rows["index"].iloc[0]))


def _loss_chart(
    log: ReportedLog, train: Sequence[Series], rate: Series | None, tests: Sequence[_Output]
) -> Iterator[ChartView]:
    """The displayed loss and the loss outputs of the test nets on one scale, the learning rate beneath."""
    losses = [one for one in tests if one.weighted] or [one for one in tests if "loss" in one.name.lower()]
    # outputs come in the order of the net: of those that weigh most the last is the main loss, others are auxiliary
    losses = sorted(losses, key=lambda one: (-(one.weight or 0), -one.index))
    several = len({one.name for one in losses}) > 1
    matching = [replace(one.as_part, name=_part_name(one)) if several else one.as_part for one in losses]
    series = [*train, *matching[:LOSSES_SHOWN]]
    if not series:
        return
    title = _title(log, next((one for one in series if not one.quiet), series[0]), matching)
    note = _note(series)
    yield ChartView(
        title,
        note,
        curves.losses(
            series, rate, f"Line chart of loss over iterations. {title}. {note} The tables have the figures."
        ),
        _train_table(log),
        tuple(dict.fromkeys((one.css, one.name) for one in series)),
    )


def _part_name(one: _Output) -> str:
    times = "" if one.weight in (None, 1) else f" × {formats.significant(one.weight)}"
    return f"{one.name}{times}, {one.net}"


def _title(log: ReportedLog, train: Series, tests: Sequence[Series]) -> str:
    """What the loss did, in the words that the outcome has for it; else from its first display to its end."""
    attempt = log.lead_attempt
    if attempt is not None and attempt["loss_state"] is not None:
        return f"The loss {attempt['loss_text']}"
    finite, end = train.y[np.isfinite(train.y)], curves.end_of(train)
    if end is None:
        return "The loss is never a number"
    first, last = formats.significant(float(finite[0])), formats.significant(end)
    if finite.size == 1:
        return f"The loss is {first}, displayed once"
    until = f"iteration {formats.count(int(train.x[-1]))}"
    if first == last:
        return f"The {train.name} loss is {first} at first and at {until}{_tested(tests)}"
    verb = "falls" if end < finite[0] else "rises"
    return f"The {train.name} loss {verb} from {first} to {last} by {until}{_tested(tests)}"


def _tested(tests: Sequence[Series]) -> str:
    end = curves.end_of(tests[0]) if tests else None
    return "" if end is None else f"; on test data it ends at {formats.significant(end)}"


def _note(series: Sequence[Series]) -> str:
    words = ["The displayed loss is the mean over the last average_loss iterations."]
    if any(one.y.size >= curves.SMOOTHED_FROM and not one.dots for one in series):
        words.append("The thin line is the loss as printed, the strong one its running median.")
    if any(not one.dots and one.y.size >= DISPLAYS_LEAST for one in series):
        words.append("The figure at its end is the median of the last displays.")
    if any(one.dots for one in series):
        words.append("Dots are means over a test.")
    if any(one.quiet for one in series):
        words.append("Grey is what a later attempt did again.")
    return " ".join(words)


def _train_table(log: ReportedLog) -> TableView:
    """What each display says, with the learning rate of the same iteration; evenly sampled where there are many."""
    train, rate = log.frame("train"), log.frame("lr")
    first = list(train.columns).index("superseded") + 1
    names = [str(name) for name in train.columns[first:-1]][:OUTPUTS_SHOWN]
    picked = train.iloc[sample_rows(len(train), _ROWS_SHOWN)]
    keys = zip(rate["attempt"], rate["iteration"], strict=True)
    rates = dict(zip(keys, rate["lr"], strict=True))
    records: list[dict[Any, Any]] = picked.to_dict("records")
    rows = [{**row, "lr": rates.get((row["attempt"], row["iteration"]))} for row in records]
    fields = (
        Field("iteration", "Iteration", "count"),
        *((Field("attempt", "Attempt", "count"),) if len(log.attempts) > 1 else ()),
        Field("loss", "Loss", "precise", "as displayed"),
        *(Field(name, name.split(" ", 1)[-1], "precise", f"output {name.split(' ', 1)[0]}") for name in names),
        *((Field("lr", "Learning rate", "precise"),) if len(rate) else ()),
        Field("line", "Line", "count"),
    )
    note = f"{_ROWS_SHOWN} of {formats.count(len(train))} rows, spread evenly; all rows: logparse export --table train."
    return tabulate(
        "Loss, outputs and learning rate as displayed", fields, rows, note=note if len(rows) < len(train) else ""
    )


def _beside_the_loss(outputs: Sequence[_Output]) -> list[_Output]:
    """What the chart of the loss does not show: a single loss output is that loss, several are its parts."""
    weighted = {one.name for one in outputs if one.weighted}
    return [one for one in outputs if not one.weighted or len(weighted) > 1]


def _panel_chart(log: ReportedLog, outputs: Sequence[_Output]) -> Iterator[ChartView]:
    """One small panel per output name; training and test nets together in it."""
    groups: dict[str, list[Series]] = {}
    for one in _beside_the_loss(outputs):
        groups.setdefault(one.name, []).append(one.series)
    shown = [(name, _few(series)) for name, series in groups.items() if any(one.y.size > 1 for one in series)]
    if not shown:
        return
    title = _outputs_title(log, outputs)
    left_out = len(shown) - curves.PANELS
    note = "Every output has a scale of its own."
    if left_out > 0:
        note += f" {left_out} more outputs are in the table."
    yield ChartView(
        title,
        note,
        curves.panels(shown, f"Small line charts, one per output. {title}. The table has the figures."),
        _outputs_table(outputs),
        tuple(dict.fromkeys((one.css, one.name) for _, series in shown[: curves.PANELS] for one in series)),
    )


def _few(series: Sequence[Series]) -> Sequence[Series]:
    return series[:LINES_SHOWN]


def _outputs_title(log: ReportedLog, outputs: Sequence[_Output]) -> str:
    """The best test of the last attempt that has one, as the findings tell it; else what the panels are."""
    best = [one for one in best_curves(AuditedLog(log.parsed)) if not one.lowest]
    if best:
        value, where = formats.precise(float(best[-1].value[best[-1].best])), best[-1].iteration[best[-1].best]
        return f"{best[-1].name} of test net #{best[-1].net} is best at iteration {formats.count(int(where))}: {value}"
    names = list(dict.fromkeys(one.name for one in _beside_the_loss(outputs)))
    more = " …" if len(names) > _NAMES_SHOWN else ""
    return f"{len(names)} {formats.plural('output', len(names))}: {', '.join(names[:_NAMES_SHOWN])}{more}"


def _outputs_table(outputs: Sequence[_Output]) -> TableView:
    """First, best and last value of each output, and the iteration of the best."""
    fields = (
        Field("name", "Output"),
        Field("net", "Net"),
        Field("number", "Values", "count"),
        Field("first", "First", "precise"),
        Field("low", "Smallest", "precise"),
        Field("low_at", "at iteration", "count"),
        Field("high", "Largest", "precise"),
        Field("high_at", "at iteration", "count"),
        Field("last", "Last", "precise"),
        Field("broken", "Not a number", "count", "values"),
    )
    rows = [_extent(one) for one in outputs]
    return tabulate("Range of every output", fields, rows[:_ROWS_SHOWN])


def _extent(one: _Output) -> dict[str, Any]:
    finite = np.isfinite(one.series.y)
    x, y = one.series.x[finite], one.series.y[finite]
    row: dict[str, Any] = {
        "name": one.name,
        "net": one.net,
        "number": one.series.y.size,
        "broken": int((~finite).sum()),
    }
    if y.size:
        low, high = int(y.argmin()), int(y.argmax())
        row |= {
            "first": y[0],
            "last": y[-1],
            "low": y[low],
            "low_at": int(x[low]),
            "high": y[high],
            "high_at": int(x[high]),
        }
    return row
