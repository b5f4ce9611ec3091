"""Structures of nets for the tests, from a few lines of prototxt and the rules' own shapes: no log, no tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cost.costing import cost
from logparse.cost.structure.identity import structure_of
from logparse.cost.structure.net_layer import NetLayer
from tests.cost_nets import specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.spec import Shape
    from logparse.cost.structure.identity import Structure


def net_layers(text: str, printed: Mapping[str, Shape] | None = None) -> list[NetLayer]:
    """The layers of a net of `layer { … }` blocks; `printed` gives shapes that no definition tells.

    Parameters of one name (`param { name }`) are the first such layer's.
    """
    owners: dict[str, str] = {}
    found = []
    for message, spec in zip(*specs(text, printed=printed), strict=True):
        params = cost(spec).params
        names = [param.text("name") for param in message.children("param")]
        shared = tuple(owners.get(name) if name else None for name in names)
        owners.update({name: spec.name for name in names if name and name not in owners})
        rest = (None,) * (len(params or ()) - len(shared))
        found.append(NetLayer(spec, message.texts("bottom"), message.texts("top"), params, (*shared, *rest)))
    return found


def structure(text: str, batch: int | None = None, printed: Mapping[str, Shape] | None = None) -> Structure:
    """The structure of such a net."""
    return structure_of(net_layers(text, printed), batch)
