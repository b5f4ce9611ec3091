"""What no log tells and a footprint needs: devices, engines, and what a card and a program hold beside Caffe's blocks.

Loads nothing but the names of devices: the command offers these terms as options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from logparse.cost.buffer import CPU, GPU

MIB: Final = 1024 * 1024
DEVICES: Final = (CPU, GPU)
ENGINES: Final = ("caffe", "cudnn")

PROGRAM_BYTES: Final = 20_197_376  # resident memory of `caffe train` on a net of two numbers


@dataclass(frozen=True, slots=True)
class Terms:
    """What no log tells: the settable terms of a GPU footprint, in bytes.

    `context_bytes` is the CUDA context (526.8 MiB) with the first cuBLAS handle (68 MiB); each prefetching
    layer's thread makes one more handle; `cudnn_handle_bytes` is one cuDNN 9 handle, older ones are not known.
    `engine` narrows the range to one engine.
    """

    context_bytes: int = 594 * MIB
    thread_bytes: int = 64 * MIB
    cudnn_handle_bytes: int = round(9.14 * MIB)
    program_bytes: int = PROGRAM_BYTES
    engine: str | None = None


USUAL: Final = Terms()
