"""Losses and measures: what stands at the end of a net.

Source: the file of each layer (softmax_loss_layer.cpp, accuracy_layer.cpp, …).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.rule import Count, Rule, dims, per_bottom, per_top, scalar

if TYPE_CHECKING:
    from logparse.cost.rule import View
    from logparse.cost.spec import Shape

_SOFTMAX: Final = "max, subtract, exp, add, divide"


def _softmax_loss_shapes(layer: View) -> tuple[Shape | None, ...]:
    return ((), *(layer.bottom() for _ in layer.spec.tops[1:]))


def _softmax_loss_ops(layer: View) -> Count:
    """The softmax and one logarithm per prediction."""
    bottom = layer.bottom()
    axis = fields.axis_index(layer.param("softmax_param").integer("axis", 1), len(bottom))
    predictions = (*bottom[:axis], *bottom[axis + 1 :])
    value = prod(bottom) * 5 + prod(predictions)
    return Count(value, f"{dims(bottom)} × 5 ({_SOFTMAX}) + {dims(predictions)} logs")


_TWO_MEASURES: Final = (1, 2, 1, 1)


def _accuracy_shapes(layer: View) -> tuple[Shape | None, ...]:
    """One number; a second top holds one per class. Until mid-2014 one top held accuracy and loss."""
    bottom = layer.bottom()
    if layer.spec.tops and layer.spec.tops[0] == _TWO_MEASURES:
        return (_TWO_MEASURES,)
    axis = fields.axis_index(layer.param("accuracy_param").integer("axis", 1), len(bottom))
    return ((), *((bottom[axis],) for _ in layer.spec.tops[1:]))


_LEAST_ARGMAX_AXES: Final = 3


def _argmax_shapes(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("argmax_param"), layer.bottom()
    best = message.integer("top_k", 1)
    if message.has("axis"):
        axis = fields.axis_index(message.integer("axis", 0), len(bottom))
        return ((*bottom[:axis], best, *bottom[axis + 1 :]),)
    pairs = 2 if message.flag("out_max_val", default=False) else 1
    return ((bottom[0], pairs, best, *(1,) * max(len(bottom) - _LEAST_ARGMAX_AXES, 0)),)


_REDUCTIONS: Final = {"SUM": 1, "ASUM": 2, "SUMSQ": 2, "MEAN": 1}


def _reduction_shapes(layer: View) -> tuple[Shape | None, ...]:
    bottom = layer.bottom()
    return (bottom[: fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(bottom))],)


def _reduction_ops(layer: View) -> Count:
    operation = layer.param("reduction_param").text("operation", "SUM")
    return per_bottom(_REDUCTIONS.get(operation, 1), operation)(layer)


def _hinge(layer: View) -> Count:
    return per_bottom(2, "margin, compare")(layer)


RULES: Final = {
    "Softmax": Rule("softmax_layer.cpp", other_ops=per_top(5, _SOFTMAX)),
    "SoftmaxWithLoss": Rule("softmax_loss_layer.cpp", _softmax_loss_shapes, other_ops=_softmax_loss_ops),
    "SigmoidCrossEntropyLoss": Rule(
        "sigmoid_cross_entropy_loss_layer.cpp", scalar, other_ops=per_bottom(2, "exp, log")
    ),
    "EuclideanLoss": Rule("euclidean_loss_layer.cpp", scalar, other_ops=per_bottom(2, "subtract, square and add")),
    "HingeLoss": Rule("hinge_loss_layer.cpp", scalar, other_ops=_hinge),
    "ContrastiveLoss": Rule("contrastive_loss_layer.cpp", scalar, other_ops=per_bottom(3, "subtract, square, add")),
    "InfogainLoss": Rule("infogain_loss_layer.cpp", scalar, other_ops=per_bottom(7, f"{_SOFTMAX}, log, multiply")),
    "MultinomialLogisticLoss": Rule(
        "multinomial_logistic_loss_layer.cpp", scalar, other_ops=per_bottom(1, "log, at most one per class")
    ),
    "Accuracy": Rule("accuracy_layer.cpp", _accuracy_shapes),
    "ArgMax": Rule("argmax_layer.cpp", _argmax_shapes, other_ops=per_bottom(1, "compare")),
    "Reduction": Rule("reduction_layer.cpp", _reduction_shapes, other_ops=_reduction_ops),
}
