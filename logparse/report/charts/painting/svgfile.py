"""A sheet as an SVG file of its own: the same drawing as on the page, each mark with its look as attributes.

Text stays text, for whom has to search or to change it. Two runs give the same bytes.
"""

from __future__ import annotations

import re
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.report.charts.painting.looks import HATCHES, look_of
from logparse.report.charts.painting.mark import Words
from logparse.report.charts.painting.palette import hexed, rgb
from logparse.report.charts.painting.renderer import elements

if TYPE_CHECKING:
    from logparse.report.charts.painting.looks import Look
    from logparse.report.charts.painting.mark import Mark
    from logparse.report.charts.painting.sheet import Sheet

FONTS: Final = "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Liberation Sans', 'DejaVu Sans', sans-serif"
# What XML 1.0 has no place for: https://www.w3.org/TR/xml/#charsets
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg_file(sheet: Sheet, theme: str) -> bytes:
    """The whole file, in UTF-8."""
    size = f'width="{sheet.width:.0f}" height="{sheet.height:.0f}" viewBox="0 0 {sheet.width:.0f} {sheet.height:.0f}"'
    told = f'role="img" aria-label="{escape(sheet.title)}"'
    looks = [_look(mark, theme) for mark in sheet.marks]
    seen = [mark for mark, look in zip(sheet.marks, looks, strict=True) if look.fill or look.stroke or look.hatch]
    used = dict.fromkeys(look.hatch for look in looks if look.hatch)
    body = "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {told} font-family="{FONTS}">',
            *(("<defs>", *(_pattern(name, theme) for name in used), "</defs>") if used else ()),
            f'<rect width="100%" height="100%" fill="{hexed(rgb("paper", theme))}"/>',
            *elements(seen, (sheet.width, sheet.height), partial(_attributes, theme=theme)),
            "</svg>\n",
        )
    )
    return _ILLEGAL.sub("·", formats.shown(body)).encode()


def _look(mark: Mark, theme: str) -> Look:
    return look_of(mark.css, theme, text=isinstance(mark, Words))


def _attributes(mark: Mark, theme: str) -> str:
    """The look of a mark as presentation attributes."""
    look = _look(mark, theme)
    told = {
        "fill": f"url(#{look.hatch})" if look.hatch else "none" if look.fill is None else hexed(look.fill),
        "opacity": "" if look.opacity == 1 else f"{look.opacity:g}",
        **(_of_text(mark, look) if isinstance(mark, Words) else _of_stroke(look)),
    }
    return " ".join(f'{name}="{value}"' for name, value in told.items() if value)


def _of_text(mark: Words, look: Look) -> dict[str, str]:
    halo = {} if look.halo is None else {"stroke": hexed(look.halo), "stroke-width": "3", "paint-order": "stroke"}
    return {
        "font-size": f"{look.size:g}",
        "font-weight": "600" if look.bold else "",
        "text-anchor": "" if mark.anchor == "start" else mark.anchor,
        **halo,
    }


def _of_stroke(look: Look) -> dict[str, str]:
    if look.stroke is None:
        return {}
    return {
        "stroke": hexed(look.stroke),
        "stroke-width": f"{look.width:g}",
        "stroke-dasharray": " ".join(f"{part:g}" for part in look.dash),
        "stroke-opacity": "" if look.stroke_opacity == 1 else f"{look.stroke_opacity:g}",
        f"stroke-line{look.round}": "round" if look.round else "",
    }


def _pattern(name: str, theme: str) -> str:
    hatch = HATCHES[name]
    pitch = f"{hatch.pitch:.4g}"
    ground = (
        f'<rect width="{pitch}" height="{pitch}" fill="{hexed(rgb(hatch.ground, theme))}"/>' if hatch.ground else ""
    )
    look = f'fill="{hexed(rgb(hatch.stripe, theme))}" opacity="{hatch.opacity:g}"'
    middle = f"{hatch.pitch / 2:g}"
    dot = f'<circle cx="{middle}" cy="{middle}" r="{hatch.width / 2:g}" {look}/>'
    stripe = f'<rect width="{hatch.width:g}" height="{pitch}" {look}/>'
    return (
        f'<pattern id="{name}" width="{pitch}" height="{pitch}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({hatch.turn:g})">{ground}{dot if hatch.dots else stripe}</pattern>'
    )
