"""InnerProduct and Embed. Source: inner_product_layer.cpp, embed_layer.cpp."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, Need, early
from logparse.cost.rule import Count, Params, Product, Rule, dims, gradient_macs, no_macs
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import Base, Family, InPlace, LayerKind, LayerType, Traits, reads_to_learn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import View
    from logparse.cost.spec import Shape


def _axis(layer: View, name: str) -> int:
    """The first axis that is flattened away; without a definition the top's own rank gives it.

    A top has axis + 1 axes. Tops that are padded with ones (Caffe until rc2) always have axis 1.
    """
    bottom = layer.bottom()
    if layer.definition is not None:
        return fields.axis_index(layer.param(name).integer("axis", 1), len(bottom))
    top = layer.top()
    fits = len(top) <= len(bottom) and top[:-1] == bottom[: len(top) - 1]
    return len(top) - 1 if fits and len(top) > 1 else 1


def dense_rule(name: str, source: str, *, has_bias: bool = True) -> Rule:
    """A fully connected layer whose parameter message is called `name`.

    `has_bias` is the default of `bias_term`; a type without biases has no such field.
    """

    def sizes(layer: View) -> tuple[Shape, Shape, int]:
        """(dims before the axis, dims that are flattened, outputs); the printed top wins over num_output."""
        axis, bottom = _axis(layer, name), layer.bottom()
        top = layer.tops[0] if layer.tops else None
        fits = top is not None and len(top) > axis
        outputs = top[axis] if top is not None and fits else layer.param(name).integer("num_output", 0)
        return bottom[:axis], bottom[axis:], outputs

    def shapes(layer: View) -> tuple[Shape | None, ...]:
        message = layer.param(name)
        return ((*layer.bottom()[: _axis(layer, name)], message.integer("num_output", 0)),)

    def params(layer: View) -> Params:
        message = layer.param(name)
        _, inputs, outputs = sizes(layer)
        shape = (outputs, prod(inputs))
        weight = ParamBlob(shape[::-1] if message.flag("transpose", default=False) else shape, "weight")
        text = f"{dims(inputs)} × {outputs}"
        if not message.flag("bias_term", default=has_bias):
            return Params((weight,), text)
        return Params((weight, ParamBlob((outputs,), "bias")), f"{text} + {outputs} biases")

    def macs(layer: View) -> Count:
        rows, inputs, outputs = sizes(layer)
        return Count(prod(rows) * prod(inputs) * outputs, f"{dims(rows)} × {dims(inputs)} × {outputs}")

    def other_ops(layer: View) -> Count:
        if not layer.param(name).flag("bias_term", default=has_bias):
            return Count(0, "no bias")
        return Count(prod(layer.top()), f"{dims(layer.top())} (bias adds)")

    def backward(layer: View) -> Count:
        return gradient_macs(layer, (Product(macs(layer).value, 0),))

    return Rule(source, shapes, params, macs, other_ops, backward)


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


# -- private buffers -------------------------------------------------------------------------------


def _inner_product(layer: View, device: str) -> Iterator[Need]:
    """A one per row. On the GPU a single row's bias is added without it: it is for the bias's gradient alone.

    Source: inner_product_layer.cu, `if (M_ == 1)`.
    """
    if not layer.param("inner_product_param").flag("bias_term", default=True):
        return
    rows = layer.bottom()[: _axis(layer, "inner_product_param")]
    if prod(rows) > 1 or device == CPU:
        yield Need("bias multiplier", early(device), rows or (1,))
    elif layer.learns(1):
        yield Need("bias multiplier", BACKWARD, rows or (1,))


def _embed(layer: View, device: str) -> Iterator[Need]:
    if layer.param("embed_param").flag("bias_term", default=True):
        yield Need("bias multiplier", early(device), (prod(layer.bottom()),))


_DENSE: Final = Traits(
    kind=LayerKind.FULLY_CONNECTED,
    base=Base.LAYER,
    family=Family.FULLY_CONNECTED,
    buffers=_inner_product,
    backward_reads=reads_to_learn("first"),
    in_place=InPlace.NEVER,
    channels="inner_product_param",
    params_along_batch=True,
)

TYPES: Final = {
    "InnerProduct": LayerType(dense_rule("inner_product_param", "inner_product_layer.cpp"), _DENSE),
    "Embed": LayerType(
        Rule("embed_layer.cpp", _embed_shapes, _embed_params, other_ops=_embed_ops, backward=no_macs),
        Traits(
            kind=LayerKind.EMBEDDING,
            base=Base.LAYER,
            buffers=_embed,
            backward_reads=reads_to_learn("first"),
            in_place=InPlace.NEVER,
        ),
    ),
}
