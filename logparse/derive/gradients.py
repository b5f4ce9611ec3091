"""Which layers of a net do backward and which bottoms get a gradient: the printed flags, brought to the costing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from logparse.cost.inference.infer import cost_or_infer
from logparse.cost.layer_types import is_loss
from logparse.cost.memory.gradients import FlowLayer, forced_bottoms, learns, printed_flow

if TYPE_CHECKING:
    from logparse.cost.memory.gradients import Flow
    from logparse.cost.spec import LayerSpec
    from logparse.model import Layer, Net


def with_gradients(net: Net, specs: list[LayerSpec]) -> list[LayerSpec]:
    """The specs told which bottoms get a gradient: by the printed flags, and by the definitions where none is."""
    forced = net.dump is not None and net.dump.flag("force_backward", default=False)
    decided = forced or any(layer.backward is None for layer in net.layers)
    flow = [_flow(layer, spec, weigh=decided) for layer, spec in zip(net.layers, specs, strict=True)]
    flags = printed_flow(flow, [layer.backward for layer in net.layers], force_backward=forced)
    if not decided:
        return [replace(spec, bottom_needs_grad=flag.bottoms) for spec, flag in zip(specs, flags, strict=True)]
    return [
        replace(spec, bottom_needs_grad=flag.bottoms, force_backward=forced, backward=_decided(net, layer, flag))
        for spec, layer, flag in zip(specs, net.layers, flags, strict=True)
    ]


def _decided(net: Net, layer: Layer, flag: Flow) -> bool | None:
    """Whether the layer does backward; None where neither its flag nor a whole definition of the net tells."""
    if layer.backward is not None:
        return layer.backward
    return flag.backward if net.dump is not None and not net.dump_cut else None


def _flow(layer: Layer, spec: LayerSpec, *, weigh: bool) -> FlowLayer:
    """`weigh` is whether a flag is missing, so that it matters what learns."""
    definition = spec.definition
    stated = tuple(value is True for value in definition.all("propagate_down")) if definition is not None else ()
    blobs = len(cost_or_infer(spec).params or ()) if weigh else 0
    weights = (top.loss_weight for top in layer.tops)
    return FlowLayer(
        bottoms=layer.bottoms,
        tops=tuple(top.name for top in layer.tops),
        learns=learns(definition, blobs),
        loss=any(weight is not None for weight in weights) or is_loss(layer.type),
        propagate_down=stated,
        forced_bottoms=forced_bottoms(layer.type, len(layer.bottoms)),
    )
