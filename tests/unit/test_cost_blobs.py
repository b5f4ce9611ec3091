"""Which blobs have memory: their data and their gradients, on the CPU and on the GPU (net.cpp, syncedmem.cpp)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.memory.layer import known_type
from tests.cost_nets import named, net

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.blobs import OwnBlob
    from logparse.cost.memory.layer import LayerMemory

INPUT: Final = (
    'layer { type: "Input" top: "data" top: "label" input_param {'
    " shape { dim: 7 dim: 3 dim: 5 dim: 5 } shape { dim: 7 } } }"
)
CONV: Final = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"'
    " convolution_param { num_output: 2 kernel_size: 3 } }"
)
DENSE: Final = 'layer { name: "ip" type: "InnerProduct" bottom: "%s" top: "ip" inner_product_param { num_output: 11 } }'
LOSS: Final = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'


def layer(kind: str, bottoms: str, tops: str, settings: str = "") -> str:
    """One `layer { … }` block."""
    said = " ".join(f'bottom: "{name}"' for name in bottoms.split())
    made = " ".join(f'top: "{name}"' for name in tops.split())
    return f'layer {{ name: "{kind}" type: "{kind}" {said} {made} {settings} }}'


def layers(*texts: str, phase: str = "TRAIN") -> tuple[LayerMemory, ...]:
    printed = {"data": (7, 3, 5, 5), "label": (7,)}
    return net("\n".join(texts), phase=phase, printed=printed).layers


def names(blobs: Sequence[OwnBlob]) -> set[str]:
    return {blob.name for blob in blobs}


def data(device: str, *texts: str, phase: str = "TRAIN") -> set[str]:
    return names(data_blobs(layers(*texts, phase=phase), device))


def diffs(device: str, *texts: str, phase: str = "TRAIN", timed: bool = False, cudnn: bool = False) -> set[str]:
    return names(diff_blobs(layers(*texts, phase=phase), device, timed=timed, cudnn=cudnn))


USUAL: Final = (INPUT, CONV, DENSE % "conv", LOSS)


def test_a_name_of_any_age_leads_to_todays_type() -> None:
    assert [known_type(name) for name in ("CONVOLUTION", "conv", "Convolution", "WarpDrive", "", None)] == [
        "Convolution",
        "Convolution",
        "Convolution",
        "WarpDrive",
        None,
        None,
    ]


def test_a_blob_knows_its_maker_and_its_values() -> None:
    found = {blob.name: (blob.layer, blob.values) for blob in data_blobs(layers(*USUAL), "cpu")}
    assert found == {
        "data": (0, 7 * 3 * 5 * 5),
        "label": (0, 7),
        "conv": (1, 7 * 2 * 3 * 3),
        "ip": (2, 7 * 11),
        "loss": (3, 1),
    }


def test_what_shares_or_stands_in_place_has_no_memory_of_its_own() -> None:
    texts = (INPUT, CONV, layer("ReLU", "conv", "conv"), layer("Split", "conv", "a b"), layer("Flatten", "a", "flat"))
    assert data("cpu", *texts) == {"data", "label", "conv"}


def test_a_parameter_layers_top_is_its_parameter() -> None:
    parameter = layer("Parameter", "", "p", "parameter_param { shape { dim: 7 } }")
    for device in ("cpu", "gpu"):
        assert "p" not in data(device, INPUT, parameter, layer("Bias", "label p", "sum"))


@pytest.mark.parametrize("kind", ["Data", "ImageData", "WindowData", "AnnotatedData", "VideoData"])
def test_prefetched_tops_point_into_a_batch_on_the_gpu(kind: str) -> None:
    source = layer(kind, "", "data label")
    assert data("cpu", source, *USUAL[1:]) == {"data", "label", "conv", "ip", "loss"}
    assert data("gpu", source, *USUAL[1:]) == {"conv", "ip", "loss"}
    assert layers(source)[0].prefetches


@pytest.mark.parametrize("kind", ["Input", "DummyData", "MemoryData", "Python"])
def test_what_the_host_fills_is_on_the_gpu_where_a_layer_there_reads_it(kind: str) -> None:
    source = layer(kind, "", "data label")
    assert data("gpu", source, CONV) == {"data", "conv"}
    assert not layers(source)[0].prefetches


@pytest.mark.parametrize("kind", ["ArgMax", "PriorBox", "MultinomialLogisticLoss", "HingeLoss", "HDF5Output", "Python"])
def test_a_layer_without_gpu_code_reads_on_the_host(kind: str) -> None:
    assert "label" not in data("gpu", INPUT, CONV, layer(kind, "label", "out"))
    assert "label" in data("gpu", INPUT, CONV, layer("Power", "label", "out"))


@pytest.mark.parametrize("kind", ["Accuracy", "ArgMax", "PriorBox", "MultinomialLogisticLoss", "HingeLoss", "Python"])
def test_a_layer_without_gpu_code_writes_on_the_host(kind: str) -> None:
    unweighted = "loss_weight: 0"
    assert "out" not in data("gpu", INPUT, layer(kind, "label", "out", unweighted))
    assert "out" in data("gpu", INPUT, layer(kind, "label", "out", unweighted), layer("Power", "out", "more"))
    assert "out" in data("cpu", INPUT, layer(kind, "label", "out", unweighted))


def test_a_loss_is_weighted_on_the_gpu_even_where_the_host_computes_it() -> None:
    assert "out" in data("gpu", INPUT, layer("HingeLoss", "data label", "out"))


@pytest.mark.parametrize("kind", ["Split", "Flatten", "Reshape", "Silence"])
def test_a_layer_that_only_renames_touches_nothing(kind: str) -> None:
    settings = "reshape_param { shape { dim: 7 } }"
    tops = "" if kind == "Silence" else "out"
    assert "label" not in data("gpu", INPUT, layer(kind, "label", tops, settings))
    if tops:
        assert "label" in data("gpu", INPUT, layer(kind, "label", tops, settings), layer("Power", "out", "more"))


@pytest.mark.xfail(
    strict=True, reason="reduction_layer.cu writes its top through mutable_cpu_data (measured: 256 bytes)"
)
def test_a_reduction_writes_its_top_on_the_host() -> None:
    assert "out" not in data("gpu", INPUT, layer("Reduction", "data", "out"))


# -- gradients -----------------------------------------------------------------------------------------


def test_a_blob_has_a_gradient_where_its_maker_does_backward() -> None:
    dense = DENSE % "data"
    assert diffs("cpu", INPUT, dense, LOSS) == {"ip", "loss"}
    assert diffs("gpu", INPUT, dense, LOSS) == {"ip", "loss"}


def test_a_convolution_asks_for_its_bottoms_gradient_where_it_computes_none() -> None:
    assert diffs("cpu", *USUAL) == diffs("gpu", *USUAL) == {"data", "conv", "ip", "loss"}
    assert diffs("gpu", *USUAL, cudnn=True) == {"conv", "ip", "loss"}


@pytest.mark.parametrize("kind", ["Convolution", "Deconvolution", "ConvolutionDepthwise", "DepthwiseConvolution"])
def test_every_kind_of_convolution_does(kind: str) -> None:
    first = layer(kind, "data", "conv", "convolution_param { num_output: 3 kernel_size: 3 }")
    assert "data" in diffs("cpu", INPUT, first, DENSE % "conv", LOSS)


@pytest.mark.parametrize(
    ("kind", "bottoms", "asked"),
    [
        ("BatchNorm", "data", {"data"}),
        ("LSTM", "data label", {"data"}),
        ("RNN", "data label", {"data"}),
        ("LSTMUnit", "data label more", {"data", "label"}),
        ("Scale", "data", set()),
        ("InnerProduct", "data", set()),
    ],
)
def test_few_others_ask_for_a_gradient_that_nobody_needs(kind: str, bottoms: str, asked: set[str]) -> None:
    sources = layers(INPUT, layer("Input", "", "more", "input_param { shape { dim: 7 } }"), layer(kind, bottoms, "out"))
    last = sources[-1]
    at_work = replace(last, spec=replace(last.spec, backward=True, bottom_needs_grad=(False,) * len(last.bottoms)))
    assert names(diff_blobs((*sources[:-1], at_work), "cpu")) == {*asked, "out"}


def test_a_needed_gradient_is_there() -> None:
    found = layers(INPUT, layer("Eltwise", "data label", "out"))
    at_work = replace(found[1], spec=replace(found[1].spec, backward=True, bottom_needs_grad=(False, True)))
    assert names(diff_blobs((found[0], at_work), "cpu")) == {"label", "out"}


def test_no_known_flow_of_gradients_asks_for_none() -> None:
    found = layers(INPUT, layer("Eltwise", "data label", "out"))
    at_work = replace(found[1], spec=replace(found[1].spec, backward=True, bottom_needs_grad=()))
    assert names(diff_blobs((found[0], at_work), "cpu")) == {"out"}


def test_each_reader_of_a_split_blob_has_a_gradient_of_its_own() -> None:
    texts = (INPUT, CONV, layer("Split", "conv", "a b"), layer("Eltwise", "a b", "sum"), DENSE % "sum", LOSS)
    assert diffs("cpu", *texts) == {"data", "conv", "a", "b", "sum", "ip", "loss"}
    assert data("cpu", *texts) == {"data", "label", "conv", "sum", "ip", "loss"}


def test_what_is_renamed_or_in_place_shares_its_gradient() -> None:
    texts = (INPUT, CONV, layer("ReLU", "conv", "conv"), layer("Flatten", "conv", "flat"), DENSE % "flat", LOSS)
    assert diffs("cpu", *texts) == {"data", "conv", "ip", "loss"}


def test_a_data_layer_that_is_said_to_do_backward_has_no_gradients() -> None:
    """Under force_backward every layer is."""
    source = layers(INPUT)[0]
    forced = replace(source, spec=replace(source.spec, backward=True))
    assert diff_blobs((forced,), "cpu") == []


def test_a_test_net_has_no_gradients_but_its_loss_weight_and_on_the_gpu_the_scratch_of_measures() -> None:
    measure = layer("Accuracy", "ip label", "accuracy")
    assert diffs("cpu", *USUAL, phase="TEST") == {"loss"}
    assert diffs("gpu", *USUAL, phase="TEST") == {"loss", "ip"}
    assert diffs("gpu", *USUAL[:-1], measure, phase="TEST") == {"ip", "label"}
    assert diffs("cpu", *USUAL[:-1], measure, phase="TEST") == set()


@pytest.mark.parametrize(
    ("kind", "tops", "scratch"),
    [
        ("SoftmaxWithLoss", "out", {"data"}),
        ("SigmoidCrossEntropyLoss", "out", {"data", "label"}),
        ("Accuracy", "out", {"data", "label"}),
        ("Accuracy", "out classes", {"data"}),  # then the counts have a buffer of their own
        ("EuclideanLoss", "out", set()),
        ("Softmax", "out", set()),
    ],
)
def test_which_layers_use_a_bottoms_gradient_as_scratch(kind: str, tops: str, scratch: set[str]) -> None:
    text = layer(kind, "data label", tops, "loss_weight: 0")
    assert diffs("gpu", INPUT, text, phase="TEST") == scratch
    assert diffs("cpu", INPUT, text, phase="TEST") == set()


@pytest.mark.xfail(strict=True, reason="hinge_loss_layer.cpp works in its bottom's gradient in Forward, on the host")
def test_a_hinge_loss_uses_its_bottoms_gradient_in_forward() -> None:
    assert diffs("cpu", INPUT, layer("HingeLoss", "data label", "loss"), phase="TEST") == {"data", "loss"}


def test_a_loss_without_its_second_bottom_has_that_much_less_scratch() -> None:
    assert diffs("gpu", INPUT, layer("SigmoidCrossEntropyLoss", "data", "out"), phase="TEST") == {"data", "out"}


FROZEN: Final = "param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (layer("InnerProduct", "data", "out", f"{FROZEN} inner_product_param {{ num_output: 2 }}"), {"out"}),
        (layer("Scale", "data", "out", FROZEN), {"out"}),
        (layer("BatchNorm", "data", "out", FROZEN), {"data", "out"}),
        (layer("LRN", "data", "out"), {"out"}),
        (layer("Softmax", "data", "out"), {"out"}),
        (layer("ReLU", "data", "out"), set()),
        (layer("Pooling", "data", "out", "pooling_param { kernel_size: 2 }"), set()),
        (layer("Embed", "label", "out", f"{FROZEN} embed_param {{ num_output: 2 input_dim: 3 }}"), set()),
    ],
)
def test_caffe_time_calls_every_layers_backward(text: str, found: set[str]) -> None:
    assert diffs("cpu", INPUT, text, timed=True) == found
    assert diffs("cpu", INPUT, text) == set()
    assert diffs("cpu", INPUT, text, phase="TEST", timed=True) == set()


def test_nothing_does_backward_in_a_test_net() -> None:
    dense = named(layers(*USUAL), "ip")
    assert dense.backward is True
    assert replace(dense, spec=replace(dense.spec, backward=None)).backward is None
    assert replace(dense, spec=replace(dense.spec, phase="TEST")).backward is False
    assert replace(dense, spec=replace(dense.spec, phase=None)).backward is True
