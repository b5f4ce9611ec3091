"""What each layer type allocates for itself, continued: activations, losses, recurrent layers, forks, data."""

from __future__ import annotations

from typing import Final

from tests.truth.golden.buffers import BACKWARD, BLOB, COUNT, FORWARD, SETUP, BufferRow, Early, Held

MASK: Final = Held("mask", FORWARD, COUNT, integers=True)
PER_IMAGE: Final = 3 * 5 * 11
INDEX: Final = Held("index of the maximum", FORWARD, COUNT, integers=True)
PRELU_ON_GPU: Final = (Held("multiplier", BACKWARD, PER_IMAGE), Held("gradient per image", BACKWARD, PER_IMAGE))
PRELU_COPY: Final = Held("copy of the bottom", FORWARD, COUNT)

ELEMENTWISE: Final = (
    BufferRow(
        "Dropout",
        "a mask; on the CPU a test net touches it too",
        "",
        (BLOB,),
        (BLOB,),
        both=(MASK,),
        only_training=("gpu",),
    ),
    BufferRow(  # measured
        "PReLU",
        "ones, and on the GPU a gradient per image",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(Held("multiplier", SETUP, PER_IMAGE),),
        gpu=PRELU_ON_GPU,
    ),
    BufferRow(
        "PReLU",
        "in place: its bottom's values are overwritten, so it keeps them",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(PRELU_COPY, Held("multiplier", SETUP, PER_IMAGE)),
        gpu=(PRELU_COPY, *PRELU_ON_GPU),
        in_place=True,
    ),
    BufferRow(
        "Swish",
        "an inner Sigmoid with bottom and top",
        "",
        (BLOB,),
        (BLOB,),
        both=(
            Held("sigmoid's bottom", FORWARD, COUNT),
            Held("sigmoid's top", FORWARD, COUNT),
        ),
    ),
    BufferRow(
        "Eltwise",
        "the largest: which bottom it came from",
        "eltwise_param { operation: MAX }",
        (BLOB, BLOB),
        (BLOB,),
        both=(INDEX,),
    ),
    BufferRow("Eltwise", "a sum", "", (BLOB, BLOB), (BLOB,)),
    BufferRow("Eltwise", "a product", "eltwise_param { operation: PROD }", (BLOB, BLOB), (BLOB,)),
    BufferRow(
        "Eltwise",
        "the operation as a number: 2 is MAX",
        "eltwise_param { operation: 2 }",
        (BLOB, BLOB),
        (BLOB,),
        both=(INDEX,),
        wrong="an enum written as a number is not read: the operation is taken as SUM",
        differs=("index of the maximum",),
    ),
)

SCALE: Final = Held("scale per prediction", FORWARD, 7 * 5 * 11)
PROBABILITIES: Final = Held("probabilities", FORWARD, COUNT)
LABELS: Final = (7, 5, 11)
ROWS_OF_TWO: Final = ((7, 3), (7, 3), (7,))

