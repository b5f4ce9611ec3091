"""Layers whose bottoms, tops or parameters do not fit together, by the checks of their set-up."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

_LABELS: Final = r"Number of labels must match number of predictions"
_ELTWISE: Final = r"bottom\[\w\]->shape\(\) == bottom\[\w\]->shape\(\)"
_SHAPES: Final = re.compile(r"bottom\[\w+\]: (?P<dims>[\d ]+) \(\d+\)")
_SET_UP: Final = (
    "I net.cpp] Creating Layer a\nI net.cpp] a -> a\nI net.cpp] Setting up a\nI net.cpp] Top shape: 2 5 3 4 (120)\n"
    "I net.cpp] Memory required for data: 480\nI net.cpp] Creating Layer loss\nI net.cpp] loss <- a\n"
    "I net.cpp] loss <- label\nI net.cpp] loss -> loss\n"
)
_CHECK: Final = "F softmax_loss_layer.cpp] Check failed: outer_num_ * inner_num_ == bottom[1]->count() "
_TEXT: Final = "Number of labels must match number of predictions; e.g., if softmax axis == 1"


def _area(scene: Scene) -> int | None:
    """Places of a map of the first bottom: what stands behind batch and channels."""
    shape = scene.shapes.get(scene.bottoms[0]) if scene.bottoms else None
    return prod(shape[2:]) if shape is not None and len(shape) > 2 else None


def _is_map_against_image(scene: Scene) -> bool:
    both, area = scene.whole_numbers, _area(scene)
    return (
        both is not None and area is not None and area > 1 and (both[0] == both[1] * area or both[1] == both[0] * area)
    )


def _is_vector(scene: Scene) -> bool:
    both = scene.whole_numbers
    whole = both is not None and 0 < both[0] < both[1] and both[1] % both[0] == 0
    return whole and not _is_map_against_image(scene)


def _many(scene: Scene) -> Mapping[str, str]:
    a, b = scene.whole_numbers or (0, 0)
    area = _area(scene) or 0
    per = formats.count(b // a) if a and b % a == 0 else ""
    return {"a": formats.count(a), "b": formats.count(b), "area": formats.count(area), "per": per}


def _counts(scene: Scene) -> Mapping[str, str]:
    both = scene.whole_numbers
    return {} if both is None else {"a": formats.count(both[0]), "b": formats.count(both[1])}


def _compared(scene: Scene) -> list[tuple[int, ...]]:
    """Two shapes that must be alike: as the check prints them, else those of the layer's bottoms."""
    printed = [tuple(map(int, match["dims"].split())) for match in _SHAPES.finditer(scene.event.text)]
    own = [shape for bottom in scene.bottoms if (shape := scene.shapes.get(bottom)) is not None]
    if len(printed) == 2:
        return printed
    other = next((shape for shape in own[1:] if shape != own[0]), None)
    return [own[0], other] if other is not None else []


def _differ(scene: Scene) -> Mapping[str, str]:
    pair = _compared(scene)
    return {"shapes": " and ".join(map(formats.shape, pair)), "why": _why(*pair)} if pair else {"shapes": "", "why": ""}


def _why(one: tuple[int, ...], other: tuple[int, ...]) -> str:
    """What kind of difference it is, in a sentence."""
    if len(one) != len(other):
        return " They have different numbers of axes."
    axes = [axis for axis in range(len(one)) if one[axis] != other[axis]]
    pairs = [sorted((one[axis], other[axis])) for axis in axes]
    if axes == [0]:
        return " Only the batch differs."
    if axes == [1]:
        return " Only the channels differ: one branch has another `num_output`."
    if axes and min(axes) >= 2:
        if all(low and high == 2 * low for low, high in pairs):
            return " One map is twice as large: a stride of 2, or a pooling, is missing in one branch."
        if all(high - low == 1 for low, high in pairs):
            return " They differ by 1: pooling rounds up and convolution rounds down, which parts odd sizes."
    return ""


def _wiring(scene: Scene) -> Mapping[str, str]:
    how = {"exactly": "exactly ", "": "exactly "}.get(scene.match["how"] or "", f"{scene.match['how']} ")
    number, what = scene.match["number"], scene.match["what"]
    given = f": {scene.numbers[1]} are given" if scene.numbers[1] else ""
    return {"how": how, "number": number, "what": what, "given": given}


