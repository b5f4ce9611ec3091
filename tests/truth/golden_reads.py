"""The golden table of what backward passes read (golden/reads.py tells how to read a row)."""

from __future__ import annotations

from typing import Final

from tests.truth.golden import reads

ROWS: Final = reads.ROWS
