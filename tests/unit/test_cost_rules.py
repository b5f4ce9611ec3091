"""Rules on single layers: hand-made definitions and shapes, figures from reference tools and by hand."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import pytest

from logparse.cost.costing import cost
from logparse.cost.layer_types import RULES
from logparse.cost.spec import Basis, LayerSpec
from logparse.cost.types import canonical_type, to_v2
from logparse.textproto import Message, parse

if TYPE_CHECKING:
    from pathlib import Path

if TYPE_CHECKING:
    from logparse.cost.spec import Cost, Shape


def definition(text: str) -> Message:
    return parse(text).root


def layer(
    text: str,
    *bottoms: Shape,
    tops: tuple[Shape | None, ...] = (None,),
    phase: str = "TRAIN",
) -> Cost:
    """The cost of a layer from its definition; tops not printed, so the rule's own shapes stand."""
    message = definition(text)
    return cost(LayerSpec(message.text("name"), message.text("type"), message, bottoms, tops, phase=phase))


def conv(settings: str, bottom: Shape, kind: str = "Convolution") -> Cost:
    return layer(f'name: "c" type: "{kind}" convolution_param {{ {settings} }}', bottom)


@pytest.mark.parametrize(
    ("found", "macs"),
    [
        (conv("num_output: 16 kernel_size: 3 pad: 1", (1, 8, 10, 10)), 115200),
        (conv("num_output: 16 kernel_size: 3 pad: 1 group: 16", (1, 16, 10, 10)), 14400),
        (conv("num_output: 16 kernel_size: 3 pad: 2 dilation: 2", (1, 8, 10, 10)), 115200),
        (conv("num_output: 16 kernel_size: 4 stride: 2 pad: 1", (1, 8, 10, 10), "Deconvolution"), 204800),
        (conv("num_output: 16 kernel_size: 4 stride: 2 pad: 1 group: 16", (1, 16, 10, 10), "Deconvolution"), 25600),
        (conv("num_output: 8 kernel_size: 3 pad: 1", (1, 4, 6, 6, 6)), 186624),
        (conv("num_output: 8 kernel_h: 1 kernel_w: 7 pad_h: 0 pad_w: 3", (1, 8, 10, 10)), 44800),
    ],
)
def test_the_toy_layers_of_the_reference_tools_come_out_exactly(found: Cost, macs: int) -> None:
    assert found.macs.value == macs
    assert found.macs.basis is Basis.DEFINITION


def test_a_grouped_deconvolution_has_its_true_parameters() -> None:
    found = conv("num_output: 16 kernel_size: 4 stride: 2 pad: 1 group: 16", (1, 16, 10, 10), "Deconvolution")
    assert (found.weights, found.biases) == (256, 16)


def test_a_padded_pooling_clips_its_last_window() -> None:
    found = layer('type: "Pooling" pooling_param { kernel_size: 2 stride: 3 pad: 1 }', (1, 1, 20, 20))
    assert found.expected_tops == ((1, 1, 7, 7),)


@pytest.mark.parametrize(("mode", "size"), [("", 8), ("round_mode: FLOOR", 7), ("ceil_mode: false", 7)])
def test_pooling_rounds_up_unless_told_otherwise(mode: str, size: int) -> None:
    found = layer(f'type: "Pooling" pooling_param {{ kernel_size: 3 stride: 2 {mode} }}', (1, 1, 16, 16))
    assert found.expected_tops == ((1, 1, size, size),)


def test_the_formula_shows_the_layers_own_values() -> None:
    found = conv("num_output: 20 kernel_size: 5", (64, 1, 28, 28))
    assert found.macs.formula == "64·20·24·24 × (1/1) × 5·5 = 18,432,000"
    assert found.params_formula == "20 × (1/1) × 5·5 + 20 biases = 520"


def test_blobs_padded_with_ones_give_the_same_numbers() -> None:
    text = 'type: "InnerProduct" inner_product_param { num_output: 10 }'
    padded = layer(text, (64, 500, 1, 1), tops=((64, 10, 1, 1),))
    plain = layer(text, (64, 500), tops=((64, 10),))
    assert padded.problems == ()
    assert (padded.weights, padded.biases, padded.macs.value) == (plain.weights, plain.biases, 64 * 500 * 10)


