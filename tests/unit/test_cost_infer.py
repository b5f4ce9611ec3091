"""Inference: what shapes, names and the rest of the net allow to say, and what stays NA with its candidates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from logparse.cost.inference.architectures import architectures
from logparse.cost.inference.infer import cost_or_infer
from logparse.cost.inference.names import named_type, place_of, stated_kernel
from logparse.cost.inference.settle import settle
from logparse.cost.inference.windows import Window, customary
from logparse.cost.spec import Basis, LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Cost, Shape


def layer(
    name: str,
    bottoms: tuple[Shape | None, ...],
    *tops: Shape | None,
    text: str = "",
    in_place: bool = False,
    notes: tuple[str, ...] = (),
) -> LayerSpec:
    definition = parse(text).root if text else None
    kind = definition.text("type") if definition is not None else None
    return LayerSpec(name, kind, definition, bottoms, tops, (in_place,), "TRAIN", nested_notes=notes)


def conv(name: str, bottom: Shape, top: Shape, settings: str) -> LayerSpec:
    text = f'type: "Convolution" convolution_param {{ num_output: {top[1]} {settings} }}'
    return layer(name, (bottom,), top, text=text)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conv1", "Convolution"),
        ("inception_3a/relu_5x5", "ReLU"),
        ("inception_3a/pool_proj", "Convolution"),
        ("inception_3a/pool", "Pooling"),
        ("pool5/7x7_s1", "Pooling"),
        ("pool5/drop_7x7_s1", "Dropout"),
        ("pool1/norm1", "LRN"),
        ("conv4_3_norm", "Convolution"),
        ("conv4_3_norm_mbox_priorbox", "PriorBox"),
        ("conv4_3_norm_mbox_loc_perm", "Permute"),
        ("mbox_conf_reshape", "Reshape"),
        ("mbox_loss", "MultiBoxLoss"),
        ("bn2a_branch1", "BatchNorm"),
        ("bnll1", "BNLL"),
        ("scale_conv1", "Scale"),
        ("res2a_branch2b", "Convolution"),
        ("res2a_branch2b_relu", "ReLU"),
        ("loss1/classifier", "InnerProduct"),
        ("loss3/top-5", "Accuracy"),
        ("loss3/loss3", "SoftmaxWithLoss"),
        ("fc1000", "InnerProduct"),
        ("fire2/expand3x3", "Convolution"),
        ("conv2_1/dw", "Convolution"),
        ("prelu_a", "PReLU"),
        ("label_mnist_1_split", "Split"),
        ("res2a", None),
        ("xyzzy", None),
    ],
)
def test_a_name_supports_a_type(name: str, kind: str | None) -> None:
    assert named_type(name) == kind


@pytest.mark.parametrize(
    ("name", "kernel", "stride"),
    [
        ("inception_3a/5x5", (5, 5), None),
        ("inception_3a/5x5_reduce", (1, 1), None),
        ("conv1/7x7_s2", (7, 7), 2),
        ("fire2/expand3x3", (3, 3), None),
        ("conv5", None, None),
        ("res2a_branch2b", None, None),
    ],
)
def test_a_name_may_state_a_kernel(name: str, kernel: tuple[int, int] | None, stride: int | None) -> None:
    stated = stated_kernel(name)
    assert (stated.kernel if stated else None) == kernel
    assert (stated.stride if stated else None) == stride


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("inception_4e/pool_proj", "inception_#/pool_proj"),
        ("res4b1_branch2a", "res#_branch2a"),
        ("conv5_3/dw", "conv#/dw"),
        ("fire9/expand3x3", "fire#/expand3x3"),
        ("conv6_2_mbox_loc", "conv#_mbox_loc"),
        ("conv5", None),
        ("conv5_2", None),
        ("data", None),
    ],
)
def test_a_role_is_the_name_without_its_block(name: str, part: str | None) -> None:
    place = place_of(name)
    assert (place.role if place else None) == part


# -- shapes alone ----------------------------------------------------------------------------------


def test_one_customary_window_is_taken_and_stated() -> None:
    found = cost_or_infer(layer("conv1", ((64, 1, 28, 28),), (64, 20, 24, 24)))
    assert (found.weights, found.biases, found.macs.value) == (500, 20, 64 * 288000)
    assert found.params_basis is found.macs.basis is Basis.INFERRED
    assert "stride 1, no padding, one group" in found.assumptions


def test_a_convolution_that_keeps_its_size_is_na_with_the_candidates() -> None:
    found = cost_or_infer(layer("conv5", ((4, 256, 13, 13),), (4, 384, 13, 13)))
    assert found.weights is None
    assert found.macs.value is None
    for kernel in ("1×1", "3×3", "5×5"):
        assert kernel in found.macs.reason


def test_a_halved_map_is_na() -> None:
    found = cost_or_infer(layer("conv2", ((4, 64, 56, 56),), (4, 128, 28, 28)))
    assert found.weights is None
    assert "stride 2" in found.params_reason


def test_windows_are_listed_per_axis() -> None:
    assert customary(28, 24) == (Window(5, 1, 0),)
    assert Window(3, 2, 1) in customary(56, 28)
    assert customary(10, 40) == ()


@pytest.mark.parametrize("padding", [(), (1, 1)])
def test_a_map_that_becomes_a_row_is_an_inner_product(padding: Shape) -> None:
    found = cost_or_infer(layer("ip1", ((64, 50, 4, 4),), (64, 500, *padding)))
    assert (found.weights, found.macs.value) == (400000, 64 * 400000)
    assert found.params_basis is Basis.INFERRED


def test_a_row_of_as_many_values_may_be_only_reshaped() -> None:
    found = cost_or_infer(layer("x", ((8, 16, 2, 2),), (8, 64)))
    assert found.weights is None
    assert "Flatten" in found.params_reason


def test_in_place_without_a_telling_name_is_na() -> None:
    found = cost_or_infer(layer("x", ((8, 16),), (8, 16), in_place=True))
    assert found.weights is None
    assert "BatchNorm" in found.params_reason
    relu = cost_or_infer(layer("relu1", ((8, 16),), (8, 16), in_place=True))
    assert (relu.weights, relu.params_basis) == (0, Basis.INFERRED)


def test_concat_and_eltwise_follow_from_shapes() -> None:
    concat = settle([layer("out", ((2, 3, 4, 4), (2, 5, 4, 4)), (2, 8, 4, 4))])[0]
    eltwise = settle([layer("out", ((2, 3, 4, 4), (2, 3, 4, 4)), (2, 3, 4, 4))])[0]
    assert (concat.spec.type, eltwise.spec.type) == ("Concat", "Eltwise")
    assert (concat.cost.weights, eltwise.cost.macs.value) == (0, 0)


def test_a_slice_follows_from_shapes() -> None:
    found = settle([layer("pair", ((64, 2, 28, 28),), (64, 1, 28, 28), (64, 1, 28, 28))])[0]
    assert found.spec.type == "Slice"


def test_a_shape_without_its_layer_is_no_data_layer() -> None:
    found = cost_or_infer(layer("", (), (64, 50, 4, 4)))
    assert found.weights is None
    assert "without its layer" in found.params_reason


def test_a_recurrent_layers_own_lines_tell_its_type() -> None:
    notes = (
        "Initializing recurrent layer: assuming input batch contains 10 timesteps of 4 independent streams.",
        "Adding parameter 0: W_xc",
        "Adding parameter 1: b_c",
        "Adding parameter 2: W_hc",
    )
    found = cost_or_infer(layer("x", ((10, 4, 32), (10, 4)), (10, 4, 48), notes=notes))
    assert (found.weights, found.biases) == (192 * (32 + 48), 192)
    assert found.params_basis is Basis.INFERRED


def test_an_unknown_type_is_never_guessed_away() -> None:
    spec = replace(layer("conv1", ((64, 1, 28, 28),), (64, 20, 24, 24)), type="WarpDrive")
    assert cost_or_infer(spec).weights is None


# -- the rest of the net ---------------------------------------------------------------------------


def by_name(specs: list[LayerSpec]) -> dict[str, Cost]:
    return {one.spec.name: one.cost for one in settle(specs)}


def test_layers_of_the_same_role_share_their_kernel() -> None:
    peers = [conv(f"inception_{b}/pool_proj", (1, 64, 14, 14), (1, 32, 14, 14), "kernel_size: 1") for b in ("3a", "3b")]
    found = by_name([*peers, layer("inception_4a/pool_proj", ((1, 480, 14, 14),), (1, 64, 14, 14))])
    last = found["inception_4a/pool_proj"]
    assert (last.weights, last.biases) == (480 * 64, 64)
    assert "inception_3a/pool_proj" in last.assumptions[0]


def test_layers_of_the_same_role_that_disagree_tell_nothing() -> None:
    one = conv("block1/conv", (1, 64, 14, 14), (1, 32, 14, 14), "kernel_size: 1")
    other = conv("block2/conv", (1, 64, 14, 14), (1, 32, 14, 14), "kernel_size: 3 pad: 1")
    found = by_name([one, other, layer("block3/conv", ((1, 64, 14, 14),), (1, 32, 14, 14))])
    assert found["block3/conv"].weights is None


def test_blocks_of_another_make_are_no_peers() -> None:
    """Inception v3: the towers of mixed_1 and mixed_4 have layers of the same names and other kernels."""
    first = [
        conv("mixed_1/tower/conv", (1, 64, 35, 35), (1, 48, 35, 35), "kernel_size: 1"),
        conv("mixed_1/tower/conv_1", (1, 48, 35, 35), (1, 64, 35, 35), "kernel_size: 5 pad: 2"),
    ]
    fourth = [
        layer("mixed_4/tower/conv", ((1, 768, 17, 17),), (1, 128, 17, 17)),
        layer("mixed_4/tower/conv_1", ((1, 128, 17, 17),), (1, 128, 17, 17)),
        layer("mixed_4/tower/conv_2", ((1, 128, 17, 17),), (1, 192, 17, 17)),
        layer("pool", ((1, 192, 17, 17),), (1, 192, 1, 1)),
        layer("mixed_5/tower/conv", ((1, 192, 17, 17),), (1, 48, 17, 17)),
    ]
    found = by_name([*first, *fourth])
    assert found["mixed_4/tower/conv_1"].weights is None
    assert found["mixed_5/tower/conv"].weights == 192 * 48


def test_a_block_may_lack_the_projection_of_another() -> None:
    first = [
        conv("res2a_branch1", (1, 64, 56, 56), (1, 256, 56, 56), "kernel_size: 1"),
        conv("res2a_branch2b", (1, 64, 56, 56), (1, 64, 56, 56), "kernel_size: 3 pad: 1"),
    ]
    found = by_name([*first, layer("res2b_branch2b", ((1, 64, 56, 56),), (1, 64, 56, 56)), layer("x", (), None)])
    assert found["res2b_branch2b"].weights == 64 * 64 * 9


def test_a_depthwise_role_takes_its_group_from_its_channels() -> None:
    peer = conv("conv2_1/dw", (1, 32, 14, 14), (1, 32, 14, 14), "kernel_size: 3 pad: 1 group: 32 bias_term: false")
    same_stage = layer("conv2_2/dw", ((1, 64, 14, 14),), (1, 64, 7, 7))
    other_stage = layer("conv3_1/dw", ((1, 64, 14, 14),), (1, 64, 14, 14))
    found = by_name([peer, same_stage, other_stage])
    assert found["conv2_2/dw"].weights == 64 * 9
    assert found["conv2_2/dw"].macs.value == 64 * 9 * 49
    assert found["conv3_1/dw"].weights is None


def test_a_batch_normalisation_without_a_scale_may_be_a_forks() -> None:
    norm = layer("conv1_bn", ((2, 8, 4, 4),), (2, 8, 4, 4))
    scale = layer("conv1_scale", ((2, 8, 4, 4),), (2, 8, 4, 4), in_place=True)
    assert by_name([norm])["conv1_bn"].weights is None
    assert by_name([norm, scale])["conv1_bn"].statistics == 17
    fork = layer("conv0_bn", ((2, 8, 4, 4),), (2, 8, 4, 4), text='type: "BN" bn_param { frozen: true }')
    assert by_name([fork, norm])["conv1_bn"].weights == 8


def test_a_stated_kernel_counts_where_shapes_and_neighbours_agree() -> None:
    reduce = layer("inception_3a/5x5_reduce", ((1, 192, 28, 28),), (1, 16, 28, 28))
    five = layer("inception_3a/5x5", ((1, 16, 28, 28),), (1, 32, 28, 28))
    found = by_name([reduce, five])
    assert found["inception_3a/5x5_reduce"].weights == 192 * 16
    assert found["inception_3a/5x5"].weights == 16 * 32 * 25


def test_a_reduction_without_its_neighbour_is_na() -> None:
    found = by_name([layer("inception_3a/5x5_reduce", ((1, 192, 28, 28),), (1, 16, 28, 28))])
    assert found["inception_3a/5x5_reduce"].weights is None


def test_a_stated_kernel_that_the_shapes_refute_is_dropped() -> None:
    found = by_name([layer("inception_3a/5x5", ((1, 16, 28, 28),), (1, 32, 20, 20))])
    assert found["inception_3a/5x5"].weights is None


def test_no_bias_where_the_nets_convolutions_have_none() -> None:
    first = conv("a", (1, 3, 28, 28), (1, 8, 24, 24), "kernel_size: 5 bias_term: false")
    found = by_name([first, layer("conv2", ((1, 8, 24, 24),), (1, 16, 20, 20))])
    assert (found["conv2"].weights, found["conv2"].biases) == (3200, 0)


# -- published architectures -----------------------------------------------------------------------

ALEXNET: tuple[tuple[str, Shape, Shape], ...] = (
    ("conv1", (1, 3, 227, 227), (1, 96, 55, 55)),
    ("conv2", (1, 96, 27, 27), (1, 256, 27, 27)),
    ("conv3", (1, 256, 13, 13), (1, 384, 13, 13)),
    ("conv4", (1, 384, 13, 13), (1, 384, 13, 13)),
    ("conv5", (1, 384, 13, 13), (1, 256, 13, 13)),
    ("fc6", (1, 256, 6, 6), (1, 4096)),
    ("fc7", (1, 4096), (1, 4096)),
)


def test_a_published_net_is_known_by_all_its_names_and_shapes() -> None:
    found = by_name([layer(name, (bottom,), top) for name, bottom, top in ALEXNET])
    assert [found[f"conv{i}"].weights for i in range(1, 6)] == [34848, 307200, 884736, 663552, 442368]
    assert "AlexNet" in found["conv2"].assumptions[0]


@pytest.mark.parametrize("place", range(len(ALEXNET)))
def test_one_shape_that_differs_makes_it_another_net(place: int) -> None:
    specs = [layer(name, (bottom,), top) for name, bottom, top in ALEXNET]
    name, bottom, top = ALEXNET[place]
    specs[place] = layer(name, (bottom,), (top[0], top[1] + 2, *top[2:]))
    found = by_name(specs)
    assert all(found[f"conv{i}"].weights is None for i in range(2, 6))


def test_every_table_has_distinct_names_and_holds_its_published_size() -> None:
    layers = {"VGG-16": 13, "VGG-19": 16, "GoogLeNet": 59, "ResNet-50": 53, "ResNet-101": 104, "ResNet-152": 155}
    for name, known in architectures().items():
        names = [fact.name for fact in known.table]
        assert len(set(names)) == len(names), name
        assert len(names) == layers.get(name, len(names)), name


def test_an_unrolled_net_has_many_layers_of_one_series() -> None:
    unit = layer("lstm1_unit_1", ((1, 4, 8), (1, 4, 32), (1, 4)), (1, 4, 8), (1, 4, 8), text='type: "LSTMUnit"')
    found = settle([unit, replace(unit, name="lstm1_unit_2", type=None, definition=None)])[1]
    assert (found.spec.type, found.cost.weights) == ("LSTMUnit", 0)
    other = replace(unit, name="lstm1_unit_3", type=None, definition=None, tops=((1, 4, 9), (1, 4, 9)))
    assert settle([unit, other])[1].spec.type is None


def test_a_window_is_never_taken_from_a_series() -> None:
    """VGG-C has 1×1 and 3×3 convolutions of the same shapes in one block."""
    first = conv("conv3_1", (1, 256, 56, 56), (1, 256, 56, 56), "kernel_size: 3 pad: 1")
    found = by_name([first, layer("conv3_2", ((1, 256, 56, 56),), (1, 256, 56, 56))])
    assert found["conv3_2"].weights is None


def test_a_loss_of_2014_has_no_top() -> None:
    found = settle([layer("loss", ((128, 1000, 1, 1), (128, 1, 1, 1)))])[0]
    assert (found.spec.type, found.cost.weights) == ("SoftmaxWithLoss", 0)


def test_what_costs_nothing_needs_a_name_and_one_trait() -> None:
    perm = settle([layer("x_mbox_loc_perm", ((8, 16, 38, 38),), (8, 38, 38, 16))])[0]
    assert (perm.spec.type, perm.cost.weights, perm.cost.macs.basis) == ("Permute", 0, Basis.INFERRED)
    priors = settle([layer("x_priorbox", ((8, 16, 3, 3), (8, 3, 300, 300)), (1, 2, 144))])[0]
    assert (priors.spec.type, priors.cost.weights) == ("PriorBox", 0)
    assert settle([layer("x_perm", ((8, 16, 38, 38),), (8, 38, 38, 15))])[0].cost.weights is None


def test_a_norm_behind_a_layer_may_have_parameters() -> None:
    """SSD's conv4_3_norm is a Normalize with one scale per channel; nothing in the log tells it from an LRN."""
    assert settle([layer("conv4_3_norm", ((8, 512, 38, 38),), (8, 512, 38, 38))])[0].cost.weights is None
