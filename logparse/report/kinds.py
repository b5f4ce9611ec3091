"""Kinds of layers, for people: what a reviewer compares is convolutions with fully connected layers and the rest."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.cost.layer_types import traits_of
from logparse.rows import int_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from logparse.rows import TableRow

# The class that colours a kind: the two that the contrast is about, two more, and greys for all others.
CSS: Final[Mapping[str, str]] = MappingProxyType(
    {"convolution": "k-conv", "fully connected": "k-fc", "recurrent": "k-rec", "normalisation": "k-norm"}
)


def kind_of(type_: object) -> str:
    """The kind of a layer type; "unknown" where the type is not known, "other" where no kind has it."""
    if formats.is_na(type_):
        return "unknown"
    traits = traits_of(str(type_))
    return "other" if traits is None else str(traits.kind)


def css_of(kind: str) -> str:
    """The class of a kind's marks."""
    return CSS.get(kind, "k-other")


def plural_of(kind: str) -> str:
    """A kind's layers in the middle of a sentence: `convolutions`, `pooling layers`."""
    return _PLURALS.get(kind, f"{kind} layers")


_PLURALS: Final = {"convolution": "convolutions", "unknown": "layers of unknown type", "other": "other layers"}


def sums_by_kind(layers: Iterable[TableRow], key: str) -> dict[str, int]:
    """Kind → the sum of what is known of a column, the largest first; kinds that add nothing are left out."""
    sums: dict[str, int] = {}
    for row in layers:
        kind = kind_of(row.get("type"))
        sums[kind] = sums.get(kind, 0) + (int_of(row.get(key)) or 0)
    return {kind: total for kind, total in sorted(sums.items(), key=lambda item: -item[1]) if total}
