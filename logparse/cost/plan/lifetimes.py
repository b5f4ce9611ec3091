"""How long each blob's memory is needed: from its first write to its last read, in the steps of a schedule.

What shares memory (in place, Split, Flatten) is one storage. A gradient lives from the first backward pass that writes
into it to that of the layer that made the blob. A layer goes forward, perhaps once more where only some data was kept,
and backward; private buffers, parameters, their gradients and history are no blobs and not in any figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import BACKWARD, CPU
from logparse.cost.memory.blobs import diff_touches
from logparse.cost.memory.cudnn import runs_on_cudnn
from logparse.cost.memory.sharing import owners
from logparse.cost.plan.reads import backward_reads
from logparse.cost.rule import Missing, bare_view
from logparse.cost.traits import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.memory.blobs import Touched
    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.memory.sharing import Owners

_DATA: Final = "data"
_DIFF: Final = "diff"
_INDEX: Final = "index"


class Lifetime(NamedTuple):
    """A block of memory that is needed from step `first` to step `last`, both included.

    `half` is data, diff, or index (the second output that a MAX pooling has for others).
    """

    name: str
    half: str
    bytes: int
    first: int
    last: int


class _Storage(NamedTuple):
    """A blob that owns memory: its name, and its values."""

    name: str
    values: int


def of_inference(net: NetMemory, *, with_index: bool = False) -> tuple[Lifetime, ...]:
    """What a forward pass needs: data alone, the input in; losses, measures and labels are left out.

    `with_index` gives each MAX pooling a second output as large as its first that nobody reads (as OpenCV counts).

    Raises:
        Missing: the count of a blob is not known.

    """
    places = [place for place, layer in enumerate(net.layers) if not _judges(layer)]
    labels = _labels(net.layers, places)
    found = [one for one in _data(net, places) if one.name not in labels]
    if with_index:
        found += _indices(net, places)
    return tuple(found)


def of_forward(net: NetMemory) -> tuple[Lifetime, ...]:
    """The data of all blobs, labels and losses too, as long as the forward pass touches it.

    Raises:
        Missing: the count of a blob is not known.

    """
    return tuple(_data(net, range(len(net.layers))))


def of_training(net: NetMemory, *, cudnn: bool = False, segments: Sequence[int] | None = None) -> tuple[Lifetime, ...]:
    """What a forward and a backward pass need: data as long as a backward pass reads it, and gradients.

    `segments` tells each layer's segment, ascending: then the data that no later segment reads is dropped as the
    forward pass leaves a segment, and worked out anew before the segment goes backward (Chen et al. 2016).

    Raises:
        Missing: the count of a blob is not known, or what a layer's backward pass reads.

    """
    plan = Schedule.of(net, segments or [0] * len(net.layers))
    return (*_training_data(net, plan, cudnn=cudnn), *_diffs(net, plan, cudnn=cudnn))


def recomputed(net: NetMemory, segments: Sequence[int]) -> tuple[int, ...]:
    """The places of the layers that go forward twice: those with a top that was not kept."""
    return tuple(sorted(Schedule.of(net, segments).again))


# -- data ----------------------------------------------------------------------------------------------


def _owners_of_data(net: NetMemory) -> Owners:
    """(owner → its place and top, name → owner) of the blobs' data."""
    return owners(tuple(layer.links for layer in net.layers), of_data=True)


def _owners_of_diff(net: NetMemory) -> Owners:
    return owners(tuple(layer.links for layer in net.layers), of_data=False)


def _storages_of_data(net: NetMemory) -> Mapping[str, _Storage]:
    """Owner → storage."""
    return _storages(net, net.once(_owners_of_data).own)


def _storages_of_diff(net: NetMemory) -> Mapping[str, _Storage]:
    return _storages(net, net.once(_owners_of_diff).own)


