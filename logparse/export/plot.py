"""Curves as characters, for a terminal: dots of braille, or plain ASCII; points of tests by a mark each."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Cells = npt.NDArray[Any]

POINT_MARKS: Final = "ox+*#@%&"
KEY_LINE: Final = ("⠒", ".")  # how the key shows a curve: in braille, in ASCII
_BLANK: Final = 0x2800
# Bits of a braille character, by row and column of its dots (Unicode, block Braille Patterns).
_DOTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)
_DOWN, _ACROSS = 4, 2  # dots of a character
_FRAME: Final = (("┤", "│", "└", "─", "┊"), ("+", "|", "+", "-", ":"))
_JOINED: Final = 4000  # points that are joined by lines; more lie so close that they are a line
_LABELS: Final = 4  # rows from one label to the next
_DIGITS: Final = 15
_LOST: Final = "n"
_LEAST_COLUMNS: Final = 10


class PlottedCurve(NamedTuple):
    """One curve; `mark` is the character of its points, "" for one that is drawn as a line."""

    name: str
    x: Floats
    y: Floats
    mark: str = ""


class Plot(NamedTuple):
    """Curves over one axis. `starts` are places where another attempt begins, `x_title` says what lies across."""

    title: str
    curves: tuple[PlottedCurve, ...]
    starts: tuple[float, ...]
    x_title: str


class _Scale(NamedTuple):
    low: float
    high: float

    def at(self, values: Floats, places: int) -> npt.NDArray[np.int64]:
        """The places of values, from 0 at the low end."""
        share = (values / 2 - self.low / 2) / (self.high / 2 - self.low / 2)  # halves: no difference is too large
        return np.rint(share * (places - 1)).astype(np.int64)


def plotted(plot: Plot, width: int, height: int, *, plain: bool = False, logarithmic: bool = False) -> Iterator[str]:
    """The lines of a plot, none longer than `width`: title, `height` rows of curves, axis, key.

    What is not a number has a mark under the axis; on a logarithmic axis what is not above 0 is left out.
    """
    curves = [_shown(curve, logarithmic=logarithmic) for curve in plot.curves]
    known = [curve for curve in curves if np.isfinite(curve.y).any()]
    if not known:
        yield f"{plot.title}: no value is a number"
        return
    up = _range(np.concatenate([curve.y[np.isfinite(curve.y)] for curve in known]))
    across = _range(np.concatenate([curve.x for curve in curves]))
    starts = tuple(place for place in plot.starts if across.low <= place <= across.high)
    labels = _labels(up, height, logarithmic=logarithmic)
    margin = max(map(len, labels))
    columns = max(width - margin - 2, _LEAST_COLUMNS)
    tick, wall, corner, floor, start = _FRAME[plain]
    cells = _cells(known, starts, up, across, (height, columns), plain=plain, start=start)
    yield f"{plot.title}{', logarithmic' if logarithmic else ''}"
    for label, row in zip(labels, cells, strict=True):
        yield f"{label.rjust(margin)} {tick if label else wall}{''.join(row)}".rstrip()
    yield f"{' ' * margin} {corner}{floor * columns}"
    lost = _lost(curves, across, columns)
    if lost.strip():
        yield f"{'nan'.rjust(margin)}  {lost}".rstrip()
    yield _across(plot.x_title, across, margin, columns)
    yield from _key(starts, curves, plain=plain, start=start)


def _shown(curve: PlottedCurve, *, logarithmic: bool) -> PlottedCurve:
    """The curve where it has a place across; on a logarithmic axis the logarithm of what is above 0."""
    placed = np.isfinite(curve.x)
    x, y = curve.x[placed], curve.y[placed]
    if logarithmic:
        y = np.where(np.isfinite(y) & (y <= 0), np.nan, y)
        with np.errstate(invalid="ignore", divide="ignore"):
            y = np.log10(y)
    return curve._replace(x=x, y=y)


def _range(values: Floats) -> _Scale:
    low, high = float(values.min()), float(values.max())
    if low == high:
        space = abs(low) / 20 or 1.0
        return _Scale(low - space, high + space)
    return _Scale(low, high)


def _labels(up: _Scale, height: int, *, logarithmic: bool) -> list[str]:
    """A label for every fourth row, the highest and the lowest; with as many digits as tell them apart."""
    rows = sorted({*range(0, height - 2, _LABELS), height - 1})
    shares = [row / max(height - 1, 1) for row in rows]
    values = [up.high * (1 - share) + up.low * share for share in shares]
    values = [10**value for value in values] if logarithmic else values
    texts = [""]
    for digits in range(formats.SIGNIFICANT, _DIGITS):
        texts = [formats.significant(value, digits) for value in values]
        if len(set(texts)) == len(texts):
            break
    found = dict(zip(rows, texts, strict=True))
    return [found.get(row, "") for row in range(height)]


def _cells(  # noqa: PLR0913 - what a picture is made of
    curves: Sequence[PlottedCurve],
    starts: Sequence[float],
    up: _Scale,
    across: _Scale,
    size: tuple[int, int],
    *,
    plain: bool,
    start: str,
) -> Cells:
    height, columns = size
    dots = np.zeros(size, dtype=np.int64)
    for curve in curves:
        if not curve.mark:
            x, y = _points(curve, across, up, (height * _DOWN, columns * _ACROSS))
            np.bitwise_or.at(dots, (y // _DOWN, x // _ACROSS), _DOTS[y % _DOWN, x % _ACROSS])
    cells = np.full(size, " ", dtype=object)
    for place in across.at(np.array(starts, dtype=np.float64), columns):
        cells[:, place] = start
    filled = dots > 0
    cells[filled] = "." if plain else [chr(_BLANK + int(bits)) for bits in dots[filled]]
    for curve in curves:
        if curve.mark:
            known = np.isfinite(curve.y)
            rows = height - 1 - up.at(curve.y[known], height)
            cells[rows, across.at(curve.x[known], columns)] = curve.mark
    return cells


def _points(
    curve: PlottedCurve, across: _Scale, up: _Scale, size: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The dots of a curve; few points are joined, but not over what is no number, nor back to an earlier place."""
    known = np.isfinite(curve.y)
    x = across.at(curve.x[known], size[1])
    y = size[0] - 1 - up.at(curve.y[known], size[0])
    if len(x) > _JOINED:
        return x, y
    place = np.flatnonzero(known)
    xs, ys = [x], [y]
    for one, two in pairwise(range(len(x))):
        steps = int(max(abs(x[two] - x[one]), abs(y[two] - y[one])))
        if steps > 1 and place[two] == place[one] + 1 and x[two] >= x[one]:
            share = np.linspace(0, 1, steps + 1)
            xs.append(np.rint(x[one] + share * (x[two] - x[one])).astype(np.int64))
            ys.append(np.rint(y[one] + share * (y[two] - y[one])).astype(np.int64))
    return np.concatenate(xs), np.concatenate(ys)


