"""Which blobs of a net really get memory: Caffe allocates the two halves of a blob at their first touch.

Data: the tops that own memory (sharing.py); on the GPU a blob that only host code writes and reads stays
on the host. Gradients ("diff"): a blob has one if the layer that makes it does backward and so reads it, or
if a layer that does backward asks for it, be it to write a gradient or only by its pointer. Checked against
the live nets' allocations and, on the GPU, against every cudaMalloc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.memory.buffer_rules import CPU, GPU
from logparse.cost.memory.sharing import LayerUse, TopUse, shared_tops
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.spec import LayerSpec, ParamBlob

# Their tops are prefetched batches: BasePrefetchingDataLayer sets the top's data pointer to one of them
PREFETCHING: Final = frozenset({"Data", "ImageData", "WindowData", "AnnotatedData", "VideoData"})
# Filled on the host; the device gets a copy when a layer there reads it
_HOST_SOURCES: Final = PREFETCHING | {"Input", "DummyData", "MemoryData", "Parameter", "Python"}
# Only host code exists for them (no .cu file), or their result is written on the host alone (Accuracy)
_HOST_WRITERS: Final = frozenset({"Accuracy", "ArgMax", "PriorBox", "MultinomialLogisticLoss", "HingeLoss", "Python"})
_HOST_READERS: Final = frozenset({"ArgMax", "PriorBox", "MultinomialLogisticLoss", "HingeLoss", "HDF5Output", "Python"})
_TOUCHES_NOTHING: Final = frozenset({"Split", "Flatten", "Reshape", "Silence"})

# Bottoms whose gradient memory a layer asks for in Backward even where it computes none
_CONVOLUTIONS: Final = frozenset({"Convolution", "Deconvolution", "ConvolutionDepthwise", "DepthwiseConvolution"})
_ALWAYS_ASKED: Final[Mapping[str, tuple[int, ...]]] = {
    "BatchNorm": (0,),
    "LSTM": (0,),
    "RNN": (0,),
    "LSTMUnit": (0, 1),
}
# Bottoms whose gradient memory a GPU layer uses as scratch in Forward
_SCRATCH: Final[Mapping[str, tuple[int, ...]]] = {
    "SoftmaxWithLoss": (0,),
    "SigmoidCrossEntropyLoss": (0, 1),
    "Accuracy": (0, 1),
}
# `caffe time` calls Backward of every layer; these compute without asking who needs it
_UNCONDITIONAL: Final = frozenset({"BatchNorm", "LRN", "Softmax"})


@dataclass(frozen=True, slots=True, eq=False)
class LayerMemory:
    """One layer as the memory rules see it; the same only as one object, so that what is worked out can be kept.

    `kind` is the canonical type, None where nothing tells it. `tops` and `bottoms` are blob names, `counts`
    values per top (None where not printed), `losses` whether a top has a loss weight. `params` are the layer's
    own parameter blobs, those of an earlier layer left out; None where they are not known. `owned` are their
    places among all blobs of the layer, `decays` whether weight decay applies to each. `inferred` says that
    type or definition is a guess.
    """

    spec: LayerSpec
    kind: str | None
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    counts: tuple[int | None, ...]
    losses: tuple[bool, ...]
    params: tuple[ParamBlob, ...] | None
    owned: tuple[int, ...] = ()
    decays: tuple[bool, ...] = ()
    inferred: bool = False

    @property
    def backward(self) -> bool | None:
        """Whether the layer does backward; nothing does in a TEST net."""
        return False if self.spec.phase == "TEST" else self.spec.backward

    @property
    def prefetches(self) -> bool:
        """Whether a thread of the layer's own fills batches ahead."""
        return self.kind in PREFETCHING


class OwnBlob(NamedTuple):
    """A blob that owns one half's memory: the layer that makes it, and its values."""

    layer: int
    name: str
    values: int | None


def kind_of(name: str | None) -> str | None:
    """The canonical layer type, or None."""
    return (canonical_type(name) or None) if name else None


