"""Which layers of a net lead where: what needs a blob, and what a blob comes from, in-place layers among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.layer_types import is_loss, traits_of
from logparse.cost.traits import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.recover.grades import DefinedLayer

_LEARNED = frozenset(
    {LayerKind.CONVOLUTION, LayerKind.FULLY_CONNECTED, LayerKind.RECURRENT, LayerKind.EMBEDDING, LayerKind.CUSTOM}
)


def learns_weights(piece: DefinedLayer) -> bool:
    """Whether a layer has weights that are learned, by its type.

    A layer of a type that is not known is taken to have some where it reads one blob: one that reads several may as
    well compare them.
    """
    kind = piece.message.text("type")
    traits = traits_of(kind)
    if traits is None:
        return len(piece.bottoms) == 1 and not is_loss(kind)
    return traits.kind in _LEARNED


def is_source_piece(piece: DefinedLayer) -> bool:
    """Whether a layer brings data from outside: it reads no blob, and is not a bare parameter."""
    return not piece.bottoms and piece.message.text("type") != "Parameter"


def needed_for(layers: Sequence[DefinedLayer], blobs: Iterable[str]) -> set[int]:
    """The places of all layers that the blobs, as they are behind the last layer, are made by."""
    wanted = set(blobs)
    kept = set()
    for place in range(len(layers) - 1, -1, -1):
        piece = layers[place]
        if wanted & set(piece.tops):
            kept.add(place)
            wanted -= set(piece.tops) - set(piece.bottoms)
            wanted |= set(piece.bottoms)
    return kept


def feeding_weights(layers: Sequence[DefinedLayer]) -> set[str]:
    """Every blob from which a way leads into a layer with learned weights."""
    found: set[str] = set()
    for piece in reversed(layers):
        if learns_weights(piece) or found & set(piece.tops):
            found |= set(piece.bottoms)
    return found


def coming_from(layers: Sequence[DefinedLayer], sources: Iterable[str]) -> set[str]:
    """The sources, and every blob that is made of them alone."""
    found = set(sources)
    for piece in layers:
        if piece.bottoms and set(piece.bottoms) <= found:
            found |= set(piece.tops)
    return found


def read_by_nobody(layers: Sequence[DefinedLayer]) -> list[str]:
    """The net's outputs: blobs that no layer behind their last maker reads."""
    found: dict[str, None] = {}
    for piece in layers:
        for name in piece.bottoms:
            found.pop(name, None)
        found |= dict.fromkeys(piece.tops)
    return list(found)
