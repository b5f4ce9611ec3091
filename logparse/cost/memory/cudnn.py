"""What a cuDNN build does otherwise: which layers run on cuDNN, their handles, workspace and saved buffers.

Source: layer_factory.cpp (which engine a layer gets), cudnn_conv_layer.cpp (3 streams and handles per group,
at most 8 MiB of workspace per algorithm). Nothing in a log tells which engine ran, unless the definition
states one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.memory.buffers import added_by_cudnn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.memory.buffers import Buffer
    from logparse.cost.memory.layer import LayerMemory
    from logparse.textproto import Message

STREAMS_PER_GROUP: Final = 3  # CUDNN_STREAMS_PER_GROUP
WORKSPACE_LIMIT: Final = 8 * 1024 * 1024  # per algorithm, cudnn_conv_layer.cpp
_PLANE: Final = 2


def _settings(layer: LayerMemory) -> Message | None:
    definition, cudnn = layer.spec.definition, layer.cudnn
    return None if definition is None or cudnn is None else definition.child(cudnn.message)


def _axes(layer: LayerMemory) -> int:
    bottom = layer.spec.bottoms[0] if layer.spec.bottoms else None
    return len(bottom) - _PLANE if bottom is not None else _PLANE


def runs_on_cudnn(layer: LayerMemory) -> bool:
    """Whether a cuDNN build would run the layer on cuDNN."""
    if layer.cudnn is None:
        return False
    settings = _settings(layer)
    is_caffe = settings is not None and fields.ENGINE.stated(settings) == "CAFFE"
    return not is_caffe and layer.cudnn.runs(settings, _axes(layer))


def _convolves(layer: LayerMemory) -> bool:
    return runs_on_cudnn(layer) and layer.convolves


def refused(layer: LayerMemory) -> bool:
    """Whether a cuDNN build would stop at this layer: it has no convolution but over a plane."""
    return _convolves(layer) and _axes(layer) != _PLANE


def groups(layer: LayerMemory) -> int:
    """A convolution's groups."""
    settings = _settings(layer)
    return max(settings.integer("group", 1), 1) if settings is not None else 1


def handles(layers: Sequence[LayerMemory]) -> int:
    """Count the cuDNN handles of a net: three per group of a convolution, one for any other layer on cuDNN."""
    return sum(STREAMS_PER_GROUP * groups(layer) if layer.convolves else 1 for layer in layers if runs_on_cudnn(layer))


def most_workspace_bytes(layers: Sequence[LayerMemory]) -> int:
    """The most that the convolutions of a net may take as workspace; what they do take depends on the algorithms."""
    return sum(STREAMS_PER_GROUP * groups(layer) * WORKSPACE_LIMIT for layer in layers if _convolves(layer))


def without_cudnn_work(layer: LayerMemory, items: Sequence[Buffer]) -> Iterator[Buffer]:
    """The buffers that are left where cuDNN does the layer's work: a convolution has none of Caffe's own."""
    if layer.cudnn is None or not runs_on_cudnn(layer):
        yield from items
    elif layer.cudnn.saves is not None:
        yield from (item for item in items if item.name not in layer.cudnn.saves)


def on_cudnn(layer: LayerMemory, items: Sequence[Buffer], element_bytes: int) -> Iterator[Buffer]:
    """The buffers that a layer has in a cuDNN build, out of those that it has on engine CAFFE."""
    yield from without_cudnn_work(layer, items)
    if runs_on_cudnn(layer):
        yield from added_by_cudnn(layer.spec, element_bytes).items or ()
