"""The golden table of private buffers (golden/buffers.py tells how to read a row)."""

from __future__ import annotations

from typing import Final

from tests.truth.golden import buffers, buffers_forks, buffers_more

ROWS: Final = (
    *buffers.CONVOLUTION,
    *buffers.DENSE,
    *buffers.POOLING,
    *buffers.NORMALISATION,
    *buffers_more.ROWS,
    *buffers_forks.ROWS,
)
UNKNOWN: Final = buffers_forks.UNKNOWN
