"""What charts over the layers of a net share: places from left to right, the strip of modules, names over bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.report.charts.axes import CHARACTER, WIDTH
from logparse.report.charts.canvas import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.report.charts.canvas import Canvas

LEFT: Final = 64.0
RIGHT: Final = WIDTH - 152
TEXT_LINE: Final = 13.0
_ROWS: Final = 3  # of names over bars
LONGEST: Final = 22
_NEAR: Final = 20.0  # how far a name may stand from its bar before another row is better


class NamedSlots(NamedTuple):
    """A name over several slots, from `start` up to before `stop`."""

    name: str
    start: int
    stop: int


class Across(NamedTuple):
    """So many slots from the left end of the axis to its right end."""

    number: int

    def start(self, slot: float) -> float:
        """The left border of a slot."""
        return LEFT + slot * (RIGHT - LEFT) / max(self.number, 1)

    def middle(self, slot: int) -> float:
        """The middle of a slot."""
        return self.start(slot + 0.5)

    @property
    def inset(self) -> float:
        """What stays free on either side of a bar."""
        return min(2.0, (self.start(1) - self.start(0)) * 0.12)


def strip(canvas: Canvas, spans: Sequence[NamedSlots], across: Across, top: float) -> None:
    """Names in one or two rows under `top`, each over its slots; one that has no room is not written."""
    borders = [span.start for span in spans[1:]]
    canvas.rules([(LEFT, top, RIGHT, top)], "axis")
    canvas.rules([(across.start(at), top, across.start(at), top + 5) for at in borders], "axis strip")
    taken = [LEFT - 20, LEFT - 20]
    for span in spans:
        name = label(span.name, LONGEST)
        middle = (across.start(span.start) + across.start(span.stop)) / 2
        half = len(name) * CHARACTER * 0.47 + 3
        row = next((row for row, end in enumerate(taken) if middle - half >= end), None)
        if row is not None:
            canvas.text(middle, top + 14 + row * TEXT_LINE, name, "t-name", "middle")
            taken[row] = middle + half


def names_over(canvas: Canvas, tops: Mapping[int, tuple[str, float]], across: Across, base: float) -> None:
    """Names over bars (slot → name, top of its bar) in rows above `base`, none meeting another, with a line each."""
    placed = [
        (at, middle, base - row * TEXT_LINE)
        for row, written in enumerate(_rows_of(tops, across))
        for at, middle in written
    ]
    canvas.rules([(middle, y + 3, across.middle(at), tops[at][1]) for at, middle, y in placed], "lead")
    for at, middle, y in placed:
        canvas.text(middle, y, label(tops[at][0], LONGEST), "t-name", "middle")


def _rows_of(tops: Mapping[int, tuple[str, float]], across: Across) -> list[list[tuple[int, float]]]:
    """Slots with the middles of their names, in as few rows as leave each name near its bar."""
    places = sorted(tops)
    for rows in range(1, _ROWS + 1):
        shared = [places[row::rows] for row in range(rows)]
        middles = [_side_by_side(one, [label(tops[at][0], LONGEST) for at in one], across) for one in shared]
        written = [list(zip(*pair, strict=True)) for pair in zip(shared, middles, strict=True)]
        if all(abs(middle - across.middle(at)) <= _NEAR for row in written for at, middle in row):
            break
    return written


def _side_by_side(places: Sequence[int], texts: Sequence[str], across: Across) -> list[float]:
    """Middles of texts from left to right, each over its slot or as near to it as the one before leaves room for."""
    halves = [len(text) * CHARACTER / 2 + 3 for text in texts]
    middles: list[float] = []
    end = LEFT - 20
    for at, half in zip(places, halves, strict=True):
        middles.append(max(across.middle(at), end + half))
        end = middles[-1] + half
    end = RIGHT + 10
    for index in range(len(middles) - 1, -1, -1):
        middles[index] = min(middles[index], end - halves[index])
        end = middles[index] - halves[index]
    return middles
