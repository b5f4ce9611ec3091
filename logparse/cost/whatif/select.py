"""Which layers a word means: a name, a pattern of names (`fc*`), a type (`type=Convolution`) or a kind.

A whole name wins over all else, so that a layer that is really called `fc*` or `type=x` can be named.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from logparse.cost.memory.layer import LayerMemory

_HINTS: Final = 5
_MARKS: Final = ("*", "?")
_BY: Final[Mapping[str, Callable[[LayerMemory], tuple[str, ...]]]] = {
    "type": lambda layer: (layer.kind or "", layer.spec.type or ""),
    "kind": lambda layer: (str(layer.traits.kind),),
}


class Matched(NamedTuple):
    """Names of layers in the net's order, and whether a single one is meant by its whole name."""

    names: tuple[str, ...]
    exact: bool


def matching(layers: Sequence[LayerMemory], where: str) -> Matched:
    """The layers that a word means; a pattern never means a Split, which Caffe adds by itself.

    Raises:
        WhatIfError: none is; with those that may be meant.

    """
    if any(layer.spec.name == where for layer in layers):
        return Matched((where,), exact=True)
    field, mark, text = where.partition("=")
    read = _BY.get(field) if mark else None
    if read is None and not any(one in where for one in _MARKS):
        find_layer(layers, where)
    wanted = _glob(where) if read is None else _glob(text, re.IGNORECASE)
    told = read or _name
    found = [
        layer.spec.name
        for layer in layers
        if layer.spec.name and layer.kind != "Split" and any(map(wanted.fullmatch, told(layer)))
    ]
    if not found:
        known = _known(layers) if read is None else [one for layer in layers if layer.params for one in read(layer)[:1]]
        raise WhatIfError(
            f"no layer matches {where!r}",
            remedy=_hint(where if read is None else text, dict.fromkeys(known), field, read),
        )
    return Matched(tuple(dict.fromkeys(found)), exact=False)


def _name(layer: LayerMemory) -> tuple[str, ...]:
    return (layer.spec.name,)


def _glob(text: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """`*` is any text, `?` any character; all else is itself."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in text)
    return re.compile("".join(parts), re.DOTALL | flags)


def _known(layers: Iterable[LayerMemory]) -> list[str]:
    return [layer.spec.name for layer in layers if layer.params]


def _hint(text: str, names: Iterable[str], field: str, read: object) -> str:
    known = list(names)
    close = get_close_matches(text, known, n=_HINTS, cutoff=0.4) or known[:_HINTS]
    if not known:
        return "The net shows no layer with parameters."
    what = "Layers" if read is None else f"{field.capitalize()}s"
    return f"{what} with parameters are {', '.join(close)} …"


def find_layer(layers: Sequence[LayerMemory], name: str) -> int:
    """The place of a layer by name.

    Raises:
        WhatIfError: no layer has that name.

    """
    for place, layer in enumerate(layers):
        if layer.spec.name == name:
            return place
    raise WhatIfError(f"there is no layer {name!r}", remedy=_hint(name, _known(layers), "", None))
