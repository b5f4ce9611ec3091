"""What layer types of forks allocate for themselves, by hand from each fork's own layer, and what cannot be told.

Where forks give one name to several layers, a row stands for each that the definition tells; for the others stands
why they cannot be told.
"""

from __future__ import annotations

from typing import Final

from tests.truth.golden.buffers import (
    BACKWARD,
    BLOB,
    COUNT,
    FORWARD,
    SETUP,
    BufferRow,
    Early,
    Held,
    UnknownRow,
)

PER_IMAGE: Final = 3 * 5 * 11
MAP: Final = 5 * 11
REGION: Final = Held("origin of each output", FORWARD, 13 * 3 * 2 * 6, integers=True)
MOVED: Final = (7, 5, 11, 3)
DIFFERENCES: Final = Held("differences", FORWARD, COUNT)
ERRORS: Final = Held("errors", FORWARD, COUNT)
PROBABILITIES: Final = Held("probabilities", FORWARD, COUNT)
SCALE: Final = Held("scale per prediction", FORWARD, 7 * MAP)

SSD: Final = (
    BufferRow(
        "Normalize",
        "norms per place, one image's squares, ones for the sums (normalize_layer.cpp and .cu)",
        "norm_param { across_spatial: false channel_shared: false }",
        (BLOB,),
        (BLOB,),
        both=(
            Held("norms", FORWARD, 7 * MAP),
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, MAP),
        ),
        early=(Early("channel multiplier", 3), Early("map multiplier", MAP, BACKWARD)),
    ),
    BufferRow(
        "Normalize",
        "one norm per image; the GPU version keeps them on the host",
        "norm_param { }",
        (BLOB,),
        (BLOB,),
        both=(
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, MAP),
        ),
        cpu=(Held("norms", FORWARD, 7),),
        early=(Early("channel multiplier", 3), Early("map multiplier", MAP, BACKWARD)),
    ),
    BufferRow(
        "Permute",
        "order, old and new steps, filled in Reshape (permute_layer.cpp)",
        "permute_param { order: 0 order: 2 order: 3 order: 1 }",
        (BLOB,),
        (MOVED,),
        early=(Early("order and steps", 3 * 4, integers=True),),
    ),
    BufferRow(
        "Permute",
        "of nothing: the GPU never reads them, its top is its bottom's memory",
        "permute_param { order: 0 order: 1 }",
        (BLOB,),
        (BLOB,),
        cpu=(Held("order and steps", SETUP, 3 * 4, integers=True),),
    ),
    BufferRow("PriorBox", "nothing", "prior_box_param { min_size: 3 }", (BLOB, (7, 3, 50, 110)), ((1, 2, 220),)),
    BufferRow(
        "DetectionOutput",
        "on the GPU decoded boxes and scores in another order; lists on the CPU",
        "",
        ((7, 40), (7, 30), (1, 2, 40)),
        ((1, 1, 1, 7),),
        gpu=(Held("decoded boxes", FORWARD, 7 * 40), Held("scores by class", FORWARD, 7 * 30)),
    ),
    BufferRow(
        "DetectionOutput",
        "boxes per class are brought into another order too",
        "detection_output_param { share_location: false }",
        ((7, 40), (7, 30), (1, 2, 40)),
        ((1, 1, 1, 7),),
        gpu=(
            Held("decoded boxes", FORWARD, 7 * 40),
            Held("decoded boxes by class", FORWARD, 7 * 40),
            Held("scores by class", FORWARD, 7 * 30),
        ),
    ),
    BufferRow("DetectionEvaluate", "maps on the host alone", "", ((1, 1, 1, 7), (1, 1, 5, 8)), ((1, 1, 2, 5),)),
)

