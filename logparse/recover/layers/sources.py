"""What a data layer's own lines tell of it, where its definition is not printed.

Source: data_layer.cpp, db_lmdb.cpp, db_leveldb.cpp, hdf5_data_layer.cpp, image_data_layer.cpp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.recover.layers.untold import Settings
from logparse.textproto import Identifier, Message

if TYPE_CHECKING:
    from logparse.model import Layer


class _Sign(NamedTuple):
    """A line of a data layer: the type that prints it, the message and field for the source that it names."""

    pattern: re.Pattern[str]
    type: str
    message: str
    backend: str = ""


_SIGNS: Final = (
    _Sign(re.compile(r"Open(?:ed|ing) lmdb (?P<source>.+)", re.DOTALL), "Data", "data_param", "LMDB"),
    _Sign(re.compile(r"Open(?:ed|ing) leveldb (?P<source>.+)", re.DOTALL), "Data", "data_param", "LEVELDB"),
    _Sign(re.compile(r"Loading (?:list of )?HDF5 filenames? from:? (?P<source>.+)"), "HDF5Data", "hdf5_data_param"),
)
_MEAN: Final = re.compile(r"Loading mean file from:? ?(?P<source>.+)", re.DOTALL)
_TRANSFORM: Final = ("transform_param", "scale, mean values, crop and mirror are not in the log")
_ANY_DATA: Final = "Data, ImageData, HDF5Data, DummyData and others make such tops"


def source_settings(layer: Layer) -> tuple[str | None, Settings]:
    """The type of a layer without bottoms, None where its lines do not tell; and what they tell of its settings."""
    found = next(
        ((sign, match) for text in layer.chatter for sign in _SIGNS if (match := sign.pattern.search(text))), None
    )
    shapes = tuple(
        f"its top {top.name or place} is {' x '.join(map(str, top.shape)) or 'one number'}"
        for place, top in enumerate(layer.tops)
        if top.shape is not None
    )
    if found is None:
        nothing = ("source and settings", "the layer's own lines do not name them")
        return layer.type, Settings(stated=shapes, open=() if layer.type else (("type", _ANY_DATA), nothing))
    sign, match = found
    fields = Message({"source": [match["source"]]})
    told = ["its source as the log names it"]
    batch = layer.tops[0].shape[0] if layer.tops and layer.tops[0].shape and layer.tops[0].count is not None else None
    if batch is not None:
        fields.fields["batch_size"] = [batch]
        told.append("its batch by the shape of its first top")
    if sign.backend:
        fields.fields["backend"] = [Identifier(sign.backend)]
    messages = {sign.message: fields}
    mean = next((match["source"] for text in layer.chatter if (match := _MEAN.search(text))), None)
    if mean is not None:
        messages["transform_param"] = Message({"mean_file": [mean]})
    missing = () if sign.type == "HDF5Data" else (_TRANSFORM,)
    return sign.type, Settings(messages, (*told, *shapes), missing)
