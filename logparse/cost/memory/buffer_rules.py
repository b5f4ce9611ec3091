"""Which buffers each layer type allocates for itself, and when it first touches them.

Source: the layers' Reshape, Forward and Backward (base_conv_layer.cpp, batch_norm_layer.cpp, …), checked
against the heap of the live nets (CPU) and every cudaMalloc (GPU, engine CAFFE).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.costing import RULES
from logparse.cost.rule import View
from logparse.cost.rules import convolution, pooling, unrolled
from logparse.cost.rules.normalisation import channels
from logparse.cost.types import canonical_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.spec import Shape

CPU: Final = "cpu"
GPU: Final = "gpu"
SETUP: Final = "setup"
FORWARD: Final = "forward"
BACKWARD: Final = "backward"


class Need(NamedTuple):
    """A buffer as a rule states it; `integers` are 32-bit in any net."""

    name: str
    moment: str
    shape: Shape
    integers: bool = False


BufferRule: TypeAlias = Callable[[View, str], Iterator[Need]]


def _col_buffer(geo: convolution.Geometry, bottom: Shape, top: Shape, *, upward: bool) -> Shape:
    """The unrolled patches of one image; a Deconvolution unrolls its top over the map of its bottom."""
    unrolled, swept = (top, bottom) if upward else (bottom, top)
    return (unrolled[geo.axis], *geo.kernel, *swept[geo.axis + 1 :])


def _is_pointwise(geo: convolution.Geometry) -> bool:
    return all(value == 1 for value in (*geo.kernel, *geo.stride)) and not any(geo.pad)


def _convolution(layer: View, device: str) -> Iterator[Need]:
    """One im2col buffer for one image; a 1×1 convolution touches it in its first backward, without using it."""
    upward = canonical_type(layer.spec.type or "") == "Deconvolution"
    geo = convolution.geometry(layer)
    shape = _col_buffer(geo, layer.bottom(), layer.top(), upward=upward)
    if not _is_pointwise(geo):
        yield Need("im2col column", FORWARD, shape)
    elif layer.spec.backward and layer.passes_down():
        yield Need("im2col column, never used", BACKWARD, shape)
    if geo.bias:
        yield Need("bias multiplier", SETUP if device == CPU else FORWARD, layer.top()[geo.axis + 1 :])


def _inner_product(layer: View, device: str) -> Iterator[Need]:
    if layer.param("inner_product_param").flag("bias_term", default=True):
        yield Need("bias multiplier", SETUP if device == CPU else FORWARD, layer.top()[:-1] or (1,))


def _pooling(layer: View, _: str) -> Iterator[Need]:
    method = pooling.window(layer).method
    if method == "MAX" and len(layer.spec.tops) < 2:  # a second top takes the indices
        yield Need("index of the maximum", FORWARD, layer.top(), integers=True)
    if method == "STOCHASTIC" and layer.is_training:
        yield Need("drawn index", FORWARD, layer.top())


_WITHIN_FORWARD: Final = ("squares", "pooled squares", "powers")
_WITHIN_BACKWARD: Final = (*_WITHIN_FORWARD, "product's bottom", "square's bottom")


def _lrn(layer: View, _: str) -> Iterator[Need]:
    """Across channels one scale per element; within a channel a little net of five layers."""
    if layer.param("lrn_param").text("norm_region", "ACROSS_CHANNELS") not in {"WITHIN_CHANNEL", "1"}:
        yield Need("scale", FORWARD, layer.bottom())
        return
    for name in _WITHIN_FORWARD:
        yield Need(name, FORWARD, layer.bottom())
    for name in _WITHIN_BACKWARD:
        yield Need(f"gradient of {name}", BACKWARD, layer.bottom())


def _dropout(layer: View, device: str) -> Iterator[Need]:
    """The mask is touched at test too on the CPU, though it is not used there."""
    if layer.is_training or device == CPU:
        yield Need("mask", FORWARD, layer.bottom(), integers=True)


def _is_in_place(layer: View) -> bool:
    return bool(layer.spec.in_place and layer.spec.in_place[0])


def _batch_norm(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    count = channels(layer)
    early = SETUP if device == CPU else FORWARD
    yield Need("temporary", FORWARD, bottom)
    yield Need("normalised values", FORWARD, bottom)
    yield Need("means", FORWARD, (count,))
    yield Need("variances", FORWARD, (count,))
    yield Need("sums per image and channel", FORWARD, (bottom[0], count))
    yield Need("batch multiplier", early, bottom[:1])
    yield Need("map multiplier", early, (prod(bottom[2:]),))
    if _is_in_place(layer):
        yield Need("copy of the top's gradient", BACKWARD, bottom)


def _scale(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    if _is_in_place(layer):
        yield Need("copy of the bottom", FORWARD, bottom)
    outer, inner_count, scaled = _scale_dims(layer)
    yield Need("multiplier", SETUP if device == CPU else BACKWARD, (max(outer, inner_count),))
    if outer > 1 and inner_count > 1:
        yield Need("sums per scale", BACKWARD, (outer, scaled))
    if layer.param("scale_param").flag("bias_term", default=False):
        yield Need("bias multiplier", SETUP if device == CPU else BACKWARD, (inner_count,))


def _scale_dims(layer: View) -> tuple[int, int, int]:
    """(values before, after, and in the axes that are scaled)."""
    params = RULES["Scale"].params(layer)
    bottom = layer.bottom()
    shape = params.blobs[0].shape if params.blobs else layer.bottom(1)
    axis = layer.param("scale_param").integer("axis", 1) % max(len(bottom), 1)
    return prod(bottom[:axis]), prod(bottom[axis + len(shape) :]), prod(shape)


def _prelu(layer: View, device: str) -> Iterator[Need]:
    if _is_in_place(layer):
        yield Need("copy of the bottom", FORWARD, layer.bottom())
    per_image = layer.bottom()[1:]
    if device == CPU:
        yield Need("multiplier", SETUP, per_image)
    else:
        yield Need("multiplier", BACKWARD, per_image)
        yield Need("gradient per image", BACKWARD, per_image)


def _softmax_scale(layer: View, name: str) -> Shape:
    bottom = layer.bottom()
    axis = layer.param(name).integer("axis", 1) % len(bottom)
    return (*bottom[:axis], *bottom[axis + 1 :])


def _softmax(layer: View, device: str) -> Iterator[Need]:
    yield Need("scale per prediction", FORWARD, _softmax_scale(layer, "softmax_param"))
    if device == CPU:
        axis = layer.param("softmax_param").integer("axis", 1) % len(layer.bottom())
        yield Need("multiplier", SETUP, (layer.bottom()[axis],))


def _softmax_loss(layer: View, device: str) -> Iterator[Need]:
    """The inner Softmax's probabilities; on the GPU their gradient half holds each prediction's count."""
    yield Need("probabilities", FORWARD, layer.bottom())
    yield from _softmax(layer, device)
    if device == GPU:
        yield Need("counts (the probabilities' other half)", FORWARD, layer.bottom())


def _one_bottom(name: str) -> BufferRule:
    def rule(layer: View, _: str) -> Iterator[Need]:
        yield Need(name, FORWARD, layer.bottom())

    return rule


def _contrastive(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    yield Need("differences", FORWARD, bottom)
    yield Need("squared distances", FORWARD, bottom[:1])
    yield Need("multiplier", SETUP if device == CPU else FORWARD, bottom[1:])
    if device == GPU:
        yield Need("squared differences", FORWARD, bottom)


def _eltwise(layer: View, _: str) -> Iterator[Need]:
    if layer.param("eltwise_param").text("operation", "SUM") == "MAX":
        yield Need("index of the maximum", FORWARD, layer.top(), integers=True)


def _mvn(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    across = layer.param("mvn_param").flag("across_channels", default=False)
    rows = bottom[:1] if across else bottom[:2]
    yield Need("temporary", FORWARD, bottom)
    yield Need("means", FORWARD, rows)
    yield Need("variances", FORWARD, rows)
    yield Need("multiplier", SETUP if device == CPU else FORWARD, bottom[len(rows) :])


def _swish(layer: View, _: str) -> Iterator[Need]:
    yield Need("sigmoid's bottom", FORWARD, layer.bottom())
    yield Need("sigmoid's top", FORWARD, layer.bottom())


def _bias(layer: View, device: str) -> Iterator[Need]:
    params = RULES["Bias"].params(layer)
    shape = params.blobs[0].shape if params.blobs else layer.bottom(1)
    axis = layer.param("bias_param").integer("axis", 1) % max(len(layer.bottom()), 1)
    yield Need("multiplier", SETUP if device == CPU else BACKWARD, (prod(layer.bottom()[axis + len(shape) :]),))


def _embed(layer: View, device: str) -> Iterator[Need]:
    if layer.param("embed_param").flag("bias_term", default=True):
        yield Need("bias multiplier", SETUP if device == CPU else FORWARD, (prod(layer.bottom()),))


def _reduction(layer: View, device: str) -> Iterator[Need]:
    if layer.param("reduction_param").text("operation", "SUM") in {"SUM", "MEAN"}:
        axis = layer.param("reduction_param").integer("axis", 0) % max(len(layer.bottom()), 1)
        yield Need("multiplier", SETUP if device == CPU else FORWARD, (prod(layer.bottom()[axis:]),))


def _spp(layer: View, _: str) -> Iterator[Need]:
    """One pooling layer per level behind a split: tops, indices, and the gradients of all of these."""
    bottom = layer.bottom()
    message = layer.param("spp_param")
    for level in range(message.integer("pyramid_height", 1)):
        top = (*bottom[:2], 2**level, 2**level)
        yield Need(f"level {level}", FORWARD, top)
        if message.text("pool", "MAX") == "MAX":
            yield Need(f"level {level}, index of the maximum", FORWARD, top, integers=True)
        yield Need(f"level {level}, gradient", BACKWARD, top)
        yield Need(f"level {level}, gradient of its bottom", BACKWARD, bottom)


def _data(layer: View, device: str) -> Iterator[Need]:
    """One transformed image; prefetched batches are counted apart (`prefetch_batches`)."""
    if device == CPU:
        yield Need("transformed image", SETUP, layer.top()[1:])


def _normalize(layer: View, _: str) -> Iterator[Need]:
    """SSD: the norm per place (or per image), one image's squares."""
    bottom = layer.bottom()
    across = layer.param("norm_param").flag("across_spatial", default=True)
    yield Need("norms", FORWARD, bottom[:1] if across else (bottom[0], *bottom[2:]))
    yield Need("one image's squares", FORWARD, bottom[1:])


