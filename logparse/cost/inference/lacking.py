"""What is lacking of a layer: whether anything is, and a layer after everything that can be said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.costing import cost
from logparse.cost.layer_types import RULES
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.spec import Cost, LayerSpec


class Resolved(NamedTuple):
    """One layer after everything that can be said about it.

    `spec` holds the type and definition that the numbers rest on; `origin` says where they come from: "definition"
    (its own, or its type alone), "inferred" or "unknown".
    """

    spec: LayerSpec
    cost: Cost
    origin: str


def as_it_stands(spec: LayerSpec) -> Resolved:
    """A layer of which nothing is inferred."""
    return Resolved(spec, cost(spec), "unknown" if spec.type is None else "definition")


def defined(spec: LayerSpec) -> bool:
    """Whether the layer has a whole definition and a known type."""
    return spec.type is not None and spec.definition is not None and spec.definition.complete


def is_complete(known: Cost) -> bool:
    """Whether nothing is left to infer."""
    return known.params is not None and known.macs.value is not None and known.other_ops.value is not None


def can_infer(spec: LayerSpec, known: Cost) -> bool:
    """Whether something of the layer's cost is not known that its definition would have told."""
    is_foreign = spec.type is not None and canonical_type(spec.type) not in RULES
    return not (is_complete(known) or defined(spec) or is_foreign)
