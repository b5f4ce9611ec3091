"""Compute against parameters over the layers of a net: bars up and down on one axis, and each layer as a dot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.report.charts.across import LEFT, RIGHT, Across, names_over, strip
from logparse.report.charts.axes import CHARACTER, WIDTH, grid, without_zeros
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from logparse.report.charts.across import NamedSlots

_NAMED: Final = 6
_SEEN: Final = 0.1  # points of a bar from which on it is drawn
# Lanes, from where the largest bar ends to where all begin
_UP: Final = (46.0, 148.0)
_DOWN: Final = (286.0, 184.0)
_TIME: Final = (316.0, 380.0)


class CostBar(NamedTuple):
    """One place on the axis: its name, its figures (None where not known) and the class of its kind."""

    name: str
    macs: float | None
    params: float | None
    ms: float | None
    css: str


class _Lane(NamedTuple):
    """Bars of one figure from `near` towards `far`; `texts` are what its ticks read."""

    head: str
    far: float
    near: float
    values: Sequence[float | None]
    texts: Callable[[Sequence[float]], list[str]]


def mirrored(costs: Sequence[CostBar], spans: Sequence[NamedSlots], description: str) -> Markup:
    """MACs upwards, parameters downwards, measured time beneath where there is any."""
    lanes = [
        _Lane("MACs", *_UP, [cost.macs for cost in costs], _shorts),
        _Lane("Parameters", *_DOWN, [cost.params for cost in costs], _shorts),
    ]
    if any(cost.ms for cost in costs):
        lanes.append(_Lane("Time, forward and backward", *_TIME, [cost.ms for cost in costs], _times))
    canvas = Canvas(WIDTH, max(lanes[-1].far, lanes[-1].near) + 12)
    across = Across(len(costs))
    strip(canvas, spans, across, _UP[1])
    for lane in lanes:
        _bars(canvas, costs, across, lane)
    macs = _drawn(lanes[0].values)
    most = sorted((at for at, value in enumerate(macs) if value), key=lambda at: -macs[at])[:_NAMED]
    scale = _scale(lanes[0])
    names_over(canvas, {at: (costs[at].name, scale.at(macs[at])) for at in most}, across, _UP[0] - 6)
    return canvas.svg(description)


def _shorts(ticks: Sequence[float]) -> list[str]:
    return [without_zeros(formats.short(tick)) if tick else "0" for tick in ticks]


def _times(ticks: Sequence[float]) -> list[str]:
    return [without_zeros(formats.milliseconds(tick)) if tick else "0" for tick in ticks]


def _drawn(values: Sequence[float | None]) -> list[float]:
    """What has a bar: nothing where a figure is not known, or is no number."""
    return [value if value is not None and math.isfinite(value) else 0.0 for value in values]


def _scale(lane: _Lane) -> Scale:
    return Scale(0, max(_drawn(lane.values), default=0) or 1, lane.near, lane.far)


def _bars(canvas: Canvas, costs: Sequence[CostBar], across: Across, lane: _Lane) -> None:
    scale, known = _scale(lane), _drawn(lane.values)
    canvas.text(RIGHT + 11, min(lane.far, lane.near) + 10, lane.head, "t-head")
    grid(canvas, scale, (LEFT, RIGHT), 2, lane.texts)
    for css in dict.fromkeys(cost.css for cost in costs):
        boxes = []
        for at, (cost, value) in enumerate(zip(costs, known, strict=True)):
            top, bottom = sorted((lane.near, scale.at(value)))
            if cost.css == css and bottom - top >= _SEEN:
                boxes.append((across.start(at) + across.inset, top, across.start(at + 1) - across.inset, bottom))
        canvas.boxes(boxes, f"bar {css}")


# --- each layer as a dot ----------------------------------------------------------------------------------


class Weighted(NamedTuple):
    """A layer with weights that computes: parameters and MACs per image (above 0), its own bytes, its kind's class."""

    name: str
    params: float
    macs: float
    bytes: int
    css: str