LOSSES: Final = (
    BufferRow(  # measured on the GPU
        "Softmax",
        "a scale per prediction, ones over the classes on the CPU",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(SCALE, Held("multiplier", SETUP, 3)),
        gpu=(SCALE,),
    ),
    BufferRow(
        "Softmax",
        "along the last axis",
        "softmax_param { axis: -1 }",
        (BLOB,),
        (BLOB,),
        cpu=(Held("scale per prediction", FORWARD, 7 * 3 * 5), Held("multiplier", SETUP, 11)),
        gpu=(Held("scale per prediction", FORWARD, 7 * 3 * 5),),
    ),
    BufferRow(  # measured on the GPU
        "SoftmaxWithLoss",
        "its probabilities; on the GPU their other half counts",
        "",
        (BLOB, LABELS),
        ((),),
        cpu=(PROBABILITIES, SCALE, Held("multiplier", SETUP, 3)),
        gpu=(PROBABILITIES, SCALE, Held("counts (the probabilities' other half)", FORWARD, COUNT)),
    ),
    BufferRow(
        "InfogainLoss",
        "its probabilities, the matrix and the sums of its rows, both on the host",
        'infogain_loss_param { source: "matrix.binaryproto" }',
        (BLOB, LABELS),
        ((),),
        cpu=(
            PROBABILITIES,
            SCALE,
            Held("multiplier", SETUP, 3),
            Held("matrix", SETUP, 3 * 3),
            Held("sums of its rows", SETUP, 3),
        ),
        gpu=(PROBABILITIES, SCALE),
        wrong="taken as SoftmaxWithLoss: the matrix is not counted, on the GPU counts are that its host code lacks",
        differs=(
            "matrix",
            "sums of its rows",
            "counts (the probabilities' other half)",
        ),
    ),
    BufferRow("SigmoidCrossEntropyLoss", "its probabilities", "", (BLOB, BLOB), ((),), both=(PROBABILITIES,)),
    BufferRow("EuclideanLoss", "the differences", "", (BLOB, BLOB), ((),), both=(Held("differences", FORWARD, COUNT),)),
    BufferRow(
        "ContrastiveLoss",
        "differences, distances, ones to sum with; on the GPU the squares",
        "",
        ROWS_OF_TWO,
        ((),),
        cpu=(
            Held("differences", FORWARD, 7 * 3),
            Held("squared distances", FORWARD, 7),
            Held("multiplier", SETUP, 3),
        ),
        gpu=(
            Held("differences", FORWARD, 7 * 3),
            Held("squared distances", FORWARD, 7),
            Held("multiplier", FORWARD, 3),
            Held("squared differences", FORWARD, 7 * 3),
        ),
    ),
    BufferRow("HingeLoss", "works in its bottom's gradient", "", ((7, 3), (7,)), ((),)),
    BufferRow("MultinomialLogisticLoss", "nothing", "", ((7, 3), (7,)), ((),)),
    BufferRow("Accuracy", "works in its bottoms' gradients", "", ((7, 3), (7,)), ((),)),
    BufferRow(
        "Accuracy",
        "per class: a count for each class; on the GPU for each score",
        "",
        ((7, 3), (7,)),
        ((), (3,)),
        cpu=(Held("counts per class", FORWARD, 3),),
        gpu=(Held("counts per class", FORWARD, 7 * 3),),
        wrong="the counts of an Accuracy with a second top (nums_buffer_) are not counted",
        differs=("counts per class",),
    ),
    BufferRow("ArgMax", "nothing", "", ((7, 3),), ((7, 1, 1),)),
    BufferRow(
        "Reduction",
        "a sum: ones to sum with",
        "reduction_param { axis: 1 }",
        ((7, 3, 5),),
        ((7,),),
        early=(Early("multiplier", 3 * 5),),
    ),
    BufferRow(
        "Reduction",
        "a mean",
        "reduction_param { axis: -1 operation: MEAN }",
        ((7, 3, 5),),
        ((7, 3),),
        early=(Early("multiplier", 5),),
    ),
    BufferRow("Reduction", "absolute values", "reduction_param { operation: ASUM }", ((7, 3, 5),), ((),)),
    BufferRow("Reduction", "squares", "reduction_param { operation: SUMSQ }", ((7, 3, 5),), ((),)),
)

# T = 5 steps, N = 3 streams, H = 2 hidden units
CELLS: Final = 5 * 3 * 2
STATE: Final = 3 * 2  # of one step


def lstm_net(moment: str) -> tuple[Held, ...]:
    """The blobs of the unrolled net; the multiplier of its one biased product is filled at `moment`."""
    return (
        Held("continuation per step", FORWARD, 5 * 3),
        Held("first states", FORWARD, 2 * STATE),  # hidden and cell
        Held("input product", FORWARD, 4 * CELLS),
        Held("input product per step", FORWARD, 4 * CELLS),
        Held("state let through", FORWARD, CELLS),
        Held("hidden product", FORWARD, 4 * CELLS),
        Held("gate inputs", FORWARD, 4 * CELLS),
        Held("cells", FORWARD, CELLS),
        Held("hidden states", FORWARD, CELLS),
        Held("gradient of input product", BACKWARD, 4 * CELLS),
        Held("gradient of input product per step", BACKWARD, 4 * CELLS),
        Held("gradient of state let through", BACKWARD, CELLS - STATE),  # none before the first step
        Held("gradient of hidden product", BACKWARD, 4 * CELLS),
        Held("gradient of gate inputs", BACKWARD, 4 * CELLS),
        Held("gradient of cells", BACKWARD, CELLS + STATE),  # the first cell state too
        Held("gradient of hidden states", BACKWARD, CELLS),
        Held("gradient of hidden states, two readers", BACKWARD, 2 * (CELLS - STATE)),  # the last step has one reader
        Held("bias multiplier", moment, 5 * 3),
    )


ACTIVATED: Final = (
    Held("activated gates", FORWARD, 4 * CELLS),
    Held("gradient of activated gates", BACKWARD, 4 * CELLS),
)
STEPS: Final = (
    "gradient of state let through",
    "gradient of cells",
    "gradient of hidden states, two readers",
    "bias multiplier",
    "bias multipliers",
)
NOT_EXACT: Final = (
    "of the inner net's gradients some are counted for a step too many or too few, and no bias multiplier"
)


