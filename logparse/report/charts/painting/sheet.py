"""A chart as a sheet of its own: its title and the key of its marks over it, which the page writes beside it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.report.charts.painting.mark import ABOVE, CLOSE, LINE, MOVE, Outline, Words, label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.report.charts.painting.mark import Mark

MARGIN: Final = 18.0
_TITLE_LINE: Final = 20.0
_TITLE_CHARACTER: Final = 8.6  # mean width of a character of a title
_LONGEST_TITLE: Final = 400
_KEY_LINE: Final = 18.0
_KEY_CHARACTER: Final = 6.4
_SWATCH: Final = (24.0, 10.0)


class Sheet(NamedTuple):
    """Marks on a ground of this size, under a title."""

    title: str
    marks: tuple[Mark, ...]
    width: float
    height: float


class KeyEntry(NamedTuple):
    """The look of a mark, as classes, and what it stands for."""

    css: str
    words: str


def sheet(marks: Sequence[Mark], size: tuple[float, float], title: str, key: Sequence[KeyEntry] = ()) -> Sheet:
    """The marks of a drawing of this size under its title and its key."""
    width, height = size[0] + 2 * MARGIN, size[1]
    lines = textwrap.wrap(label(title, _LONGEST_TITLE), max(int(size[0] / _TITLE_CHARACTER), 1))
    baselines = [MARGIN + 12 + _TITLE_LINE * at for at in range(len(lines))]
    head: list[Mark] = [Words("t-title", MARGIN, y, line) for y, line in zip(baselines, lines, strict=True)]
    top = MARGIN + _TITLE_LINE * len(lines) + 6
    head.extend(_key(key, top, width - MARGIN))
    rows = max((mark.y for mark in head if isinstance(mark, Words)), default=top)
    top = (rows + 14 if key else top) + 4
    moved = [_moved(mark, MARGIN, top) for mark in marks]
    return Sheet(title, (*head, *moved), width, top + height + MARGIN)


def _key(entries: Sequence[KeyEntry], top: float, right: float) -> Iterator[Mark]:
    """Swatches with their words from left to right, in as many rows as they need."""
    x, y = MARGIN, top + 10
    for css, words in entries:
        text = label(words, 60)
        wide = _SWATCH[0] + 7 + _KEY_CHARACTER * len(text)
        if x > MARGIN and x + wide > right:
            x, y = MARGIN, y + _KEY_LINE
        yield _swatch(css, x, y)
        yield Words("t-label", x + _SWATCH[0] + 7, y, text)
        x += wide + 18


def _swatch(css: str, x: float, y: float) -> Outline:
    right = x + _SWATCH[0]
    if css.split(maxsplit=1)[0] == "line":
        return Outline(css, [(x, y - 4), (right, y - 4)], [MOVE, LINE], ABOVE, fill=False)
    low, high = y + 1, y + 1 - _SWATCH[1]
    corners = [(x, high), (right, high), (right, low), (x, low), (x, high)]
    return Outline(css, corners, [MOVE, LINE, LINE, LINE, CLOSE])


def _moved(mark: Mark, right: float, down: float) -> Mark:
    if isinstance(mark, Words):
        return mark._replace(x=mark.x + right, y=mark.y + down)
    return mark._replace(points=[(x + right, y + down) for x, y in mark.points], targets=())
