"""Layer types of SSD and of other forks: shapes, parameters and operations from each fork's own definition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.layer_types import LAYER_TYPES, RULES
from logparse.cost.memory.buffers import buffers
from logparse.cost.spec import Basis, LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Cost, Shape


def layer(text: str, *bottoms: Shape, tops: tuple[Shape | None, ...] = (None,)) -> Cost:
    message = parse(text).root
    return cost(LayerSpec("x", message.text("type"), message, bottoms, tops, phase="TRAIN"))


@pytest.mark.parametrize(
    ("text", "bottoms", "top"),
    [
        # SSD300's priors: 4 boxes a cell on conv4_3, 6 on fc7
        (
            'type: "PriorBox" prior_box_param { min_size: 30 max_size: 60 aspect_ratio: 2 }',
            ((1, 512, 38, 38), (1, 3, 300, 300)),
            (1, 2, 38 * 38 * 4 * 4),
        ),
        (
            'type: "PriorBox" prior_box_param { min_size: 60 max_size: 111 aspect_ratio: 2 aspect_ratio: 3 }',
            ((1, 1024, 19, 19), (1, 3, 300, 300)),
            (1, 2, 19 * 19 * 6 * 4),
        ),
        (
            'type: "PriorBox" prior_box_param { min_size: 60 aspect_ratio: 1 aspect_ratio: 2 flip: false }',
            ((1, 8, 3, 5), (1, 3, 300, 300)),
            (1, 2, 3 * 5 * 2 * 4),
        ),
        ('type: "Interp" interp_param { zoom_factor: 8 }', ((1, 21, 41, 41),), (1, 21, 321, 321)),
        ('type: "Interp" interp_param { shrink_factor: 8 }', ((1, 3, 321, 321),), (1, 3, 41, 41)),
        (
            'type: "Interp" interp_param { shrink_factor: 8 pad_beg: 0 pad_end: -1 }',
            ((1, 3, 514, 514),),
            (1, 3, 65, 65),
        ),
        ('type: "Interp" interp_param { height: 60 width: 80 }', ((1, 3, 15, 20),), (1, 3, 60, 80)),
        ('type: "Upsample" upsample_param { scale: 2 }', ((1, 64, 15, 20), (1, 64, 15, 20)), (1, 64, 30, 40)),
        (
            'type: "Upsample" upsample_param { scale: 2 upsample_h: 45 upsample_w: 60 }',
            ((1, 8, 23, 30),),
            (1, 8, 45, 60),
        ),
        ('type: "Upsample" upsample_param { scale: 2 pad_out_h: true }', ((1, 8, 23, 30),), (1, 8, 45, 60)),
        (
            'type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 7 }',
            ((1, 512, 38, 50), (300, 5)),
            (300, 512, 7, 7),
        ),
        (
            'type: "PSROIPooling" psroi_pooling_param { output_dim: 21 group_size: 7 }',
            ((1, 1029, 38, 50), (300, 5)),
            (300, 21, 7, 7),
        ),
        (
            'type: "Correlation" correlation_param { pad: 20 kernel_size: 1 max_displacement: 20 stride_2: 2 }',
            ((8, 256, 48, 64), (8, 256, 48, 64)),
            (8, 441, 48, 64),
        ),
        (
            'type: "Correlation1D" correlation_param { pad: 40 max_displacement: 40 single_direction: -1 }',
            ((4, 128, 96, 192), (4, 128, 96, 192)),
            (4, 41, 96, 192),
        ),
        ('type: "Axpy"', ((2, 64, 1, 1), (2, 64, 7, 9), (2, 64, 7, 9)), (2, 64, 7, 9)),
        ('type: "Reorg" reorg_param { stride: 2 }', ((1, 64, 26, 26),), (1, 256, 13, 13)),
        ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }', ((1, 240, 28, 28),), (1, 240, 28, 28)),
        (
            'type: "ConvolutionDeeplab" convolution_deeplab_param { num_output: 4 kernel_size: 3 pad: 2 hole: 2 }',
            ((1, 2, 9, 9),),
            (1, 4, 9, 9),
        ),
    ],
)
def test_shapes_of_forks(text: str, bottoms: tuple[Shape, ...], top: Shape) -> None:
    assert layer(text, *bottoms).expected_tops == (top,)


@pytest.mark.parametrize("kind", ["DepthwiseConvolution", "ConvolutionDepthwise"])
def test_a_depthwise_convolution_has_one_kernel_per_channel(kind: str) -> None:
    found = layer(
        f'type: "{kind}" convolution_param {{ num_output: 32 kernel_size: 3 pad: 1 bias_term: false }}', (2, 32, 10, 10)
    )
    assert (found.weights, found.biases) == (32 * 9, 0)
    assert found.macs.value == 2 * 32 * 100 * 9


def test_normalize_has_one_scale_or_one_per_channel() -> None:
    assert layer('type: "Normalize" norm_param { }', (2, 512, 38, 38)).weights == 1
    assert layer('type: "Normalize" norm_param { channel_shared: false }', (2, 512, 38, 38)).weights == 512


def test_the_fields_of_bn_tell_which_fork_it_is_of() -> None:
    pspnet = layer('type: "BN" bn_param { slope_filler { type: "constant" } frozen: true }', (2, 64, 9, 9))
    assert (pspnet.weights, pspnet.biases, pspnet.statistics) == (64, 64, 128)
    segnet = layer('type: "BN" bn_param { scale_filler { type: "constant" } }', (2, 64, 9, 9))
    assert (segnet.weights, segnet.biases, segnet.statistics) == (64, 64, 0)
    assert segnet.params_basis is Basis.INFERRED
    bare = layer('type: "BN"', (2, 64, 9, 9))
    assert bare.weights is None
    assert "2 or 4" in bare.params_reason


def test_nvcaffes_batch_norm_may_hold_scale_and_shift() -> None:
    found = layer('type: "BatchNorm" batch_norm_param { scale_bias: true }', (2, 64, 9, 9))
    assert (found.weights, found.biases, found.statistics) == (64, 64, 129)


def test_a_correlation_counts_its_dot_products_as_other_operations() -> None:
    found = layer(
        'type: "Correlation" correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 }',
        (1, 16, 8, 8),
        (1, 16, 8, 8),
    )
    assert found.macs.value == 0
    assert found.other_ops.value == 81 * 8 * 8 * 2 * 16


def test_margin_layers_are_matrix_products_without_bias() -> None:
    found = layer('type: "MarginInnerProduct" margin_inner_product_param { num_output: 10 }', (4, 512))
    assert (found.weights, found.biases, found.macs.value) == (5120, 0, 4 * 5120)


def test_what_depends_on_the_content_is_na_with_the_reason() -> None:
    for kind in ("MultiBoxLoss", "DetectionOutput", "Proposal", "ROIPooling"):
        found = layer(f'type: "{kind}"', (1, 8, 4, 4), (3, 5))
        assert found.weights == 0
        assert found.macs.value == 0
        assert found.other_ops.value is None
        assert "depends" in found.other_ops.reason


FILE: Final = r"[a-z0-9_]+\.[ch]pp"
FORKS: Final = (
    "SegNet|PSPNet|DeepLab|FlowNet|DispNet|SENet|SphereFace|L-Softmax|Fast R-CNN|R-FCN|NVIDIA 0\\.15|LSTM-CF, CRNN"
    "|depthwise forks over"
)
SOURCES: Final = (
    rf"(?:(?:{FORKS}) )?{FILE}(?: \((?:SSD|2013)\))?|[A-Z][a-z]+ et al\. 20\d\d|YOLO ports|Mask R-CNN ports|R-FCN forks"
)


@pytest.mark.parametrize("kind", sorted(kind for kind in RULES if kind != "HardSwish"))  # another name of Hardswish
def test_every_rule_names_its_source(kind: str) -> None:
    """Files of Caffe or of a named fork, papers; or that many forks have it, or that only the data tell its shapes."""
    names = "|".join(name for name, row in LAYER_TYPES.items() if row is LAYER_TYPES[kind])
    own = rf"(?:{names}) of forks|{kind} layer: shapes come from the data"
    assert re.fullmatch(rf"(?:{own}|{SOURCES})(?:[;,] (?:{SOURCES}))*", RULES[kind].source)


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("Convolution", "conv"),
        ("Deconvolution", "deconv"),
        ("InnerProduct", "inner_product"),
        ("BatchNorm", "batch_norm"),
        ("AbsVal", "absval"),
        ("SoftmaxWithLoss", "softmax_loss"),
        ("ArgMax", "argmax"),
        ("LSTM", "lstm"),
        ("RNN", "rnn"),
        ("LSTMUnit", "lstm_unit"),
        ("MultiBoxLoss", "multibox_loss"),
        ("PSROIPooling", "psroi_pooling"),
        ("Correlation1D", "correlation"),
    ],
)
def test_a_rule_names_the_file_of_its_layer(kind: str, file: str) -> None:
    assert f"{file}_layer" in RULES[kind].source


@pytest.mark.parametrize(
    ("settings", "blobs", "gpu_buffers"),
    [
        # PSPNet, Caffe-MPI: slope, bias, mean, variance
        ("slope_filler { value: 1 }", 4, 7),
        ("momentum: 0.9", 4, 7),
        ("frozen: false", 4, 7),
        ("frozen: true", 4, 5),
        # PSPNet's branch for several machines: the same under SegNet's names; little on the GPU
        ("var_eps: 0.001", 4, 2),
        ("decay: 0.9", 4, 2),
        ("moving_average: true", 4, 2),
        ("axis: 1", 4, 2),
        ("scale_filler { value: 1 } axis: 1", 4, 2),
        # SegNet: scale and shift alone
        ("scale_filler { value: 1 }", 2, 8),
        ("shift_filler { value: 1 }", 2, 8),
    ],
)
def test_which_forks_bn_it_is_is_told_by_each_of_its_fields(settings: str, blobs: int, gpu_buffers: int) -> None:
    definition = parse(f'type: "BN" bn_param {{ {settings} }}').root
    shape = (7, 3, 5, 11)
    spec = LayerSpec("x", "BN", definition, (shape,), (shape,), phase="TRAIN", backward=True, bottom_needs_grad=(True,))
    assert len(cost(spec).params or ()) == blobs
    assert len(buffers(spec, "gpu").items or ()) == gpu_buffers
