"""What anybody may set of a footprint: devices, engines, and what a card and a program hold beside Caffe's blocks.

Loads nothing but the names of devices: the command offers these terms as options.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from logparse.cost.buffer import CPU, GPU
from logparse.errors import UsageError, WrongTypeError

MIB: Final = 1024 * 1024
DEVICES: Final = (CPU, GPU)
ENGINES: Final = ("caffe", "cudnn")

PROGRAM_BYTES: Final = 20_197_376  # resident memory of `caffe train` on a net of two numbers


@dataclass(frozen=True, slots=True)
class Terms:
    """What is set instead of what the log tells, in bytes; None: by the log (cost/memory/gpu.py).

    `context_bytes` is the CUDA context with the first cuBLAS handle; each prefetching layer's thread makes one more
    handle, of `thread_bytes`; `cudnn_handle_bytes` is one of cuDNN's. `engine` narrows the range to one engine.
    `budget_bytes` is what the blobs of a net may take in the plan `checkpoint_best` (None: as little as it can).
    """

    context_bytes: int | None = None
    thread_bytes: int | None = None
    cudnn_handle_bytes: int | None = None
    program_bytes: int = PROGRAM_BYTES
    engine: str | None = None
    budget_bytes: int | None = None


USUAL: Final = Terms()


def check_terms(terms: object) -> None:
    """Refuse what are no terms.

    Raises:
        UsageError: which of them has no meaning.

    """
    if not isinstance(terms, Terms):
        raise WrongTypeError(f"terms are logparse.cost.memory.terms.Terms, not {terms!r}")
    if terms.engine is not None and terms.engine not in ENGINES:
        raise UsageError(f"there is no engine {terms.engine!r}; there are {' and '.join(ENGINES)}")
    for one in fields(terms):
        value = getattr(terms, one.name)
        known = value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
        if one.name.endswith("_bytes") and not known:
            raise UsageError(f"{one.name} is a whole number of bytes from 0, not {value!r}")
