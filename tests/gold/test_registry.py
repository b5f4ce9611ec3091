"""What the registry says about every column, whole: it is what exports, tooltips and the documentation read.

After an intended change: LOGPARSE_GOLD=write python -m pytest tests/gold, and read what git shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from logparse.catalogue import TABLES

GOLD: Final = Path(__file__).parent / "registry.txt"


def described() -> str:
    """Each table's columns, one a line: name, dtype, unit, title, meaning."""
    lines = []
    for name, table in TABLES.items():
        lines.append(f"== {name}")
        lines += [f"{one.name} | {one.dtype} | {one.unit} | {one.title} | {one.meaning}" for one in table.columns]
    return "\n".join([*lines, ""])


def test_the_registry_says_of_every_column_what_it_said() -> None:
    if os.environ.get("LOGPARSE_GOLD") == "write":
        GOLD.write_text(described(), encoding="utf-8")

    assert described().splitlines() == GOLD.read_text(encoding="utf-8").splitlines()
