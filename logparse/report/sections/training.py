"""Loss, scores, outputs and learning rate over iterations; and the magnitudes that debug_info and clipping print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse import formats
from logparse.report.charts import curves
from logparse.report.charts.curves import CurvePanel, Timeline
from logparse.report.charts.scales import sample_rows
from logparse.report.elements import ChartView, Content
from logparse.report.measured.gradients import clipping_chart, heat_charts
from logparse.report.measured.occasions import run_timeline
from logparse.report.measured.outputs import losses, outputs_of_tests, outputs_of_training, rate, styled
from logparse.report.tabulate import Field, tabulate
from logparse.report.verdict.course import RULE, course, course_words, leading_test
from logparse.rows import grouped
from logparse.tables.series.trend import DISPLAYS_LEAST, TREND_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.charts.curves import Series
    from logparse.report.elements import TableView
    from logparse.report.measured.outputs import DrawnOutput
    from logparse.report.reported_log import ReportedLog

_ROWS_SHOWN: Final = 120
LOSSES_SHOWN: Final = 5  # of the test nets, in one chart
SCORES_SHOWN: Final = 5  # in one panel
_NAMES_SHOWN: Final = 4  # in a title
OUTPUTS_SHOWN: Final = 10  # columns of the table
LINES_SHOWN: Final = 12  # of one output in one small panel
VECTORS_SHOWN: Final = 3  # outputs of many values, such as one per class, each in a chart of its own


def build(log: ReportedLog) -> Content | None:
    """Charts and tables of the solver's lines; None where there are none."""
    tests, trained = outputs_of_tests(log), outputs_of_training(log)
    scores = _scores(log, [*tests, *trained])
    charts = (
        *_run_chart(log, tests, scores),
        *_panel_chart([*trained, *tests], scores),
        *_class_charts([*trained, *tests]),
        *heat_charts(log),
        *clipping_chart(log),
    )
    if not charts and not any(len(log.frame(name)) for name in ("train", "train_outputs", "test")):
        return None
    outputs = [*trained, *tests]
    tables = (_outputs_table(outputs),) if outputs else ()
    return Content(charts=charts, tables=tables, absent="" if charts else _NOTHING_TO_DRAW)


_NOTHING_TO_DRAW: Final = (
    "The log has solver lines, but none that can be drawn: one measurement alone, or values without their iterations. "
    "They are in the tables that “logparse export” writes."
)


# --- loss, scores and learning rate -----------------------------------------------------------------------


def _run_chart(log: ReportedLog, tests: Sequence[DrawnOutput], scores: Sequence[DrawnOutput]) -> Iterator[ChartView]:
    """The loss with that of the tests, the scores beneath on a linear scale, the learning rate beneath them."""
    shown, matching = losses(log), _test_losses(tests)
    series = styled([*shown, *matching[:LOSSES_SHOWN]])
    panels = [CurvePanel("Loss", series)] if series else []
    if scores:
        panels.append(_score_panel(log, scores))
    if not panels:
        return
    title, note = _title(log, shown), _note(series, scores)
    kept = rate(log)
    drawn = [one for panel in panels for one in panel.series]
    heads = ", ".join(panel.head for panel in panels)
    words = f"Line charts over iterations: {heads}. {title}. The tables have the figures."
    drawing = curves.run(panels, run_timeline(log, drawn, kept), words)
    yield ChartView(title, note, drawing, _train_table(log), _key(drawn), "curves")


