"""The cards of the first screen: at most six figures of a log, the most telling first. What is not known is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.report.coverage import known_total, unknown_layers
from logparse.report.elements import KeyFigure
from logparse.report.kinds import css_of, plural_of, sums_by_kind
from logparse.report.verdict import drawings
from logparse.report.verdict.course import course, last_test, leading_test, training_of
from logparse.report.verdict.memory_card import memory_card
from logparse.report.verdict.outcome import shows_start
from logparse.report.verdict.tool_cards import TESTED, TIMED
from logparse.tables.series.trend import TREND_LEAST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.audit.evaluation import OutputCurve
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow

CARDS_SHOWN: Final = 6


def cards(log: ReportedLog) -> tuple[KeyFigure, ...]:
    """At most six cards, as the command of the leading attempt has them."""
    makers = _MAKERS.get(str((log.lead_attempt or {}).get("command")), _TRAINED)
    found = (make(log) for make in makers)
    return tuple(card for card in found if card is not None)[:CARDS_SHOWN]


# --- what was learnt --------------------------------------------------------------------------------------


def result_card(log: ReportedLog) -> KeyFigure | None:
    """The best test of the leading attempt and where it was; with too few tests the last one."""
    best = leading_test(log)
    if best is not None:
        return _best(best)
    last = last_test(log)
    if last is None:
        return None
    where = "" if last.iteration is None else f"at iteration {formats.count(last.iteration)}, "
    where = "before training, " if last.iteration == 0 else where
    which = "the only test" if last.tests == 1 else f"the last of {last.tests} tests"
    return KeyFigure(f"Test {last.name.strip('()')}", formats.precise(last.value), f"{where}{which}", href="training")


def _best(one: OutputCurve) -> KeyFigure:
    value, where = (float(column[one.best]) for column in (one.value, one.iteration))
    end = formats.precise(float(one.value[-1]))
    note = f"at iteration {formats.count(int(where))}, of {formats.count(len(one.value))} tests; the last is {end}"
    drawing = drawings.late_curve(
        one.iteration, one.value, one.best, f"{one.name} over the tests, best {formats.precise(value)}."
    )
    return KeyFigure(f"Best {one.name.strip('()')}", formats.precise(value), note, drawing, "training")


def loss_card(log: ReportedLog) -> KeyFigure | None:
    """The loss at the end of the leading attempt: of its last displays together, since each is one noisy batch."""
    row, training = log.lead_attempt, training_of(log)
    if row is None or row["last_loss"] is None:
        return None
    end, is_smoothed = log.loss_at_end
    found = course(log)
    note = "median of the last displays" if is_smoothed else "the last display"
    if found is not None:
        note += f"; {formats.significant(found.start)} in the first {TREND_LEAST}"
    drawing: drawings.LateDrawing | str = ""
    if training is not None and len(training.loss) > 1:
        y = training.trend if found is not None else training.loss
        drawing = drawings.late_curve(training.iteration.astype(np.float64), y, None, "The loss over the iterations.")
    return KeyFigure("Loss at the end", formats.significant(end), note, drawing, "training")


# --- what it took -----------------------------------------------------------------------------------------


def time_card(log: ReportedLog) -> KeyFigure | None:
    """How long the leading attempt ran, and how fast."""
    row = log.lead_attempt
    if row is None:
        return None
    work = next(iter(log.of_lead("throughput")), None)
    seconds = row["duration_s"]
    speed = None if work is None or formats.is_na(work["images_per_s"]) else float(work["images_per_s"])
    rate = "" if speed is None else f"{formats.significant(speed)} images/s"
    if row["last_iteration"] is None or seconds is None or not shows_start(row):
        return None if speed is None else KeyFigure("Speed", rate, "median over the displays")
    parts = [] if work is None else _spent(work, float(seconds))
    pauses = f"{formats.percent(parts[0].share)} of it in training" if len(parts) > 1 else ""
    drawing = drawings.late_split(parts, f"Time. {'; '.join(part.title for part in parts)}.") if parts else ""
    return KeyFigure("Time", formats.duration(seconds), "; ".join(filter(None, (rate, pauses))), drawing)


def _spent(work: TableRow, seconds: float) -> list[drawings.Slice]:
    """The time by what it went into; empty where that is not known, or where the parts are more than the whole."""
    known = {name: work[key] for key, name, _ in _PAUSES}
    if seconds <= 0 or any(formats.is_na(value) for value in known.values()):
        return []
    left = seconds - sum(float(value) for value in known.values())
    if left < 0:
        return []
    pieces = [("training", "c-train", left), *((name, css, float(known[name])) for _, name, css in _PAUSES)]
    return [
        drawings.Slice(css, value / seconds, f"{name}: {formats.duration(value)}")
        for name, css, value in pieces
        if value
    ]


_PAUSES: Final = (
    ("seconds_in_tests", "tests", "c-test0"),
    ("seconds_in_snapshots", "snapshots", "c-test1"),
    ("seconds_before_training", "set-up", "k-other"),
)


def batch_card(log: ReportedLog) -> KeyFigure | None:
    """How many images make one update of the parameters: batch × iter_size × GPUs; without a run the net's batch."""
    work = next((row for row in log.of_lead("throughput") if not formats.is_na(row["images_per_iteration"])), None)
    if work is None:
        size = None if log.lead is None else log.lead.row.get("batch")
        return None if formats.is_na(size) else KeyFigure("Batch", formats.count(size), "images a pass")
    parts = [f"{formats.count(work['batch'])} a pass"]
    if work["iter_size"] > 1:
        parts.append(f"{formats.count(work['iter_size'])} passes an update")
    if work["gpus"] > 1:
        parts.append(f"{formats.count(work['gpus'])} GPUs")
    note = " × ".join(parts) if len(parts) > 1 else "images an update, in one pass"
    return KeyFigure("Effective batch", formats.count(work["images_per_iteration"]), note)


