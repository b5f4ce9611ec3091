"""`placement`: where each block of a plan lies in one memory, and from which step to which it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.plan.schemes import schemes
from logparse.derive.facts import layer_at
from logparse.tables.column import text, whole
from logparse.tables.memory.plan import planned_nets
from logparse.tables.nets.key import OWN_NET_KEY, own_net_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.plan.schemes import Scheme
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

_PASSES: Final = "forward, again (forward once more, where data was dropped) or backward"

COLUMNS: Final = (
    *OWN_NET_KEY,
    text("scheme", "Scheme", "A scheme of the table `plan` in which memory is used again."),
    text("block", "Block", "The blob; of several that share memory the first."),
    text("half", "Half", "data, diff (its gradient), or index (a MAX pooling's second output)."),
    whole("bytes", "Bytes", "What it takes for the whole batch.", "bytes"),
    whole("offset_bytes", "Offset", "Where it begins in the memory of the plan.", "bytes"),
    whole("first_step", "From step", "The step that writes it first; the layers go forward in steps 0 and on."),
    whole("last_step", "To step", "The last step that needs it."),
    text("first_pass", "From pass", f"The pass of the first step: {_PASSES}."),
    text("first_layer", "From layer", "The layer at work at the first step."),
    text("last_pass", "To pass", f"The pass of the last step: {_PASSES}."),
    text("last_layer", "To layer", "The layer at work at the last step."),
)


def build(log: LogLike) -> Built:
    """One row per block of each plan, in the order of their first steps."""
    return [
        row
        for attempt, fact, net in planned_nets(log)
        for scheme in schemes(net, log.terms.budget_bytes)
        for row in _rows(attempt, fact, scheme)
    ]


def _rows(attempt: int, fact: NetFact, scheme: Scheme) -> Iterator[BuiltRow]:
    plan, work = scheme.plan, scheme.work
    if plan is None or work is None:
        return
    for block, offset in sorted(zip(plan.blocks, plan.offsets, strict=True), key=lambda one: (one[0].first, one[1])):
        row: BuiltRow = {
            **own_net_columns(attempt, fact),
            "scheme": scheme.name,
            "block": block.name,
            "half": block.half,
            "bytes": block.bytes,
            "offset_bytes": offset,
            "first_step": block.first,
            "last_step": block.last,
        }
        for end, step in (("first", block.first), ("last", block.last)):
            layer = layer_at(fact, work[step].place)
            row |= {f"{end}_pass": work[step].name, f"{end}_layer": None if layer is None else layer.layer.name}
        yield row