def _storages(net: NetMemory, own: Mapping[str, tuple[int, int]]) -> Mapping[str, _Storage]:
    found = {}
    for name, (place, top) in own.items():
        count = net.layers[place].counts[top]
        if count is None:
            raise Missing(f"the count of {name} is not printed")
        found[name] = _Storage(name, count)
    return found


def _data(net: NetMemory, places: Sequence[int]) -> Iterator[Lifetime]:
    """The storages that the layers at these places touch as they go forward; a net's outputs stay to the end."""
    storages, owner_of = net.once(_storages_of_data), net.once(_owners_of_data).owner_of
    steps: dict[str, list[int]] = {}
    read: set[str] = set()
    for place in places:
        layer = net.layers[place]
        for name in (*layer.bottoms, *layer.tops):
            steps.setdefault(owner_of.get(name, name), []).append(place)
        read.update(owner_of.get(name, name) for name in layer.bottoms if name not in layer.tops)
    for name, storage in storages.items():
        if name in steps:
            last = max(steps[name]) if name in read else len(net.layers) - 1
            yield Lifetime(name, _DATA, storage.values * net.element_bytes, min(steps[name]), last)


def _judges(layer: LayerMemory) -> bool:
    """Whether the layer only measures what the net gives: a loss, an accuracy, or what silences a blob."""
    return layer.traits.kind is LayerKind.LOSS or layer.kind in _MEASURES


_MEASURES: Final = frozenset({"Accuracy", "Silence"})


def _labels(layers: Sequence[LayerMemory], places: Sequence[int]) -> set[str]:
    """What a data layer gives and only layers that judge read, directly or through a Split."""
    wanted = {name for place in places for name in layers[place].bottoms if layers[place].kind != "Split"}
    found: set[str] = set()
    for layer in reversed(layers):
        if layer.kind == "Split" and not wanted.intersection(layer.tops):
            continue
        if layer.kind == "Split":
            wanted.update(layer.bottoms)
    for layer in layers:
        given = not layer.bottoms or (layer.kind == "Split" and set(layer.bottoms) <= found)
        if given:
            found.update(name for name in layer.tops if name not in wanted)
    return found


def _indices(net: NetMemory, places: Sequence[int]) -> Iterator[Lifetime]:
    for place in places:
        layer = net.layers[place]
        count = layer.counts[0] if layer.counts else None
        if layer.kind == "Pooling" and count is not None and _is_max(layer):
            yield Lifetime(layer.tops[0], _INDEX, count * net.element_bytes, place, place)


def _is_max(layer: LayerMemory) -> bool:
    if layer.spec.definition is None:
        raise Missing(f"whether {layer.spec.label} is a MAX pooling is not known: its definition is missing")
    return layer.spec.definition.child("pooling_param").text("pool", "MAX") in {"MAX", "0"}


# -- backward ------------------------------------------------------------------------------------------


class Schedule(NamedTuple):
    """The steps at which each layer goes forward, forward once more, and backward; and the data that is kept.

    `again` is place → step of those that go forward twice, `kept` the storages that later segments read.
    """

    backward: tuple[int, ...]
    again: Mapping[int, int]
    kept: frozenset[str]
    segments: tuple[int, ...]

    @classmethod
    def of(cls, net: NetMemory, segments: Sequence[int]) -> Schedule:
        """Forward through all layers, then segment by segment from the last: forward where needed, and backward."""
        owner_of = net.once(_owners_of_data).owner_of
        kept = frozenset(_kept(net.layers, segments, owner_of))
        step, backward, again = len(net.layers), [0] * len(net.layers), dict[int, int]()
        places_of: list[list[int]] = [[] for _ in range(max(segments, default=0) + 1)]
        for place, segment in enumerate(segments):
            places_of[segment].append(place)
        for segment in range(len(places_of) - 1, -1, -1):
            places = places_of[segment]
            for place in places if segment < len(places_of) - 1 else ():
                names = {owner_of.get(name, name) for name in net.layers[place].tops}
                if net.layers[place].bottoms and not names <= kept:
                    again[place], step = step, step + 1
            for place in reversed(places):
                backward[place], step = step, step + 1
        return cls(tuple(backward), again, kept, tuple(segments))


