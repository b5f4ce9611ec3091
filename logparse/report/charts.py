"""The charts of the set-up: memory growth, shares by kind, cost per layer. Rows in, drawing out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.report.canvas import Canvas, label
from logparse.report.scales import Scale, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

WIDTH: Final = 960.0
NAMED: Final = 52  # up to so many layers each has its name under the chart
LONGEST_NAME: Final = 24
TALLEST: Final = 13  # of more layers, so many are named: those with the largest steps
_ZEROS: Final = re.compile(r"\.0+(?= )|(?<=\.\d)0+(?= )")
CHARACTER: Final = 6.1  # mean width of a character of a label


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
    below = 14 + 0.87 * CHARACTER * max((len(label(steps[index].name, LONGEST_NAME)) for index in names), default=0)
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
    grid(canvas, scale, across.left, across.right, 4, round_size)
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
    grid(canvas, scale, across.left, across.right, 3, round_size)
    inset = min(2.0, across.width * 0.14)
    canvas.boxes(_bars([step.logged_step for step in steps], scale, across, inset), "bar logged")
    canvas.boxes(_bars([step.distinct for step in steps], scale, across, inset), "bar distinct")
    for index in names:
        middle = across.middle(index)
        canvas.text(middle + 3, bottom + 12, label(steps[index].name, LONGEST_NAME), "t-name", "end", 60)
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


def round_size(tick: float) -> str:
    """A round number of bytes without the zeros that three digits would give it: `10 MB`."""
    return "0" if not tick else _ZEROS.sub("", formats.size(int(tick)))


def grid(canvas: Canvas, scale: Scale, left: float, right: float, wanted: int, form: Callable[[float], str]) -> None:
    """Horizontal rules at round values with their text left of them."""
    ticks = scale.ticks(wanted)
    canvas.rules([(left, scale.at(tick), right, scale.at(tick)) for tick in ticks], "grid")
    for tick in ticks:
        canvas.text(left - 8, scale.at(tick) + 4, form(tick), "t-tick", "end")


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole: its name, its class, its share (0 to 1)."""

    name: str
    css: str
    share: float


def stacked(rows: Sequence[tuple[str, str, Sequence[Share]]], description: str) -> Markup:
    """One bar of 100 % per row: (name, total as text, parts in the order in which they stand)."""
    canvas = Canvas(WIDTH, 14 + 46 * len(rows))
    left, right, height = 104.0, WIDTH - 8, 28.0
    for index, (name, total, parts) in enumerate(rows):
        top = 6 + 46 * index
        canvas.text(left - 14, top + 12, name, "t-label", "end")
        canvas.text(left - 14, top + 26, total, "t-note", "end")
        _stack(canvas, parts, (left, top, right, top + height))
    return canvas.svg(description)


