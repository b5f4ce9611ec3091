"""What a net's blobs take by several rules of keeping them: as Caffe does, and by plans that use memory again.

Only blobs count: data, and where said their gradients. Parameters, their gradients and history, private buffers and
workspaces stay as they are and are in none of the figures. No plan was run: these are models by what each layer reads.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.buffer import CPU
from logparse.cost.costing import macs
from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.plan.checkpoints import root_segments, ways_to_cut
from logparse.cost.plan.in_place import in_place_places, put_in_place
from logparse.cost.plan.lifetimes import Schedule, of_inference, of_training, recomputed
from logparse.cost.plan.placement import live_bytes, planned
from logparse.cost.plan.yjxiong import opt_bytes
from logparse.cost.rule import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.plan.checkpoints import Segments
    from logparse.cost.plan.lifetimes import Lifetime
    from logparse.cost.plan.placement import Plan

FORWARD_DATA: Final = "data of a forward pass, the input in; losses, measures, labels, parameters, buffers out"
FORWARD_INDEX: Final = f"{FORWARD_DATA}; an index beside each MAX pooling's output"
ALL_BLOBS: Final = "data and gradients of all blobs; parameters, buffers out"
SLOTTED: Final = "data and gradients of all blobs, of those too that nothing touches; parameters, buffers out"
ALL_DATA: Final = "data of all blobs; parameters, buffers out"


class AtWork(NamedTuple):
    """What is done at a step: the pass (`forward`, `again`: forward once more, `backward`), and the layer's place."""

    name: str
    place: int


class Scheme(NamedTuple):
    """One scheme of one net: what is counted, its bytes for the whole batch, and where it is fullest.

    `bound` is what no plan can go below, None where nothing is planned. `peak` is the place of the layer at work at the
    fullest step, `peak_pass` the pass. `extra_macs` are forward products that are worked out twice. `kept` is what
    Caffe keeps of the same halves (data alone, or gradients too). `alive` are the blocks that live at the fullest step,
    largest first, `plan` is where each block lies, `work` what is done at each step, all None where nothing is planned.
    `reason` is why nothing is known.
    """

    name: str
    counted: str
    bytes: int | None = None
    bound: int | None = None
    peak: int | None = None
    peak_pass: str | None = None
    extra_macs: int | None = 0
    kept: int | None = None
    alive: tuple[Lifetime, ...] | None = None
    plan: Plan | None = None
    work: tuple[AtWork, ...] | None = None
    reason: str = ""


def schemes(net: NetMemory, budget_bytes: int | None = None) -> tuple[Scheme, ...]:
    """Every scheme that the net allows: those of training only where something goes backward; kept with the net.

    With a budget `checkpoint_best` is the cheapest way to cut the net whose plan fits into it.
    """
    found = net.once(_schemes)
    if budget_bytes is None or found[-1].name != _BEST:
        return found
    return (*found[:-1], _within(net, budget_bytes)._replace(kept=found[-1].kept))


def _schemes(net: NetMemory) -> tuple[Scheme, ...]:
    return tuple(_each(net))


def _each(net: NetMemory) -> Iterator[Scheme]:
    trains = any(layer.backward for layer in net.layers)
    as_it_is = _as_caffe(net.layers, net.element_bytes, trains=trains)
    data = _as_caffe(net.layers, net.element_bytes, trains=False).bytes
    yield as_it_is._replace(kept=as_it_is.bytes)
    changed = put_in_place(net.layers, in_place_places(net.layers))
    yield _as_caffe(changed, net.element_bytes, trains=trains)._replace(name="in_place", kept=as_it_is.bytes)
    for name, counted, blocks in _FORWARD:
        yield _planned(net, name, counted, blocks)._replace(kept=data)
    for name, blocks in _BACKWARD if trains else ():
        yield _planned(net, name, ALL_BLOBS, blocks)._replace(kept=as_it_is.bytes)
    for scheme in _checkpointed(net) if trains else ():
        yield scheme._replace(kept=as_it_is.bytes)


def as_yjxiong(net: NetMemory, left_alone: frozenset[str] = frozenset()) -> Scheme:
    """What the plan of that fork, version 2, would make of the net; `left_alone` are the blobs of its exclude_blob."""
    kept = schemes(net)[0].bytes
    try:
        return Scheme("yjxiong_v2", SLOTTED, opt_bytes(net, left_alone), kept=kept)
    except Missing as missing:
        return Scheme("yjxiong_v2", SLOTTED, extra_macs=None, reason=str(missing))


def _as_caffe(layers: Sequence[LayerMemory], element_bytes: int, *, trains: bool) -> Scheme:
    """What Caffe keeps: the data of every blob, and where something goes backward their gradients."""
    blobs = [*data_blobs(layers, CPU), *(diff_blobs(layers, CPU) if trains else ())]
    counted = ALL_BLOBS if trains else ALL_DATA
    unknown = next((blob.name for blob in blobs if blob.values is None), None)
    if unknown is not None:
        return Scheme("caffe", counted, extra_macs=None, reason=f"the count of {unknown} is not printed")
    return Scheme("caffe", counted, sum(blob.values or 0 for blob in blobs) * element_bytes)


