"""`params`: one row per parameter blob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import LINE, listed, text, whole
from logparse.tables.nets.key import LAYER_KEY, net_columns, nets_of

if TYPE_CHECKING:
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *LAYER_KEY,
    whole("param_index", "Param #", "The blob's place among the layer's parameters, from 0."),
    text("kind", "Kind", "weight, bias or statistic."),
    listed("shape", "Shape", "The parameter blob's shape.", "shape"),
    whole("count", "Values", "The number of values.", "values"),
    whole("bytes", "Bytes", "Values times the element size, 0 where shared.", "bytes"),
    text("shares_with", "Owned by", "The earlier layer that owns it; NA where it is the layer's own."),
    text("basis", "Basis", "definition, shapes, inferred or unknown."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per parameter blob; a layer whose params are NA has none."""
    return [row for attempt, net in nets_of(log) for row in _rows(attempt, net)]


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    """The rows of one net."""
    return [
        {
            **net_columns(attempt, fact),
            "layer_index": one.layer.index,
            "layer": one.layer.name,
            "param_index": place,
            "kind": param.blob.kind,
            "shape": list(param.blob.shape),
            "count": param.blob.count,
            "bytes": 0 if param.owner is not None else param.blob.count * fact.element_bytes,
            "shares_with": param.owner,
            "basis": str(one.cost.params_basis),
            "line": one.layer.line,
        }
        for one in fact.layers
        for place, param in enumerate(one.params or ())
    ]
