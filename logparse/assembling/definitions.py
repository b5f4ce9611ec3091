"""A net's definition, joined to the layers that were set up from it.

The dump stands after filtering by phase and before splits are inserted, in the order of the layers. Two layers
may have the same name (the inner net of an LSTM names all its inputs and slices alike), so layers and definitions
are walked side by side: a layer takes the next definition of its name that is not taken yet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.fields import Choice
from logparse.cost.types import canonical_type, to_v2
from logparse.errors import DefinitionError, Note
from logparse.model import MOST_VALUES, Definition
from logparse.textproto import Message, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.assembling.builders import LayerBuilder
    from logparse.model import Attempt, Blob, Layer, Net
    from logparse.textproto import Value

# net_parameters are "Initializing net from parameters:" and its dump; glog's limit is 30,000 with the end mark.
GLOG_LIMIT_BYTES: Final = 29_999
_NEAR_LIMIT: Final = 150  # the header and the first line count too
SPLIT: Final = "Split"
PROTOTXT: Final = "prototxt"
SIBLING: Final = "other net's dump"
_PHASE: Final = Choice("phase", ("TRAIN", "TEST"), "TRAIN")
# Nothing here changes a shape, a count or a cost.
_COSTLESS: Final = frozenset(
    {
        "weight_filler",
        "bias_filler",
        "filler",
        "source",
        "data_param",
        "transform_param",
        "image_data_param",
        "hdf5_data_param",
        "window_data_param",
        "memory_data_param",
        "engine",
    }
)
_LEGACY_AXES: Final = 4  # num, channels, height, width
_SPLIT_NAME: Final = re.compile(r".+_\d+_split\Z", re.DOTALL)


class ParsedDump(NamedTuple):
    """A parsed dump, and whether it was cut."""

    message: Message
    cut: bool


def read_dump(text: str) -> ParsedDump | None:
    """Parse a dump; None where nothing stands in it."""
    if not text.strip():
        return None
    if len(text.encode("utf-8", "surrogatepass")) < GLOG_LIMIT_BYTES - _NEAR_LIMIT:
        document = parse(text)
        if not document.cut:
            return ParsedDump(document.root, cut=False)
    return ParsedDump(parse(text, cut=True).root, cut=True)


def layer_messages(net: Message) -> list[Message]:
    """The complete layer definitions of a net in V2 form, in order; a cut one is left out."""
    found = [*net.children("layer"), *net.children("layers")]
    return [to_v2(message) for message in found if message.complete]


def stated_inputs(inputs: Iterable[Blob], net: Message | None) -> tuple[Blob, ...]:
    """A net's inputs with the shapes that its definition states: `input_dim`, four for each, or `input_shape`.

    Source: net.cpp, AppendTop of rc2 and rc3, which looks at `input_dim` first. Later releases make an Input layer of
    both (UpgradeNetInput in upgrade_proto.cpp), so that none of these fields is left in the dump.
    """
    if net is None:
        return tuple(inputs)
    names = [str(name) for name in net.all("input")]
    dims = net.integers("input_dim")
    shapes = list(zip(*(dims[axis::_LEGACY_AXES] for axis in range(_LEGACY_AXES)), strict=False))
    shapes = shapes or [shape.integers("dim") for shape in net.children("input_shape")]
    known = {name: shape for name, shape in zip(names, shapes, strict=False) if _is_of_a_blob(shape)}
    return tuple(
        replace(blob, shape=known[blob.name], count=prod(known[blob.name])) if blob.name in known else blob
        for blob in inputs
    )


def _is_of_a_blob(shape: tuple[int, ...]) -> bool:
    return bool(shape) and min(shape) > 0 and prod(shape) <= MOST_VALUES


def phase_of(net: Message) -> str | None:
    """The phase in a dump's `state { phase: TEST }`, or None."""
    phase = net.child("state").text("phase")
    return phase if phase in ("TRAIN", "TEST") else None


