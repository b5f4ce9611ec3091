"""Layers that treat each element alone: activations, powers, Eltwise, Dropout.

Source: the file of each layer (relu_layer.cpp, prelu_layer.cpp, …). Operations are counted one each,
a transcendental function as one.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, FORWARD, SETUP, Need, no_buffers
from logparse.cost.rule import Count, Params, Rule, dims, no_macs, no_ops, per_top
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import NO_BACKWARD, Base, Cudnn, InPlace, LayerKind, LayerType, Reads, Traits, always, reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import CountRule, View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


def _relu_ops(layer: View) -> Count:
    leaky = layer.param("relu_param").number("negative_slope", 0) != 0
    return (per_top(2, "compare, multiply") if leaky else per_top(1, "compare"))(layer)


def _prelu_params(layer: View) -> Params:
    shared = layer.param("prelu_param").flag("channel_shared", default=False)
    shape: Shape = () if shared else (channels(layer),)
    return Params((ParamBlob(shape, "weight"),), f"{dims(shape)} slopes")


def _steps(layer: View, steps: tuple[tuple[bool, str], ...]) -> Count:
    """The steps that are really taken: Caffe skips those that change nothing."""
    taken = tuple(what for needed, what in steps if needed)
    return per_top(len(taken), ", ".join(taken))(layer) if taken else Count(0, "the identity")


def _power_ops(layer: View) -> Count:
    message = layer.param("power_param")
    scale, shift, power = message.number("scale", 1), message.number("shift", 0), message.number("power", 1)
    if scale == 0 or power == 0:
        return Count(0, "a constant")
    return _steps(layer, ((scale != 1, "scale"), (shift != 0, "shift"), (power != 1, "power")))


def _exp_ops(layer: View) -> Count:
    message = layer.param("exp_param")
    scaled = message.number("scale", 1) != 1 or message.number("base", -1) != -1
    return _steps(layer, ((scaled, "scale"), (True, "exponential"), (message.number("shift", 0) != 0, "outer scale")))


def _log_ops(layer: View) -> Count:
    message = layer.param("log_param")
    before = (message.number("scale", 1) != 1, message.number("shift", 0) != 0)
    based = message.number("base", -1) != -1
    return _steps(layer, ((before[0], "scale"), (before[1], "shift"), (True, "logarithm"), (based, "base")))


def _swish_ops(layer: View) -> Count:
    scaled = layer.param("swish_param").number("beta", 1) != 1
    return _steps(layer, ((scaled, "scale"), *((True, w) for w in ("negate", "exp", "add", "divide", "multiply"))))


def _dropout_ops(layer: View) -> Count:
    """A mask is multiplied in training; at test Caffe copies, or does nothing in place."""
    return per_top(1, "multiply by the mask")(layer) if layer.is_training else no_ops(layer)


_OPERATION: Final = fields.Choice("operation", ("PROD", "SUM", "MAX"), "SUM")


def _eltwise_ops(layer: View) -> Count:
    message = layer.param("eltwise_param")
    inputs, shape = len(layer.spec.bottoms), layer.top()
    weighted = bool(message.numbers("coeff")) and _OPERATION.of(message) == "SUM"
    each = 2 * inputs if weighted else inputs - 1
    what = f"2·{inputs}" if weighted else f"({inputs} − 1)"
    return Count(prod(shape) * each, f"{dims(shape)} × {what}")


# -- private buffers -------------------------------------------------------------------------------


def _prelu_buffers(layer: View, device: str) -> Iterator[Need]:
    if layer.is_in_place:
        yield Need("copy of the bottom", FORWARD, layer.bottom())
    per_image = layer.bottom()[1:]
    if device == CPU:
        yield Need("multiplier", SETUP, per_image)
    elif layer.goes_back and layer.learns(0):
        yield Need("multiplier", BACKWARD, per_image)
        yield Need("gradient per image", BACKWARD, per_image)


def _dropout_buffers(layer: View, device: str) -> Iterator[Need]:
    """The mask is touched at test too on the CPU, though it is not used there."""
    if layer.is_training or device == CPU:
        yield Need("mask", FORWARD, layer.bottom(), integers=True)


def _eltwise_buffers(layer: View, _: str) -> Iterator[Need]:
    if _OPERATION.of(layer.param("eltwise_param")) == "MAX":
        yield Need("index of the maximum", FORWARD, layer.top(), integers=True)


def _swish_buffers(layer: View, _: str) -> Iterator[Need]:
    yield Need("sigmoid's bottom", FORWARD, layer.bottom())
    yield Need("sigmoid's top", FORWARD, layer.bottom())


# -- what backward reads ---------------------------------------------------------------------------


def _prelu_reads(layer: View) -> Reads:
    """The bottom's data, in place its own copy (prelu_layer.cpp, Backward)."""
    return Reads(private=True) if layer.is_in_place else Reads((0,))


