"""A derived net as the rules of structure see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.spec import LayerSpec
from logparse.cost.structure.identity import structure_of
from logparse.cost.structure.net_layer import NetLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.structure.identity import Structure
    from logparse.derive.facts import LayerFact, NetFact
    from logparse.model import Blob, Net

_NOT_WHOLE: Final = "the log ends, or is cut, before the net is whole"


def net_structure(fact: NetFact) -> Structure:
    """The structure of one net; its hash is NA where the log does not show all of it."""
    return structure_of(
        [*_inputs(fact.net.inputs), *map(_net_layer, fact.layers)], fact.batch, missing=_missing(fact.net)
    )


def _inputs(blobs: tuple[Blob, ...]) -> Iterator[NetLayer]:
    """The net's own inputs as the Input layer that Caffe makes of them (UpgradeNetInput in upgrade_proto.cpp)."""
    if blobs:
        spec = LayerSpec("the net's inputs", "Input", None, (), tuple(map(_with_batch, blobs)))
        yield NetLayer(spec, (), tuple(blob.name for blob in blobs), ())


def _with_batch(blob: Blob) -> tuple[int, ...] | None:
    return (1, *blob.shape) if blob.is_per_image and blob.shape is not None else blob.shape


def _net_layer(one: LayerFact) -> NetLayer:
    params = one.params
    return NetLayer(
        spec=one.spec,
        bottoms=one.layer.bottoms,
        tops=tuple(top.name for top in one.layer.tops),
        params=None if params is None else tuple(param.blob for param in params),
        owners=() if params is None else tuple(param.owner for param in params),
        assumed=_is_assumed(one),
    )


def _is_assumed(one: LayerFact) -> bool:
    """Whether type or definition is not what the log or a prototxt states, or contradicts what the log prints."""
    return (
        bool(one.cost.problems)
        or one.type_basis == "inferred"
        or one.layer.definition is None
        or one.spec.definition is not one.layer.definition.message
    )


def _missing(net: Net) -> str:
    if not net.done:
        return _NOT_WHOLE
    if net.dump is None or net.dump_cut:
        return ""
    shown = {layer.name for layer in net.layers}
    stated = [one.text("name") for one in (*net.dump.children("layer"), *net.dump.children("layers"))]
    lost = [name for name in stated if name and name not in shown]
    return f"the layer {lost[0]} of the net's definition is not in the log" if lost else ""
