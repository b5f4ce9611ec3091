"""What a layer's name says: type, kernel, role, series. A row per word and per way to write it."""

from __future__ import annotations

import pytest

from logparse.cost.inference.names import (
    StatedKernel,
    is_optional,
    named_type,
    place_of,
    reduced_name,
    series,
    stated_kernel,
)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("PReLU", "prelu1 conv1_prelu block/PReLU.2"),
        ("ReLU", "relu relu1_1 conv1_relu inception_3a/relu_1x1 conv-relu scale.relu"),
        ("Dropout", "drop6 dropout pool5/drop_7x7_s1"),
        ("BatchNorm", "bn bn1 bn_conv1 bn2a_branch1 conv1_bn batch_norm batchnorm2 conv1/BatchNorm"),
        ("Scale", "scale scale_conv1 conv1_scale"),
        ("LRN", "norm norm1 pool1/norm1 lrn lrn2 conv2/norm2"),
        ("Accuracy", "accuracy acc loss3/top-1 top5 top-5 accuracy/top5"),
        ("Concat", "concat mixed_3/concat mbox_conf_concat"),
        ("Flatten", "flatten flat1 mbox_conf_flatten"),
        ("Padding", "pad pad2"),
        ("Slice", "slice slice_pair"),
        ("Reshape", "reshape mbox_conf_reshape"),
        ("PriorBox", "priorbox conv4_3_norm_mbox_priorbox prior_box"),
        ("MultiBoxLoss", "mbox_loss"),
        ("DetectionOutput", "detection_out detection_output"),
        ("DetectionEvaluate", "detection_eval"),
        ("Permute", "perm conv4_3_norm_mbox_loc_perm"),
        ("Tile", "tile x_tile"),
        ("Crop", "crop score_crop"),
        ("SPP", "spp spp5"),
        ("Embed", "embed embedding"),
        ("BNLL", "bnll bnll1"),
        ("Sigmoid", "sigmoid sig sigm1 fc_sigmoid"),
        ("TanH", "tanh tanh1"),
        ("ELU", "elu conv1_elu"),
        ("Eltwise", "eltwise res_eltwise sum layer_sum"),
        ("Silence", "silence silence_label"),
        ("Deconvolution", "deconv1 upscore upscore2 up_score upsample up_sample"),
        (
            "Convolution",
            "pool_proj 3x3_reduce conv2_1/dw conv2_1/sep depthwise x/pointwise fire2/squeeze1x1 fire2/expand3x3 cccp1",
        ),
        ("Pooling", "pool1 pool5/7x7_s1 gap global_pool"),
        ("SoftmaxWithLoss", "loss loss3/loss3 my_loss softmax_loss"),
        ("Softmax", "prob softmax cls_prob"),
        ("InnerProduct", "ip1 fc fc6 fc1000 inner_product innerproduct loss1/classifier predict fc-8 fc_7"),
        ("Convolution", "conv1 conv3_2 res2a_branch2b res4b22_branch2a branch1 mbox_loc conv6_2_mbox_conf"),
        ("Split", "label_mnist_1_split data_data_0_split"),
    ],
)
def test_a_word_in_a_name_supports_a_type(kind: str, names: str) -> None:
    assert {name: named_type(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


@pytest.mark.parametrize(
    "name",
    ["res2a", "xyzzy", "", "data", "3x3", "normal", "lrnx", "padding_x", "summary", "split", "siga"],
)
def test_other_names_support_none(name: str) -> None:
    assert named_type(name) is None


def test_the_part_behind_the_last_slash_speaks_first() -> None:
    assert named_type("conv1/relu") == "ReLU"
    assert named_type("relu/x") == "ReLU"
    assert named_type("pool/norm") == "LRN"  # "norm" alone is a whole part
    assert named_type("conv_norm") == "Convolution"  # … and no word inside another


@pytest.mark.parametrize("letters", ["bna", "bnx1"])
def test_bn_is_no_beginning_of_another_word(letters: str) -> None:
    assert named_type(letters) is None


def test_a_loss_of_boxes_ends_with_the_word() -> None:
    assert named_type("mbox_loss") == "MultiBoxLoss"
    assert named_type("mbox_loss_2") == "SoftmaxWithLoss"


def test_case_does_not_matter() -> None:
    assert named_type("Conv1") == named_type("CONV1") == "Convolution"


# -- kernels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("inception_3a/5x5", StatedKernel((5, 5), None)),
        ("conv1/7x7_s2", StatedKernel((7, 7), 2)),
        ("x/1x7", StatedKernel((1, 7), None)),
        ("11x11", StatedKernel((11, 11), None)),
        ("fire2/expand3x3", StatedKernel((3, 3), None)),
        ("Conv_3X3_S1", StatedKernel((3, 3), 1)),
        ("inception_3a/5x5_reduce", StatedKernel((1, 1), None)),
        ("3x3_s2_reduce", StatedKernel((1, 1), None)),
        ("5x5/relu", None),  # the last part speaks
        ("conv5", None),
        ("3x", None),
        ("3x3_s", None),
        ("3x3a", None),
    ],
)
def test_a_name_may_state_its_kernel_and_stride(name: str, kernel: StatedKernel | None) -> None:
    assert stated_kernel(name) == kernel