def _stack(canvas: Canvas, parts: Sequence[Share], box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    x = left
    for part in parts:
        width = part.share * (right - left)
        if width > 0:
            canvas.boxes([(x, top, max(x + width - 1.5, x + 0.5), bottom)], f"bar {part.css}", [_share_title(part)])
        for text in (f"{part.name} {formats.percent(part.share)}", formats.percent(part.share)):
            if len(text) * (CHARACTER + 0.6) + 12 < width:
                canvas.text(x + 8, top + 18.5, text, f"t-in {part.css}")
                break
        x += width


def _share_title(part: Share) -> str:
    return f"{part.name}: {formats.percent(part.share)}"


@dataclass(frozen=True, slots=True)
class Cost:
    """One layer of the cost chart; None where not known, and why."""

    name: str
    css: str
    macs: int | None
    macs_share: float | None
    params: int | None
    params_share: float | None
    ratio: float | None
    target: str = ""


ROW: Final = 21.0
HEADS: Final = ("Share of MACs", "Share of parameters", "MACs per weight, log scale")
Columns = tuple[tuple[float, float], ...]


def costs(rows: Sequence[Cost], description: str) -> Markup:
    """Per layer its share of the MACs, its share of the parameters, and the MACs per weight (log scale)."""
    height = 34 + ROW * len(rows) + 26
    canvas = Canvas(WIDTH, height)
    columns = _columns(rows)
    for (left, _), head in zip(columns, HEADS, strict=True):
        canvas.text(left, 13, head, "t-head")
    canvas.rules([(left, 24, left, height - 24) for left, _ in columns], "axis")
    for index, row in enumerate(rows):
        canvas.text(columns[0][0] - 12, _row(index) + 11.5, label(row.name, LONGEST_NAME), "t-label", "end")
    _share_column(canvas, rows, columns[0], [(row.macs_share, row.macs) for row in rows])
    _share_column(canvas, rows, columns[1], [(row.params_share, row.params) for row in rows])
    _ratio_column(canvas, rows, columns[2], height)
    boxes = [(0.0, _row(index) - 3, WIDTH, _row(index) + ROW - 3) for index in range(len(rows))]
    canvas.boxes(boxes, "hit", [_cost_title(row) for row in rows], [row.target for row in rows])
    return canvas.svg(description)


def _columns(rows: Sequence[Cost]) -> Columns:
    """Left and right end of the three columns; the names take what they need."""
    names = 20 + 6.6 * max(len(label(row.name, LONGEST_NAME)) for row in rows)
    room = WIDTH - names - 2 * 36
    first, second = names + room * 0.4, names + room * 0.76 + 36
    return (names, first), (first + 36, second), (second + 36, WIDTH - 40)


def _row(index: int) -> float:
    return 32 + ROW * index


def _share_column(
    canvas: Canvas, rows: Sequence[Cost], column: tuple[float, float], values: Sequence[tuple[Any, Any]]
) -> None:
    left, right = column
    peak = max((share for share, _ in values if share is not None), default=0) or 1
    scale = Scale(0, peak, left, right - 88)
    by_kind: dict[str, list[Any]] = {}
    for index, (row, (share, value)) in enumerate(zip(rows, values, strict=True)):
        end = scale.at(share or 0)
        if share:
            by_kind.setdefault(row.css, []).append((left, _row(index), max(end, left + 1), _row(index) + ROW - 7))
        text = "not known" if value is None else f"{formats.percent(share or 0)} · {formats.short(value)}"
        canvas.text(end + 6, _row(index) + 11.5, text, "t-value" if share else "t-note")
    for css, boxes in by_kind.items():
        canvas.boxes(boxes, f"bar {css}")


def _ratio_column(canvas: Canvas, rows: Sequence[Cost], column: tuple[float, float], height: float) -> None:
    left, right = column
    known = [row.ratio for row in rows if row.ratio]
    if not known:
        return
    low, high = min(*known, 1.0), max(*known, 10.0)
    scale = Scale(low, high, left + 8, right, "log")
    ticks = [tick for tick in scale.ticks(3) if tick >= low]
    canvas.rules([(scale.at(tick), 24, scale.at(tick), height - 24) for tick in ticks], "grid")
    for tick in ticks:
        canvas.text(scale.at(tick), height - 8, _ZEROS.sub("", formats.short(tick)), "t-tick", "middle")
    for css in dict.fromkeys(row.css for row in rows):
        places = [(scale.at(row.ratio), _row(i) + 7) for i, row in enumerate(rows) if row.ratio and row.css == css]
        canvas.dots(places, 4, f"dot {css}")
    for index, row in enumerate(rows):
        if row.ratio:
            canvas.text(scale.at(row.ratio) + 8, _row(index) + 11.5, formats.significant(row.ratio), "t-note")


def _cost_title(row: Cost) -> str:
    return (
        f"{row.name}\n{formats.count(row.macs)} MACs per image, {formats.count(row.params)} parameters, "
        f"{formats.significant(row.ratio)} MACs per weight"
    )