_HEIGHT: Final = 360.0
_BOX: Final = (74.0, 20.0, RIGHT + 40, 310.0)
SIZES: Final = 6  # of dots; each is a line of no length with round ends, as wide as its class says
_HAIR: Final = 0.01  # rounds to nothing


def scatter(layers: Sequence[Weighted], description: str) -> Markup:
    """Parameters to the right, MACs upwards, both on log scales; the area of a dot is its layer's own data."""
    canvas = Canvas(WIDTH, _HEIGHT)
    left, top, right, bottom = _BOX
    x = Scale(*_room([layer.params for layer in layers]), left, right, "log")
    y = Scale(*_room([layer.macs for layer in layers]), bottom, top, "log")
    canvas.text(left, 12, "MACs per image", "t-head")
    canvas.text(right, _HEIGHT - 8, "Parameters", "t-head", "end")
    grid(canvas, y, (left, right), 4, _shorts)
    ticks = x.ticks(6)
    canvas.rules([(x.at(tick), top, x.at(tick), bottom) for tick in ticks], "grid")
    for tick, text in zip(ticks, _shorts(ticks), strict=True):
        canvas.text(x.at(tick), bottom + 16, text, "t-tick", "middle")
    _ratios(canvas, x, y)
    largest = max((layer.bytes for layer in layers), default=0) or 1
    by_look: dict[tuple[int, str], list[Weighted]] = {}
    for layer in layers:
        size = max(1, round(SIZES * math.sqrt(layer.bytes / largest)))
        by_look.setdefault((-size, layer.css), []).append(layer)
    for (size, css), group in sorted(by_look.items()):  # small dots stand above large ones
        places = [(x.at(layer.params), y.at(layer.macs)) for layer in group]
        canvas.rules([(left, top, left + _HAIR, top) for left, top in places], f"spot r{-size} {css}")
    _named(canvas, layers, x, y)
    return canvas.svg(description)


def _room(values: Sequence[float]) -> tuple[float, float]:
    """A range with a little air on a log scale."""
    return min(values) / 1.6, max(values) * 1.6


def _ratios(canvas: Canvas, x: Scale, y: Scale) -> None:
    """Lines of equal MACs per weight, each power of ten that the box meets."""
    lowest, highest = math.floor(math.log10(y.low / x.high)), math.ceil(math.log10(y.high / x.low))
    for power in range(lowest, highest + 1):
        ratio = 10.0**power
        low, high = max(x.low, y.low / ratio), min(x.high, y.high / ratio)
        if ratio < 1 or high <= low * 1.5:
            continue
        canvas.rules([(x.at(low), y.at(low * ratio), x.at(high), y.at(high * ratio))], "ratio")
        words = "each weight used once" if power == 0 else f"{formats.count(int(ratio))} times"
        canvas.text(x.at(high) + 4, y.at(high * ratio) + (12 if high < x.high else 4), words, "t-note")


def _named(canvas: Canvas, layers: Sequence[Weighted], x: Scale, y: Scale) -> None:
    """The names of the layers with most MACs and most parameters, where no other name stands."""
    by_macs = sorted(layers, key=lambda layer: -layer.macs)[: _NAMED // 2]
    by_params = sorted(layers, key=lambda layer: -layer.params)[: _NAMED // 2]
    taken: list[tuple[float, float, float]] = []
    for layer in {id(one): one for one in (*by_macs, *by_params)}.values():
        text = label(layer.name, 24)
        width = len(text) * CHARACTER
        at = x.at(layer.params)
        left = at + 12 if at + 12 + width < _BOX[2] else at - 12 - width
        places = [y.at(layer.macs) + 4 + shift for shift in (0, -13, 13, -26, 26)]
        free = next((place for place in places if all(_clear(left, width, place, other) for other in taken)), None)
        if free is not None:
            taken.append((left, left + width, free))
            canvas.text(left, free, text, "t-name dark")


def _clear(left: float, width: float, y: float, other: tuple[float, float, float]) -> bool:
    return left > other[1] or left + width < other[0] or abs(y - other[2]) >= 12
