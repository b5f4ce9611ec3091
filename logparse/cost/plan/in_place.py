"""Which layers could write over their bottom and do not, and the net in which they do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.memory.sharing import shared_tops
from logparse.cost.plan.reads import backward_reads
from logparse.cost.traits import InPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.memory.layer import LayerMemory


class _Version(NamedTuple):
    """What a blob holds between two writes: the place of the layer that wrote it, as which top, and of its readers."""

    maker: int
    top: int
    readers: list[int]


def in_place_places(layers: Sequence[LayerMemory]) -> tuple[int, ...]:
    """The places of the layers that could work in place.

    Their type may, nobody else reads the bottom, and neither their own backward pass nor that of the layer before needs
    what is overwritten.
    """
    owned = [
        [owner is None for owner in owners] for owners in shared_tops(layer.links.use(of_data=True) for layer in layers)
    ]
    found: list[int] = []
    current: dict[str, _Version] = {}
    for place, layer in enumerate(layers):
        for bottom in layer.bottoms:
            if bottom in current:
                current[bottom].readers.append(place)
        for top, name in enumerate(layer.tops):
            if version := current.get(name):
                found += _overwriting(layers, owned, version)
            current[name] = _Version(place, top, [])
    for version in current.values():
        found += _overwriting(layers, owned, version)
    return tuple(sorted(found))


def _overwriting(layers: Sequence[LayerMemory], owned: Sequence[Sequence[bool]], version: _Version) -> Iterator[int]:
    """The one reader of what a layer wrote, if it could write its own result over it."""
    if len(version.readers) != 1:
        return
    reader = version.readers[0]
    own = owned[version.maker][version.top] or layers[version.maker].links.in_place[version.top]
    if (
        own
        and _may_overwrite(layers[reader])
        and all(owned[reader])
        and not _needs_top(layers[version.maker], version.top)
    ):
        yield reader


def _may_overwrite(layer: LayerMemory) -> bool:
    """Whether a layer's type may: Scale and PReLU can, too, but then keep a copy of the bottom."""
    is_free = layer.traits.in_place is InPlace.FREE
    return (
        is_free and len(layer.bottoms) == len(layer.tops) == 1 and layer.bottoms != layer.tops and bool(layer.counts[0])
    )


def _needs_top(maker: LayerMemory, top: int) -> bool:
    """Whether the layer that wrote a blob needs it as it was: it is a data layer, or its backward pass reads it.

    A layer of which that is not known may.
    """
    if maker.kind is None or not maker.bottoms:
        return True
    reads = backward_reads(maker.spec)
    return reads is None or top in reads.tops


def put_in_place(layers: Sequence[LayerMemory], places: Sequence[int]) -> tuple[LayerMemory, ...]:
    """The net with these layers in place: their tops, and whoever reads them, have the bottom's name."""
    names: dict[str, str] = {}
    found = []
    for place, layer in enumerate(layers):
        bottoms = tuple(names.get(name, name) for name in layer.bottoms)
        if place in places:
            names[layer.tops[0]] = bottoms[0]
            found.append(replace(layer, spec=replace(layer.spec, in_place=(True,)), bottoms=bottoms, tops=bottoms))
            continue
        pairs = zip(layer.tops, layer.links.in_place, strict=True)
        tops = tuple(names.get(name, name) if is_in_place else name for name, is_in_place in pairs)
        found.append(replace(layer, bottoms=bottoms, tops=tops))
    return tuple(found)
