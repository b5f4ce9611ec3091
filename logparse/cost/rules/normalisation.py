"""Normalisation and per-channel scaling: BatchNorm, Scale, Bias, LRN, MVN.

Source: batch_norm_layer.cpp, scale_layer.cpp, bias_layer.cpp, lrn_layer.cpp, mvn_layer.cpp.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.rule import Count, Params, Rule, dims, per_top
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from collections.abc import Callable

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


def scaled_norm(own: Callable[[View], bool]) -> Callable[[View], Params]:
    """A normalisation with one learned scale per channel, or one for all where `own` says so."""

    def params(layer: View) -> Params:
        shape: Shape = () if own(layer) else (channels(layer),)
        return Params((ParamBlob(shape, "weight"),), f"{dims(shape)} scales")

    return params


RULES: Final = {
    "BatchNorm": Rule("batch_norm_layer.cpp", params=_batch_norm_params, other_ops=_batch_norm_ops),
    "Scale": Rule("scale_layer.cpp", params=_scale_params, other_ops=_scale_ops),
    "Bias": Rule("bias_layer.cpp", params=_bias_params, other_ops=per_top(1, "add")),
    "LRN": Rule("lrn_layer.cpp; Krizhevsky et al. 2012", other_ops=_lrn_ops),
    "MVN": Rule("mvn_layer.cpp", other_ops=_mvn_ops),
}
