"""The lanes of a net's spine: in each layer's row, which blobs pass by, which are read, which go on.

As in the picture of a history of versions, a blob keeps a lane from the layer that makes it to the last that reads it.
A source's further tops, such as labels, are left out: they would run beside the whole net.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logparse.report.structure.folding import FoldedNet

_MOST: Final = 6  # lanes; what would need more shares the last one


class LaneRow(NamedTuple):
    """One row: the lane that its layer works on (None: it works on none), and the lanes about it.

    `made` is whether the layer makes a node of its own. `through` pass by; `read` end in the node or branch off to it;
    `above` and `below` say whether the layer's own lane goes on there.
    """

    lane: int | None
    made: bool
    through: tuple[int, ...]
    read: tuple[int, ...]
    above: bool
    below: bool


def lanes(net: FoldedNet) -> tuple[LaneRow, ...]:
    """One row for each layer of the net."""
    sources = _sources(net)
    last = {source: target for target in range(len(net.nodes)) for source in sources[target]}
    held: dict[int, int] = {}  # node whose blob is still read → its lane
    rows = []
    for place, at in enumerate(net.node_of):
        if at is None or net.nodes[at].place != place:
            rows.append(_passing(at, held))
            continue
        rows.append(_node(at, sources[at], last, held))
    return tuple(rows)


def _sources(net: FoldedNet) -> list[list[int]]:
    """Per node the nodes that it reads, without the further tops of sources."""
    read: list[list[int]] = [[] for _ in net.nodes]
    for edge in net.edges:
        read[edge.target].append(edge.source)
    return [[one for at, one in enumerate(found) if not at or read[one]] for found in read]


def _passing(at: int | None, held: Mapping[int, int]) -> LaneRow:
    """The row of a layer that is folded into a node, or that reads nothing known."""
    lane = None if at is None else held.get(at)
    on = lane is not None
    return LaneRow(lane, made=False, through=_others(held.values(), lane), read=(), above=on, below=on)


def _node(at: int, sources: Sequence[int], last: Mapping[int, int], held: dict[int, int]) -> LaneRow:
    read = [held[source] for source in sources if source in held]
    ended = [source for source in sources if source in held and last[source] == at]
    free = [held.pop(source) for source in ended]
    lane = min(free) if free else _lowest(held)
    row = LaneRow(
        lane,
        made=True,
        through=_others(held.values(), lane),
        read=_others(read, lane),
        above=bool(free) or lane in read,
        below=at in last,
    )
    if at in last:
        held[at] = lane
    return row


def _lowest(held: Mapping[int, int]) -> int:
    taken = set(held.values())
    return next((lane for lane in range(_MOST) if lane not in taken), _MOST - 1)


def _others(taken: Iterable[int], lane: int | None) -> tuple[int, ...]:
    return tuple(sorted({one for one in taken if one != lane}))
