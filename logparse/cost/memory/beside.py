"""What stands on a card beside the blocks that Caffe asks for: each term with its range.

Sources: gpu.py for what a context and a handle take; cudnn_conv_layer.cpp and its history for the workspace;
parallel.cpp for what several GPUs exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import GPU
from logparse.cost.memory.cudnn import handles, most_workspace_bytes
from logparse.cost.memory.gpu import Build, Spread, exactly
from logparse.cost.memory.holdings import Kind, holdings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.holdings import NetMemory, Run
    from logparse.cost.memory.terms import Terms


class Part(NamedTuple):
    """One term of a footprint: what it is and its range."""

    name: str
    spread: Spread

    @property
    def bytes(self) -> int:
        """The likely figure."""
        return self.spread.likely


def beside(run: Run, terms: Terms) -> tuple[Part, ...]:
    """What stands there whatever the engine."""
    gpu = run.gpu
    context, thread = _set(terms.context_bytes, gpu.context), _set(terms.thread_bytes, gpu.thread)
    parts = [
        Part("CUDA context and first cuBLAS handle", context),
        Part("cuBLAS handles of prefetch threads", thread.times(threads(run.nets))),
    ]
    if gpu.told.gpus > 1:
        parts.append(Part("copies of the parameters for the exchange between GPUs", _exchanged(run)))
    return tuple(parts)


def of_cudnn(run: Run, terms: Terms) -> tuple[Part, ...]:
    """What a cuDNN build adds: its handles, the workspace of its convolutions, what the library loads."""
    count, gpu = handle_count(run), run.gpu
    few = 1 if gpu.told.build is Build.NVCAFFE else count  # its layers share the handles of a device
    handle = _set(terms.cudnn_handle_bytes, gpu.handle)
    span = Spread(handle.low * min(few, count), handle.likely * count, handle.high * count)
    kernels = gpu.kernels if most_workspace(run) else exactly(0)
    return (
        Part(f"{count} cuDNN handles", span),
        Part("workspace of cuDNN's convolutions", workspace(run)),
        Part("what cuDNN loads for its first convolution", kernels),
    )


def workspace(run: Run) -> Spread:
    """The workspace by build: none up to rc2; up to 8 MiB a stream and layer since rc3; one for all layers in NVCaffe.

    NVCaffe prints its own; where it does not, it may be half of the card.
    """
    told, most = run.gpu.told, most_workspace(run)
    if told.build is Build.RC2 or not most:
        return exactly(0)
    if told.build is Build.NVCAFFE and told.workspace_bytes is not None:
        return exactly(told.workspace_bytes)
    if told.build is Build.NVCAFFE and run.gpu.card_bytes is not None:
        return Spread(0, min(most, run.gpu.card_bytes // 2) // 2, run.gpu.card_bytes // 2)
    return Spread(0, most // 2, most)


def handle_count(run: Run) -> int:
    """Count the cuDNN handles of all nets of a run."""
    return sum(net.once(_handles) for net in run.nets)


def most_workspace(run: Run) -> int:
    """The most that BVLC's convolutions on cuDNN may take as workspace, all nets of a run."""
    return sum(net.once(_most_workspace_bytes) for net in run.nets)


def _set(asked: int | None, told: Spread) -> Spread:
    return told if asked is None else exactly(asked)


def _handles(net: NetMemory) -> int:
    return handles(net.layers)


def _most_workspace_bytes(net: NetMemory) -> int:
    return most_workspace_bytes(net.layers)


_COPIES: Final = 3


def _exchanged(run: Run) -> Spread:
    """NCCL's flat parameters replace the blobs' own; P2PSync, before 2017, keeps flat data and diff beside them.

    The parent has one more buffer for the gradients (parallel.cpp).
    """
    params = holdings(run, GPU)[0].bytes_of(Kind.PARAMS) if run.nets else 0
    return Spread(0, 0, _COPIES * params)


def threads(nets: Sequence[NetMemory]) -> int:
    """Layers that fill batches in a thread of their own, test nets included."""
    return sum(net.once(_threads) for net in nets)


def _threads(net: NetMemory) -> int:
    return sum(layer.prefetches for layer in net.layers)
