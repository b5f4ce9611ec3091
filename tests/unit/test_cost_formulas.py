"""What a reader sees beside a figure: the formula with the layer's own values, and the operations by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Cost, Shape

MAP: Final = (7, 3, 5, 11)


def layer(
    kind: str, settings: str = "", *bottoms: Shape, tops: tuple[Shape | None, ...] = (None,), phase: str = "TRAIN"
) -> Cost:
    shapes = bottoms or (MAP,)
    needs = (True,) * len(shapes)
    return cost(
        LayerSpec("x", kind, parse(settings).root, shapes, tops, (), phase, backward=True, bottom_needs_grad=needs)
    )


# Operations on each of the 7·3·5·11 values, by name
@pytest.mark.parametrize(
    ("kind", "settings", "count", "words"),
    [
        ("ReLU", "", 1, "compare"),
        ("ReLU", "relu_param { negative_slope: 0.1 }", 2, "compare, multiply"),
        ("PReLU", "", 2, "compare, multiply"),
        ("ELU", "", 2, "compare, exponential of negatives"),
        ("Sigmoid", "", 4, "negate, exp, add, divide"),
        ("TanH", "", 1, "tanh"),
        ("AbsVal", "", 1, "absolute value"),
        ("BNLL", "", 4, "compare, exp, add, log"),
        ("Threshold", "", 1, "compare"),
        ("Clip", "", 2, "two compares"),
        ("Swish", "swish_param { beta: 2 }", 6, "scale, negate, exp, add, divide, multiply"),
        ("Power", "power_param { scale: 2 shift: 3 power: 4 }", 3, "scale, shift, power"),
        ("Exp", "exp_param { base: 2 shift: 1 }", 3, "scale, exponential, outer scale"),
        ("Log", "log_param { scale: 2 shift: 1 base: 10 }", 4, "scale, shift, logarithm, base"),
        ("Dropout", "", 1, "multiply by the mask"),
        ("Scale", "", 1, "multiply"),
        ("Scale", "scale_param { bias_term: true }", 2, "multiply, add"),
        ("Bias", "", 1, "add"),
        ("BatchNorm", "", 5, "mean, centre, square, variance, divide"),
        ("BatchNorm", "batch_norm_param { use_global_stats: true }", 2, "subtract, divide"),
        ("MVN", "", 5, "mean, centre, square, variance, divide"),
        ("MVN", "mvn_param { normalize_variance: false }", 2, "mean, centre"),
        ("BN", "bn_param { momentum: 0.9 }", 7, "normalise, scale, shift"),
        ("CuDNNBatchNorm", "", 7, "normalise, scale, shift"),
        ("Softmax", "", 5, "max, subtract, exp, add, divide"),
        ("SigmoidCrossEntropyLoss", "", 2, "exp, log"),
        ("EuclideanLoss", "", 2, "subtract, square and add"),
        ("HingeLoss", "", 2, "margin, compare"),
        ("ContrastiveLoss", "", 3, "subtract, square, add"),
        ("InfogainLoss", "", 7, "max, subtract, exp, add, divide, log, multiply"),
        ("ArgMax", "", 1, "compare"),
        ("Reduction", "", 1, "SUM"),
        ("Reduction", "reduction_param { operation: ASUM }", 2, "ASUM"),
        ("ReLU6", "", 2, "two compares"),
        ("Mish", "", 6, "exp, add, log, tanh, multiply, compare"),
        ("HardSigmoid", "", 4, "scale, shift, two compares"),
        ("HSwish", "", 5, "shift, two compares, multiply, scale"),
        ("Hardswish", "", 5, "shift, two compares, multiply, scale"),
        ("L2Normalization", "", 4, "square, sum, inverse root, multiply"),
        ("L2Normalize", "", 4, "square, sum, inverse root, multiply"),
        ("L2Norm", "", 4, "square, sum, inverse root, multiply"),
        ("SmoothL1Loss", "", 5, "subtract, compare, square, scale, add"),
        ("SmoothL1LossOHEM", "", 5, "subtract, compare, square, scale, add"),
        ("L1Loss", "", 2, "subtract, absolute value and add"),
        ("FocalLoss", "", 8, "softmax, log, power, multiply"),
        ("SoftmaxFocalLoss", "", 8, "softmax, log, power, multiply"),
        ("CenterLoss", "", 3, "subtract, square, add"),
        ("Normalize", "norm_param { }", 5, "square, sum, inverse root, two multiplies"),
        ("LSTMUnit", "", 10, "gates and cell"),
        ("Reduction", "reduction_param { operation: SUMSQ }", 2, "SUMSQ"),
        ("Reduction", "reduction_param { operation: MEAN }", 1, "MEAN"),
        ("Log", "log_param { scale: 3 }", 2, "scale, logarithm"),
        (
            "BatchNorm",
            "batch_norm_param { use_global_stats: true scale_bias: true }",
            4,
            "subtract, divide, scale, shift",
        ),
    ],
)
def test_the_operations_on_each_value_are_named(kind: str, settings: str, count: int, words: str) -> None:
    assert layer(kind, settings).other_ops.formula == f"7·3·5·11 × {count} ({words}) = {1155 * count:,}"


@pytest.mark.parametrize(
    ("found", "formula"),
    [
        (layer("MultinomialLogisticLoss"), "7 (one log per image) = 7"),
        (layer("SoftmaxWithLoss"), "7·3·5·11 × 5 (max, subtract, exp, add, divide) + 7·5·11 logs = 6,160"),
        (
            layer("LRN"),
            "7·3·5·11 × (2·5 + 3) (squares and sum over 5 channels, shift, power, multiply) = 15,015",
        ),
        (
            layer("LRN", "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }"),
            "7·3·5·11 × (3·3 + 6) (square, sum over the window, average, scale, shift, power, multiply) = 17,325",
        ),
        (layer("Pooling", "pooling_param { kernel_h: 2 kernel_w: 3 }"), "7·3·4·9 × (2·3 − 1) (compares) = 3,780"),
        (
            layer("Pooling", "pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 }"),
            "7·3·4·9 × (2·3 + 1) (adds, one division) = 5,292",
        ),
        (
            layer("Pooling", "pooling_param { pool: STOCHASTIC kernel_h: 2 kernel_w: 3 }"),
            "7·3·4·9 × (2·2·3) (sum, then search) = 9,072",
        ),
        (layer("SPP", "spp_param { pyramid_height: 2 }"), "7·3·5·11 × 2 levels (compares or adds) = 2,310"),
        (layer("Eltwise", "", MAP, MAP, MAP), "7·3·5·11 × (3 − 1) = 2,310"),
        (layer("Eltwise", "eltwise_param { coeff: 1 coeff: 2 }", MAP, MAP), "7·3·5·11 × 2·2 = 4,620"),
        (layer("Interp", "interp_param { zoom_factor: 2 }"), "7·3·9·21 × 7 (four products, three adds) = 27,783"),
        (
            layer("Correlation", "correlation_param { kernel_size: 1 max_displacement: 1 pad: 1 }", MAP, MAP),
            "7·9·5·11 × 2·3·1·1 (multiply, add) = 20,790",
        ),
        (layer("Axpy", "", (7, 3, 1, 1), MAP, MAP), "7·3·5·11 × 2 (multiply, add) = 2,310"),
        (layer("LSTM", "recurrent_param { num_output: 2 }"), "7·3·2 × (10 + 4) (gates and cell, bias adds) = 588"),
        (layer("RNN", "recurrent_param { num_output: 2 }"), "7·3·2 × 5 (add, two bias adds, two tanh) = 210"),
        (layer("InnerProduct", "inner_product_param { num_output: 2 }"), "7·2 (bias adds) = 14"),
        (layer("InnerProduct", "inner_product_param { num_output: 2 bias_term: false }"), "no bias = 0"),
        (layer("Embed", "embed_param { num_output: 2 }", (7, 3)), "7·3·2 (bias adds) = 42"),
        (layer("Embed", "embed_param { num_output: 2 bias_term: false }", (7, 3)), "a lookup, no bias = 0"),
        (layer("Convolution", "convolution_param { num_output: 2 kernel_size: 1 bias_term: false }"), "no bias = 0"),
        (layer("Power"), "the identity = 0"),
        (layer("Power", "power_param { power: 0 }"), "a constant = 0"),
        (layer("Dropout", phase="TEST"), "no arithmetic = 0"),
        (layer("Split"), "no arithmetic = 0"),
    ],
)
def test_other_operations(found: Cost, formula: str) -> None:
    assert found.other_ops.formula == formula


@pytest.mark.parametrize(
    ("found", "formula"),
    [
        (layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 }"), "2 × (3/1) × 3·3 + 2 biases = 56"),
        (
            layer("Deconvolution", "convolution_param { num_output: 2 kernel_size: 3 bias_term: false }"),
            "3 × (2/1) × 3·3 = 54",
        ),
        (layer("InnerProduct", "inner_product_param { num_output: 2 }"), "3·5·11 × 2 + 2 biases = 332"),
        (layer("Embed", "embed_param { input_dim: 13 num_output: 2 }", (7, 3)), "13 × 2 + 2 biases = 28"),
        (layer("BatchNorm"), "3 means + 3 variances + 1 factor = 7"),
        (
            layer("BatchNorm", "batch_norm_param { scale_bias: true }"),
            "3 means + 3 variances + 1 factor + 3 scales + 3 shifts = 13",
        ),
        (layer("CuDNNBatchNorm"), "3 means + 3 variances + 1 factor + 3 scales + 3 shifts = 13"),
        (layer("BN", "bn_param { frozen: true }"), "3 slopes + 3 biases + 3 means + 3 variances = 12"),
        (layer("BN", "bn_param { bn_mode: LEARN }"), "3 scales + 3 shifts = 6"),
        (layer("Scale", "scale_param { bias_term: true }"), "3 scales + 3 shifts = 6"),
        (layer("Scale", "", MAP, (7, 3)), "the scale is a bottom"),
        (layer("Scale", "scale_param { bias_term: true }", MAP, (7, 3)), "the scale is a bottom + 7·3 shifts = 21"),
        (layer("Bias", "bias_param { num_axes: 2 }"), "3·5 biases = 15"),
        (layer("Bias", "", MAP, (7, 3)), "the bias is a bottom"),
        (layer("PReLU"), "3 slopes = 3"),
        (layer("Normalize", "norm_param { channel_shared: false }"), "3 scales = 3"),
        (layer("Parameter", "parameter_param { shape { dim: 7 dim: 3 } }"), "7·3 = 21"),
        (layer("CenterLoss", "center_loss_param { num_output: 2 }"), "2 × 165 centres = 330"),
        (layer("LSTM", "recurrent_param { num_output: 2 }"), "4·2 × (55 + 2) + 4·2 biases = 464"),
        (
            layer("LSTM", "recurrent_param { num_output: 2 }", (7, 3, 5), (7, 3), (3, 13)),
            "4·2 × (5 + 2 + 13) + 4·2 biases = 168",
        ),
        (
            layer("RNN", "recurrent_param { num_output: 2 }"),
            "2 × (55 + 2) + 2 biases + 2 × 2 + 2 biases (output) = 122",
        ),
        (layer("ReLU"), "no parameter blobs"),
    ],
)
def test_parameters(found: Cost, formula: str) -> None:
    assert found.params_formula == formula


@pytest.mark.parametrize(
    ("found", "forward", "backward"),
    [
        (
            layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 }"),
            "7·2·3·9 × (3/1) × 3·3 = 10,206",
            "10,206 for the weights + 10,206 for the bottoms = 20,412",
        ),
        (
            layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 }", MAP, MAP, tops=(None, None)),
            "(7·2·3·9 + 7·2·3·9) × (3/1) × 3·3 = 20,412",
            "20,412 for the weights + 20,412 for the bottoms = 40,824",
        ),
        (
            layer("InnerProduct", "param { lr_mult: 0 } inner_product_param { num_output: 2 }"),
            "7 × 3·5·11 × 2 = 2,310",
            "2,310 for the bottoms = 2,310",
        ),
        (
            layer("LSTM", "recurrent_param { num_output: 2 }", (7, 3, 5), (7, 3), (3, 13)),
            "7·3 × 8 × (5 + 2) + 3 × 8 × 13 = 1,488",
            "2 × 1,488 − 3 × 8 × 2 (no state before the first step) = 2,928",
        ),
        (
            layer("RNN", "recurrent_param { num_output: 2 }", (7, 3, 5), (7, 3), (3, 13)),
            "7·3 × 2 × (5 + 2 + 2) + 3 × 2 × 13 = 456",
            "2 × 456 − 3 × 2 × 2 (no state before the first step) = 900",
        ),
        (layer("ReLU"), "no matrix product = 0", "no matrix product = 0"),
    ],
)
def test_products(found: Cost, forward: str, backward: str) -> None:
    assert (found.macs.formula, found.backward_macs.formula) == (forward, backward)


def test_no_backward_says_why() -> None:
    settings = "param { lr_mult: 0 } convolution_param { num_output: 2 kernel_size: 3 }"
    frozen = LayerSpec("x", "Convolution", parse(settings).root, (MAP,), (None,), (), "TRAIN", backward=True)
    assert layer("Convolution", settings, phase="TEST").backward_macs.formula == (
        "nothing is propagated back in a TEST net = 0"
    )
    still = cost(LayerSpec("x", "Convolution", frozen.definition, (MAP,), (None,), (), "TRAIN", backward=False))
    assert still.backward_macs.formula == "the layer does no backward computation = 0"
    nothing = LayerSpec(
        "x", "Convolution", frozen.definition, (MAP,), (None,), (), "TRAIN", backward=True, bottom_needs_grad=(False,)
    )
    assert cost(nothing).backward_macs.formula == "neither weights nor bottoms need a gradient = 0"


def test_the_batch_is_the_first_dim_of_the_first_shape_that_has_any() -> None:
    def batch(bottoms: tuple[Shape | None, ...], tops: tuple[Shape | None, ...]) -> int | None:
        return cost(LayerSpec("x", "ReLU", None, bottoms, tops)).batch

    assert batch((MAP,), ((5, 2),)) == 5
    assert batch((MAP,), ((),)) == 7
    assert batch((MAP,), (None,)) == 7
    assert batch((), ()) is None
    assert cost(LayerSpec("x", "WarpDrive", None, (MAP,), ())).batch == 7


def test_an_unknown_type_says_what_is_not_known() -> None:
    named = cost(LayerSpec("x", "WarpDrive", None, (MAP,), (MAP,)))
    unnamed = cost(LayerSpec("x", None, None, (MAP,), (MAP,)))
    for found, reason in ((named, "no rule for the layer type WarpDrive"), (unnamed, "nothing tells the layer's type")):
        figures = (found.macs, found.other_ops, found.backward_macs)
        assert {figure.reason for figure in figures} == {found.params_reason} == {reason}
        assert {figure.value for figure in figures} == {None}
        assert found.params is None


def test_figures_of_a_cost() -> None:
    found = layer("BatchNorm", "batch_norm_param { scale_bias: true }")
    assert (found.weights, found.biases, found.statistics) == (3, 3, 7)
    unknown = layer("BN")
    assert (unknown.weights, unknown.biases, unknown.statistics) == (None, None, None)
