"""One layer as the rules of structure see it, and the kinds of it that a structure leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from logparse.cost.layer_types import LAYER_TYPES, is_loss, traits_of
from logparse.cost.traits import Family, LayerKind
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from logparse.cost.spec import LayerSpec, ParamBlob, Shape
    from logparse.cost.traits import Traits


@dataclass(frozen=True, slots=True)
class NetLayer:
    """One layer: its settled type, definition and shapes, its wires by name, its parameters.

    `params` are its own and those that an earlier layer owns; None where they are not known. `owners` names that layer
    for each of them (None: the layer's own). `assumed` says that type or definition is a guess. `kind` is its type
    under one name, whatever a fork calls it (None where nothing tells it), `traits` what is known of it.
    """

    spec: LayerSpec
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    params: tuple[ParamBlob, ...] | None
    owners: tuple[str | None, ...] = ()
    assumed: bool = False
    kind: str | None = field(init=False, repr=False)
    traits: Traits | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """What is known of its type, once."""
        kind, traits = _known(self.spec.type)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "traits", traits)


# Fork's names → the first of the row; and the types that are a convolution with settings of its own.
_ONE_NAME: Final = {other: name for name, row in LAYER_TYPES.items() for other in row.names}
_SAME_WORK: Final = {"ConvolutionDeeplab": "Convolution"} | {
    name: "Convolution" for name, row in LAYER_TYPES.items() if row.traits.family is Family.DEPTHWISE
}


@lru_cache(1024)  # a log's types are few
def _known(kind: str | None) -> tuple[str | None, Traits | None]:
    return (None, None) if kind is None else (one_name(kind), traits_of(kind))


def one_name(kind: str) -> str:
    """A layer type's one name: today's, the first of its row, and Convolution for whatever convolves as it does."""
    known = canonical_type(kind)
    known = _ONE_NAME.get(known, known)
    return _SAME_WORK.get(known, known)


def is_source(layer: NetLayer) -> bool:
    """Whether the layer only gives blobs from outside; a learned blob without bottoms (Parameter) is none."""
    return not layer.bottoms and layer.params in (None, ())


_PASSED: Final = frozenset({"Split", "Dropout"})  # their tops are their bottom, in a trained net and in a tested one
_MEASURES: Final = frozenset({"Accuracy", "ArgMax", "Silence", "HDF5Output", "DetectionOutput", "DetectionEvaluate"})
_BESIDE_LOSSES: Final = frozenset({"Softmax", "Flatten", "Reshape", "Permute"})
_BESIDE_MEASURES: Final = frozenset({"Sigmoid"})


def passes(layer: NetLayer) -> bool:
    """Whether the layer hands on what it reads: it is no part of the structure."""
    return layer.kind in _PASSED


def measures_only(layer: NetLayer) -> bool:
    """Whether the layer only measures, scores or swallows what the net gives."""
    return layer.kind in _MEASURES or is_loss(layer.kind) or is_of_kind(layer, LayerKind.LOSS)


def ends(layer: NetLayer, *, meets_loss: bool) -> bool:
    """Whether a layer whose tops nobody but measures reads belongs to what they do.

    A training net's SoftmaxWithLoss is a deployed net's Softmax; a Sigmoid that a loss reads is the net's own.
    """
    return layer.kind in _BESIDE_LOSSES or (layer.kind in _BESIDE_MEASURES and not meets_loss)


def is_of_kind(layer: NetLayer, *kinds: LayerKind) -> bool:
    """Whether its type is known to be of one of these kinds."""
    traits = layer.traits
    return traits is not None and traits.kind in kinds


def without_ones(shape: Shape) -> Shape:
    """A shape without the trailing ones that Caffe printed until rc2."""
    end = len(shape)
    while end and shape[end - 1] == 1:
        end -= 1
    return shape[:end]


def is_inserted(layer: NetLayer) -> bool:
    """Whether Caffe itself puts the layer between others (insert_splits.cpp)."""
    return layer.kind == "Split"
