"""Drawing with matplotlib into small, themable SVG.

matplotlib's figure (without pyplot and without axes, whose ticks take most of the time of a small chart) places
marks and text; `Canvas.svg` then keeps of its output only paths and text, each with a class in place of fixed
colours, so that one style sheet gives light, dark and print. What is left holds no id, no style attribute (a content
security policy would drop it), no font name and no date: two runs give the same bytes.

matplotlib's settings are the process's, not a thread's or a figure's. So a drawing is only noted down until `svg`, and
one thread at a time makes it, under our settings from the first artist to the last byte.
"""

from __future__ import annotations

import io
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.backend_bases import RendererBase

Box = tuple[float, float, float, float]  # left, top, right, bottom

SETTINGS: Final[Any] = {  # more than one type of value; matplotlib's stubs name every key
    "svg.fonttype": "none",
    "svg.hashsalt": "logparse",
    "path.simplify": True,
    "path.simplify_threshold": 1.0,
    "path.sketch": None,
    "path.effects": [],
    "text.usetex": False,
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "axes.unicode_minus": True,
}
MOVE, LINE, CLOSE = int(Path.MOVETO), int(Path.LINETO), int(Path.CLOSEPOLY)
METADATA: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}
ANCHORS: Final = {"start": "left", "middle": "center", "end": "right"}
LONGEST_LABEL: Final = 32

_FONT: Final = FontProperties(family=["DejaVu Sans"], size=11)  # one for all: making one takes longer than a text
_ONE_AT_A_TIME: Final = threading.Lock()
_MARK: Final = re.compile(
    r'<g id="mark(\d+)">\s*(?:<path d="([^"]*)"[^>]*/>|<text ([^>]*)>(.*?)</text>)\s*</g>', re.DOTALL
)
_NUMBER: Final = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_COMMAND: Final = re.compile(r"([MLQCZz])([^MLQCZz]*)")
_PLACE: Final = re.compile(r'\b(x|y|transform)="([^"]*)"')
_ANCHOR: Final = re.compile(r"text-anchor: (\w+)")


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the style sheet and the reader get to know about one drawn thing: class, hover text, target row."""

    css: str
    titles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """A log's text as a label: on one line, without control characters, shortened in the middle."""
    clean = "".join("·" if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)
    if len(clean) <= longest:
        return clean
    half = (longest - 1) // 2
    return f"{clean[:half]}…{clean[-half:]}"


class _Words(Text):
    """Text on a baseline that we place ourselves: no layout, so no font is measured and no glyph missed.

    The layout takes most of the time of a small chart, and warns of every character that the font at hand lacks;
    the browser that shows the drawing has fonts of its own.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Hand the text to the renderer as it is."""
        x, y = self.get_transform().transform(self.get_unitless_position())
        _, height = renderer.get_canvas_width_height()
        renderer.open_group("text", self.get_gid())
        renderer.draw_text(
            renderer.new_gc(),
            float(x),
            height - float(y),
            self.get_text(),
            self.get_fontproperties(),
            self.get_rotation(),
            mtext=self,
        )
        renderer.close_group("text")


