"""A layer whose own definition the log does not hold: rebuilt from its lines and all that the rest of the net tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.assembling.definitions import PROTOTXT, SIBLING
from logparse.cost.inference.by_peers import blocks_of, peers_of
from logparse.cost.inference.names import named_type
from logparse.cost.layer_types import is_loss, traits_of
from logparse.cost.traits import LayerKind
from logparse.recover.grades import DefinedLayer, Grade
from logparse.recover.layers.byshape import by_shape, compares_classes, one_to_one_shapes
from logparse.recover.layers.sources import source_settings
from logparse.recover.layers.untold import Settings, untold, without_untold
from logparse.recover.textprint import writable
from logparse.recover.unsplit import split_tops
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logparse.cost.inference.by_peers import Blocks
    from logparse.cost.spec import LayerSpec
    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Definition, Layer
    from logparse.recover.layers.untold import Others
    from logparse.textproto import Value

_LOSSES: Final = "one number out of several bottoms: a loss, whose shapes are none of a SoftmaxWithLoss"
_ORIGINS: Final = {
    SIBLING: "as the dump of another net of this start defines it",
    PROTOTXT: "as the given prototxt defines it",
    "dump": "as the dump defines an earlier layer of its name",
}
# Never carried over from another layer: how weights begin and how fast they learn is each layer's own.
_NOT_CARRIED: Final = ("weight_filler", "bias_filler", "filler")
_CONVOLUTION: Final = "Convolution"
_MAP_AXES: Final = 2  # batch and channels
_VAGUE: Final = "default settings taken"  # of an inferred cost; here each setting is told apart
_PER_AXIS: Final = frozenset({"kernel_size", "stride", "pad", "dilation"})
_WITH_DEFAULTS: Final = frozenset({"convolution_param", "inner_product_param"})
_DEFAULTS: Final[Mapping[str, Value]] = {"axis": 1, "bias_term": True, "dilation": 1, "group": 1, "pad": 0}
_LEFT_OUT: Final = "fillers, lr_mult and decay_mult are not in the log and are left out"


class Surroundings(NamedTuple):
    """What a layer is rebuilt with.

    `origin` is the blob that a Split's top stands for, `params` the names of shared parameters by layer and place,
    `blocks` which layers of the net have the same role, `others` all layers that are printed.
    """

    origin: Mapping[str, str]
    params: Mapping[str, Mapping[int, str]]
    blocks: Blocks
    others: Others


def surroundings(fact: NetFact, others: Others) -> Surroundings:
    """What the layers of a net are rebuilt with; a definition that is inferred itself is no evidence."""
    specs = [
        one.spec if one.layer.definition is not None else replace(one.spec, definition=None) for one in fact.layers
    ]
    layers = fact.net.layers
    return Surroundings(split_tops(layers), shared_names(layers), blocks_of(specs), others)


def shared_names(layers: Iterable[Layer]) -> dict[str, dict[int, str]]:
    """Layer → index of a parameter → the name that it is shared by, of those that share and of their owners."""
    names: dict[str, dict[int, str]] = {}
    for layer in layers:
        for shared in layer.shared_params:
            for name in (shared.owner, layer.name or ""):
                names.setdefault(name, {}).setdefault(shared.index, shared.param)
    return names


def rebuilt(fact: LayerFact, around: Surroundings) -> DefinedLayer:
    """The layer as far as the log fixes it."""
    layer = fact.layer
    if layer.definition is not None:
        return _defined(layer, layer.definition, around)
    kind, settings = _settings(fact, around)
    fields: dict[str, list[Value]] = {"name": [layer.name or ""]}
    if kind is not None:
        fields["type"] = [kind]
    fields |= _edges(layer, around.origin)
    fields |= _weights(layer, kind)
    fields |= _params(around.params.get(layer.name or "", {}))
    fields |= {name: [message] for name, message in settings.fields.items()}
    stated = (*settings.stated, _LEFT_OUT) if fact.cost.params else settings.stated
    grade = Grade.OPEN if settings.open else Grade.REBUILT
    return DefinedLayer(Message(fields), grade, tuple(dict.fromkeys(stated)), settings.open)


def _defined(layer: Layer, definition: Definition, around: Surroundings) -> DefinedLayer:
    written, lost = writable(definition.message)
    fields = {**written.fields}
    head: dict[str, list[Value]] = {name: fields.pop(name) for name in ("name", "type") if name in fields}
    fields.pop("bottom", None)
    fields.pop("top", None)
    whole = Message({**head, **_edges(layer, around.origin), **fields})
    stated = (_ORIGINS.get(definition.origin, definition.origin),)
    damaged = tuple((name, "what the log prints of it cannot be written") for name in lost)
    return DefinedLayer(whole, Grade.OPEN if damaged else Grade.REBUILT, stated, damaged)


def _edges(layer: Layer, origin: Mapping[str, str]) -> dict[str, list[Value]]:
    """What it reads and writes, by the blobs' own names; a top that Caffe named itself is none."""
    bottoms: list[Value] = [origin.get(name, name) for name in layer.bottoms]
    tops: list[Value] = [top.name for top in layer.tops if top.name and not top.automatic]
    return {name: values for name, values in (("bottom", bottoms), ("top", tops)) if values}


