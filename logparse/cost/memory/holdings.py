"""What a run allocates, block by block and by kind, on the CPU or on one GPU (engine CAFFE or cuDNN).

Kinds do not overlap: the blocks of one run on one device add up to Caffe's own allocations. Sources:
net.cpp, syncedmem.cpp, the solvers' PreSolve and ComputeUpdateValue, base_data_layer.cpp; checked against
the resident memory of CPU runs and every cudaMalloc of GPU runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.memory.buffers import MOST_PREFETCHED, buffers, prefetch_batches
from logparse.cost.memory.cudnn import on_cudnn
from logparse.cost.memory.gpu import UNTOLD
from logparse.cost.spec import Basis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from logparse.cost.memory.blobs import OwnBlob
    from logparse.cost.memory.gpu import Gpu
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.stored.encoding import Encoding


_T = TypeVar("_T")


class Kind(StrEnum):
    """What a block is for."""

    DATA = "distinct_data"
    DIFF = "diff"
    PARAMS = "params"
    GRADIENTS = "gradients"
    HISTORY = "history"
    BUFFERS = "buffers"
    PREFETCH = "prefetch"


class Era(StrEnum):
    """Releases that differ in what a prefetching layer holds."""

    RC2 = "rc, rc2"
    NOW = "since rc3"


class Allocation(NamedTuple):
    """One allocation: what it is for, the layer's place in its net (None: the solver's), and its size."""

    kind: Kind
    layer: int | None
    what: str
    bytes: int
    basis: Basis


class Gap(NamedTuple):
    """An allocation whose size is not known, and why."""

    kind: Kind
    layer: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Solver:
    """What of a solver decides about memory.

    `stated` is False where the log shows no solver and SGD is assumed. `decays` is whether its weight decay is other
    than 0, `l1` whether that is L1 regularisation, `tests_first` the solver's test_initialization. `trains` is False
    where max_iter is 0: no iteration is made, though where it `shows` its loss one forward pass is (Solver::Solve).
    """

    type: str = "SGD"
    stated: bool = True
    l1: bool = False
    tests_first: bool = True
    decays: bool = True
    trains: bool = True
    shows: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class NetMemory:
    """One net: its layers in order, the bytes of a value, and whether it is a test net beside a train net.

    `batch` is the images of one forward pass (a recurrent net's streams), None where not known. Two nets are the
    same only if they are one object: what a net holds is kept, since what-ifs leave most nets as they are.
    """

    layers: tuple[LayerMemory, ...]
    element_bytes: int
    beside: bool = False
    batch: int | None = None
    _kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, work: Callable[[NetMemory], _T]) -> _T:
        """A small figure of the net, such as a count, worked out at first use."""
        if work not in self._kept:
            self._kept[work] = work(self)
        return cast("_T", self._kept[work])


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the command ("train", "time" or "test"), its nets, its solver, its era, and what is known of its GPU.

    `bits` are of a value of some kind where it is not the net's own (a what-if about precision). `encodings` say how
    the first net's weights would be stored, by layer (a what-if too: Caffe itself holds them as they are). `complete`
    is whether the set-up of every net was seen to its end.
    """

    command: str
    nets: tuple[NetMemory, ...]
    solver: Solver = Solver()
    era: Era = Era.NOW
    bits: Mapping[Kind, int] = field(default_factory=dict)
    gpu: Gpu = UNTOLD
    complete: bool = True
    encodings: Mapping[str, Encoding] = field(default_factory=dict)


class _Setting(NamedTuple):
    """What of a run decides what one of its nets holds; `shared` names layers with parameters elsewhere."""

    command: str
    solver: Solver
    era: Era
    bits: tuple[tuple[Kind, int], ...]
    shared: frozenset[str]


class Holding(NamedTuple):
    """What one net holds on one device: blocks of known size, and what is left out."""

    blocks: tuple[Allocation, ...]
    gaps: tuple[Gap, ...]

    @property
    def parts(self) -> Iterator[Allocation | Gap]:
        """All of it, what is not known too."""
        yield from self.blocks
        yield from self.gaps

    def bytes_of(self, kind: Kind) -> int:
        """The known bytes of one kind."""
        return sum(block.bytes for block in self.blocks if block.kind == kind)

    @property
    def total_bytes(self) -> int:
        """All known bytes."""
        return sum(block.bytes for block in self.blocks)


_BYTE: Final = 8  # bits

# Copies of the parameters beside data and gradient: (history, further ones on the CPU).
# CPU: update_ and temp_ of the solvers' ComputeUpdateValue as touched; on the GPU the kernels work in place.
COPIES: Final[Mapping[str, tuple[int, int]]] = {
    "SGD": (1, 0),
    "Nesterov": (1, 1),
    "AdaGrad": (1, 1),
    "RMSProp": (1, 1),
    "AdaDelta": (2, 2),
    "Adam": (2, 1),
}
# On the CPU their temp_ is there already when L1 asks for it
_HAVE_TEMP: Final = frozenset({"AdaDelta", "Adam"})


def holdings(run: Run, device: str, *, cudnn: bool = False) -> tuple[Holding, ...]:
    """What each net of a run holds on `device` ("cpu" or "gpu"); the solver's history stands with the first net."""
    bits = tuple(sorted(run.bits.items()))
    names = _names(run.nets[0]) if run.nets else frozenset[str]()
    beside = _Setting(run.command, run.solver, run.era, bits, names)
    first = beside._replace(shared=frozenset())
    with_cudnn = cudnn and device == GPU
    return tuple(_holding(beside if net.beside else first, net, device, cudnn=with_cudnn) for net in run.nets)


_NETS: Final = 16  # the nets of a run, before and after a change, on either device; more would outlive their log


@lru_cache(maxsize=_NETS)
def _holding(setting: _Setting, net: NetMemory, device: str, *, cudnn: bool) -> Holding:
    parts = (
        _of_data(net, device),
        _of_diffs(net, device, timed=setting.command == "time", cudnn=cudnn),
        _held(_params(setting, net, device)),
        _of_buffers(net, device, cudnn=cudnn),
        _held(_prefetch(setting, net, device)),
    )
    touched = _touched(setting, net)
    blocks = tuple(block for part in parts for block in part.blocks if block.kind in touched)
    bits = dict(setting.bits)
    if bits:
        blocks = tuple(_in_bits(block, bits[block.kind], net) if block.kind in bits else block for block in blocks)
    return Holding(blocks, tuple(gap for part in parts for gap in part.gaps if gap.kind in touched))


_EVERY_KIND: Final = frozenset(Kind)
_AT_SET_UP: Final = frozenset({Kind.PARAMS, Kind.PREFETCH})
_FORWARD: Final = _AT_SET_UP | {Kind.DATA, Kind.BUFFERS}


def _touched(setting: _Setting, net: NetMemory) -> frozenset[Kind]:
    """The kinds of memory that a run ever asks for: those of a train net only if an iteration is made."""
    if net.beside or setting.command != "train" or setting.solver.trains:
        return _EVERY_KIND
    return _FORWARD if setting.solver.shows else _AT_SET_UP


def _held(parts: Iterable[Allocation | Gap]) -> Holding:
    blocks, gaps = list[Allocation](), list[Gap]()
    for part in parts:
        if isinstance(part, Gap):
            gaps.append(part)
        else:
            blocks.append(part)
    return Holding(tuple(blocks), tuple(gaps))


# What does not depend on the solver is kept for itself: most what-ifs change only that, or only one net


@lru_cache(maxsize=_NETS)
def _of_data(net: NetMemory, device: str) -> Holding:
    return _held(_blobs(net, data_blobs(net.layers, device), Kind.DATA))


@lru_cache(maxsize=_NETS)
def _of_diffs(net: NetMemory, device: str, *, timed: bool, cudnn: bool) -> Holding:
    return _held(_diffs(net, device, timed=timed, cudnn=cudnn))


@lru_cache(maxsize=_NETS)
def _of_buffers(net: NetMemory, device: str, *, cudnn: bool) -> Holding:
    return _held(_buffers(net, device, cudnn=cudnn))


def _in_bits(block: Allocation, bits: int, net: NetMemory) -> Allocation:
    """The block at the precision that the run gives its kind."""
    values = block.bytes // net.element_bytes
    return block._replace(bytes=-(-values * bits // _BYTE))


# -- blobs ---------------------------------------------------------------------------------------


def _blobs(net: NetMemory, blobs: Iterable[OwnBlob], kind: Kind) -> Iterator[Allocation | Gap]:
    for blob in blobs:
        layer = net.layers[blob.layer]
        if blob.values is None:
            yield Gap(kind, blob.layer, layer.spec.label, f"the count of {blob.name} is not printed")
        else:
            yield Allocation(kind, blob.layer, blob.name, blob.values * net.element_bytes, _basis(layer))


def _basis(layer: LayerMemory) -> Basis:
    return Basis.INFERRED if layer.inferred else Basis.SHAPES


def _diffs(net: NetMemory, device: str, *, timed: bool, cudnn: bool) -> Iterator[Allocation | Gap]:
    """Gradients of blobs. Where the log does not say which layers do backward, nothing is known about them."""
    if any(layer.backward is None for layer in net.layers):
        place = next(place for place, layer in enumerate(net.layers) if layer.backward is None)
        reason = "the log does not say which layers do backward"
        yield Gap(Kind.DIFF, place, net.layers[place].spec.label, reason)
        return
    yield from _blobs(net, diff_blobs(net.layers, device, timed=timed, cudnn=cudnn), Kind.DIFF)


# -- parameters, their gradients, the solver's history -----------------------------------------------


def _params(setting: _Setting, net: NetMemory, device: str) -> Iterator[Allocation | Gap]:
    """Each layer's own parameter blobs and all their copies. A test net shares the train net's from its first test."""
    transient = net.beside and device == CPU and not setting.solver.tests_first
    for place, layer in enumerate(net.layers):
        if layer.params is None:
            reason = "its parameters are not known"
            yield from (Gap(kind, place, layer.spec.label, reason) for kind in _copied(setting, net))
        elif layer.spec.name not in setting.shared or transient:
            key = place, device, net.element_bytes, net.beside, setting.command, setting.solver
            if key not in layer.kept:
                layer.kept[key] = tuple(_copies(setting, net, place, device))
            yield from layer.kept[key]


def _copied(setting: _Setting, net: NetMemory) -> tuple[Kind, ...]:
    """The kinds of memory that a net has for each parameter."""
    if net.beside or setting.command == "test":
        return (Kind.PARAMS,)
    kinds = (Kind.PARAMS, Kind.GRADIENTS, Kind.HISTORY)
    return kinds if setting.command == "train" else kinds[:2]


def _names(net: NetMemory) -> frozenset[str]:
    return frozenset(layer.spec.name for layer in net.layers if layer.spec.name)


def _copies(setting: _Setting, net: NetMemory, place: int, device: str) -> Iterator[Allocation]:
    layer = net.layers[place]
    basis = Basis.INFERRED if layer.inferred else Basis.DEFINITION
    for index, blob in enumerate(layer.params or ()):
        size, name = blob.count * net.element_bytes, f"{layer.spec.label}, param {index}"
        if device == CPU or not _stays_on_host(setting, layer, index):
            yield Allocation(Kind.PARAMS, place, name, size, basis)
        if net.beside:
            continue
        if setting.command == "train" or (setting.command == "time" and _is_timed(layer, index)):
            yield Allocation(Kind.GRADIENTS, place, name, size, basis)
        if setting.command == "train":
            for copy in range(copies(setting.solver, device, decays=_decays(layer, index))):
                yield Allocation(Kind.HISTORY, place, f"{name}, copy {copy + 1}", size, basis)


def _is_timed(layer: LayerMemory, index: int) -> bool:
    """Whether `caffe time` touches a parameter's gradient: Backward computes those of the parameters that learn.

    Training touches all, for it begins by clearing them (Net::ClearParamDiffs).
    """
    if (layer.params or ())[index].kind == "statistic":
        return False
    definition = layer.spec.definition
    stated = definition.children("param") if definition is not None else []
    place = layer.owned[index] if index < len(layer.owned) else index
    return layer.spec.force_backward or place >= len(stated) or stated[place].number("lr_mult", 1) != 0


def _decays(layer: LayerMemory, index: int) -> bool:
    return index >= len(layer.decays) or layer.decays[index]


def _stays_on_host(setting: _Setting, layer: LayerMemory, index: int) -> bool:
    """Whether no code of the device touches a parameter's values, the solver's weight decay included."""
    place = layer.owned[index] if index < len(layer.owned) else index
    decays = setting.command == "train" and setting.solver.decays and _decays(layer, index)
    return place in layer.traits.host_params and not decays


def copies(solver: Solver, device: str, *, decays: bool = True) -> int:
    """Parameter-sized buffers of the solver's own: history, and on the CPU update and temp where touched.

    L1 regularisation needs a temp for each blob that decays, unless the solver has one already.
    """
    history, further = COPIES.get(solver.type, COPIES["SGD"])
    own = history + (further if device == CPU else 0)
    has_temp = device == CPU and solver.type in _HAVE_TEMP
    return own + (1 if solver.l1 and decays and not has_temp else 0)


# -- buffers and prefetched batches ---------------------------------------------------------------


def _buffers(net: NetMemory, device: str, *, cudnn: bool) -> Iterator[Allocation | Gap]:
    for place, layer in enumerate(net.layers):
        found = buffers(layer.spec, device, net.element_bytes)
        if found.items is None:
            yield Gap(Kind.BUFFERS, place, layer.spec.label, found.reason)
            continue
        for item in on_cudnn(layer, found.items, net.element_bytes) if cudnn else found.items:
            basis = Basis.INFERRED if layer.inferred else item.basis
            yield Allocation(Kind.BUFFERS, place, f"{layer.spec.label}, {item.name}", item.bytes, basis)


def _prefetch(setting: _Setting, net: NetMemory, device: str) -> Iterator[Allocation | Gap]:
    for place, layer in enumerate(net.layers):
        ready = _batches(setting, layer, device)
        if not -1 <= ready <= MOST_PREFETCHED:
            yield Gap(Kind.PREFETCH, place, layer.spec.label, f"{ready:,} batches are no prefetch")
            continue
        for batch in range(ready):
            for name, count in zip(layer.tops, layer.counts, strict=True):
                what = f"{name}, batch {batch + 1}"
                if count is None:
                    yield Gap(Kind.PREFETCH, place, layer.spec.label, f"the count of {name} is not printed")
                else:
                    yield Allocation(Kind.PREFETCH, place, what, count * net.element_bytes, _basis(layer))


def _batches(setting: _Setting, layer: LayerMemory, device: str) -> int:
    """Batches beside the tops on the CPU; on the GPU all of them, the tops among them.

    Since 1.0 the top is one of four batches (its data pointer is set), or of `prefetch`; rc3 copies one of three
    into a top of its own, which is as many. Up to rc2 there is one batch beside the top, on the host only.
    """
    if not layer.prefetches:
        return 0
    if setting.era is Era.RC2:
        return 1
    ready = prefetch_batches(layer.spec)
    return ready - 1 if device == CPU else ready
