"""Which layer of one net is which of another: by name, by structure, by place.

Ways to pair layers are tried from the surest to the weakest, each over the layers that are left. Equal labels of all
that a layer is joined to (labels.py), then of all above it or below it, come before equal names: names may have been
changed all over. Layers that no graph holds (losses, Dropout) are paired by name and type, by name alone, or by type
behind the same neighbour.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.structure.net_layer import is_inserted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logparse.cost.structure.identity import Structure
    from logparse.cost.structure.net_layer import NetLayer

SAME_NAME: Final = "same name"
RENAMED: Final = "renamed"
MOVED: Final = "moved"  # it stands elsewhere among its neighbours
GONE: Final = "gone"
NEW: Final = "new"


class Pairing(NamedTuple):
    """A layer of one net and the same layer of the other one, by their places among all layers; None where none is.

    `how` is one of the words of this module. `changed` says that settings, parameters or type are not the same.
    """

    one: int | None
    other: int | None
    how: str
    changed: bool = False


class _Facts(NamedTuple):
    """What a layer is known by; labels are None where no graph holds it."""

    name: str
    kind: str | None
    own: str | None
    near: str | None
    above: str | None
    below: str | None
    far: str | None


_Key: TypeAlias = "tuple[object, ...] | None"
_KEYS: Final[Sequence[Callable[[_Facts], _Key]]] = (
    lambda facts: _whole(facts.name, facts.far),
    lambda facts: _whole(facts.far),
    lambda facts: _whole(facts.name, facts.above),
    lambda facts: _whole(facts.above),
    lambda facts: _whole(facts.name, facts.below),
    lambda facts: _whole(facts.below),
    lambda facts: _whole(facts.name, facts.near),
    lambda facts: _whole(facts.name, facts.own),
    lambda facts: _whole(facts.near),
    lambda facts: _whole(facts.own),
    lambda facts: _whole(facts.name, facts.kind),
    lambda facts: _whole(facts.name or None),  # of another type: a fully connected layer that was made a convolution
)


def _whole(*parts: object) -> _Key:
    return None if None in parts else parts


def aligned(one: Structure, other: Structure) -> tuple[Pairing, ...]:
    """All layers of both nets but Splits: pairs and new layers in the order of the other net, then what is gone."""
    ours, theirs = _facts(one), _facts(other)
    pairs: dict[int, int] = {}  # other → one
    for key in _KEYS:
        _pair(pairs, _keyed(ours, key, pairs.values()), _keyed(theirs, key, pairs))
    _pair(pairs, _by_neighbour(ours, {place: place for place in pairs.values()}), _by_neighbour(theirs, pairs))
    staying = _in_order(pairs)
    found = [_pairing(place, pairs.get(place), ours, theirs, staying) for place in theirs]
    kept = set(pairs.values())
    gone = [Pairing(place, None, GONE) for place in ours if place not in kept]
    return (*found, *gone)


def _facts(structure: Structure) -> dict[int, _Facts]:
    graph, labels = structure.graph, structure.labels
    every = (labels.own, labels.near, labels.above, labels.below, labels.far)
    vertices = {vertex.place: number for number, vertex in reversed([*enumerate(graph.vertices)])}
    return {
        place: _facts_of(layer, vertices.get(place), every)
        for place, layer in enumerate(graph.layers)
        if not is_inserted(layer)
    }


def _facts_of(layer: NetLayer, number: int | None, labels: tuple[tuple[str, ...], ...]) -> _Facts:
    return _Facts(layer.spec.name, layer.kind, *(None if number is None else label[number] for label in labels))


_Places: TypeAlias = "Mapping[tuple[object, ...], deque[int]]"


def _keyed(facts: Mapping[int, _Facts], key: Callable[[_Facts], _Key], taken: Iterable[int]) -> _Places:
    """Key → the places that have it and are not paired, in order."""
    found: dict[tuple[object, ...], deque[int]] = defaultdict(deque)
    paired = set(taken)
    for place, one in facts.items():
        told = None if place in paired else key(one)
        if told is not None:
            found[told].append(place)
    return found


def _by_neighbour(facts: Mapping[int, _Facts], paired: Mapping[int, int]) -> _Places:
    """The same by the nearest paired layer before it, and the type."""
    found: dict[tuple[object, ...], deque[int]] = defaultdict(deque)
    before: int | None = None
    for place, one in facts.items():
        if place in paired:
            before = paired[place]
        else:
            found[before, one.kind].append(place)
    return found


def _pair(pairs: dict[int, int], ours: _Places, theirs: _Places) -> None:
    for key, places in theirs.items():
        pairs.update(zip(places, ours.get(key, ()), strict=False))


def _in_order(pairs: Mapping[int, int]) -> set[int]:
    """The most places of the other net whose partners stand in the same order (longest increasing subsequence)."""
    ends: list[int] = []  # of the best sequence of each length: its last partner
    lasts: list[int] = []  # and the place of that
    before: dict[int, int | None] = {}
    for place in sorted(pairs):
        length = bisect_left(ends, pairs[place])
        before[place] = lasts[length - 1] if length else None
        ends[length : length + 1] = [pairs[place]]
        lasts[length : length + 1] = [place]
    found: set[int] = set()
    last = lasts[-1] if lasts else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found


def _pairing(
    place: int, partner: int | None, ours: Mapping[int, _Facts], theirs: Mapping[int, _Facts], staying: set[int]
) -> Pairing:
    if partner is None:
        return Pairing(None, place, NEW)
    first, second = ours[partner], theirs[place]
    how = SAME_NAME if first.name == second.name else RENAMED
    is_changed = (first.own, first.kind) != (second.own, second.kind)
    return Pairing(partner, place, how if place in staying else MOVED, is_changed)