def _weights(layer: Layer, kind: str | None) -> dict[str, list[Value]]:
    """The printed loss weights, where they are not what the type has by itself."""
    weights = [top.loss_weight or 0 for top in layer.tops]
    usual = [1, *(0 for _ in weights[1:])] if is_loss(kind) else [0 for _ in weights]
    return {} if weights == usual or not any(weights) else {"loss_weight": [*weights]}


_MOST_BLOBS: Final = 64  # of one layer; a larger index is a damaged number


def _params(names: Mapping[int, str]) -> dict[str, list[Value]]:
    known = [place for place in names if place < _MOST_BLOBS]
    if not known:
        return {}
    found = [Message({"name": [names[place]]} if place in names else {}) for place in range(max(known) + 1)]
    return {"param": [*found]}


def _settings(fact: LayerFact, around: Surroundings) -> tuple[str | None, Settings]:
    """The layer's type and settings; None where the log does not tell the type."""
    spec, kind = fact.spec, fact.type
    if not fact.layer.bottoms and (kind is None or _is_data(kind)):
        return source_settings(fact.layer)
    if kind == "SoftmaxWithLoss" and fact.layer.type is None and not compares_classes(spec):
        return None, Settings(open=(("type", _LOSSES),))
    carried = without_untold(kind or "", _messages(spec.definition))
    known = Settings(carried, tuple(text for text in fact.assumptions if text != _VAGUE))
    if kind is None:
        kind = _windowed_type(spec)
        if kind is None:
            return None, Settings(open=(("type", fact.cost.params_reason or "nothing tells it"),))
        known = Settings(stated=(f"{kind} by its name",))
    if not known.fields:
        known = known.joined(by_shape(replace(spec, type=kind)))
    peers = [one.definition for one in peers_of(spec, around.blocks) if one.type == kind and one.definition is not None]
    return kind, known.joined(untold(kind, known, peers, around.others))


def _is_data(kind: str) -> bool:
    traits = traits_of(kind)
    return traits is not None and traits.kind is LayerKind.DATA and kind != "Parameter"


def _windowed_type(spec: LayerSpec) -> str | None:
    """A convolution by its name where shapes allow one and only its window is open."""
    pair = one_to_one_shapes(spec)
    is_map = pair is not None and len(pair[0]) == len(pair[1]) > _MAP_AXES
    return _CONVOLUTION if is_map and named_type(spec.name) == _CONVOLUTION else None


def _messages(definition: Message | None) -> dict[str, Message]:
    """The settings of an inferred definition, without what no other layer tells."""
    if definition is None:
        return {}
    found = {}
    for name in definition.fields:
        if name.endswith("_param") and definition.children(name):
            child, _ = writable(definition.child(name))
            fields = {
                key: _once(key, values)
                for key, values in child.fields.items()
                if key not in _NOT_CARRIED and not _is_default(name, key, values)
            }
            found[name] = Message(fields)
    return found


def _is_default(message: str, field: str, values: Sequence[Value]) -> bool:
    """Whether every value is what Caffe takes without: such a field is left out, since an old Caffe may not know it."""
    return message in _WITH_DEFAULTS and field in _DEFAULTS and all(value == _DEFAULTS[field] for value in values)


def _once(name: str, values: list[Value]) -> list[Value]:
    """A window's number for every axis, once where all are equal."""
    return values[:1] if name in _PER_AXIS and all(one == values[0] for one in values) else values