def _blobs(layers: Sequence[LayerMemory], *, of_data: bool) -> tuple[dict[str, OwnBlob], dict[str, str]]:
    """(owner → blob, name → owner) for one half; a Split shares data, but each of its tops has its own gradient."""
    shared = shared_tops(_use(layer, of_data=of_data) for layer in layers)
    own: dict[str, OwnBlob] = {}
    owner_of: dict[str, str] = {}
    for place, (layer, owners) in enumerate(zip(layers, shared, strict=True)):
        for name, count, owner in zip(layer.tops, layer.counts, owners, strict=True):
            owner_of[name] = owner if owner is not None else name
            if owner is None:
                own[name] = OwnBlob(place, name, count)
    return own, owner_of


def _use(layer: LayerMemory, *, of_data: bool) -> LayerUse:
    kind = None if layer.kind == "Split" and not of_data else layer.kind
    flags = layer.spec.in_place or (False,) * len(layer.tops)
    return LayerUse(kind, layer.bottoms, tuple(TopUse(*pair) for pair in zip(layer.tops, flags, strict=True)))


def data_blobs(layers: Sequence[LayerMemory], device: str) -> list[OwnBlob]:
    """The blobs whose data has memory on the device; on the GPU without prefetched tops (they are batches)."""
    own, owner_of = _blobs(layers, of_data=True)
    if device == CPU:
        return [blob for blob in own.values() if layers[blob.layer].kind != "Parameter"]
    touched = {owner_of.get(name, name) for layer in layers for name in _on_device(layer)}
    return [
        blob
        for blob in own.values()
        if blob.name in touched and layers[blob.layer].kind not in PREFETCHING | {"Parameter"}
    ]


def _on_device(layer: LayerMemory) -> Iterator[str]:
    """Names of the blobs whose data this layer touches on the GPU."""
    if layer.kind not in _HOST_SOURCES | _HOST_WRITERS | _TOUCHES_NOTHING:
        yield from layer.tops
    if layer.kind not in _HOST_READERS | _TOUCHES_NOTHING:
        yield from layer.bottoms
    yield from (name for name, is_loss in zip(layer.tops, layer.losses, strict=True) if is_loss)


def diff_blobs(
    layers: Sequence[LayerMemory], device: str, *, timed: bool = False, cudnn: bool = False
) -> list[OwnBlob]:
    """The blobs whose gradient has memory; `timed` is `caffe time`, which calls every layer's Backward."""
    own, owner_of = _blobs(layers, of_data=False)
    touched: set[str] = set()
    for layer in layers:
        touched.update(owner_of.get(name, name) for name in _asked(layer, device, timed=timed, cudnn=cudnn))
    return [blob for blob in own.values() if blob.name in touched]


def _asked(layer: LayerMemory, device: str, *, timed: bool, cudnn: bool) -> Iterator[str]:
    """Names of the blobs whose gradient memory the layer asks for."""
    yield from (name for name, is_loss in zip(layer.tops, layer.losses, strict=True) if is_loss)
    if device == GPU:
        yield from _scratch(layer)
    if not layer.backward and not (timed and _runs_anyway(layer)):
        return
    if layer.bottoms:
        yield from layer.tops
    always = set(_always(layer, cudnn=cudnn))
    needs = layer.spec.bottom_needs_grad or (False,) * len(layer.bottoms)
    for place, (name, need) in enumerate(zip(layer.bottoms, needs, strict=True)):
        if need or place in always:
            yield name


def _always(layer: LayerMemory, *, cudnn: bool) -> Sequence[int]:
    if layer.kind in _CONVOLUTIONS:
        return () if cudnn else range(len(layer.bottoms))
    return _ALWAYS_ASKED.get(layer.kind or "", ())


def _runs_anyway(layer: LayerMemory) -> bool:
    if layer.spec.phase == "TEST" or layer.kind == "Embed":
        return False
    return layer.kind in _UNCONDITIONAL or bool(layer.params)


def _scratch(layer: LayerMemory) -> Iterator[str]:
    places = _SCRATCH.get(layer.kind or "", ())
    if layer.kind == "Accuracy" and len(layer.tops) > 1:
        places = (0,)  # per class, the counts have a buffer of their own
    yield from (layer.bottoms[place] for place in places if place < len(layer.bottoms))