LOSSES: Final = (
    BufferRow(
        "SmoothL1Loss",
        "Fast R-CNN's, with inside and outside weights: ones to sum with",
        "",
        (BLOB,) * 4,
        ((),),
        both=(DIFFERENCES, ERRORS),
        early=(Early("ones", COUNT),),
    ),
    BufferRow("SmoothL1Loss", "SSD's, with weights: no ones", "", (BLOB,) * 3, ((),), both=(DIFFERENCES, ERRORS)),
    BufferRow("SmoothL1LossOHEM", "R-FCN: no ones", "", (BLOB,) * 3, ((),), both=(DIFFERENCES, ERRORS)),
    BufferRow(
        "SoftmaxWithLossOHEM",
        "R-FCN: as SoftmaxWithLoss",
        "",
        (BLOB, (7, 5, 11)),
        ((),),
        both=(PROBABILITIES, SCALE),
        cpu=(Held("multiplier", SETUP, 3),),
        gpu=(Held("counts (the probabilities' other half)", FORWARD, COUNT),),
    ),
    BufferRow(
        "CenterLoss",
        "distances, and what the centres move by (center_loss_layer.cpp)",
        "center_loss_param { num_output: 11 }",
        ((7, 13), (7,)),
        ((),),
        both=(
            Held("distances", FORWARD, 7 * 13),
            Held("sums of distances", BACKWARD, 11 * 13),
            Held("counts per class", BACKWARD, 11, integers=True),
        ),
    ),
    BufferRow("SegAccuracy", "a table of counts, no blob", "", (BLOB, (7, 1, 5, 11)), ((1, 1, 1, 3),)),
)

MARGIN: Final = ((7, 13), (7,))


def margin(kind: str, blobs: int, *, of_weights: bool = False) -> BufferRow:
    """Norms of 7 rows (L-Softmax: of 11 weights too), and so many blobs of 7·11 angles, powers and signs."""
    name = "LargeMarginInnerProduct" if of_weights else "MarginInnerProduct"
    message = "largemargin_inner_product_param" if of_weights else "margin_inner_product_param"
    weights = (Held("norms of the weights", FORWARD, 11),) if of_weights else ()
    return BufferRow(
        name,
        f"a margin that is {kind}",
        f"{message} {{ num_output: 11 type: {kind} }}",
        MARGIN,
        ((7, 11),),
        both=(
            Held("norms of the rows", FORWARD, 7),
            *weights,
            *(Held(f"angles and signs {place + 1}", FORWARD, 7 * 11) for place in range(blobs)),
        ),
    )


FACES: Final = (
    margin("SINGLE", 2),  # sign_0, cos
    margin("DOUBLE", 3),  # + cos²
    margin("TRIPLE", 6),  # + cos², cos³, sign_1, sign_2
    margin("QUADRUPLE", 7),  # + cos², cos³, cos⁴, sign_3, sign_4
    margin("SINGLE", 2, of_weights=True),
    margin("QUADRUPLE", 7, of_weights=True),
)


def bn(text: str, about: str, both: tuple[Held, ...], *, cpu: tuple[Held, ...] = ()) -> BufferRow:
    """A BN; but for that of the MPI branch all have ones for the sums."""
    ones = (Early("map multiplier", MAP), Early("batch multiplier", 7))
    return BufferRow("BN", about, f"bn_param {{ {text} }}", (BLOB,), (BLOB,), both=both, cpu=cpu, early=ones)


NORMALISED: Final = (Held("normalised values", FORWARD, COUNT), Held("deviations", FORWARD, 3))
SPREAD: Final = (
    Held("broadcast values", FORWARD, COUNT),
    Held("statistics per image and channel", FORWARD, 7 * 3),
)
PER_CHANNEL: Final = Held("statistics per channel", FORWARD, 3)
SECOND: Final = Held("variances per image and channel", FORWARD, 7 * 3)
HALVES: Final = (  # set to zero in Reshape, never used
    Held("map multiplier, other half", SETUP, MAP),
    Held("batch multiplier, other half", SETUP, 7),
    Held("gradients of both statistics", BACKWARD, 2 * 7 * 3),
)
NORMALISATION: Final = (
    bn(
        'scale_filler { type: "constant" value: 1 }',
        "SegNet: values, sums, and on the CPU gradient halves of its sums",
        (*NORMALISED, *SPREAD, PER_CHANNEL, SECOND),
        cpu=HALVES,
    ),
    bn("bn_mode: INFERENCE", "SegNet's for use: only what scales and shifts", (*SPREAD, SECOND), cpu=HALVES),
    bn("momentum: 0.95", "PSPNet", (*NORMALISED, *SPREAD, PER_CHANNEL)),
    bn("frozen: true", "PSPNet's, frozen: saves nothing for backward", (*SPREAD, PER_CHANNEL)),
    BufferRow(
        "BN",
        "PSPNet's branch for several machines: little on the GPU, the multipliers stay on the host",
        "bn_param { moving_average: true }",
        (BLOB,),
        (BLOB,),
        both=NORMALISED,
        cpu=(*SPREAD, PER_CHANNEL, Held("map multiplier", SETUP, MAP), Held("batch multiplier", SETUP, 7)),
    ),
    BufferRow("L2Normalize", "the squares", "", (BLOB,), (BLOB,), both=(Held("squares", FORWARD, COUNT),)),
    BufferRow(
        "L2Norm",
        "the one with eps: norms per image",
        "l2norm_param { eps: 1e-10 }",
        (BLOB,),
        (BLOB,),
        both=(
            Held("norms", FORWARD, 7),
            Held("temporary", FORWARD, COUNT),
            Held("second temporary", BACKWARD, COUNT),
        ),
        early=(Early("sum multiplier", PER_IMAGE),),
    ),
    BufferRow(
        "L2Norm",
        "the one with a length: lengths per place",
        "l2norm_param { l2_length: 2 }",
        (BLOB,),
        (BLOB,),
        both=(Held("lengths", FORWARD, 7 * MAP),),
    ),
)