def _kept(layers: Sequence[LayerMemory], segments: Sequence[int], owner_of: Mapping[str, str]) -> Iterator[str]:
    """The storages that a segment behind their own touches, and those that no layer computes."""
    made: dict[str, int] = {}
    for place, layer in enumerate(layers):
        for name in (*layer.bottoms, *layer.tops):
            owner = owner_of.get(name, name)
            if made.setdefault(owner, segments[place]) != segments[place] or not layer.bottoms:
                yield owner


def _training_data(net: NetMemory, plan: Schedule, *, cudnn: bool) -> Iterator[Lifetime]:
    storages, owner_of = net.once(_storages_of_data), net.once(_owners_of_data).owner_of
    first, second = dict[str, list[int]](), dict[str, list[int]]()  # the steps that touch what is there, and anew
    final = max(plan.segments, default=0)
    read = net.once(_read_by_cudnn if cudnn else _read_by_caffe)

    def touch(name: str, step: int, place: int) -> None:
        owner = owner_of.get(name, name)
        is_there = owner in plan.kept or plan.segments[place] == final or step < len(net.layers)
        (first if is_there else second).setdefault(owner, []).append(step)

    for place, layer in enumerate(net.layers):
        for name in (*layer.bottoms, *layer.tops):
            touch(name, place, place)
            if place in plan.again:
                touch(name, plan.again[place], place)
        for name in read[place]:
            touch(name, plan.backward[place], place)
    for steps in (first, second):
        for name, found in steps.items():
            if name in storages:
                yield Lifetime(name, _DATA, storages[name].values * net.element_bytes, min(found), max(found))


def _read_by_caffe(net: NetMemory) -> tuple[tuple[str, ...], ...]:
    """Per layer what its backward pass reads; nothing where it does none."""
    return tuple(_read_back(layer, cudnn=False) if layer.backward else () for layer in net.layers)


def _read_by_cudnn(net: NetMemory) -> tuple[tuple[str, ...], ...]:
    return tuple(_read_back(layer, cudnn=True) if layer.backward else () for layer in net.layers)


def _touched_by_caffe(net: NetMemory) -> Mapping[str, Touched]:
    """Gradient → its first touch."""
    return diff_touches(net.layers, CPU)


def _touched_by_cudnn(net: NetMemory) -> Mapping[str, Touched]:
    return diff_touches(net.layers, CPU, cudnn=True)


def _read_back(layer: LayerMemory, *, cudnn: bool) -> tuple[str, ...]:
    """The blobs whose data the layer's backward pass reads."""
    rule = layer.cudnn.reads if cudnn and layer.cudnn is not None and runs_on_cudnn(layer) else None
    reads = backward_reads(layer.spec) if rule is None else rule(bare_view(layer.spec))
    if reads is None:
        raise Missing(f"what the backward pass of {layer.spec.label} reads is not known")
    return (
        *(layer.bottoms[place] for place in reads.bottoms if place < len(layer.bottoms)),
        *(layer.tops[place] for place in reads.tops if place < len(layer.tops)),
    )


def _diffs(net: NetMemory, plan: Schedule, *, cudnn: bool) -> Iterator[Lifetime]:
    storages, own = net.once(_storages_of_diff), net.once(_owners_of_diff).own
    for name, touched in net.once(_touched_by_cudnn if cudnn else _touched_by_caffe).items():
        if name not in storages:
            continue
        maker = own[name][0]
        first = plan.backward[touched.layer] if touched.moment == BACKWARD else touched.layer
        last = plan.backward[maker] if net.layers[maker].backward else first
        yield Lifetime(name, _DIFF, storages[name].values * net.element_bytes, first, max(first, last))
