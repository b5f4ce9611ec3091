"""What tells a net and a layer from all others, and the figures that several tables of nets share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from logparse.derive.facts import NetFact
    from logparse.tables.table import BuiltRow, LogLike

NET_NAME: Final = text("net", "Net", "The net's name in its definition.")
PHASE: Final = text("phase", "Phase", "TRAIN or TEST; NA where nothing tells it.")
NET_INDEX: Final = whole(
    "net_index", "Net #", "Counts every net of an attempt from 0 in order of initialisation, nested ones too."
)
OWN_NET_KEY: Final = (ATTEMPT, NET_NAME, PHASE, NET_INDEX)  # where nets inside a layer have no row
NET_KEY: Final = (
    *OWN_NET_KEY,
    text("nested", "Inside layer", "The recurrent layer whose inner net this is; NA for a net of its own."),
)
LAYER_KEY: Final = (
    *NET_KEY,
    whole("layer_index", "Layer #", "The layer's place in its net, from 0."),
    text("layer", "Layer", "The layer's name; NA where a shape stands in the log without its layer."),
)


def nets_of(log: LogLike) -> Iterator[tuple[int, NetFact]]:
    """Every net of the log with the attempt that set it up."""
    for attempt, nets in log.derived.nets.items():
        for net in nets:
            yield attempt, net


def own_nets(nets: Iterable[NetFact]) -> list[NetFact]:
    """An attempt's nets without those inside a layer: the nets of its run, in the same order."""
    return [fact for fact in nets if fact.net.nested is None]


def own_net_columns(attempt: int, fact: NetFact) -> BuiltRow:
    """The columns of OWN_NET_KEY."""
    return {"attempt": attempt, "net": fact.net.name, "phase": fact.net.phase, "net_index": fact.net.index}


def net_columns(attempt: int, fact: NetFact) -> BuiltRow:
    """The columns of NET_KEY."""
    return {**own_net_columns(attempt, fact), "nested": fact.net.nested}


def macs_of(total: int | None, fact: NetFact) -> tuple[int | None, int | None]:
    """MACs of one image and of the batch; where the log prints shapes without it, its figures are of one image."""
    return (total, fact.of_batch(total)) if fact.is_per_image else (per_batch_item(total, fact.batch), total)


def per_batch_item(total: int | None, batch: int | None) -> int | None:
    """A batch's figure for one image; NA where the batch is not known or does not divide it."""
    if total is None or not batch or total % batch:
        return None
    return total // batch


def bytes_of(count: int | None, element_bytes: int) -> int | None:
    """Bytes of so many values; NA where it is not known how many."""
    return None if count is None else count * element_bytes


def total_of(values: Iterable[int | None]) -> int:
    """The sum of what is known."""
    return sum(value for value in values if value is not None)


def logged_total(fact: NetFact) -> int | None:
    """Caffe's figure for the whole net: the total printed once, or the last running one."""
    if fact.net.total_bytes is not None:
        return fact.net.total_bytes
    running = [one.layer.logged_bytes for one in fact.layers if one.layer.logged_bytes is not None]
    return running[-1] if running else None
