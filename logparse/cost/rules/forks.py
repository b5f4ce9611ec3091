"""Layer types of well-known forks: segmentation, detection, flow, faces, mobile nets.

Source: the fork named with each rule. Where several forks give one name different parameters, the
definition's own fields tell them apart; where they do not, the answer is NA with the candidates.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.rule import (
    Count,
    Missing,
    Params,
    Rule,
    dims,
    no_shapes,
    not_told,
    per_bottom,
    per_top,
    same_shape,
    scalar,
)
from logparse.cost.rules.dense import dense_rule
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.rule import View
    from logparse.cost.spec import Shape

# -- normalisation ---------------------------------------------------------------------------------

_FOUR_BLOB_FIELDS: Final = ("slope_filler", "frozen", "momentum")
_TWO_BLOB_FIELDS: Final = ("scale_filler", "shift_filler", "bn_mode")


def _bn_params(layer: View) -> Params:
    """`BN`: scale and shift alone (SegNet), or with running mean and variance (PSPNet, Caffe-MPI)."""
    message, count = layer.param("bn_param"), channels(layer)
    learned = (ParamBlob((1, count, 1, 1), "weight"), ParamBlob((1, count, 1, 1), "bias"))
    kept = (ParamBlob((1, count, 1, 1), "statistic"),) * 2
    if any(message.has(name) for name in _FOUR_BLOB_FIELDS):
        return Params((*learned, *kept), f"{count} slopes + {count} biases + {count} means + {count} variances")
    if any(message.has(name) for name in _TWO_BLOB_FIELDS):
        return Params(learned, f"{count} scales + {count} shifts", ("no stored statistics, as in SegNet's BN",))
    raise Missing("a BN has 2 or 4 parameter blobs, by fork, and its definition does not tell which")


def _cudnn_batch_norm_params(layer: View) -> Params:
    count = channels(layer)
    blobs = (
        *(ParamBlob((count,), "statistic"),) * 2,
        ParamBlob((1,), "statistic"),
        ParamBlob((count,), "weight"),
        ParamBlob((count,), "bias"),
    )
    text = f"{count} means + {count} variances + 1 factor + {count} scales + {count} shifts"
    return Params(blobs, text, ("mean, variance, factor, scale and shift, as in NVIDIA's 0.15",))


# -- resampling ------------------------------------------------------------------------------------


def _interp_shapes(layer: View) -> tuple[Shape | None, ...]:
    """DeepLab's Interp: a given size, or a shrink and a zoom that keep the corners."""
    message, bottom = layer.param("interp_param"), layer.bottom()
    padding = message.integer("pad_beg", 0) + message.integer("pad_end", 0)
    shrink, zoom = message.integer("shrink_factor", 1), message.integer("zoom_factor", 1)

    def size(before: int, stated: int) -> int:
        shrunk = (before + padding - 1) // shrink + 1
        return stated or shrunk + (shrunk - 1) * (zoom - 1)

    if len(layer.spec.bottoms) > 1:
        return ((*bottom[:2], *layer.bottom(1)[2:]),)
    stated = (message.integer("height", 0), message.integer("width", 0))
    return ((*bottom[:2], size(bottom[2], stated[0]), size(bottom[3], stated[1])),)


def _upsample_shapes(layer: View) -> tuple[Shape | None, ...]:
    """SegNet's Upsample (by a pooling's mask) and the nearest neighbour of the YOLO ports."""
    message, bottom = layer.param("upsample_param"), layer.bottom()
    if message.has("upsample_h") and message.has("upsample_w"):
        return ((*bottom[:2], message.integer("upsample_h", 0), message.integer("upsample_w", 0)),)
    if not any(message.has(name) for name in ("scale", "scale_h", "scale_w")):
        raise Missing("the definition states no scale, and forks differ in its default")
    scale = message.integer("scale", 1)
    tall, wide = message.integer("scale_h", scale), message.integer("scale_w", scale)
    cut = (int(message.flag("pad_out_h", default=False)), int(message.flag("pad_out_w", default=False)))
    return ((*bottom[:2], bottom[2] * tall - cut[0], bottom[3] * wide - cut[1]),)


