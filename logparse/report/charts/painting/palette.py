"""The colours of the style sheet, light and dark, for drawings that stand without it.

`templates/report.css` has the same; a test in a browser compares what both give for each mark.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

Rgb: TypeAlias = tuple[float, float, float]  # 0 to 1 of red, green, blue, as sRGB has them


class Mix(NamedTuple):
    """So much of a named colour, the rest paper; `even` mixes by what the eye sees (Oklab), else by sRGB's numbers."""

    name: str
    share: float
    even: bool = False


THEMES: Final = ("light", "dark")
COLOURS: Final = {  # light, dark
    "paper": ("#fbfaf7", "#14171a"),
    "card": ("#ffffff", "#1b1f23"),
    "ink": ("#1d2126", "#e7e5df"),
    "soft": ("#59606a", "#a3a9b1"),
    "line": ("#dfdcd4", "#343a40"),
    "accent": ("#0a5f68", "#62c3c9"),
    "grey": ("#8d8a82", "#757c84"),
    "grey-ink": ("#63615a", "#a8a69e"),
    "warm": ("#c56a00", "#e89b45"),
    "warm-ink": ("#8f4d00", "#e89b45"),
    "violet": ("#7a5bb0", "#a98fdc"),
    "good": ("#1d6b3a", "#83cf9c"),
    "bad": ("#b3261e", "#ff9b91"),
}


def rgb(colour: str | Mix, theme: str) -> Rgb:
    """A colour of the palette, or a mix with paper, in a theme."""
    if isinstance(colour, str):
        text = COLOURS[colour][THEMES.index(theme)]
        red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
        return red, green, blue
    some, paper = rgb(colour.name, theme), rgb("paper", theme)
    if colour.even:
        return _from_oklab(_between(_to_oklab(some), _to_oklab(paper), colour.share))
    return _between(some, paper, colour.share)


def hexed(colour: Rgb) -> str:
    """`#0a5f68`, as files and matplotlib take it."""
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _between(some: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (share * one + (1 - share) * two for one, two in zip(some, other, strict=True))
    return red, green, blue


# Oklab by its author's matrices: https://bottosson.github.io/posts/oklab/
_TO_CONES: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB: Final = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_CONES: Final = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def _times(matrix: tuple[Rgb, Rgb, Rgb], vector: Rgb) -> Rgb:
    red, green, blue = (sum(one * two for one, two in zip(row, vector, strict=True)) for row in matrix)
    return red, green, blue


def _to_oklab(colour: Rgb) -> Rgb:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    long, middle, short = _times(_TO_CONES, (red, green, blue))
    return _times(_TO_LAB, (long ** (1 / 3), middle ** (1 / 3), short ** (1 / 3)))


def _from_oklab(colour: Rgb) -> Rgb:
    long, middle, short = _times(_FROM_LAB, colour)
    linear = _times(_FROM_CONES, (long**3, middle**3, short**3))
    red, green, blue = (min(max(_encoded(part), 0.0), 1.0) for part in linear)
    return red, green, blue


def _encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
