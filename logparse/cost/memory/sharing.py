"""Which tops own memory and which share another blob's: distinct data, as the live nets have it.

A top adds nothing where it is in place (net.cpp AppendTop), or where its layer shares its bottom's data, always or
with a single bottom and a single top (`shares_data` of the layer types).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.traits import When

if TYPE_CHECKING:
    from collections.abc import Iterable


class TopUse(NamedTuple):
    """One top as the sharing rule sees it."""

    name: str
    in_place: bool


class LayerUse(NamedTuple):
    """One layer as the sharing rule sees it; `shares` is when its type shares (traits: of data, or of gradients)."""

    shares: When
    bottoms: tuple[str, ...]
    tops: tuple[TopUse, ...]


def shares_bottom(layer: LayerUse) -> bool:
    """Whether the layer's tops are its bottom's memory under other names."""
    if layer.shares is When.ALWAYS:
        return bool(layer.bottoms)
    return layer.shares is When.IF_SINGLE and len(layer.bottoms) == 1 and len(layer.tops) == 1


def shared_tops(layers: Iterable[LayerUse]) -> list[tuple[str | None, ...]]:
    """Per layer and top: the blob that owns its memory, or None where the top owns its own."""
    owners: dict[str, str] = {}
    return [_of_layer(layer, owners) for layer in layers]


def _of_layer(layer: LayerUse, owners: dict[str, str]) -> tuple[str | None, ...]:
    shares = shares_bottom(layer)
    found = []
    for top in layer.tops:
        owner = _owner(layer, top, owners, shares=shares)
        if owner is None:
            owners[top.name] = top.name
        elif top.name:
            owners[top.name] = owner
        found.append(owner)
    return tuple(found)


def _owner(layer: LayerUse, top: TopUse, owners: dict[str, str], *, shares: bool) -> str | None:
    if top.in_place:
        return owners.get(top.name, top.name)
    return owners.get(layer.bottoms[0], layer.bottoms[0]) if shares else None
