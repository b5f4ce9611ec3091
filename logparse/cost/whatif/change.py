"""What would be if: another batch, solver or precision, pruned or factored layers.

Pure: a run in, a run out, with every assumption named. At the run's own settings nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, GPU
from logparse.cost.costing import macs
from logparse.cost.memory.footprint import bytes_without_cudnn, engine_of, footprint
from logparse.cost.memory.holdings import COPIES, Kind, holdings
from logparse.cost.memory.terms import USUAL
from logparse.cost.whatif.resize import WhatIfError, with_batch
from logparse.cost.whatif.surgery import Operation, check_weights, find_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.cost.memory.holdings import NetMemory, Run
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.memory.terms import Terms

PRECISIONS: Final[Mapping[str, int]] = {"fp64": 64, "fp32": 32, "fp16": 16, "int8": 8, "binary": 1}
SOLVERS: Final = tuple(COPIES)


@dataclass(frozen=True, slots=True)
class LowRank:
    """A rank, and for a convolution the scheme ("spatial" or "channel"; None: by its kernel)."""

    rank: int
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be other than in the log; None and empty mean as it is.

    `weights` and `activations` are names of PRECISIONS. `prune_weights` and `prune_channels` map a layer to the
    share that goes, `low_rank` maps one to its factors.
    """

    batch: int | None = None
    test_batch: int | None = None
    solver: str | None = None
    no_test_net: bool = False
    weights: str | None = None
    activations: str | None = None
    prune_weights: Mapping[str, float] = field(default_factory=dict)
    prune_channels: Mapping[str, float] = field(default_factory=dict)
    low_rank: Mapping[str, LowRank] = field(default_factory=dict)


AS_IT_IS: Final = Change()


