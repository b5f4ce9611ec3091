"""What a net's blobs take by several rules of keeping them: as Caffe does, and by plans that use memory again.

Only blobs count: data, and where said their gradients. Parameters, their gradients and history, private buffers and
workspaces stay as they are and are in none of the figures. No plan was run: these are models by what each layer reads.
"""

from __future__ import annotations

from functools import partial
from math import isqrt
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.buffer import CPU
from logparse.cost.costing import macs
from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.memory.in_place import in_place_places, put_in_place
from logparse.cost.plan.lifetimes import Schedule, of_inference, of_training, recomputed
from logparse.cost.plan.placement import live_bytes, planned
from logparse.cost.rule import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.plan.lifetimes import Lifetime
    from logparse.cost.plan.placement import Plan

FORWARD_DATA: Final = "data of a forward pass, the input in; losses, measures, labels, parameters, buffers out"
FORWARD_INDEX: Final = f"{FORWARD_DATA}; an index beside each MAX pooling's output"
ALL_BLOBS: Final = "data and gradients of all blobs; parameters, buffers out"
ALL_DATA: Final = "data of all blobs; parameters, buffers out"


class Scheme(NamedTuple):
    """One scheme of one net: what is counted, its bytes for the whole batch, and where it is fullest.

    `bound` is what no plan can go below, None where nothing is planned. `peak` is the place of the layer at work at the
    fullest step. `extra_macs` are forward products that are worked out twice. `kept` is what Caffe keeps of the same
    halves (data alone, or gradients too). `reason` is why nothing is known.
    """

    name: str
    counted: str
    bytes: int | None = None
    bound: int | None = None
    peak: int | None = None
    extra_macs: int | None = 0
    kept: int | None = None
    reason: str = ""
    plan: Plan | None = None


def schemes(net: NetMemory) -> Iterator[Scheme]:
    """Every scheme that the net allows: those of training only where something goes backward."""
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
    segments = [0] * len(net.layers)
    return Scheme(name, counted, plan.bytes, plan.bound_bytes, _peak(net, plan, segments), plan=plan)


def _peak(net: NetMemory, plan: Plan, segments: Sequence[int]) -> int | None:
    """The place of the layer at work at the first of the fullest steps."""
    live = live_bytes(plan.blocks)
    if not live:
        return None
    step, schedule = live.index(max(live)), Schedule.of(net, segments)
    at: Mapping[int, int] = {
        **{place: place for place in range(len(net.layers))},
        **{when: place for place, when in enumerate(schedule.backward)},
        **{when: place for place, when in schedule.again.items()},
    }
    return at[step]


# -- recomputation -------------------------------------------------------------------------------------


def _checkpointed(net: NetMemory) -> Iterator[Scheme]:
    """√n segments (Chen et al. 2016), and as many as need least."""
    try:
        sizes = {count: max(live_bytes(of_training(net, segments=_cut(net, count)))) for count in _counts(net)}
    except Missing as missing:
        reason = str(missing)
        yield from (Scheme(name, ALL_BLOBS, extra_macs=None, reason=reason) for name in _CHECKPOINTS)
        return
    chosen = (_root(net), min(sizes, key=lambda count: (sizes[count], count)))
    for name, count in zip(_CHECKPOINTS, chosen, strict=True):
        segments = _cut(net, count)
        plan = planned(of_training(net, segments=segments))
        again = [macs(net.layers[place].spec).value for place in recomputed(net, segments)]
        extra = None if None in again else sum(value or 0 for value in again)
        yield Scheme(name, ALL_BLOBS, plan.bytes, plan.bound_bytes, _peak(net, plan, segments), extra, plan=plan)


_CHECKPOINTS: Final = ("checkpoint_sqrt", "checkpoint_best")


def _root(net: NetMemory) -> int:
    return max(isqrt(len(net.layers)), 1)


def _counts(net: NetMemory) -> range:
    return range(1, 3 * _root(net) + 1)


def _cut(net: NetMemory, count: int) -> list[int]:
    """Each layer's segment, where the net is cut into `count` runs of as many layers."""
    return [place * count // len(net.layers) for place in range(len(net.layers))]