def rnn_net(moment: str) -> tuple[Held, ...]:
    return (
        Held("continuation per step", FORWARD, 5 * 3),
        Held("first states", FORWARD, STATE),
        Held("input product", FORWARD, CELLS),
        Held("input product per step", FORWARD, CELLS),
        Held("state let through", FORWARD, CELLS),
        Held("hidden product", FORWARD, CELLS),
        Held("hidden inputs", FORWARD, CELLS),
        Held("hidden states", FORWARD, CELLS),
        Held("output product", FORWARD, CELLS),
        Held("outputs per step", FORWARD, CELLS),
        Held("gradient of input product", BACKWARD, CELLS),
        Held("gradient of input product per step", BACKWARD, CELLS),
        Held("gradient of state let through", BACKWARD, CELLS - STATE),
        Held("gradient of hidden product", BACKWARD, CELLS),
        Held("gradient of hidden inputs", BACKWARD, CELLS),
        Held("gradient of hidden states", BACKWARD, CELLS),
        Held("gradient of output product", BACKWARD, CELLS),
        Held("gradient of outputs per step", BACKWARD, CELLS),
        Held("gradient of hidden states, two readers", BACKWARD, 2 * (CELLS - STATE)),
        Held("bias multipliers", moment, 2 * 5 * 3),  # of the input product, and of each step's output product
    )


SEQUENCE: Final = ((5, 3, 7), (5, 3))
RECURRENT: Final = (
    BufferRow(  # measured: 743,192 and 59,081,912 bytes of two runs work out to the byte with these
        "LSTM",
        "the net that it unrolls inside itself",
        "recurrent_param { num_output: 2 }",
        SEQUENCE,
        ((5, 3, 2),),
        cpu=lstm_net(SETUP),
        gpu=(*lstm_net(FORWARD), *ACTIVATED),
        wrong=NOT_EXACT,
        differs=(*STEPS,),
    ),
    BufferRow(
        "RNN",
        "the net that it unrolls inside itself",
        "recurrent_param { num_output: 2 }",
        SEQUENCE,
        ((5, 3, 2),),
        cpu=rnn_net(SETUP),
        gpu=rnn_net(FORWARD),
        wrong=NOT_EXACT,
        differs=(*STEPS,),
    ),
    BufferRow(
        "LSTMUnit",
        "on the GPU its gates after their activation",
        "",
        ((1, 3, 2), (1, 3, 8), (1, 3)),
        ((1, 3, 2), (1, 3, 2)),
        gpu=(Held("activated gates", FORWARD, 3 * 8), Held("gradient of activated gates", BACKWARD, 3 * 8)),
        wrong="X_acts_ is counted inside an LSTM, but not for an LSTMUnit that stands in the net itself",
        differs=(
            "activated gates",
            "gradient of activated gates",
        ),
    ),
)

REGION: Final = Held("origin of each output", FORWARD, 13 * 3 * 2 * 6, integers=True)
MOVED: Final = (7, 5, 11, 3)
NORMALIZE_MISSING: Final = ("channel multiplier", "map multiplier", "sums per channel", "sums per place")
THREE_ARRAYS: Final = 3 * 4  # one integer per axis in each

FORKS: Final = (
    BufferRow(
        "Normalize",
        "SSD: norms per place, one image's squares, ones for the sums",
        "norm_param { across_spatial: false channel_shared: false }",
        (BLOB,),
        (BLOB,),
        cpu=(
            Held("norms", FORWARD, 7 * 5 * 11),
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("channel multiplier", SETUP, 3),
            Held("map multiplier", SETUP, 5 * 11),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, 5 * 11),
        ),
        gpu=(
            Held("norms", FORWARD, 7 * 5 * 11),
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("channel multiplier", FORWARD, 3),
            Held("map multiplier", BACKWARD, 5 * 11),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, 5 * 11),
        ),
        wrong="the multipliers and the sums of Normalize are not counted",
        differs=(*NORMALIZE_MISSING,),
    ),
    BufferRow(
        "Normalize",
        "SSD: one norm per image; the GPU version keeps them on the host",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(
            Held("norms", FORWARD, 7),
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("channel multiplier", SETUP, 3),
            Held("map multiplier", SETUP, 5 * 11),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, 5 * 11),
        ),
        gpu=(
            Held("one image's squares", FORWARD, PER_IMAGE),
            Held("channel multiplier", FORWARD, 3),
            Held("map multiplier", BACKWARD, 5 * 11),
            Held("sums per channel", BACKWARD, 3),
            Held("sums per place", BACKWARD, 5 * 11),
        ),
        wrong="the multipliers and the sums of Normalize are not counted",
        differs=("norms", *NORMALIZE_MISSING),
    ),
    BufferRow(
        "SmoothL1Loss",
        "Fast R-CNN: differences, their errors, ones to sum with",
        "",
        (BLOB, BLOB),
        ((),),
        cpu=(Held("differences", FORWARD, COUNT), Held("errors", FORWARD, COUNT), Held("ones", SETUP, COUNT)),
        gpu=(Held("differences", FORWARD, COUNT), Held("errors", FORWARD, COUNT), Held("ones", FORWARD, COUNT)),
    ),
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
        "Permute",
        "SSD: order, old steps and new steps on the GPU",
        "permute_param { order: 0 order: 2 order: 3 order: 1 }",
        (BLOB,),
        (MOVED,),
        gpu=(Held("order and steps", FORWARD, THREE_ARRAYS, integers=True),),
        wrong="the three arrays of Permute, an integer per axis each, are not counted",
        differs=("order and steps",),
    ),
    BufferRow("ReLU6", "nothing", "", (BLOB,), (BLOB,)),
    BufferRow("Interp", "nothing", "interp_param { zoom_factor: 2 }", (BLOB,), ((7, 3, 9, 21),)),
    BufferRow("Upsample", "nothing", "upsample_param { scale: 2 }", (BLOB, BLOB), ((7, 3, 10, 22),)),
    BufferRow("Reorg", "nothing in forward", "reorg_param { stride: 2 }", ((7, 3, 4, 6),), ((7, 12, 2, 3),)),
    BufferRow("PriorBox", "nothing", "prior_box_param { min_size: 3 }", (BLOB, (7, 3, 50, 110)), ((1, 2, 220),)),
)