@dataclass(frozen=True, slots=True)
class Changed:
    """The run after a change, and every assumption behind it."""

    run: Run
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: what it is of, its unit, and its value (None where nothing is known)."""

    name: str
    unit: str
    value: int | None


def changed(run: Run, change: Change) -> Changed:
    """The run under a change.

    Raises:
        WhatIfError: a change names a layer that is not there, or cannot be followed through a net.

    """
    assumed: list[str] = []
    for step in _STEPS:
        run, words = step(run, change)
        assumed += words
    return Changed(run, tuple(dict.fromkeys(assumed)))


_Step = tuple["Run", tuple[str, ...]]


def _nets(run: Run, change: Change) -> _Step:
    if not change.no_test_net or len(run.nets) < 2:  # the train net and others
        return run, ()
    return replace(run, nets=run.nets[:1]), ("no test net beside the train net",)


def _solver(run: Run, change: Change) -> _Step:
    if change.solver is None or (change.solver == run.solver.type and run.solver.stated):
        return run, ()
    if change.solver not in COPIES:
        raise WhatIfError(f"there is no solver {change.solver!r}", remedy=f"One of {', '.join(SOLVERS)}.")
    if run.command != "train":
        return run, (f"a run of caffe {run.command} has no solver: {change.solver} changes nothing",)
    solver = replace(run.solver, type=change.solver, stated=True)
    return replace(run, solver=solver), (f"solver {change.solver}",)


def _batches(run: Run, change: Change) -> _Step:
    nets, assumed = [], list[str]()
    if change.test_batch is not None and not any(net.beside for net in run.nets):
        raise WhatIfError("there is no test net beside the train net whose batch could change")
    for net in run.nets:
        batch = change.test_batch if net.beside else change.batch
        if batch is None or batch == net.batch:
            nets.append(net)
            continue
        if batch < 1:
            raise WhatIfError(f"a batch of {batch} images is none")
        if net.batch is None:
            raise WhatIfError("the log does not show the batch size, so it cannot be changed")
        found = with_batch(net, batch)
        which = "test" if net.beside else "first"
        assumed += [f"{which} net: batch {net.batch} → {batch}, image size unchanged", *found.assumptions]
        nets.append(replace(net, layers=found.layers, batch=batch))
    return replace(run, nets=tuple(nets)), tuple(assumed)


def _layers(run: Run, change: Change) -> _Step:
    """Changes to single layers, in every net that has them."""
    edits: list[tuple[str, Callable[[Operation], str]]] = [
        *((name, partial(Operation.prune, name=name, share=share)) for name, share in change.prune_channels.items()),
        *(
            (name, partial(Operation.factor, name=name, rank=factors.rank, scheme=factors.scheme))
            for name, factors in change.low_rank.items()
        ),
    ]
    if not edits:
        return run, ()
    opened = [Operation(net.layers) for net in run.nets]
    assumed: list[str] = []
    for name, edit in edits:
        if not any(name in net for net in opened):
            find_layer(run.nets[0].layers, name)
        assumed += [edit(net) for net in opened if name in net]
    nets = [*run.nets]
    for place, changed_net in enumerate(opened):
        if changed_net.is_changed:
            found = changed_net.done()
            nets[place] = replace(nets[place], layers=found.layers)
            assumed += found.assumptions
    return replace(run, nets=tuple(nets)), tuple(assumed)


def _precision(run: Run, change: Change) -> _Step:
    bits = dict(run.bits)
    assumed = []
    own = {net.element_bytes * 8 for net in run.nets}
    for name, kinds, text in (
        (change.weights, (Kind.PARAMS,), "the stored weights are {}; gradients and history stay as they are"),
        (
            change.activations,
            (Kind.DATA, Kind.PREFETCH),
            "blobs' data is {}; gradients of blobs and private buffers stay as they are",
        ),
    ):
        if name is None or own == {PRECISIONS[name]}:
            continue
        bits.update(dict.fromkeys(kinds, PRECISIONS[name]))
        assumed.append(text.format(name) + " (Caffe itself computes in one precision)")
    return replace(run, bits=bits), tuple(assumed)


def _sparse(run: Run, change: Change) -> _Step:
    for name in change.prune_weights:
        check_weights(run.nets[0].layers, name)
    if not any(change.prune_weights.values()):
        return run, ()
    shares = ", ".join(f"{name} {share:.0%}" for name, share in change.prune_weights.items())
    words = f"single weights set to zero ({shares}) are not counted, their products are skipped"
    return run, (words, "Caffe stores zeros too: its memory stays; a sparse format's indices are not counted")


_STEPS: Final = (_nets, _solver, _batches, _layers, _precision, _sparse)


# -- figures -------------------------------------------------------------------------------------


def measures(run: Run, change: Change = AS_IT_IS, terms: Terms = USUAL) -> tuple[Measure, ...]:
    """The figures of a run: parameters, computation, distinct data, parameter bytes, footprints.

    Of `change` only what does not show in the run itself is used: weights that are pruned one by one.
    """
    if not run.nets:
        return ()
    batch = run.nets[0].batch
    weights, total = _computed(run.nets[0], tuple(change.prune_weights.items()))
    held = holdings(run, CPU)
    found = [
        Measure("params", "values", weights),
        Measure("macs_per_image", "MAC", round(total / batch) if batch else None),
        Measure("macs", "MAC", total),
        Measure("param_bytes", "bytes", held[0].bytes_of(Kind.PARAMS)),
        Measure("distinct_data", "bytes", held[0].bytes_of(Kind.DATA)),
    ]
    for place, holding in enumerate(held[1:]):
        found.append(Measure(f"distinct_data, test net {place}", "bytes", holding.bytes_of(Kind.DATA)))
    found += [Measure(f"footprint, {device}", "bytes", _footprint_bytes(run, device, terms)) for device in (CPU, GPU)]
    return tuple(found)


def _footprint_bytes(run: Run, device: str, terms: Terms) -> int:
    """The estimate: for engine CAFFE unless the terms or the log name the other one."""
    if engine_of(run, terms) == "cudnn":
        return footprint(run, device, terms).bytes
    return bytes_without_cudnn(run, device, terms)


@lru_cache(maxsize=16)
def _computed(net: NetMemory, pruned: tuple[tuple[str, float], ...]) -> tuple[int, int]:
    """(weights and biases that are left, MACs of a batch) of what is known; `pruned` are shares of zeros by layer."""
    zeros = dict(pruned)
    kept = [1 - zeros.get(layer.spec.name, 0.0) for layer in net.layers]
    values = sum(_values(layer, share) for layer, share in zip(net.layers, kept, strict=True))
    return values, sum(_macs(layer, share) for layer, share in zip(net.layers, kept, strict=True))


def _values(layer: LayerMemory, kept: float) -> int:
    learnable = [blob for blob in layer.params or () if blob.kind != "statistic"]
    return sum(round(blob.count * kept) if blob.kind == "weight" else blob.count for blob in learnable)


def _macs(layer: LayerMemory, kept: float) -> int:
    value = macs(layer.spec).value
    return 0 if value is None else round(value * kept)
