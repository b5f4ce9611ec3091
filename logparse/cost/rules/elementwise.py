"""Layers that treat each element alone: activations, powers, Eltwise, Dropout.

Source: the file of each layer (relu_layer.cpp, prelu_layer.cpp, …). Operations are counted one each,
a transcendental function as one.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.rule import Count, Params, Rule, dims, no_ops, per_top
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.rule import CountRule, View
    from logparse.cost.spec import Shape


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


def _eltwise_ops(layer: View) -> Count:
    message = layer.param("eltwise_param")
    inputs, shape = len(layer.spec.bottoms), layer.top()
    weighted = bool(message.numbers("coeff")) and message.text("operation", "SUM") == "SUM"
    each = 2 * inputs if weighted else inputs - 1
    what = f"2·{inputs}" if weighted else f"({inputs} − 1)"
    return Count(prod(shape) * each, f"{dims(shape)} × {what}")


_PLAIN: Final[Mapping[str, tuple[str, CountRule]]] = {
    "ELU": ("elu_layer.cpp; Clevert et al. 2015", per_top(2, "compare, exponential of negatives")),
    "Sigmoid": ("sigmoid_layer.cpp", per_top(4, "negate, exp, add, divide")),
    "TanH": ("tanh_layer.cpp", per_top(1, "tanh")),
    "AbsVal": ("absval_layer.cpp", per_top(1, "absolute value")),
    "BNLL": ("bnll_layer.cpp", per_top(4, "compare, exp, add, log")),
    "Threshold": ("threshold_layer.cpp", per_top(1, "compare")),
    "Clip": ("clip_layer.cpp", per_top(2, "two compares")),
}

RULES: Final = {
    **{name: Rule(source, other_ops=operations) for name, (source, operations) in _PLAIN.items()},
    "ReLU": Rule("relu_layer.cpp", other_ops=_relu_ops),
    "PReLU": Rule("prelu_layer.cpp; He et al. 2015", params=_prelu_params, other_ops=per_top(2, "compare, multiply")),
    "Power": Rule("power_layer.cpp", other_ops=_power_ops),
    "Exp": Rule("exp_layer.cpp", other_ops=_exp_ops),
    "Log": Rule("log_layer.cpp", other_ops=_log_ops),
    "Swish": Rule("swish_layer.cpp", other_ops=_swish_ops),
    "Dropout": Rule("dropout_layer.cpp", other_ops=_dropout_ops),
    "Eltwise": Rule("eltwise_layer.cpp", other_ops=_eltwise_ops),
}
