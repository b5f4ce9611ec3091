"""Scaling and shifting along axes: Scale, Bias. Source: scale_layer.cpp, bias_layer.cpp."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, FORWARD, Need, late
from logparse.cost.rule import Missing, Params, Rule, bare_view, dims, no_macs, per_top
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import READS_NOTHING, Base, InPlace, LayerKind, LayerType, Reads, Traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import Count, View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Message


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


# -- private buffers -------------------------------------------------------------------------------


def _scale_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    if layer.is_in_place:
        yield Need("copy of the bottom", FORWARD, bottom)
    dims_of = _scale_dims(layer)
    sums = _sums_up(layer, dims_of)
    if device == CPU or sums:
        yield Need("multiplier", late(device), (max(dims_of.before, dims_of.after),))
    if sums and dims_of.before > 1 and dims_of.after > 1:
        yield Need("sums per scale", BACKWARD, (dims_of.before, dims_of.scaled))
    if layer.param("scale_param").flag("bias_term", default=False):
        own = len(layer.spec.bottoms) == 1
        if device == CPU or layer.learns(1 if own else 0):
            yield Need("bias multiplier", late(device), (dims_of.after,))


class _Scaled(NamedTuple):
    """How many values stand before, in, and after the axes that are scaled."""

    before: int
    scaled: int
    after: int


def _scale_dims(layer: View) -> _Scaled:
    """A scalar scale stands for all axes (ScaleLayer::Reshape)."""
    bottom = layer.bottom()
    shape = layer.bottom(1) if len(layer.spec.bottoms) > 1 else _scale_params(layer).blobs[0].shape
    axis = fields.axis_index(layer.param("scale_param").integer("axis", 1), len(bottom)) if shape else 0
    return _Scaled(prod(bottom[:axis]), prod(shape), prod(bottom[axis + len(shape) :]))


def _sums_up(layer: View, dims_of: _Scaled) -> bool:
    """Whether Backward sums the products of bottom and gradient up to the gradient of the scale.

    Not where the scale is frozen, or where there is a scale for each value (ScaleLayer::Backward, `is_eltwise`).
    """
    if dims_of.before == dims_of.after == 1:
        return False
    own = len(layer.spec.bottoms) == 1
    return layer.learns(0) if own else layer.goes_back and layer.passes_down(1)


def _scale_asks(spec: LayerSpec, _: str) -> Sequence[int]:
    """The products stand in the bottom's gradient before they are summed up; in place in the copy of the bottom."""
    layer = bare_view(spec)
    try:
        takes = not layer.is_in_place and _sums_up(layer, _scale_dims(layer))
    except (Missing, IndexError):
        return ()
    return (0,) if takes else ()


def _bias_buffers(layer: View, device: str) -> Iterator[Need]:
    """Ones over what stands behind the biased axes; on the GPU for the bias's gradient alone (bias_layer.cu).

    A scalar bias stands for all axes (BiasLayer::Reshape).
    """
    bottom, own = layer.bottom(), len(layer.spec.bottoms) == 1
    shape = _bias_params(layer).blobs[0].shape if own else layer.bottom(1)
    axis = fields.axis_index(layer.param("bias_param").integer("axis", 1), len(bottom)) if shape else 0
    if device == CPU or (layer.learns(0) if own else layer.goes_back and layer.passes_down(1)):
        yield Need("multiplier", late(device), (prod(bottom[axis + len(shape) :]),))


# -- what backward reads ---------------------------------------------------------------------------


def _scale_reads(layer: View) -> Reads:
    """The bottom's data (its own copy in place) for the scale's gradient, and a scale that is a bottom.

    Source: scale_layer.cpp, Backward. A scale of its own that is frozen has no gradient.
    """
    if len(layer.spec.bottoms) == 1 and layer.definition is not None and not layer.learns(0):
        return Reads()
    copied = layer.is_in_place
    bottoms = range(1 if copied else 0, len(layer.spec.bottoms))
    return Reads(tuple(bottoms), private=copied)


_PLAIN: Final = Traits(
    kind=LayerKind.NORMALISATION,
    base=Base.LAYER,
    buffers=_bias_buffers,
    backward_reads=READS_NOTHING,
    in_place=InPlace.FREE,
    params_along_batch=True,
)

TYPES: Final = {
    "Scale": LayerType(
        Rule("scale_layer.cpp", params=_scale_params, other_ops=_scale_ops, backward=no_macs),
        _PLAIN._replace(
            buffers=_scale_buffers,
            backward_reads=_scale_reads,
            in_place=InPlace.COPIES,
            asks_diff=_scale_asks,
        ),
    ),
    "Bias": LayerType(
        Rule("bias_layer.cpp", params=_bias_params, other_ops=per_top(1, "add"), backward=no_macs),
        _PLAIN,
    ),
}
