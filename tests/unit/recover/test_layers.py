"""Layers whose definition is not printed: what is rebuilt, what is stated with it, and what stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.recover.grades import Grade
from logparse.textproto import parse
from tests.writing import Layer, line, memory, net, read

if TYPE_CHECKING:
    from logparse.recover.grades import GradedLayer, RecoveredNet
    from logparse.textproto import Message

DATA = Layer("data", "", (), ("data", "label"), ("2 3 9 9 (486)", "2 (2)"))


LABELS = ("label_data_1_split_0", "label_data_1_split_1")


def recovered(*layers: Layer) -> RecoveredNet:
    return read(net(layers, dump=False)).recover("train_val")


def one(name: str, found: RecoveredNet) -> tuple[Message, GradedLayer]:
    messages = {layer.text("name"): layer for layer in parse(found.text).root.children("layer")}
    return messages[name], next(layer for layer in found.layers if layer.name == name)


def open_fields(layer: GradedLayer) -> list[str]:
    return [field.field for field in layer.open_fields]


def test_a_window_that_alone_fits_is_rebuilt_without_fillers_and_multipliers() -> None:
    message, layer = one("conv", recovered(DATA, Layer("conv", "", ("data",), ("conv",), ("2 8 7 7 (784)",))))
    assert layer.grade is Grade.REBUILT
    assert message.fields.keys() == {"name", "type", "bottom", "top", "convolution_param"}
    assert {name: message.child("convolution_param").last(name) for name in ("num_output", "kernel_size")} == {
        "num_output": 8,
        "kernel_size": 3,
    }
    assert "fillers, lr_mult and decay_mult are not in the log and are left out" in layer.stated
    assert any("a bias is taken to be there" in text for text in layer.stated)


def test_windows_that_fit_alike_are_listed_and_left_out() -> None:
    message, layer = one("conv", recovered(DATA, Layer("conv", "", ("data",), ("conv",), ("2 8 9 9 (1296)",))))
    assert layer.grade is Grade.OPEN
    assert message.text("type") == "Convolution"
    assert message.child("convolution_param").fields == {"num_output": [8]}
    [field] = layer.open_fields
    assert field.field == "convolution_param.kernel_size, stride and pad"
    assert "1x1 (stride 1, pad 0), 3x3 (stride 1, pad 1), 5x5 (stride 1, pad 2)" in field.why


def test_a_convolution_that_keeps_its_channels_may_be_depthwise() -> None:
    _, layer = one("conv", recovered(DATA, Layer("conv", "", ("data",), ("conv",), ("2 3 9 9 (486)",))))
    assert "convolution_param.group" in open_fields(layer)


def test_a_pooling_says_its_windows_and_not_its_method() -> None:
    message, layer = one("pool", recovered(DATA, Layer("pool", "", ("data",), ("pool",), ("2 3 4 4 (96)",))))
    assert open_fields(layer) == ["pooling_param.kernel_size, stride and pad", "pooling_param.pool"]
    assert not message.has("pooling_param")


def test_a_pooling_to_one_value_reads_the_whole_map() -> None:
    message, layer = one("pool", recovered(DATA, Layer("pool", "", ("data",), ("pool",), ("2 3 1 1 (6)",))))
    assert message.child("pooling_param").fields == {"kernel_size": [9]}
    assert open_fields(layer) == ["pooling_param.pool"]


@pytest.mark.parametrize(
    ("name", "shape", "field"),
    [
        ("drop1", "2 3 9 9 (486)", "dropout_param.dropout_ratio"),
        ("norm1", "2 3 9 9 (486)", "lrn_param.alpha"),
    ],
)
def test_what_no_shape_tells_is_open(name: str, shape: str, field: str) -> None:
    in_place = "data" if name == "drop1" else name
    message, layer = one(name, recovered(DATA, Layer(name, "", ("data",), (in_place,), (shape,))))
    assert field in open_fields(layer)
    assert not any(key.endswith("_param") for key in message.fields)


def test_layers_of_the_same_role_tell_what_no_shape_does() -> None:
    """The ratio is that of the other blocks; a Dropout of no block stays open."""

    def block(number: int, ratio: str, bottom: str) -> list[Layer]:
        name = f"block_{number}/drop"
        more = f"dropout_param {{ dropout_ratio: {ratio} }}"
        return [Layer(name, "Dropout", (bottom,), (name,), ("2 3 9 9 (486)",), more)]

    layers = [
        Layer("data", "Input", (), ("data",), ("2 3 9 9 (486)",)),
        *block(1, "0.3", "data"),
        *block(2, "0.3", "block_1/drop"),
        *block(3, "0.3", "block_2/drop"),
        Layer("drop9", "Dropout", ("block_3/drop",), ("drop9",), ("2 3 9 9 (486)",)),
    ]
    text = net(layers)
    cut = text.replace(f"{layers[3].definition}\n{layers[4].definition}\n", 'layer { name: "block_3/dr\n')
    found = read(cut).recover("train_val")
    message, layer = one("block_3/drop", found)
    assert layer.grade is Grade.REBUILT
    assert message.child("dropout_param").last("dropout_ratio") == 0.3
    assert any("dropout_ratio 0.3, like all 2 printed layers of the same role" in text for text in layer.stated)
    _, other = one("drop9", found)
    assert open_fields(other) in (["dropout_param.dropout_ratio"], ["type"])


def test_a_loss_by_its_name_needs_the_shapes_of_one() -> None:
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    message, layer = one("loss", recovered(DATA, ip, Layer("loss", "", ("ip", "label"), ("loss",), ("(1)",))))
    assert (message.text("type"), layer.grade) == ("SoftmaxWithLoss", Grade.REBUILT)
    message, layer = one("loss", recovered(DATA, ip, Layer("loss", "", ("ip", "ip"), ("loss",), ("(1)",))))
    assert (message.has("type"), open_fields(layer)) == (False, ["type"])


def test_a_name_tells_top_5() -> None:
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    message, layer = one("acc/top-5", recovered(DATA, ip, Layer("acc/top-5", "", ("ip", "label"), ("a",), ("(1)",))))
    assert message.child("accuracy_param").last("top_k") == 5
    assert layer.grade is Grade.REBUILT


def test_a_data_layer_says_what_its_lines_tell() -> None:
    opened = line("Opened lmdb data/train_lmdb", "db_lmdb.cpp")
    lines = [
        "Creating Layer mnist",
        "mnist -> data",
        "mnist -> label",
        "Setting up mnist",
        "Top shape: 64 1 28 28 (50176)",
        "Top shape: 64 (64)",
    ]
    found = read("".join(map(line, lines[:3])), opened, "".join(map(line, lines[3:])), memory(200960)).recover(
        "train_val"
    )
    message, layer = one("mnist", found)
    data = message.child("data_param")
    assert (message.text("type"), data.text("source"), data.text("backend")) == ("Data", "data/train_lmdb", "LMDB")
    assert data.last("batch_size") == 64
    assert open_fields(layer) == ["transform_param"]


def test_a_data_layer_whose_lines_tell_nothing_has_no_type() -> None:
    message, layer = one("data", recovered(DATA))
    assert not message.has("type")
    assert open_fields(layer) == ["type", "source and settings"]
    assert "its top data is 2 x 3 x 9 x 9" in layer.stated


def test_splits_are_gone_and_their_readers_read_the_blob() -> None:
    split = Layer("label_data_1_split", "", ("label",), LABELS, ("2 (2)",) * 2)
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    again = Layer("ip_ip_0_split", "", ("ip",), ("ip_ip_0_split_0", "ip_ip_0_split_1"), ("2 7 (14)",) * 2)
    accuracy = Layer("acc", "", ("ip_ip_0_split_0", "label_data_1_split_0"), ("acc",), ("(1)",))
    loss = Layer("loss", "", ("ip_ip_0_split_1", "label_data_1_split_1"), ("loss",), ("(1)",))
    found = recovered(DATA, split, ip, again, accuracy, loss)
    assert [layer.name for layer in found.layers] == ["data", "ip", "acc", "loss"]
    assert one("acc", found)[0].texts("bottom") == ("ip", "label")
    assert one("loss", found)[0].texts("bottom") == ("ip", "label")


def test_a_dump_that_holds_splits_loses_them() -> None:
    """Some forks dump what comes after the Splits are put in."""
    layers = [
        Layer("data", "DummyData", (), ("data",), ("2 3 9 9 (486)",)),
        Layer("data_data_0_split", "Split", ("data",), ("data_data_0_split_0", "data_data_0_split_1"), ("2 (2)",) * 2),
        Layer("a", "ReLU", ("data_data_0_split_0",), ("a",), ("2 3 9 9 (486)",)),
        Layer("b", "ReLU", ("data_data_0_split_1",), ("b",), ("2 3 9 9 (486)",)),
        Layer("my_split", "Split", ("a",), ("a1", "a2"), ("2 3 9 9 (486)",) * 2),
    ]
    found = read(net(layers)).recover()
    assert [layer.name for layer in found.layers] == ["data", "a", "b", "my_split"]
    assert one("b", found)[0].texts("bottom") == ("data",)


def test_a_layer_that_is_set_up_and_not_in_a_whole_dump_stands_at_its_place() -> None:
    data = Layer("data", "Input", (), ("data",), ("2 3 9 9 (486)",), "input_param { shape { dim: 2 } }")
    relu = Layer("relu", "ReLU", ("data",), ("data",), ("2 3 9 9 (486)",))
    ip = Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 7 (14)",), "inner_product_param { num_output: 7 }")
    found = read(net([data, relu, ip]).replace(f"{relu.definition}\n", "")).recover()
    assert [(layer.name, layer.grade) for layer in found.layers] == [
        ("data", Grade.VERBATIM),
        ("relu", Grade.REBUILT),
        ("ip", Grade.VERBATIM),
    ]


def test_in_place_tops_and_automatic_ones() -> None:
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    relu = Layer("relu", "", ("ip",), ("ip",), ("2 7 (14)",))
    loss = Layer("loss", "", ("ip", "label"), ("(automatic)",), ("(1)",))
    found = recovered(DATA, ip, relu, loss)
    assert one("relu", found)[0].texts("top") == ("ip",)
    assert not one("loss", found)[0].has("top")


def test_loss_weights_that_are_printed_stay() -> None:
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    loss = Layer("loss", "", ("ip", "label"), ("loss",), ("(1)",))
    for weight, kept in ((1, False), (0.3, True)):
        text = net([DATA, ip, loss], dump=False).replace(
            line("Top shape: (1)"), line("Top shape: (1)") + line(f"    with loss weight {weight}")
        )
        message, _ = one("loss", read(text).recover())
        assert message.all("loss_weight") == ([weight] if kept else [])


def test_shared_parameters_keep_their_names() -> None:
    ip = Layer("ip", "", ("data",), ("ip",), ("2 7 (14)",))
    other = Layer("ip_p", "", ("data",), ("ip_p",), ("2 7 (14)",))
    text = net([DATA, ip, other], dump=False).replace(line("Network initialization done."), "") + line(
        "Sharing parameters 'ip_w' owned by layer 'ip', param index 0"
    )
    found = read(text).recover()
    for name in ("ip", "ip_p"):
        assert [param.text("name") for param in one(name, found)[0].children("param")] == ["ip_w"]


def test_blobs_that_no_line_makes_are_inputs_of_unknown_shape() -> None:
    found = recovered(Layer("conv1", "", ("data",), ("conv1",), ("2 96 5 5 (4800)",)))
    assert parse(found.text).root.all("input") == ["data"]
    assert [(one.layer, one.field) for one in found.open_fields if one.layer is None] == [(None, "input_shape")]


@pytest.mark.parametrize("name", ['a"b', "a\\", "x -> y", "} layer {", "# c", "ü\u202e", "a b"])
def test_a_hostile_name_stays_a_name(name: str) -> None:
    found = recovered(DATA, Layer(name, "", ("data",), (f"{name}.top",), ("2 8 5 5 (400)",)))
    message, layer = one(name, found)
    assert message.texts("top") == (f"{name}.top",)
    assert layer.name == name
    assert found.text.isascii()
