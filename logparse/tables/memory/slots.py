"""`slots`: the slots into which a fork's memory plan puts the data and diffs of a net's blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.derive.plans import slots_of
from logparse.tables.column import LINE, listed, whole
from logparse.tables.nets.key import OWN_NET_KEY, nets_of, own_net_columns

if TYPE_CHECKING:
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *OWN_NET_KEY,
    whole("slot", "Slot", "The slot's number in the plan."),
    whole("bytes", "Bytes", "Its size as the log prints it.", "bytes"),
    whole("expected_bytes", "Largest blob", "Bytes of the largest half in it by the printed shapes.", "bytes"),
    listed("blobs", "Blobs", "The halves that take turns in it, NAME_data or NAME_diff, in the net's order of blobs."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per slot."""
    return [row for attempt, fact in nets_of(log) for row in _rows(attempt, fact)]


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    plan = fact.net.plan
    return [
        {
            **own_net_columns(attempt, fact),
            "slot": one.slot,
            "bytes": one.bytes,
            "expected_bytes": one.expected_bytes,
            "blobs": list(one.halves),
            "line": one.line,
        }
        for one in (slots_of(fact, plan) if plan is not None else ())
    ]