def test_the_printed_shape_wins_and_the_contradiction_is_told() -> None:
    text = 'type: "Convolution" convolution_param { num_output: 20 kernel_size: 5 }'
    found = layer(text, (64, 1, 28, 28), tops=((64, 32, 24, 24),))
    assert found.problems == ("top 0: the definition gives 64·20·24·24, the log prints 64·32·24·24",)
    assert found.weights == 32 * 25
    assert found.params_basis is Basis.INFERRED


def test_a_printed_top_without_a_channel_axis_does_not_win() -> None:
    text = 'type: "Convolution" convolution_param { num_output: 20 kernel_size: 5 }'
    found = layer(text, (64, 1, 28, 28), tops=((64,),))
    assert found.weights == 20 * 25


def test_a_definition_that_was_cut_is_no_definition() -> None:
    message = parse('type: "Convolution" convolution_param { num_output: 25').root
    message.complete = False
    found = cost(LayerSpec("c", "Convolution", message, ((1, 3, 8, 8),), ((1, 25, 6, 6),)))
    assert found.weights is None
    assert found.macs.value is None
    assert found.macs.reason == "the layer's definition stands cut off"


def test_an_unknown_type_costs_na_and_never_zero() -> None:
    found = cost(LayerSpec("x", "WarpDrive", definition('type: "WarpDrive"'), ((1, 3, 8, 8),), ((1, 3, 8, 8),)))
    assert (found.weights, found.macs.value, found.other_ops.value) == (None, None, None)
    assert "WarpDrive" in found.macs.reason


def test_shapes_alone_fix_what_needs_no_definition() -> None:
    relu = cost(LayerSpec("r", "ReLU", None, ((4, 8),), ((4, 8),), (True,)))
    assert (relu.weights, relu.params_basis, relu.macs.value) == (0, Basis.SHAPES, 0)
    dense = cost(LayerSpec("ip", "InnerProduct", None, ((64, 50, 4, 4),), ((64, 500),)))
    assert (dense.macs.value, dense.macs.basis) == (64 * 400000, Basis.SHAPES)
    steps = cost(LayerSpec("ip", "InnerProduct", None, ((10, 4, 48),), ((10, 4, 100),)))
    assert steps.macs.value == 10 * 4 * 48 * 100


@pytest.mark.parametrize(
    ("text", "bottoms", "top"),
    [
        ('type: "Reshape" reshape_param { shape { dim: 0 dim: 2 dim: 9 dim: -1 } }', ((4, 18, 3, 6),), (4, 2, 9, 18)),
        ('type: "Reshape" reshape_param { axis: 1 num_axes: 1 shape { dim: 3 dim: 6 } }', ((4, 18, 3),), (4, 3, 6, 3)),
        ('type: "Reshape" reshape_param { axis: -1 shape { dim: 1 } }', ((4, 18),), (4, 18, 1)),
        ('type: "Flatten" flatten_param { axis: 2 end_axis: -1 }', ((4, 3, 5, 6),), (4, 3, 30)),
        ('type: "Concat" concat_param { concat_dim: 0 }', ((4, 3), (2, 3)), (6, 3)),
        ('type: "Crop" crop_param { axis: 2 }', ((1, 8, 9, 9), (1, 3, 5, 7)), (1, 8, 5, 7)),
        ('type: "Tile" tile_param { axis: 1 tiles: 3 }', ((4, 2, 5),), (4, 6, 5)),
        ('type: "BatchReindex"', ((4, 2, 5), (7,)), (7, 2, 5)),
        ('type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }', ((1, 8, 5, 7),), (1, 5, 7, 8)),
        ('type: "ArgMax" argmax_param { top_k: 5 out_max_val: true }', ((4, 10),), (4, 2, 5)),
        ('type: "ArgMax" argmax_param { axis: 1 }', ((4, 10, 3, 3),), (4, 1, 3, 3)),
        ('type: "Reduction" reduction_param { axis: 1 }', ((4, 10, 3),), (4,)),
        ('type: "SPP" spp_param { pyramid_height: 3 }', ((4, 6, 12, 12),), (4, 6 * 21)),
        ('type: "Im2col" convolution_param { kernel_size: 3 }', ((4, 6, 12, 12),), (4, 54, 10, 10)),
        ('type: "Embed" embed_param { input_dim: 7 num_output: 5 }', ((4, 3),), (4, 3, 5)),
    ],
)
def test_shapes_follow_caffe(text: str, bottoms: tuple[Shape, ...], top: Shape) -> None:
    assert layer(text, *bottoms).expected_tops == (top,)


