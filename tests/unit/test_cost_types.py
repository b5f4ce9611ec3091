"""Layer types through the ages: every name of 2013 and 2014, and every field of an old definition (caffe.proto)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.cost.layer_types import RULES
from logparse.cost.types import V0_TYPES, V1_TYPES, canonical_type, to_v2
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.textproto import Message

# caffe.proto, V1LayerParameter.LayerType, by its enums; forks added those of the last line
V1 = """
ABSVAL AbsVal; ACCURACY Accuracy; ARGMAX ArgMax; BNLL BNLL; CONCAT Concat; CONTRASTIVE_LOSS ContrastiveLoss;
CONVOLUTION Convolution; DATA Data; DECONVOLUTION Deconvolution; DROPOUT Dropout; DUMMY_DATA DummyData;
EUCLIDEAN_LOSS EuclideanLoss; ELTWISE Eltwise; EXP Exp; FLATTEN Flatten; HDF5_DATA HDF5Data; HDF5_OUTPUT HDF5Output;
HINGE_LOSS HingeLoss; IM2COL Im2col; IMAGE_DATA ImageData; INFOGAIN_LOSS InfogainLoss; INNER_PRODUCT InnerProduct;
LRN LRN; MEMORY_DATA MemoryData; MULTINOMIAL_LOGISTIC_LOSS MultinomialLogisticLoss; MVN MVN; POOLING Pooling;
POWER Power; RELU ReLU; SIGMOID Sigmoid; SIGMOID_CROSS_ENTROPY_LOSS SigmoidCrossEntropyLoss; SILENCE Silence;
SOFTMAX Softmax; SOFTMAX_LOSS SoftmaxWithLoss; SPLIT Split; SLICE Slice; TANH TanH; WINDOW_DATA WindowData;
THRESHOLD Threshold;
PRELU PReLU; DUMMYDATA DummyData; BN BN; UPSAMPLE Upsample; INTERP Interp; CROP Crop; RESHAPE Reshape
"""
# upgrade_proto.cpp, UpgradeV0LayerType
V0 = """
accuracy Accuracy; bnll BNLL; concat Concat; conv Convolution; data Data; dropout Dropout;
euclidean_loss EuclideanLoss; flatten Flatten; hdf5_data HDF5Data; hdf5_output HDF5Output; im2col Im2col;
images ImageData; infogain_loss InfogainLoss; innerproduct InnerProduct; lrn LRN;
multinomial_logistic_loss MultinomialLogisticLoss; pool Pooling; relu ReLU; sigmoid Sigmoid; softmax Softmax;
softmax_loss SoftmaxWithLoss; split Split; tanh TanH; window_data WindowData; padding Padding
"""


def pairs(text: str) -> dict[str, str]:
    return dict(entry.split() for entry in text.split(";"))


def test_every_enum_of_2014_leads_to_todays_name() -> None:
    assert {**pairs(V1), "NONE": ""} == dict(V1_TYPES)


def test_every_word_of_2013_leads_to_todays_name() -> None:
    assert pairs(V0) == dict(V0_TYPES)


@pytest.mark.parametrize("names", [V1, V0])
def test_every_old_name_leads_to_a_rule(names: str) -> None:
    assert [old for old, new in pairs(names).items() if canonical_type(old) != new or new not in RULES] == []


def test_other_names_stay_as_they_are() -> None:
    assert [canonical_type(name) for name in ("Convolution", "WarpDrive", "NONE", "")] == [
        "Convolution",
        "WarpDrive",
        "NONE",
        "",
    ]


def upgraded(text: str) -> Message:
    return to_v2(parse(text).root)


def read(message: Message, place: str) -> object:
    """A field by its path, `convolution_param.kernel_size`."""
    *path, name = place.split(".")
    for step in path:
        message = message.child(step)
    return message.last(name)


# -- 2013: fields by type (upgrade_proto.cpp, UpgradeV0LayerParameter) -----------------------------------


@pytest.mark.parametrize(
    ("kind", "field", "place"),
    [
        ("conv", "num_output: 5", "convolution_param.num_output"),
        ("innerproduct", "num_output: 5", "inner_product_param.num_output"),
        ("conv", "biasterm: 5", "convolution_param.bias_term"),
        ("innerproduct", "biasterm: 5", "inner_product_param.bias_term"),
        ("conv", "weight_filler: 5", "convolution_param.weight_filler"),
        ("innerproduct", "weight_filler: 5", "inner_product_param.weight_filler"),
        ("conv", "bias_filler: 5", "convolution_param.bias_filler"),
        ("innerproduct", "bias_filler: 5", "inner_product_param.bias_filler"),
        ("conv", "pad: 5", "convolution_param.pad"),
        ("pool", "pad: 5", "pooling_param.pad"),
        ("conv", "kernelsize: 5", "convolution_param.kernel_size"),
        ("pool", "kernelsize: 5", "pooling_param.kernel_size"),
        ("conv", "group: 5", "convolution_param.group"),
        ("conv", "stride: 5", "convolution_param.stride"),
        ("pool", "stride: 5", "pooling_param.stride"),
        ("pool", "pool: 5", "pooling_param.pool"),
        ("dropout", "dropout_ratio: 5", "dropout_param.dropout_ratio"),
        ("lrn", "local_size: 5", "lrn_param.local_size"),
        ("lrn", "alpha: 5", "lrn_param.alpha"),
        ("lrn", "beta: 5", "lrn_param.beta"),
        ("lrn", "k: 5", "lrn_param.k"),
        ("concat", "concat_dim: 5", "concat_param.concat_dim"),
        ("data", "source: 5", "data_param.source"),
        ("hdf5_data", "source: 5", "hdf5_data_param.source"),
        ("images", "source: 5", "image_data_param.source"),
        ("window_data", "source: 5", "window_data_param.source"),
        ("infogain_loss", "source: 5", "infogain_loss_param.source"),
        ("data", "batchsize: 5", "data_param.batch_size"),
        ("hdf5_data", "batchsize: 5", "hdf5_data_param.batch_size"),
        ("images", "batchsize: 5", "image_data_param.batch_size"),
        ("window_data", "batchsize: 5", "window_data_param.batch_size"),
        ("data", "rand_skip: 5", "data_param.rand_skip"),
        ("images", "rand_skip: 5", "image_data_param.rand_skip"),
        ("images", "shuffle_images: 5", "image_data_param.shuffle"),
        ("images", "new_height: 5", "image_data_param.new_height"),
        ("images", "new_width: 5", "image_data_param.new_width"),
        ("data", "scale: 5", "transform_param.scale"),
        ("window_data", "meanfile: 5", "transform_param.mean_file"),
        ("images", "cropsize: 5", "transform_param.crop_size"),
        ("data", "mirror: 5", "transform_param.mirror"),
        ("relu", "name: 5", "name"),
        ("relu", "own_field: 5", "own_field"),
    ],
)
def test_a_field_of_2013_stands_in_the_message_of_its_type(kind: str, field: str, place: str) -> None:
    found = upgraded(f'layer {{ type: "{kind}" {field} }} bottom: "a" top: "b"')
    assert read(found, place) == 5
    assert found.text("type") == canonical_type(kind)
    assert (found.texts("bottom"), found.texts("top")) == (("a",), ("b",))
    assert not found.has("layer")


@pytest.mark.parametrize("field", ["num_output", "kernelsize", "pool", "alpha", "batchsize", "new_height"])
def test_a_field_that_the_type_has_not_is_left_out(field: str) -> None:
    found = upgraded(f'layer {{ type: "relu" {field}: 5 }}')
    assert set(found.fields) == {"type"}


def test_several_fields_of_one_message_stand_together() -> None:
    found = upgraded('layer { type: "conv" num_output: 5 kernelsize: 3 blobs_lr: 1 blobs_lr: 2 weight_decay: 0 }')
    read_ = found.child("convolution_param")
    assert (read_.integer("num_output", 0), read_.integer("kernel_size", 0)) == (5, 3)
    assert [param.number("lr_mult", -1) for param in found.children("param")] == [1, 2]


# -- 2014: parallel lists --------------------------------------------------------------------------------


def params(text: str) -> list[dict[str, object]]:
    return [{name: param.last(name) for name in param.fields} for param in upgraded(text).children("param")]


def test_multipliers_names_and_share_modes_go_together_by_place() -> None:
    assert params(
        'type: CONVOLUTION blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0 param: "w" param: "b" '
        "blob_share_mode: STRICT blob_share_mode: PERMISSIVE"
    ) == [
        {"name": "w", "share_mode": "STRICT", "lr_mult": 1, "decay_mult": 1},
        {"name": "b", "share_mode": "PERMISSIVE", "lr_mult": 2, "decay_mult": 0},
    ]


def test_shorter_lists_say_nothing_about_the_rest() -> None:
    assert params("type: CONVOLUTION blobs_lr: 1 blobs_lr: 2 weight_decay: 0") == [
        {"lr_mult": 1, "decay_mult": 0},
        {"lr_mult": 2},
    ]
    assert params("type: RELU") == []


def test_the_lists_themselves_are_gone() -> None:
    found = upgraded("type: CONVOLUTION blobs_lr: 1 weight_decay: 0 blob_share_mode: STRICT")
    assert set(found.fields) == {"type", "param"}


def test_messages_of_today_among_old_fields_stay() -> None:
    assert params("type: CONVOLUTION param { lr_mult: 3 }") == [{"lr_mult": 3}]


@pytest.mark.parametrize(
    "text",
    [
        'type: "Convolution" param { lr_mult: 0 } convolution_param { num_output: 5 }',
        'type: "data" data_param { batch_size: 5 }',  # a word of 2013, but nothing is nested
        'name: "conv"',
    ],
)
def test_a_definition_of_today_is_left_alone(text: str) -> None:
    message = parse(text).root
    assert to_v2(message) is message


@pytest.mark.parametrize(
    "text",
    [
        "type: CONVOLUTION",
        'name: "x" blobs_lr: 1',
        'name: "x" weight_decay: 1',
        'name: "x" param: "w"',
        'layer { type: "conv" }',
    ],
)
def test_any_old_field_makes_an_old_definition(text: str) -> None:
    message = parse(text).root
    assert to_v2(message) is not message


def test_an_old_definition_that_was_cut_stays_cut_and_keeps_its_line() -> None:
    message = parse("\n\nlayers { type: CONVOLUTION blobs_lr: 1").root.children("layers")[0]
    assert not message.complete
    assert not to_v2(message).complete
    assert to_v2(message).line == message.line == 3
    nested = parse('layers {\n layer { type: "conv" num_output: 5').root.children("layers")[0]
    assert not to_v2(nested).complete
    assert to_v2(nested).line == 1
    assert [param.line for param in to_v2(message).children("param")] == [3]


def test_a_type_that_is_not_stated_is_not_made_up() -> None:
    assert not upgraded("blobs_lr: 1").has("type")
