"""The golden table of what layer types are (golden/traits.py tells how to read a row)."""

from __future__ import annotations

from typing import Final

from tests.truth.golden import traits

ROWS: Final = traits.ROWS
