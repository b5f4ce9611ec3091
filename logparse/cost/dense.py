"""InnerProduct and Embed. Source: inner_product_layer.cpp, embed_layer.cpp."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.rule import Count, Params, Product, Rule, dims, gradient_macs
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from logparse.cost.rule import View
    from logparse.cost.spec import Shape


def stated_axis(layer: View) -> int:
    """The first axis that is flattened away, from the definition."""
    return fields.axis_index(layer.param("inner_product_param").integer("axis", 1), len(layer.bottom()))


def _axis(layer: View) -> int:
    """The axis; without a definition the top's own rank gives it, since a top has axis + 1 axes.

    Tops that are padded with ones (Caffe until rc2) always have axis 1.
    """
    if layer.definition is not None:
        return stated_axis(layer)
    bottom, top = layer.bottom(), layer.top()
    fits = len(top) <= len(bottom) and top[:-1] == bottom[: len(top) - 1]
    return len(top) - 1 if fits and len(top) > 1 else 1


def _rows_inputs_outputs(layer: View) -> tuple[Shape, Shape, int]:
    axis = _axis(layer)
    bottom, top = layer.bottom(), layer.top()
    outputs = top[axis] if len(top) > axis else layer.param("inner_product_param").integer("num_output", 0)
    return bottom[:axis], bottom[axis:], outputs


def _shapes(layer: View) -> tuple[Shape | None, ...]:
    axis = stated_axis(layer)
    return ((*layer.bottom()[:axis], layer.param("inner_product_param").integer("num_output", 0)),)


def _params(layer: View) -> Params:
    message = layer.param("inner_product_param")
    _, inputs, outputs = _rows_inputs_outputs(layer)
    shape = (outputs, prod(inputs))
    weight = ParamBlob(shape[::-1] if message.flag("transpose", default=False) else shape, "weight")
    text = f"{dims(inputs)} × {outputs}"
    if not message.flag("bias_term", default=True):
        return Params((weight,), text)
    return Params((weight, ParamBlob((outputs,), "bias")), f"{text} + {outputs} biases")


def _macs(layer: View) -> Count:
    rows, inputs, outputs = _rows_inputs_outputs(layer)
    return Count(prod(rows) * prod(inputs) * outputs, f"{dims(rows)} × {dims(inputs)} × {outputs}")


def _backward(layer: View) -> Count:
    return gradient_macs(layer, (Product(_macs(layer).value, 0),))


def _other_ops(layer: View) -> Count:
    if not layer.param("inner_product_param").flag("bias_term", default=True):
        return Count(0, "no bias")
    return Count(prod(layer.top()), f"{dims(layer.top())} (bias adds)")


def _embed_shapes(layer: View) -> tuple[Shape | None, ...]:
    return ((*layer.bottom(), layer.param("embed_param").integer("num_output", 0)),)


def _embed_params(layer: View) -> Params:
    message = layer.param("embed_param")
    words, outputs = message.integer("input_dim", 0), message.integer("num_output", 0)
    weight, text = ParamBlob((words, outputs), "weight"), f"{words} × {outputs}"
    if not message.flag("bias_term", default=True):
        return Params((weight,), text)
    return Params((weight, ParamBlob((outputs,), "bias")), f"{text} + {outputs} biases")


def _embed_ops(layer: View) -> Count:
    if not layer.param("embed_param").flag("bias_term", default=True):
        return Count(0, "a lookup, no bias")
    return Count(prod(layer.top()), f"{dims(layer.top())} (bias adds)")


RULES: Final = {
    "InnerProduct": Rule("inner_product_layer.cpp", _shapes, _params, _macs, _other_ops, _backward),
    "Embed": Rule("embed_layer.cpp", _embed_shapes, _embed_params, other_ops=_embed_ops),
}