def _key(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    """What the looks stand for; nothing where one stands for several names, which then stand at the ends of lines."""
    pairs = tuple(dict.fromkeys((one.css, one.name) for one in series))
    return pairs if len({css for css, _ in pairs}) == len(pairs) else ()


def _test_losses(tests: Sequence[DrawnOutput]) -> list[Series]:
    """The losses of the tests, the main one first: of several heads each is drawn as its part of the whole."""
    found = [one for one in tests if one.weighted] or [one for one in tests if "loss" in one.name.lower()]
    # outputs come in the order of the net: of those that weigh most the last is the main loss, others are auxiliary
    found = sorted(found, key=lambda one: (-(one.weight or 0), -one.index))
    several = len({one.name for one in found}) > 1
    return [replace(one.as_part, name=_part_name(one)) if several else one.as_part for one in found]


def _part_name(one: DrawnOutput) -> str:
    times = "" if one.weight in (None, 1) else f" × {formats.significant(one.weight)}"
    return f"{one.name}{times}, {one.net}"


def _scores(log: ReportedLog, outputs: Sequence[DrawnOutput]) -> list[DrawnOutput]:
    """The scores that share a panel: scalars of the tests whose size is like that of the leading one, it first."""
    found = [one for one in outputs if one.is_score and one.element is None and one.series.dots]
    found = [one for one in found if np.isfinite(one.series.y).sum() > 1]
    best = leading_test(log)
    if not found:
        return []
    if best is not None:  # the leading score, then its head's others, then auxiliary heads
        head = best.name.rpartition("/")[0]
        found.sort(key=lambda one: (one.name != best.name, one.name.rpartition("/")[0] != head))
    peak = _peak(found[0])
    return [one for one in found if peak / 20 <= _peak(one) <= peak * 20 or peak == 0][:SCORES_SHOWN]


def _peak(one: DrawnOutput) -> float:
    return float(np.abs(one.series.y[np.isfinite(one.series.y)]).max(initial=0.0))


def _score_panel(log: ReportedLog, scores: Sequence[DrawnOutput]) -> CurvePanel:
    """As large as the loss; the best test is ringed."""
    several = len({one.name for one in scores}) > 1
    names = formats.enumerated(list(dict.fromkeys(one.name for one in scores)))
    series = [replace(one.series, name=f"{one.name}, {one.net}" if several else one.net) for one in scores]
    best = leading_test(log)
    ringed = None
    if best is not None and not best.lowest and best.name in {one.name for one in scores}:
        x, y = float(best.iteration[best.best]), float(best.value[best.best])
        ringed = (x, y, f"best {formats.precise(y)} at iteration {formats.count(int(x))}")
    head = formats.capitalised(formats.shortened(names, 80))
    return CurvePanel(f"{head}, linear scale", styled(series), score=True, best=ringed)


def _title(log: ReportedLog, shown: Sequence[Series]) -> str:
    """What the loss did, in the words that its state has for it; else its smoothed course."""
    attempt = log.lead_attempt
    if attempt is not None and attempt["loss_state"] is not None:
        return f"The loss {attempt['loss_text']}"
    found = course(log)
    if found is None:
        words = course_words(log)
        if not words:
            return "The loss is never a number" if shown else _best_words(log) or "What the tests found"
        return f"The loss {words}"
    start, low, end = (formats.significant(value) for value in (found.start, found.low, found.end))
    until = f"by iteration {formats.count(int(found.training.iteration[-1]))}"
    if start == end:
        return f"The training loss is {end} in its first {TREND_LEAST} displays and {until}"
    verb = "falls" if found.end < found.start else "rises"
    lowest = "" if low in {start, end} else f"; its lowest is {low} at iteration {formats.count(found.low_at)}"
    return f"The training loss {verb} from {start} in its first {TREND_LEAST} displays to {end} {until}{lowest}"


def _best_words(log: ReportedLog) -> str:
    """`best accuracy on test data: 0.9945 at iteration 1,500`."""
    best = leading_test(log)
    if best is None:
        return ""
    value, where = formats.precise(float(best.value[best.best])), int(best.iteration[best.best])
    return f"best {best.name.strip('()')} on test data: {value} at iteration {formats.count(where)}"


def _note(series: Sequence[Series], scores: Sequence[DrawnOutput]) -> str:
    words = []
    displayed = [one for one in series if not one.dots and not one.quiet]
    if displayed:
        words.append("Caffe displays the mean loss of the last average_loss iterations.")
    if any(one.y.size >= curves.BAND_FROM for one in displayed):
        words.append("The band reaches from the lowest to the highest display, the line is their running median.")
    elif any(one.y.size >= curves.SMOOTHED_FROM for one in displayed):
        words.append("The thin line is the loss as displayed, the strong one its running median.")
    if any(one.y.size >= DISPLAYS_LEAST for one in displayed):
        words.append(RULE)
    if scores or any(one.dots for one in series):
        words.append("Marks are means over a whole test.")
    if any(one.quiet for one in series):
        words.append("Grey is what a later attempt did again.")
    return " ".join(words)


def _train_table(log: ReportedLog) -> TableView:
    """What each display says, with the learning rate of the same iteration; evenly sampled where there are many."""
    train, rates = log.frame("train"), log.frame("lr")
    first = list(train.columns).index("superseded") + 1
    names = [str(name) for name in train.columns[first:-1]][:OUTPUTS_SHOWN]
    picked = train.iloc[sample_rows(len(train), _ROWS_SHOWN)]
    keys = zip(rates["attempt"], rates["iteration"], strict=True)
    by_place = dict(zip(keys, rates["lr"], strict=True))
    records: list[dict[Any, Any]] = picked.to_dict("records")
    rows = [{**row, "lr": by_place.get((row["attempt"], row["iteration"]))} for row in records]
    fields = (
        Field("iteration", "Iteration", "count"),
        *((Field("attempt", "Attempt", "count"),) if len(log.attempts) > 1 else ()),
        Field("loss", "Loss", "precise", "as displayed"),
        *(Field(name, name.split(" ", 1)[-1], "precise", f"output {name.split(' ', 1)[0]}") for name in names),
        *((Field("lr", "Learning rate", "precise"),) if len(rates) else ()),
        Field("line", "Line", "count"),
    )
    note = f"{_ROWS_SHOWN} of {formats.count(len(train))} rows, spread evenly; all rows: logparse export --table train."
    return tabulate(
        "Loss, outputs and learning rate as displayed", fields, rows, note=note if len(rows) < len(train) else ""
    )


# --- the other outputs ------------------------------------------------------------------------------------


def _beside(outputs: Sequence[DrawnOutput], scores: Sequence[DrawnOutput]) -> list[DrawnOutput]:
    """What the large chart does not show: a single loss output is that loss, several are its parts."""
    weighted = {one.name for one in outputs if one.weighted}
    shown = {one.name for one in scores}
    return [
        one
        for one in outputs
        if one.element is None
        and (not one.weighted or len(weighted) > 1)
        and not (one.series.dots and one.name in shown)
    ]


def _panel_chart(outputs: Sequence[DrawnOutput], scores: Sequence[DrawnOutput]) -> Iterator[ChartView]:
    """One small panel per output name; training and test nets together in it, the elements of a vector too."""
    groups: dict[str, list[Series]] = {}
    beside = _beside(outputs, scores)
    for one in beside:
        groups.setdefault(one.name, []).append(one.series)
    shown = [(name, _few(series)) for name, series in groups.items() if any(one.y.size > 1 for one in series)]
    if not shown:
        return
    title = _outputs_title(beside)
    note = "All panels show the same iterations; each has a scale of its own."
    if len(shown) > curves.PANELS:
        note += f" {len(shown) - curves.PANELS} more outputs are in the table."
    linear = frozenset(one.name for one in beside if one.is_score)
    words = f"Small line charts, one per output. {title}. The table has the figures."
    key = tuple(
        dict.fromkeys((one.css, one.name.split(",")[0]) for _, series in shown[: curves.PANELS] for one in series)
    )
    drawn = [one for one in beside if one.name in dict(shown)]
    drawing = curves.panels(shown, words, scores=linear)
    yield ChartView(title, note, drawing, _outputs_table(drawn, "Range of these outputs"), key, "outputs")


def _class_charts(outputs: Sequence[DrawnOutput]) -> Iterator[ChartView]:
    """One large panel per output of many values; those that end highest and lowest are named."""
    vectors = [one for one in outputs if one.element is not None and np.isfinite(one.series.y).any()]
    for (name, net), found in list(grouped(vectors, lambda one: (one.name, one.net)).items())[:VECTORS_SHOWN]:
        css = "c-many" if len(found) > curves.BUNDLE else "c-test1"
        series = tuple(replace(one.series, name=f"value {one.element}", css=css) for one in found)
        ended = sorted((end, one.element) for one in found if (end := curves.end_of(one.series)) is not None)
        (low, least), (high, most) = ended[0], ended[-1]
        ends = f"{formats.significant(low)} (value {least}) and {formats.significant(high)} (value {most})"
        title = f"The {formats.count(len(found))} values of {name}, {net}, end between {ends}"
        panel = CurvePanel(f"{name}, {net}", series, score=found[0].is_score)
        note = "Values are numbered from 0, in the order of their lines. Named are the two highest and lowest ends."
        drawing = curves.run([panel], Timeline(), f"Line chart over iterations. {title}. The table has the figures.")
        table = _outputs_table(found, f"Range of the values of {name}, {net}")
        yield ChartView(title, note, drawing, table, name="values")


def _few(series: Sequence[Series]) -> Sequence[Series]:
    return series[:LINES_SHOWN]


def _outputs_title(outputs: Sequence[DrawnOutput]) -> str:
    """What the panels are."""
    names = list(dict.fromkeys(one.name for one in outputs))
    more = " …" if len(names) > _NAMES_SHOWN else ""
    return f"{len(names)} more {formats.plural('output', len(names))}: {', '.join(names[:_NAMES_SHOWN])}{more}"


def _outputs_table(outputs: Sequence[DrawnOutput], caption: str = "Range of every output") -> TableView:
    """First, smallest, largest and last value of each output, and where they are."""
    fields = (
        Field("name", "Output"),
        Field("net", "Net"),
        Field("element", "Class", "count", optional=True),
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
    return tabulate(caption, fields, rows[:_ROWS_SHOWN])


def _extent(one: DrawnOutput) -> dict[str, Any]:
    finite = np.isfinite(one.series.y)
    x, y = one.series.x[finite], one.series.y[finite]
    row: dict[str, Any] = {
        "name": one.name,
        "net": one.net,
        "element": one.element,
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