def _reorg_shapes(layer: View) -> tuple[Shape | None, ...]:
    """YOLO's Reorg: space to depth."""
    bottom, step = layer.bottom(), layer.param("reorg_param").integer("stride", 2)
    return ((bottom[0], bottom[1] * step * step, bottom[2] // step, bottom[3] // step),)


# -- regions ---------------------------------------------------------------------------------------


def _roi_rule(name: str, source: str) -> Rule:
    """Pooling of regions: one output map per region, of the stated size."""

    def shapes(layer: View) -> tuple[Shape | None, ...]:
        message = layer.param(name)
        size = (message.integer("pooled_h", 0), message.integer("pooled_w", 0))
        return ((layer.bottom(1)[0], layer.bottom()[1], *size),)

    return Rule(source, shapes, other_ops=not_told(_BY_REGION))


_BY_REGION: Final = "the work depends on the size of the regions"


def _psroi_shapes(layer: View) -> tuple[Shape | None, ...]:
    message = layer.param("psroi_pooling_param", "psroi_align_param")
    group = message.integer("group_size", 0)
    return ((layer.bottom(1)[0], message.integer("output_dim", 0), group, group),)


# -- flow ------------------------------------------------------------------------------------------


def _displacements(layer: View) -> int:
    """Channels of a Correlation's top: a grid of displacements (a line of them in Correlation1D)."""
    message = layer.param("correlation_param")
    radius = message.integer("max_displacement", 0) // max(message.integer("stride_2", 1), 1)
    width = 2 * radius + 1
    if layer.spec.type != "Correlation1D":
        return width * width
    return radius + 1 if message.integer("single_direction", 0) else width


def _correlation_shapes(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("correlation_param"), layer.bottom()
    border = message.integer("max_displacement", 0) + (message.integer("kernel_size", 1) - 1) // 2
    pad, step = message.integer("pad", 0), max(message.integer("stride_1", 1), 1)
    # Correlation1D moves along the width only: its rows lose half a kernel, not the displacement
    border_h = (message.integer("kernel_size", 1) - 1) // 2 if layer.spec.type == "Correlation1D" else border
    pad_h = 0 if layer.spec.type == "Correlation1D" else pad
    height = -(-(bottom[2] + 2 * pad_h - 2 * border_h) // step)
    width = -(-(bottom[3] + 2 * pad - 2 * border) // step)
    return ((bottom[0], _displacements(layer), height, width),)


def _correlation_ops(layer: View) -> Count:
    """Each output is a dot product of two patches over all channels (Dosovitskiy et al. 2015)."""
    side = layer.param("correlation_param").integer("kernel_size", 1)
    patch = (layer.bottom()[1], side, side)
    value = prod(layer.top()) * 2 * prod(patch)
    return Count(value, f"{dims(layer.top())} × 2·{dims(patch)} (multiply, add)")


# -- the rest --------------------------------------------------------------------------------------


def _axpy_shapes(layer: View) -> tuple[Shape | None, ...]:
    """SENet's a·x + y: the first bottom is one value per channel, the top is like the second."""
    return (layer.bottom(1),)


def _center_params(layer: View) -> Params:
    """One learned centre per class (Wen et al. 2016)."""
    message = layer.param("center_loss_param")
    classes, width = message.integer("num_output", 0), prod(layer.bottom()[1:])
    return Params((ParamBlob((classes, width), "weight"),), f"{classes} × {width} centres")


def _transpose_shapes(layer: View) -> tuple[Shape | None, ...]:
    order, bottom = layer.param("transpose_param").integers("dim"), layer.bottom()
    if sorted(order) != list(range(len(bottom))):
        raise Missing("the definition states no order of all axes")
    return (tuple(bottom[axis] for axis in order),)


_ACTIVATIONS: Final[Mapping[str, tuple[int, str]]] = {
    "ReLU6": (2, "two compares"),
    "Mish": (6, "exp, add, log, tanh, multiply, compare"),
    "HardSigmoid": (4, "scale, shift, two compares"),
    "HSwish": (5, "shift, two compares, multiply, scale"),
    "Hardswish": (5, "shift, two compares, multiply, scale"),
    "L2Normalization": (4, "square, sum, inverse root, multiply"),
    "L2Normalize": (4, "square, sum, inverse root, multiply"),
    "L2Norm": (4, "square, sum, inverse root, multiply"),
}
_LOSSES: Final[Mapping[str, tuple[int, str]]] = {
    "SmoothL1Loss": (5, "subtract, compare, square, scale, add"),
    "SmoothL1LossOHEM": (5, "subtract, compare, square, scale, add"),
    "L1Loss": (2, "subtract, absolute value and add"),
    "FocalLoss": (8, "softmax, log, power, multiply"),
    "SoftmaxFocalLoss": (8, "softmax, log, power, multiply"),
    "SoftmaxWithLossOHEM": (6, "softmax, log"),
}
# Data layers, and layers that only move data, of forks
_DATA: Final = ("ImageSegData", "DenseImageData", "ImageLabelData", "MultiImageData", "CustomData", "CPMData")
_BY_CONTENT: Final = (
    "Proposal",
    "BoxAnnotatorOHEM",
    "CtcLoss",
    "CTCLoss",
    "WarpCTC",
    "Region",
    "Yolov3",
    "SegAccuracy",
)
_UNTOLD: Final = "the work depends on the content"
_NORMALISE: Final = "normalise, scale, shift"
_MOVING: Final = ("ShuffleChannel", "Reverse")

RULES: Final = {
    **{name: Rule(f"{name} of forks", other_ops=per_top(*work)) for name, work in _ACTIVATIONS.items()},
    **{name: Rule(f"{name} of forks", scalar, other_ops=per_bottom(*work)) for name, work in _LOSSES.items()},
    **{name: Rule(f"{name} layer: shapes come from the data", no_shapes) for name in _DATA},
    **{name: Rule(f"{name} of forks", same_shape) for name in _MOVING},
    **{
        name: Rule(f"{name} of forks", no_shapes, other_ops=not_told("the work depends on the content"))
        for name in _BY_CONTENT
    },
    "BN": Rule("SegNet bn_layer.cpp; PSPNet bn_layer.cpp", params=_bn_params, other_ops=per_top(7, _NORMALISE)),
    "CuDNNBatchNorm": Rule(
        "NVIDIA 0.15 cudnn_batch_norm_layer.cpp",
        params=_cudnn_batch_norm_params,
        other_ops=per_top(7, _NORMALISE),
    ),
    "Interp": Rule("DeepLab interp_layer.cpp", _interp_shapes, other_ops=per_top(7, "four products, three adds")),
    "Upsample": Rule("SegNet upsample_layer.cpp; YOLO ports", _upsample_shapes),
    "Reorg": Rule("YOLO ports, reorg_layer.cpp", _reorg_shapes),
    "ROIPooling": _roi_rule("roi_pooling_param", "Fast R-CNN roi_pooling_layer.cpp"),
    "ROIAlign": _roi_rule("roi_align_param", "Mask R-CNN ports"),
    "PSROIPooling": Rule("R-FCN psroi_pooling_layer.cpp", _psroi_shapes, other_ops=not_told(_BY_REGION)),
    "PSROIAlign": Rule("R-FCN forks", _psroi_shapes, other_ops=not_told(_BY_REGION)),
    "Correlation": Rule("FlowNet correlation_layer.cpp", _correlation_shapes, other_ops=_correlation_ops),
    "Correlation1D": Rule("DispNet correlation_layer1d.cpp", _correlation_shapes, other_ops=_correlation_ops),
    "Axpy": Rule("SENet axpy_layer.cpp", _axpy_shapes, other_ops=per_top(2, "multiply, add")),
    "CenterLoss": Rule("Wen et al. 2016", scalar, _center_params, other_ops=per_bottom(3, "subtract, square, add")),
    "MarginInnerProduct": dense_rule(
        "margin_inner_product_param", "SphereFace margin_inner_product_layer.cpp", has_bias=False
    ),
    "LargeMarginInnerProduct": dense_rule(
        "largemargin_inner_product_param", "L-Softmax largemargin_inner_product_layer.cpp", has_bias=False
    ),
    "Transpose": Rule("LSTM-CF, CRNN transpose_layer.cpp", _transpose_shapes),
}
