"""What each layer type's backward pass reads beside gradients and parameters, by hand from its Backward.

A bottom or a top is read where Backward loads its data, whether or not the value matters; taking a pointer is no
reading. Private are buffers that Forward filled for Backward: no multipliers of ones, and nothing that Backward fills
itself. Frozen weights count where they leave nothing to read; which
bottoms need a gradient is left out of account. `cudnn` is what cuDNN reads
instead (cudnn_*_layer.cu); None where it reads the same.

B is a bottom, T a top, p private.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

MAP: Final = (7, 3, 5, 11)


@dataclass(frozen=True)
class ReadRow:
    """One layer, in so many bottoms and tops, and what its backward pass reads: "B0 B1 T0 p"; or why that is NA."""

    type: str
    reads: str
    text: str = ""
    bottoms: int = 1
    tops: int = 1
    in_place: bool = False
    cudnn: str | None = None
    reason: str = ""

    def __str__(self) -> str:
        """The name of the test case."""
        blobs = f"{self.bottoms} to {self.tops}" + (" in place" if self.in_place else "")
        return f"{self.type} {self.text or 'without settings'}, {blobs}: {self.reads or self.reason or 'nothing'}"

    def spec(self) -> LayerSpec:
        """The layer as the program is asked about it."""
        shapes: tuple[Shape, ...] = (MAP,) * self.bottoms
        return LayerSpec(
            name="x",
            type=self.type,
            definition=parse(self.text).root,
            bottoms=shapes,
            tops=(MAP,) * self.tops,
            in_place=(self.in_place,) * self.tops,
            phase="TRAIN",
            backward=True,
            bottom_needs_grad=(True,) * self.bottoms,
        )


def unread(kind: str, reason: str, text: str = "", bottoms: int = 1, *, in_place: bool = False) -> ReadRow:
    """What it reads cannot be told."""
    return ReadRow(kind, "", text, bottoms, in_place=in_place, reason=reason)


def of_each(reads: str, *kinds: str) -> tuple[ReadRow, ...]:
    return tuple(ReadRow(kind, reads) for kind in kinds)


WINDOW: Final = "kernel_size: 3"
POOL: Final = "pooling_param {{ kernel_size: 3 pool: {} }}"
POWER: Final = "power_param {{ {} }}"
BOTH: Final = "B0 T0"
FROZEN: Final = "param { lr_mult: 0 }"

PRODUCTS: Final = (
    *of_each("B0", "Convolution", "Deconvolution", "ConvolutionDeeplab", "DepthwiseConvolution"),
    ReadRow("ConvolutionDepthwise", "B0"),
    ReadRow("Convolution", "B0 B1", bottoms=2, tops=2),  # the weights' gradient sums over all bottoms
    ReadRow("Deconvolution", "B0 B1", bottoms=2, tops=2),
    *of_each("B0", "InnerProduct", "Embed"),
    # The bottom is read for the weights' gradient alone (param_propagate_down_ in each Backward)
    *(ReadRow(kind, "", FROZEN) for kind in ("Convolution", "Deconvolution", "DepthwiseConvolution", "InnerProduct")),
    ReadRow("Convolution", "B0", f"param {{ lr_mult: 1 }} {FROZEN}"),  # the bias alone is frozen
    ReadRow("MarginInnerProduct", "B0 B1 p", bottoms=2),  # B1 the labels
    ReadRow("LargeMarginInnerProduct", "B0 B1 p", bottoms=2),
    ReadRow("Im2col", ""),
)

POOLING: Final = (
    ReadRow("Pooling", "p", POOL.format("MAX"), cudnn=BOTH),  # max_idx_
    ReadRow("Pooling", "T1", POOL.format("MAX"), tops=2, cudnn=BOTH),  # the top mask
    ReadRow("Pooling", "", POOL.format("AVE"), cudnn=BOTH),
    ReadRow("Pooling", "", POOL.format("AVE"), tops=2, cudnn=BOTH),
    ReadRow("Pooling", "p", POOL.format("STOCHASTIC"), cudnn=BOTH),  # rand_idx_
    ReadRow("Pooling", "p", POOL.format("STOCHASTIC"), tops=2, cudnn=BOTH),
    unread("Pooling", "pool MEDIAN is not known", POOL.format("MEDIAN")),
    ReadRow("SPP", "p", "spp_param { pyramid_height: 3 }"),
    ReadRow("SPP", "", "spp_param { pyramid_height: 3 pool: AVE }"),
    ReadRow("SPP", "p", "spp_param { pyramid_height: 3 pool: STOCHASTIC }"),
)

ACTIVATIONS: Final = (
    ReadRow("ReLU", "B0", cudnn=BOTH),
    ReadRow("ReLU", "B0", in_place=True, cudnn=BOTH),
    *of_each("B0", "AbsVal", "BNLL", "Clip", "Log"),
    ReadRow("Sigmoid", "T0", cudnn=BOTH),
    ReadRow("TanH", "T0", cudnn=BOTH),
    ReadRow("Exp", "T0"),
    ReadRow("ELU", BOTH),
    ReadRow("Threshold", ""),  # NOT_IMPLEMENTED
    ReadRow("PReLU", "B0"),
    ReadRow("PReLU", "p", in_place=True),  # bottom_memory_
    ReadRow("Swish", "T0 p"),  # sigmoid_output_
    ReadRow("Dropout", "p"),  # rand_vec_
    ReadRow("Power", ""),  # the identity: its slope is 1 everywhere
    ReadRow("Power", "", POWER.format("scale: 2 shift: 3")),
    ReadRow("Power", "", POWER.format("power: 0")),  # a constant
    ReadRow("Power", "", POWER.format("power: 3 scale: 0")),
    ReadRow("Power", "B0", POWER.format("power: 2")),  # 2·scale·(shift + scale·x), without the top
    ReadRow("Power", "B0", POWER.format("power: 2 scale: 3 shift: 1")),
    ReadRow("Power", BOTH, POWER.format("power: 3")),  # power·y / x
    ReadRow("Power", BOTH, POWER.format("power: 0.5 shift: 1")),
    ReadRow("Power", BOTH, POWER.format("power: -1")),
    ReadRow("Softmax", "T0", cudnn="T0"),
)

JOINING: Final = (
    ReadRow("Eltwise", "", bottoms=2),
    ReadRow("Eltwise", "", "eltwise_param { operation: SUM coeff: 1 coeff: -1 }", bottoms=2),
    ReadRow("Eltwise", "p", "eltwise_param { operation: MAX }", bottoms=2),  # max_idx_
    ReadRow("Eltwise", "B0 B1 B2", "eltwise_param { operation: PROD }", bottoms=3),  # the other bottoms
    ReadRow("Eltwise", "B0 B1", "eltwise_param { operation: 0 stable_prod_grad: true }", bottoms=2),
    ReadRow("Eltwise", "B0 B1 T0", "eltwise_param { operation: PROD stable_prod_grad: false }", bottoms=2),  # y / x
    ReadRow("Split", "", tops=2),
    ReadRow("Concat", "", bottoms=2),
    ReadRow("Slice", "", tops=2),
    *of_each("", "Flatten", "Reshape", "Tile", "Padding", "Permute", "ShuffleChannel", "Reverse", "Transpose"),
    ReadRow("Crop", "", bottoms=2),
    ReadRow("BatchReindex", "B1", bottoms=2),  # the indices
    ReadRow("Filter", "p", bottoms=2),  # indices_to_forward_
    ReadRow("Silence", "", tops=0),
    ReadRow("Axpy", "B0 B1", bottoms=3),  # a·x + y: x for a's gradient, a for x's
    ReadRow("Reduction", ""),
    ReadRow("Reduction", "", "reduction_param { operation: MEAN }"),
    ReadRow("Reduction", "B0", "reduction_param { operation: ASUM }"),  # its sign
    ReadRow("Reduction", "B0", "reduction_param { operation: SUMSQ }"),
)

NORMALISATION: Final = (
    ReadRow("BatchNorm", "p"),  # x_norm_ and the deviations in temp_
    ReadRow("BatchNorm", "p", "batch_norm_param { use_global_stats: true }"),  # temp_
    ReadRow("BatchNorm", "p", in_place=True),
    ReadRow("Scale", "B0"),
    ReadRow("Scale", "p", in_place=True),  # temp_
    ReadRow("Scale", "", FROZEN),  # x's gradient is made of the scale
    ReadRow("Scale", "", FROZEN, in_place=True),
    ReadRow("Scale", "B0 B1", bottoms=2),  # x for the scale's gradient, the scale for x's
    ReadRow("Scale", "B1 p", bottoms=2, in_place=True),
    ReadRow("Bias", ""),
    ReadRow("Bias", "", bottoms=2),
    ReadRow("LRN", "B0 T0 p", cudnn=BOTH),  # scale_
    ReadRow("LRN", "B0 p", "lrn_param { norm_region: WITHIN_CHANNEL }", cudnn=BOTH),  # a square and a product inside
    ReadRow("MVN", "B0 T0 p"),  # variance_; the bottom's squares are overwritten at once
    ReadRow("MVN", "B0 T0 p", "mvn_param { across_channels: true }"),
    ReadRow("MVN", "", "mvn_param { normalize_variance: false }"),  # the gradient is centred, no more
    ReadRow("L2Normalize", BOTH),
    unread("L2Normalization", "from fork to fork"),
    ReadRow("L2Norm", "B0 p", "l2norm_param { eps: 1e-10 }"),
    ReadRow("L2Norm", "p", "l2norm_param { l2_length: 2 }"),  # length_map
    unread("L2Norm", "does not tell which"),
    ReadRow("Normalize", "B0 T0 p", "norm_param { }"),  # SSD: norm_
    unread("Normalize", "does not tell which"),
    ReadRow("BN", "B0 p", 'bn_param { scale_filler { type: "constant" } }'),  # SegNet: the bottom is squared in vain
    ReadRow("BN", "B0", "bn_param { bn_mode: INFERENCE }"),
    ReadRow("BN", "p", "bn_param { momentum: 0.95 }"),  # PSPNet: x_norm_, x_inv_std_
    ReadRow("BN", "", "bn_param { frozen: true }"),
    ReadRow("BN", "p", "bn_param { moving_average: true }"),
    unread("BN", "does not tell which"),
    ReadRow("CuDNNBatchNorm", "B0 p"),  # save_mean_, save_inv_var_
    unread("CuDNNBatchNorm", "by fork", in_place=True),
)

LOSSES: Final = (
    ReadRow("SoftmaxWithLoss", "B1 p", bottoms=2, cudnn=None),  # prob_
    ReadRow("SigmoidCrossEntropyLoss", "B1 p", bottoms=2),
    ReadRow("EuclideanLoss", "p", bottoms=2),  # diff_
    ReadRow("HingeLoss", "B1", bottoms=2),  # the rest stands in its bottom's gradient
    ReadRow("ContrastiveLoss", "B2 p", bottoms=3),  # diff_, dist_sq_
    ReadRow("InfogainLoss", "B1 p", bottoms=2),
    ReadRow("InfogainLoss", "B1 B2 p", bottoms=3),  # the matrix
    ReadRow("MultinomialLogisticLoss", "B0 B1", bottoms=2),
    ReadRow("SmoothL1Loss", "p", bottoms=2),  # diff_
    ReadRow("SmoothL1Loss", "p", bottoms=3),  # SSD's weights are in diff_ already
    ReadRow("SmoothL1Loss", "B2 B3 p", bottoms=4),  # Fast R-CNN's inside and outside weights
    ReadRow("SmoothL1LossOHEM", "p", bottoms=3),
    ReadRow("SoftmaxWithLossOHEM", "B1 p", bottoms=2),
    ReadRow("FocalLoss", "B1 p", bottoms=2),
    ReadRow("SoftmaxFocalLoss", "B1 p", bottoms=2),
    ReadRow("CenterLoss", "B1 p", bottoms=2),  # distance_
    ReadRow("CtcLoss", "", bottoms=2),  # its gradient is there since Forward
    ReadRow("WarpCTC", "", bottoms=2),
    ReadRow("Yolov3", "p", bottoms=2),
    ReadRow("MultiBoxLoss", "p", bottoms=4),
    unread("L1Loss", "from fork to fork", bottoms=2),
    unread("CTCLoss", "from fork to fork", bottoms=2),
    *of_each("", "ArgMax"),
    ReadRow("Accuracy", "", bottoms=2),
    ReadRow("SegAccuracy", "", bottoms=2),
)

RECURRENT: Final = (
    ReadRow("LSTM", "B0 B1 p", bottoms=2),
    ReadRow("LSTM", "B0 B1 B2 p", bottoms=3),
    ReadRow("RNN", "B0 B1 p", bottoms=2),
    ReadRow("LSTMUnit", "B0 B1 B2 T0 p", bottoms=3, tops=2),  # the cells; on the GPU X_acts_
)

SOURCES: Final = tuple(
    ReadRow(kind, "", bottoms=0)
    for kind in (
        *("Data", "ImageData", "WindowData", "AnnotatedData", "VideoData", "HDF5Data"),
        *("Input", "DummyData", "MemoryData", "Parameter"),
        *("ImageSegData", "DenseImageData", "ImageLabelData", "MultiImageData", "CustomData", "CPMData"),
    )
)

DETECTION: Final = (
    ReadRow("HDF5Output", "", bottoms=2, tops=0),
    unread("Python", "stands in its module"),
    *of_each("", "PriorBox", "DetectionOutput", "DetectionEvaluate", "Region", "BoxAnnotatorOHEM", "Interp"),
    unread("Proposal", "from fork to fork"),
    ReadRow("Upsample", ""),  # YOLO ports
    ReadRow("Upsample", "B1", bottoms=2),  # SegNet: the mask
    unread("Reorg", "from fork to fork"),
    ReadRow("ROIPooling", "B1 p", bottoms=2),
    ReadRow("PSROIPooling", "B1 p", bottoms=2),
    unread("ROIAlign", "from fork to fork", bottoms=2),
    unread("PSROIAlign", "from fork to fork", bottoms=2),
    ReadRow("Correlation", "p", bottoms=2),  # rbot1_, rbot2_
    ReadRow("Correlation1D", "p", bottoms=2),
    *of_each("B0", "ReLU6", "HardSigmoid", "HardSwish", "Hardswish"),
    unread("HardSwish", "by fork", in_place=True),
    unread("Mish", "from fork to fork"),
    unread("HSwish", "from fork to fork"),
)

ROWS: Final = (
    *PRODUCTS,
    *POOLING,
    *ACTIVATIONS,
    *JOINING,
    *NORMALISATION,
    *LOSSES,
    *RECURRENT,
    *SOURCES,
    *DETECTION,
)
