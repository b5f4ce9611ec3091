"""Which blobs have memory: their data and their gradients, on the CPU and on the GPU (net.cpp, syncedmem.cpp)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.layer_types import traits_of
from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.memory.layer import known_type
from logparse.cost.spec import LayerSpec
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


def test_the_maker_of_a_blob_is_not_the_layer_that_works_on_it_in_place() -> None:
    texts = (INPUT, CONV, layer("ReLU", "conv", "conv"))
    assert {blob.name: blob.layer for blob in data_blobs(layers(*texts), "cpu")}["conv"] == 1
    unsaid = [replace(one, spec=replace(one.spec, in_place=())) for one in layers(*texts)]
    assert {blob.name: blob.layer for blob in data_blobs(unsaid, "cpu")}["conv"] == 2


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


@pytest.mark.parametrize("kind", ["ArgMax", "PriorBox", "MultinomialLogisticLoss", "HingeLoss", "Python"])
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


def test_hdf5_output_copies_from_the_device() -> None:
    assert "label" in data("gpu", INPUT, layer("HDF5Output", "data label", ""))


@pytest.mark.parametrize(
    ("settings", "on_device"),
    [
        ("operation: SUM", False),
        ("operation: ASUM", False),
        ("operation: SUMSQ", False),  # measured: its 256 bytes are not there
        ("operation: SUMSQ coeff: 1", False),
        ("operation: SUMSQ coeff: 2", True),  # multiplied on the device
        ("operation: MEAN", True),  # as is a mean's coefficient
        ("operation: 4", True),
    ],
)
def test_a_reduction_gets_its_sums_on_the_host(settings: str, *, on_device: bool) -> None:
    text = layer("Reduction", "data", "out", f"reduction_param {{ {settings} }}")
    assert ("out" in data("gpu", INPUT, text)) is on_device


def test_an_infogain_loss_reads_its_scores_on_the_device_and_its_labels_on_the_host() -> None:
    held = data("gpu", INPUT, layer("InfogainLoss", "data label", "out", "loss_weight: 0"))
    assert held == {"data"}


def test_which_pairs_are_alike_is_read_on_the_host_and_in_backward_on_the_device() -> None:
    sources = layer("Input", "", "one other", "input_param { shape { dim: 7 dim: 3 } }")
    for phase, held in (("TRAIN", {"one", "other", "label"}), ("TEST", {"one", "other"})):
        learning = layer("Bias", "one", "moved")
        loss = layer("ContrastiveLoss", "moved other label", "out", "loss_weight: 1")
        assert data("gpu", INPUT, sources, learning, loss, phase=phase) == {*held, "moved", "out"}


@pytest.mark.parametrize("kind", ["EuclideanLoss", "SigmoidCrossEntropyLoss", "SoftmaxWithLoss"])
def test_a_loss_that_is_not_weighted_stays_on_the_host_where_it_was_summed_up(kind: str) -> None:
    assert "out" not in data("gpu", INPUT, layer(kind, "data label", "out", "loss_weight: 0"))
    assert "more" in data("gpu", INPUT, layer(kind, "data label", "out more", "loss_weight: 0"))


def test_a_filters_selector_is_read_on_the_host() -> None:
    found = data(
        "gpu", INPUT, layer("Input", "", "by", "input_param { shape { dim: 7 } }"), layer("Filter", "label by", "out")
    )
    assert found == {"label", "out"}


def test_detections_are_read_on_the_device_but_for_the_image_to_draw_on() -> None:
    source = layer("Input", "", "priors image", "input_param { shape { dim: 7 } }")
    held = data("gpu", INPUT, source, layer("DetectionOutput", "data label priors image", "out"))
    assert held == {"data", "label", "priors"}


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
        ("LSTM", "data label more", {"data", "more"}),  # a static input
        ("RNN", "data label", {"data"}),
        ("LRN", "data", {"data"}),
        ("MVN", "data", {"data"}),
        ("Softmax", "data", {"data"}),
        ("Im2col", "data", {"data"}),
        ("Crop", "data label", {"data"}),
        ("Permute", "data", {"data"}),
        ("Normalize", "data", {"data"}),
        ("Correlation", "data label", {"data", "label"}),
        ("Scale", "data", {"data"}),  # products on their way to the scale's gradient
        ("LSTMUnit", "data label more", set()),
        ("InnerProduct", "data", set()),
        ("Bias", "data", set()),
        ("PReLU", "data", set()),
        ("Eltwise", "data label", set()),
        ("Pooling", "data", set()),
    ],
)
def test_few_others_ask_for_a_gradient_that_nobody_needs(kind: str, bottoms: str, asked: set[str]) -> None:
    settings = "permute_param { order: 1 order: 0 }"
    sources = layers(
        INPUT, layer("Input", "", "more", "input_param { shape { dim: 7 } }"), layer(kind, bottoms, "out", settings)
    )
    last = sources[-1]
    at_work = replace(last, spec=replace(last.spec, backward=True, bottom_needs_grad=(False,) * len(last.bottoms)))
    assert names(diff_blobs((*sources[:-1], at_work), "cpu")) == {*asked, "out"}


FROZEN: Final = "param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }"
ALL_AXES: Final = "scale_param { axis: 0 num_axes: -1 }"


def asked_of_first(kind: str, settings: str, *, in_place: bool = False, device: str = "cpu") -> bool:
    """Whether the layer asks for its first bottom's gradient though nobody needs it."""
    last = layers(INPUT, layer(kind, "data", "data" if in_place else "out", settings))[-1]
    spec = replace(last.spec, backward=True, bottom_needs_grad=(False,), in_place=(in_place,))
    return 0 in last.traits.asks_diff(spec, device)


