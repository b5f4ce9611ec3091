"""The chart of a net's memory from layer to layer: what is held, and what each layer adds. Data in, SVG out."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse import formats
from logparse.report.charts.across import LEFT, LONGEST, RIGHT, TEXT_LINE, Across, names_over, strip
from logparse.report.charts.axes import WIDTH, grid, size_texts
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.scales import Scale, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markupsafe import Markup

    from logparse.report.charts.across import NamedSlots

_TOP, _FLOOR = 30.0, 226.0  # of the running area
_STRIP: Final = 234.0  # above the modules' names
_STEPS: Final = (306.0, 392.0)  # of the steps, above which their names stand
_HEIGHT: Final = 400.0
LABELLED: Final = 8
_NARROW: Final = 1.5  # points of a bar, the least
_THIN: Final = 0.1  # points of its height, the least
_SEEN: Final = 0.5  # points by which a staircase must rise to be drawn
LOW: Final = 0.3  # part of a card's memory from which on its rule stands in the picture


class Stratum(NamedTuple):
    """One kind of memory: its words, the class of its mark, bytes of it."""

    words: str
    css: str
    bytes: int


class Slot(NamedTuple):
    """One place on the axis, a layer or a module. Bytes; `own` and `again` are None where not known.

    `grown` has the bytes of each kind that grows over the layers, in the order of `Story.grown`; `logged` is Caffe's
    running figure behind it; `again` what that figure counts here though it is counted before.
    """

    name: str
    grown: tuple[int, ...]
    own: int | None
    again: int | None
    logged: int | None


class Story(NamedTuple):
    """What one picture shows: `base` is held from the beginning, `grown` (words, class) grows from slot to slot.

    `card` names a card and its bytes. `breaks` are the slots at which another net begins.
    """

    slots: tuple[Slot, ...]
    base: tuple[Stratum, ...]
    grown: tuple[tuple[str, str], ...]
    spans: tuple[NamedSlots, ...]
    card: tuple[str, int] | None = None
    breaks: tuple[int, ...] = ()

    @property
    def at_base(self) -> int:
        """Bytes that are held from the beginning."""
        return sum(part.bytes for part in self.base)

    @property
    def running(self) -> list[int]:
        """All that is held behind each slot."""
        return [self.at_base + total for total in accumulate(sum(slot.grown) for slot in self.slots)]

    @property
    def crossing(self) -> int | None:
        """The first slot behind which more is held than the card has; None where there is none."""
        if self.card is None:
            return None
        limit = self.card[1]
        return next((at for at, held in enumerate(self.running) if held > limit), None)


def story(told: Story, description: str) -> Markup:
    """The running area over what is held from the beginning, the strip of modules, the step of each slot."""
    canvas = Canvas(WIDTH, _HEIGHT)
    across = Across(len(told.slots))
    _area(canvas, told, across)
    strip(canvas, told.spans, across, _STRIP)
    borders = [across.start(at) for at in told.breaks]
    canvas.rules([(x, _TOP, x, _STRIP + 32) for x in borders], "axis")
    _steps(canvas, told, across)
    return canvas.svg(description)


# --- the running area -------------------------------------------------------------------------------------


def _area(canvas: Canvas, told: Story, across: Across) -> None:
    peak = max([*told.running, *(slot.logged or 0 for slot in told.slots)], default=0) or 1
    card = None if told.card is None or peak < LOW * told.card[1] else told.card
    scale = Scale(0, max(peak, 0 if card is None else card[1]) * 1.04, _FLOOR, _TOP)
    canvas.text(LEFT, 14, "What is held", "t-head")
    grid(canvas, scale, (LEFT, RIGHT), 4, size_texts)
    levels = _levels(told)
    for part, values in reversed(levels):
        _filled(canvas, values, part.css, scale, across)
    places = [scale.at(values[-1]) for _, values in levels if values]
    texts = [(f"{part.words} {formats.size(part.bytes)}", f"t-part {part.css}") for part, _ in levels]
    logged = _logged(canvas, told, scale, across)
    if logged is not None:
        places.append(scale.at(logged))
        texts.append((f"logged {formats.size(logged)}", "t-part logged"))
    _end_texts(canvas, places, texts)
    if card is not None:
        _card(canvas, told, card, scale, across)
    elif told.card is not None:
        share = formats.percent(peak / told.card[1])
        canvas.text(RIGHT, 14, f"{share} of {told.card[0]} ({formats.size(told.card[1])})", "t-note", "end")


def _levels(told: Story) -> list[tuple[Stratum, list[int]]]:
    """From the bottom up: each kind with its own bytes, and the height of its top edge behind each slot."""
    levels: list[tuple[Stratum, list[int]]] = []
    below = [0] * len(told.slots)
    for part in told.base:
        below = [value + part.bytes for value in below]
        levels.append((part, below))
    for at, (words, css) in enumerate(told.grown):
        totals = list(accumulate(slot.grown[at] for slot in told.slots))
        below = [value + total for value, total in zip(below, totals, strict=True)]
        levels.append((Stratum(words, css, totals[-1] if totals else 0), below))
    return [(part, values) for part, values in levels if part.bytes]


def _filled(canvas: Canvas, values: Sequence[int], css: str, scale: Scale, across: Across) -> None:
    points = _staircase(values, scale, across)
    canvas.area([(LEFT, _FLOOR), *points, (points[-1][0], _FLOOR)], f"layer {css}")


def _staircase(values: Sequence[int | None], scale: Scale, across: Across, first: int = 0) -> list[tuple[float, float]]:
    """The line of a running figure; a slot without one keeps the line where it was, and so does a rise unseen."""
    points: list[tuple[float, float]] = []
    known = [(at, value) for at, value in enumerate(values, first) if value is not None]
    if not known:
        return []
    heights = scale([value for _, value in known]).tolist()
    for (at, _), height in zip(known, heights, strict=True):
        if not points:
            points.append((across.start(at), height))
        elif abs(height - points[-1][1]) >= _SEEN:
            points.extend(((across.start(at), points[-1][1]), (across.start(at), height)))
    last = across.start(known[-1][0] + 1)
    return [*points, (last, points[-1][1])]


def _logged(canvas: Canvas, told: Story, scale: Scale, across: Across) -> int | None:
    """The dashed line of each net; the last figure."""
    starts = [0, *told.breaks]
    for start, stop in zip(starts, [*told.breaks, len(told.slots)], strict=True):
        points = _staircase([slot.logged for slot in told.slots[start:stop]], scale, across, start)
        if points:
            canvas.line([x for x, _ in points], [y for _, y in points], "line logged dashed")
    return next((slot.logged for slot in reversed(told.slots) if slot.logged is not None), None)


def _end_texts(canvas: Canvas, places: Sequence[float], texts: Sequence[tuple[str, str]]) -> None:
    """What each edge is, beside its end, moved apart where they meet, with a line to where it belongs."""
    moved = spread([place + 4 for place in places], TEXT_LINE, _TOP + 4, _FLOOR + 4)
    canvas.rules([(RIGHT, at, RIGHT + 8, place - 4) for place, at in zip(moved, places, strict=True)], "lead")
    for (text, css), place in zip(texts, moved, strict=True):
        canvas.text(RIGHT + 11, place, text, css)


def _card(canvas: Canvas, told: Story, card: tuple[str, int], scale: Scale, across: Across) -> None:
    y = scale.at(card[1])
    canvas.rules([(LEFT, y, RIGHT, y)], "card")
    canvas.text(LEFT + 4, y - 4, f"{card[0]}: {formats.size(card[1])}", "t-card")
    if told.crossing is not None:
        x = across.start(told.crossing)
        canvas.rules([(x, y - 5, x, _FLOOR)], "card")
        name = label(told.slots[told.crossing].name, LONGEST)
        canvas.text(x, y - 9, f"passed at {name}", "t-card", "end" if x > (LEFT + RIGHT) / 2 else "start")


# --- the steps --------------------------------------------------------------------------------------------


def _steps(canvas: Canvas, told: Story, across: Across) -> None:
    top, bottom = _STEPS
    peak = max(((slot.own or 0) + (slot.again or 0) for slot in told.slots), default=0) or 1
    scale = Scale(0, peak, bottom, top)
    canvas.text(RIGHT + 11, top + 10, "Step of each", "t-head")
    grid(canvas, scale, (LEFT, RIGHT), 2, size_texts)
    owns = [slot.own or 0 for slot in told.slots]
    sums = [own + (slot.again or 0) for own, slot in zip(owns, told.slots, strict=True)]
    shown = _tallest(sums, across)
    canvas.boxes(list(_bars({at: (0, owns[at]) for at in shown}, scale, across)), "bar own")
    canvas.boxes(list(_bars({at: (owns[at], sums[at]) for at in shown}, scale, across)), "bar again")
    unknown = [at for at, slot in enumerate(told.slots) if slot.own is None]
    for at in unknown[: int(RIGHT - LEFT) // 12]:
        canvas.text(across.middle(at), bottom - 3, "?", "t-note", "middle")
    tops = {at: (told.slots[at].name, scale.at(sums[at])) for at in largest(told.slots)}
    names_over(canvas, tops, across, _STEPS[0] - 5)


def _tallest(heights: Sequence[int], across: Across) -> list[int]:
    """All slots; where they are narrower than a bar that one can see, the tallest of each such width."""
    width = across.start(1) - across.start(0)
    if width >= _NARROW:
        return list(range(len(heights)))
    columns: dict[int, int] = {}
    for at, height in enumerate(heights):
        column = int(at * width / _NARROW)
        if height > heights[columns.setdefault(column, at)]:
            columns[column] = at
    return sorted(columns.values())


def _bars(
    ends: Mapping[int, tuple[int, int]], scale: Scale, across: Across
) -> Iterator[tuple[float, float, float, float]]:
    for at, (low, high) in ends.items():
        left = across.start(at) + across.inset
        right = max(across.start(at + 1) - across.inset, left + min(_NARROW, RIGHT - left))
        if high > low and scale.at(low) - scale.at(high) >= _THIN:
            yield left, scale.at(high), right, scale.at(low)


def largest(slots: Sequence[Slot], number: int = LABELLED) -> list[int]:
    """The slots with most own bytes, the largest first; those that own nothing are not among them."""
    owning = [at for at, slot in enumerate(slots) if slot.own]
    return sorted(owning, key=lambda at: (-(slots[at].own or 0), at))[:number]
