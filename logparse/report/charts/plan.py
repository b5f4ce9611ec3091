"""The chart of a plan: blocks as boxes, from step to step in width, from offset to offset in height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.charts.axes import CHARACTER, WIDTH, grid, size_texts
from logparse.report.charts.canvas import Canvas, label
from logparse.report.charts.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

_TOP: Final = 40.0
_BOTTOM: Final = 270.0
_LEFT: Final = 70.0
_RIGHT: Final = WIDTH - 16
BLOCKS_NAMED: Final = 12  # blocks with their name in them, the largest first
_LONGEST_NAME: Final = 28
_ROOM: Final = 13.0  # height that a name takes
_HOVERED: Final = 2.0  # height from which a block can be met with a pointer; the others are one path


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its name, the class of its half, bytes and offset, first and last step (both needed)."""

    name: str
    css: str
    bytes: int
    offset: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps of one pass that follow one another: the pass in words, its first step, and the one behind its last."""

    name: str
    first: int
    end: int


def plan(blocks: Sequence[Block], stretches: Sequence[Stretch], peak: tuple[int, str], description: str) -> Markup:
    """Boxes over steps; `peak` is the fullest step and what is said of it."""
    steps = max((stretch.end for stretch in stretches), default=1)
    most = max((block.offset + block.bytes for block in blocks), default=1) or 1
    across, up = Scale(0, steps, _LEFT, _RIGHT), Scale(0, most, _BOTTOM, _TOP)
    canvas = Canvas(WIDTH, _BOTTOM + 30)
    grid(canvas, up, (_LEFT, _RIGHT), 4, size_texts)
    for css in dict.fromkeys(block.css for block in blocks):
        drawn = [block for block in blocks if block.css == css and block.bytes]
        tall = [block for block in drawn if up.at(0) - up.at(block.bytes) >= _HOVERED]
        low = [_box(block, across, up) for block in drawn if block not in tall]
        canvas.boxes(low, f"cell {css}")
        canvas.boxes([_box(block, across, up) for block in tall], f"cell {css}", [_title(one) for one in tall])
    _names(canvas, blocks, across, up)
    _peak(canvas, across, peak)
    _passes(canvas, across, stretches)
    return canvas.svg(description)


def _box(block: Block, across: Scale, up: Scale) -> tuple[float, float, float, float]:
    return across.at(block.first), up.at(block.offset + block.bytes), across.at(block.last + 1), up.at(block.offset)


def _title(block: Block) -> str:
    return f"{block.name} {formats.size(block.bytes)}"


def _names(canvas: Canvas, blocks: Sequence[Block], across: Scale, up: Scale) -> None:
    """The names of the largest blocks that have room for them."""
    for block in sorted(blocks, key=lambda one: (-one.bytes, one.first))[:BLOCKS_NAMED]:
        left, top, right, bottom = _box(block, across, up)
        name = label(block.name, _LONGEST_NAME)
        if bottom - top >= _ROOM and len(name) * (CHARACTER + 0.4) + 8 < right - left:
            canvas.text(left + 5, (top + bottom) / 2 + 4, name, f"t-in {block.css}")


def _peak(canvas: Canvas, across: Scale, peak: tuple[int, str]) -> None:
    step, words = peak
    place = across.at(step + 0.5)
    canvas.rules([(place, _TOP - 8, place, _BOTTOM)], "mark")
    side = "start" if place < (_LEFT + _RIGHT) / 2 else "end"
    canvas.text(place, _TOP - 14, words, "t-value", side)


def _passes(canvas: Canvas, across: Scale, stretches: Sequence[Stretch]) -> None:
    """Which pass goes on, under the axis; of a short stretch the rule alone."""
    canvas.rules([(_LEFT, _BOTTOM, _RIGHT, _BOTTOM)], "axis")
    canvas.rules([(across.at(one.first), _BOTTOM, across.at(one.first), _BOTTOM + 8) for one in stretches], "axis")
    for one in stretches:
        if across.at(one.end) - across.at(one.first) > len(one.name) * CHARACTER + 8:
            canvas.text(across.at(one.first) + 4, _BOTTOM + 16, one.name, "t-note")