ONE_IMAGE: Final = (Held("transformed image", SETUP, PER_IMAGE),)
DATA: Final = (
    *(
        BufferRow(kind, "one transformed image on the host, beside its batches", "", (), (BLOB, (7,)), cpu=ONE_IMAGE)
        for kind in ("Data", "ImageData", "AnnotatedData")
    ),
    BufferRow(
        "WindowData",
        "writes its windows into the batch",
        "",
        (),
        (BLOB, (7,)),
        wrong="WindowDataLayer::load_batch transforms by itself: no image beside the batch",
        differs=("transformed image",),
    ),
    BufferRow("Input", "nothing", "", (), (BLOB,)),
    BufferRow("DummyData", "nothing", "", (), (BLOB,)),
    BufferRow("MemoryData", "nothing but its tops: they point into the batch that was added", "", (), (BLOB, (7,))),
    BufferRow("Parameter", "nothing: its top is its blob", "", (), ((7, 3),)),
    BufferRow(
        "HDF5Output",
        "a copy of both bottoms on the host",
        "",
        (BLOB, (7,)),
        (),
        cpu=(Held("copy of the data", FORWARD, COUNT), Held("copy of the labels", FORWARD, 7)),
        wrong="data_blob_ and label_blob_ are not counted",
        differs=(
            "copy of the data",
            "copy of the labels",
        ),
    ),
)

# Layers that touch no memory beyond their bottoms and tops: their files declare no blob
WITHOUT: Final = (
    *(
        BufferRow(kind, "nothing, in place", "", (BLOB,), (BLOB,), in_place=True)
        for kind in ("ReLU", "ELU", "Sigmoid", "TanH", "AbsVal", "BNLL", "Power", "Exp", "Log", "Threshold", "Clip")
    ),
    BufferRow("Split", "nothing", "", (BLOB,), (BLOB, BLOB)),
    BufferRow("Concat", "nothing", "", (BLOB, BLOB), ((7, 6, 5, 11),)),
    BufferRow("Slice", "nothing", "", (BLOB,), ((7, 1, 5, 11), (7, 2, 5, 11))),
    BufferRow("Flatten", "nothing", "", (BLOB,), ((7, 165),)),
    BufferRow("Reshape", "nothing", "reshape_param { shape { dim: -1 } }", (BLOB,), ((COUNT,),)),
    BufferRow("Tile", "nothing", "tile_param { tiles: 2 }", (BLOB,), ((7, 6, 5, 11),)),
    BufferRow("BatchReindex", "nothing that stays", "", (BLOB, (13,)), ((13, 3, 5, 11),)),
    BufferRow("Filter", "nothing", "", (BLOB, (7,)), (BLOB,)),
    BufferRow("Im2col", "nothing", "convolution_param { kernel_size: 3 }", (BLOB,), ((7, 27, 3, 9),)),
    BufferRow("Padding", "nothing", "", (BLOB,), ((7, 3, 9, 15),)),
    BufferRow("Silence", "nothing", "", (BLOB,), ()),
    BufferRow(  # measured: 48 bytes for each Crop of a net
        "Crop",
        "on the GPU offsets and steps of both maps",
        "",
        (BLOB, (7, 3, 4, 9)),
        ((7, 3, 4, 9),),
        gpu=(Held("offsets and steps", FORWARD, THREE_ARRAYS, integers=True),),
        wrong="the three arrays of Crop, an integer per axis each, are not counted",
        differs=("offsets and steps",),
    ),
)

ROWS: Final = (*ELEMENTWISE, *LOSSES, *RECURRENT, *FORKS, *DATA, *WITHOUT)