class Definitions:
    """Definitions by layer name, each given once; repeated where all are taken (a name set up twice)."""

    def __init__(self, messages: Iterable[Message], origin: str) -> None:
        self._origin = origin
        self._by_name: dict[str, list[Message]] = {}
        for message in messages:
            self._by_name.setdefault(message.text("name"), []).append(message)
        self._given: dict[str, int] = {}

    def take(self, name: str) -> Definition | None:
        """The next definition of that name."""
        found = self._by_name.get(name)
        if not found:
            return None
        place = self._given.get(name, 0)
        self._given[name] = place + 1
        return Definition(found[min(place, len(found) - 1)], self._origin)


def type_of(definition: Definition | None, layer: LayerBuilder) -> str | None:
    """The layer's type in V2 spelling: from its definition, from the log, or a split by its shape in the log."""
    if definition is not None:
        return canonical_type(definition.message.text("type")) or None
    if layer.type is not None:
        return canonical_type(layer.type)
    return SPLIT if is_split(layer) else None


def is_split(layer: LayerBuilder) -> bool:
    """Whether Caffe inserted it (insert_splits.cpp): named BLOB_LAYER_INDEX_split, its tops NAME_0, NAME_1 …."""
    name = layer.name or ""
    if not _SPLIT_NAME.match(name) or len(layer.bottoms) != 1 or not layer.tops:
        return False
    return all(top.name == f"{name}_{place}" for place, top in enumerate(layer.tops))


def read_prototxt(text: str, source: str) -> Message:
    """A user's network definition.

    Raises DefinitionError where the text is no text format (with the line), or holds no layer.
    """
    document = parse(text)
    if document.errors or document.cut:
        line, why = document.errors[0] if document.errors else (text.count("\n") + 1, "it ends inside a message")
        raise DefinitionError(
            f"{source}:{line}: not a network definition: {why}",
            remedy="Give the .prototxt that the net was trained from.",
        )
    if not (document.root.children("layer") or document.root.children("layers")):
        raise DefinitionError(
            f"{source}: no layer in this definition", remedy="Give a net's .prototxt, not a solver's."
        )
    return document.root


def rules_allow(message: Message, phase: str | None) -> bool:
    """Whether a prototxt's layer belongs to a phase (include/exclude rules; stages are not known to a log)."""
    if phase is None:
        return True
    include = [_PHASE.stated(rule) for rule in message.children("include") if rule.has("phase")]
    exclude = [_PHASE.stated(rule) for rule in message.children("exclude") if rule.has("phase")]
    return (not include or phase in include) and phase not in exclude


def fill_from_siblings(nets: list[Net]) -> tuple[Net, ...]:
    """Give the layers that lack a definition that of another net of the attempt.

    Train and test net share weights by layer name, and Caffe insists on equal shapes (Net::ShareTrainedLayersWith).
    Sources are left alone: they are what differs. Inner nets stand for themselves.
    """
    outer = [net for net in nets if net.nested is None]
    if len(outer) < 2 or all(layer.definition is not None for net in outer for layer in net.layers):
        return tuple(nets)
    known: dict[str, Definition] = {}
    for net in outer:
        for layer in net.layers:
            if layer.name is not None and layer.definition is not None and layer.bottoms:
                known.setdefault(layer.name, Definition(layer.definition.message, SIBLING))
    return tuple(net if net.nested is not None else _with_known(net, known) for net in nets)


def _with_known(net: Net, known: dict[str, Definition]) -> Net:
    layers = tuple(_filled(layer, known.get(layer.name or ""), net.phase) for layer in net.layers)
    return replace(net, layers=layers)


def _filled(layer: Layer, given: Definition | None, phase: str | None) -> Layer:
    if given is None or layer.definition is not None or not layer.bottoms or not rules_allow(given.message, phase):
        return layer
    kind = canonical_type(given.message.text("type")) or layer.type
    if layer.type not in (None, kind):
        return layer
    return replace(layer, definition=given, type=kind)


