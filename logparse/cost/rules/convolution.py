"""Convolution and its kin: Deconvolution, depthwise forms, Im2col.

Source: base_conv_layer.cpp, conv_layer.cpp, deconv_layer.cpp, im2col_layer.cpp; the counts agree with
every BLAS call that Caffe makes. Dilation changes shapes, never counts.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.rule import Count, Missing, Params, Product, Rule, dims, gradient_macs
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.cost.rule import View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


class Geometry(NamedTuple):
    """A convolution's settings, one value per spatial axis; `axis` is the channel axis."""

    num_output: int
    kernel: Shape
    stride: Shape
    pad: Shape
    dilation: Shape
    group: int
    bias: bool
    axis: int


# DeepLab's fork of 2015 has a type of its own, and says `hole` for dilation
_MESSAGES: Final = ("convolution_param", "convolution_deeplab_param")


def _dilation_name(message: Message) -> str:
    has_holes = any(message.has(name) for name in ("hole", "hole_h", "hole_w"))
    return "hole" if has_holes else "dilation"


def geometry(layer: View) -> Geometry:
    """The settings as the definition states them, defaults filled in."""
    message = layer.param(*_MESSAGES)
    known = layer.spec.bottoms[0] if layer.spec.bottoms else None
    rank = len(known if known is not None else layer.top())
    axis = fields.axis_index(message.integer("axis", 1), rank)
    axes = rank - axis - 1
    return Geometry(
        num_output=message.integer("num_output", 0),
        kernel=fields.kernel(message, axes),
        stride=fields.spatial(message, "stride", axes, 1),
        pad=fields.spatial(message, "pad", axes, 0),
        dilation=fields.spatial(message, _dilation_name(message), axes, 1),
        group=max(message.integer("group", 1), 1),
        bias=message.flag("bias_term", default=True),
        axis=axis,
    )


def depthwise_geometry(layer: View) -> Geometry:
    """Depthwise forks: one group per channel where the definition states no group."""
    base = geometry(layer)
    if layer.param("convolution_param").has("group"):
        return base
    return base._replace(group=layer.bottom()[base.axis])


def _channels(layer: View, geo: Geometry) -> tuple[int, int]:
    """(bottom, top) channels; the printed top wins over num_output."""
    top = layer.tops[0] if layer.tops else None
    outputs = top[geo.axis] if top is not None and len(top) > geo.axis else geo.num_output
    inputs = layer.bottom()[geo.axis]
    if inputs % geo.group or outputs % geo.group or not outputs:
        raise Missing(f"{inputs} → {outputs} channels cannot be split into {geo.group} groups")
    return inputs, outputs


def _spatial_out(geo: Geometry, size: Shape) -> Shape:
    parts = zip(size, geo.kernel, geo.stride, geo.pad, geo.dilation, strict=True)
    return tuple(fields.window_count(i, k, s, p, d) for i, k, s, p, d in parts)


def _spatial_up(geo: Geometry, size: Shape) -> Shape:
    """Deconvolution: the convolution's formula turned round (deconv_layer.cpp)."""
    parts = zip(size, geo.kernel, geo.stride, geo.pad, geo.dilation, strict=True)
    return tuple(s * (i - 1) + d * (k - 1) + 1 - 2 * p for i, k, s, p, d in parts)


def _with_bias(weight: Shape, outputs: int, geo: Geometry, text: str) -> Params:
    blobs = [ParamBlob(weight, "weight")]
    if not geo.bias:
        return Params(tuple(blobs), text)
    return Params((*blobs, ParamBlob((outputs,), "bias")), f"{text} + {outputs} biases")


def _rule(read: Callable[[View], Geometry], *, upward: bool, source: str) -> Rule:
    """One rule for convolutions in both directions; `read` gives the geometry."""

    def shapes(layer: View) -> tuple[Shape | None, ...]:
        geo = read(layer)
        out = _spatial_up if upward else _spatial_out
        lead = geo.axis + 1
        return tuple((*b[: geo.axis], geo.num_output, *out(geo, b[lead:])) for b in layer.all_bottoms())

    def params(layer: View) -> Params:
        geo = read(layer)
        inputs, outputs = _channels(layer, geo)
        first, second = (inputs, outputs) if upward else (outputs, inputs)
        weight = (first, second // geo.group, *geo.kernel)
        return _with_bias(weight, outputs, geo, f"{first} × ({second}/{geo.group}) × {dims(geo.kernel)}")

    def factors(layer: View) -> tuple[tuple[Shape, ...], int, Geometry]:
        """(blobs that the kernel sweeps, channels on the other side, geometry)."""
        geo = read(layer)
        inputs, outputs = _channels(layer, geo)
        return (layer.all_bottoms(), outputs, geo) if upward else (layer.all_tops(), inputs, geo)

    def macs(layer: View) -> Count:
        swept, other, geo = factors(layer)
        value = fields.total(swept) * (other // geo.group) * prod(geo.kernel)
        return Count(value, f"{_sum(swept)} × ({other}/{geo.group}) × {dims(geo.kernel)}")

    def backward(layer: View) -> Count:
        swept, other, geo = factors(layer)
        each = other // geo.group * prod(geo.kernel)
        return gradient_macs(layer, tuple(Product(prod(shape) * each, i) for i, shape in enumerate(swept)))

    return Rule(source, shapes, params, macs, _bias_adds(read), backward)


def _sum(shapes: tuple[Shape, ...]) -> str:
    text = " + ".join(dims(shape) for shape in shapes)
    return f"({text})" if len(shapes) > 1 else text


def _bias_adds(read: Callable[[View], Geometry]) -> Callable[[View], Count]:
    def other_ops(layer: View) -> Count:
        if not read(layer).bias:
            return Count(0, "no bias")
        return Count(fields.total(layer.all_tops()), f"{_sum(layer.all_tops())} (bias adds)")

    return other_ops


def _im2col_shapes(layer: View) -> tuple[Shape | None, ...]:
    geo = geometry(layer)
    bottom = layer.bottom()
    channels = bottom[geo.axis] * prod(geo.kernel)
    return ((*bottom[: geo.axis], channels, *_spatial_out(geo, bottom[geo.axis + 1 :])),)


CONVOLUTION: Final = _rule(geometry, upward=False, source="base_conv_layer.cpp, conv_layer.cpp")
DEPTHWISE: Final = _rule(depthwise_geometry, upward=False, source="depthwise forks over base_conv_layer.cpp")
DECONVOLUTION: Final = _rule(geometry, upward=True, source="base_conv_layer.cpp, deconv_layer.cpp")

RULES: Final = {
    "Convolution": CONVOLUTION,
    "Deconvolution": DECONVOLUTION,
    "DepthwiseConvolution": DEPTHWISE,
    "ConvolutionDepthwise": DEPTHWISE,
    "ConvolutionDeeplab": CONVOLUTION,
    "Im2col": Rule("im2col_layer.cpp", _im2col_shapes),
}
