"""Which layers do backward and which bottoms get a gradient, as Net::Init decides it.

Source: net.cpp, Net::Init and AppendBottom. The log prints the result per layer ("needs backward
computation"); per bottom it follows from the layer that makes the blob, unless `propagate_down` or
`force_backward` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.layer_types import is_loss, traits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.textproto import Message


class FlowLayer(NamedTuple):
    """One layer as the decision sees it, splits included, in the net's order.

    `learns` is whether it has a parameter with lr_mult ≠ 0, `loss` whether one of its tops has a loss
    weight, `propagate_down` the definition's list (empty where it states none). `forced_bottoms` tells
    per bottom whether `force_backward` may reach it (a label is never reached).
    """

    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    learns: bool
    loss: bool
    propagate_down: tuple[bool, ...] = ()
    forced_bottoms: tuple[bool, ...] = ()


class Flow(NamedTuple):
    """The decision for one layer: whether it does backward, and per bottom whether a gradient is passed down."""

    backward: bool
    bottoms: tuple[bool, ...]


def _upward(layers: Sequence[FlowLayer]) -> list[Flow]:
    """From the data up: what could need a gradient, because something below it learns."""
    blob_needs: dict[str, bool] = {}
    found = []
    for layer in layers:
        from_below = tuple(blob_needs.get(name, False) for name in layer.bottoms)
        stated = layer.propagate_down
        bottoms = stated if len(stated) == len(layer.bottoms) and stated else from_below
        needs = layer.learns or any(from_below) or any(bottoms)
        blob_needs.update(dict.fromkeys(layer.tops, needs))
        found.append(Flow(needs, bottoms))
    return found


def _downward(layers: Sequence[FlowLayer], flows: list[Flow]) -> list[Flow]:
    """From the losses down: nothing is needed where no loss stands above, or all tops are skipped."""
    under_loss: set[str] = set()
    skipped: set[str] = set()
    for place in range(len(layers) - 1, -1, -1):
        layer, flow = layers[place], flows[place]
        contributes = layer.loss or any(top in under_loss for top in layer.tops)
        skips = all(top in skipped for top in layer.tops)
        if flow.backward and skips:
            flow = Flow(backward=False, bottoms=(False,) * len(flow.bottoms))
        if not contributes:
            flow = Flow(backward=False, bottoms=(False,) * len(flow.bottoms))
        flows[place] = flow
        under_loss.update(layer.bottoms if contributes else ())
        skipped.update(name for name, needs in zip(layer.bottoms, flow.bottoms, strict=True) if not needs)
    return flows


def flow_of(layers: Sequence[FlowLayer], *, force_backward: bool = False) -> tuple[Flow, ...]:
    """The decision for every layer of a net, from definitions and data flow alone; pure.

    With `force_backward` every layer does backward and every bottom that may get a gradient gets one.
    """
    flows = _downward(layers, _upward(layers))
    if not force_backward:
        return tuple(flows)
    return tuple(
        flow._replace(backward=True, bottoms=_forced(layer, flow)) for layer, flow in zip(layers, flows, strict=True)
    )


def _forced(layer: FlowLayer, flow: Flow) -> tuple[bool, ...]:
    allowed = layer.forced_bottoms or (True,) * len(flow.bottoms)
    return tuple(needs or may for needs, may in zip(flow.bottoms, allowed, strict=True))


def printed_flow(
    layers: Sequence[FlowLayer], printed: Sequence[bool | None], *, force_backward: bool = False
) -> tuple[Flow, ...]:
    """The decision as the log prints it per layer, brought down to the bottoms.

    A bottom gets a gradient where the layer that made it does backward, unless the definition's
    `propagate_down` says otherwise. Where the log does not print a flag, the definitions decide.
    """
    if force_backward:
        return flow_of(layers, force_backward=True)
    flags = [told for told in printed if told is not None]
    if len(flags) < len(layers):
        own = flow_of(layers)
        flags = [flow.backward if told is None else told for flow, told in zip(own, printed, strict=True)]
    maker: dict[str, bool] = {}
    found = []
    for layer, backward in zip(layers, flags, strict=True):
        found.append(Flow(backward, _told_bottoms(layer, maker, backward=backward)))
        maker.update(dict.fromkeys(layer.tops, backward))
    return tuple(found)


def _told_bottoms(layer: FlowLayer, maker: dict[str, bool], *, backward: bool) -> tuple[bool, ...]:
    if not backward:
        return (False,) * len(layer.bottoms)
    if layer.propagate_down and len(layer.propagate_down) == len(layer.bottoms):
        return layer.propagate_down
    return tuple(maker.get(name, False) for name in layer.bottoms)


def forced_bottoms(kind: str | None, count: int) -> tuple[bool, ...]:
    """Per bottom, whether force_backward reaches it (AllowForceBackward of the layer's class)."""
    traits = traits_of(kind)
    unforced = ((1,) if is_loss(kind) else ()) if traits is None else traits.unforced
    return tuple(place not in unforced for place in range(count))


def learns(definition: Message | None, blobs: int) -> bool:
    """Whether any of the layer's `blobs` parameter blobs has lr_mult ≠ 0, as the net reads it.

    A blob without a `param` block has 1. BatchNorm freezes its statistics in its own copy only, so
    without `param` blocks it makes the net go backward although nothing in it learns.
    """
    stated = [param.number("lr_mult", 1) for param in definition.children("param")] if definition is not None else []
    return any(rate != 0 for rate in (*stated[:blobs], *(1,) * (blobs - len(stated))))


def propagate_down(definition: Message | None) -> tuple[bool, ...]:
    """The definition's `propagate_down` list; empty where there is none."""
    if definition is None:
        return ()
    return tuple(value in (True, 1, "true") for value in definition.all("propagate_down"))
