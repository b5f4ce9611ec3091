"""Which tops own memory and which share another blob's: distinct data, as the live nets have it.

A top adds nothing where it is in place (net.cpp AppendTop), or where its layer shares its bottom's data, always or
with a single bottom and a single top (`shares_data` of the layer types).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.traits import When

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class TopUse(NamedTuple):
    """One top as the sharing rule sees it."""

    name: str
    in_place: bool


class LayerUse(NamedTuple):
    """One layer as the sharing rule sees it; `shares` is when its type shares (traits: of data, or of gradients)."""

    shares: When
    bottoms: tuple[str, ...]
    tops: tuple[TopUse, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """What of a layer decides who owns its tops, whatever their shapes; the same only as one object.

    `in_place` is a flag for each top.
    """

    shares_data: When
    shares_diff: When
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    in_place: tuple[bool, ...]

    def use(self, *, of_data: bool) -> LayerUse:
        """As the sharing rule sees it, for one half of the blobs."""
        uses = tuple(TopUse(*pair) for pair in zip(self.tops, self.in_place, strict=True))
        return LayerUse(self.shares_data if of_data else self.shares_diff, self.bottoms, uses)


class Owners(NamedTuple):
    """Of one half of a net's blobs: the name of each that owns memory → its layer and top by place, name → owner."""

    own: Mapping[str, tuple[int, int]]
    owner_of: Mapping[str, str]


@lru_cache(maxsize=16)
def owners(links: tuple[Links, ...], *, of_data: bool) -> Owners:
    """Who owns what in a net; a Split shares data, but each of its tops has its own gradient."""
    own: dict[str, tuple[int, int]] = {}
    owner_of: dict[str, str] = {}
    shared = shared_tops(layer.use(of_data=of_data) for layer in links)
    for place, (layer, found) in enumerate(zip(links, shared, strict=True)):
        for top, (name, owner) in enumerate(zip(layer.tops, found, strict=True)):
            owner_of[name] = owner if owner is not None else name
            if owner is None:
                own[name] = place, top
    return Owners(own, owner_of)


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
