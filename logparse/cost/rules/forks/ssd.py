"""SSD's layers (Liu et al. 2016): Normalize, PriorBox, and those whose work depends on the boxes found.

Source: normalize_layer.cpp, prior_box_layer.cpp, multibox_loss_layer.cpp, detection_output_layer.cpp
of the SSD fork. Permute stands in moving.py, the data layers in data.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import BACKWARD, CPU, FORWARD, Need, early, late, no_buffers, unknown_buffers
from logparse.cost.rule import Missing, Params, Rule, dims, no_macs, no_shapes, not_told, per_top, scalar
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    NO_BACKWARD,
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
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import Count, View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Message


def _norm_param(layer: View) -> Message:
    """The settings of SSD's Normalize; that of forks for faces has none."""
    if not layer.need().has("norm_param"):
        raise Missing("a Normalize has scales (SSD) or none (forks for faces), and its definition does not tell which")
    return layer.param("norm_param")


def _normalize_params(layer: View) -> Params:
    """One learned scale for all channels by default, or one per channel."""
    shared = _norm_param(layer).flag("channel_shared", default=True)
    shape: Shape = () if shared else (channels(layer),)
    return Params((ParamBlob(shape, "weight"),), f"{dims(shape)} scales")


_SAME_RATIO: Final = 1e-6


def _ratios(message: Message) -> tuple[float, ...]:
    """1 first, then each stated ratio that is new, and its inverse unless `flip` is off."""
    found = [1.0]
    flip = message.flag("flip", default=True)
    for ratio in message.numbers("aspect_ratio"):
        if any(abs(ratio - known) < _SAME_RATIO for known in found):
            continue
        found += [ratio, 1 / ratio] if flip and ratio else [ratio]
    return tuple(found)


def _prior_box_shapes(layer: View) -> tuple[Shape | None, ...]:
    """(1, 2, 4 × boxes): per cell one box per ratio and smallest size, one more per largest size."""
    message = layer.param("prior_box_param")
    smallest, largest = len(message.numbers("min_size")), len(message.numbers("max_size"))
    per_cell = len(_ratios(message)) * max(smallest, 1) + largest
    return ((1, 2, layer.bottom()[-2] * layer.bottom()[-1] * per_cell * 4),)


_BY_BOXES: Final = "the work depends on how many boxes match"


def _normalize_ops(layer: View) -> Count:
    """With scales there is one product more than in the forks for faces."""
    _norm_param(layer)
    return per_top(5, "square, sum, inverse root, two multiplies")(layer)


def _normalize_reads(layer: View) -> Reads:
    """Bottom, top and norms (normalize_layer.cpp, Backward_cpu); forks for faces keep norms or make them anew."""
    _norm_param(layer)
    return Reads((0,), (0,), private=True)


def _normalize_buffers(layer: View, device: str) -> Iterator[Need]:
    """The norm per place, or per image and then on the host; one image's squares; sums per channel and per place."""
    bottom = layer.bottom()
    count, places = bottom[1], bottom[2:]
    across = _norm_param(layer).flag("across_spatial", default=True)
    if not across or device == CPU:
        yield Need("norms", FORWARD, bottom[:1] if across else (bottom[0], *places))
    yield Need("one image's squares", FORWARD, bottom[1:])
    yield Need("channel multiplier", early(device), (count,))
    yield Need("map multiplier", late(device), places)
    yield Need("sums per channel", BACKWARD, (count,))
    yield Need("sums per place", BACKWARD, places)


def _detection_buffers(layer: View, device: str) -> Iterator[Need]:
    """On the GPU decoded boxes and scores in another order (detection_output_layer.cu); on the CPU plain lists."""
    if device == CPU:
        return
    yield Need("decoded boxes", FORWARD, layer.bottom())
    if not layer.param("detection_output_param").flag("share_location", default=True):
        yield Need("decoded boxes by class", FORWARD, layer.bottom())
    yield Need("scores by class", FORWARD, layer.bottom(1))


def _but_the_image(_: LayerSpec, place: int) -> Side:
    """Boxes, scores and priors are read on the device, an image to draw on on the host."""
    return Side.DEVICE if place < _IMAGE else Side.HOST


_IMAGE: Final = 3
_BOXES: Final = Traits(LayerKind.DETECTION, Base.LAYER, no_buffers, NO_BACKWARD, InPlace.NEVER)

TYPES: Final = {
    "Normalize": LayerType(
        Rule(
            "normalize_layer.cpp (SSD)",
            params=_normalize_params,
            other_ops=_normalize_ops,
            backward=no_macs,
        ),
        Traits(
            LayerKind.NORMALISATION,
            Base.LAYER,
            _normalize_buffers,
            _normalize_reads,
            InPlace.NEVER,
            asks_diff=first_bottom,
        ),
    ),
    "PriorBox": LayerType(
        Rule("prior_box_layer.cpp (SSD)", _prior_box_shapes),
        _BOXES._replace(buffers=no_buffers, writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.NOWHERE)),
    ),
    "MultiBoxLoss": LayerType(
        Rule("multibox_loss_layer.cpp (SSD)", scalar, other_ops=not_told(_BY_BOXES)),
        Traits(
            kind=LayerKind.LOSS,
            base=Base.LOSS,
            buffers=unknown_buffers("what it holds depends on how many boxes match"),
            backward_reads=reads(private=True),
            in_place=InPlace.NEVER,
            writes_at=touched_at(Side.HOST),
            reads_at=touched_at(Side.HOST),
            unforced=(1,),
        ),
    ),
    "DetectionOutput": LayerType(
        Rule("detection_output_layer.cpp (SSD)", no_shapes, other_ops=not_told(_BY_BOXES)),
        _BOXES._replace(buffers=_detection_buffers, writes_at=touched_at(Side.HOST), reads_at=_but_the_image),
    ),
    "DetectionEvaluate": LayerType(
        Rule("detection_evaluate_layer.cpp (SSD)", no_shapes, other_ops=not_told(_BY_BOXES)),
        _BOXES._replace(buffers=no_buffers, writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)),
    ),
}
