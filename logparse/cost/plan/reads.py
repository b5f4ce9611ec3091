"""Whose data a layer's backward pass reads, by the row of its type and its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.costing import view_of
from logparse.cost.layer_types import LAYER_TYPES
from logparse.cost.rule import Missing
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.spec import LayerSpec
    from logparse.cost.traits import Reads


def backward_reads(spec: LayerSpec) -> Reads | None:
    """What its backward pass reads on engine CAFFE, if it does one; None where type or settings do not tell."""
    row = LAYER_TYPES.get(canonical_type(spec.type or ""))
    if row is None:
        return None
    try:
        return row.traits.backward_reads(view_of(spec, row.rule))
    except (Missing, IndexError, ValueError, ZeroDivisionError):
        return None
