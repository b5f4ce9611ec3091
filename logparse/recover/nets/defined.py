"""One net → its layers in order, without Splits, each with its grade; and the fields of the net itself."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.assembling.definitions import SPLIT, layer_messages
from logparse.cost.types import canonical_type
from logparse.recover.grades import DefinedLayer, Grade, OpenField
from logparse.recover.layers.rebuild import rebuilt, surroundings
from logparse.recover.layers.untold import Others
from logparse.recover.textprint import is_writable, writable
from logparse.recover.unsplit import unsplit
from logparse.textproto import Identifier, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Net
    from logparse.textproto import Value

_DUMP: Final = "dump"
_NO_MAKER: Final = "blobs whose shape no line tells, and that no layer here makes"
_DAMAGED: Final = "what the log prints of it cannot be written"
_BEHIND: Final = "what this form of dump prints behind its layers is cut off"
# Not the file's: layers stand by themselves, the state is given by who loads the file
_NOT_OF_THE_NET: Final = frozenset({"layer", "layers", "state"})


class DefinedNet(NamedTuple):
    """A net as far as the log fixes it: its own fields, its layers in order, what is open about the net itself."""

    net: Net
    fields: Message
    layers: tuple[DefinedLayer, ...]
    open: tuple[OpenField, ...]


def defined_net(fact: NetFact, others: Others) -> DefinedNet:
    """The net's layers: those of its dump, and those that it lacks, rebuilt, each at its place in the set-up."""
    net = fact.net
    dumped = dumped_layers(net)
    lacking = {one.layer.index: one for one in _lacking(fact, dumped)}
    made: dict[int, DefinedLayer] = {}
    if lacking:
        around, named = surroundings(fact, others), _named_tops(fact)
        made = {place: _topped(rebuilt(one, around), named.get(place)) for place, one in lacking.items()}
    layers = list(_in_order(fact, dumped, made))
    fields, open_fields = _net_fields(net, _unmade(layers) if net.dump is None else ())
    return DefinedNet(net, fields, tuple(layers), open_fields)


def dumped_layers(net: Net) -> list[Message]:
    """The layers whose definition the net's own dump holds whole, in today's form, without inserted Splits."""
    if net.dump is None:
        return []
    return unsplit(_named(message) for message in layer_messages(net.dump) if is_writable(message))


def _named(message: Message) -> Message:
    """The type as a string, also where a fork's old enum is no type that is known."""
    kind = message.last("type")
    if not isinstance(kind, Identifier):
        return message
    return Message({**message.fields, "type": [str(canonical_type(kind))]}, line=message.line)


def printed_definitions(nets: Iterable[Net]) -> Others:
    """All layers whose definition some net of an attempt prints."""
    return Others(message for net in nets if net.nested is None for message in dumped_layers(net))


def _lacking(fact: NetFact, dumped: Sequence[Message]) -> Iterator[LayerFact]:
    """The layers that were set up and are not in the dump; those that nobody names are no layers of a file."""
    left = Counter(message.text("name") for message in dumped)
    for one in fact.layers:
        layer = one.layer
        if layer.name is None or (layer.type == SPLIT and not _is_written(one)):
            continue
        if left[layer.name] > 0 and layer.definition is not None and layer.definition.origin == _DUMP:
            left[layer.name] -= 1
        else:
            yield one


def _in_order(fact: NetFact, dumped: Sequence[Message], made: Mapping[int, DefinedLayer]) -> Iterator[DefinedLayer]:
    """The layers of the dump in their order, and before the next of them that is set up, what the dump lacks."""
    rest = deque(DefinedLayer(message, Grade.VERBATIM) for message in dumped)
    left = Counter(layer.name for layer in rest)
    for one in fact.layers:
        place, name = one.layer.index, one.layer.name or ""
        if place in made:
            yield made[place]
        elif left[name]:
            yield from _up_to(name, rest, left)
    yield from rest


def _up_to(name: str, rest: deque[DefinedLayer], left: Counter[str]) -> Iterator[DefinedLayer]:
    """The layers up to the next of that name, taken off the rest; there is one."""
    while True:
        layer = rest.popleft()
        left[layer.name] -= 1
        yield layer
        if layer.name == name:
            return


def _is_written(fact: LayerFact) -> bool:
    """Whether a Split is somebody's own."""
    return fact.layer.definition is not None and fact.layer.definition.origin != _DUMP


def _named_tops(fact: NetFact) -> dict[int, str]:
    """Place of a layer whose tops stand in an excerpt without their names → the blob that its first top must be.

    As its readers' shapes are found: a bottom that nobody names is the nearest unnamed top before it.
    """
    known = {blob.name for blob in fact.net.inputs}
    blank: int | None = None
    found: dict[int, str] = {}
    for one in fact.layers:
        for name in one.layer.bottoms:
            if name not in known and blank is not None:
                found[blank], blank = name, None
            known.add(name)
        if any(not top.name and top.shape is not None for top in one.layer.tops):
            blank = one.layer.index
        known |= {top.name for top in one.layer.tops}
    return found


def _topped(layer: DefinedLayer, top: str | None) -> DefinedLayer:
    if top is None or layer.tops:
        return layer
    fields: dict[str, list[Value]] = {}
    behind = next(name for name in ("bottom", "type", "name") if layer.message.has(name))
    for name, values in layer.message.fields.items():
        fields[name] = values
        if name == behind:
            fields["top"] = [top]
    return layer._replace(message=Message(fields)).saying(f"its top is {top}, which a layer reads and no other makes")


def _unmade(layers: Iterable[DefinedLayer]) -> tuple[str, ...]:
    """Blobs that a layer reads and none before it makes: inputs of the net, or their makers' lines are lost."""
    made: set[str] = set()
    found: dict[str, None] = {}
    for layer in layers:
        found |= dict.fromkeys(name for name in layer.bottoms if name not in made)
        made |= {*layer.tops, *layer.bottoms}
    return tuple(found)


def _net_fields(net: Net, unmade: Sequence[str]) -> tuple[Message, tuple[OpenField, ...]]:
    """The net's name, inputs and settings; inputs that only the set-up tells of, with what is open about them."""
    dump = Message() if net.dump is None else net.dump
    own = {name: values for name, values in dump.fields.items() if name not in _NOT_OF_THE_NET}
    written, lost = writable(Message(own))
    fields = written.fields
    if net.name and "name" not in fields:
        fields = {"name": [net.name], **fields}
    open_fields = [OpenField(None, name, _DAMAGED) for name in lost]
    shapes = {blob.name: blob.shape for blob in net.inputs}
    shapes |= {name: None for name in unmade if name not in shapes}
    if not dump.has("input") and shapes:
        fields |= {"input": [*shapes]}
        unknown = [name for name, shape in shapes.items() if shape is None]
        if unknown:
            open_fields.append(OpenField(None, "input_shape", f"{_NO_MAKER}: {', '.join(unknown)}"))
        else:
            fields["input_shape"] = [Message({"dim": [*shape]}) for shape in shapes.values() if shape is not None]
    if dump.has("layers") and net.dump_cut:
        open_fields.append(OpenField(None, "force_backward", _BEHIND))
    return Message({name: values for name, values in fields.items() if values}), tuple(open_fields)
