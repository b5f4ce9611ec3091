"""What would be if: another batch, solver or precision, pruned or factored layers.

Pure: a run in, a run out, with every assumption named. At the run's own settings nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from logparse.cost.memory.holdings import COPIES, Kind
from logparse.cost.whatif.resize import WhatIfError, with_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.whatif.methods.request import Request

PRECISIONS: Final[Mapping[str, int]] = {"fp64": 64, "fp32": 32, "fp16": 16, "int8": 8, "binary": 1}
SOLVERS: Final = tuple(COPIES)
SCHEMES: Final = ("spatial", "channel")  # of a convolution in two


@dataclass(frozen=True, slots=True)
class LowRank:
    """A rank, and for a convolution one of SCHEMES (None: by its kernel)."""

    rank: int
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be other than in the log; None and empty mean as it is.

    `weights` and `activations` are names of PRECISIONS. The others map a layer to what becomes of it: a name, a
    pattern of names (`fc*`), a type (`type=Convolution`) or a kind. `prune_weights` and `prune_channels` have the share
    that goes, `low_rank` the factors, `compress` methods with their settings as texts: `svd:rank=256`, of the rows of
    methods/table.py.
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
    compress: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


AS_IT_IS: Final = Change()


@dataclass(frozen=True, slots=True)
class Changed:
    """The run after a change, and every assumption behind it."""

    run: Run
    assumptions: tuple[str, ...]


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


def _compressed(run: Run, change: Change) -> _Step:
    if not (change.prune_weights or change.prune_channels or change.low_rank or change.compress):
        return run, ()
    from logparse.cost.whatif.compress import compressed

    found = compressed(run, requests_of(change))
    return found.run, found.assumptions


def requests_of(change: Change) -> tuple[Request, ...]:
    """The methods that a change asks for: those of its older words first.

    Raises:
        WhatIfError: a text is no method, or one whose effect no log tells.

    """
    from logparse.cost.whatif.methods.older import older_requests
    from logparse.cost.whatif.methods.request import request_of

    ranks = {where: (one.rank, one.scheme) for where, one in change.low_rank.items()}
    others = [
        request_of(where, text)
        for where, texts in change.compress.items()
        for text in ((texts,) if isinstance(texts, str) else texts)
    ]
    return (*older_requests(change.prune_channels, ranks, change.prune_weights), *others)


_STEPS: Final = (_nets, _solver, _batches, _compressed, _precision)
