"""Which one layer's change buys most: the layers that hold most, each with fewer channels or as two of a low rank.

Every change is followed through the whole net, so what the layers behind it lose counts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.costing import macs
from logparse.cost.memory.terms import USUAL
from logparse.cost.whatif.change import Change, LowRank, changed
from logparse.cost.whatif.limits import too_large
from logparse.cost.whatif.measures import measures
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.memory.terms import Terms

HALF: Final = 0.5  # of a layer's channels
QUARTER: Final = 4  # an SVD leaves one part in so many of the weights
MOST_OF_EACH: Final = 5  # layers of most parameters, of most MACs, of the largest tops


class Lever(NamedTuple):
    """One layer's change and the run's figures (`measures`) without it and with it.

    `after` is empty where the change cannot be followed; then `refusal` says why.
    """

    layer_index: int
    layer: LayerMemory
    words: str
    change: Change
    before: Mapping[str, int | None]
    after: Mapping[str, int | None]
    assumptions: tuple[str, ...] = ()
    refusal: str = ""


def levers(run: Run, terms: Terms = USUAL) -> tuple[Lever, ...]:
    """The changes of the first net's layers that hold most, in the net's order."""
    if not run.nets or not run.nets[0].layers:
        return ()
    before = _figures(run, terms)
    return tuple(
        _lever(run, terms, place, words, change, before)
        for place in _heaviest(run.nets[0].layers)
        for words, change in _changes(run.nets[0].layers[place])
    )


def _figures(run: Run, terms: Terms) -> dict[str, int | None]:
    return {one.name: one.value for one in measures(run, terms)}


def _lever(run: Run, terms: Terms, place: int, words: str, change: Change, before: Mapping[str, int | None]) -> Lever:
    layer = run.nets[0].layers[place]
    try:
        found = changed(run, change)
        assumed = (*found.assumptions, *too_large(run, found.run))
    except WhatIfError as error:
        return Lever(place, layer, words, change, before, {}, refusal=error.message)
    return Lever(place, layer, words, change, before, _figures(found.run, terms), assumed)


def _heaviest(layers: Sequence[LayerMemory]) -> list[int]:
    """The places of the layers that can be changed and hold most of something, ascending."""
    able = [place for place, layer in enumerate(layers) if any(_changes(layer))]
    found: set[int] = set()
    for weigh in _HOLDS:
        heavy = sorted(able, key=lambda place: (-weigh(layers[place]), place))[:MOST_OF_EACH]
        found.update(place for place in heavy if weigh(layers[place]))
    return sorted(found)


_HOLDS: Final[tuple[Callable[[LayerMemory], int], ...]] = (
    lambda layer: sum(blob.count for blob in layer.params or ()),
    lambda layer: macs(layer.spec).value or 0,
    lambda layer: sum(count or 0 for count in layer.counts),
)


def _changes(layer: LayerMemory) -> Iterator[tuple[str, Change]]:
    """Fewer channels, and two factors, of a layer that chooses its channels."""
    if not layer.traits.channels or layer.traits.depthwise or not layer.params:
        return
    name = layer.spec.name
    yield "half of its channels", Change(prune_channels={name: HALF})
    rank = quarter_rank(layer)
    if rank:
        yield f"rank {rank}, a quarter of its weights", Change(low_rank={name: LowRank(rank)})


def quarter_rank(layer: LayerMemory) -> int:
    """The rank of a factoring that leaves about a quarter of the weights; 0 where there is none.

    An InnerProduct's SVD has r·(K + M) for K·M weights; a convolution of h×w kernels as h×1 then 1×w ("spatial") has
    r·(h·C + w·N) for h·w·C·N in each group, and one of 1×1 the same.
    """
    shape = layer.params[0].shape if layer.params else ()
    if layer.kind == "InnerProduct" and len(shape) == 2:  # a matrix
        return shape[0] * shape[1] // (QUARTER * (shape[0] + shape[1]))
    bottom = layer.spec.bottoms[0] if layer.spec.bottoms else None
    if layer.kind != "Convolution" or len(shape) != 4 or bottom is None or len(bottom) != 4:  # images
        return 0
    outs, ins, high, wide = shape
    group = bottom[1] // ins if ins else 0
    per_group = outs // group if group else 0
    weights, ends = high * wide * ins * per_group, high * ins + wide * per_group
    return group * (weights // (QUARTER * ends)) if ends else 0
