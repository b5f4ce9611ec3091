"""`timeline`: in what order a run allocates what it holds, up to its first update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.memory.holdings import Allocation
from logparse.cost.memory.terms import DEVICES
from logparse.cost.memory.timeline import timeline
from logparse.derive.facts import layer_at
from logparse.tables.column import ATTEMPT, text, whole
from logparse.tables.memory.memory import DEVICE
from logparse.tables.nets.key import own_nets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.timeline import Moment
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    DEVICE,
    whole("step", "Step", "The order of the allocations, from 0."),
    text(
        "pass",
        "Pass",
        "set-up, test, forward, backward or update: what the run does as it first touches the block. A solver's first "
        "step begins by clearing the gradients of all parameters, which counts to its set-up.",
    ),
    whole("net_index", "Net #", "The net at work."),
    whole(
        "layer_index",
        "Layer #",
        "The layer at work, which may be another one than the block's own; NA for the net's own inputs.",
    ),
    text("layer", "Layer", "Its name."),
    whole("own_net_index", "Own net #", "The net whose block it is; a test net may be the first to touch parameters."),
    whole(
        "own_layer_index",
        "Own layer #",
        "The layer whose block it is, in that net; NA for the net's own inputs and for what is the solver's alone.",
    ),
    text("kind", "Kind", "What the block is for, a kind of the table `memory`."),
    text("block", "Block", "The blob, the parameter or the buffer."),
    whole("bytes", "Bytes", "The block's size; NA where it is not known.", "bytes"),
    whole(
        "running_bytes",
        "Running",
        "All that is held behind this step, engine CAFFE: on the CPU what was asked for, on a GPU pages of 2 MiB, as "
        "an H100's driver gives it out. What stands beside Caffe's own allocations (program, CUDA context, handles) is "
        "not in it.",
        "bytes",
    ),
    text("basis", "Basis", "definition, shapes or inferred; unknown, with the reason, where the size is not known."),
)


def build(log: LogLike) -> Built:
    """One row per block of a run, on either device, in the order of the first touches."""
    derived = log.derived
    return [
        row
        for index, run in derived.runs.items()
        for device in DEVICES
        for row in _rows(index, device, run, derived.nets[index])
    ]


def _rows(attempt: int, device: str, run: Run, nets: Sequence[NetFact]) -> Iterator[BuiltRow]:
    own = own_nets(nets)
    for step, moment in enumerate(timeline(run, device)):
        yield {"attempt": attempt, "device": device, "step": step, **_cells(moment, own)}


def _cells(moment: Moment, nets: Sequence[NetFact]) -> BuiltRow:
    touch, part = moment.touch, moment.touch.part
    net = nets[touch.net]
    worker = layer_at(net, touch.layer)
    owner = layer_at(nets[touch.owner], part.layer)
    at: BuiltRow = {
        "pass": str(touch.during),
        "net_index": net.net.index,
        "layer_index": None if worker is None else worker.layer.index,
        "layer": None if worker is None else worker.layer.name,
        "own_net_index": nets[touch.owner].net.index,
        "own_layer_index": None if owner is None else owner.layer.index,
        "kind": str(part.kind),
        "running_bytes": moment.running_bytes,
    }
    if isinstance(part, Allocation):
        return {**at, "block": part.what, "bytes": part.bytes, "basis": str(part.basis)}
    return {**at, "basis": f"unknown: {part.reason}"}
