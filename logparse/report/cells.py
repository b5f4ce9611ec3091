"""Cells that several sections have: a layer's name that leads to its row, a share with a bar behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse import formats
from logparse.report.elements import Cell
from logparse.rows import layer_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.rows import TableRow


def name_cell(row: TableRow) -> Cell:
    """A layer's name; it leads to where `_href` says, if anywhere."""
    return Cell(layer_name(row), "t", href=row.get("_href", ""))


def bar_cell(share: float | None) -> Cell:
    """A share with a bar behind it, in steps of two per cent."""
    if share is None or formats.is_na(share):
        return Cell(formats.NA)
    width = max(0, min(50, round(float(share) * 50)))
    return Cell(formats.percent(share), f"b{width}" if width else "")


def share_cell(key: str) -> Callable[[TableRow], Cell]:
    """What makes the cell of a column of shares."""
    return lambda row: bar_cell(row.get(key))
