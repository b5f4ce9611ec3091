"""The whole training footprint: Caffe's blocks, how the driver rounds them, and what stands beside them.

GPU: what a log tells of card, year and build decides the terms (gpu.py), each a range; so is the sum. CPU: the resident
memory of a run of two numbers stands for the program.
"""

from __future__ import annotations

from functools import partial
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.beside import Part, beside, handle_count, of_cudnn
from logparse.cost.memory.cudnn import refused
from logparse.cost.memory.gpu import Spread, exactly
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.memory.terms import MIB, USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from logparse.cost.memory.holdings import Holding, NetMemory, Run
    from logparse.cost.memory.terms import Terms

_PAGE: Final = 2 * MIB  # the driver maps device memory in pages of 2 MiB
PACKED_BYTES: Final = MIB  # blocks up to 1 MiB share pages
_STEP: Final = 512  # … at steps of 512 bytes
_DOUBT: Final = 100  # one part in a hundred: how well these terms met the driver's own figure on the measured card
_UNMEASURED: Final = 20  # five in a hundred: on cards of which nobody measured how they round blocks


class Reach(NamedTuple):
    """From the least to the most that a run holds; `high_bytes` is None where something of unknown size is left out."""

    low_bytes: int
    high_bytes: int | None


FITS: Final = "fits"
FAILS: Final = "does not fit"
UNCLEAR: Final = "unclear"


class Footprint(NamedTuple):
    """What a run holds on one device, at its peak: an estimate, its range, the terms, and what is left out.

    On the GPU `engine` is the one that ran, None where nothing tells. `bytes` is then the estimate for engine CAFFE,
    and the range holds both builds; `caffe` and `cudnn` are each build's own. A build that would stop has none.
    """

    device: str
    bytes: int
    low_bytes: int | None
    high_bytes: int | None
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    engine: str | None = None
    caffe: Reach | None = None
    cudnn: Reach | None = None


def rounded(blocks: Iterable[int]) -> int:
    """Device memory that the driver takes for these blocks.

    A block over 1 MiB takes whole pages of 2 MiB; smaller ones are packed into pages at steps of 512 bytes.
    """
    pages = steps = 0
    for size in blocks:
        if size > PACKED_BYTES:
            pages += in_pages(size)
        else:
            steps += in_steps(size)
    return pages + in_pages(steps)