class Canvas:
    """One drawing. Places are in points from the top left corner, as in SVG."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self._marks: list[_Mark] = []
        self._artists: list[Callable[[], Artist]] = []
        self._place = Affine2D().scale(1, -1).translate(0, height)

    def line(self, x: Sequence[float], y: Sequence[float], css: str) -> None:
        """A line through the places."""
        self._add(partial(Line2D, x, y, transform=self._place), _Mark(css))

    def rules(self, segments: Sequence[Box], css: str) -> None:
        """Separate straight lines, each from (left, top) to (right, bottom), as one path."""
        points = [point for x0, y0, x1, y1 in segments for point in ((x0, y0), (x1, y1))]
        codes = [MOVE, LINE] * len(segments)
        self._path(points, codes, _Mark(css), fill=False)

    def area(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """A closed area."""
        codes = [MOVE, *[LINE] * (len(points) - 1), CLOSE]
        self._path([*points, points[0]], codes, _Mark(css), fill=True)

    def boxes(self, boxes: Sequence[Box], css: str, titles: Sequence[str] = (), targets: Sequence[str] = ()) -> None:
        """Filled boxes; `titles` (hover) and `targets` (the id of a table row), one per box, are optional."""
        points = [p for x0, y0, x1, y1 in boxes for p in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))]
        codes = [MOVE, LINE, LINE, LINE, CLOSE] * len(boxes)
        self._path(points, codes, _Mark(css, tuple(titles), tuple(targets)), fill=True)

    def dots(
        self,
        places: Sequence[tuple[float, float]],
        radius: float,
        css: str,
        titles: Sequence[str] = (),
        shape: str = "circle",
    ) -> None:
        """Marks of one shape: circle, square, diamond or triangle."""
        outline, codes = _shape(shape, radius)
        points = [(x + dx, y + dy) for x, y in places for dx, dy in outline]
        self._path(points, codes * len(places), _Mark(css, tuple(titles)), fill=True)

    def text(self, x: float, y: float, text: str, css: str, anchor: str = "start", turn: float = 0.0) -> None:
        """Text on a baseline at (x, y), turned counter-clockwise by `turn` degrees about it; none where empty."""
        if not text:
            return
        artist = partial(
            _Words,
            x,
            y,
            label(text, 200),
            rotation=turn,
            rotation_mode="anchor",
            ha=ANCHORS[anchor],
            va="baseline",
            transform=self._place,
            parse_math=False,
            fontproperties=_FONT,
        )
        self._add(artist, _Mark(css))

    def svg(self, description: str, css: str = "chart") -> Markup:
        """The drawing as an inline `<svg>` of a class, with a text alternative."""
        if not self._marks:
            return Markup("")
        body = "\n".join(self._piece(match) for match in _MARK.finditer(self._drawn()))
        view = f"0 0 {self.width:.0f} {self.height:.0f}"
        frame = f'<svg class="{css}" viewBox="{view}" role="img" aria-label="{escape(description)}">'
        return Markup(formats.shown(f"{frame}\n{body}\n</svg>"))  # noqa: S704 - paths and escaped text only, made above

    def _drawn(self) -> str:
        """What matplotlib makes of it."""
        raw = io.StringIO()
        with _ONE_AT_A_TIME, mpl.rc_context(SETTINGS):
            figure = Figure((self.width / 72, self.height / 72), dpi=72)
            figure.patch.set_visible(False)
            for place, make in enumerate(self._artists):
                artist = make()
                artist.set_gid(f"mark{place}")
                artist.set_clip_on(False)
                figure.add_artist(artist)
            canvas = FigureCanvasSVG(figure)
            canvas.print_svg(raw, metadata=METADATA)  # type: ignore[no-untyped-call]  # matplotlib has no type here
        return raw.getvalue()

    def _path(self, points: Sequence[tuple[float, float]], codes: Sequence[int], mark: _Mark, *, fill: bool) -> None:
        if points:
            self._add(lambda: PathPatch(Path(points, codes), fill=fill, linewidth=1, transform=self._place), mark)

    def _add(self, make: Callable[[], Artist], mark: _Mark) -> None:
        self._marks.append(mark)
        self._artists.append(make)

    def _piece(self, match: re.Match[str]) -> str:
        mark = self._marks[int(match[1])]
        if match[2] is None:
            return _text(match[3], match[4], mark.css)
        data = _compact(match[2])
        if not mark.titles and not mark.targets:
            return f'<path class="{mark.css}" d="{data}"/>'
        parts = [f"M{part}" for part in data.split("M") if part]
        return "\n".join(_titled(part, mark, index) for index, part in enumerate(parts))


_CORNERS: Final = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
    "triangle": ((0.0, -1.15), (1.1, 0.9), (-1.1, 0.9)),
}


def _shape(name: str, radius: float) -> tuple[list[tuple[float, float]], list[int]]:
    """The outline of a mark about (0, 0), and its path's codes."""
    corners = _CORNERS.get(name)
    if corners is None:
        circle = Path.circle((0, 0), radius)
        outline = [(float(dx), float(dy)) for dx, dy in np.asarray(circle.vertices)]
        return outline, [int(code) for code in np.asarray(circle.codes)]
    outline = [(radius * dx, radius * dy) for dx, dy in (*corners, corners[0])]
    return outline, [MOVE, *[LINE] * (len(corners) - 1), CLOSE]


def _text(attributes: str, content: str, css: str) -> str:
    """A text element with its place, its turn (where it has one) and its anchor (where it is not the start)."""
    found = dict(_PLACE.findall(attributes))
    turn = found.get("transform", "")
    place = f'x="{_rounded(found["x"])}" y="{_rounded(found["y"])}"'
    if turn.startswith("rotate(") and not turn.startswith(("rotate(-0 ", "rotate(0 ")):
        place += f' transform="{_NUMBER.sub(lambda number: _rounded(number[0]), turn)}"'
    anchor = _ANCHOR.search(attributes)
    if anchor is not None and anchor[1] != "start":
        css += " a-m" if anchor[1] == "middle" else " a-e"
    return f'<text class="{css}" {place}>{content}</text>'


def _titled(data: str, mark: _Mark, index: int) -> str:
    target = f' data-row="{escape(mark.targets[index])}"' if mark.targets and mark.targets[index] else ""
    title = f"<title>{escape(mark.titles[index])}</title>" if mark.titles else ""
    return f'<path class="{mark.css}" d="{data}"{target}>{title}</path>'


def _compact(data: str) -> str:
    """Path data with one decimal, a level or upright line as one number, and no blank that it can do without."""
    pieces: list[str] = []
    last = ("", "")
    for command, numbers in _COMMAND.findall(data):
        places = [_rounded(number) for number in numbers.split()]
        pieces.append(_piece_of_path(command, places, last))
        last = (places[-2], places[-1]) if places else last
    return "".join(pieces)


def _piece_of_path(command: str, places: Sequence[str], last: tuple[str, str]) -> str:
    if command == "L" and places[1] == last[1]:
        return f"H{places[0]}"
    if command == "L" and places[0] == last[0]:
        return f"V{places[1]}"
    return f"{command}{' '.join(places)}"


def _rounded(number: str) -> str:
    text = f"{float(number):.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
