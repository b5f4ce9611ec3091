"""Places for the nodes of a graph whose edges all go forward: a layered drawing, always the same for the same graph.

The steps are those of Sugiyama, Tagawa and Toda (1981): ranks by the longest path, bends where an edge passes a rank,
orders within ranks by medians of neighbours and by exchanging neighbours, places by least squares. Edges that leave one
node share their bends. Least squares with gaps is isotonic regression, solved by pooling adjacent violators.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import accumulate, pairwise
from statistics import median_low
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Pair = tuple[int, int]

SWEEPS: Final = 24
PLACINGS: Final = 12
BEND: Final = 0.35  # room for a bend, in parts of a node's
_WORK: Final = 400_000  # of (ranks' members × sweeps): from there on fewer sweeps


class Layered(NamedTuple):
    """Where everything stands: x in node pitches from 0, y in ranks from 0.

    `routes` has for each edge, in the order given, all points from its source to its target; `width` is from the left
    of what stands leftmost to the right of what stands rightmost, bends too, in node pitches.
    """

    x: tuple[float, ...]
    rank: tuple[int, ...]
    routes: tuple[tuple[tuple[float, int], ...], ...]
    crossings: int
    width: float


def layered(nodes: int, edges: Sequence[Pair]) -> Layered:
    """So many nodes and edges (source < target) → places."""
    if any(not 0 <= source < target < nodes for source, target in edges):
        raise ValueError("an edge of a layered drawing goes from a node to a later one")
    rank = _ranks(nodes, edges)
    drawn = _Bent(nodes, edges, rank)
    crossings = drawn.sort()
    x = drawn.placed()
    left = min(x, default=0.0)
    places = tuple(round(at - left, 3) for at in x)
    routes = tuple(tuple((places[stop], drawn.rank[stop]) for stop in drawn.route(*edge)) for edge in edges)
    return Layered(places[:nodes], tuple(rank), routes, crossings, max(places, default=0.0) + 1)


def _ranks(nodes: int, edges: Sequence[Pair]) -> list[int]:
    """Longest paths from the sources; a source then stands right before its first reader."""
    rank = [0] * nodes
    read: list[list[int]] = [[] for _ in range(nodes)]
    fed = [False] * nodes
    for source, target in sorted(edges):
        read[source].append(target)
        fed[target] = True
        rank[target] = max(rank[target], rank[source] + 1)
    for node in range(nodes):
        if not fed[node] and read[node]:
            rank[node] = min(rank[target] for target in read[node]) - 1
    return rank


class _Bent:
    """The graph with a bend at every rank that an edge passes, and the order of each rank."""

    def __init__(self, nodes: int, edges: Sequence[Pair], rank: Sequence[int]) -> None:
        self.nodes = nodes
        self.rank = list(rank)
        self._bends: dict[Pair, int] = {}  # (source, rank) → its bend there
        links: dict[Pair, None] = {}
        for source, target in edges:
            stops = self.route(source, target)
            links.update(dict.fromkeys(pairwise(stops)))
        self.above: list[list[int]] = [[] for _ in self.rank]
        self.below: list[list[int]] = [[] for _ in self.rank]
        for high, low in links:
            self.below[high].append(low)
            self.above[low].append(high)
        self.order: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for node in self._by_walk():
            self.order[self.rank[node]].append(node)
        self.at = [0] * len(self.rank)
        self._note(self.order)

    def route(self, source: int, target: int) -> list[int]:
        """The nodes and bends from source to target."""
        return [source, *(self._bend(source, at) for at in range(self.rank[source] + 1, self.rank[target])), target]

    def _bend(self, source: int, rank: int) -> int:
        if (source, rank) not in self._bends:
            self._bends[source, rank] = len(self.rank)
            self.rank.append(rank)
        return self._bends[source, rank]

    def _by_walk(self) -> Iterable[int]:
        """Depth first from the sources: what belongs together starts side by side."""
        seen: set[int] = set()
        for root in range(self.nodes):
            stack = [root]
            while stack and not (self.above[root] and root not in seen):
                node = stack.pop()
                if node not in seen:
                    seen.add(node)
                    yield node
                    stack.extend(reversed(self.below[node]))
        yield from (node for node in range(len(self.rank)) if node not in seen)

    def _note(self, orders: Iterable[Sequence[int]]) -> None:
        for order in orders:
            for at, node in enumerate(order):
                self.at[node] = at

    def sort(self) -> int:
        """Fewest crossings of all sweeps; the number of crossings that are left."""
        best = self._crossings()
        kept = [list(order) for order in self.order]
        for sweep in range(min(SWEEPS, max(4, _WORK // max(len(self.rank), 1)))):
            if not best:
                break
            self._by_medians(down=sweep % 2 == 0)
            self._exchange()
            now = self._crossings()
            if now < best:
                best, kept = now, [list(order) for order in self.order]
        self.order = kept
        self._note(self.order)
        return best

    def _by_medians(self, *, down: bool) -> None:
        near = self.above if down else self.below
        for order in self.order if down else reversed(self.order):
            keys = {
                node: median_low([self.at[other] for other in near[node]]) if near[node] else self.at[node]
                for node in order
            }
            order.sort(key=lambda node: (keys[node], self.at[node]))
            self._note([order])

    def _exchange(self) -> None:
        """Neighbours change places where that leaves fewer crossings."""
        for order in self.order:
            for at in range(len(order) - 1):
                one, other = order[at], order[at + 1]
                if self._between(other, one) < self._between(one, other):
                    order[at], order[at + 1] = other, one
                    self.at[one], self.at[other] = at + 1, at

    def _between(self, left: int, right: int) -> int:
        """Crossings of the links of two neighbours, standing so."""
        return sum(
            self.at[one] > self.at[other]
            for near in (self.above, self.below)
            for one in near[left]
            for other in near[right]
        )

    def _crossings(self) -> int:
        return sum(map(self._crossings_below, self.order))

    def _crossings_below(self, order: Sequence[int]) -> int:
        """Pairs of links between a rank and the next that cross: inversions of the ends, in order of the starts."""
        seen: list[int] = []
        found = 0
        for node in order:
            ends = sorted(self.at[low] for low in self.below[node])
            found += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
        return found

    def placed(self) -> list[float]:
        """Places within ranks: each near its neighbours, none too near to the next."""
        x = [0.0] * len(self.rank)
        for order in self.order:
            self._place(order, [float(self.at[node]) for node in order], x)
        for turn in range(PLACINGS):
            near = (self.above, self.below)[turn % 2]
            for order in self.order if turn % 2 == 0 else reversed(self.order):
                wanted = [
                    sum(x[other] for other in near[node]) / len(near[node]) if near[node] else x[node] for node in order
                ]
                self._place(order, wanted, x)
        return x

    def _place(self, order: Sequence[int], wanted: Sequence[float], x: list[float]) -> None:
        room = [1.0 if node < self.nodes else BEND for node in order]
        steps = ((one + other) / 2 for one, other in pairwise(room))
        offsets = list(accumulate(steps, initial=0.0))[: len(order)]
        shifted = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
        for node, value, offset in zip(order, _rising(shifted), offsets, strict=True):
            x[node] = value + offset


def _rising(values: Sequence[float]) -> list[float]:
    """The rising series nearest to the values by least squares."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, number = value, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / number:
            before, many = pools.pop()
            total, number = total + before, number + many
        pools.append((total, number))
    return [total / number for total, number in pools for _ in range(number)]
