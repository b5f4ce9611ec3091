"""The whole training footprint: Caffe's blocks, how the driver rounds them, and what stands beside them.

GPU: constants measured on one H100 with CUDA 13 and driver 580 (other cards and drivers differ, so each can be
set). CPU: the resident memory of a run of two numbers stands for the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import CPU, GPU
from logparse.cost.memory.cudnn import handles, most_workspace_bytes, refused
from logparse.cost.memory.holdings import holdings, threads
from logparse.cost.memory.terms import MIB, USUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.cost.memory.holdings import Holding, NetMemory, Run
    from logparse.cost.memory.terms import Terms

_PAGE: Final = 2 * MIB  # the driver maps device memory in pages of 2 MiB
PACKED_BYTES: Final = MIB  # blocks up to 1 MiB share pages
_STEP: Final = 512  # … at steps of 512 bytes
_DOUBT: Final = 100  # one part in a hundred: how well these terms met the driver's own figure


class Part(NamedTuple):
    """One term of a footprint: what it is and its bytes."""

    name: str
    bytes: int


class Footprint(NamedTuple):
    """What a run holds on one device, at its peak: the figure, the range, the terms, and what is left out.

    On the GPU `bytes` is the figure for engine CAFFE (for cuDNN the middle of the range, if narrowed to it) and
    the range is what a cuDNN build would hold; both ends are None where such a build would stop.
    """

    device: str
    bytes: int
    low_bytes: int | None
    high_bytes: int | None
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    remarks: tuple[str, ...] = ()


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
    """The figure of a footprint alone, for engine CAFFE."""
    held = holdings(run, device)
    if device == CPU:
        return _asked(held) + terms.program_bytes
    return rounded(_sizes(held)) + sum(part.bytes for part in _beside(run, terms))


def _beside(run: Run, terms: Terms) -> tuple[Part, ...]:
    """What stands on a card beside the blocks that Caffe asks for."""
    return (
        Part("CUDA context and first cuBLAS handle", terms.context_bytes),
        Part("cuBLAS handles of prefetch threads", terms.thread_bytes * threads(run.nets)),
    )


def _on_cpu(run: Run, terms: Terms) -> Footprint:
    held = holdings(run, CPU)
    asked = _asked(held)
    total = asked + terms.program_bytes
    parts = (Part("Caffe's own allocations", asked), Part("the program itself", terms.program_bytes))
    return Footprint(CPU, total, total, total, parts, left_out(held), _remarks(run, CPU))


def _on_gpu(run: Run, terms: Terms) -> Footprint:
    held = holdings(run, GPU)
    blocks = _sizes(held)
    beside = _beside(run, terms)
    parts: tuple[Part, ...] = (
        Part("Caffe's own allocations", sum(blocks)),
        Part("rounding to pages of 2 MiB", rounded(blocks) - sum(blocks)),
        *beside,
    )
    total = sum(part.bytes for part in parts)
    remarks = ("context and handles as measured on an H100 with CUDA 13, or as given", *_remarks(run, GPU))
    if terms.engine == "caffe":
        return Footprint(GPU, total, total, total, parts, left_out(held), remarks)
    low, high, cudnn_parts = _with_cudnn(run, terms, sum(part.bytes for part in beside))
    shown = total
    if terms.engine == "cudnn" and low is not None and high is not None:
        shown, parts = (low + high) // 2, (*cudnn_parts, *beside)
    if low is not None:
        remarks = (*remarks, _cudnn_remark(run, terms))
    return Footprint(GPU, shown, low, high, parts, left_out(held), remarks)


def _cudnn_remark(run: Run, terms: Terms) -> str:
    count, workspace = _handles_and_workspace(run)
    return (
        f"the range is of a cuDNN build: {count} handles of {terms.cudnn_handle_bytes:,} bytes (cuDNN 9 or as given; "
        f"older ones are not known), workspace of 0 to {workspace:,}, each end 1 % further out"
    )


def _with_cudnn(run: Run, terms: Terms, beside: int) -> tuple[int | None, int | None, tuple[Part, ...]]:
    """(least, most, terms): the least is without workspace, the most with all that Caffe would allow.

    Both ends stand 1 % further out, which is how well the other terms met the driver's own figure.
    """
    if is_refused(run):
        return None, None, ()
    blocks = _sizes(holdings(run, GPU, cudnn=True))
    count, workspace = _handles_and_workspace(run)
    low = rounded(blocks) + count * terms.cudnn_handle_bytes + beside
    parts = (
        Part("Caffe's own allocations, cuDNN build", sum(blocks)),
        Part("rounding to pages of 2 MiB", rounded(blocks) - sum(blocks)),
        Part(f"{count} cuDNN handles", count * terms.cudnn_handle_bytes),
        Part("half of the workspace that Caffe would allow", workspace // 2),
    )
    high = low + workspace
    return low - low // _DOUBT, high + high // _DOUBT, parts


def _handles_and_workspace(run: Run) -> tuple[int, int]:
    """Of a cuDNN build: its handles, and the bytes of workspace that Caffe would allow."""
    return sum(net.once(_handles) for net in run.nets), sum(net.once(_most_workspace_bytes) for net in run.nets)


def _handles(net: NetMemory) -> int:
    return handles(net.layers)


def _most_workspace_bytes(net: NetMemory) -> int:
    return most_workspace_bytes(net.layers)


def is_refused(run: Run) -> bool:
    """Whether a cuDNN build would stop at one of the run's layers."""
    return any(net.once(_is_refused) for net in run.nets)


def _is_refused(net: NetMemory) -> bool:
    return any(refused(layer) for layer in net.layers)


def needed_bytes(taken: int, run: Run, device: str, terms: Terms, *, cudnn: bool) -> int:
    """What must be there for a run whose blocks take `taken`: for a cuDNN build the upper end of its range.

    Beside the blocks nothing depends on the batch, so that a run at any batch tells it.
    """
    if device == CPU:
        return taken + terms.program_bytes
    beside = sum(part.bytes for part in _beside(run, terms))
    if not cudnn:
        return taken + beside
    count, workspace = _handles_and_workspace(run)
    most = taken + count * terms.cudnn_handle_bytes + beside + workspace
    return most + most // _DOUBT


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
    if device == GPU and is_refused(run):
        remarks.append("a cuDNN build stops at a convolution that is not over a plane")
    return tuple(remarks)
