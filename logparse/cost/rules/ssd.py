"""SSD's layers (Liu et al. 2016): Normalize, PriorBox, and those whose work depends on the boxes found.

Source: normalize_layer.cpp, prior_box_layer.cpp, multibox_loss_layer.cpp, detection_output_layer.cpp
of the SSD fork. Permute stands in moving.py, the data layers in data.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.rule import Params, Rule, dims, no_shapes, not_told, per_top, scalar
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob

if TYPE_CHECKING:
    from logparse.cost.rule import View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


def _normalize_params(layer: View) -> Params:
    """One learned scale for all channels by default, or one per channel."""
    shared = layer.param("norm_param").flag("channel_shared", default=True)
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

RULES: Final = {
    "Normalize": Rule(
        "normalize_layer.cpp (SSD)",
        params=_normalize_params,
        other_ops=per_top(5, "square, sum, inverse root, two multiplies"),
    ),
    "PriorBox": Rule("prior_box_layer.cpp (SSD)", _prior_box_shapes),
    "MultiBoxLoss": Rule("multibox_loss_layer.cpp (SSD)", scalar, other_ops=not_told(_BY_BOXES)),
    "DetectionOutput": Rule("detection_output_layer.cpp (SSD)", no_shapes, other_ops=not_told(_BY_BOXES)),
    "DetectionEvaluate": Rule("detection_evaluate_layer.cpp (SSD)", no_shapes, other_ops=not_told(_BY_BOXES)),
}