VISION: Final = (
    BufferRow(
        "ROIPooling",
        "an index per output",
        "roi_pooling_param { pooled_h: 2 pooled_w: 6 }",
        (BLOB, (13, 5)),
        ((13, 3, 2, 6),),
        both=(REGION,),
    ),
    BufferRow(
        "PSROIPooling",
        "a channel per output",
        "psroi_pooling_param { output_dim: 2 group_size: 3 }",
        ((7, 18, 5, 11), (13, 5)),
        ((13, 2, 3, 3),),
        both=(Held("origin of each output", FORWARD, 13 * 2 * 3 * 3, integers=True),),
    ),
    BufferRow(
        "PSROIAlign",
        "a channel per output, and where each of 4·4 samples lies",
        "psroi_align_param { output_dim: 2 group_size: 3 sample_num: 4 }",
        ((7, 18, 5, 11), (13, 5)),
        ((13, 2, 3, 3),),
        both=(
            Held("channel of each output", FORWARD, 13 * 2 * 3 * 3, integers=True),
            Held("places of samples", FORWARD, 13 * 2 * (3 * 3 * 4 * 4) * 2),
        ),
    ),
    BufferRow(
        "Correlation",
        "FlowNet: both bottoms padded on all sides",
        "correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 }",
        ((7, 3, 20, 31), (7, 3, 20, 31)),
        ((7, 81, 20, 31),),
        both=(
            Held("first bottom, padded", FORWARD, 7 * 28 * 39 * 3),
            Held("second bottom, padded", FORWARD, 7 * 28 * 39 * 3),
        ),
    ),
    BufferRow(
        "Correlation1D",
        "DispNet: padded at the sides alone",
        "correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 }",
        ((7, 3, 20, 31), (7, 3, 20, 31)),
        ((7, 9, 20, 31),),
        both=(
            Held("first bottom, padded", FORWARD, 7 * 20 * 39 * 3),
            Held("second bottom, padded", FORWARD, 7 * 20 * 39 * 3),
        ),
    ),
    BufferRow("Interp", "nothing", "interp_param { zoom_factor: 2 }", (BLOB,), ((7, 3, 9, 21),)),
    BufferRow("Upsample", "nothing", "upsample_param { scale: 2 }", (BLOB, BLOB), ((7, 3, 10, 22),)),
    BufferRow("Region", "nothing", "", (BLOB,), (BLOB,)),
    BufferRow("BoxAnnotatorOHEM", "a list on the host", "", ((13, 5), (13,), (13,), (13,)), ((13,), (13,))),
)

MOVING: Final = (
    BufferRow(
        "Axpy",
        "SENet: ones over the map, which the GPU never reads",
        "",
        ((7, 3, 1, 1), BLOB, BLOB),
        (BLOB,),
        cpu=(Held("map multiplier", SETUP, MAP),),
    ),
    BufferRow(
        "Transpose",
        "CRNN: steps, orders, and on the GPU an index per value and axis (transpose_layer.cpp and .cu)",
        "transpose_param { dim: 3 dim: 2 dim: 0 dim: 1 }",
        (BLOB,),
        ((11, 5, 7, 3),),
        early=(
            Early("steps and order", 3 * 4, integers=True),
            Early("order of the way back", 4, BACKWARD, integers=True),
        ),
        gpu=(Held("indices", FORWARD, COUNT * 4, integers=True),),
    ),
    BufferRow("Transpose", "LSTM-CF: nothing", "transpose_param { shape { dim: 3 } }", (BLOB,), ((3, 7, 5, 11),)),
    BufferRow("ShuffleChannel", "nothing", "shuffle_channel_param { group: 3 }", (BLOB,), (BLOB,)),
    BufferRow("Reverse", "nothing", "", (BLOB,), (BLOB,)),
)