@pytest.mark.parametrize(
    ("settings", "in_place", "asks"),
    [
        ("", False, True),
        ("", True, False),  # in place the products stand in the copy of the bottom
        (FROZEN, False, False),
        (ALL_AXES, False, False),  # a scale for each value: nothing is summed up
        ("scale_param { num_axes: 0 }", False, True),
        ("scale_param { axis: 9 }", False, False),  # no such axis: Caffe stops
    ],
)
def test_a_scale_sums_up_products_in_its_bottoms_gradient(settings: str, *, in_place: bool, asks: bool) -> None:
    assert asked_of_first("Scale", settings, in_place=in_place) is asks


def test_within_a_channel_lrn_asks_and_a_permute_that_moves_nothing_takes_none() -> None:
    assert asked_of_first("LRN", "")
    assert not asked_of_first("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }")
    assert asked_of_first("Permute", "permute_param { order: 0 order: 2 order: 1 }")
    assert not asked_of_first("Permute", "permute_param { order: 0 order: 1 order: 2 }")


@pytest.mark.parametrize(
    ("settings", "asks"),
    [
        ('bn_param { scale_filler { type: "constant" } }', True),  # SegNet
        ("bn_param { bn_mode: INFERENCE }", True),
        ("bn_param { decay: 0.9 }", True),  # PSPNet's branch for several machines
        ("bn_param { frozen: true }", False),  # PSPNet
        ("bn_param { momentum: 0.95 }", False),
        ("", False),  # of whatever fork
    ],
)
def test_a_bn_asks_by_its_fork(settings: str, *, asks: bool) -> None:
    assert asked_of_first("BN", settings) is asks


