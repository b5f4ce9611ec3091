"""`kernels`: a net's convolutions by kernel: how many, their parameters, their computation, and the shares of each.

What Kang (2016) saw in AlexNet, VGG, GoogLeNet and ResNet, kernels that became 3×3 and 1×1, is a column over any set of
logs: the rows of several exports stand below each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.costing import view_of
from logparse.cost.layer_types import RULES, traits_of
from logparse.cost.rule import Missing
from logparse.cost.rules.convolution import depthwise_geometry, geometry
from logparse.cost.traits import Family
from logparse.tables.column import decimal, text, truth, whole
from logparse.tables.nets.key import OWN_NET_KEY, macs_of, nets_of, own_net_columns, total_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    *OWN_NET_KEY,
    text("kernel", "Kernel", "The kernel, height × width; NA where nothing tells it."),
    text("kernel_class", "Class", "1×1, 3×3, larger (a side above 3), other (2×2, 1×3 …); NA where it is not known."),
    text("grouping", "Grouping", "none, groups, or depthwise (a group for each channel)."),
    truth("transposed", "Transposed", "Whether it is a deconvolution."),
    whole("layers", "Layers", "How many convolutions are so."),
    decimal("layers_share", "Layers share", "Share of the net's convolutions, 0 to 1."),
    whole("params", "Params", "Weights and biases, shared ones once.", "values"),
    decimal("params_share", "Params share", "Share of the known params of the net's convolutions, 0 to 1."),
    whole("macs_per_image", "MACs / image", "Multiply-accumulates of one forward pass for one image.", "MAC"),
    decimal("macs_share", "MACs share", "Share of the known MACs of the net's convolutions, 0 to 1."),
    whole("unknown", "Unknown", "Layers of the row whose params or MACs are NA."),
)

_CONVOLVES: Final = frozenset({Family.CONVOLUTION, Family.DECONVOLUTION, Family.DEPTHWISE})
_SMALL: Final = 3


class _Form(NamedTuple):
    """What tells one row of a net from another, in the order in which they stand."""

    area: tuple[int, ...]
    kernel: str | None
    kernel_class: str | None
    grouping: str | None
    transposed: bool


def build(log: LogLike) -> Built:
    """One row per net, kernel, grouping and direction."""
    return [row for attempt, net in nets_of(log) if net.net.nested is None for row in _rows(attempt, net)]


def _rows(attempt: int, fact: NetFact) -> list[BuiltRow]:
    forms: dict[_Form, list[LayerFact]] = {}
    for one in fact.layers:
        form = _form(one)
        if form is not None:
            forms.setdefault(form, []).append(one)
    whole_net = [one for layers in forms.values() for one in layers]
    return [_row(attempt, fact, form, forms[form], whole_net) for form in sorted(forms, key=repr)]


def _form(one: LayerFact) -> _Form | None:
    """The row of a convolution; None for any other layer."""
    traits = traits_of(one.type)
    if traits is None or traits.family not in _CONVOLVES:
        return None
    transposed = traits.family is Family.DECONVOLUTION
    try:
        view = view_of(one.spec, RULES["Convolution"])
        found = depthwise_geometry(view) if traits.depthwise else geometry(view)
        channels = view.bottom()[found.axis]
    except (Missing, IndexError):
        return _Form((), None, None, None, transposed)
    if not found.kernel:  # the printed blobs have no map: the log is damaged, or the definition is not of this layer
        return _Form((), None, None, None, transposed)
    grouping = "none" if found.group == 1 else "depthwise" if found.group == channels else "groups"
    return _Form(found.kernel, "×".join(map(str, found.kernel)), _class(found.kernel), grouping, transposed)


def _class(kernel: tuple[int, ...]) -> str:
    if max(kernel) > _SMALL:
        return "larger"
    if len(set(kernel)) > 1:
        return "other"
    return {1: "1×1", _SMALL: "3×3"}.get(kernel[0], "other")


def _row(
    attempt: int, fact: NetFact, form: _Form, layers: Sequence[LayerFact], whole_net: Sequence[LayerFact]
) -> BuiltRow:
    params, macs = _sums(layers)
    all_params, all_macs = _sums(whole_net)
    return {
        **own_net_columns(attempt, fact),
        "kernel": form.kernel,
        "kernel_class": form.kernel_class,
        "grouping": form.grouping,
        "transposed": form.transposed,
        "layers": len(layers),
        "layers_share": len(layers) / len(whole_net),
        "params": params,
        "params_share": params / all_params if all_params else None,
        "macs_per_image": macs_of(macs, fact)[0],
        "macs_share": macs / all_macs if all_macs else None,
        "unknown": sum(one.own_params is None or one.cost.macs.value is None for one in layers),
    }


def _sums(layers: Sequence[LayerFact]) -> tuple[int, int]:
    return total_of(one.own_params for one in layers), total_of(one.cost.macs.value for one in layers)