class _Fill(NamedTuple):
    """Definitions from a prototxt for one net, and where they differ from the dump's."""

    net: Net
    notes: tuple[Note, ...]


def apply_prototxt(attempts: tuple[Attempt, ...], prototxt: Message) -> tuple[tuple[Attempt, ...], tuple[Note, ...]]:
    """Fill the layers that lack a definition from a user's prototxt, matched by name; the dump stays first.

    An inner net of a recurrent layer is Caffe's own: no prototxt describes it.
    """
    messages = layer_messages(prototxt)
    notes: list[Note] = []
    filled = []
    for attempt in attempts:
        nets = [_fill(net, prototxt, messages) if net.nested is None else _Fill(net, ()) for net in attempt.nets]
        notes.extend(note for one in nets for note in one.notes)
        filled.append(replace(attempt, nets=tuple(one.net for one in nets)))
    if not any(
        layer.definition is not None and layer.definition.origin == PROTOTXT
        for one in filled
        for net in one.nets
        for layer in net.layers
    ):
        notes.extend(_unused(filled, messages))
    return tuple(filled), tuple(notes)


def _fill(net: Net, prototxt: Message, messages: list[Message]) -> _Fill:
    mine = Definitions((message for message in messages if rules_allow(message, net.phase)), PROTOTXT)
    layers, notes = [], []
    for layer in net.layers:
        given = mine.take(layer.name) if layer.name is not None else None
        if given is not None and layer.definition is None:
            kind = canonical_type(given.message.text("type")) or layer.type
            layer = replace(layer, definition=given, type=kind)  # noqa: PLW2901 - the filled layer takes its place
        elif given is not None and layer.definition is not None:
            notes.extend(_differences(net, layer, given))
        layers.append(layer)
    return _Fill(replace(net, layers=tuple(layers), inputs=_inputs(net, prototxt)), tuple(notes))


def _inputs(net: Net, prototxt: Message) -> tuple[Blob, ...]:
    """The net's inputs; where the dump states no shape for one, the prototxt's."""
    given = {blob.name: blob for blob in stated_inputs(net.inputs, prototxt)}
    return tuple(given[blob.name] if blob.shape is None else blob for blob in net.inputs)


def _differences(net: Net, layer: Layer, given: Definition) -> list[Note]:
    """Parameter messages that differ between the dump and the prototxt; fillers and sources cost nothing."""
    dumped = layer.definition.message if layer.definition is not None else given.message
    if canonical_type(dumped.text("type")) != canonical_type(given.message.text("type")):
        names = ["type"]
    else:
        fields = (set(dumped.fields) | set(given.message.fields)) - _COSTLESS
        names = [
            name
            for name in sorted(fields)
            if name.endswith("_param") and not _same(dumped.child(name), given.message.child(name))
        ]
    phase = net.phase or "net"
    return [
        Note(
            layer.line,
            f"{name} of layer {layer.name!r} ({phase}) differs between the log and the prototxt",
            "The log's own definition is used.",
        )
        for name in names
    ]


def _same(dumped: Message, given: Message) -> bool:
    keys = (set(dumped.fields) | set(given.fields)) - _COSTLESS
    return all(repr(_plain(dumped.all(key))) == repr(_plain(given.all(key))) for key in keys)


def _plain(values: list[Value]) -> list[object]:
    return [dict(value.fields) if isinstance(value, Message) else value for value in values]


def _unused(attempts: list[Attempt], messages: list[Message]) -> list[Note]:
    names = {message.text("name") for message in messages}
    layers = [layer for attempt in attempts for net in attempt.nets for layer in net.layers]
    if not layers:
        return [Note(None, "the prototxt was not used", "The log sets up no net.")]
    if any(layer.name in names for layer in layers):
        return []
    return [
        Note(None, "the prototxt was not used", "No layer of the log has a name that stands in it: is it this net's?")
    ]
