"""What the classes of marks look like: the style sheet's rules about charts as a table, for drawings without it.

As there, a rule of more classes wins over one of fewer, and of two with as many the later one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse.report.charts.painting.palette import Mix, rgb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.report.charts.painting.palette import Rgb


@dataclass(frozen=True, slots=True)
class Look:
    """How a mark is drawn. Widths, dashes and sizes are points; None is no fill, no stroke.

    `hatch` names a pattern over the fill, `halo` is a stroke under a text.
    """

    fill: Rgb | None = None
    stroke: Rgb | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    stroke_opacity: float = 1.0
    hatch: str = ""
    round: str = ""  # what is round: "cap", "join"
    size: float = 0.0
    bold: bool = False
    halo: Rgb | None = None


class Hatch(NamedTuple):
    """A pattern: stripes (or dots) of a width, so far apart, turned clockwise; ground and stripes by their colours."""

    ground: str
    stripe: str
    opacity: float
    pitch: float
    width: float
    turn: float
    dots: bool = False


HATCHES: Final = {
    "hatch-data": Hatch("accent", "paper", 0.55, 6, 3, 45),
    "hatch-params": Hatch("violet", "paper", 0.55, 6, 3, -45),
    "hatch-buffers": Hatch("warm", "paper", 0.55, 5, 1.5, 45),
    "dots-params": Hatch("violet", "paper", 0.55, 5, 2.8, 0, dots=True),
    "hatch": Hatch("", "grey-ink", 1, 8**0.5, 1.4, 45),
}


class Hue(NamedTuple):
    """The colour that a class gives a mark, and the one of its texts."""

    mark: str | Mix | None
    text: str | Mix | None = None


HUES: Final[Mapping[str, Hue]] = {
    "logged": Hue("grey", "grey-ink"),
    "distinct": Hue("accent"),
    "k-conv": Hue("accent"),
    "k-fc": Hue("warm", "warm-ink"),
    "k-rec": Hue("violet"),
    "k-norm": Hue("grey-ink"),
    "k-other": Hue("grey"),
    "m-data": Hue("accent"),
    "m-diff": Hue(Mix("accent", 0.45)),
    "m-params": Hue("violet"),
    "m-gradients": Hue(Mix("violet", 0.55)),
    "m-history": Hue(Mix("violet", 0.28)),
    "m-buffers": Hue("warm"),
    "m-prefetch": Hue(Mix("warm", 0.45)),
    "m-rest": Hue("grey"),
    "c-train": Hue("accent"),
    "c-test0": Hue("warm", "warm-ink"),
    "c-test1": Hue("violet"),
    "c-test2": Hue("ink"),
    "c-old": Hue("grey-ink"),
    "rate": Hue("ink"),
    "bad": Hue("bad"),
    "own": Hue("accent"),
    "again": Hue("grey-ink"),
    "c-many": Hue("violet"),
    "c-test3": Hue("good"),
    "c-test4": Hue("grey-ink"),
    "best": Hue("ink"),
    "snapshot": Hue("grey-ink"),
    "step": Hue("grey-ink"),
    "start": Hue("grey-ink"),
}
_HUES_IN_ORDER: Final = tuple(HUES)
_SHADES: Final = (0.08, 0.18, 0.29, 0.40, 0.51, 0.62, 0.73, 0.86, 1.0)  # of ink, from the lowest magnitude up
_OWN, _OWN_TEXT = "own hue", "own hue of texts"

# Classes that a mark has, and what follows. A colour is its name, a mix, or the hue of the mark.
_RULES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (  # more than one type of value
    ("t-tick", {"fill": "soft", "size": 10.5}),
    ("t-note", {"fill": "soft", "size": 10.5}),
    ("t-name", {"fill": "soft", "size": 10.5}),
    ("t-head", {"bold": True, "size": 11.5}),
    ("t-value", {"bold": True}),
    ("t-label", {"size": 11.5}),
    ("t-title", {"bold": True, "size": 15.0}),  # of a drawing that stands alone
    ("grid", {"stroke": "line", "width": 0.75}),
    ("axis", {"stroke": "grey-ink"}),
    ("bar", {"fill": _OWN}),
    ("dot", {"fill": _OWN}),
    ("area", {"fill": _OWN, "opacity": 0.16}),
    ("line", {"stroke": _OWN, "width": 1.75, "round": "join"}),
    ("line raw", {"width": 1.0, "opacity": 0.5}),
    ("line bad", {"dash": (3, 3), "width": 1.25}),
    *((f"t-value {css}", {"fill": _OWN_TEXT}) for css in HUES if css.startswith("c-")),
    *((f"t-value {css}", {"fill": _OWN_TEXT}) for css in ("logged", "distinct", "bad")),
    ("t-in", {"fill": "paper", "bold": True}),
    *((f"t-in {css}", {"fill": "ink"}) for css in ("k-other", "m-diff", "m-gradients")),
    *((f"t-in {css}", {"fill": "ink"}) for css in ("m-history", "m-prefetch", "m-rest")),
    ("cell", {"fill": _OWN, "stroke": "paper", "width": 0.75}),
    ("mark", {"stroke": "ink", "width": 1.25, "dash": (4, 3)}),
    ("hit", {"fill": None}),
    ("layer", {"fill": _OWN, "stroke": "paper", "width": 0.75}),
    ("line dashed", {"dash": (5, 3), "width": 1.5, "stroke": "ink"}),
    ("card", {"stroke": "bad", "width": 1.25}),
    ("lead", {"stroke": "grey-ink", "width": 0.6}),
    ("t-card", {"fill": "bad", "bold": True}),
    ("t-part", {"size": 10.5}),
    ("bar again", {"hatch": "hatch", "stroke": "grey-ink", "width": 0.5}),
    ("ratio", {"stroke": "grey-ink", "width": 0.75, "dash": (2, 4)}),
    ("spot", {"stroke": _OWN, "round": "cap", "stroke_opacity": 0.8}),
    *((f"spot r{at}", {"width": width}) for at, width in enumerate((6.0, 10.0, 15.0, 20.0, 25.0, 30.0), 1)),
    ("dark", {"fill": "ink"}),
    ("line c-test0", {"dash": (7, 3)}),
    ("line c-test1", {"dash": (2, 3)}),
    ("line c-test2", {"dash": (9, 3, 2, 3)}),
    ("line c-test3", {"dash": (4, 2)}),
    ("line c-test4", {"dash": (1, 3)}),
    ("area band", {"opacity": 0.3}),
    ("ring", {"fill": None, "stroke": _OWN, "width": 1.75}),
    ("rule", {"stroke": "grey-ink", "dash": (3, 3)}),
    ("rule start", {"dash": ()}),
    ("rule bad", {"stroke": "bad", "width": 1.25}),
    ("t-note bad", {"fill": "bad", "bold": True}),
    ("heat", {"fill": Mix("ink", _SHADES[0], even=True)}),
    *((f"heat h{at}", {"fill": Mix("ink", share, even=True)}) for at, share in enumerate(_SHADES)),
    ("heat bad", {"fill": "bad"}),
    ("bad-frame", {"stroke": "bad", "width": 2.0}),
    ("edge", {"stroke": "grey-ink"}),  # of the net drawn; so are boxes
    *((f"edge e{at}", {"width": width}) for at, width in enumerate((1.0, 1.75, 2.5, 3.5), 1)),
    ("box", {"fill": "card", "stroke": _OWN, "width": 1.5}),
    ("bar k-fc", {"hatch": "hatch-buffers"}),
    ("bar m-prefetch", {"hatch": "hatch-buffers"}),
    ("bar k-rec", {"hatch": "hatch-params"}),
    ("bar m-gradients", {"hatch": "hatch-params"}),
    ("bar m-diff", {"hatch": "hatch-data"}),
    ("bar m-history", {"hatch": "dots-params"}),
    ("layer m-prefetch", {"hatch": "hatch-buffers"}),
    ("layer m-gradients", {"hatch": "hatch-params"}),
    ("layer m-diff", {"hatch": "hatch-data"}),
    ("layer m-history", {"hatch": "dots-params"}),
    ("t-in k-fc", {"halo": _OWN}),
    ("t-in k-rec", {"halo": _OWN}),
    *((f"t-in {css}", {"halo": "paper"}) for css in ("m-gradients", "m-history", "m-diff", "m-prefetch")),
)
_RANKED: Final = [(frozenset(css.split()), look) for css, look in sorted(_RULES, key=lambda rule: rule[0].count(" "))]
_PLAIN: Final = {"strip", "t-node"}  # classes without a look of their own: what zooming hides, texts of the net
LOOKED_UP: Final = frozenset(HUES).union(_PLAIN, *(classes for classes, _ in _RANKED))


@cache
def look_of(css: str, theme: str, *, text: bool = False) -> Look:
    """The look of a mark of these classes in a theme; a mark of unknown classes is not seen."""
    classes = frozenset(css.split())
    found: dict[str, Any] = {"fill": "ink", "size": 11.0} if text else {}
    for needed, told in _RANKED:
        if needed <= classes:
            found.update(told)
    hue = next((HUES[one] for one in reversed(_HUES_IN_ORDER) if one in classes), Hue(None))
    for name in ("fill", "stroke", "halo"):
        colour = _colour(found.get(name), hue)
        found[name] = None if colour is None else rgb(colour, theme)
    return _over_ground(Look(**found), theme)


def _colour(told: str | Mix | None, hue: Hue) -> str | Mix | None:
    if told == _OWN:
        return hue.mark
    return (hue.text or hue.mark) if told == _OWN_TEXT else told


def _over_ground(look: Look, theme: str) -> Look:
    """A hatched look is filled with its pattern's ground."""
    if not look.hatch:
        return look
    ground = HATCHES[look.hatch].ground
    return replace(look, fill=rgb(ground, theme) if ground else None)
