"""`blobs`: one row per top, and per input of a net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import LINE, decimal, listed, text, truth, whole
from logparse.tables.nets.key import LAYER_KEY, bytes_of, net_columns, nets_of

if TYPE_CHECKING:
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *LAYER_KEY,
    whole("top_index", "Top #", "The top's place in its layer (an input's among the net's inputs), from 0."),
    text("blob", "Blob", "The blob's name; empty where the log does not name it."),
    listed(
        "shape", "Shape", "The shape as printed, an input's as its net's definition states it; [] is a scalar.", "shape"
    ),
    whole("count", "Values", "The number of values.", "values"),
    whole("data_bytes", "Data", "Values times the element size, as Caffe's figure counts them.", "bytes"),
    whole("distinct_bytes", "Distinct", "The same, 0 where the memory is another blob's.", "bytes"),
    truth("in_place", "In place", "Whether the top overwrites its bottom."),
    text("shares_with", "Shares with", "The blob whose memory it is; NA where it owns its own."),
    whole("data_slot", "Data slot", "The slot of its data in a fork's memory plan; NA where it has its own memory."),
    whole("diff_slot", "Diff slot", "The same of its diff."),
    decimal("loss_weight", "Loss weight", "The weight with which the top enters the loss."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per input of a net and per top."""
    return [row for attempt, net in nets_of(log) for row in _rows(attempt, net)]


def _inputs(attempt: int, fact: NetFact) -> list[BuiltRow]:
    """Inputs of the net itself: no layer makes them."""
    rows, slots = [], _slots(fact)
    for place, blob in enumerate(fact.net.inputs):
        data = bytes_of(blob.count, fact.element_bytes)
        rows.append(
            {
                **net_columns(attempt, fact),
                "top_index": place,
                "blob": blob.name,
                "shape": None if blob.shape is None else list(blob.shape),
                "count": blob.count,
                "data_bytes": data,
                "distinct_bytes": data,
                "in_place": False,
                **slots.get(blob.name, {}),
                "line": blob.line,
            }
        )
    return rows


def _slots(fact: NetFact) -> dict[str, BuiltRow]:
    """Blob → its slots in a fork's memory plan."""
    planned = () if fact.net.plan is None else fact.net.plan.blobs
    return {blob.name: {"data_slot": blob.data_slot, "diff_slot": blob.diff_slot} for blob in planned}


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    """The rows of one net."""
    rows = _inputs(attempt, fact)
    slots = _slots(fact)
    for one in fact.layers:
        for place, (top, owner) in enumerate(zip(one.layer.tops, one.owners, strict=True)):
            data = bytes_of(top.count, fact.element_bytes)
            rows.append(
                {
                    **net_columns(attempt, fact),
                    "layer_index": one.layer.index,
                    "layer": one.layer.name,
                    "top_index": place,
                    "blob": top.name,
                    "shape": None if top.shape is None else list(top.shape),
                    "count": top.count,
                    "data_bytes": data,
                    "distinct_bytes": data if owner is None else 0,
                    "in_place": top.in_place,
                    "shares_with": owner,
                    **slots.get(top.name, {}),
                    "loss_weight": top.loss_weight,
                    "line": top.line or one.layer.line,
                }
            )
    return rows
