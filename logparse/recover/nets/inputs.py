"""A net's own inputs as layers of type Input, which today's Caffe makes of them (UpgradeNetInput in upgrade_proto.cpp).

As layers they can have rules, one can be left out, and each can have its shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.recover.grades import DefinedLayer, Grade
from logparse.textproto import Message

if TYPE_CHECKING:
    from logparse.cost.spec import Shape
    from logparse.model import Net
    from logparse.recover.nets.defined import DefinedNet

_OF_INPUTS: Final = ("input", "input_dim", "input_shape")
_NO_SHAPE: Final = "no line tells it"


def inputs_of(fields: Message) -> Message:
    """The fields of a net that are about its inputs."""
    return Message({name: values for name, values in fields.fields.items() if name in _OF_INPUTS})


def input_layer(name: str, shape: Shape | None, *stated: str) -> DefinedLayer:
    """An Input layer for one blob; without a shape that field is open."""
    edges: Message = Message({"name": [name], "type": ["Input"], "top": [name]})
    if shape is None:
        return DefinedLayer(edges, Grade.OPEN, stated, (("input_param.shape", _NO_SHAPE),))
    dims = Message({"dim": [*shape]})
    whole = Message({**edges.fields, "input_param": [Message({"shape": [dims]})]})
    return DefinedLayer(whole, Grade.REBUILT, stated)


def with_input_layers(pieces: DefinedNet) -> DefinedNet:
    """The net with layers for its own inputs."""
    own = inputs_of(pieces.fields)
    if not own:
        return pieces
    shapes = shapes_of(pieces.net)
    made = [input_layer(name, shapes.get(name), "an input of the net itself") for name in own.texts("input")]
    fields = {name: values for name, values in pieces.fields.fields.items() if name not in _OF_INPUTS}
    kept = tuple(one for one in pieces.open if one.field not in _OF_INPUTS)
    return pieces._replace(fields=Message(fields), layers=(*made, *pieces.layers), open=kept)


def shapes_of(net: Net) -> dict[str, Shape]:
    """Blob → its shape as it is printed with its batch, by its first maker; the net's inputs too."""
    blobs = (*net.inputs, *(top for layer in net.layers for top in layer.tops))
    found: dict[str, Shape] = {}
    for blob in blobs:
        if blob.shape is not None and blob.count is not None:
            found.setdefault(blob.name, blob.shape)
    return found