def _smooth_l1(layer: View, device: str) -> Iterator[Need]:
    """Fast R-CNN: differences, their errors, and ones to sum them with."""
    yield Need("differences", FORWARD, layer.bottom())
    yield Need("errors", FORWARD, layer.bottom())
    yield Need("ones", SETUP if device == CPU else FORWARD, layer.bottom())


def _roi_pooling(layer: View, _: str) -> Iterator[Need]:
    """Fast R-CNN and R-FCN: for each output the input, or the channel, that it comes from."""
    yield Need("origin of each output", FORWARD, layer.top(), integers=True)


def _lstm(layer: View, device: str) -> Iterator[Need]:
    for name, shape, is_gradient in unrolled.lstm_blobs(layer, on_gpu=device == GPU):
        yield Need(name, BACKWARD if is_gradient else FORWARD, shape)


def _rnn(layer: View, _: str) -> Iterator[Need]:
    for name, shape, is_gradient in unrolled.rnn_blobs(layer):
        yield Need(name, BACKWARD if is_gradient else FORWARD, shape)


def _nothing(_: View, __: str) -> Iterator[Need]:
    yield from ()


_ACTIVATIONS: Final = ("ReLU", "ELU", "Sigmoid", "TanH", "AbsVal", "BNLL", "Power", "Exp", "Log", "Threshold", "Clip")
_MOVING: Final = ("Split", "Concat", "Slice", "Flatten", "Reshape", "Crop", "Tile", "BatchReindex", "Permute")
_ENDS: Final = (
    "Accuracy",
    "ArgMax",
    "HingeLoss",
    "MultinomialLogisticLoss",
    "HDF5Output",
    "PriorBox",
    "LSTMUnit",
    "Silence",
)
_SOURCES: Final = ("Input", "DummyData", "MemoryData", "Parameter", "Im2col", "Padding", "Filter")
_FORKS: Final = ("ReLU6", "Interp", "Upsample", "Reorg")

