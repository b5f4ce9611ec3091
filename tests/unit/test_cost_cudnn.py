"""What a cuDNN build does otherwise: layer_factory.cpp says which layers, cudnn_conv_layer.cpp how much they take."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.memory.buffers import buffers
from logparse.cost.memory.cudnn import (
    STREAMS_PER_GROUP,
    WORKSPACE_LIMIT,
    groups,
    handles,
    most_workspace_bytes,
    refused,
    runs_on_cudnn,
    without_cudnn_work,
)
from logparse.cost.memory.holdings import NetMemory, holdings
from tests.cost_nets import net, run

if TYPE_CHECKING:
    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.spec import Shape

MAP: Final = (7, 6, 11, 13)
SCORES: Final = (7, 6)


def layer(kind: str, settings: str = "", bottom: Shape = MAP) -> LayerMemory:
    """One layer that reads a map."""
    shape = " ".join(f"dim: {dim}" for dim in bottom)
    text = (
        f'layer {{ type: "Input" top: "data" input_param {{ shape {{ {shape} }} }} }}'
        f'layer {{ type: "{kind}" bottom: "data" top: "x" {settings} }}'
    )
    return net(text).layers[1]


def conv(settings: str = "", bottom: Shape = MAP, kind: str = "Convolution") -> LayerMemory:
    return layer(kind, f"convolution_param {{ num_output: 6 kernel_size: 3 {settings} }}", bottom)


def without_definition(one: LayerMemory) -> LayerMemory:
    return replace(one, spec=replace(one.spec, definition=None))


@pytest.mark.parametrize(
    ("one", "on_cudnn"),
    [
        (conv(), True),
        (conv("engine: CUDNN"), True),
        (conv("engine: CAFFE"), False),
        (conv("engine: 1"), False),
        (conv("engine: 2 dilation: 2"), True),
        (conv("engine: 0 dilation: 2"), False),
        (conv("dilation: 2"), False),  # falls back to the Caffe engine …
        (conv("dilation: 1 dilation: 2"), False),
        (conv("dilation: 1"), True),
        (conv("dilation: 2 engine: CUDNN"), True),  # … unless it is told not to
        (conv("dilation: 2", (7, 6, 11, 13, 17)), False),
        (without_definition(conv()), True),
        (conv(kind="Deconvolution"), True),
        (conv("dilation: 2", kind="Deconvolution"), False),
        (layer("Pooling", "pooling_param { kernel_size: 2 }"), False),  # MAX needs its indices
        (layer("Pooling", "pooling_param { pool: MAX kernel_size: 2 engine: CUDNN }"), False),
        (layer("Pooling", "pooling_param { pool: AVE kernel_size: 2 }"), True),
        (layer("Pooling", "pooling_param { pool: AVE kernel_size: 2 engine: CAFFE }"), False),
        (layer("Pooling", "pooling_param { pool: 1 kernel_size: 2 }"), True),
        (without_definition(layer("Pooling", "pooling_param { pool: AVE kernel_size: 2 }")), False),
        (layer("LRN"), True),
        (layer("LRN", "lrn_param { local_size: 15 }"), True),
        (layer("LRN", "lrn_param { local_size: 16 }"), True),  # CUDNN_LRN_MAX_N
        (layer("LRN", "lrn_param { local_size: 17 }"), False),
        (layer("LRN", "lrn_param { engine: CAFFE }"), False),
        (without_definition(layer("LRN")), True),
        (layer("ReLU"), True),
        (layer("ReLU", "relu_param { engine: CAFFE }"), False),
        (layer("Sigmoid"), True),
        (layer("Sigmoid", "sigmoid_param { engine: CAFFE }"), False),
        (layer("TanH"), True),
        (layer("TanH", "tanh_param { engine: CAFFE }"), False),
        (layer("Softmax"), True),
        (layer("Softmax", "softmax_param { engine: CAFFE }"), False),
        (layer("SoftmaxWithLoss"), True),  # through its inner Softmax
        (layer("SoftmaxWithLoss", "softmax_param { engine: CAFFE }"), False),
        (layer("InfogainLoss"), True),
        (layer("InfogainLoss", "softmax_param { engine: CAFFE }"), False),
        (layer("InnerProduct", "inner_product_param { num_output: 2 }"), False),
        (layer("Dropout"), False),
        (layer("Eltwise"), False),
        (layer("BatchNorm"), False),
    ],
)
def test_which_layers_run_on_cudnn(one: LayerMemory, *, on_cudnn: bool) -> None:
    assert runs_on_cudnn(one) is on_cudnn


def test_a_layer_of_unknown_type_does_not() -> None:
    assert not runs_on_cudnn(replace(layer("ReLU"), kind=None))
    assert not refused(replace(conv(bottom=(7, 6, 11)), kind=None))


@pytest.mark.parametrize(
    ("one", "stops"),
    [
        (conv(), False),
        (conv(bottom=(7, 6, 11)), True),
        (conv(bottom=(7, 6, 11, 13, 17)), True),
        (conv("engine: CAFFE", (7, 6, 11, 13, 17)), False),
        (conv(bottom=(7, 6, 11, 13, 17), kind="Deconvolution"), True),
        (layer("ReLU", bottom=(7, 6, 11, 13, 17)), False),
    ],
)
def test_a_cudnn_build_stops_at_a_convolution_that_is_not_over_a_plane(one: LayerMemory, *, stops: bool) -> None:
    assert refused(one) is stops


def test_a_convolution_whose_bottom_is_not_known_is_taken_to_be_over_a_plane() -> None:
    one = conv()
    for bottoms in ((), (None,)):
        assert not refused(replace(one, spec=replace(one.spec, bottoms=bottoms)))


@pytest.mark.parametrize(
    ("one", "count"),
    [
        (conv(), 1),
        (conv("group: 2"), 2),
        (conv("group: 3"), 3),
        (conv("group: 0"), 1),
        (without_definition(conv("group: 2")), 1),
    ],
)
def test_groups_are_one_unless_stated(one: LayerMemory, count: int) -> None:
    assert groups(one) == count


def test_three_streams_and_handles_per_group_and_eight_mebibytes_per_algorithm() -> None:
    assert STREAMS_PER_GROUP == 3
    assert WORKSPACE_LIMIT == 8 * 1024 * 1024


def test_handles_are_three_per_group_of_a_convolution_and_one_for_any_other_layer() -> None:
    layers = [
        conv(),  # 3
        conv("group: 2"),  # 6
        conv("group: 3", kind="Deconvolution"),  # 9
        conv("dilation: 2"),
        layer("ReLU"),  # 1
        layer("LRN"),  # 1
        layer("Pooling", "pooling_param { kernel_size: 2 }"),
        layer("Dropout"),
    ]
    assert handles(layers) == 3 + 6 + 9 + 1 + 1
    assert handles([]) == 0


def test_only_convolutions_on_cudnn_may_take_workspace() -> None:
    layers = [conv(), conv("group: 2"), conv("dilation: 2"), conv("engine: CAFFE"), layer("ReLU"), layer("LRN")]
    assert most_workspace_bytes(layers) == (3 + 3 * 2) * 8 * 1024 * 1024


WITHIN = "norm_region: WITHIN_CHANNEL"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (f"lrn_param {{ {WITHIN} }}", ["first working memory", "second working memory"]),
        (f"lrn_param {{ {WITHIN} local_size: 17 }}", ["first working memory", "second working memory"]),
        ("", []),
    ],
)
def test_within_a_channel_cudnn_works_in_two_buffers_as_large_as_the_bottom(settings: str, named: list[str]) -> None:
    """Two cudaMallocs in Reshape (cudnn_lcn_layer.cpp); of the inner layers of engine CAFFE nothing is touched."""
    one = layer("LRN", settings)
    (held,) = holdings(run(NetMemory((one,), 4)), "gpu", cudnn=True)
    (caffe,) = holdings(run(NetMemory((one,), 4)), "gpu")
    size = 4 * prod(one.spec.bottoms[0] or ())

    assert [(block.what, block.bytes) for block in held.blocks if block.kind == "buffers"] == [
        (f"{one.spec.label}, {name}", size) for name in named
    ]
    assert not [block for block in caffe.blocks if "working memory" in block.what]


def kept(one: LayerMemory) -> list[str]:
    items = buffers(one.spec, "gpu").items
    assert items is not None
    return [item.name for item in without_cudnn_work(one, items)]


@pytest.mark.parametrize(
    ("one", "names"),
    [
        (conv(), []),
        (conv("dilation: 2"), ["im2col column", "bias multiplier"]),
        (layer("LRN"), []),
        (layer("LRN", "lrn_param { local_size: 17 }"), ["scale"]),
        (layer("LRN", f"lrn_param {{ local_size: 17 {WITHIN} }}"), []),
        (layer("Softmax", bottom=SCORES), []),
        (layer("Softmax", "softmax_param { engine: CAFFE }", SCORES), ["scale per prediction"]),
        (layer("SoftmaxWithLoss", bottom=SCORES), ["probabilities", "counts (the probabilities' other half)"]),
        (layer("Dropout"), ["mask"]),
        (layer("ReLU"), []),
    ],
)
def test_a_layer_on_cudnn_has_none_of_the_buffers_that_cudnn_does_without(one: LayerMemory, names: list[str]) -> None:
    assert kept(one) == names
