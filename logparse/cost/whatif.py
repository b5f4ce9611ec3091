"""What would be if: another batch, solver, precision, pruned or factored layers; and the largest batch that fits.

Pure: a run in, a run out, with every assumption named. At the run's own settings nothing changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from logparse.cost import surgery
from logparse.cost.buffer_rules import CPU, GPU
from logparse.cost.footprint import USUAL, footprint
from logparse.cost.memory import COPIES, Kind, holdings
from logparse.cost.reshape import WhatIfError, with_batch
from logparse.cost.rules import cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logparse.cost.footprint import Terms
    from logparse.cost.memory import NetMemory, Run
    from logparse.cost.reshape import Resized
    from logparse.cost.touch import LayerMemory

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
    if not change.no_test_net or len(run.nets) < 2:  # noqa: PLR2004 - the train net and others
        return run, ()
    return replace(run, nets=run.nets[:1]), ("no test net beside the train net",)


def _solver(run: Run, change: Change) -> _Step:
    if change.solver is None or (change.solver == run.solver.type and run.solver.stated):
        return run, ()
    if change.solver not in COPIES:
        raise WhatIfError(f"there is no solver {change.solver!r}", remedy=f"One of {', '.join(SOLVERS)}.")
    solver = replace(run.solver, type=change.solver, stated=True)
    return replace(run, solver=solver), (f"solver {change.solver}",)


def _batches(run: Run, change: Change) -> _Step:
    nets, assumed = [], list[str]()
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
    assumed: list[str] = []
    for name, share in change.prune_channels.items():
        run, words = _everywhere(run, name, partial(_pruned, name=name, share=share))
        assumed += words
    for name, factors in change.low_rank.items():
        run, words = _everywhere(run, name, partial(_factored, name=name, factors=factors))
        assumed += words
    return run, tuple(assumed)


def _pruned(net: NetMemory, name: str, share: float) -> tuple[Resized, str]:
    return surgery.without_channels(net.layers, name, share)


def _factored(net: NetMemory, name: str, factors: LowRank) -> tuple[Resized, str]:
    return surgery.of_low_rank(net.layers, name, factors.rank, factors.scheme)


def _everywhere(run: Run, name: str, edit: Callable[[NetMemory], tuple[Resized, str]]) -> _Step:
    nets, assumed = [], list[str]()
    if not any(layer.spec.name == name for net in run.nets for layer in net.layers):
        surgery.find(run.nets[0].layers, name)
    for net in run.nets:
        if all(layer.spec.name != name for layer in net.layers):
            nets.append(net)
            continue
        found, text = edit(net)
        assumed += [text, *found.assumptions]
        nets.append(replace(net, layers=found.layers))
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
        surgery.find(run.nets[0].layers, name)
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
    first, batch = run.nets[0], run.nets[0].batch
    per_layer = [_macs(layer, change) for layer in first.layers]
    macs = _sum(per_layer)
    held = holdings(run, CPU)
    weights = _sum(_values(layer, change) for layer in first.layers)
    found = [
        Measure("params", "values", weights),
        Measure("macs_per_image", "MAC", round(macs / batch) if batch else None),
        Measure("macs", "MAC", macs),
        Measure("param_bytes", "bytes", held[0].bytes_of(Kind.PARAMS)),
        Measure("distinct_data", "bytes", held[0].bytes_of(Kind.DATA)),
    ]
    for place, holding in enumerate(held[1:]):
        found.append(Measure(f"distinct_data, test net {place}", "bytes", holding.bytes_of(Kind.DATA)))
    engine = replace(terms, engine=terms.engine or "caffe")  # the range is not asked for here
    found += [Measure(f"footprint, {device}", "bytes", footprint(run, device, engine).bytes) for device in (CPU, GPU)]
    return tuple(found)


def _sum(values: Iterable[int | None]) -> int:
    return sum(value for value in values if value is not None)


def _kept(layer: LayerMemory, change: Change) -> float:
    return 1 - change.prune_weights.get(layer.spec.name, 0.0)


def _values(layer: LayerMemory, change: Change) -> int | None:
    if layer.params is None:
        return None
    kept = _kept(layer, change)
    return sum(round(p.count * kept) if p.kind == "weight" else p.count for p in layer.params if p.kind != "statistic")


def _macs(layer: LayerMemory, change: Change) -> int | None:
    value = _forward_macs(layer)
    return None if value is None else round(value * _kept(layer, change))


@lru_cache(maxsize=4096)
def _forward_macs(layer: LayerMemory) -> int | None:
    return cost(layer.spec).macs.value


# -- the largest batch that fits -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest batch that fits into `budget_bytes` on `device`, what it then holds, and what binds it.

    `batch` is 0 where not even one image fits; then `bytes` is what one takes. `fixed_bytes` is what no batch
    size changes, `per_image_bytes` what one more image adds, taken from two usual batch sizes.
    """

    device: str
    budget_bytes: int
    batch: int
    bytes: int
    next_bytes: int
    fixed_bytes: int
    per_image_bytes: int
    binds: str


# An int holds a blob's element count (blob.cpp); the GPU's elementwise loops overflow beyond half of that
_MOST_ELEMENTS: Final[Mapping[str, int]] = {CPU: 2**31 - 1, GPU: 2**30}


