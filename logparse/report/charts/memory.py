"""The chart of memory growth across the layers. Rows in, drawing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.charts.axes import CHARACTER, WIDTH, grid, size_texts
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.scales import Scale, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

NAMED: Final = 52  # up to so many layers each has its name under the chart
_LONGEST_NAME: Final = 24
TALLEST: Final = 13  # of more layers, so many are named: those with the largest steps


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of the memory chart. Bytes; None where not known."""

    name: str
    logged_total: int | None
    logged_step: int | None
    distinct_total: int | None
    distinct: int | None
    target: str = ""


def memory(steps: Sequence[Step], description: str) -> Markup:
    """Running totals over the layers (logged and distinct), and beneath the step of each layer."""
    names = _named(steps)
    below = 14 + 0.87 * CHARACTER * max((len(label(steps[index].name, _LONGEST_NAME)) for index in names), default=0)
    canvas = Canvas(WIDTH, 374 + below)
    across = _Layers(len(steps), 70, WIDTH - 128)
    _totals(canvas, steps, across)
    _steps(canvas, steps, across, names)
    return canvas.svg(description)


@dataclass(frozen=True, slots=True)
class _Layers:
    """Places of layers from left to right."""

    number: int
    left: float
    right: float

    @property
    def width(self) -> float:
        return (self.right - self.left) / max(self.number, 1)

    def start(self, index: int) -> float:
        return self.left + index * self.width

    def middle(self, index: int) -> float:
        return self.start(index) + self.width / 2


def _named(steps: Sequence[Step]) -> list[int]:
    """Which layers get a name: all where there is room, else the largest steps, none too near to another."""
    if len(steps) <= NAMED:
        return list(range(len(steps)))
    apart = 14 * len(steps) / (WIDTH - 198)
    chosen: list[int] = []
    for index in sorted(range(len(steps)), key=lambda index: -(steps[index].logged_step or 0)):
        if all(abs(index - other) >= apart for other in chosen):
            chosen.append(index)
        if len(chosen) == TALLEST:
            break
    return sorted(chosen)


def _totals(canvas: Canvas, steps: Sequence[Step], across: _Layers) -> None:
    top, bottom = 26.0, 206.0
    logged = _staircase([step.logged_total for step in steps], across)
    distinct = _staircase([step.distinct_total for step in steps], across)
    peak = max([value for _, value in (*logged, *distinct)], default=1) or 1
    scale = Scale(0, peak, bottom, top)
    canvas.text(across.left, 12, "Running total", "t-head")
    grid(canvas, scale, (across.left, across.right), 4, size_texts)
    lines = [(_placed(logged, scale), "logged"), (_placed(distinct, scale), "distinct")]
    for points, css in lines:
        if points:
            floor = [(points[-1][0], bottom), (points[0][0], bottom)]
            canvas.area([*points, *floor], f"area {css}")
    for points, css in lines:
        if points:
            canvas.line([x for x, _ in points], [y for _, y in points], f"line {css}")
    _end_labels(canvas, [(points, css) for points, css in lines if points], (logged, distinct), across.right)


def _end_labels(canvas: Canvas, lines: Sequence[tuple[list[Any], str]], values: Sequence[list[Any]], x: float) -> None:
    """The last value of each line beside it, moved apart where they meet."""
    last = [series[-1][1] for series in values if series]
    places = spread([points[-1][1] + 4 for points, _ in lines], 32, 24, 206)
    for (_, css), place, value in zip(lines, places, last, strict=True):
        canvas.text(x + 10, place, formats.size(value), f"t-value {css}")
        canvas.text(x + 10, place + 14, css, "t-note")


def _staircase(values: Sequence[int | None], across: _Layers) -> list[tuple[float, float]]:
    """A step line over the layers; a layer without a figure keeps the line where it was."""
    points: list[tuple[float, float]] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        points.extend(((across.start(index), value), (across.start(index + 1), value)))
    return points


def _placed(points: Sequence[tuple[float, float]], scale: Scale) -> list[tuple[float, float]]:
    places = scale([value for _, value in points])
    return [(x, float(y)) for (x, _), y in zip(points, places, strict=True)]


def _steps(canvas: Canvas, steps: Sequence[Step], across: _Layers, names: Sequence[int]) -> None:
    top, bottom = 250.0, 356.0
    peak = max((max(step.logged_step or 0, step.distinct or 0) for step in steps), default=0) or 1
    scale = Scale(0, peak, bottom, top)
    canvas.text(across.left, 234, "Step of each layer", "t-head")
    grid(canvas, scale, (across.left, across.right), 3, size_texts)
    inset = min(2.0, across.width * 0.14)
    canvas.boxes(_bars([step.logged_step for step in steps], scale, across, inset), "bar logged")
    canvas.boxes(_bars([step.distinct for step in steps], scale, across, inset), "bar distinct")
    for index in names:
        middle = across.middle(index)
        canvas.text(middle + 3, bottom + 12, label(steps[index].name, _LONGEST_NAME), "t-name", "end", 60)
    boxes = [(across.start(index), 26.0, across.start(index + 1), bottom) for index in range(len(steps))]
    canvas.boxes(boxes, "hit", [_step_title(step) for step in steps], [step.target for step in steps])


def _bars(values: Sequence[int | None], scale: Scale, across: _Layers, inset: float) -> list[Any]:
    return [
        (across.start(index) + inset, scale.at(value), across.start(index + 1) - inset, scale.start)
        for index, value in enumerate(values)
        if value
    ]


def _step_title(step: Step) -> str:
    logged, distinct = formats.size(step.logged_step), formats.size(step.distinct)
    return (
        f"{step.name}\nlogged +{logged} = {formats.size(step.logged_total)}"
        f"\ndistinct +{distinct} = {formats.size(step.distinct_total)}"
    )