# --- what the net is --------------------------------------------------------------------------------------


def params_card(log: ReportedLog) -> KeyFigure | None:
    """Learnable parameters, and which kind of layer holds most of them."""
    return _total(log, "params", "Parameters", "param_bytes")


def macs_card(log: ReportedLog) -> KeyFigure | None:
    """Multiply-accumulates of one image's forward pass, and which kind of layer does most of them."""
    per_image = log.lead is not None and not formats.is_na(log.lead.row.get("batch"))
    return _total(log, *(("macs_per_image", "MACs per image") if per_image else ("macs", "MACs per batch")), None)


def _total(log: ReportedLog, key: str, name: str, size_key: str | None) -> KeyFigure | None:
    lead = log.lead
    if lead is None:
        return None
    sums = sums_by_kind(lead.layers, key)
    if not sums:
        return None
    text = known_total(lead, key, formats.short)
    if not lead.whole:
        text = f"≥ {text.removeprefix('≥ ')}"
    size = None if size_key is None else lead.row.get(size_key)
    missing = unknown_layers(lead, key)
    words = [
        *([] if formats.is_na(size) or missing else [formats.size(size)]),
        *([f"not known for {missing} of {len(lead.layers)} layers"] if missing else []),
        *([] if lead.whole else ["of the layers that are set up"]),
    ]
    return KeyFigure(name, text, "; ".join([*words, *_most(sums)]), _by_kind(sums, name), "compute")


def _most(sums: dict[str, int]) -> Sequence[str]:
    """`91.9 % in convolutions`."""
    if not sums:
        return []
    kind, most = next(iter(sums.items()))
    share = formats.percent(most / sum(sums.values()))
    return [f"{share} in {plural_of(kind)}"]


def _by_kind(sums: dict[str, int], name: str) -> drawings.LateDrawing | str:
    total = sum(sums.values())
    parts = [
        drawings.Slice(css_of(kind), size / total, f"{kind}: {formats.percent(size / total)}")
        for kind, size in sums.items()
    ]
    return drawings.late_split(parts, f"{name} by kind. {'; '.join(part.title for part in parts)}.") if parts else ""


_TRAINED: Final[Sequence[Callable[[ReportedLog], KeyFigure | None]]] = (
    memory_card,
    result_card,
    time_card,
    params_card,
    macs_card,
    batch_card,
    loss_card,
)
_MAKERS: Final = {
    "time": (*TIMED, memory_card, params_card, macs_card),
    "test": (*TESTED, memory_card, params_card, macs_card, batch_card),
}