_Blocks: TypeAlias = "Callable[[NetMemory], tuple[Lifetime, ...]]"
_FORWARD: Final[tuple[tuple[str, str, _Blocks], ...]] = (
    ("inference", FORWARD_DATA, of_inference),
    ("inference_index", FORWARD_INDEX, partial(of_inference, with_index=True)),
)
_BACKWARD: Final[tuple[tuple[str, _Blocks], ...]] = (
    ("training_caffe", of_training),
    ("training_cudnn", partial(of_training, cudnn=True)),
)


def _planned(net: NetMemory, name: str, counted: str, blocks_of: Callable[[NetMemory], tuple[Lifetime, ...]]) -> Scheme:
    try:
        plan = planned(blocks_of(net))
    except Missing as missing:
        return Scheme(name, counted, extra_macs=None, reason=str(missing))
    return _told(Scheme(name, counted), net, plan, [0] * len(net.layers))


def _told(scheme: Scheme, net: NetMemory, plan: Plan, segments: Sequence[int]) -> Scheme:
    """The scheme with its plan: what it takes, and where it is fullest (at the first of several such steps)."""
    work = _work(net, segments)
    found = scheme._replace(bytes=plan.bytes, bound=plan.bound_bytes, alive=(), plan=plan, work=work)
    live = live_bytes(plan.blocks)
    if not live:
        return found
    step = live.index(max(live))
    alive = sorted((one for one in plan.blocks if one.first <= step <= one.last), key=lambda one: -one.bytes)
    return found._replace(peak=work[step].place, peak_pass=work[step].name, alive=tuple(alive))


def _work(net: NetMemory, segments: Sequence[int]) -> tuple[AtWork, ...]:
    """Step by step what is done; the steps of all schedules of a net begin with its forward pass."""
    schedule = Schedule.of(net, segments)
    of_step = {
        **{place: AtWork("forward", place) for place in range(len(net.layers))},
        **{when: AtWork("backward", place) for place, when in enumerate(schedule.backward)},
        **{when: AtWork("again", place) for place, when in schedule.again.items()},
    }
    return tuple(of_step[step] for step in sorted(of_step))


# -- recomputation -------------------------------------------------------------------------------------


def _checkpointed(net: NetMemory) -> Iterator[Scheme]:
    """√n segments (Chen et al. 2016), and of many ways to cut the net the one that needs least."""
    try:
        cuts = net.once(_ways_to_cut)
        yield _recomputing(net, _SQRT, root_segments(net))
        yield _recomputing(net, _BEST, cuts[0].segments)
    except Missing as missing:
        yield from (_unknown_checkpoint(name, missing) for name in (_SQRT, _BEST))


def _within(net: NetMemory, budget_bytes: int) -> Scheme:
    """The cheapest way to cut the net whose plan fits; where none does, the one that needs least."""
    try:
        cuts = net.once(_ways_to_cut)
    except Missing as missing:
        return _unknown_checkpoint(_BEST, missing)
    fit = (one for one in cuts if one.bound <= budget_bytes)
    for way in sorted(fit, key=lambda one: (one.extra_macs is None, one.extra_macs or 0, one.bound)):
        found = _recomputing(net, _BEST, way.segments)
        if (found.bytes or 0) <= budget_bytes:
            return found
    return _recomputing(net, _BEST, cuts[0].segments)


_SQRT: Final = "checkpoint_sqrt"
_BEST: Final = "checkpoint_best"


class _Cut(NamedTuple):
    """A way to cut a net: what no plan of it can go below, and the forward products that are worked out twice."""

    bound: int
    extra_macs: int | None
    segments: Segments


def _ways_to_cut(net: NetMemory) -> tuple[_Cut, ...]:
    """All that are tried, the one that needs least first; of several such the one that costs least."""
    found = [
        _Cut(max(live_bytes(of_training(net, segments=segments)), default=0), _extra_macs(net, segments), segments)
        for segments in ways_to_cut(net)
    ]
    return tuple(sorted(found, key=lambda one: (one.bound, one.extra_macs is None, one.extra_macs or 0)))


def _extra_macs(net: NetMemory, segments: Segments) -> int | None:
    products = net.once(_forward_macs)
    again = [products[place] for place in recomputed(net, segments)]
    return None if None in again else sum(value or 0 for value in again)


def _forward_macs(net: NetMemory) -> tuple[int | None, ...]:
    return tuple(macs(layer.spec).value for layer in net.layers)


def _recomputing(net: NetMemory, name: str, segments: Segments) -> Scheme:
    plan = planned(of_training(net, segments=segments))
    return _told(Scheme(name, ALL_BLOBS, extra_macs=_extra_macs(net, segments)), net, plan, segments)


def _unknown_checkpoint(name: str, missing: Missing) -> Scheme:
    return Scheme(name, ALL_BLOBS, extra_macs=None, reason=str(missing))
