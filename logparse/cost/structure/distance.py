"""How far two nets are from each other, 0 to 1, by the layers that they have in common.

The measure is our own: one less the share of common layers (twice the common ones over all, Dice 1945), the mean of
three ways to call layers the same: alone, with what they read, and with all above and below them (labels.py). One
layer changed costs little in the first two and all in the third; a net at another input size is a third away.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logparse.cost.structure.identity import Structure


def apart(one: Counter[Any], other: Counter[Any]) -> float:
    """One less Dice's share of two bags: 0 where they hold the same, 1 where nothing of it."""
    size = one.total() + other.total()
    common = sum(min(many, other[what]) for what, many in one.items())
    return 1 - 2 * common / size if size else 0.0


def distance(one: Structure, other: Structure) -> float:
    """How far two nets are apart: 0 for the same hash and only then, 1 where no layer is alike; symmetric."""
    if one.digest is not None and one.digest == other.digest:
        return 0.0
    pairs = (
        (one.labels.own, other.labels.own),
        (one.labels.near, other.labels.near),
        (one.labels.far, other.labels.far),
    )
    found = sum(apart(Counter(ours), Counter(theirs)) for ours, theirs in pairs) / len(pairs)
    layers = len(one.labels.own) + len(other.labels.own)
    return found or 1 / (1 + layers)  # something is not known, or differs beyond what labels tell
