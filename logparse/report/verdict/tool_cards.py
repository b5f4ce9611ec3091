"""The cards of `caffe time` and `caffe test`: milliseconds, speed and the slowest layer; the means of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse import formats
from logparse.audit.curves import numbers
from logparse.report.elements import KeyFigure
from logparse.report.kinds import css_of, kind_of, plural_of
from logparse.report.verdict import drawings
from logparse.report.verdict.tools import benchmark, results
from logparse.rows import float_of, layer_name
from logparse.sums import float_sum

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow


def _pass(log: ReportedLog, way: str) -> KeyFigure | None:
    """Milliseconds of one pass, and how they divide among the kinds of layers."""
    found = benchmark(log)
    if found is None:
        return None
    sums: dict[str, float] = {}
    for row in found.layers:
        kind = kind_of(row.get("type"))
        sums[kind] = sums.get(kind, 0.0) + (float_of(row[f"{way}_ms"]) or 0.0)
    total = float_sum(sums.values())
    ranked = dict(sorted(sums.items(), key=lambda item: -item[1]))
    parts = [
        drawings.Slice(css_of(kind), ms / total, f"{kind}: {formats.milliseconds(ms)}")
        for kind, ms in ranked.items()
        if ms and total
    ]
    name, ms = f"{way.capitalize()} pass", found.forward_ms if way == "forward" else found.backward_ms
    most = f"{formats.percent(parts[0].share)} in {plural_of(next(iter(ranked)))}" if parts else ""
    drawing = drawings.late_split(parts, f"{name} by kind. {'; '.join(part.title for part in parts)}.") if parts else ""
    return KeyFigure(name, formats.milliseconds(ms), most, drawing, "timing")


def forward_card(log: ReportedLog) -> KeyFigure | None:
    """One forward pass."""
    return _pass(log, "forward")


def backward_card(log: ReportedLog) -> KeyFigure | None:
    """One backward pass."""
    return _pass(log, "backward")


def speed_card(log: ReportedLog) -> KeyFigure | None:
    """Images a second, forward and backward."""
    row = next((one for one in log.of_lead("throughput") if not formats.is_na(one["images_per_s"])), None)
    if row is None:
        return None
    flops = "" if formats.is_na(row["gflops"]) else f"{formats.short(row['gflops'] * 1e9)}FLOP/s, "
    return KeyFigure("Speed", f"{formats.significant(row['images_per_s'])} images/s", f"{flops}forward and backward")


def slowest_card(log: ReportedLog) -> KeyFigure | None:
    """The layer that takes most of both passes."""
    found = benchmark(log)
    rows = [] if found is None else [row for row in found.layers if _both(row) > 0]
    if found is None or not rows:
        return None
    row = max(rows, key=_both)
    share = _both(row) / float_sum(_both(one) for one in rows)
    css = css_of(kind_of(row.get("type")))
    parts = [drawings.Slice(css, share, layer_name(row)), drawings.Slice("k-other", 1 - share, "all others")]
    note = f"{formats.percent(share)} of both passes, {formats.milliseconds(_both(row))}"
    return KeyFigure(
        "Slowest layer", layer_name(row), note, drawings.late_split(parts, f"{layer_name(row)}: {note}."), "timing"
    )


def _both(row: TableRow) -> float:
    return float_sum(float_of(row.get(key)) or 0.0 for key in ("forward_ms", "backward_ms"))


TIMED: Final[tuple[Callable[[ReportedLog], KeyFigure | None], ...]] = (
    forward_card,
    backward_card,
    speed_card,
    slowest_card,
)


def _score(place: int) -> Callable[[ReportedLog], KeyFigure | None]:
    """The card of the test's result at a place, with its values over the batches."""

    def card(log: ReportedLog) -> KeyFigure | None:
        found = results(log)
        if place >= len(found):
            return None
        one = found[place]
        frame = log.audited.frame("test_batches")
        values = np.zeros(0)
        if frame is not None:
            mine = frame[(frame["output"] == one.name) & (frame["line"] < one.line)]
            values = numbers(mine, "value") if (mine["element"] == 0).all() else values
        of = f" of {formats.count(values.size)} batches{_spread(values)}" if values.size else ""
        drawing = drawings.late_curve(np.arange(values.size, dtype=float), values, None, f"{one.name} of each batch.")
        return KeyFigure(f"Test {one.name}", formats.precise(one.value), f"the mean that Caffe prints{of}", drawing)

    return card


def _spread(values: npt.NDArray[np.float64]) -> str:
    known = values[np.isfinite(values)]
    if known.size < 2:
        return ""
    return f", {formats.precise(float(known.min()))} to {formats.precise(float(known.max()))}"


TESTED: Final = tuple(_score(place) for place in range(3))
