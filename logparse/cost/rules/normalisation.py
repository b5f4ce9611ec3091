"""Normalisation and per-channel scaling: BatchNorm, Scale, Bias, LRN, MVN.

Source: batch_norm_layer.cpp, scale_layer.cpp, bias_layer.cpp, lrn_layer.cpp, mvn_layer.cpp.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, FORWARD, Need, early, late, no_buffers
from logparse.cost.rule import Count, Params, Rule, dims, no_macs, per_top
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    Cudnn,
    Family,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Traits,
    Unasked,
    first_bottom,
    reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


def channels(layer: View) -> int:
    """Dimension 1 of the bottom; a bottom of one axis has one channel (batch_norm_layer.cpp)."""
    bottom = layer.bottom()
    return bottom[1] if len(bottom) > 1 else 1


def _batch_norm_params(layer: View) -> Params:
    """Mean, variance and the moving average's factor; none is learned.

    NVCaffe's `scale_bias: true` adds a learned scale and shift to the same layer.
    """
    message = layer.param("batch_norm_param")
    count = channels(layer)
    blobs = tuple(ParamBlob(shape, "statistic") for shape in ((count,), (count,), (1,)))
    if not message.flag("scale_bias", default=False):
        return Params(blobs, f"{count} means + {count} variances + 1 factor")
    extra = (ParamBlob((count,), "weight"), ParamBlob((count,), "bias"))
    return Params((*blobs, *extra), f"{count} means + {count} variances + 1 factor + {count} scales + {count} shifts")


def uses_global_stats(layer: View) -> bool:
    """Whether stored statistics are used: stated, else those of the phase (TEST uses them)."""
    return layer.param("batch_norm_param").flag("use_global_stats", default=not layer.is_training)


def _batch_norm_ops(layer: View) -> Count:
    rule = (
        per_top(2, "subtract, divide")
        if uses_global_stats(layer)
        else per_top(5, "mean, centre, square, variance, divide")
    )
    return rule(layer)


def _scaled_axes(message: Message, bottom: Shape) -> Shape:
    """The dims that a one-bottom Scale or Bias has a value for: `num_axes` from `axis`, -1 for all."""
    axis = fields.axis_index(message.integer("axis", 1), len(bottom))
    axes = message.integer("num_axes", 1)
    return bottom[axis:] if axes == -1 else bottom[axis : axis + axes]


def _scale_params(layer: View) -> Params:
    message = layer.param("scale_param")
    has_own = len(layer.spec.bottoms) == 1
    shape = _scaled_axes(message, layer.bottom()) if has_own else layer.bottom(1)
    blobs = [ParamBlob(shape, "weight")] if has_own else []
    text = f"{dims(shape)} scales" if has_own else "the scale is a bottom"
    if message.flag("bias_term", default=False):
        blobs.append(ParamBlob(shape, "bias"))
        text += f" + {dims(shape)} shifts"
    return Params(tuple(blobs), text)


def _scale_ops(layer: View) -> Count:
    has_bias = layer.param("scale_param").flag("bias_term", default=False)
    return (per_top(2, "multiply, add") if has_bias else per_top(1, "multiply"))(layer)


def _bias_params(layer: View) -> Params:
    if len(layer.spec.bottoms) > 1:
        return Params((), "the bias is a bottom")
    shape = _scaled_axes(layer.param("bias_param"), layer.bottom())
    return Params((ParamBlob(shape, "bias"),), f"{dims(shape)} biases")


def _lrn_ops(layer: View) -> Count:
    """Textbook count; Caffe slides a running sum over channels, so its own cost does not grow with size."""
    message = layer.param("lrn_param")
    size, count = message.integer("local_size", 5), prod(layer.top())
    shape = dims(layer.top())
    if message.text("norm_region", "ACROSS_CHANNELS") in {"WITHIN_CHANNEL", "1"}:
        text = f"{shape} × ({size}·{size} + 6) (square, sum over the window, average, scale, shift, power, multiply)"
        return Count(count * (size * size + 6), text)
    text = f"{shape} × (2·{size} + 3) (squares and sum over {size} channels, shift, power, multiply)"
    return Count(count * (2 * size + 3), text)


def _mvn_ops(layer: View) -> Count:
    variance = layer.param("mvn_param").flag("normalize_variance", default=True)
    rule = per_top(5, "mean, centre, square, variance, divide") if variance else per_top(2, "mean, centre")
    return rule(layer)


# -- private buffers -------------------------------------------------------------------------------


def _batch_norm_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    count = channels(layer)
    yield Need("temporary", FORWARD, bottom)
    yield Need("normalised values", FORWARD, bottom)
    yield Need("means", FORWARD, (count,))
    yield Need("variances", FORWARD, (count,))
    yield Need("sums per image and channel", FORWARD, (bottom[0], count))
    yield Need("batch multiplier", early(device), bottom[:1])
    yield Need("map multiplier", early(device), (prod(bottom[2:]),))
    if layer.is_in_place:
        yield Need("copy of the top's gradient", BACKWARD, bottom)


def _scale_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    if layer.is_in_place:
        yield Need("copy of the bottom", FORWARD, bottom)
    outer, inner_count, scaled = _scale_dims(layer)
    yield Need("multiplier", late(device), (max(outer, inner_count),))
    if outer > 1 and inner_count > 1:
        yield Need("sums per scale", BACKWARD, (outer, scaled))
    if layer.param("scale_param").flag("bias_term", default=False):
        yield Need("bias multiplier", late(device), (inner_count,))


def _scale_dims(layer: View) -> tuple[int, int, int]:
    """(values before, after, and in the axes that are scaled)."""
    params = _scale_params(layer)
    bottom = layer.bottom()
    shape = params.blobs[0].shape if params.blobs else layer.bottom(1)
    axis = layer.param("scale_param").integer("axis", 1) % max(len(bottom), 1)
    return prod(bottom[:axis]), prod(bottom[axis + len(shape) :]), prod(shape)


_WITHIN_FORWARD: Final = ("squares", "pooled squares", "powers")
_WITHIN_BACKWARD: Final = (*_WITHIN_FORWARD, "product's bottom", "square's bottom")


def _lrn_buffers(layer: View, _: str) -> Iterator[Need]:
    """Across channels one scale per element; within a channel a little net of five layers."""
    if layer.param("lrn_param").text("norm_region", "ACROSS_CHANNELS") not in {"WITHIN_CHANNEL", "1"}:
        yield Need("scale", FORWARD, layer.bottom())
        return
    for name in _WITHIN_FORWARD:
        yield Need(name, FORWARD, layer.bottom())
    for name in _WITHIN_BACKWARD:
        yield Need(f"gradient of {name}", BACKWARD, layer.bottom())


def _mvn_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    across = layer.param("mvn_param").flag("across_channels", default=False)
    rows = bottom[:1] if across else bottom[:2]
    yield Need("temporary", FORWARD, bottom)
    yield Need("means", FORWARD, rows)
    yield Need("variances", FORWARD, rows)
    yield Need("multiplier", early(device), bottom[len(rows) :])


def _bias_buffers(layer: View, device: str) -> Iterator[Need]:
    params = _bias_params(layer)
    shape = params.blobs[0].shape if params.blobs else layer.bottom(1)
    axis = layer.param("bias_param").integer("axis", 1) % max(len(layer.bottom()), 1)
    yield Need("multiplier", late(device), (prod(layer.bottom()[axis + len(shape) :]),))


# -- what backward reads ---------------------------------------------------------------------------


def _scale_reads(layer: View) -> Reads:
    """The bottom's data (its own copy in place), and a scale that is a bottom (scale_layer.cpp, Backward)."""
    copied = layer.is_in_place
    bottoms = range(1 if copied else 0, len(layer.spec.bottoms))
    return Reads(tuple(bottoms), private=copied)