BUFFERS: Final[Mapping[str, BufferRule]] = {
    **dict.fromkeys((*_ACTIVATIONS, *_MOVING, *_ENDS, *_SOURCES, *_FORKS), _nothing),
    "Convolution": _convolution,
    "ConvolutionDeeplab": _convolution,
    "Deconvolution": _convolution,
    "InnerProduct": _inner_product,
    "Embed": _embed,
    "Pooling": _pooling,
    "SPP": _spp,
    "LRN": _lrn,
    "MVN": _mvn,
    "Dropout": _dropout,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Bias": _bias,
    "PReLU": _prelu,
    "Swish": _swish,
    "Eltwise": _eltwise,
    "Reduction": _reduction,
    "Softmax": _softmax,
    "SoftmaxWithLoss": _softmax_loss,
    "InfogainLoss": _softmax_loss,
    "SigmoidCrossEntropyLoss": _one_bottom("probabilities"),
    "EuclideanLoss": _one_bottom("differences"),
    "ContrastiveLoss": _contrastive,
    "Normalize": _normalize,
    "SmoothL1Loss": _smooth_l1,
    "ROIPooling": _roi_pooling,
    "PSROIPooling": _roi_pooling,
    "LSTM": _lstm,
    "RNN": _rnn,
    **dict.fromkeys(("Data", "ImageData", "WindowData", "AnnotatedData"), _data),
}