@pytest.mark.parametrize(
    ("kind", "device", "needs", "asked"),
    [
        ("LSTMUnit", "cpu", (False, True, False), [0, 1]),
        ("LSTMUnit", "gpu", (True, False, False), [0, 1]),
        ("LSTMUnit", "cpu", (False, False, False), []),
        ("PSROIPooling", "gpu", (True, False), [1]),
        ("PSROIPooling", "gpu", (False, False), []),
        ("PSROIPooling", "cpu", (True, False), []),
        ("Axpy", "cpu", (True, False, False), [1]),
        ("Axpy", "cpu", (False, True, False), []),
        ("Axpy", "gpu", (True, False, False), []),
        ("Upsample", "cpu", (False,), [0]),  # YOLO ports
        ("Upsample", "gpu", (False,), []),
        ("Upsample", "cpu", (False, False), []),  # SegNet
        ("ROIAlign", "cpu", (False, False), [0]),
        ("ROIAlign", "gpu", (False, False), []),
        ("Region", "cpu", (False,), [0]),
        ("Region", "gpu", (False,), []),
    ],
)
def test_some_ask_on_one_device_or_where_another_gradient_is_needed(
    kind: str, device: str, needs: tuple[bool, ...], asked: list[int]
) -> None:
    spec = LayerSpec("x", kind, None, ((7, 3),) * len(needs), (None,), bottom_needs_grad=needs)
    traits = traits_of(kind)
    assert traits is not None
    assert [*traits.asks_diff(spec, device)] == asked


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


def test_a_hinge_loss_uses_its_bottoms_gradient_in_forward_on_the_host() -> None:
    assert diffs("cpu", INPUT, layer("HingeLoss", "data label", "loss"), phase="TEST") == {"data", "loss"}
    assert diffs("gpu", INPUT, layer("HingeLoss", "data label", "loss"), phase="TEST") == {"loss"}


@pytest.mark.parametrize("kind", ["SoftmaxWithLossOHEM", "CtcLoss", "WarpCTC"])
def test_losses_of_forks_leave_a_result_in_their_bottoms_gradient_on_either_device(kind: str) -> None:
    for device in ("cpu", "gpu"):
        found = diffs(device, INPUT, layer(kind, "data label", "out", "loss_weight: 0"), phase="TEST")
        assert found == {"data"}


def test_a_loss_without_its_second_bottom_has_that_much_less_scratch() -> None:
    assert diffs("gpu", INPUT, layer("SigmoidCrossEntropyLoss", "data", "out"), phase="TEST") == {"data", "out"}


PLAIN: Final = "inner_product_param { num_output: 2 }"
FEW: Final = "convolution_param { num_output: 2 kernel_size: 3 }"
WORDS: Final = "embed_param { num_output: 2 input_dim: 3 }"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (layer("InnerProduct", "data", "out", PLAIN), {"out"}),  # its parameters learn
        (layer("InnerProduct", "data", "out", f"{FROZEN} {PLAIN}"), set()),
        (layer("InnerProduct", "data", "out", f"param {{ lr_mult: 0 }} {PLAIN}"), {"out"}),
        (layer("Embed", "label", "out", WORDS), {"out"}),
        (layer("Embed", "label", "out", f"{FROZEN} {WORDS}"), set()),
        (layer("Scale", "data", "out"), {"data", "out"}),
        (layer("Scale", "data", "out", FROZEN), set()),
        (layer("Convolution", "data", "out", f"{FROZEN} {FEW}"), {"data", "out"}),  # takes both before it asks
        (layer("BatchNorm", "data", "out", FROZEN), {"data", "out"}),
        (layer("LRN", "data", "out"), {"data", "out"}),
        (layer("LRN", "data", "out", "lrn_param { norm_region: WITHIN_CHANNEL }"), set()),
        (layer("MVN", "data", "out"), {"data", "out"}),
        (layer("Softmax", "data", "out"), {"data", "out"}),
        (layer("PReLU", "data", "out", FROZEN), {"out"}),  # takes its top's alone
        (layer("AbsVal", "data", "out"), {"out"}),
        (layer("Eltwise", "data data", "out"), {"out"}),
        (layer("Concat", "data data", "out"), {"out"}),
        (layer("Concat", "data", "out"), set()),  # of one bottom: returns at once
        (layer("ReLU", "data", "out"), set()),
        (layer("Pooling", "data", "out", "pooling_param { kernel_size: 2 }"), set()),
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
