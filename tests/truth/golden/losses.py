"""Losses and measures: softmax_loss_layer.cpp, accuracy_layer.cpp, argmax_layer.cpp, reduction_layer.cpp, …

A softmax takes five operations on each value: max, subtract, exp, add, divide. A loss is one number, whose shape has
no axis.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tests.truth.golden.row import NA, Row, weight

if TYPE_CHECKING:
    from tests.truth.golden.row import Shapes

SCORES: Final = (7, 3, 5, 11)
COUNT: Final = 7 * 3 * 5 * 11


def loss(kind: str, about: str, other_ops: int | NA, text: str = "", bottoms: Shapes = (SCORES, (7, 5, 11))) -> Row:
    """A layer whose top is one number; the second bottom is a label and gets no gradient."""
    needs = (True, *(False,) * (len(bottoms) - 1))
    return Row(kind, about, text, bottoms=bottoms, tops=((),), other_ops=other_ops, needs_grad=needs)


SOFTMAX: Final = (
    Row("Softmax", "max, subtract, exp, add, divide", bottoms=(SCORES,), tops=(SCORES,), other_ops=COUNT * 5),
    Row(
        "Softmax",
        "along another axis it is as much work",
        "softmax_param { axis: -1 }",
        bottoms=(SCORES,),
        tops=(SCORES,),
        other_ops=COUNT * 5,
    ),
    loss("SoftmaxWithLoss", "and a logarithm per prediction", COUNT * 5 + 7 * 5 * 11),
    loss("SoftmaxWithLoss", "classes on the last axis", COUNT * 5 + 7 * 3 * 5, "softmax_param { axis: -1 }"),
    loss("SoftmaxWithLoss", "one prediction per image", 7 * 3 * 5 + 7, bottoms=((7, 3), (7,))),
    replace(
        loss("SoftmaxWithLoss", "a second top for the probabilities", COUNT * 5 + 7 * 5 * 11),
        tops=((), SCORES),
    ),
    replace(
        loss("SoftmaxWithLoss", "a loss as old releases print it", 7 * 3 * 5 + 7, bottoms=((7, 3, 1, 1), (7, 1, 1, 1))),
        printed=((1, 1, 1, 1),),
    ),
    loss(
        "SoftmaxWithLoss",
        "an axis that is not there",
        NA("axis 5 does not exist in a blob of 4 axes"),
        "softmax_param { axis: 5 }",
    ),
    loss("SOFTMAX_LOSS", "the type as 2014 names it", COUNT * 5 + 7 * 5 * 11, "type: SOFTMAX_LOSS"),
)

LOSSES: Final = (
    loss("SigmoidCrossEntropyLoss", "exp and log", COUNT * 2, bottoms=(SCORES, SCORES)),
    loss("EuclideanLoss", "subtract, square and add", COUNT * 2, bottoms=(SCORES, SCORES)),
    loss("HingeLoss", "margin, compare", 7 * 3 * 2, bottoms=((7, 3), (7,))),
    loss("ContrastiveLoss", "subtract, square, add", 7 * 3 * 3, bottoms=((7, 3), (7, 3), (7,))),
    loss("InfogainLoss", "softmax, log, multiply by the matrix", COUNT * (5 + 2)),
    replace(
        loss(
            "MultinomialLogisticLoss",
            "the logarithm of the label's probability: one per image",
            7,
            bottoms=((7, 3), (7,)),
        ),
    ),
)

MEASURES: Final = (
    Row("Accuracy", "one number, counted as nothing", bottoms=((7, 3), (7,)), tops=((),), needs_grad=(False, False)),
    Row("Accuracy", "a second top: one number per class", bottoms=(SCORES, (7, 5, 11)), tops=((), (3,))),
    Row(
        "Accuracy",
        "classes on the last axis",
        "accuracy_param { axis: -1 }",
        bottoms=(SCORES, (7, 3, 5)),
        tops=((), (11,)),
    ),
    Row(
        "Accuracy",
        "until mid-2014 one top held accuracy and loss",
        bottoms=((7, 3, 1, 1), (7, 1, 1, 1)),
        tops=((1, 2, 1, 1),),
        printed=((1, 2, 1, 1),),
    ),
    Row(
        "ArgMax",
        "the best of all values of an image: at least three axes",
        bottoms=((7, 3),),
        tops=((7, 1, 1),),
        other_ops=7 * 3,
    ),
    Row(
        "ArgMax",
        "five best with their values: pairs on axis 1",
        "argmax_param { top_k: 5 out_max_val: true }",
        bottoms=((7, 13),),
        tops=((7, 2, 5),),
        other_ops=7 * 13,
    ),
    Row(
        "ArgMax",
        "a map has an axis more",
        "argmax_param { top_k: 2 }",
        bottoms=(SCORES,),
        tops=((7, 1, 2, 1),),
        other_ops=COUNT,
    ),
    Row(
        "ArgMax",
        "along an axis: its dim becomes the count",
        "argmax_param { axis: 1 top_k: 2 }",
        bottoms=(SCORES,),
        tops=((7, 2, 5, 11),),
        other_ops=COUNT,
    ),
    Row(
        "ArgMax",
        "along an axis from the end, values instead of indices",
        "argmax_param { axis: -1 out_max_val: true }",
        bottoms=(SCORES,),
        tops=((7, 3, 5, 1),),
        other_ops=COUNT,
    ),
    Row("Reduction", "a sum over all: one number", bottoms=((7, 3, 5),), tops=((),), other_ops=7 * 3 * 5),
    Row(
        "Reduction",
        "from axis 1 on, absolute values",
        "reduction_param { axis: 1 operation: ASUM }",
        bottoms=((7, 3, 5),),
        tops=((7,),),
        other_ops=7 * 3 * 5 * 2,
    ),
    Row(
        "Reduction",
        "along the last axis, squares",
        "reduction_param { axis: -1 operation: SUMSQ }",
        bottoms=((7, 3, 5),),
        tops=((7, 3),),
        other_ops=7 * 3 * 5 * 2,
    ),
    Row(
        "Reduction",
        "a mean",
        "reduction_param { axis: 2 operation: MEAN }",
        bottoms=((7, 3, 5),),
        tops=((7, 3),),
        other_ops=7 * 3 * 5,
    ),
    Row(
        "Reduction",
        "the operation as a number: 2 is ASUM",
        "reduction_param { operation: 2 }",
        bottoms=((7, 3, 5),),
        tops=((),),
        other_ops=7 * 3 * 5 * 2,
    ),
)

FORKS: Final = (
    loss("SmoothL1Loss", "subtract, compare, square, scale, add", COUNT * 5, bottoms=(SCORES,) * 4),
    loss("SmoothL1LossOHEM", "subtract, compare, square, scale, add", COUNT * 5, bottoms=(SCORES,) * 4),
    loss("L1Loss", "subtract, absolute value and add", COUNT * 2, bottoms=(SCORES, SCORES)),
    loss("FocalLoss", "softmax, then log, power and multiply on each value", COUNT * (5 + 3)),
    loss("SoftmaxFocalLoss", "softmax, then log, power and multiply on each value", COUNT * (5 + 3)),
    replace(
        loss("SoftmaxWithLossOHEM", "softmax, and a logarithm per prediction", COUNT * 5 + 7 * 5 * 11),
    ),
    replace(
        loss(
            "CenterLoss",
            "subtract, square, add; a centre per class",
            7 * 13 * 3,
            "center_loss_param { num_output: 11 }",
            ((7, 13), (7,)),
        ),
        blobs=(weight(11, 13),),
    ),
    replace(
        loss("CenterLoss", "over a map", 7 * 3 * 5 * 3, "center_loss_param { num_output: 11 }", ((7, 3, 5), (7,))),
        blobs=(weight(11, 15),),
    ),
)

ROWS: Final = (*SOFTMAX, *LOSSES, *MEASURES, *FORKS)
