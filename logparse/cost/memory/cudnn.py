"""What a cuDNN build does otherwise: which layers run on cuDNN, their handles, workspace and saved buffers.

Source: layer_factory.cpp (which engine a layer gets), cudnn_conv_layer.cpp (3 streams and handles per group,
at most 8 MiB of workspace per algorithm). Nothing in a log tells which engine ran, unless the definition
states one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.fields import spatial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.memory.blobs import LayerMemory
    from logparse.cost.memory.buffers import Buffer
    from logparse.textproto import Message

STREAMS_PER_GROUP: Final = 3  # CUDNN_STREAMS_PER_GROUP
WORKSPACE_LIMIT: Final = 8 * 1024 * 1024  # per algorithm, cudnn_conv_layer.cpp
_LRN_MAX_SIZE: Final = 16  # CUDNN_LRN_MAX_N

_MESSAGES: Final[Mapping[str, str]] = {
    "Convolution": "convolution_param",
    "Deconvolution": "convolution_param",
    "Pooling": "pooling_param",
    "LRN": "lrn_param",
    "ReLU": "relu_param",
    "Sigmoid": "sigmoid_param",
    "TanH": "tanh_param",
    "Softmax": "softmax_param",
    # both make an inner Softmax through the factory
    "SoftmaxWithLoss": "softmax_param",
    "InfogainLoss": "softmax_param",
}
CONVOLUTIONS: Final = frozenset({"Convolution", "Deconvolution"})
_PLANE: Final = 2


def _settings(layer: LayerMemory) -> Message | None:
    name = _MESSAGES.get(layer.kind or "")
    if name is None:
        return None
    definition = layer.spec.definition
    return None if definition is None else definition.child(name)


def _axes(layer: LayerMemory) -> int:
    bottom = layer.spec.bottoms[0] if layer.spec.bottoms else None
    return len(bottom) - _PLANE if bottom is not None else _PLANE


def _is_dilated(layer: LayerMemory, settings: Message | None) -> bool:
    return settings is not None and any(value != 1 for value in spatial(settings, "dilation", _axes(layer), 1))


def runs_on_cudnn(layer: LayerMemory) -> bool:
    """Whether a cuDNN build would run the layer on cuDNN."""
    if layer.kind not in _MESSAGES:
        return False
    settings = _settings(layer)
    stated = settings.text("engine") if settings is not None else ""
    if stated == "CAFFE":
        return False
    if layer.kind in CONVOLUTIONS:
        return stated == "CUDNN" or not _is_dilated(layer, settings)
    if layer.kind == "Pooling":  # MAX needs its indices
        return settings is not None and settings.text("pool", "MAX") == "AVE"
    if layer.kind == "LRN":
        return settings is None or settings.integer("local_size", 5) <= _LRN_MAX_SIZE
    return True


def refused(layer: LayerMemory) -> bool:
    """Whether a cuDNN build would stop at this layer: it has no convolution but over a plane."""
    return layer.kind in CONVOLUTIONS and runs_on_cudnn(layer) and _axes(layer) != _PLANE


def groups(layer: LayerMemory) -> int:
    """A convolution's groups."""
    settings = _settings(layer)
    return max(settings.integer("group", 1), 1) if settings is not None else 1


def handles(layers: Sequence[LayerMemory]) -> int:
    """Count the cuDNN handles of a net: three per group of a convolution, one for any other layer on cuDNN."""
    return sum(
        STREAMS_PER_GROUP * groups(layer) if layer.kind in CONVOLUTIONS else 1
        for layer in layers
        if runs_on_cudnn(layer)
    )


def most_workspace_bytes(layers: Sequence[LayerMemory]) -> int:
    """The most that the convolutions of a net may take as workspace; what they do take depends on the algorithms."""
    return sum(
        STREAMS_PER_GROUP * groups(layer) * WORKSPACE_LIMIT
        for layer in layers
        if layer.kind in CONVOLUTIONS and runs_on_cudnn(layer)
    )


_SAVED: Final[Mapping[str, frozenset[str]]] = {
    "LRN": frozenset({"scale"}),
    "Softmax": frozenset({"scale per prediction"}),
    "SoftmaxWithLoss": frozenset({"scale per prediction"}),
    "InfogainLoss": frozenset({"scale per prediction"}),
}


def without_cudnn_work(layer: LayerMemory, items: Sequence[Buffer]) -> Iterator[Buffer]:
    """The buffers that are left where cuDNN does the layer's work: a convolution has none of Caffe's own."""
    if not runs_on_cudnn(layer):
        yield from items
    elif layer.kind not in CONVOLUTIONS:
        saved = _SAVED.get(layer.kind or "", frozenset())
        yield from (item for item in items if item.name not in saved)