def _power_reads(layer: View) -> Reads:
    """Nothing where the slope is the same everywhere, a square the bottom, else both (power_layer.cpp, Backward)."""
    message = layer.param("power_param")
    power = message.number("power", 1)
    if power in (0, 1) or message.number("scale", 1) == 0:
        return Reads()
    return Reads((0,)) if power == _SQUARE else Reads((0,), (0,))


_SQUARE: Final = 2


def _eltwise_reads(layer: View) -> Reads:
    """SUM nothing, MAX its indices, PROD all bottoms (eltwise_layer.cpp, Backward).

    A PROD without `stable_prod_grad` divides its top by each bottom instead of multiplying the other bottoms.
    """
    message = layer.param("eltwise_param")
    operation = _OPERATION.of(message)
    if operation != "PROD":
        return Reads(private=operation == "MAX")
    is_stable = message.flag("stable_prod_grad", default=True)
    return Reads(tuple(range(len(layer.spec.bottoms))), () if is_stable else (0,))


def _always(_: Message | None, __: int) -> bool:
    return True


def _cudnn(message: str) -> Cudnn:
    return Cudnn(message, _always, reads=reads(bottoms="first", tops="first"))


_B: Final = reads(bottoms="first")
_T: Final = reads(tops="first")
_NEURON: Final = Traits(LayerKind.ACTIVATION, Base.NEURON, no_buffers, _B, InPlace.NEVER)


def _neuron(source: str, operations: CountRule, traits: Traits) -> LayerType:
    return LayerType(Rule(source, other_ops=operations), traits)


TYPES: Final = {
    # In place the sign of the bottom is still that of the top
    "ReLU": _neuron("relu_layer.cpp", _relu_ops, _NEURON._replace(in_place=InPlace.FREE, cudnn=_cudnn("relu_param"))),
    "ELU": _neuron(
        "elu_layer.cpp; Clevert et al. 2015",
        per_top(2, "compare, exponential of negatives"),
        _NEURON._replace(backward_reads=reads(bottoms="first", tops="first"), in_place=InPlace.FREE),
    ),
    "Sigmoid": _neuron(
        "sigmoid_layer.cpp",
        per_top(4, "negate, exp, add, divide"),
        _NEURON._replace(backward_reads=_T, in_place=InPlace.FREE, cudnn=_cudnn("sigmoid_param")),
    ),
    "TanH": _neuron(
        "tanh_layer.cpp",
        per_top(1, "tanh"),
        _NEURON._replace(backward_reads=_T, in_place=InPlace.FREE, cudnn=_cudnn("tanh_param")),
    ),
    "AbsVal": _neuron("absval_layer.cpp", per_top(1, "absolute value"), _NEURON._replace(unasked=always)),
    "BNLL": _neuron("bnll_layer.cpp", per_top(4, "compare, exp, add, log"), _NEURON),
    "Threshold": _neuron(
        "threshold_layer.cpp",
        per_top(1, "compare"),
        _NEURON._replace(backward_reads=NO_BACKWARD, in_place=InPlace.FREE),
    ),
    "Clip": _neuron("clip_layer.cpp", per_top(2, "two compares"), _NEURON),
    "PReLU": LayerType(
        Rule(
            "prelu_layer.cpp; He et al. 2015",
            params=_prelu_params,
            other_ops=per_top(2, "compare, multiply"),
            backward=no_macs,
        ),
        _NEURON._replace(buffers=_prelu_buffers, backward_reads=_prelu_reads, in_place=InPlace.COPIES, unasked=always),
    ),
    # Only with a power of 1 it could work in place: else its backward pass reads the bottom
    "Power": _neuron("power_layer.cpp", _power_ops, _NEURON._replace(backward_reads=_power_reads)),
    "Exp": _neuron("exp_layer.cpp", _exp_ops, _NEURON._replace(backward_reads=_T, in_place=InPlace.FREE)),
    "Log": _neuron("log_layer.cpp", _log_ops, _NEURON),
    "Swish": _neuron(
        "swish_layer.cpp",
        _swish_ops,
        _NEURON._replace(
            buffers=_swish_buffers,
            backward_reads=reads(tops="first", private=True),
            in_place=InPlace.FREE,
            buffer_first=True,
        ),
    ),
    "Dropout": _neuron(
        "dropout_layer.cpp",
        _dropout_ops,
        _NEURON._replace(buffers=_dropout_buffers, backward_reads=reads(private=True), in_place=InPlace.FREE),
    ),
    # Its sum begins with zeros in the top: in place the bottom would be lost
    "Eltwise": LayerType(
        Rule("eltwise_layer.cpp", other_ops=_eltwise_ops),
        Traits(LayerKind.JOINING, Base.LAYER, _eltwise_buffers, _eltwise_reads, InPlace.NEVER, unasked=always),
    ),
}
