"""Where to cut a net into segments of which only what passes between them is kept, the rest worked out a second time.

Chen et al. 2016, arXiv 1604.06174: √n segments of as many layers, or a segment wherever the data made since the last
cut passes a bound (their algorithm 3). A cut of ours moves to the narrowest place near by, where the least data passes.
"""

from __future__ import annotations

from itertools import accumulate
from math import isqrt
from typing import TYPE_CHECKING, Final

from logparse.cost.plan.lifetimes import of_forward

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.memory.holdings import NetMemory

Segments = tuple[int, ...]  # each layer's segment, ascending from 0


def root_segments(net: NetMemory) -> Segments:
    """√n segments of as many layers."""
    return _even(len(net.layers), _root(len(net.layers)))


def ways_to_cut(net: NetMemory) -> tuple[Segments, ...]:
    """Ways to cut the net, each once, always the same: by number of layers, and by the bytes that segments make.

    Raises:
        Missing: the count of a blob is not known, or what a layer's backward pass reads.

    """
    layers = len(net.layers)
    counts = sorted({1, _root(layers), *_spread(1, 3 * _root(layers), _COUNTS)})
    made, passing = _made_and_passing(net)
    limits = _spread(max(sum(made) // max(layers, 1), 1), max(sum(made), 1), _LIMITS)
    found = [_even(layers, count) for count in counts]
    for limit in limits:
        found += [_by_bytes(made, limit), _by_bytes(made, limit, passing)]
    return tuple(dict.fromkeys(found))


_COUNTS: Final = 24
_LIMITS: Final = 20


def _root(layers: int) -> int:
    return max(isqrt(layers), 1)


def _spread(low: int, high: int, number: int) -> list[int]:
    """Whole numbers from low to high, each about the same times the one before, all of them where there are few."""
    if high - low < number:
        return list(range(low, high + 1))
    ratio = high / low
    return sorted({round(low * ratio ** (step / (number - 1))) for step in range(number)})


def _even(layers: int, count: int) -> Segments:
    return tuple(place * count // layers for place in range(layers))


def _made_and_passing(net: NetMemory) -> tuple[list[int], list[int]]:
    """Per layer the bytes of data that it makes, and those that pass from it or from before it to a later one."""
    made, change = [0] * len(net.layers), [0] * (len(net.layers) + 1)
    for block in of_forward(net):
        made[block.first] += block.bytes
        change[block.first] += block.bytes
        change[block.last] -= block.bytes
    return made, list(accumulate(change[:-1]))


def _by_bytes(made: Sequence[int], limit: int, passing: Sequence[int] | None = None) -> Segments:
    """A cut where what was made since the last one passes the limit; with `passing` at the narrowest place of late.

    Of late: among the layers that made the second half of it.
    """
    return tuple(_numbers(_cuts(made, limit, passing), len(made)))


def _cuts(made: Sequence[int], limit: int, passing: Sequence[int] | None) -> Iterator[int]:
    """The first layers of the segments but the first one."""
    start, total = 0, 0
    for place, size in enumerate(made):
        total += size
        if total > limit and place > start:
            cut = place if passing is None else _narrowest(made, passing, start, place, limit)
            yield cut
            start, total = cut, sum(made[cut : place + 1])


def _narrowest(made: Sequence[int], passing: Sequence[int], start: int, place: int, limit: int) -> int:
    cut, least, total = place, passing[place - 1], 0
    for one in range(place, start, -1):
        if passing[one - 1] < least:
            cut, least = one, passing[one - 1]
        total += made[one - 1]
        if 2 * total > limit:
            break
    return cut


def _numbers(cuts: Iterator[int], layers: int) -> Iterator[int]:
    first, segment = set(cuts), 0
    for place in range(layers):
        segment += place in first
        yield segment
