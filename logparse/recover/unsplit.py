"""Definitions without the Split layers that Caffe put in.

Source: util/insert_splits.cpp. A blob that several layers read gets a layer named BLOB_LAYER_INDEX_split, whose tops
NAME_0, NAME_1 … they read instead. A dump comes before that; some forks dump what comes after.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.assembling.definitions import SPLIT
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logparse.model import Layer

_INSERTED: Final = re.compile(r".+_\d+_split\Z", re.DOTALL)


def is_inserted_split(name: str, bottoms: Sequence[str], tops: Sequence[str]) -> bool:
    """Whether a Split is Caffe's own: its name ends in `_split`, and its tops are its name with their numbers."""
    if not _INSERTED.match(name) or len(bottoms) != 1 or not tops:
        return False
    return all(top == f"{name}_{place}" for place, top in enumerate(tops))


def split_tops(layers: Iterable[Layer]) -> dict[str, str]:
    """Top of an inserted Split → the blob that it stands for, of a net as it was set up."""
    return {
        top.name: layer.bottoms[0]
        for layer in layers
        if layer.type == SPLIT and is_inserted_split(layer.name or "", layer.bottoms, [top.name for top in layer.tops])
        for top in layer.tops
    }


def unsplit(messages: Iterable[Message]) -> list[Message]:
    """Layer definitions without inserted Splits, their readers reading the blobs themselves."""
    origin: dict[str, str] = {}
    kept = []
    for message in messages:
        tops, bottoms = message.texts("top"), message.texts("bottom")
        if message.text("type") == SPLIT and is_inserted_split(message.text("name"), bottoms, tops):
            origin |= dict.fromkeys(tops, origin.get(bottoms[0], bottoms[0]))
        else:
            kept.append(reading(message, origin))
    return kept


def reading(message: Message, origin: Mapping[str, str]) -> Message:
    """The definition with its bottoms by the blobs' own names."""
    if not any(bottom in origin for bottom in message.texts("bottom")):
        return message
    bottoms = [origin.get(name, name) if isinstance(name, str) else name for name in message.all("bottom")]
    return Message({**message.fields, "bottom": [*bottoms]}, line=message.line)
