"""The marks of a drawing as they are noted down: outlines and words, each with the class that names its look.

Places are in points from the top left corner, as in SVG.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from matplotlib.path import Path

if TYPE_CHECKING:
    from collections.abc import Sequence

Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom
Point: TypeAlias = tuple[float, float]

MOVE, LINE, CURVE, CLOSE = int(Path.MOVETO), int(Path.LINETO), int(Path.CURVE4), int(Path.CLOSEPOLY)
LONGEST_LABEL: Final = 32
# What stands above what: the order of matplotlib's own patches, lines and texts.
BELOW, ABOVE, TOPMOST = 1, 2, 3


class Outline(NamedTuple):
    """A path: its points with a code for each, whether it is filled, and whether it may lose points that nobody sees.

    `titles` (hover) and `targets` (the id of a table row) are one for each part of the path, or none.
    """

    css: str
    points: Sequence[Point]
    codes: Sequence[int]
    level: int = BELOW
    fill: bool = True
    titles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def path(self) -> Path:
        """The path with our own settings of what may be left out of it, not those of the process."""
        made = Path(self.points, self.codes)
        # A long line without curves: its points closer than a point to the line through their neighbours.
        made.should_simplify = not self.fill and len(self.points) >= _LONG
        made.simplify_threshold = 1.0
        return made


class Words(NamedTuple):
    """A text on a baseline at (x, y): its anchor (start, middle, end), its turn counter-clockwise in degrees."""

    css: str
    x: float
    y: float
    text: str
    anchor: str = "start"
    turn: float = 0.0
    level: int = TOPMOST


Mark: TypeAlias = Outline | Words
_LONG: Final = 128


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """A log's text as a label: on one line, without control characters, shortened in the middle."""
    clean = "".join("·" if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)
    if len(clean) <= longest:
        return clean
    half = (longest - 1) // 2
    return f"{clean[:half]}…{clean[-half:]}"


_CORNERS: Final = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
    "triangle": ((0.0, -1.15), (1.1, 0.9), (-1.1, 0.9)),
}


@cache
def outline_of(name: str, radius: float) -> tuple[list[Point], list[int]]:
    """The outline of a mark about (0, 0), and its path's codes: square, diamond, triangle, else a circle."""
    corners = _CORNERS.get(name)
    if corners is None:
        circle = Path.circle((0, 0), radius)
        outline = [(float(dx), float(dy)) for dx, dy in np.asarray(circle.vertices)]
        return outline, [int(code) for code in np.asarray(circle.codes)]
    outline = [(radius * dx, radius * dy) for dx, dy in (*corners, corners[0])]
    return outline, [MOVE, *[LINE] * (len(corners) - 1), CLOSE]