def _lost(curves: Sequence[PlottedCurve], across: _Scale, columns: int) -> str:
    """A mark in each column in which a value is not a number, and no blank behind the last."""
    marks = np.full(columns, " ", dtype=object)
    for curve in curves:
        marks[across.at(curve.x[~np.isfinite(curve.y)], columns)] = _LOST
    return "".join(marks)


def _across(title: str, across: _Scale, margin: int, columns: int) -> str:
    """The ends of the axis, and what it is between them; the name is left out where there is no room."""
    first, last = (formats.significant(end) for end in (across.low, across.high))
    room = columns - len(first) - len(last)
    name = title if room > len(title) + 1 else ""
    return f"{' ' * (margin + 2)}{first}{name.center(max(room, 1))}{last}"


def _key(starts: Sequence[float], curves: Sequence[PlottedCurve], *, plain: bool, start: str) -> Iterator[str]:
    for curve in curves:
        number = int((~np.isfinite(curve.y)).sum())
        lost = f"; {formats.count(number)} of {formats.count(len(curve.y))} are not drawn ({_LOST})" if number else ""
        yield f"  {curve.mark or KEY_LINE[plain]} {curve.name}{lost}"
    if starts:
        places = formats.enumerated(formats.first_of(formats.significant(place) for place in starts))
        yield f"  {start} another attempt begins: {places}"
