"""Marks → compact SVG, by a renderer of our own: what matplotlib's artists ask a backend to draw, we write.

A backend is a `RendererBase` with `draw_path` and `draw_text`, and artists bring it their paths, transforms and texts
(https://matplotlib.org/stable/api/backend_bases_api.html). Ours writes a path with one decimal and no style: the look
is the business of who asks, who gives the attributes of each mark. Nothing here reads or sets what is the process's
(rcParams): what they would change in a drawing is stated where the artist is made. So any number of threads may draw.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import Affine2D

from logparse.report.charts.painting.mark import Outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from matplotlib.path import Path
    from matplotlib.transforms import Transform

    from logparse.report.charts.painting.mark import Mark, Words

_ANY_FONT: Final = FontProperties(family=["sans-serif"])  # whoever shows the drawing has fonts of its own
_LETTERS: Final = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "z"}  # matplotlib's codes of a path in the words of SVG
_POINTS: Final = {1: 1, 2: 1, 3: 2, 4: 3, 79: 1}  # that matplotlib keeps for a command; of a closing one none counts


def elements(marks: Iterable[Mark], size: tuple[float, float], dress: Callable[[Mark], str]) -> list[str]:
    """The marks as elements of an `<svg>`, what stands below first; `dress` gives the attributes of each mark's look.

    `size` is the width and height of the drawing; of lines what is beyond it is cut.
    """
    renderer = _Writer(*size)
    place = Affine2D().scale(1, -1).translate(0, size[1])  # the artists' places count upwards
    written: list[str] = []
    for mark in sorted(marks, key=_level):
        artist = _Inked(mark)
        artist.set_transform(place)
        artist.draw(renderer)
        if isinstance(mark, Outline):
            written.extend(_paths(mark, renderer.found, dress(mark)))
        else:
            written.append(f"<text {dress(mark)} {renderer.found}>{escape(mark.text, quote=False)}</text>")
    return written


def _level(mark: Mark) -> int:
    return mark.level


def _paths(mark: Outline, data: str, attributes: str) -> Iterator[str]:
    """One element, or one for each part where parts have hover texts or rows of their own."""
    if not data:
        return
    if not mark.titles and not mark.targets:
        yield f'<path {attributes} d="{data}"/>'
        return
    for index, part in enumerate(part for part in data.split("M") if part):
        target = f' data-row="{escape(mark.targets[index])}"' if mark.targets and mark.targets[index] else ""
        title = f"<title>{escape(mark.titles[index])}</title>" if mark.titles else ""
        yield f'<path {attributes} d="M{part}"{target}>{title}</path>'


class _Inked(Artist):
    """One mark as a renderer is asked for it, without effects, sketch or a layout of its text.

    A layout takes most of the time of a small chart, and warns of every character that the font at hand lacks; the
    browser that shows the drawing has fonts of its own.
    """

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark

    def draw(self, renderer: RendererBase) -> None:
        """Hand the mark to the renderer."""
        if isinstance(self.mark, Outline):
            self._draw_outline(renderer, self.mark)
        else:
            self._draw_words(renderer, self.mark)

    def _draw_outline(self, renderer: RendererBase, mark: Outline) -> None:
        face = (0.0, 0.0, 0.0, 1.0) if mark.fill else None  # any colour: that it is filled is all a writer asks
        renderer.draw_path(renderer.new_gc(), mark.path(), self.get_transform(), face)

    def _draw_words(self, renderer: RendererBase, mark: Words) -> None:
        x, y = self.get_transform().transform((mark.x, mark.y))
        if renderer.flipy():
            y = renderer.get_canvas_width_height()[1] - y
        renderer.draw_text(renderer.new_gc(), float(x), float(y), mark.text, _ANY_FONT, mark.turn)


class _Writer(RendererBase):
    """Writes what it is asked to draw; `found` is the data of the last path or the place of the last text."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__()
        self._size = (width, height)
        self._flip = Affine2D().scale(1, -1).translate(0, height)
        self._context = GraphicsContextBase()
        self.found = ""

    def flipy(self) -> bool:
        """Places count downwards."""
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Width and height in points."""
        return self._size

    def new_gc(self) -> GraphicsContextBase:
        """One for all: no look is in it."""
        return self._context

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: object = None,  # noqa: N803 - as matplotlib names it
    ) -> None:
        """Path data; of what is not filled without what is beyond the drawing, and without points that nobody sees."""
        del gc
        line = rgbFace is None
        clean = path.cleaned(
            transform=transform + self._flip,
            clip=(0.0, 0.0, *self._size) if line else None,
            simplify=bool(path.should_simplify) and line,
            curves=True,
        )
        self.found = _data(np.asarray(clean.vertices).tolist(), np.asarray(clean.codes).tolist())

    def draw_text(  # noqa: PLR0913, PLR0917 - as matplotlib asks for it
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: object,
        angle: float,
        ismath: object = False,  # noqa: FBT002
        mtext: object = None,
    ) -> None:
        """The place of a text, and its turn about it where it has one."""
        del gc, s, prop, ismath, mtext
        self.found = f'x="{_rounded(x)}" y="{_rounded(y)}"'
        if angle:
            self.found += f' transform="rotate({_rounded(-angle)} {_rounded(x)} {_rounded(y)})"'


def _data(points: Sequence[Sequence[float]], codes: Sequence[int]) -> str:
    """Path data with one decimal, a level or upright line as one number, and no blank that it can do without."""
    pieces: list[str] = []
    last = ("", "")
    at = 0
    while at < len(codes) and codes[at]:  # 0 is the end
        code = codes[at]
        letter, stop = _LETTERS[code], at + _POINTS[code]
        if letter == "z":
            pieces.append(letter)
        else:
            places = [_rounded(number) for point in points[at:stop] for number in point]
            pieces.append(_piece(letter, places, last))
            last = (places[-2], places[-1])
        at = stop
    return "".join(pieces)


def _piece(letter: str, places: Sequence[str], last: tuple[str, str]) -> str:
    if letter == "L" and places[1] == last[1]:
        return f"H{places[0]}"
    if letter == "L" and places[0] == last[0]:
        return f"V{places[1]}"
    return f"{letter}{' '.join(places)}"


def _rounded(number: float) -> str:
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