def _few_channels(settings: Message | None, _: int) -> bool:
    """CuDNN's LRN takes windows of up to 16 (CUDNN_LRN_MAX_N)."""
    return settings is None or settings.integer("local_size", 5) <= _LRN_MAX_SIZE


_LRN_MAX_SIZE: Final = 16
_PLAIN: Final = Traits(LayerKind.NORMALISATION, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)

TYPES: Final = {
    # In place it keeps its top's gradient, never the bottom: x_norm and the variances are its own
    "BatchNorm": LayerType(
        Rule("batch_norm_layer.cpp", params=_batch_norm_params, other_ops=_batch_norm_ops, backward=no_macs),
        _PLAIN._replace(
            family=Family.BATCH_NORM,
            buffers=_batch_norm_buffers,
            backward_reads=reads(private=True),
            in_place=InPlace.FREE,
            asks_diff=first_bottom,
            unasked=Unasked.ALWAYS,
        ),
    ),
    "Scale": LayerType(
        Rule("scale_layer.cpp", params=_scale_params, other_ops=_scale_ops, backward=no_macs),
        _PLAIN._replace(
            buffers=_scale_buffers,
            backward_reads=_scale_reads,
            in_place=InPlace.COPIES,
            params_along_batch=True,
        ),
    ),
    "Bias": LayerType(
        Rule("bias_layer.cpp", params=_bias_params, other_ops=per_top(1, "add"), backward=no_macs),
        _PLAIN._replace(buffers=_bias_buffers, in_place=InPlace.FREE, params_along_batch=True),
    ),
    "LRN": LayerType(
        Rule("lrn_layer.cpp; Krizhevsky et al. 2012", other_ops=_lrn_ops),
        _PLAIN._replace(
            buffers=_lrn_buffers,
            backward_reads=reads(bottoms="first", tops="first", private=True),
            unasked=Unasked.ALWAYS,
            cudnn=Cudnn("lrn_param", _few_channels, frozenset({"scale"}), reads(bottoms="first", tops="first")),
            buffer_first=True,
        ),
    ),
    "MVN": LayerType(
        Rule("mvn_layer.cpp", other_ops=_mvn_ops),
        _PLAIN._replace(
            buffers=_mvn_buffers,
            backward_reads=reads(bottoms="first", tops="first", private=True),
        ),
    ),
}
