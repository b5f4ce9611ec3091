"""The net that is deployed: Input layers, no labels, losses or measures, a Softmax in place of its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.textproto import parse
from tests.reading_back import State, built
from tests.writing import Layer, net, read

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.recover.grades import RecoveredNet
    from logparse.textproto import Message

SHAPE = ("2 7 (14)",)
DATA = Layer("data", "Data", (), ("data", "label"), ("2 3 4 4 (96)", "2 (2)"), "transform_param { scale: 0.5 }")
IP = Layer(
    "ip",
    "InnerProduct",
    ("data",),
    ("ip",),
    SHAPE,
    'param { name: "w" lr_mult: 2 } inner_product_param { num_output: 7 weight_filler { type: "xavier" } }',
)
LOSS = Layer("loss", "SoftmaxWithLoss", ("ip", "label"), ("loss",), ("(1)",), "loss_weight: 1")


def deploy(*layers: Layer) -> RecoveredNet:
    return read(net(layers)).recover("deploy")


def messages(found: RecoveredNet) -> dict[str, Message]:
    return {layer.text("name"): layer for layer in parse(found.text).root.children("layer")}


def test_the_recipe() -> None:
    accuracy = Layer("acc", "Accuracy", ("ip", "label"), ("acc",), ("(1)",))
    silence = Layer("silence", "Silence", ("label",))
    found = deploy(DATA, IP, accuracy, silence, LOSS)
    layers = messages(found)
    assert list(layers) == ["data", "ip", "prob"]
    assert layers["data"].child("input_param").child("shape").integers("dim") == (2, 3, 4, 4)
    assert (layers["prob"].text("type"), layers["prob"].texts("bottom"), layers["prob"].texts("top")) == (
        "Softmax",
        ("ip",),
        ("prob",),
    )
    assert [dict(param.fields) for param in layers["ip"].children("param")] == [{"name": ["w"]}]
    assert dict(layers["ip"].child("inner_product_param").fields) == {"num_output": [7]}
    assert "transform_param { scale: 0.5 }" in found.text
    assert 'Layers that are gone: "acc", "silence".' in found.text


def test_what_is_made_of_labels_alone_goes_too() -> None:
    both = Layer("cut", "Slice", ("label",), ("l1", "l2"), ("1 (1)",) * 2)
    losses = [Layer(f"loss_{one}", "SoftmaxWithLoss", ("ip", one), (f"loss_{one}",), ("(1)",)) for one in ("l1", "l2")]
    layers = messages(deploy(DATA, both, IP, *losses))
    assert list(layers) == ["data", "ip", "prob", "prob_2"]


def test_a_head_of_less_weight_goes_with_its_branch() -> None:
    aside = Layer("aux_ip", "InnerProduct", ("data",), ("aux_ip",), SHAPE, "inner_product_param { num_output: 7 }")
    aux = Layer("aux", "SoftmaxWithLoss", ("aux_ip", "label"), ("aux",), ("(1)",), "loss_weight: 0.3")
    top = Layer("aux_top", "Accuracy", ("aux_ip", "label"), ("aux_top",), ("(1)",))
    found = deploy(DATA, IP, aside, aux, top, LOSS)
    assert list(messages(found)) == ["data", "ip", "prob"]
    assert 'Auxiliary heads, of less loss weight than another, are gone: "aux".' in found.text


def test_a_loss_of_another_kind_leaves_its_scores_as_outputs() -> None:
    found = deploy(DATA, IP, Layer("loss", "EuclideanLoss", ("ip", "label"), ("loss",), ("(1)",)))
    assert list(messages(found)) == ["data", "ip"]


def test_a_measure_of_a_type_that_nobody_knows_goes_with_its_label() -> None:
    own = Layer("acc", "OurOwnAccuracy", ("ip", "label"), ("acc",), ("(1)",))
    assert list(messages(deploy(DATA, IP, own, LOSS))) == ["data", "ip", "prob"]


def test_a_layer_of_a_type_that_nobody_knows_stays_in_its_chain() -> None:
    own = Layer("own", "OurOwnLayer", ("data",), ("own",), SHAPE)
    loss = Layer("loss", "SoftmaxWithLoss", ("own", "label"), ("loss",), ("(1)",))
    assert list(messages(deploy(DATA, own, loss))) == ["data", "own", "prob"]


def test_a_crop_by_the_data_is_no_measure() -> None:
    """FCN crops its scores to its image: the data feeds weights, and is no label."""
    crop = Layer("score", "Crop", ("ip", "data"), ("score",), ("2 7 4 4 (224)",))
    assert list(messages(deploy(DATA, IP, crop))) == ["data", "ip", "score"]


def test_in_place_layers_stay_in_their_chain() -> None:
    relu = Layer("relu", "ReLU", ("ip",), ("ip",), SHAPE)
    drop = Layer("drop", "Dropout", ("ip",), ("ip",), SHAPE)
    assert list(messages(deploy(DATA, IP, relu, drop, LOSS))) == ["data", "ip", "relu", "drop", "prob"]


def test_a_softmax_that_is_there_is_not_made_again() -> None:
    prob = Layer("prob", "Softmax", ("ip",), ("prob",), SHAPE)
    assert list(messages(deploy(DATA, IP, prob, LOSS))) == ["data", "ip", "prob"]


def test_a_name_that_is_taken_is_not_given_twice() -> None:
    ip = Layer("prob", "InnerProduct", ("data",), ("prob",), SHAPE, "inner_product_param { num_output: 7 }")
    loss = Layer("loss", "SoftmaxWithLoss", ("prob", "label"), ("loss",), ("(1)",))
    assert list(messages(deploy(DATA, ip, loss))) == ["data", "prob", "prob_2"]


def test_an_input_whose_shape_no_line_tells_is_open() -> None:
    found = read(net([DATA, IP, LOSS]).partition("Creating Layer")[0]).recover("deploy")
    assert [(one.layer, one.field) for one in found.open_fields] == [("data", "input_param.shape")]


@pytest.mark.parametrize(
    ("name", "inputs", "output"),
    [
        ("alexnet", {"data": (2, 3, 227, 227)}, "prob"),
        ("lenet", {"data": (100, 1, 28, 28)}, "prob"),
        ("resnet18", {"data": (2, 3, 224, 224)}, "prob"),
    ],
)
def test_the_deployed_net_needs_no_data(
    sample_logs: Path, name: str, inputs: dict[str, tuple[int, ...]], output: str
) -> None:
    from logparse.api import parse_log

    log = parse_log(sample_logs / f"{name}.log")
    layers = built(log.recover("deploy").text, State("TEST"), {})
    found = {layer.tops[0]: layer.shapes[0] for layer in layers if layer.type == "Input"}
    assert found.keys() == inputs.keys()
    assert all(shape is not None and shape[1:] == inputs[top][1:] for top, shape in found.items())
    assert layers[-1].tops == (output,)
    assert all(layer.cost.macs.value is not None for layer in layers)
    assert sum(layer.cost.macs.value or 0 for layer in layers) == log.nets["macs"].iloc[-1]
