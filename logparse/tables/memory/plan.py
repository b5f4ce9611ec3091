"""`plan`: what a net's blobs would take by other rules of keeping them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.plan.schemes import as_yjxiong, schemes
from logparse.derive.facts import layer_at
from logparse.tables.column import text, whole
from logparse.tables.nets.key import OWN_NET_KEY, own_net_columns, own_nets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.plan.schemes import Scheme
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *OWN_NET_KEY,
    text(
        "scheme",
        "Scheme",
        "caffe (as Caffe keeps blobs); in_place (with every layer in place that may be); inference, inference_index "
        "(data while it is read, without and with an index beside each MAX pooling); training_caffe, training_cudnn "
        "(data and gradients while they are read, by engine); checkpoint_sqrt, checkpoint_best (data worked out twice, "
        "in √n segments, and in those that need least, or cost least within a budget where one is set); yjxiong_v2 "
        "(what that fork's own plan would do).",
    ),
    text("counted", "Counted", "What is in the figures and what is not."),
    whole("bytes", "Bytes", "What the blobs of the whole batch take by this scheme.", "bytes"),
    whole("bound_bytes", "Bound", "What no plan of the scheme can go below; NA where nothing is planned.", "bytes"),
    text("peak_layer", "Fullest at", "The layer at work where most is alive."),
    text("peak_pass", "Fullest in", "The pass of that step: forward, again (forward once more) or backward."),
    whole("extra_macs", "Extra MACs", "Forward multiply-accumulates that are worked out a second time.", "MACs"),
    whole("saves_bytes", "Saves", "Against what Caffe keeps of the same: data alone, or gradients too.", "bytes"),
    text(
        "basis",
        "Basis",
        "model: by what each layer reads, none was run; optimal where bytes is the bound; whether a budget is met.",
    ),
)


def build(log: LogLike) -> Built:
    """One row per net and scheme."""
    return [
        row for attempt, fact, net in planned_nets(log) for row in _rows(attempt, fact, net, log.terms.budget_bytes)
    ]


def planned_nets(log: LogLike) -> Iterator[tuple[int, NetFact, NetMemory]]:
    """Attempt, net, and the net as the memory rules see it; those inside a layer are that layer's."""
    for index, nets in log.derived.nets.items():
        for fact, net in zip(own_nets(nets), log.derived.runs[index].nets, strict=True):
            if net.layers:
                yield index, fact, net


def _left_alone(fact: NetFact) -> frozenset[str]:
    """The blobs that the net's own definition keeps out of a plan of that fork."""
    dump = fact.net.dump
    return frozenset(map(str, dump.child("mem_param").all("exclude_blob"))) if dump is not None else frozenset()


def _rows(attempt: int, fact: NetFact, net: NetMemory, budget_bytes: int | None) -> Iterator[BuiltRow]:
    for scheme in (*schemes(net, budget_bytes), as_yjxiong(net, _left_alone(fact))):
        known = scheme.kept is not None and scheme.bytes is not None
        yield {
            **own_net_columns(attempt, fact),
            "scheme": scheme.name,
            "counted": scheme.counted,
            "bytes": scheme.bytes,
            "bound_bytes": scheme.bound,
            "peak_layer": None if (worker := layer_at(fact, scheme.peak)) is None else worker.layer.name,
            "peak_pass": scheme.peak_pass,
            "extra_macs": scheme.extra_macs,
            "saves_bytes": (scheme.kept or 0) - (scheme.bytes or 0) if known else None,
            "basis": _basis(scheme, budget_bytes if scheme.name == "checkpoint_best" else None),
        }


def _basis(scheme: Scheme, budget_bytes: int | None) -> str:
    if scheme.bytes is None:
        return f"unknown: {scheme.reason}"
    if scheme.bound is None:
        return "shapes" if scheme.name != "yjxiong_v2" else "model: the fork's code, replayed"
    optimal = ", optimal" if scheme.bytes == scheme.bound else ""
    if budget_bytes is None:
        return f"model{optimal}"
    return f"model{optimal}, {'within' if scheme.bytes <= budget_bytes else 'above'} the budget"