OF_LAYERS: Final = (
    Diagnosis(
        "D5",
        "map_against_image_labels",
        _LABELS,
        "{a} predictions and {b} labels: one is a map of {area} places an image, the other has one value an image",
        "Their ratio is just the {area} places of the first bottom's map at {layer}.",
        "labels of the map's size for a dense prediction; one prediction an image (global pooling, a fully connected "
        "layer) for one label an image.",
        (_SET_UP + _CHECK + "(24 vs. 2) " + _TEXT,),
        when=_is_map_against_image,
        words=_many,
    ),
    Diagnosis(
        "D5",
        "label_vectors",
        _LABELS,
        "{a} predictions and {b} labels: {per} values an example where one class index is wanted",
        "{layer} takes one class index for each prediction, not a vector of one-hot or several labels.",
        "class indices from 0; for several labels an example SigmoidCrossEntropyLoss.",
        (_SET_UP.replace("2 5 3 4 (120)", "24 5 (120)") + _CHECK + "(24 vs. 240) " + _TEXT,),
        when=_is_vector,
        words=lambda scene: {**_many(scene), "layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "D5",
        "labels_do_not_fit",
        _LABELS,
        "{a} predictions and {b} labels at {layer} do not fit together",
        "Each prediction needs one label. Sizes that differ a little come from crop, upsampling or padding.",
        "compare the shapes of both bottoms, and bring the labels to the prediction's size, or crop it.",
        (_SET_UP + _CHECK + "(24 vs. 23) " + _TEXT,),
        when=lambda scene: not (_is_map_against_image(scene) or _is_vector(scene)),
        words=_counts,
    ),
    Diagnosis(
        "D6",
        "batches_differ",
        r"The data and label should have the same (?:number|first dimension)",
        "Data and labels come in batches of two sizes at {layer}: {a} and {b}",
        "The loss needs one label for each example.",
        "the same `batch_size` in both data layers; see that no Reshape or Slice changes the first axis.",
        (
            "F loss_layer.cpp] Check failed: bottom[0]->shape(0) == bottom[1]->shape(0) (64 vs. 63) The data and label should have the same first dimension.",
        ),
        words=_counts,
    ),
    Diagnosis(
        "D7",
        "target_does_not_fit",
        r"Inputs must have the same dimension|(?:INPUTS|inputs) must have the same count|bottom\[0\]->count\(1\) == bottom\[1\]->count\(1\)",
        "Prediction and target have different sizes at {layer}: {a} and {b}",
        "This loss compares them value by value.",
        "`num_output` of the last layer as large as the target.",
        (
            "F euclidean_loss_layer.cpp] Check failed: bottom[0]->count(1) == bottom[1]->count(1) (10 vs. 1) Inputs must have the same dimension.",
            "F sigmoid_cross_entropy_loss_layer.cpp] Check failed: bottom[0]->count() == bottom[1]->count() (640 vs. 64) SIGMOID_CROSS_ENTROPY_LOSS layer inputs must have the same count.",
        ),
        words=_counts,
    ),
    Diagnosis(
        "D8",
        "branches_do_not_meet",
        _ELTWISE
        + r"|All inputs must have the same (?:shape, except at concat_axis|#axes)"
        + r"|(?:num|channels|height|width)_? == bottom\[i\]->(?:num|channels|height|width)\(\)",
        "Branches do not meet at {layer}: {shapes}",
        "Eltwise needs equal shapes, Concat shapes that are equal on all other axes.{why}",
        "bring the branches to one size: stride, pad, an input that is a multiple of the total stride, or a Crop layer.",
        (
            "F eltwise_layer.cpp] Check failed: bottom[0]->shape() == bottom[i]->shape() bottom[0]: 2 8 56 56 (50176), bottom[1]: 2 8 28 28 (12544)",
            "F concat_layer.cpp] Check failed: top_shape[j] == bottom[i]->shape(j) (14 vs. 13) All inputs must have the same shape, except at concat_axis.",
        ),
        words=lambda scene: {**_differ(scene), **({} if _compared(scene) else {"shapes": _vs(scene)})},
    ),
    Diagnosis(
        "D8",
        "crop_out_of_bounds",
        r"the crop for dimension (?P<axis>\d+) is out.of.bounds",
        "{layer} cannot crop: on axis {axis} what is cropped is smaller than what it is cropped to",
        "The first bottom must be at least as large as the second one, from the offset on.",
        "a larger pad or input in the first branch, or another offset.",
        (
            "F crop_layer.cpp] Check failed: bottom[0]->shape(i) - crop_offset >= bottom[1]->shape(i) (30 vs. 32) the crop for dimension 2 is out-of-bounds with size 32 and offset 1",
        ),
        words=lambda scene: {"layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "D9",
        "map_smaller_than_kernel",
        r"pad_\w+ < kernel_\w+|With Global_pooling: true|\(pooled_\w+ - 1\) \* stride_\w+ < |(?:shape\[i\]|num|channels|height|width) >= 0 \(-\d+ vs\. 0\)",
        "Nothing is left of the map at {layer}: the kernel is larger than it",
        "Layer by layer the maps shrink, and this input is too small for the net; or kernel and pad do not fit together.",
        "a larger input, fewer poolings, or `global_pooling: true` without a kernel.",
        (
            "F pooling_layer.cpp] Check failed: pad_w_ < kernel_w_ (2 vs. 2) ",
            "F blob.cpp] Check failed: shape[i] >= 0 (-1 vs. 0) ",
        ),
    ),
    Diagnosis(
        "D10",
        "size_changed_after_set_up",
        r"Input size incompatible with (?P<what>inner product parameters|convolution kernel)",
        "The input's size changed after the set-up: {a} values where {b} were, at the parameters of the layer",
        "A layer's parameters are made once, for the first size. It comes at a forward pass, with images of several "
        "sizes, another crop in the test, or a reshape from Python.",
        "one size for all; or convolutions in place of fully connected layers.",
        (
            "F inner_product_layer.cpp] Check failed: K_ == new_K (9216 vs. 6400) Input size incompatible with inner product parameters.",
        ),
        words=lambda scene: {"a": scene.numbers[1], "b": scene.numbers[0]},
    ),
    Diagnosis(
        "D11",
        "group_does_not_divide",
        r"channels_ % group_ == 0|num_output_ % group_ == 0|multiples of group",
        "`group` does not divide the channels of {layer}",
        "Each group reads and makes an equal share of them.",
        "a `group` that divides both the channels below and `num_output`.",
        (
            "F base_conv_layer.cpp] Check failed: channels_ % group_ == 0 (1 vs. 0) ",
            "F base_conv_layer.cpp] Check failed: num_output_ % group_ == 0 (1 vs. 0) Number of output should be multiples of group.",
        ),
    ),
    Diagnosis(
        "D12",
        "wrong_number_of_blobs",
        r"(?P<type>\w+) Layer (?P<verb>takes|produces) (?P<how>at least|at most)?\s*(?P<number>\d+|one) (?P<what>bottom|top) blob",
        "{type} wants {how}{number} {what} blobs{given}, at {layer}",
        "A layer's number of bottoms and tops is fixed by its type.",
        "add or take away a {what}; a label is often missing in a copy of a deploy file.",
        (
            "F layer.hpp] Check failed: ExactNumBottomBlobs() == bottom.size() (2 vs. 1) SoftmaxWithLoss Layer takes 2 bottom blob(s) as input.",
        ),
        words=_wiring,
    ),
    Diagnosis(
        "D13",
        "too_many_params",
        r"Too many params specified for layer (?P<named>.*)",
        "Layer {named} has more `param` blocks than parameters",
        "Each block belongs to one parameter, in order: weights, then bias.",
        "delete the last `param`, or leave `bias_term` on.",
        ("F net.cpp] Check failed: param_size <= num_param_blobs (2 vs. 1) Too many params specified for layer conv1",),
    ),
    Diagnosis(
        "D13",
        "shared_params_differ",
        r"Shared param '(?P<param>[^']*)' has mismatched (?P<what>\w+)|Cannot share param '(?P<other>[^']*)' owned by layer '(?P<owner>[^']*)'",
        "The layers that share parameter {shared!r} do not agree in it",
        "Parameters of one name are one blob: its size, `lr_mult` and `decay_mult` must be the same everywhere.",
        "the same settings in all of them, or a name of its own for each.",
        (
            "F net.cpp] Check failed: params_lr_[id] == lr (1 vs. 2) Shared param 'w' has mismatched lr_mult.",
            "F net.cpp] Cannot share param 'w' owned by layer 'a' with layer 'b'; count mismatch. Owner layer param shape is 3 4 (12); sharing layer expects count 20",
        ),
        words=lambda scene: {"shared": scene.match["param"] or scene.match["other"]},
    ),
    Diagnosis(
        "D13",
        "batch_norm_learns_statistics",
        r"Cannot configure batch normalization statistics as layer parameters",
        "BatchNorm's statistics are not to be learnt, and {layer} gives them a learning rate",
        "Its three blobs are mean, variance and their weight, which the layer keeps itself.",
        "`lr_mult: 0` in its three `param` blocks, or no block at all.",
        (
            "F batch_norm_layer.cpp] Check failed: this->layer_param_.param(i).lr_mult() == 0.f (1 vs. 0) Cannot configure batch normalization statistics as layer parameters.",
        ),
    ),
    Diagnosis(
        "D17",
        "lrn_even_size",
        r"LRN only supports odd values for local_size",
        "`local_size` of {layer} must be odd",
        "The window of LRN has its channel in the middle.",
        "an odd `local_size`.",
        ("F lrn_layer.cpp] Check failed: size_ % 2 == 1 (0 vs. 1) LRN only supports odd values for local_size",),
    ),
    Diagnosis(
        "D17",
        "zero_dimensions",
        r"(?P<what>Filter|Stride|Kernel) dimensions (?:must be nonzero|cannot be zero)",
        "{layer} has no {what}: its size is 0 or not given",
        "Convolution and pooling need a kernel, and a stride above 0.",
        "set `kernel_size` (and `stride`) in its parameters; see that they stand in the right message.",
        ("F base_conv_layer.cpp] Check failed: kernel_shape_data[i] > 0 (0 vs. 0) Filter dimensions must be nonzero.",),
        words=lambda scene: {
            "layer": formats.capitalised(scene.layer_text),
            "what": "stride" if scene.match["what"] == "Stride" else "kernel",
        },
    ),
    Diagnosis(
        "D17",
        "top_k_too_large",
        r"top_k must be less than or equal to the number of classes",
        "`top_k` of {layer} is larger than the number of classes: {a} and {b}",
        "Among fewer classes nothing is left to rank.",
        "a smaller `top_k`.",
        (
            "F accuracy_layer.cpp] Check failed: top_k_ <= bottom[0]->count() / bottom[1]->count() (5 vs. 2) top_k must be less than or equal to the number of classes.",
        ),
    ),
    Diagnosis(
        "D17",
        "slice_uneven",
        r"should evenly divide input slice axis",
        "{layer} cannot cut its bottom into equal parts: {a} and {b}",
        "Without `slice_point` the tops share the axis evenly.",
        "set `slice_point`, or another number of tops.",
        (
            "F slice_layer.cpp] Check failed: bottom_slice_axis % top.size() == 0 (1 vs. 0) Number of top blobs (2) should evenly divide input slice axis (5)",
        ),
        words=lambda scene: {"layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "D17",
        "reshape_does_not_fit",
        r"(?:bottom count(?: \(\d+\))? must be divisible by the product|output count must match input count)",
        "{layer} is to reshape its bottom to another number of values",
        "A reshape keeps every value.",
        "dimensions whose product is that of the bottom; one of them may be -1, and 0 copies.",
        (
            "F reshape_layer.cpp] Check failed: top[0]->count() == bottom[0]->count() (100 vs. 96) output count must match input count",
        ),
        words=lambda scene: {"layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "D17",
        "recurrent_frozen",
        r"param_propagate_down not set for layer (?P<inner>\d+), param (?P<param>\d+)",
        "A recurrent layer cannot be frozen by `lr_mult: 0`",
        "Its inner net must propagate to each of its parameters.",
        "a very small `lr_mult` in place of 0, or freeze it by `propagate_down: false` around it.",
        (
            "F recurrent_layer.cpp] Check failed: unrolled_net_->layers()[j]->param_propagate_down(k) param_propagate_down not set for layer 2, param 0",
        ),
    ),
)


def _vs(scene: Scene) -> str:
    a, b = scene.numbers
    return f"{a} and {b} on one axis" if a else "the shapes are not in the log"
