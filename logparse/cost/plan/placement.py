"""Where blocks that live at different times may lie in one memory: the bound, and a plan that comes near it.

The bound is what lives at the fullest step. A plan gives each block an offset so that no two that live at one step
overlap: largest first, into the smallest gap that holds it (Pisarchyk & Lee 2020, greedy by size; the gap before the
first block counts too). Where that stands above the bound other rules are tried, always the same ones: the two ends of
the bound in turn, which plans any chain at its bound; from below, always what can lie lowest; then the same shaken.
"""

from __future__ import annotations

from bisect import insort
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.cost.plan.lifetimes import Lifetime


class Plan(NamedTuple):
    """Blocks with their offsets in bytes, what they take together, and the bound."""

    blocks: tuple[Lifetime, ...]
    offsets: tuple[int, ...]
    bytes: int
    bound_bytes: int

    @property
    def is_optimal(self) -> bool:
        """Whether no plan can take less."""
        return self.bytes == self.bound_bytes


def live_bytes(blocks: Sequence[Lifetime]) -> list[int]:
    """Bytes alive at each step, from 0 to the last."""
    change = [0] * (max((block.last for block in blocks), default=-1) + 2)
    for block in blocks:
        change[block.first] += block.bytes
        change[block.last + 1] -= block.bytes
    total, found = 0, []
    for step in change[:-1]:
        total += step
        found.append(total)
    return found


def planned(blocks: Sequence[Lifetime]) -> Plan:
    """The best plan of a bounded search, which ends at the bound; the same for the same blocks."""
    bound = max(live_bytes(blocks), default=0)
    best = _Placed([], [], 0)
    for count, placed in enumerate(_trials(blocks, bound)):
        if not count or placed.bytes < best.bytes:
            best = placed
        work = (count + 1) * len(blocks) ** 2
        if best.bytes == bound or work > (_WORK if best.bytes * _NEAR > bound * (_NEAR + 1) else _SOME_WORK):
            break
    return Plan(tuple(blocks), tuple(best.offsets), best.bytes, bound)


_WORK: Final = 9_000_000  # pairs of blocks looked at: a second or two
_SOME_WORK: Final = 600_000
_NEAR: Final = 100  # no more than one part in so many above the bound, and some work is enough


class _Placed(NamedTuple):
    """Blocks placed one by one in some order (places in the sequence), and what they take together."""

    order: list[int]
    offsets: list[int]
    bytes: int


def _trials(blocks: Sequence[Lifetime], bound: int) -> Iterator[_Placed]:
    """Every rule; then from below with each rule's ranks shaken, and the best of all with a block moved, in turn."""
    best = None
    for placed in _ruled(blocks, bound):
        best = placed if best is None or placed.bytes < best.bytes else best
        yield placed
    chance = Random(0)  # noqa: S311 - a search that is the same each time
    for weigh in cycle(_WEIGHTS):
        if best is None or not blocks:
            return
        weights = [weigh(block) * chance.uniform(_HALF, 1 + _HALF) for block in blocks]
        moved = _placed(blocks, _moved(blocks, best, chance), lowest=chance.random() < _HALF)
        for placed in (_from_below(blocks, weights), moved):
            best = placed if placed.bytes <= best.bytes else best  # sideways too: the way out of a valley
            yield placed


def _ruled(blocks: Sequence[Lifetime], bound: int) -> Iterator[_Placed]:
    """By size with best fit, at the two ends in turn, from below, then every other rule of order with either way."""
    orders = [sorted(range(len(blocks)), key=lambda one: (*rank(blocks[one]), one)) for rank in _RANKS]
    yield _placed(blocks, orders[0], lowest=False)
    yield _at_ends(blocks, bound)
    for weigh in _WEIGHTS:
        yield _from_below(blocks, [weigh(block) for block in blocks])
    yield _placed(blocks, orders[0], lowest=True)
    for order in orders[1:]:
        for lowest in (False, True):
            yield _placed(blocks, order, lowest=lowest)


_HALF: Final = 0.5