def test_scale_counts_the_axes_it_covers() -> None:
    whole = layer('type: "Scale" scale_param { num_axes: -1 bias_term: true }', (2, 3, 4, 5))
    assert (whole.weights, whole.biases) == (60, 60)
    given = layer('type: "Scale" scale_param { bias_term: true }', (2, 3, 4, 5), (2, 3))
    assert (given.weights, given.biases) == (0, 6)
    single = layer('type: "Scale" scale_param { num_axes: 0 }', (2, 3, 4, 5))
    assert single.weights == 1


def test_an_rnn_has_its_output_layer_too() -> None:
    found = layer('type: "RNN" recurrent_param { num_output: 6 }', (5, 2, 3), (5, 2))
    assert (found.weights, found.biases) == (6 * 3 + 6 * 6 + 6 * 6, 12)
    assert found.macs.value == 5 * 2 * (6 * 3 + 6 * 6 + 6 * 6)
    assert found.expected_tops == ((5, 2, 6),)


def test_an_lstm_with_a_static_input_multiplies_it_once_per_stream() -> None:
    found = layer('type: "LSTM" recurrent_param { num_output: 6 }', (5, 2, 3), (5, 2), (2, 7))
    assert found.weights == 24 * (3 + 6 + 7)
    assert found.macs.value == 5 * 2 * 24 * (3 + 6) + 2 * 24 * 7


def test_v1_and_v0_definitions_map_to_todays_form() -> None:
    v1 = to_v2(definition('name: "c" type: CONVOLUTION blobs_lr: 1 blobs_lr: 2 weight_decay: 1 param: "w"'))
    assert v1.text("type") == "Convolution"
    assert [(p.number("lr_mult", -1), p.text("name")) for p in v1.children("param")] == [(1, "w"), (2, "")]
    v0 = to_v2(
        definition('layer { name: "c" type: "conv" num_output: 4 kernelsize: 3 biasterm: false } bottom: "a" top: "b"')
    )
    assert (v0.text("name"), v0.text("type"), v0.texts("bottom")) == ("c", "Convolution", ("a",))
    assert v0.child("convolution_param").integer("kernel_size", 0) == 3
    assert not v0.child("convolution_param").flag("bias_term", default=True)


def test_a_v2_definition_is_left_alone() -> None:
    message = definition('name: "x" type: "Data" param { lr_mult: 0 }')
    assert to_v2(message) is message


def test_type_names_of_all_ages_lead_to_a_rule() -> None:
    for old in ("CONVOLUTION", "conv", "INNER_PRODUCT", "innerproduct", "SOFTMAX_LOSS", "softmax_loss", "TANH"):
        assert canonical_type(old) in RULES
    assert canonical_type("Convolution") == "Convolution"


@pytest.mark.parametrize("kind", sorted(RULES))
def test_no_rule_fails_on_nonsense(kind: str) -> None:
    """A stranger's definition may say anything: stride 0, axes that are not there, no shapes at all."""
    nonsense = definition(
        "".join(
            f"{name}_param {{ kernel_size: 0 stride: 0 axis: 9 num_output: 0 group: 0 shape {{ dim: -1 dim: -1 }} }}"
            for name in ("convolution", "pooling", "inner_product", "reshape", "concat", "slice", "scale", "lrn")
        )
    )
    for bottoms in ((), ((),), ((0, 0),), (None,), ((2, 3), (2,)), ((1, 2, 3, 4),) * 3):
        for message in (None, Message(), nonsense):
            found = cost(LayerSpec("x", kind, message, bottoms, (None,)))
            assert found.macs.value is None or found.macs.value >= 0


def test_macs_are_zero_for_everything_that_multiplies_no_matrices() -> None:
    found = layer('type: "Eltwise" eltwise_param { coeff: 1 coeff: -1 }', (2, 3), (2, 3))
    assert (found.macs.value, found.other_ops.value) == (0, 2 * 2 * prod((2, 3)))


def test_every_type_that_caffe_registers_has_a_rule(shared_logs: Path) -> None:
    """The message about an unknown layer type lists all that this Caffe knows."""
    text = (shared_logs / "genuine/err_unknown_layer.log").read_text(encoding="utf-8")
    listed = text.partition("known types: ")[2].partition(")")[0].split(", ")
    assert len(listed) > 50
    assert [kind for kind in listed if kind not in RULES] == []


def test_a_reshape_that_states_no_shape_expects_none() -> None:
    assert layer('type: "Reshape" reshape_param { num: 0 channels: 6 }', (4, 18)).expected_tops == ()
