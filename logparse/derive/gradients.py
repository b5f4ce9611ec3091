"""Which layers of a net do backward and which bottoms get a gradient: the printed flags, brought to the costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.costing import with_backward
from logparse.cost.layer_types import is_loss
from logparse.cost.memory.gradients import FlowLayer, forced_bottoms, learns, printed_flow, propagate_down

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.inference.lacking import Resolved
    from logparse.cost.memory.gradients import Flow
    from logparse.model import Layer, Net


def with_gradients(net: Net, settled: Sequence[Resolved]) -> list[Resolved]:
    """The layers told which bottoms get a gradient, and what their backward pass then multiplies.

    By the printed flags, and by the definitions where none is printed.
    """
    forced = net.dump is not None and net.dump.flag("force_backward", default=False)
    decided = forced or any(layer.backward is None for layer in net.layers)
    flow = [_flow(layer, one, weigh=decided) for layer, one in zip(net.layers, settled, strict=True)]
    flags = printed_flow(flow, [layer.backward for layer in net.layers], force_backward=forced)
    return [
        _told(one, flag, backward=forced or _decided(net, layer, flag), forced=forced)
        for one, layer, flag in zip(settled, net.layers, flags, strict=True)
    ]


def _told(one: Resolved, flag: Flow, *, backward: bool | None, forced: bool) -> Resolved:
    spec = one.spec.with_flow(flag.bottoms, backward=backward, forced=forced)
    return one._replace(spec=spec, cost=with_backward(one.cost, spec))


def _decided(net: Net, layer: Layer, flag: Flow) -> bool | None:
    """Whether the layer does backward; None where neither its flag nor a whole definition of the net tells."""
    if layer.backward is not None:
        return layer.backward
    return flag.backward if net.dump is not None and not net.dump_cut else None


def _flow(layer: Layer, one: Resolved, *, weigh: bool) -> FlowLayer:
    """`weigh` is whether a flag is missing, so that it matters what learns, what is a loss and what may be forced."""
    definition = one.spec.definition
    tops = tuple(top.name for top in layer.tops)
    if not weigh:
        return FlowLayer(layer.bottoms, tops, learns=False, loss=False, propagate_down=propagate_down(definition))
    weights = (top.loss_weight for top in layer.tops)
    return FlowLayer(
        bottoms=layer.bottoms,
        tops=tops,
        learns=learns(definition, len(one.cost.params or ())),
        loss=any(weight is not None for weight in weights) or is_loss(layer.type),
        propagate_down=propagate_down(definition),
        forced_bottoms=forced_bottoms(layer.type, len(layer.bottoms)),
    )
