"""A training or test net → the net that is deployed, by the recipe that BVLC's wiki gives for its own models.

Data layers become Input layers of the shapes that the log prints, the batch as it was; labels, losses and measures go,
and whatever fed only them; a SoftmaxWithLoss becomes a Softmax. What trains (fillers, multipliers, loss weights, rules)
goes too. A head of less loss weight than another is an auxiliary one, and goes with its branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.layer_types import is_loss
from logparse.formats import enumerated
from logparse.recover.grades import DefinedLayer, Grade
from logparse.recover.nets.graph import coming_from, feeding_weights, is_source_piece, needed_for, read_by_nobody
from logparse.recover.nets.inputs import input_layer, shapes_of, with_input_layers
from logparse.recover.textprint import field_lines, quoted, same
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.recover.nets.defined import DefinedNet
    from logparse.textproto import Value


class _Head(NamedTuple):
    """What a loss becomes: the layer that makes its scores, and the settings that it keeps."""

    type: str
    settings: str


_HEADS: Final[Mapping[str, _Head]] = {
    "SoftmaxWithLoss": _Head("Softmax", "softmax_param"),
    "SigmoidCrossEntropyLoss": _Head("Sigmoid", "sigmoid_param"),
}
_PROB: Final = "prob"  # the top's name in every deploy net of BVLC's
_MEASURES: Final = frozenset({"Accuracy", "SegAccuracy", "DetectionEvaluate"})
_TRAINING_FIELDS: Final = frozenset({"include", "exclude", "loss_weight", "propagate_down", "phase"})
_WITHOUT: Final = "without what only trains"
_FILLERS: Final = frozenset({"weight_filler", "bias_filler", "filler"})


class Deployed(NamedTuple):
    """The net that is deployed, and what was done for it."""

    pieces: DefinedNet
    said: tuple[str, ...]


def deployed(pieces: DefinedNet) -> Deployed:
    """The net as it is deployed."""
    net = with_input_layers(pieces)
    layers = net.layers
    labels = _labels(layers)
    gone = {place for place, piece in enumerate(layers) if _is_measured(piece, labels)}
    heads, auxiliary = _heads(layers)
    kept_places, outputs = _kept(layers, gone, labels, auxiliary)
    kept = [layers[place] for place in sorted(kept_places)]
    body = [one for piece in kept for one in _changed(piece, kept, pieces)]
    made = list(_made_heads([layers[place] for place in heads], [*body, *kept]))
    dropped = [piece for place, piece in enumerate(layers) if place not in kept_places and place not in heads]
    said = (*_said(dropped, [layers[place] for place in auxiliary], outputs), *_transforms(layers))
    return Deployed(net._replace(layers=(*body, *made)), said)


def _labels(layers: Sequence[DefinedLayer]) -> set[str]:
    """What comes from the data layers and feeds no weights: labels, and what is made of them alone."""
    used = feeding_weights(layers)
    return coming_from(layers, {top for piece in layers if is_source_piece(piece) for top in piece.tops} - used)


def _is_measured(piece: DefinedLayer, labels: set[str]) -> bool:
    """Whether a layer compares with labels, is made of labels, or makes nothing."""
    kind = piece.message.text("type")
    if is_source_piece(piece):
        return False
    return not piece.tops or is_loss(kind) or kind in _MEASURES or bool(labels & set(piece.bottoms))


def _heads(layers: Sequence[DefinedLayer]) -> tuple[list[int], list[int]]:
    """The losses that become layers, and those that are auxiliary: of less weight than another."""
    found = {at: _weight(one) for at, one in enumerate(layers) if one.message.text("type") in _HEADS and one.bottoms}
    most = max(found.values(), default=0)
    return [at for at, weight in found.items() if weight == most], [at for at, weight in found.items() if weight < most]


def _weight(piece: DefinedLayer) -> float:
    weights = piece.message.numbers("loss_weight")
    return weights[0] if weights else 1


def _kept(
    layers: Sequence[DefinedLayer], gone: set[int], labels: set[str], auxiliary: Sequence[int]
) -> tuple[set[int], list[str]]:
    """The layers that lead to an output, and the outputs: what the net gave, and what was compared with labels."""
    aside = {name for place in auxiliary for name in layers[place].bottoms}
    compared = [name for place in sorted(gone) for name in layers[place].bottoms if name not in labels | aside]
    rest = [piece for place, piece in enumerate(layers) if place not in gone]
    given = [name for name in read_by_nobody(rest) if name not in labels | aside | _read(layers, gone)]
    outputs = list(dict.fromkeys([*compared, *given]))
    return _needed(layers, gone, outputs), outputs


def _needed(layers: Sequence[DefinedLayer], gone: set[int], outputs: Sequence[str]) -> set[int]:
    """The places of the layers that make the outputs, among those that are not gone."""
    places = [place for place in range(len(layers)) if place not in gone]
    found = needed_for([layers[place] for place in places], outputs)
    return {places[at] for at in found}


def _read(layers: Sequence[DefinedLayer], gone: set[int]) -> set[str]:
    return {name for place in gone for name in layers[place].bottoms}


def _changed(piece: DefinedLayer, kept: Sequence[DefinedLayer], pieces: DefinedNet) -> Iterator[DefinedLayer]:
    """The layer without what trains; a data layer as Inputs of those of its tops that somebody reads."""
    if not is_source_piece(piece):
        yield _barely(piece)
        return
    read = [top for top in piece.tops if any(top in other.bottoms for other in kept)]
    if piece.message.text("type") == "Input" and len(read) == len(piece.tops):
        yield _barely(piece)
        return
    shapes = shapes_of(pieces.net)
    origin = f"in place of the {piece.message.text('type') or 'data'} layer {quoted(piece.name)}"
    for top in read:
        yield input_layer(top, shapes.get(top), origin, "its shape is the one that the log prints")


def _barely(piece: DefinedLayer) -> DefinedLayer:
    bare = _bare(piece.message)
    changed = same(bare) != same(piece.message)
    return piece._replace(message=bare).saying(*([_WITHOUT] if changed else []))


def _bare(message: Message) -> Message:
    """A definition without rules, fillers and multipliers; names of shared parameters stay."""
    fields: dict[str, list[Value]] = {}
    for name, values in message.fields.items():
        if name == "param":
            values = _names_alone(values)  # noqa: PLW2901 - what is left takes its place
        elif name.endswith("_param"):
            values = [_without_training(value) for value in values]  # noqa: PLW2901 - the same
        if values and name not in _TRAINING_FIELDS:
            fields[name] = values
    return Message(fields, line=message.line)


def _names_alone(values: Sequence[Value]) -> list[Value]:
    params = [value for value in values if isinstance(value, Message)]
    if not any(param.has("name") for param in params):
        return []
    return [Message({name: one for name, one in param.fields.items() if name == "name"}) for param in params]


def _without_training(value: Value) -> Value:
    if not isinstance(value, Message):
        return value
    left = {name: values for name, values in value.fields.items() if name not in _FILLERS | {"use_global_stats"}}
    return Message(left, line=value.line)


def _made_heads(losses: Sequence[DefinedLayer], body: Sequence[DefinedLayer]) -> Iterator[DefinedLayer]:
    """The layers that the losses become; none where the net has one on the same scores already."""
    taken = {name for piece in body for name in (piece.name, *piece.tops)}
    for loss in losses:
        head = _HEADS[loss.message.text("type")]
        scores = loss.bottoms[0]
        if any(one.message.text("type") == head.type and one.bottoms == (scores,) for one in body):
            continue
        name = _unique(_PROB, taken)
        taken.add(name)
        fields: dict[str, list[Value]] = {"name": [name], "type": [head.type], "bottom": [scores], "top": [name]}
        if loss.message.has(head.settings):
            fields[head.settings] = loss.message.all(head.settings)
        word = f"in place of the {loss.message.text('type')} layer {quoted(loss.name)}"
        yield DefinedLayer(Message(fields), Grade.REBUILT, (word,))


def _unique(name: str, taken: set[str]) -> str:
    number, found = 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _said(dropped: Sequence[DefinedLayer], auxiliary: Sequence[DefinedLayer], outputs: Sequence[str]) -> Iterator[str]:
    yield (
        "Deployed: data layers are Input layers of the logged shapes, batch included (change their first dim to deploy "
        "with another); labels, losses, measures, rules, fillers, multipliers, and use_global_stats are gone."
    )
    if auxiliary:
        yield f"Auxiliary heads, of less loss weight than another, are gone: {enumerated(_names(auxiliary))}."
    if dropped:
        yield f"Layers that are gone: {', '.join(_names(dropped))}."
    if not outputs:
        yield "Nothing of the net is left: no layer makes anything but from labels."


def _names(pieces: Sequence[DefinedLayer]) -> list[str]:
    return [quoted(piece.name) for piece in pieces]


def _transforms(layers: Sequence[DefinedLayer]) -> Iterator[str]:
    """What the data layers did to their data, which whoever feeds the Input must do now."""
    for piece in layers:
        for value in piece.message.all("transform_param") if is_source_piece(piece) else ():
            text = " ".join(line.strip() for line in field_lines("transform_param", value))
            yield f"What feeds the net must transform its data as the layer {quoted(piece.name)} did: {text}"
