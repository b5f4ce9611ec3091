"""`alive`: what lives at the fullest step of each plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.plan.schemes import schemes
from logparse.derive.facts import layer_at
from logparse.tables.column import text, whole
from logparse.tables.memory.plan import planned_nets
from logparse.tables.nets.key import OWN_NET_KEY, own_net_columns

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    *OWN_NET_KEY,
    text("scheme", "Scheme", "A scheme of the table `plan` in which memory is used again."),
    text("peak_layer", "Fullest at", "The layer at work at that step."),
    text("block", "Block", "The blob; of several that share memory the first."),
    text("half", "Half", "data, diff (its gradient), or index (a MAX pooling's second output)."),
    whole("bytes", "Bytes", "What it takes for the whole batch.", "bytes"),
)


def build(log: LogLike) -> Built:
    """One row per block, largest first."""
    return [
        {
            **own_net_columns(attempt, fact),
            "scheme": scheme.name,
            "peak_layer": None if (worker := layer_at(fact, scheme.peak)) is None else worker.layer.name,
            "block": block.name,
            "half": block.half,
            "bytes": block.bytes,
        }
        for attempt, fact, net in planned_nets(log)
        for scheme in schemes(net, log.terms.budget_bytes)
        for block in scheme.alive or ()
    ]