def test_a_reducing_layer_is_named_for_the_one_behind_it() -> None:
    assert reduced_name("inception_3a/5x5_reduce") == "inception_3a/5x5"
    assert reduced_name("inception_3a/5x5") is None
    assert reduced_name("reduce") is None


# -- places --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "block", "part", "role", "stage"),
    [
        ("inception_4e/pool_proj", "inception_4e", "/pool_proj", "inception_#/pool_proj", "4"),
        ("res4b1_branch2a", "res4b1", "_branch2a", "res#_branch2a", "4"),
        ("res10a_branch1", "res10a", "_branch1", "res#_branch1", "10"),
        ("conv5_3/dw", "conv5_3", "/dw", "conv#/dw", "5"),
        ("conv5_3_relu", "conv5_3", "_relu", "conv#_relu", "5"),
        ("fire9/expand3x3", "fire9", "/expand3x3", "fire#/expand3x3", "9"),
        ("block2.conv", "block2", ".conv", "block#.conv", "2"),
        ("block2-conv", "block2", "-conv", "block#-conv", "2"),
        ("mixed_1/3x3", "mixed_1", "/3x3", "mixed_#/3x3", "1"),
        ("conv2/3x3_reduce", "conv2", "/3x3_reduce", "conv#/3x3_reduce", "2"),
    ],
)
def test_a_name_tells_its_block_its_part_and_its_role(name: str, block: str, part: str, role: str, stage: str) -> None:
    place = place_of(name)
    assert place is not None
    assert (place.block, place.part, place.role, place.stage) == (block, part, role, stage)


@pytest.mark.parametrize("name", ["conv5", "conv5_2", "data", "fc1000", "", "loss", "res5a"])
def test_a_bare_name_has_no_place(name: str) -> None:
    assert place_of(name) is None


@pytest.mark.parametrize(
    "part",
    [
        "_branch1",
        "/shortcut",
        "/pool_proj",
        "_downsample",
        "_skip",
        "_match_conv",
        "_split",
        "_relu",
        "/drop",
        "/norm",
        "_bn",
        "_scale",
        "_Branch1_x",
    ],
)
def test_some_parts_of_a_block_may_be_there_or_not(part: str) -> None:
    assert is_optional(part)


@pytest.mark.parametrize("part", ["_branch2a", "/conv", "/3x3", "_split_conv", ""])
def test_others_make_it_another_kind_of_block(part: str) -> None:
    assert not is_optional(part)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("lstm1_unit_30", "lstm1_unit_"),
        ("unit/3", "unit/"),
        ("unit.3", "unit."),
        ("unit-3", "unit-"),
        ("conv5", None),
        ("conv5_2x", None),
        ("5_2", None),  # no letter before it
        ("x", None),
    ],
)
def test_a_series_is_a_name_without_its_last_number(name: str, stem: str | None) -> None:
    assert series(name) == stem
