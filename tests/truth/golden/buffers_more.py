"""What each layer type allocates for itself, continued: activations, losses, recurrent layers, data."""

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
        "frozen: the GPU makes no gradient",
        "param { lr_mult: 0 }",
        (BLOB,),
        (BLOB,),
        cpu=(Held("multiplier", SETUP, PER_IMAGE),),
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
        "SoftmaxWithLoss",
        "a second top is its probabilities' memory",
        "",
        (BLOB, LABELS),
        ((), BLOB),
        cpu=(SCALE, Held("multiplier", SETUP, 3)),
        gpu=(SCALE, Held("counts (the probabilities' other half)", FORWARD, COUNT)),
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
    ),
    BufferRow(
        "InfogainLoss",
        "the matrix is a bottom: its rows are summed in each backward pass; classes on the last axis",
        "infogain_loss_param { axis: -1 } softmax_param { axis: 1 }",
        (BLOB, (7, 3, 5), (1, 1, 11, 11)),
        ((),),
        cpu=(
            PROBABILITIES,
            Held("scale per prediction", FORWARD, 7 * 3 * 5),
            Held("multiplier", SETUP, 11),
            Held("sums of its rows", BACKWARD, 11),
        ),
        gpu=(PROBABILITIES, Held("scale per prediction", FORWARD, 7 * 3 * 5)),
    ),
    BufferRow(
        "InfogainLoss",
        "a second top is its probabilities' memory",
        "",
        (BLOB, LABELS),
        ((), BLOB),
        cpu=(
            SCALE,
            Held("multiplier", SETUP, 3),
            Held("matrix", SETUP, 3 * 3),
            Held("sums of its rows", SETUP, 3),
        ),
        gpu=(SCALE,),
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
    ),
    BufferRow(
        "Accuracy",
        "per class along the last axis",
        "accuracy_param { axis: -1 }",
        (BLOB, (7, 3, 5)),
        ((), (11,)),
        cpu=(Held("counts per class", FORWARD, 11),),
        gpu=(Held("counts per class", FORWARD, COUNT),),
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


def unused(steps: int) -> tuple[Held, ...]:
    """What inner layers fill at set-up on the CPU and never use: multipliers of `cont`, a loss that never runs."""
    return (
        Held("multipliers of continuation", SETUP, steps * 2),
        Held("ones of the loss that stands in", SETUP, steps * STATE),
        Held("weight of the loss that stands in", SETUP, 1),
    )


LSTM_NET: Final = (
    Held("continuation per step", FORWARD, 5 * 3),
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
    Held("gradient of cells", BACKWARD, CELLS),
    Held("gradient of the first cells", BACKWARD, STATE),  # LSTMUnit makes it, whoever needs it
    Held("gradient of hidden states, two readers", BACKWARD, 2 * (CELLS - STATE)),  # the last step has one reader
)
FIRST: Final = Held("first states", FORWARD, 2 * STATE)  # hidden and cell
LSTM_CPU: Final = (
    Held("gradient of hidden states", BACKWARD, CELLS - STATE),
    Held("gradients of the last states", SETUP, 2 * STATE),  # zeros, hidden and cell
    Held("bias multiplier", SETUP, 5 * 3),
    *unused(5),
)
LSTM_GPU: Final = (
    Held("gradient of hidden states", BACKWARD, CELLS),
    Held("bias multiplier", FORWARD, 5 * 3),
    Held("activated gates", FORWARD, 4 * CELLS),
    Held("gradient of activated gates", BACKWARD, 4 * CELLS),
)
LAST_ARE_TOPS: Final = (
    Held("cells", FORWARD, CELLS - STATE),
    Held("hidden states", FORWARD, CELLS - STATE),
)
STATIC: Final = (
    Held("static product", FORWARD, 3 * 4 * 2),
    Held("gradient of static product", BACKWARD, 3 * 4 * 2),
    Held("gradient of static product, a reader per step", BACKWARD, 5 * 3 * 4 * 2),
)
# Of one step nothing is sliced or joined: what would be is another blob's memory
ONE_STEP: Final = (
    Held("first states", FORWARD, 2 * STATE),
    Held("input product", FORWARD, 4 * STATE),
    Held("state let through", FORWARD, STATE),
    Held("hidden product", FORWARD, 4 * STATE),
    Held("gate inputs", FORWARD, 4 * STATE),
    Held("cells", FORWARD, STATE),
    Held("gradient of input product", BACKWARD, 4 * STATE),
    Held("gradient of hidden product", BACKWARD, 4 * STATE),
    Held("gradient of gate inputs", BACKWARD, 4 * STATE),
    Held("gradient of cells", BACKWARD, STATE),
    Held("gradient of the first cells", BACKWARD, STATE),
)
RNN_NET: Final = (
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
    Held("gradient of output product", BACKWARD, CELLS),
    Held("gradient of outputs per step", BACKWARD, CELLS),
    Held("gradient of hidden states, two readers", BACKWARD, 2 * (CELLS - STATE)),
)
RNN_ONE_STEP: Final = (
    Held("first states", FORWARD, 2),
    Held("input product", FORWARD, 2),
    Held("state let through", FORWARD, 2),
    Held("hidden product", FORWARD, 2),
    Held("hidden inputs", FORWARD, 2),
    Held("hidden states", FORWARD, 2),
    Held("output product", FORWARD, 2),
    Held("gradient of input product", BACKWARD, 2),
    Held("gradient of hidden product", BACKWARD, 2),
    Held("gradient of hidden inputs", BACKWARD, 2),
    Held("gradient of output product", BACKWARD, 2),
)

UNITS: Final = "recurrent_param { num_output: 2 }"
EXPOSED: Final = "recurrent_param { num_output: 2 expose_hidden: true }"
INPUT: Final = ((5, 3, 7), (5, 3))
STATES: Final = ((1, 3, 2), (1, 3, 2))
RECURRENT: Final = (
    # measured: on the GPU 743,192 and 59,081,912 bytes of two runs work out to the byte with these; on the CPU the
    # heap grows by 165,360 bytes in a first backward pass
    BufferRow(
        "LSTM",
        "the net that it unrolls inside itself",
        UNITS,
        INPUT,
        ((5, 3, 2),),
        both=(*LSTM_NET, FIRST),
        cpu=LSTM_CPU,
        gpu=LSTM_GPU,
    ),
    BufferRow(
        "LSTM",
        "its first states are bottoms, its last ones tops",
        EXPOSED,
        (*INPUT, *STATES),
        ((5, 3, 2), *STATES),
        both=tuple(one for one in LSTM_NET if one.name not in {"cells", "hidden states"}) + LAST_ARE_TOPS,
        cpu=LSTM_CPU,
        gpu=LSTM_GPU,
    ),
    BufferRow(
        "LSTM",
        "a static input, read at each step",
        UNITS,
        (*INPUT, (3, 11)),
        ((5, 3, 2),),
        both=(*LSTM_NET, FIRST, *STATIC),
        cpu=LSTM_CPU,
        gpu=LSTM_GPU,
    ),
    BufferRow(
        "LSTM",
        "a single step",
        UNITS,
        ((1, 3, 7), (1, 3)),
        ((1, 3, 2),),
        both=ONE_STEP,
        cpu=(Held("gradients of the last states", SETUP, STATE), Held("bias multiplier", SETUP, 3), *unused(1)),
        gpu=(
            Held("bias multiplier", FORWARD, 3),
            Held("activated gates", FORWARD, 4 * STATE),
            Held("gradient of activated gates", BACKWARD, 4 * STATE),
        ),
    ),
    BufferRow(
        "RNN",
        "the net that it unrolls inside itself",
        UNITS,
        INPUT,
        ((5, 3, 2),),
        both=RNN_NET,
        cpu=(
            Held("gradient of hidden states", BACKWARD, CELLS - STATE),
            Held("gradients of the last states", SETUP, STATE),
            Held("bias multiplier", SETUP, 5 * 3),
            Held("bias multipliers per step", SETUP, 5 * 3),
            *unused(5),
        ),
        gpu=(
            Held("gradient of hidden states", BACKWARD, CELLS),
            Held("bias multiplier", FORWARD, 5 * 3),
            Held("bias multipliers per step", FORWARD, 5 * 3),
        ),
    ),
    BufferRow(
        "RNN",
        "a single step of a single stream: the GPU adds biases of one row without multiplier",
        UNITS,
        ((1, 1, 7), (1, 1)),
        ((1, 1, 2),),
        both=RNN_ONE_STEP,
        cpu=(
            Held("gradients of the last states", SETUP, 2),
            Held("bias multiplier", SETUP, 1),
            Held("bias multipliers per step", SETUP, 1),
            Held("multipliers of continuation", SETUP, 2),
            Held("ones of the loss that stands in", SETUP, 2),
            Held("weight of the loss that stands in", SETUP, 1),
        ),
        gpu=(
            Held("gradient of hidden states", BACKWARD, 2),
            Held("bias multiplier", BACKWARD, 1),
            Held("bias multipliers per step", BACKWARD, 1),
        ),
    ),
    BufferRow(
        "LSTMUnit",
        "on the GPU its gates after their activation",
        "",
        ((1, 3, 2), (1, 3, 8), (1, 3)),
        ((1, 3, 2), (1, 3, 2)),
        gpu=(Held("activated gates", FORWARD, 3 * 8), Held("gradient of activated gates", BACKWARD, 3 * 8)),
    ),
)

PREFETCHING: Final = (
    "Data",
    "ImageData",
    "WindowData",
    "AnnotatedData",
    "VideoData",
    "MultiImageData",
    "CPMData",
)
DATA: Final = (
    *(
        BufferRow(
            kind, "nothing: an image is transformed where it stands in its batch (set_cpu_data)", "", (), (BLOB, (7,))
        )
        for kind in PREFETCHING
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
    BufferRow(  # measured on the GPU: 48 bytes for each Crop of a net
        "Crop",
        "an offset and steps of both maps for each axis, filled in Reshape",
        "",
        (BLOB, (7, 3, 4, 9)),
        ((7, 3, 4, 9),),
        early=(Early("offsets and steps", 3 * 4, integers=True),),
    ),
)

ROWS: Final = (*ELEMENTWISE, *LOSSES, *RECURRENT, *DATA, *WITHOUT)