ACTIVATIONS: Final = (
    BufferRow("ReLU6", "nothing", "", (BLOB,), (BLOB,), in_place=True),
    BufferRow("HardSigmoid", "nothing", "", (BLOB,), (BLOB,)),
    BufferRow("HardSwish", "nothing unless in place", "", (BLOB,), (BLOB,)),
    BufferRow("Hardswish", "HardSwish under another name", "", (BLOB,), (BLOB,)),
)

ROWS: Final = (*SSD, *LOSSES, *FACES, *NORMALISATION, *VISION, *MOVING, *ACTIVATIONS)


def unknown(kind: str, about: str, reason: str, text: str = "", *bottoms: tuple[int, ...]) -> UnknownRow:
    """A layer of which nothing can be told, on either device."""
    return UnknownRow(kind, about, reason, text, bottoms or (BLOB,), (BLOB,))


UNKNOWN: Final = (
    unknown("Python", "its code stands in a module", "stands in its module"),
    unknown("HSwish", "no source of that name", "is not known"),
    unknown("Mish", "nothing, or a copy", "from fork to fork"),
    UnknownRow(
        "HardSwish", "in place: a copy or none", "a copy of the bottom or none", "", (BLOB,), (BLOB,), in_place=True
    ),
    unknown("Normalize", "no settings: SSD's or that of forks for faces", "does not tell which"),
    unknown("L2Normalization", "squares, or norms", "from fork to fork"),
    unknown("L2Norm", "no field tells which", "does not tell which"),
    unknown("BN", "no field tells which", "does not tell which"),
    unknown("CuDNNBatchNorm", "copies, or none", "from fork to fork"),
    unknown("SmoothL1Loss", "two bottoms: Fast R-CNN's keeps ones, SSD's does not", "or not, by fork", "", BLOB, BLOB),
    unknown("L1Loss", "five texts", "from fork to fork"),
    unknown("FocalLoss", "several", "from fork to fork"),
    unknown("SoftmaxFocalLoss", "several", "from fork to fork"),
    unknown("CtcLoss", "warp-ctc's workspace", "depends on the labels"),
    unknown("CTCLoss", "lists by the labels, or warp-ctc's workspace", "depends on the labels"),
    unknown("WarpCTC", "warp-ctc's workspace", "depends on the labels"),
    unknown("MultiBoxLoss", "boxes that match", "how many boxes match"),
    unknown("Proposal", "two layers", "from fork to fork"),
    unknown("ROIAlign", "nothing, indices or places", "by fork", "", BLOB, (13, 5)),
    unknown(
        "PSROIAlign",
        "no sample_num: forks differ in its default",
        "states no sample_num",
        "psroi_align_param { output_dim: 2 group_size: 3 }",
        (7, 18, 5, 11),
        (13, 5),
    ),
    UnknownRow(
        "Reorg",
        "a gradient of its own or none",
        "of its own or none, by fork",
        "",
        ((7, 3, 4, 6),),
        ((7, 12, 2, 3),),
        training=True,
    ),
    UnknownRow(
        "Yolov3",
        "what gets to the device",
        "from commit to commit",
        "",
        (BLOB, (7, 5)),
        ((),),
        devices=("gpu",),
        held=(DIFFERENCES, Held("swapped", FORWARD, COUNT)),
    ),
    UnknownRow("HDF5Data", "a whole file on the host", "its whole HDF5 file", "", (), (BLOB,), devices=("cpu",)),
    unknown("ImageSegData", "one batch or several", "by release"),
    unknown("DenseImageData", "one batch or several", "by release"),
    unknown("ImageLabelData", "a label of the crop's size", "the size of the crop"),
    unknown("CustomData", "a mean of the stored size", "the size of the stored data"),
    unknown("Convolution", "no kernel stated", "states no kernel", "convolution_param { num_output: 5 }"),
    unknown(
        "Convolution", "half a kernel stated", "without a width", "convolution_param { num_output: 5 kernel_h: 3 }"
    ),
    unknown("Pooling", "no kernel stated", "states no kernel", "pooling_param { pool: AVE }"),
)
