"""Losses and measures of forks: detection, faces, text."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import BACKWARD, FORWARD, GPU, Need, early, no_buffers, unknown_buffers
from logparse.cost.rule import Missing, Params, Rule, no_macs, no_shapes, not_told, per_bottom, scalar
from logparse.cost.rules.losses import loss_on_host, softmax_loss_buffers, softmax_loss_ops
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    NO_BACKWARD,
    READS_NOTHING,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Side,
    Traits,
    first_bottom,
    reads,
    touched_at,
    unknown_reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.cost.buffer import BufferRule
    from logparse.cost.rule import View


def _center_params(layer: View) -> Params:
    """One learned centre per class (Wen et al. 2016)."""
    message = layer.param("center_loss_param")
    classes, width = message.integer("num_output", 0), prod(layer.bottom()[1:])
    return Params((ParamBlob((classes, width), "weight"),), f"{classes} × {width} centres")


def _smooth_l1_buffers(layer: View, device: str) -> Iterator[Need]:
    """Differences and their errors; Fast R-CNN's, with two more bottoms, also ones to sum them with (SSD: none)."""
    weighted = len(layer.spec.bottoms)
    if weighted not in {_WITH_WEIGHTS, _WITH_WEIGHTS + 1}:
        raise Missing("a SmoothL1Loss of two bottoms keeps ones beside its differences or not, by fork")
    yield Need("differences", FORWARD, layer.bottom())
    yield Need("errors", FORWARD, layer.bottom())
    if weighted > _WITH_WEIGHTS:
        yield Need("ones", early(device), layer.bottom())


_WITH_WEIGHTS: Final = 3  # SSD's bottoms with weights; Fast R-CNN has inside and outside weights


def _two_like_bottom(first: str, second: str) -> BufferRule:
    def rule(layer: View, _: str) -> Iterator[Need]:
        yield Need(first, FORWARD, layer.bottom())
        yield Need(second, FORWARD, layer.bottom())

    return rule


def _yolo_buffers(layer: View, device: str) -> Iterator[Need]:
    """Differences, and the bottom in another order. In a GPU run the host works on copies of both."""
    if device == GPU:
        raise Missing("what of a Yolov3 gets to the device differs from commit to commit")
    yield from _two_like_bottom("differences", "swapped")(layer, device)


def _center_buffers(layer: View, _: str) -> Iterator[Need]:
    shape = _center_params(layer).blobs[0].shape
    yield Need("distances", FORWARD, layer.bottom())
    yield Need("sums of distances", BACKWARD, shape)
    yield Need("counts per class", BACKWARD, shape[:1], integers=True)


def _by_fork(what: str) -> BufferRule:
    return unknown_buffers(f"what a {what} keeps differs from fork to fork")


def _smooth_l1_reads(layer: View) -> Reads:
    """Differences of its own, which SSD's weights are in already; Fast R-CNN's multiplies with both weights again."""
    has_outside = len(layer.spec.bottoms) > _WITH_WEIGHTS
    return Reads((2, 3) if has_outside else (), private=True)


_UNREAD: Final = "what its backward pass reads differs from fork to fork"


_UNTOLD: Final = "the work depends on the content"


_LOSS: Final = Traits(
    kind=LayerKind.LOSS,
    base=Base.LOSS,
    buffers=no_buffers,
    backward_reads=reads(bottoms="second", private=True),
    in_place=InPlace.NEVER,
    unforced=(1,),
    writes_at=loss_on_host,  # as their models do: the sum comes back from the device (Forward_gpu of each)
)


def _measures(name: str, operations: int, what: str, traits: Traits) -> LayerType:
    return LayerType(Rule(f"{name} of forks", scalar, other_ops=per_bottom(operations, what)), traits)


def _by_content(name: str, traits: Traits) -> LayerType:
    return LayerType(Rule(f"{name} of forks", no_shapes, other_ops=not_told(_UNTOLD)), traits)


_FROM_LABELS: Final = _LOSS._replace(
    buffers=unknown_buffers("its workspace depends on the labels"), backward_reads=unknown_reads(_UNREAD)
)


_FROM_DIFFERENCES: Final = _LOSS._replace(backward_reads=reads(private=True))


_COUNTED: Final = Traits(
    LayerKind.LOSS,
    Base.LAYER,
    no_buffers,
    NO_BACKWARD,
    InPlace.NEVER,
    writes_at=touched_at(Side.HOST),
    reads_at=touched_at(Side.HOST),
)

TYPES: Final[Mapping[str, LayerType]] = {
    # Gradients may be forced into all of its bottoms (smooth_L1_loss_layer.hpp)
    "SmoothL1Loss": _measures(
        "SmoothL1Loss",
        5,
        "subtract, compare, square, scale, add",
        _LOSS._replace(buffers=_smooth_l1_buffers, backward_reads=_smooth_l1_reads, unforced=()),
    ),
    "SmoothL1LossOHEM": _measures(
        "SmoothL1LossOHEM",
        5,
        "subtract, compare, square, scale, add",
        _FROM_DIFFERENCES._replace(buffers=_two_like_bottom("differences", "errors")),
    ),
    "L1Loss": _measures(
        "L1Loss",
        2,
        "subtract, absolute value and add",
        _LOSS._replace(buffers=_by_fork("L1Loss"), backward_reads=unknown_reads(_UNREAD)),
    ),
    "FocalLoss": _measures(
        "FocalLoss", 8, "softmax, log, power, multiply", _LOSS._replace(buffers=_by_fork("FocalLoss"))
    ),
    "SoftmaxFocalLoss": _measures(
        "SoftmaxFocalLoss", 8, "softmax, log, power, multiply", _LOSS._replace(buffers=_by_fork("SoftmaxFocalLoss"))
    ),
    # Forward leaves the losses in the bottom's gradient, on either device
    "SoftmaxWithLossOHEM": LayerType(
        Rule("SoftmaxWithLossOHEM of forks", scalar, other_ops=softmax_loss_ops),
        _LOSS._replace(buffers=softmax_loss_buffers, scratch=first_bottom),
    ),
    "CtcLoss": _by_content("CtcLoss", _FROM_LABELS._replace(backward_reads=READS_NOTHING, scratch=first_bottom)),
    "CTCLoss": _by_content("CTCLoss", _FROM_LABELS),
    "WarpCTC": _by_content("WarpCTC", _FROM_LABELS._replace(backward_reads=READS_NOTHING, scratch=first_bottom)),
    "Yolov3": _by_content(
        "Yolov3",
        _FROM_DIFFERENCES._replace(
            buffers=_yolo_buffers, writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)
        ),
    ),
    "SegAccuracy": _by_content("SegAccuracy", _COUNTED),
    "CenterLoss": LayerType(
        Rule(
            "Wen et al. 2016",
            scalar,
            _center_params,
            other_ops=per_bottom(3, "subtract, square, add"),
            backward=no_macs,
        ),
        _LOSS._replace(buffers=_center_buffers),
    ),
}