def _moved(blocks: Sequence[Lifetime], best: _Placed, chance: Random) -> list[int]:
    """The order with one block earlier: one that ends highest, or that lives with it and so may lie below it."""
    ends = [offset + block.bytes for offset, block in zip(best.offsets, blocks, strict=True)]
    highest = blocks[chance.choice([one for one, end in enumerate(ends) if end == best.bytes])]
    near = [one for one, block in enumerate(blocks) if _live_together(block, highest)]
    order = list(best.order)
    at = order.index(chance.choice(near))
    order.insert(chance.randrange(max(at, 1)), order.pop(at))
    return order


def _from_below(blocks: Sequence[Lifetime], weights: Sequence[float]) -> _Placed:
    """Always the block that can lie lowest on what is there; of several such the one that weighs most."""
    left = sorted(range(len(blocks)), key=lambda one: (-weights[one], one))
    offsets, order, size = [0] * len(left), list[int](), 0
    while left:
        one = min(left, key=offsets.__getitem__)
        left.remove(one)
        order.append(one)
        block, end = blocks[one], offsets[one] + blocks[one].bytes
        size = max(size, end)
        for other in left:
            if offsets[other] < end and block.first <= blocks[other].last and blocks[other].first <= block.last:
                offsets[other] = end
    return _Placed(order, offsets, size)


def _placed(blocks: Sequence[Lifetime], order: list[int], *, lowest: bool) -> _Placed:
    offsets = [0] * len(order)
    placed: list[tuple[int, int]] = []  # (offset, block), ascending
    size = 0
    for one in order:
        offsets[one] = _offset(blocks, placed, blocks[one], lowest=lowest)
        insort(placed, (offsets[one], one))
        size = max(size, offsets[one] + blocks[one].bytes)
    return _Placed(order, offsets, size)


def _at_ends(blocks: Sequence[Lifetime], bound: int) -> _Placed:
    """In the order of time, a block at the low end and the next at the high one, where they are free.

    At the end where a block with which it lives does not lie; where both are taken, in the smallest gap.
    """
    order = sorted(range(len(blocks)), key=lambda one: (blocks[one].first, -blocks[one].bytes, one))
    offsets, placed, size, high = [0] * len(order), list[tuple[int, int]](), 0, False
    for one in order:
        block = blocks[one]
        offset = bound - block.bytes if high else 0
        if any(
            _live_together(blocks[other], block)
            and start < offset + block.bytes
            and offset < start + blocks[other].bytes
            for start, other in placed
        ):
            offset = _offset(blocks, placed, block, lowest=False)
        high = offset == 0
        offsets[one] = offset
        insort(placed, (offset, one))
        size = max(size, offset + block.bytes)
    return _Placed(order, offsets, size)


def _live_together(one: Lifetime, other: Lifetime) -> bool:
    return one.first <= other.last and other.first <= one.last


def _offset(blocks: Sequence[Lifetime], placed: Sequence[tuple[int, int]], block: Lifetime, *, lowest: bool) -> int:
    """The start of the smallest gap that holds the block among those that live with it, or of the lowest one.

    Where none holds it, it lies above them all.
    """
    end, best, best_gap = 0, -1, -1
    for offset, other in placed:
        neighbour = blocks[other]
        if neighbour.last < block.first or block.last < neighbour.first:
            continue
        gap = offset - end
        if gap >= block.bytes and (best < 0 or gap < best_gap):
            best, best_gap = end, gap
            if lowest:
                break
        end = max(end, offset + neighbour.bytes)
    return end if best < 0 else best


# What is laid first of what can lie equally low; the heavier one
_WEIGHTS: Final[tuple[Callable[[Lifetime], int], ...]] = (
    lambda block: block.bytes,
    lambda block: block.last - block.first,
    lambda block: block.bytes * (block.last - block.first + 1),
    lambda block: -block.first,
)
# What is placed first; lower stands earlier
_RANKS: Final[tuple[Callable[[Lifetime], tuple[int, ...]], ...]] = (
    lambda block: (-block.bytes, block.first),
    lambda block: (-block.bytes * (block.last - block.first + 1), block.first),
    lambda block: (block.first - block.last, -block.bytes),
    lambda block: (block.first, -block.bytes),
    lambda block: (-block.last, -block.bytes),
)
