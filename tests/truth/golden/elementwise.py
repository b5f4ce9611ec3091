"""Layers that treat each element alone: relu_layer.cpp, power_layer.cpp, dropout_layer.cpp, eltwise_layer.cpp, …

Each works on the 7·3·5·11 values of its bottom; beside each row stands what it does to one of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.truth.golden.row import NA, Row, weight

if TYPE_CHECKING:
    from logparse.cost.spec import ParamBlob

BOTTOM: Final = (7, 3, 5, 11)
COUNT: Final = 7 * 3 * 5 * 11


def each(kind: str, about: str, operations: int, text: str = "", blobs: tuple[ParamBlob, ...] = ()) -> Row:
    """A layer that does so many operations on each value and keeps the shape."""
    return Row(kind, about, text, bottoms=(BOTTOM,), tops=(BOTTOM,), blobs=blobs, other_ops=COUNT * operations)


ACTIVATIONS: Final = (
    each("ReLU", "compare", 1),
    each("ReLU", "leaky: compare, multiply", 2, "relu_param { negative_slope: 0.1 }"),
    each("ReLU", "a slope of nothing", 1, "relu_param { negative_slope: 0 }"),
    replace(each("ReLU", "no definition", 1), text=None, other_ops=NA("the layer's definition is missing")),
    each("PReLU", "compare, multiply; a slope per channel", 2, blobs=(weight(3),)),
    each("PReLU", "one slope for all", 2, "prelu_param { channel_shared: true }", (weight(),)),
    each("ELU", "compare, exponential", 2),
    each("Sigmoid", "negate, exp, add, divide", 4),
    each("TanH", "tanh", 1),
    each("AbsVal", "absolute value", 1),
    each("BNLL", "compare, exp, add, log", 4),
    each("Threshold", "compare", 1, "threshold_param { threshold: 0.5 }"),
    each("Clip", "two compares", 2, "clip_param { min: -1 max: 2 }"),
    each("Swish", "x · sigmoid(x): negate, exp, add, divide, multiply", 5),
    each("Swish", "x · sigmoid(2x): scale before", 6, "swish_param { beta: 2 }"),
)

POWERS: Final = (
    each("Power", "the identity", 0),
    each("Power", "scale", 1, "power_param { scale: 2 }"),
    each("Power", "shift", 1, "power_param { shift: 3 }"),
    each("Power", "power", 1, "power_param { power: 3 }"),
    each("Power", "scale, shift", 2, "power_param { scale: 0.5 shift: 3 }"),
    each("Power", "scale, shift, power", 3, "power_param { scale: 2 shift: 3 power: 0.5 }"),
    each("Power", "to the power of nothing: a constant", 0, "power_param { scale: 2 shift: 3 power: 0 }"),
    each("Power", "times nothing: a constant", 0, "power_param { scale: 0 shift: 3 power: 2 }"),
    each("Exp", "e to x", 1),
    each("Exp", "2 to x: scale by log 2", 2, "exp_param { base: 2 }"),
    each("Exp", "e to 3x", 2, "exp_param { scale: 3 }"),
    each("Exp", "e to x + 1: an outer factor of e", 2, "exp_param { shift: 1 }"),
    each("Exp", "2 to 3x + 1: scale, exponential, outer factor", 3, "exp_param { base: 2 scale: 3 shift: 1 }"),
    each("Log", "natural", 1),
    each("Log", "of 2x", 2, "log_param { scale: 2 }"),
    each("Log", "of x + 1", 2, "log_param { shift: 1 }"),
    each("Log", "to the base 10: scaled after", 2, "log_param { base: 10 }"),
    each("Log", "to the base 10 of 2x + 1", 4, "log_param { base: 10 scale: 2 shift: 1 }"),
)

DROPOUT: Final = (
    each("Dropout", "multiply by the mask", 1, "dropout_param { dropout_ratio: 0.3 }"),
    replace(each("Dropout", "at test it copies", 0), phase="TEST"),
    replace(each("Dropout", "in a net of no phase, which Caffe takes for TRAIN", 1), phase=None),
    replace(each("Dropout", "no definition: the phase is enough", 1), text=None),
    replace(each("DROPOUT", "the type as 2014 names it", 1), text="type: DROPOUT dropout_param { dropout_ratio: 0.3 }"),
)


def joined(about: str, inputs: int, operations: int, text: str = "") -> Row:
    """An Eltwise of `inputs` bottoms that does so many operations per output."""
    bottoms = (BOTTOM,) * inputs
    return Row("Eltwise", about, text, bottoms=bottoms, tops=(BOTTOM,), other_ops=COUNT * operations)


ELTWISE: Final = (
    joined("sum of two: one addition", 2, 1),
    joined("sum of three: two additions", 3, 2, "eltwise_param { operation: SUM }"),
    joined("weighted sum of two: two products, two additions", 2, 4, "eltwise_param { coeff: 1 coeff: -1 }"),
    joined(
        "weighted sum of three, stated",
        3,
        6,
        "eltwise_param { operation: SUM coeff: 1 coeff: -1 coeff: 0.5 }",
    ),
    joined("product of three: two products", 3, 2, "eltwise_param { operation: PROD }"),
    joined("largest of three: two compares", 3, 2, "eltwise_param { operation: MAX }"),
    joined("coefficients count in a sum alone", 3, 2, "eltwise_param { operation: MAX coeff: 1 coeff: 1 coeff: 1 }"),
    replace(
        joined("no definition: a sum may be weighted", 2, 0),
        text=None,
        other_ops=NA("the layer's definition is missing"),
    ),
)

FORKS: Final = (
    each("ReLU6", "two compares", 2),
    each("Mish", "x · tanh(log(1 + exp x)): compare, exp, add, log, tanh, multiply", 6),
    each("HardSigmoid", "scale, shift, two compares", 4),
    each("HSwish", "x · relu6(x + 3) / 6: shift, two compares, multiply, scale", 5),
    each("HardSwish", "x · relu6(x + 3) / 6: shift, two compares, multiply, scale", 5),
    each("Hardswish", "HardSwish under another name", 5),
    Row(
        "Axpy",
        "a factor per channel times x plus y: multiply, add; the top is like the second bottom",
        bottoms=((7, 3, 1, 1), BOTTOM, BOTTOM),
        tops=(BOTTOM,),
        other_ops=COUNT * 2,
    ),
)

ROWS: Final = (*ACTIVATIONS, *POWERS, *DROPOUT, *ELTWISE, *FORKS)
