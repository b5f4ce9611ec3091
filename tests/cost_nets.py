"""Nets for the tests of `cost/`, built from a few lines of prototxt and the rules' own shapes: no log, no tables."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.costing import cost
from logparse.cost.memory.gradients import FlowLayer, flow_of, learns, propagate_down
from logparse.cost.memory.holdings import NetMemory, Run, Solver
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.spec import LayerSpec
from logparse.cost.types import to_v2
from logparse.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.memory.gradients import Flow
    from logparse.cost.spec import Shape
    from logparse.textproto import Message

LOSSES: Final = ("Loss",)


def net(
    text: str,
    *,
    phase: str = "TRAIN",
    batch: int | None = None,
    element_bytes: int = 4,
    beside: bool = False,
    printed: Mapping[str, Shape] | None = None,
) -> NetMemory:
    """A net of `layer { … }` blocks; `printed` gives the shapes of tops that no definition tells (data layers)."""
    messages, bare = specs(text, phase=phase, printed=printed)
    flows = flow_of([_flow_layer(message, spec) for message, spec in zip(messages, bare, strict=True)])
    layers = (_layer(message, spec, flow) for message, spec, flow in zip(messages, bare, flows, strict=True))
    return NetMemory(tuple(layers), element_bytes, beside, batch)


def specs(
    text: str, *, phase: str = "TRAIN", printed: Mapping[str, Shape] | None = None
) -> tuple[list[Message], list[LayerSpec]]:
    """The definitions of such a net, and its layers with their shapes."""
    messages = [to_v2(message) for message in parse(text).root.children("layer")]
    shapes: dict[str, Shape] = dict(printed or {})
    return messages, [_bare(message, shapes, phase) for message in messages]


def run(*nets: NetMemory, command: str = "train", solver: Solver = Solver()) -> Run:  # noqa: B008 - frozen
    """A run of these nets."""
    return Run(command, nets, solver)


def _bare(message: Message, shapes: dict[str, Shape], phase: str) -> LayerSpec:
    """The layer with its shapes, which are handed on to the layers behind it."""
    bottoms, tops = message.texts("bottom"), message.texts("top")
    in_place = tuple(top in bottoms for top in tops)
    given = tuple(shapes.get(top) if not bottoms else None for top in tops)
    spec = LayerSpec(
        name=message.text("name") or (tops[0] if tops else message.text("type")),
        type=message.text("type"),
        definition=message,
        bottoms=tuple(shapes.get(name) for name in bottoms),
        tops=given,
        in_place=in_place,
        phase=phase,
    )
    expected = (*cost(spec).expected_tops, *(None,) * len(tops))
    told = tuple(stated if stated is not None else rule for stated, rule in zip(given, expected, strict=False))
    shapes.update({name: shape for name, shape in zip(tops, told, strict=True) if shape is not None})
    return LayerSpec(spec.name, spec.type, message, spec.bottoms, told, in_place, phase)


def _losses(message: Message) -> tuple[bool, ...]:
    """Whether a top has a loss weight: stated, else the first top of a loss layer has one."""
    stated = message.numbers("loss_weight")
    tops = message.texts("top")
    if stated:
        return tuple(place < len(stated) and stated[place] != 0 for place in range(len(tops)))
    return tuple(place == 0 and message.text("type").endswith(LOSSES) for place in range(len(tops)))


def _flow_layer(message: Message, spec: LayerSpec) -> FlowLayer:
    blobs = len(cost(spec).params or ())
    return FlowLayer(
        message.texts("bottom"),
        message.texts("top"),
        learns=learns(message, blobs),
        loss=any(_losses(message)),
        propagate_down=propagate_down(message),
    )


def _layer(message: Message, bare: LayerSpec, flow: Flow) -> LayerMemory:
    spec = LayerSpec(
        bare.name, bare.type, message, bare.bottoms, bare.tops, bare.in_place, bare.phase, flow.backward, flow.bottoms
    )
    params = cost(spec).params
    return LayerMemory(
        spec=spec,
        kind=known_type(spec.type),
        bottoms=message.texts("bottom"),
        tops=message.texts("top"),
        counts=tuple(None if top is None else prod(top) for top in spec.tops),
        losses=_losses(message),
        params=params,
        owned=tuple(range(len(params or ()))),
    )


def named(layers: Sequence[LayerMemory], name: str) -> LayerMemory:
    """The layer of that name."""
    return next(layer for layer in layers if layer.spec.name == name)
