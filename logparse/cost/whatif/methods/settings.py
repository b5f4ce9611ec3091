"""How the settings of methods are read: each reader gives a value or says what it should be (ValueError)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from logparse.cost.stored.sparse import is_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST: Final = 2**31 - 1  # what an int of Caffe's holds
_DIGITS: Final = 12  # no setting is a longer number


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank as a number, or as a share of the largest that there is."""

    count: int | None = None
    share: Fraction | None = None

    def __str__(self) -> str:
        """As it is written."""
        return str(self.count) if self.share is None else percentage(self.share)


def percentage(share: Fraction) -> str:
    """A share as it is written: `12.5%`."""
    return f"{float(100 * share):g}%"


def _fraction(text: str) -> Fraction:
    """A decimal number, exactly as it is written; of a percentage the hundredth part."""
    bare = text.removesuffix("%")
    if not bare or len(bare) > _DIGITS or not set(bare) <= set("0123456789.") or bare.count(".") > 1 or bare == ".":
        raise ValueError
    return Fraction(bare) / (100 if text.endswith("%") else 1)


def _refused(text: str, what: str) -> ValueError:
    return ValueError(f"{text!r} is no {what}")


def share_of(text: str) -> Fraction:
    """A share from 0 to 1: `90%` or `0.9`."""
    try:
        value = _fraction(text)
    except ValueError:
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise _refused(text, "share: give 90% or 0.9")
    return value


def some_share(text: str) -> Fraction:
    """A share above 0."""
    value = share_of(text)
    if not value:
        raise _refused(text, "share above 0: give 25% or 0.25")
    return value


def from_to(least: int, most: int = _MOST) -> Callable[[str], int]:
    """A whole number between two."""

    def read(text: str) -> int:
        is_whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS
        if not is_whole or not least <= int(text) <= most:
            raise _refused(text, f"whole number from {least}" + ("" if most == _MOST else f" to {most}"))
        return int(text)

    return read


def rank_of(text: str) -> Rank:
    """A rank: a whole number from 1, or a share of the largest one (`25%`)."""
    if text.endswith("%"):
        return Rank(share=some_share(text))
    try:
        return Rank(count=from_to(1)(text))
    except ValueError:
        raise _refused(text, "rank: give a whole number from 1, or a share of the largest rank as 25%") from None


def factors_of(text: str) -> tuple[int, ...]:
    """Factors of a size: `4x8x8`."""
    try:
        return tuple(from_to(1)(one) for one in text.split("x"))
    except ValueError:
        raise _refused(text, "list of factors: give 4x8x8") from None


def number_of(text: str) -> Fraction:
    """A decimal number from 0."""
    try:
        if "%" not in text:
            return _fraction(text)
    except ValueError:
        pass
    raise _refused(text, "number: give 4.4")


def counts_of(text: str) -> tuple[int, ...]:
    """How often each value stands: `120/40/7`."""
    try:
        found = tuple(from_to(0)(one) for one in text.split("/"))
    except ValueError:
        found = ()
    if not any(found):
        raise _refused(text, "histogram: give how often each value stands, as 120/40/7")
    return found


def word_of(words: Sequence[str]) -> Callable[[str], str]:
    """One of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise _refused(text, f"choice: give {', '.join(words)}")
        return text

    return read


def index_of(text: str) -> str:
    """What tells where the weights stand that are left."""
    if not is_index(text):
        raise _refused(text, "index: give rel1 … rel8, csr, bitmap, dense or best")
    return text