def largest_blob(run: Run) -> tuple[int, str]:
    """(elements, name) of the largest blob of a run."""
    found = [
        (count, name)
        for net in run.nets
        for layer in net.layers
        for name, count in zip(layer.tops, layer.counts, strict=True)
        if count is not None
    ]
    return max(found, default=(0, ""))


def held_bytes(run: Run, device: str, terms: Terms) -> int:
    """What must be there for a run to start: for a cuDNN build the upper end of its range."""
    found = footprint(run, device, replace(terms, engine=terms.engine or "caffe"))
    return found.bytes if found.high_bytes is None else found.high_bytes


def fit(run: Run, budget_bytes: int, device: str = GPU, terms: Terms = USUAL, change: Change = AS_IT_IS) -> Fit:
    """The largest batch of the first net that fits; the batch returned fits, one more does not.

    Raises:
        WhatIfError: the batch size is not known, or cannot be changed.

    """
    return fits(run, (budget_bytes,), device, terms, change)[0]


def fits(
    run: Run, budgets: Sequence[int], device: str = GPU, terms: Terms = USUAL, change: Change = AS_IT_IS
) -> list[Fit]:
    """The same for several budgets, whose trials are shared."""
    if not run.nets or run.nets[0].batch is None:
        raise WhatIfError("the log does not show the batch size, so no other one can be tried")
    tried = _Trials(run, device, terms, change)
    return [_fit(tried, budget_bytes, device, terms) for budget_bytes in budgets]


def _fit(tried: _Trials, budget_bytes: int, device: str, terms: Terms) -> Fit:
    batch = _largest(partial(tried.fits, budget_bytes), tried.guess(budget_bytes))
    held = tried.bytes(max(batch, 1))
    return Fit(
        device=device,
        budget_bytes=budget_bytes,
        batch=batch,
        bytes=held,
        next_bytes=tried.bytes(batch + 1),
        fixed_bytes=held - max(batch, 1) * tried.per_image_bytes,
        per_image_bytes=tried.per_image_bytes,
        binds=_binds(tried.run(batch + 1), device, budget_bytes, terms),
    )


class _Trials:
    """A run at other batch sizes; each size is worked out once."""

    def __init__(self, run: Run, device: str, terms: Terms, change: Change) -> None:
        self._first, self._device, self._terms, self._change = run, device, terms, change
        self._base = max(run.nets[0].batch or 1, 64)
        self._runs: dict[int, Run] = {}
        self._bytes: dict[int, int] = {}
        self._elements: dict[int, int] = {}

    def run(self, batch: int) -> Run:
        """The run at this batch size."""
        if batch not in self._runs:
            self._runs[batch] = changed(self._first, replace(self._change, batch=batch)).run
        return self._runs[batch]

    @property
    def per_image_bytes(self) -> int:
        """What one more image adds: the slope between two usual batch sizes."""
        return (self.bytes(2 * self._base) - self.bytes(self._base)) // self._base

    def bytes(self, batch: int) -> int:
        """What it holds at this batch size."""
        if batch not in self._bytes:
            run = self.run(batch)
            self._bytes[batch] = held_bytes(run, self._device, self._terms)
            self._elements[batch] = largest_blob(run)[0]
        return self._bytes[batch]

    def fits(self, budget_bytes: int, batch: int) -> bool:
        """Whether it fits at this batch size."""
        most = _MOST_ELEMENTS[self._device]  # a blob's first dimension too is an int: nothing that grows is no way out
        return batch <= most and self.bytes(batch) <= budget_bytes and self._elements[batch] <= most

    def guess(self, budget_bytes: int) -> int:
        """A batch size near the answer, since bytes grow almost linearly; the second look starts next to it."""
        held = self.bytes(self._base)
        widest = self._base * _MOST_ELEMENTS[self._device] // max(self._elements[self._base], 1)
        near = self._base
        for _ in range(2):
            near += (budget_bytes - held) // max(self.per_image_bytes, 1)
            near = max(min(near, widest), 1)
            held = self.bytes(near)
        return near


def _largest(fits: Callable[[int], bool], guess: int) -> int:
    """The largest count that fits, 0 where none does; `fits` is monotone, the guess only saves steps."""
    low, high, step = 0, guess, 1
    if fits(guess):
        low, high = guess, guess + 1
        while fits(high):
            low, high, step = high, high + 2 * step, 2 * step
    else:
        while high > 1 and not fits(max(high - step, 1)):
            high, step = max(high - step, 1), 2 * step
        low = max(high - step, 1) if high > 1 else 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _binds(run: Run, device: str, budget_bytes: int, terms: Terms) -> str:
    """Why this run does not fit: too large a blob, or the kind of memory that takes most."""
    elements, name = largest_blob(run)
    if elements > _MOST_ELEMENTS[device]:
        limit = "2^30" if device == GPU else "2^31 - 1"
        return f"the blob {name} would have {elements:,} elements, Caffe's limit is {limit}"
    if run.nets and (run.nets[0].batch or 0) > _MOST_ELEMENTS[device]:
        return "no blob grows with the batch: the count of images itself is at Caffe's limit"
    held = holdings(run, device)
    sizes = {str(kind): sum(holding.bytes_of(kind) for holding in held) for kind in Kind}
    sizes["beside Caffe's own"] = held_bytes(run, device, terms) - sum(sizes.values())
    most = sorted(sizes, key=lambda kind: -sizes[kind])[:2]
    parts = ", ".join(f"{kind} {sizes[kind] / budget_bytes:.0%}" for kind in most)
    return f"memory: of the budget {parts}"
