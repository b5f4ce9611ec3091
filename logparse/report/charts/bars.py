"""The charts of bars from left to right: parts of a whole, and figures of each layer side by side."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeAlias, TypeGuard

from logparse import formats
from logparse.report.charts.axes import CHARACTER, WIDTH, without_zeros
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.scales import Scale
from logparse.sums import float_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

NAMES: Final = 104.0  # where the bars of a stacked chart begin, unless a name or a total needs more room


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole: its name, its class, its share (0 to 1)."""

    name: str
    css: str
    share: float


@dataclass(frozen=True, slots=True)
class Whole:
    """One bar: its name, its total as text, its parts in order, its length in parts of the longest bar (0 to 1)."""

    name: str
    total: str
    parts: tuple[Share, ...]
    length: float = 1.0


def stacked(wholes: Sequence[Whole], description: str) -> Markup:
    """One bar per whole, cut into its parts."""
    canvas = Canvas(WIDTH, 14 + 46 * len(wholes))
    texts = [text for whole in wholes for text in (whole.name, whole.total)]
    begin = max(NAMES, 20 + CHARACTER * max(map(len, texts), default=0))
    for index, whole in enumerate(wholes):
        top = 6.0 + 46 * index
        canvas.text(begin - 14, top + 12, whole.name, "t-label", "end")
        canvas.text(begin - 14, top + 26, whole.total, "t-note", "end")
        _stack(canvas, whole.parts, (begin, top, begin + whole.length * (WIDTH - 8 - begin), top + 28))
    return canvas.svg(description)


def _stack(canvas: Canvas, parts: Sequence[Share], box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    x = left
    for part in parts:
        width = part.share * (right - left)
        if width > 0:
            title = f"{part.name}: {formats.percent(part.share)}"
            canvas.boxes([(x, top, max(x + width - 1.5, x + 0.5), bottom)], f"bar {part.css}", [title])
        for text in (f"{part.name} {formats.percent(part.share)}", formats.percent(part.share)):
            if len(text) * (CHARACTER + 0.6) + 12 < width:
                canvas.text(x + 8, top + 18.5, text, f"t-in {part.css}")
                break
        x += width


ROW: Final = 21.0
_LONGEST_NAME: Final = 26
GAP: Final = 36.0
TEXT_ROOM: Final = 92.0  # right of the longest bar, for its text
Span: TypeAlias = tuple[float, float]  # from left to right


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer: its name, the class of its kind, what hovering tells, the id of its row in the layer table."""

    name: str
    css: str
    title: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of all layers, as bars from 0, or as dots on a log scale; `texts` stand beside them."""

    head: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    dots: bool = False
    room: float = 1.0  # width, in parts of what the panels share


def by_layer(
    rows: Sequence[LayerRow], panels: Sequence[Panel], description: str, longest: int = _LONGEST_NAME
) -> Markup:
    """Layers (or what else has a name) under one another, their figures side by side."""
    height = 34 + ROW * len(rows) + 26
    canvas = Canvas(WIDTH, height)
    spans = _spans(rows, panels, longest)
    for panel, (left, _) in zip(panels, spans, strict=True):
        canvas.text(left, 13, panel.head, "t-head")
    canvas.rules([(left, 24, left, height - 24) for left, _ in spans], "axis")
    for index, row in enumerate(rows):
        canvas.text(spans[0][0] - 12, _top(index) + 11.5, label(row.name, longest), "t-label", "end")
    for panel, span in zip(panels, spans, strict=True):
        (_dots if panel.dots else _bars)(canvas, rows, panel, span)
    boxes = [(0.0, _top(index) - 3, WIDTH, _top(index) + ROW - 3) for index in range(len(rows))]
    canvas.boxes(boxes, "hit", [row.title for row in rows], [row.target for row in rows])
    return canvas.svg(description)


def _spans(rows: Sequence[LayerRow], panels: Sequence[Panel], longest: int) -> list[Span]:
    """Left and right end of each panel; the names take what they need."""
    left = 20 + 6.6 * max(len(label(row.name, longest)) for row in rows)
    share = (WIDTH - 40 - left - GAP * (len(panels) - 1)) / float_sum(panel.room for panel in panels)
    spans = []
    for panel in panels:
        spans.append((left, left + share * panel.room))
        left += share * panel.room + GAP
    return spans


def _top(index: int) -> float:
    return 32 + ROW * index


def _bars(canvas: Canvas, rows: Sequence[LayerRow], panel: Panel, span: Span) -> None:
    left, right = span
    peak = max((value for value in panel.values if _is_drawn(value)), default=0) or 1
    scale = Scale(0, peak, left, right - TEXT_ROOM)
    by_kind: dict[str, list[tuple[float, float, float, float]]] = {}
    for index, (row, value, text) in enumerate(zip(rows, panel.values, panel.texts, strict=True)):
        end = scale.at(value if _is_drawn(value) else 0)
        if _is_drawn(value):
            box = (left, _top(index), max(end, left + 1), _top(index) + ROW - 7)
            by_kind.setdefault(row.css, []).append(box)
        canvas.text(end + 6, _top(index) + 11.5, text, "t-value" if value else "t-note")
    for css, boxes in by_kind.items():
        canvas.boxes(boxes, f"bar {css}")


def _is_drawn(value: float | None) -> TypeGuard[float]:
    """Whether there is a figure to draw: a damaged line may tell an infinite time, whose text stands alone."""
    return bool(value) and isfinite(value or 0)


def _dots(canvas: Canvas, rows: Sequence[LayerRow], panel: Panel, span: Span) -> None:
    left, right = span
    known = [value for value in panel.values if _is_drawn(value)]
    if not known:
        return
    bottom = _top(len(rows)) + 2
    scale = Scale(min(*known, 1.0), max(*known, 10.0), left + 8, right, "log")
    ticks = scale.ticks(3)
    canvas.rules([(scale.at(tick), 24, scale.at(tick), bottom) for tick in ticks], "grid")
    for tick in ticks:
        canvas.text(scale.at(tick), bottom + 16, without_zeros(formats.short(tick)), "t-tick", "middle")
    for css in dict.fromkeys(row.css for row in rows):
        at = [
            (i, value)
            for i, (row, value) in enumerate(zip(rows, panel.values, strict=True))
            if row.css == css and _is_drawn(value)
        ]
        canvas.dots([(scale.at(value), _top(i) + 7) for i, value in at], 4, f"dot {css}")
    for index, (value, text) in enumerate(zip(panel.values, panel.texts, strict=True)):
        if _is_drawn(value):
            canvas.text(scale.at(value) + 8, _top(index) + 11.5, text, "t-note")