def in_pages(size: int) -> int:
    """A size in whole pages of the driver's."""
    return -(-size // _PAGE) * _PAGE


def in_steps(size: int) -> int:
    """What a small block takes of the pages that it shares."""
    return -(-size // _STEP) * _STEP


def footprint(run: Run, device: str, terms: Terms = USUAL) -> Footprint:
    """The footprint of a run on "cpu" or "gpu"; pure."""
    return _on_cpu(run, terms) if device == CPU else _on_gpu(run, terms)


def bytes_without_cudnn(run: Run, device: str, terms: Terms = USUAL) -> int:
    """The estimate of a footprint alone, for engine CAFFE."""
    held = holdings(run, device)
    if device == CPU:
        return _asked(held) + terms.program_bytes
    blocks = _sizes(held)
    return sum(blocks) + _rounding(run, blocks).likely + sum(part.bytes for part in beside(run, terms))


def _on_cpu(run: Run, terms: Terms) -> Footprint:
    held = holdings(run, CPU)
    asked = _asked(held)
    total = asked + terms.program_bytes
    parts = (
        Part("Caffe's own allocations", exactly(asked)),
        Part("the program itself", exactly(terms.program_bytes)),
    )
    most = None if _lacks(run, held) else total
    return Footprint(CPU, total, total, most, parts, left_out(held), _remarks(run, CPU))


def _on_gpu(run: Run, terms: Terms) -> Footprint:
    engine = engine_of(run, terms)
    held = holdings(run, GPU)
    parts = _parts(run, terms, cudnn=False)
    caffe = None if engine == "cudnn" else _reach(run, held, parts)
    stops = is_refused(run)
    cudnn = None
    if engine != "caffe" and not stops:
        of_build = holdings(run, GPU, cudnn=True)
        other = _parts(run, terms, cudnn=True)
        cudnn = _reach(run, of_build, other)
        held, parts = (of_build, other) if engine == "cudnn" else (held, parts)
    low, high = _both([one for one in (caffe, cudnn) if one is not None])
    total = sum(part.bytes for part in parts)
    remarks = (*_told(run, terms), *_engine_words(run, engine, cudnn), *_several(run, parts), *_remarks(run, GPU))
    return Footprint(GPU, total, low, high, parts, left_out(held), remarks, engine, caffe, cudnn)


def engine_of(run: Run, terms: Terms) -> str | None:
    """The engine that is asked for, else the one that the log shows; None where nothing tells."""
    return terms.engine or run.gpu.told.engine


def runs_cudnn(run: Run, terms: Terms = USUAL) -> bool:
    """Whether it is known that the run's layers work on cuDNN."""
    return engine_of(run, terms) == "cudnn" and not is_refused(run)


def _parts(run: Run, terms: Terms, *, cudnn: bool) -> tuple[Part, ...]:
    blocks = _sizes(holdings(run, GPU, cudnn=cudnn))
    build = ", cuDNN build" if cudnn else ""
    return (
        Part(f"Caffe's own allocations{build}", exactly(sum(blocks))),
        Part("rounding to pages of 2 MiB", _rounding(run, blocks)),
        *(of_cudnn(run, terms) if cudnn else ()),
        *beside(run, terms),
    )


def _rounding(run: Run, blocks: Sequence[int]) -> Spread:
    """What whole pages take beside the blocks: as measured, else anything up to it."""
    taken = rounded(blocks) - sum(blocks)
    return exactly(taken) if run.gpu.paged else Spread(0, taken // 2, taken)


# Kinds whose gaps may hide more than the range is wide; what a buffer that is left out takes is small beside its blobs
_LARGE: Final = frozenset(Kind) - {Kind.BUFFERS}


def _reach(run: Run, held: Sequence[Holding], parts: Sequence[Part]) -> Reach:
    """Both ends stand further out than the sums of the terms, by how well these meet a driver's own figure."""
    low = sum(part.spread.low for part in parts)
    if _lacks(run, held):
        return Reach(low - low // _doubt(run), None)
    return Reach(low - low // _doubt(run), _doubted(run, sum(part.spread.high for part in parts)))


def _lacks(run: Run, held: Sequence[Holding]) -> bool:
    """Whether something of unknown size is left out that may be large: then there is no upper end."""
    return not run.complete or any(gap.kind in _LARGE for holding in held for gap in holding.gaps)


def _doubt(run: Run) -> int:
    return _DOUBT if run.gpu.paged else _UNMEASURED


def _doubted(run: Run, high: int) -> int:
    return high + high // _doubt(run)


def _both(reaches: Sequence[Reach]) -> tuple[int | None, int | None]:
    """From the least of all builds that may have run to the most of all."""
    if not reaches:
        return None, None
    highs = [one.high_bytes for one in reaches if one.high_bytes is not None]
    low = min(one.low_bytes for one in reaches)
    return low, max(highs) if len(highs) == len(reaches) else None


def _told(run: Run, terms: Terms) -> tuple[str, ...]:
    """Where the terms beside Caffe's blocks come from."""
    basis = run.gpu.basis
    return basis if terms.context_bytes is None else ("the context as given", *basis[1:])


def _engine_words(run: Run, engine: str | None, cudnn: Reach | None) -> tuple[str, ...]:
    """Which build the figures are of, and what the estimate is worth."""
    if cudnn is None:
        return ()
    count = handle_count(run)
    if engine == "cudnn":
        shown = run.gpu.told.engine_basis or "as asked for"
        return (f"engine cuDNN, {count} handles: {shown}; the range is the answer, the figure an estimate within it",)
    words = "nothing tells the engine: the figure is an estimate for engine CAFFE, the range holds both builds"
    return (f"{words}, cuDNN's with {count} handles",)


def _several(run: Run, parts: Sequence[Part]) -> tuple[str, ...]:
    gpus = run.gpu.told.gpus
    if gpus < 2:
        return ()
    most = parts[-1].spread.high
    return (f"of one of {gpus} GPUs; the range holds up to {most:,} bytes for their exchange, by release",)


def is_refused(run: Run) -> bool:
    """Whether a cuDNN build would stop at one of the run's layers."""
    return any(net.once(_is_refused) for net in run.nets)


def _is_refused(net: NetMemory) -> bool:
    return any(refused(layer) for layer in net.layers)


def verdict(found: Footprint, card: tuple[int, int] | None, untouched: int = 0) -> str | None:
    """Whether a run fits an empty card of (least, most) bytes; None where card or need is not known.

    It surely fits only if it would with its `untouched` bytes too.
    """
    if card is None or found.low_bytes is None:
        return None
    least, most = card
    if found.high_bytes is not None and found.high_bytes + untouched <= least:
        return FITS
    return FAILS if found.low_bytes > most else UNCLEAR


def untouched_bytes(run: Run) -> int:
    """Data of blobs that stay on the host by Caffe's sources, since no layer touches them on a GPU.

    A fork, or whoever calls the net, may touch them all the same.
    """
    held = (sum(holding.bytes_of(Kind.DATA) for holding in holdings(run, device)) for device in (CPU, GPU))
    on_host, on_card = held
    ready = sum(net.once(_prefetched) for net in run.nets)  # on a GPU these tops are prefetched batches
    return max(on_host - on_card - ready, 0)


def _prefetched(net: NetMemory) -> int:
    counts = [count for layer in net.layers if layer.prefetches for count in layer.counts]
    return net.element_bytes * sum(count for count in counts if count is not None)


def builds(run: Run, device: str, terms: Terms) -> tuple[bool, ...]:
    """Whether with cuDNN, for each build that may have run."""
    engine = engine_of(run, terms)
    if device == CPU or engine == "caffe" or is_refused(run):
        return (False,)
    return (True,) if engine == "cudnn" else (False, True)


def needed_bytes(taken: int, run: Run, device: str, terms: Terms, *, cudnn: bool) -> int:
    """What must be there for a run whose blocks take `taken`: on the GPU the upper end of the build's range.

    Beside the blocks nothing depends on the batch, so that a run at any batch tells it.
    """
    return need_of(run, device, terms, cudnn=cudnn)(taken)


def need_of(run: Run, device: str, terms: Terms, *, cudnn: bool) -> Callable[[int], int]:
    """The same for any number of blocks: what stands beside them is worked out once."""
    if device == CPU:
        return partial(add, terms.program_bytes)
    parts = (*beside(run, terms), *(of_cudnn(run, terms) if cudnn else ()))
    above = sum(part.spread.high for part in parts)
    return lambda taken: _doubted(run, taken + above)


def held_bytes(run: Run, device: str, terms: Terms) -> int:
    """What must be there for a run to start: on the GPU the upper end of the range of each build that may run."""
    needs = []
    for cudnn in builds(run, device, terms):
        blocks = _sizes(holdings(run, device, cudnn=cudnn))
        taken = rounded(blocks) if device == GPU else sum(blocks)
        needs.append(needed_bytes(taken, run, device, terms, cudnn=cudnn))
    return max(needs)


def _asked(held: Sequence[Holding]) -> int:
    return sum(holding.total_bytes for holding in held)


def _sizes(held: Sequence[Holding]) -> list[int]:
    return [block.bytes for holding in held for block in holding.blocks]


def left_out(held: Sequence[Holding], limit: int = 3) -> tuple[str, ...]:
    """What the sum does not contain: which kinds of which layers, and why for the first ones."""
    kinds: dict[str, list[str]] = {}  # what is left out of a kind → the kinds of which just that is left out
    for kind in dict.fromkeys(gap.kind for holding in held for gap in holding.gaps):
        gaps = [gap for holding in held for gap in holding.gaps if gap.kind == kind]
        named = "; ".join(f"{gap.name}: {gap.reason}" for gap in gaps[:limit])
        more = f"; and {len(gaps) - limit} more" if len(gaps) > limit else ""
        kinds.setdefault(f"({named}{more})", []).append(kind)
    return tuple(f"{', '.join(listed)} {what}" for what, listed in kinds.items())


def _remarks(run: Run, device: str) -> tuple[str, ...]:
    remarks = []
    if run.command == "train" and not run.solver.stated:
        remarks.append("the log shows no solver: SGD assumed")
    if run.command == "train" and not run.solver.trains:
        remarks.append("max_iter is 0: no iteration is made, so no gradient and no history is held")
    if not run.complete:
        remarks.append("the log does not show the end of a net's set-up: what is not shown is not counted")
    if device == GPU and is_refused(run):
        remarks.append("a cuDNN build stops at a convolution that is not over a plane: the figure is for engine CAFFE")
    return tuple(remarks)
