"""The golden table: what every layer type costs, worked out by hand (golden/row.py tells how to read a row)."""

from __future__ import annotations

from typing import Final

from tests.truth.golden import (
    convolution,
    data,
    dense,
    detection,
    elementwise,
    losses,
    moving,
    normalisation,
    pooling,
    recurrent,
)

ROWS: Final = (
    *convolution.ROWS,
    *dense.ROWS,
    *normalisation.ROWS,
    *pooling.ROWS,
    *elementwise.ROWS,
    *moving.ROWS,
    *losses.ROWS,
    *data.ROWS,
    *recurrent.ROWS,
    *detection.ROWS,
)
