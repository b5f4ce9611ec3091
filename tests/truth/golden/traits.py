"""What each layer type is, beside what it costs and holds: by hand from the headers and sources of its layer.

Columns of a row: kind; base class; what it may do in place; when its top is its bottom's memory (data, gradient);
bottoms that force_backward never reaches (AllowForceBackward); bottoms whose gradient memory Backward asks for although
it computes none, on CPU and GPU; bottoms whose gradient memory Forward uses, on CPU and GPU; whether Backward takes its
top's gradient before it asks who needs one; where a GPU run writes tops and reads bottoms.

Each row is asked about a layer of so many bottoms, all of which need a gradient, and without settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from logparse.cost.spec import LayerSpec
from logparse.cost.traits import Base, Family, InPlace, LayerKind, Side, When

ALL: Final = "all"


@dataclass(frozen=True)
class TraitRow:
    """One layer type; what is not stated is what most types have."""

    type: str
    kind: LayerKind
    base: Base = Base.LAYER
    in_place: InPlace = InPlace.NEVER
    family: Family = Family.OTHER
    bottoms: int = 1
    shares: tuple[When, When] = (When.NEVER, When.NEVER)
    unforced: tuple[int, ...] = ()
    asks: tuple[str, str] = ("", "")  # places as "01", on CPU and GPU
    scratch: tuple[str, str] = ("", "")
    takes_top: bool = False
    writes: Side = Side.DEVICE
    reads: Side | str = Side.DEVICE  # or a letter per bottom: D, H
    channels: str = ""
    windowed: bool = False
    along_batch: bool = False
    host_params: tuple[int, ...] = ()
    cudnn: str = ""

    def spec(self) -> LayerSpec:
        """The layer as the program is asked about it."""
        needs = (True,) * self.bottoms
        shapes = ((7, 3, 5, 11),) * self.bottoms
        spec = LayerSpec("x", self.type, None, shapes, ((7, 3, 5, 11),), (False,), "TRAIN", bottom_needs_grad=needs)
        return replace(spec, backward=True)

    @property
    def read_sides(self) -> list[Side]:
        """Where each bottom is read."""
        if isinstance(self.reads, Side):
            return [self.reads] * self.bottoms
        return [{"D": Side.DEVICE, "H": Side.HOST}[letter] for letter in self.reads]


CONVOLUTION: Final = LayerKind.CONVOLUTION
DENSE: Final = LayerKind.FULLY_CONNECTED
NORM: Final = LayerKind.NORMALISATION
ACTIVATION: Final = LayerKind.ACTIVATION
POOLING: Final = LayerKind.POOLING
RESAMPLING: Final = LayerKind.RESAMPLING
JOINING: Final = LayerKind.JOINING
DATA: Final = LayerKind.DATA
LOSS: Final = LayerKind.LOSS
BOXES: Final = LayerKind.DETECTION
RECURRENT: Final = LayerKind.RECURRENT

NEURON: Final = Base.NEURON
LOSSES: Final = Base.LOSS
FREE: Final = InPlace.FREE
COPIES: Final = InPlace.COPIES
UNKNOWN: Final = InPlace.UNKNOWN
HOST: Final = Side.HOST
NOWHERE: Final = Side.NOWHERE

FIRST: Final = ("0", "0")
NO_SHARING: Final = (When.NEVER, When.NEVER)
RENAMED: Final = (When.ALWAYS, When.ALWAYS)
IF_SINGLE: Final = (When.IF_SINGLE, When.IF_SINGLE)
LABELS: Final = (1,)  # loss_layer.hpp


def convolution(
    name: str,
    family: Family,
    base: Base = Base.CONVOLUTION,
    *,
    asks: tuple[str, str] = ("01", "01"),
    cudnn: str = "",
) -> TraitRow:
    """conv_layer.cpp takes the gradient of each bottom before it looks at propagate_down."""
    return TraitRow(
        name,
        CONVOLUTION,
        base,
        family=family,
        bottoms=2,
        asks=asks,
        channels="convolution_param",
        windowed=True,
        cudnn=cudnn,
    )


PRODUCTS: Final = (
    convolution("Convolution", Family.CONVOLUTION, cudnn="convolution_param"),
    convolution("ConvolutionDeeplab", Family.CONVOLUTION),
    convolution("Deconvolution", Family.DECONVOLUTION, cudnn="convolution_param"),
    convolution("DepthwiseConvolution", Family.DEPTHWISE),
    convolution("ConvolutionDepthwise", Family.DEPTHWISE, Base.LAYER, asks=FIRST),  # zeroes its first bottom's
    TraitRow("Im2col", JOINING, asks=FIRST, windowed=True),  # im2col_layer.cpp: no propagate_down
    TraitRow("InnerProduct", DENSE, family=Family.FULLY_CONNECTED, channels="inner_product_param", along_batch=True),
    TraitRow("MarginInnerProduct", DENSE, family=Family.FULLY_CONNECTED, bottoms=2),
    TraitRow("LargeMarginInnerProduct", DENSE, family=Family.FULLY_CONNECTED, bottoms=2),
    TraitRow("Embed", LayerKind.EMBEDDING),
)

NORMALISATION: Final = (
    TraitRow(
        "BatchNorm", NORM, in_place=FREE, family=Family.BATCH_NORM, asks=FIRST, host_params=(2,)
    ),  # a copy of its top's gradient
    TraitRow("Scale", NORM, in_place=COPIES, along_batch=True),  # without settings nothing tells what it sums up
    TraitRow("Bias", NORM, in_place=FREE, along_batch=True),
    TraitRow("LRN", NORM, asks=FIRST, cudnn="lrn_param"),
    TraitRow("MVN", NORM, asks=FIRST),
    TraitRow("Normalize", NORM, asks=FIRST),
    TraitRow("L2Normalize", NORM, asks=FIRST),  # writes its bottom's always; CHECK: not in place
    TraitRow("L2Normalization", NORM, asks=FIRST),
    TraitRow("L2Norm", NORM, in_place=UNKNOWN),  # CHECK_NE in one text, nothing against it in two
    TraitRow("BN", NORM, in_place=UNKNOWN, family=Family.BATCH_NORM),
    TraitRow("CuDNNBatchNorm", NORM, in_place=UNKNOWN, family=Family.BATCH_NORM, asks=FIRST),
)

POOLINGS: Final = (
    TraitRow("Pooling", POOLING, windowed=True, cudnn="pooling_param"),
    TraitRow("SPP", POOLING),
    TraitRow("ROIPooling", POOLING, bottoms=2),
    TraitRow("ROIAlign", POOLING, bottoms=2, asks=("0", "")),
    TraitRow("PSROIPooling", POOLING, bottoms=2, asks=("", "1")),  # the GPU zeroes that of the regions
    TraitRow("PSROIAlign", POOLING, bottoms=2),
)

ACTIVATIONS: Final = (
    TraitRow("ReLU", ACTIVATION, NEURON, FREE, cudnn="relu_param"),  # the sign of its top is that of its bottom
    TraitRow("ELU", ACTIVATION, NEURON, FREE),
    TraitRow("Sigmoid", ACTIVATION, NEURON, FREE, cudnn="sigmoid_param"),
    TraitRow("TanH", ACTIVATION, NEURON, FREE, cudnn="tanh_param"),
    TraitRow("AbsVal", ACTIVATION, NEURON, takes_top=True),  # CHECK_NE: not in place
    TraitRow("BNLL", ACTIVATION, NEURON),
    TraitRow("Threshold", ACTIVATION, NEURON, FREE),  # no backward pass
    TraitRow("Clip", ACTIVATION, NEURON),  # what is clipped must be seen to be outside
    TraitRow("PReLU", ACTIVATION, NEURON, COPIES, takes_top=True),
    TraitRow("Power", ACTIVATION, NEURON),
    TraitRow("Exp", ACTIVATION, NEURON, FREE),
    TraitRow("Log", ACTIVATION, NEURON),
    TraitRow("Swish", ACTIVATION, NEURON, FREE),
    TraitRow("Dropout", ACTIVATION, NEURON, FREE),
    TraitRow("Softmax", ACTIVATION, in_place=FREE, asks=FIRST, cudnn="softmax_param"),
    TraitRow("ReLU6", ACTIVATION, NEURON, FREE),  # 6 is not below 6
    TraitRow("HardSigmoid", ACTIVATION, NEURON),
    TraitRow("Mish", ACTIVATION, NEURON, UNKNOWN),
    TraitRow("HSwish", ACTIVATION, NEURON, UNKNOWN),
    TraitRow("HardSwish", ACTIVATION, NEURON, UNKNOWN),
    TraitRow("Hardswish", ACTIVATION, NEURON, UNKNOWN),
)

MOVING: Final = (
    TraitRow("Split", JOINING, shares=(When.ALWAYS, When.NEVER), writes=NOWHERE, reads=NOWHERE),
    TraitRow("Flatten", JOINING, shares=RENAMED, writes=NOWHERE, reads=NOWHERE),
    TraitRow("Reshape", JOINING, shares=RENAMED, writes=NOWHERE, reads=NOWHERE),
    TraitRow("Concat", JOINING, bottoms=2, shares=IF_SINGLE, takes_top=True),
    TraitRow("Slice", JOINING, shares=IF_SINGLE),
    TraitRow("Crop", JOINING, bottoms=2, asks=FIRST),
    TraitRow("Tile", JOINING),
    TraitRow("BatchReindex", JOINING, bottoms=2),
    TraitRow("Filter", JOINING, bottoms=3, reads="DDH"),  # the selector, in Reshape
    TraitRow("Padding", JOINING),
    TraitRow("Silence", JOINING, writes=NOWHERE, reads=NOWHERE),
    TraitRow("Permute", JOINING, asks=FIRST),
    TraitRow("Eltwise", JOINING, bottoms=2, takes_top=True),
    TraitRow("Reduction", JOINING, writes=HOST),
    TraitRow("ShuffleChannel", JOINING),
    TraitRow("Reverse", JOINING, NEURON),
    TraitRow("Transpose", JOINING),
    TraitRow("Axpy", JOINING, bottoms=3, asks=("1", "")),
    TraitRow("Reorg", JOINING),
    TraitRow("Interp", RESAMPLING),
    TraitRow("Upsample", RESAMPLING, asks=("0", "")),  # of one bottom: the YOLO ports'
    TraitRow("Correlation", CONVOLUTION, bottoms=2, asks=("01", "01")),
    TraitRow("Correlation1D", CONVOLUTION, bottoms=2, asks=("01", "01")),
)

LOSS_ROWS: Final = (
    TraitRow(
        "SoftmaxWithLoss",
        LOSS,
        LOSSES,
        bottoms=2,
        unforced=LABELS,
        scratch=("", "0"),
        writes=HOST,
        cudnn="softmax_param",
    ),
    TraitRow("SigmoidCrossEntropyLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, scratch=("", "01"), writes=HOST),
    TraitRow("EuclideanLoss", LOSS, LOSSES, bottoms=2, writes=HOST),  # both may be forced
    TraitRow("HingeLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, scratch=("0", ""), writes=HOST, reads=HOST),
    TraitRow("ContrastiveLoss", LOSS, LOSSES, bottoms=3, unforced=(2,), writes=HOST),
    TraitRow("InfogainLoss", LOSS, LOSSES, bottoms=3, unforced=LABELS, writes=HOST, reads="DHH", cudnn="softmax_param"),
    TraitRow("MultinomialLogisticLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST, reads=HOST),
    TraitRow("SmoothL1Loss", LOSS, LOSSES, bottoms=4, writes=HOST),  # all may be forced
    TraitRow("SmoothL1LossOHEM", LOSS, LOSSES, bottoms=3, unforced=LABELS, writes=HOST),
    TraitRow("SoftmaxWithLossOHEM", LOSS, LOSSES, bottoms=2, unforced=LABELS, scratch=FIRST, writes=HOST),
    TraitRow("L1Loss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST),
    TraitRow("FocalLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST),
    TraitRow("SoftmaxFocalLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST),
    TraitRow("CenterLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST),
    TraitRow("CtcLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, scratch=FIRST, writes=HOST),
    TraitRow("CTCLoss", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST),
    TraitRow("WarpCTC", LOSS, LOSSES, bottoms=2, unforced=LABELS, scratch=FIRST, writes=HOST),
    TraitRow("Yolov3", LOSS, LOSSES, bottoms=2, unforced=LABELS, writes=HOST, reads=HOST),
    TraitRow("MultiBoxLoss", LOSS, LOSSES, bottoms=4, unforced=(1,), writes=HOST, reads=HOST),  # the confidences!
    TraitRow("Accuracy", LOSS, bottoms=2, scratch=("", "01"), writes=HOST),
    TraitRow("ArgMax", LOSS, writes=HOST, reads=HOST),
    TraitRow("SegAccuracy", LOSS, bottoms=2, writes=HOST, reads=HOST),
)

FROM_THREADS: Final = tuple(
    TraitRow(kind, DATA, Base.PREFETCHING, bottoms=0, writes=HOST)
    for kind in ("Data", "ImageData", "WindowData", "AnnotatedData", "VideoData")
)
SOURCES: Final = (
    *FROM_THREADS,
    *(TraitRow(kind, DATA, Base.PREFETCHING, bottoms=0) for kind in ("ImageLabelData", "MultiImageData", "CPMData")),
    *(TraitRow(kind, DATA, Base.DATA, bottoms=0) for kind in ("ImageSegData", "DenseImageData")),
    TraitRow("CustomData", DATA, bottoms=0, writes=HOST),  # Forward_gpu calls Forward_cpu
    TraitRow("HDF5Data", DATA, bottoms=0),  # rows are copied straight to the device
    TraitRow("HDF5Output", DATA, bottoms=2),  # … and from there
    TraitRow("Input", DATA, bottoms=0, writes=HOST),
    TraitRow("DummyData", DATA, bottoms=0, writes=HOST),
    TraitRow("MemoryData", DATA, Base.DATA, bottoms=0, writes=HOST),
    TraitRow("Parameter", DATA, bottoms=0, writes=HOST, along_batch=True),
    TraitRow("Python", LayerKind.CUSTOM, in_place=UNKNOWN, writes=HOST, reads=HOST),
)

RECURRENTS: Final = (
    TraitRow("LSTM", RECURRENT, Base.RECURRENT, bottoms=2, unforced=(1,), asks=FIRST),
    TraitRow("RNN", RECURRENT, Base.RECURRENT, bottoms=2, unforced=(1,), asks=FIRST),
    TraitRow("LSTMUnit", RECURRENT, bottoms=3, unforced=(2,), asks=("01", "01")),
)

DETECTIONS: Final = (
    TraitRow("PriorBox", BOXES, bottoms=2, writes=HOST, reads=NOWHERE),  # shapes alone
    TraitRow("DetectionOutput", BOXES, bottoms=4, writes=HOST, reads="DDDH"),
    TraitRow("DetectionEvaluate", BOXES, bottoms=2, writes=HOST, reads=HOST),
    TraitRow("Region", BOXES, asks=("0", "")),
    TraitRow("Proposal", BOXES, bottoms=3),
    TraitRow("BoxAnnotatorOHEM", BOXES, bottoms=4, writes=HOST, reads=HOST),
)

ROWS: Final = (
    *PRODUCTS,
    *NORMALISATION,
    *POOLINGS,
    *ACTIVATIONS,
    *MOVING,
    *LOSS_ROWS,
    *SOURCES,
    *RECURRENTS,
    *DETECTIONS,
)
