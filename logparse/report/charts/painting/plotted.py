"""A sheet as a matplotlib figure, for a notebook, for PNG and for PDF: the caller may save it or change it.

Every artist says for itself what matplotlib's settings would say otherwise; none is changed.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from math import ceil, cos, floor, radians, sin
from typing import TYPE_CHECKING, Final, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from logparse import formats
from logparse.report.charts.painting.looks import HATCHES, look_of
from logparse.report.charts.painting.mark import LINE, MOVE, Outline
from logparse.report.charts.painting.palette import hexed, rgb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.patches import Patch
    from matplotlib.transforms import Transform

    from logparse.report.charts.painting.looks import Hatch, Look
    from logparse.report.charts.painting.mark import Mark, Point, Words
    from logparse.report.charts.painting.sheet import Sheet

_POINTS: Final = 72  # of an inch
_DENSE: Final = 144  # dots of an inch of a picture in a file
_SMALLER: Final = 0.92  # matplotlib's own font is wider than those of a browser
_HAIR: Final = 0.01  # the length of a dot that is a line with round ends
_ANCHORS: Final[Mapping[str, Literal["left", "center", "right"]]] = {
    "start": "left",
    "middle": "center",
    "end": "right",
}
# Fonts with other scripts than matplotlib's own has, where they are installed.
_OTHER_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB",
    "Malgun Gothic", "Arial Unicode MS", "Unifont",
)  # fmt: skip
_NO_GLYPH: Final = "□"


class ChartFigure(Figure):
    """A figure that a notebook shows as it is, whether or not pyplot is there."""

    def _repr_png_(self) -> bytes:
        return png_file(self, self.dpi)


def figure_of(sheet: Sheet, theme: str) -> ChartFigure:
    """The sheet in the colours of a theme; a point of the sheet is a point of the figure.

    Artists are labelled with the classes of their marks.
    """
    made = ChartFigure(
        (sheet.width / _POINTS, sheet.height / _POINTS),
        dpi=_POINTS,
        facecolor=hexed(rgb("paper", theme)),
        edgecolor="none",
        linewidth=0,
        frameon=True,
        layout=None,
    )
    made.set_layout_engine("none")
    _plain(made.patch)
    FigureCanvasAgg(made)
    scale = 1 / _POINTS
    place = Affine2D().scale(scale, -scale).translate(0, sheet.height * scale) + made.dpi_scale_trans
    for mark in sorted(sheet.marks, key=_level):
        for artist in _artists(mark, theme, place):
            artist.set_label(mark.css)
            artist.set_zorder(mark.level)
            made.add_artist(artist, clip=False)
    return made


def png_file(figure: Figure, dpi: float = _DENSE) -> bytes:
    """The figure as PNG, without a date."""
    return _saved(figure, "png", dpi, {"Software": None})


def pdf_file(figure: Figure) -> bytes:
    """The figure as PDF, without a date."""
    return _saved(figure, "pdf", _POINTS, {"CreationDate": None, "Creator": None, "Producer": None})


def _saved(figure: Figure, form: str, dpi: float, metadata: dict[str, None]) -> bytes:
    written = BytesIO()
    figure.savefig(
        written,
        format=form,
        dpi=dpi,
        metadata=metadata,
        facecolor=figure.get_facecolor(),
        edgecolor="none",
        bbox_inches=figure.bbox_inches,  # a setting of the process (savefig.bbox) might cut the sheet
        pad_inches=0,
        transparent=False,
    )
    return written.getvalue()


def _level(mark: Mark) -> int:
    return mark.level


def _artists(mark: Mark, theme: str, place: Transform) -> Iterator[Artist]:
    if not isinstance(mark, Outline):
        yield _text(mark, look_of(mark.css, theme, text=True), place)
        return
    look = look_of(mark.css, theme)
    if look.fill or look.stroke:
        yield _patch(mark.path(), look, place, fill=mark.fill)
    if look.hatch:
        yield _hatched(mark, HATCHES[look.hatch], theme, place)


def _patch(path: Path, look: Look, place: Transform, *, fill: bool) -> PathPatch:
    made = PathPatch(
        path,
        fill=fill and look.fill is not None,
        facecolor="none" if look.fill is None else (*look.fill, look.opacity),
        edgecolor="none" if look.stroke is None else (*look.stroke, look.opacity * look.stroke_opacity),
        linewidth=0 if look.stroke is None else look.width,
        capstyle="round" if look.round == "cap" else "butt",
        joinstyle="round" if look.round == "join" else "miter",
        linestyle=_dashes(look),
        antialiased=True,
        transform=place,
    )
    _plain(made)
    return made


def _plain(artist: Patch) -> None:
    """An artist without what the settings of the process may have given it."""
    artist.set_path_effects([])
    artist.set_sketch_params(None)
    artist.set_snap(False)
    artist.set_clip_on(False)


def _dashes(look: Look) -> tuple[float, tuple[float, ...]] | str:
    """Dashes in points; matplotlib takes them in widths of the line unless it is told not to."""
    if not look.dash:
        return "solid"
    unit = look.width if mpl.rcParams["lines.scale_dashes"] else 1.0
    return (0, tuple(part / unit for part in look.dash))


def _hatched(mark: Outline, hatch: Hatch, theme: str, place: Transform) -> PathPatch:
    """The pattern as lines of its own, cut by the mark's outline: matplotlib's hatching has one width for all."""
    path = mark.path()
    made = PathPatch(
        _pattern(mark.points, hatch),
        fill=False,
        edgecolor=(*rgb(hatch.stripe, theme), hatch.opacity),
        linewidth=hatch.width,
        capstyle="round" if hatch.dots else "butt",
        linestyle="solid",
        antialiased=True,
        transform=place,
    )
    _plain(made)
    made.set_clip_on(True)
    made.set_clip_path(path, place)
    return made


def _pattern(points: Sequence[Point], hatch: Hatch) -> Path:
    """Stripes, or dots, over the box about the points."""
    across, down = [x for x, _ in points], [y for _, y in points]
    corners = [(x, y) for x in (min(across), max(across)) for y in (min(down), max(down))]
    angle = radians(hatch.turn)
    turned = [(x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)) for x, y in corners]
    (low, high), (near, far) = ((min(one), max(one)) for one in zip(*turned, strict=True))
    steps = range(floor(low / hatch.pitch), ceil(high / hatch.pitch) + 1)
    if hatch.dots:
        rows = range(floor(near / hatch.pitch), ceil(far / hatch.pitch) + 1)
        half = hatch.pitch / 2
        places = [(a * hatch.pitch + half, b * hatch.pitch + half) for a in steps for b in rows]
        lines = [((x, y), (x + _HAIR, y)) for x, y in places]
    else:
        lines = [((a * hatch.pitch + hatch.width / 2, near), (a * hatch.pitch + hatch.width / 2, far)) for a in steps]
    back = [(u * cos(angle) - v * sin(angle), u * sin(angle) + v * cos(angle)) for line in lines for u, v in line]
    made = Path(back, [MOVE, LINE] * len(lines))
    made.should_simplify = False
    return made


# --- texts ------------------------------------------------------------------------------------------------


def _text(mark: Words, look: Look, place: Transform) -> Text:
    """A text that is taken literally: dollar signs and backslashes mean nothing."""
    made = Text(
        mark.x,
        mark.y,
        _legible(formats.shown(mark.text)),
        color=look.fill,
        fontproperties=_font(_SMALLER * look.size, bold=look.bold),
        horizontalalignment=_ANCHORS[mark.anchor],
        verticalalignment="baseline",
        rotation=mark.turn,
        rotation_mode="anchor",
        parse_math=False,
        usetex=False,
        antialiased=True,
        transform=place,
    )
    made.set_path_effects([] if look.halo is None else [withStroke(linewidth=3, foreground=look.halo)])
    made.set_sketch_params(None)
    made.set_clip_on(False)
    return made


@cache
def _font(size: float, *, bold: bool) -> FontProperties:
    return FontProperties(
        family=list(_families()), size=size, style="normal", variant="normal", stretch="normal",
        weight="bold" if bold else "normal",
    )  # fmt: skip


@cache
def _families() -> tuple[str, ...]:
    installed = {font.name for font in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _OTHER_FONTS if name in installed))


def _legible(text: str) -> str:
    """The text with a box for each character that no font at hand has."""
    return "".join(char if _has_glyph(char) else _NO_GLYPH for char in text)


@cache
def _has_glyph(char: str) -> bool:
    files = (fontManager.findfont(FontProperties(family=[name])) for name in _families())
    return any(get_font(path).get_char_index(ord(char)) for path in files)
