"""`shares`: where a net's weights and its computation sit, by kind of layer and by kernel size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.costing import view_of
from logparse.cost.layer_types import RULES, traits_of
from logparse.cost.rule import Missing
from logparse.cost.rules.convolution import geometry
from logparse.cost.traits import Family
from logparse.tables.column import decimal, text, whole
from logparse.tables.nets.key import NET_KEY, nets_of, own_net_columns, total_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *NET_KEY[:4],
    text("group", "Group", "fully connected, convolution by kernel (1×1, 3×3, larger, depthwise), other."),
    whole("layers", "Layers", "How many layers are of the group."),
    whole("weights", "Weights", "Weights and biases, shared ones once.", "values"),
    whole("macs", "MACs", "Multiply-accumulates of one forward pass of the whole batch.", "MAC"),
    whole("distinct_bytes", "Distinct data", "Bytes of the tops that own memory.", "bytes"),
    decimal("weights_share", "Weights share", "Share of the net's known weights, 0 to 1."),
    decimal("macs_share", "MACs share", "Share of the net's known MACs, 0 to 1."),
    decimal("distinct_share", "Memory share", "Share of the net's distinct data, 0 to 1."),
    whole("unknown", "Unknown", "Layers of the group whose weights or MACs are NA."),
)

DENSE: Final = "fully connected"
POINTWISE: Final = "convolution 1×1"
THREE: Final = "convolution 3×3"
LARGER: Final = "convolution, larger kernel"
OTHER_KERNEL: Final = "convolution, other kernel"
UNKNOWN_KERNEL: Final = "convolution, kernel not known"
DEPTHWISE: Final = "depthwise convolution"
OTHER: Final = "other"
GROUPS: Final = (DENSE, POINTWISE, THREE, LARGER, OTHER_KERNEL, UNKNOWN_KERNEL, DEPTHWISE, OTHER)

_SMALL: Final = 3
_BY_KERNEL: Final = frozenset({Family.CONVOLUTION, Family.DECONVOLUTION})
_GROUP_OF: Final = {Family.FULLY_CONNECTED: DENSE, Family.DEPTHWISE: DEPTHWISE}


def build(log: LogLike) -> Built:
    """One row per net and group of layers."""
    return [row for attempt, net in nets_of(log) for row in _rows(attempt, net)]


def group_of(one: LayerFact) -> str:
    """The group of one layer."""
    traits = traits_of(one.type)
    family = Family.OTHER if traits is None else traits.family
    return _by_kernel(one) if family in _BY_KERNEL else _GROUP_OF.get(family, OTHER)


def _by_kernel(one: LayerFact) -> str:
    try:
        view = view_of(one.spec, RULES["Convolution"])
        found, channels = geometry(view), view.bottom()
        if found.group > 1 and found.group == channels[found.axis]:
            return DEPTHWISE
    except (Missing, IndexError):
        return UNKNOWN_KERNEL
    if all(size == 1 for size in found.kernel):
        return POINTWISE
    if all(size == _SMALL for size in found.kernel):
        return THREE
    return LARGER if max(found.kernel) > _SMALL else OTHER_KERNEL


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    """One row per group that the net has; an inner net has none of its own."""
    if fact.net.nested is not None:
        return []
    groups: dict[str, list[LayerFact]] = {}
    for one in fact.layers:
        groups.setdefault(group_of(one), []).append(one)
    totals = _sums(fact.layers)
    return [_row(attempt, fact, name, groups[name], totals) for name in GROUPS if name in groups]


def _sums(layers: Sequence[LayerFact]) -> tuple[int, int, int]:
    return (
        total_of(one.own_params for one in layers),
        total_of(one.cost.macs.value for one in layers),
        total_of(one.distinct_bytes for one in layers),
    )


def _row(attempt: int, fact: NetFact, name: str, layers: Sequence[LayerFact], totals: tuple[int, int, int]) -> BuiltRow:
    weights, macs, distinct = _sums(layers)
    if fact.is_per_image:  # of the data of a batch nothing is known
        return {
            **_head(attempt, fact, name, layers),
            "weights": weights,
            "macs": fact.of_batch(macs),
            "weights_share": weights / totals[0] if totals[0] else None,
            "macs_share": macs / totals[1] if totals[1] else None,
        }
    shares = [part / total if total else None for part, total in zip((weights, macs, distinct), totals, strict=True)]
    return {
        **_head(attempt, fact, name, layers),
        "weights": weights,
        "macs": macs,
        "distinct_bytes": distinct,
        "weights_share": shares[0],
        "macs_share": shares[1],
        "distinct_share": shares[2],
    }


def _head(attempt: int, fact: NetFact, name: str, layers: Sequence[LayerFact]) -> BuiltRow:
    return {
        **own_net_columns(attempt, fact),
        "group": name,
        "layers": len(layers),
        "unknown": sum(one.own_params is None or one.cost.macs.value is None for one in layers),
    }
