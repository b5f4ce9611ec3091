"""What forks for segmentation, detection and optical flow resample, cut out and compare.

Source: the fork named with each rule. Where several forks give one name different parameters, the definition's own
fields tell them apart; where they do not, the answer is NA with the candidates.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, FORWARD, GPU, Need, no_buffers, unknown_buffers
from logparse.cost.rule import Count, Missing, Rule, dims, not_told, per_top
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Traits,
    every_bottom,
    first_bottom,
    needed,
    only_on,
    reads,
    unknown_reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape

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
    """YOLO's Reorg: space to depth, reversed depth to space."""
    bottom, message = layer.bottom(), layer.param("reorg_param")
    step = message.integer("stride", 2)
    if message.flag("reverse", default=False):
        return ((bottom[0], bottom[1] // (step * step), bottom[2] * step, bottom[3] * step),)
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


def _roi_buffers(layer: View, _: str) -> Iterator[Need]:
    """Fast R-CNN and R-FCN: for each output the input, or the channel, that it comes from."""
    yield Need("origin of each output", FORWARD, layer.top(), integers=True)


def _aligned_buffers(layer: View, _: str) -> Iterator[Need]:
    """R-FCN forks: the channel of each output, and where each of its samples lies."""
    message, top = layer.param("psroi_align_param"), layer.top()
    if not message.has("sample_num"):
        raise Missing("the definition states no sample_num, and forks differ in its default")
    samples = (message.integer("group_size", 0) * message.integer("sample_num", 1)) ** 2
    yield Need("channel of each output", FORWARD, top, integers=True)
    yield Need("places of samples", FORWARD, (*top[:2], samples, 2))


def _reorg_buffers(layer: View, _: str) -> Iterator[Need]:
    if layer.is_training and layer.spec.backward:
        raise Missing("a Reorg keeps a gradient of its own or none, by fork")
    yield from ()


def _upsample_reads(layer: View) -> Reads:
    """SegNet's reads its mask, the second bottom; that of the YOLO ports nothing."""
    return Reads((1,)) if len(layer.spec.bottoms) > 1 else Reads()


def _padded_bottoms(layer: View, _: str) -> Iterator[Need]:
    """Both bottoms padded, channels last; Correlation1D pads the width alone (correlation_layer.cu)."""
    count, channels, height, width = layer.bottom()
    pad = layer.param("correlation_param").integer("pad", 0)
    high = height if layer.spec.type == "Correlation1D" else height + 2 * pad
    for name in ("first", "second"):
        yield Need(f"{name} bottom, padded", FORWARD, (count, high, width + 2 * pad, channels))


def _rois(spec: LayerSpec, device: str) -> Sequence[int]:
    """The GPU's Backward of PSROIPooling zeroes the gradient of the regions too."""
    return (1,) if device == GPU and needed(spec, 0) and len(spec.bottoms) > 1 else ()


def _upsampled(spec: LayerSpec, device: str) -> Sequence[int]:
    """That of the YOLO ports, which has one bottom, does not ask on the CPU whether its gradient is needed."""
    return first_bottom(spec, device) if device == CPU and len(spec.bottoms) == 1 else ()


_BY_FORK: Final = "what its backward pass reads differs from fork to fork"
_RESAMPLES: Final = Traits(LayerKind.RESAMPLING, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)
_REGIONS: Final = _RESAMPLES._replace(
    kind=LayerKind.POOLING, buffers=_roi_buffers, backward_reads=reads(bottoms="second", private=True)
)
_COMPARES: Final = _RESAMPLES._replace(
    kind=LayerKind.CONVOLUTION, buffers=_padded_bottoms, backward_reads=reads(private=True), asks_diff=every_bottom
)

TYPES: Final = {
    "Interp": LayerType(
        Rule("DeepLab interp_layer.cpp", _interp_shapes, other_ops=per_top(7, "four products, three adds")),
        _RESAMPLES,
    ),
    "Upsample": LayerType(
        Rule("SegNet upsample_layer.cpp; YOLO ports", _upsample_shapes),
        _RESAMPLES._replace(backward_reads=_upsample_reads, asks_diff=_upsampled),
    ),
    "Reorg": LayerType(
        Rule("YOLO ports, reorg_layer.cpp", _reorg_shapes),
        _RESAMPLES._replace(kind=LayerKind.JOINING, buffers=_reorg_buffers, backward_reads=unknown_reads(_BY_FORK)),
    ),
    "ROIPooling": LayerType(_roi_rule("roi_pooling_param", "Fast R-CNN roi_pooling_layer.cpp"), _REGIONS),
    "ROIAlign": LayerType(
        _roi_rule("roi_align_param", "Mask R-CNN ports"),
        _REGIONS._replace(
            buffers=unknown_buffers("a ROIAlign keeps nothing, indices or places of samples, by fork"),
            backward_reads=unknown_reads(_BY_FORK),
            asks_diff=only_on(CPU, first_bottom),  # none of those that run there asks whether it is needed
        ),
    ),
    "PSROIPooling": LayerType(
        Rule("R-FCN psroi_pooling_layer.cpp", _psroi_shapes, other_ops=not_told(_BY_REGION)),
        _REGIONS._replace(asks_diff=_rois),
    ),
    "PSROIAlign": LayerType(
        Rule("R-FCN forks", _psroi_shapes, other_ops=not_told(_BY_REGION)),
        _REGIONS._replace(buffers=_aligned_buffers, backward_reads=unknown_reads(_BY_FORK)),
    ),
    "Correlation": LayerType(
        Rule("FlowNet correlation_layer.cpp", _correlation_shapes, other_ops=_correlation_ops), _COMPARES
    ),
    "Correlation1D": LayerType(
        Rule("DispNet correlation_layer1d.cpp", _correlation_shapes, other_ops=_correlation_ops), _COMPARES
    ),
}
