"""Several nets → one list of layers, each once, with rules where a layer is not in all of them.

The list keeps the order of every net: whatever a net's state leaves of it is that net again.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from logparse.recover.grades import Grade, OpenField
from logparse.recover.nets.inputs import inputs_of, with_input_layers
from logparse.recover.nets.phases import stages_for, state_of, with_rules
from logparse.recover.textprint import same
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.recover.grades import DefinedLayer
    from logparse.recover.nets.defined import DefinedNet


class Placed(NamedTuple):
    """A layer and the nets that have it, by their places."""

    piece: DefinedLayer
    nets: frozenset[int]


class Merged(NamedTuple):
    """The layers of one file, its own fields, what is open about it, and the stages made up for nets by their place."""

    fields: Message
    layers: tuple[Placed, ...]
    open: tuple[OpenField, ...]
    stages: Mapping[int, str]


def merged(nets: Sequence[DefinedNet]) -> Merged:
    """One file for several nets; for one net its layers as they are."""
    if len({same(inputs_of(net.fields)) for net in nets}) > 1:
        nets = [with_input_layers(net) for net in nets]
    placed = [Placed(piece, frozenset({0})) for piece in nets[0].layers]
    for place, net in enumerate(nets[1:], 1):
        placed = list(_together(placed, net.layers, place))
    fields, open_fields = _common_fields(nets)
    if len(nets) == 1:
        return Merged(fields, tuple(placed), open_fields, {})
    stages = _needed_stages(nets, placed)
    states = [state_of(net.net) for net in nets]
    states = [
        state._replace(stages=state.stages | {stages[place]}) if place in stages else state
        for place, state in enumerate(states)
    ]
    layers = []
    for one in placed:
        message = with_rules(one.piece.message, states, one.nets)
        changed = message is not one.piece.message
        piece = one.piece._replace(message=message).saying(*([_RULES] if changed else []))
        layers.append(Placed(piece, one.nets))
    return Merged(fields, tuple(layers), open_fields, stages)


_RULES = "its include rules follow from the nets that have it"


def _needed_stages(nets: Sequence[DefinedNet], placed: Sequence[Placed]) -> dict[int, str]:
    """Stages that have to be made up: for test nets of one state that do not have the same layers."""
    states = [state_of(net.net) for net in nets]
    made = stages_for(states)
    return {
        place: stage
        for place, stage in made.items()
        if any(
            (place in one.nets) != (other in one.nets)
            for one in placed
            for other in made
            if states[other] == states[place]
        )
    }


def _together(before: Sequence[Placed], layers: Sequence[DefinedLayer], place: int) -> Iterator[Placed]:
    """The layers of one more net, equal ones once, in an order that both keep."""
    mine, theirs = _keys([one.piece for one in before]), _keys(layers)
    for kind, start, end, first, last in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            for one, other in zip(before[start:end], layers[first:last], strict=True):
                better = min(one.piece, other, key=lambda piece: list(Grade).index(piece.grade))
                yield Placed(better, one.nets | {place})
        else:
            yield from before[start:end]
            yield from (Placed(piece, frozenset({place})) for piece in layers[first:last])


def _keys(layers: Sequence[DefinedLayer]) -> list[tuple[object, int]]:
    """What layers are compared by: the definition, and which of several equal ones it is."""
    seen: dict[object, int] = {}
    keys = []
    for piece in layers:
        key = same(piece.message)
        seen[key] = seen.get(key, 0) + 1
        keys.append((key, seen[key]))
    return keys


def _common_fields(nets: Sequence[DefinedNet]) -> tuple[Message, tuple[OpenField, ...]]:
    """The first net's own fields; one that another net has otherwise is open, but for the net's name."""
    fields = dict(nets[0].fields.fields)
    open_fields = [one for net in nets for one in net.open]
    for net in nets[1:]:
        for name, values in net.fields.fields.items():
            mine = fields.setdefault(name, values)
            if name != "name" and same(Message({name: mine})) != same(Message({name: values})):
                open_fields.append(OpenField(None, name, "it differs between the nets; the first one's is written"))
    return Message(fields), tuple(dict.fromkeys(open_fields))
