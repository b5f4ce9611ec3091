"""Convolution and its kin: Deconvolution, depthwise forms, Im2col.

Source: base_conv_layer.cpp, conv_layer.cpp, deconv_layer.cpp, im2col_layer.cpp; the counts agree with
every BLAS call that Caffe makes. Dilation changes shapes, never counts.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, FORWARD, GPU, Need, early, late
from logparse.cost.rule import Count, Missing, Params, Product, Rule, dims, gradient_macs
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    Cudnn,
    Family,
    InPlace,
    LayerKind,
    LayerType,
    Traits,
    every_bottom,
    first_bottom,
    reads_to_learn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.cost.buffer import BufferRule
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
    return layer.setting(_geometry)


def _geometry(layer: View) -> Geometry:
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


_CONVOLUTION: Final = _rule(geometry, upward=False, source="base_conv_layer.cpp, conv_layer.cpp")
_DEPTHWISE: Final = _rule(depthwise_geometry, upward=False, source="depthwise forks over base_conv_layer.cpp")
_DECONVOLUTION: Final = _rule(geometry, upward=True, source="base_conv_layer.cpp, deconv_layer.cpp")


# -- private buffers -------------------------------------------------------------------------------


def _col_buffer(geo: Geometry, bottom: Shape, top: Shape, *, upward: bool) -> Shape:
    """The unrolled patches of one image; a Deconvolution unrolls its top over the map of its bottom."""
    unrolled, swept = (top, bottom) if upward else (bottom, top)
    return (unrolled[geo.axis], *geo.kernel, *swept[geo.axis + 1 :])


def _is_pointwise(geo: Geometry) -> bool:
    return all(value == 1 for value in (*geo.kernel, *geo.stride)) and not any(geo.pad)


def _column(*, upward: bool) -> BufferRule:
    """One im2col buffer for one image; a 1×1 convolution touches it in its first backward, without using it.

    A Deconvolution's forward is a convolution's backward, so that one touches it in forward (backward_cpu_gemm).
    """

    def rule(layer: View, device: str) -> Iterator[Need]:
        geo = geometry(layer)
        shape = _col_buffer(geo, layer.bottom(), layer.top(), upward=upward)
        if not _is_pointwise(geo):
            yield Need("im2col column", FORWARD, shape)
            yield from _settings_on_device(layer, device, 2 * (len(geo.kernel) + 1))
        elif upward:
            yield Need("im2col column, never used", FORWARD, shape)
        elif layer.goes_back and layer.passes_down():
            yield Need("im2col column, never used", BACKWARD, shape)
        if geo.bias:
            yield Need("bias multiplier", early(device), layer.top()[geo.axis + 1 :])

    return rule


def _settings_on_device(layer: View, device: str, dims_of_both: int) -> Iterator[Need]:
    """Where the general im2col runs, it reads both shapes, kernel, pad, stride and dilation from device memory.

    It runs unless there are two spatial axes, or where it is asked for (base_conv_layer.hpp, conv_im2col_gpu).
    """
    axes = len(geometry(layer).kernel)
    is_forced = layer.param(*_MESSAGES).flag("force_nd_im2col", default=False)
    if device == GPU and (axes != _PLANE or is_forced):
        yield Need("im2col settings", FORWARD, (dims_of_both + _SETTINGS * axes,), integers=True)


_PLANE: Final = 2
_PLACES: Final = "bias gradients per place"
_SETTINGS: Final = 4  # kernel, pad, stride, dilation


def _im2col(layer: View, device: str) -> Iterator[Need]:
    """No column of its own: that is its top. Its kernel gets the whole shapes of bottom and top (im2col_layer.cu)."""
    yield from _settings_on_device(layer, device, len(layer.bottom()) + len(layer.top()))


def _column_on_host(layer: View, device: str) -> Iterator[Need]:
    """Depthwise forks over BaseConvolutionLayer: on the GPU kernels of their own, which need nothing."""
    if device == CPU:
        yield from _column(upward=False)(layer, device)


def _whole_batch(layer: View, device: str) -> Iterator[Need]:
    """conv_dw_layer.cu sums gradients over patches of the whole batch, of those parameters that learn."""
    geo, top = depthwise_geometry(layer), layer.top()
    channels, places = top[geo.axis], (top[0], *top[geo.axis + 1 :])
    sums = (("weight multiplier", "patches of the whole batch", geo.kernel), ("bias multiplier", _PLACES, ()))
    for blob, (ones, summed, window) in enumerate(sums[: 1 + geo.bias]):
        if device == CPU or layer.learns(blob):
            yield Need(ones, late(device), places)
        if device == GPU and layer.learns(blob):
            yield Need(summed, BACKWARD, (channels, *window, *places))


def _engine(settings: Message | None, axes: int) -> bool:
    """layer_factory.cpp: cuDNN where it is stated, else unless the convolution is dilated."""
    if settings is not None and fields.ENGINE.stated(settings) == "CUDNN":
        return True
    return settings is None or all(value == 1 for value in fields.spatial(settings, "dilation", axes, 1))


_CUDNN: Final = Cudnn("convolution_param", _engine, saves=None)
_WINDOWED: Final = Traits(
    kind=LayerKind.CONVOLUTION,
    base=Base.CONVOLUTION,
    family=Family.CONVOLUTION,
    buffers=_column(upward=False),
    backward_reads=reads_to_learn("all"),
    in_place=InPlace.NEVER,
    asks_diff=every_bottom,
    channels="convolution_param",
    windowed=True,
)
_BY_CHANNEL: Final = _WINDOWED._replace(family=Family.DEPTHWISE)

TYPES: Final = {
    "Convolution": LayerType(_CONVOLUTION, _WINDOWED._replace(cudnn=_CUDNN)),
    "Deconvolution": LayerType(
        _DECONVOLUTION,
        _WINDOWED._replace(family=Family.DECONVOLUTION, buffers=_column(upward=True), cudnn=_CUDNN),
    ),
    "DepthwiseConvolution": LayerType(_DEPTHWISE, _BY_CHANNEL._replace(buffers=_column_on_host)),
    "ConvolutionDepthwise": LayerType(
        _DEPTHWISE,
        _BY_CHANNEL._replace(base=Base.LAYER, buffers=_whole_batch, asks_diff=first_bottom),
    ),
    "ConvolutionDeeplab": LayerType(_CONVOLUTION, _WINDOWED),
    "Im2col": LayerType(
        Rule("im2col_layer.cpp", _im2col_shapes),
        Traits(
            kind=LayerKind.JOINING,
            base=Base.LAYER,
            buffers=_im2col,
            backward_reads=READS_NOTHING,
            in_place=InPlace.NEVER,
            asks_diff=first_bottom,
            windowed=True,
        ),
    ),
}
