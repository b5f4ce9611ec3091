"""What is known of each layer type beside its costs, from the sources of Caffe and of its forks.

A row tells the class that the layer's class derives from (include/caffe/layers), whether it may work in place, whose
data its backward pass reads, whose memory its tops are, and which blobs a GPU run touches on the device. Blobs are
written `b0`, `b1`, … (bottoms) and `t0`, `t1`, … (tops), `p` stands for private buffers: "b1 p" is a backward pass that
reads the second bottom's data and a buffer of the layer's own. Reading means values, not pointers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

MAP: Final = (2, 3, 5, 7)
UNTOLD: Final = "?"  # the table takes no side
# One text for all that is being mended at the time of writing: empty it, and every such case has to be right
IN_WORK: Final = "being mended together with the table of traits"


@dataclass(frozen=True)
class TraitRow:
    """One layer type. `reads` is None where its backward pass is not known; `variants` are settings with others.

    `device` are the blobs with data on the device in a net of this layer and a source that fills on the host (None:
    all). `scratch` are the bottoms whose gradient memory Forward uses, "cpu:b0 gpu:b1". `unforced` are bottoms that
    force_backward does not reach (AllowForceBackward). `wrong` tells, per fact, how the program is known to differ.
    """

    type: str
    kind: str
    base: str = "Layer"
    reads: str | None = ""
    bottoms: int = 1
    tops: int = 1
    family: str = "other"
    in_place: str = "never"
    shares: str = ""  # data and gradient: "always" or "single"; "data" alone for a Split
    device: str | None = None
    scratch: str = ""
    unforced: tuple[int, ...] = ()
    settings: str = ""
    channels: str = ""
    windowed: bool = False
    along_batch: bool = False
    buffer_first: bool = False
    wrong: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The name of the test case."""
        return self.type


def spec_of(
    type_: str, settings: str, bottoms: int, tops: int, *, in_place: bool = False, shape: Shape = MAP
) -> LayerSpec:
    """A layer that trains, of that many bottoms and tops of one shape."""
    return LayerSpec(
        name="x",
        type=type_,
        definition=parse(f'name: "x" {settings}').root,
        bottoms=(shape,) * bottoms,
        tops=(shape,) * tops,
        in_place=(in_place,) * tops,
        phase="TRAIN",
        backward=True,
        bottom_needs_grad=(True,) * bottoms,
    )


def _neuron(type_: str, reads: str | None, in_place: str = "never") -> TraitRow:
    """Of NeuronLayer: one bottom, one top of its shape."""
    return TraitRow(type_, "activation", "NeuronLayer", reads, in_place=in_place)


def _prefetching(type_: str) -> TraitRow:
    """Filled by a thread ahead; its tops point into a batch (counted apart)."""
    return TraitRow(type_, "data", "BasePrefetchingDataLayer", bottoms=0, tops=2, device="")


def _loss(type_: str, reads: str | None, **more: object) -> TraitRow:
    """Of LossLayer: force_backward does not reach the labels, which are its second bottom."""
    facts: dict[str, object] = {"bottoms": 2, "unforced": (1,), **more}
    return TraitRow(type_, "loss", "LossLayer", reads, **facts)  # type: ignore[arg-type]


BVLC: Final = (
    # base_conv_layer.cpp, weight_gpu_gemm: the weights' gradient is a product with every bottom
    TraitRow(
        "Convolution",
        "convolution",
        "BaseConvolutionLayer",
        "b0 b1",
        bottoms=2,
        tops=2,
        family="convolution",
        channels="convolution_param",
        windowed=True,
    ),
    TraitRow(
        "Deconvolution",
        "convolution",
        "BaseConvolutionLayer",
        "b0 b1",
        bottoms=2,
        tops=2,
        family="deconvolution",
        channels="convolution_param",
        windowed=True,
    ),
    TraitRow("Im2col", "joining", windowed=True),
    TraitRow(
        "InnerProduct",
        "fully connected",
        reads="b0",
        family="fully connected",
        channels="inner_product_param",
        along_batch=True,  # axis: 0
    ),
    TraitRow("Embed", "embedding", reads="b0"),  # the words, for the gradient of their rows
    # x_norm_ and temp_; in place the top's gradient is copied (batch_norm_layer.cpp, Backward)
    TraitRow("BatchNorm", "normalisation", reads="p", family="batch normalisation", in_place="free"),
    TraitRow("Scale", "normalisation", reads="b0", in_place="with a copy", along_batch=True),
    TraitRow("Bias", "normalisation", reads="", in_place="free", along_batch=True),
    TraitRow(
        "LRN",
        "normalisation",
        reads="b0 t0 p",
        wrong=(("buffer_first", "lrn_layer.cu takes mutable_gpu_data of its top before that of scale_"),),
    ),
    TraitRow("MVN", "normalisation", reads="b0 t0 p"),
    TraitRow("Pooling", "pooling", reads="p", windowed=True, settings="pooling_param { kernel_size: 2 }"),
    TraitRow("SPP", "pooling", reads="p"),
    _neuron("ReLU", "b0", "free"),  # in place the sign of the bottom is still that of the top
    _neuron("PReLU", "b0", "with a copy"),
    _neuron("ELU", "b0 t0", "free"),
    _neuron("Sigmoid", "t0", "free"),
    _neuron("TanH", "t0", "free"),
    _neuron("AbsVal", "b0"),  # CHECK_NE in LayerSetUp
    _neuron("BNLL", "b0"),
    _neuron("Power", ""),
    _neuron("Exp", "t0", "free"),
    _neuron("Log", "b0"),
    _neuron("Threshold", "", "free"),  # no backward pass
    _neuron("Dropout", "p", "free"),  # its mask
    _neuron("Clip", "b0"),
    TraitRow("Swish", "activation", "NeuronLayer", "t0 p", in_place="free", buffer_first=True),  # the inner Sigmoid's
    TraitRow(
        "Softmax",
        "activation",
        reads="t0",
        in_place="free",
        wrong=(("buffer_first", "softmax_layer.cu takes mutable_gpu_data of its top before that of scale_"),),
    ),
    TraitRow("Eltwise", "joining", reads="", bottoms=2),
    TraitRow("Split", "joining", tops=2, shares="data", device=""),  # each top has its own gradient
    TraitRow("Flatten", "joining", shares="always", device=""),
    TraitRow("Reshape", "joining", shares="always", device=""),
    TraitRow("Concat", "joining", bottoms=2, shares="single"),
    TraitRow("Slice", "joining", tops=2, shares="single"),
    TraitRow("Tile", "joining"),
    TraitRow("Crop", "joining", bottoms=2),
    TraitRow("Filter", "joining", reads="p", bottoms=2),  # the indices that went forward
    TraitRow("BatchReindex", "joining", reads="b1", bottoms=2),
    TraitRow("Silence", "joining", tops=0, device=""),
    # reduction_layer.cu: each sum comes back on the host
    TraitRow("Reduction", "joining", device="b0", wrong=(("device", IN_WORK),)),
    TraitRow("ArgMax", "loss", device=""),  # no code for the GPU
    TraitRow("Accuracy", "loss", bottoms=2, device="b0 b1", scratch="gpu:b0 gpu:b1"),
    # softmax_loss_layer.cpp: prob_ and the labels
    _loss("SoftmaxWithLoss", "b1 p", scratch="gpu:b0", buffer_first=True),
    _loss("EuclideanLoss", "p", unforced=()),  # euclidean_loss_layer.hpp: AllowForceBackward is true of both
    _loss("SigmoidCrossEntropyLoss", "b1 p", scratch="gpu:b0 gpu:b1"),
    _loss("MultinomialLogisticLoss", "b0 b1", device=""),
    _loss(  # the inner Softmax alone has code for the GPU
        "InfogainLoss",
        "b1 b2 p",
        bottoms=3,
        device="b0",
        buffer_first=True,
        wrong=(("device", IN_WORK), ("buffer_first", IN_WORK)),
    ),
    # the margins stand in the bottom's own gradient, on the host even in a GPU run
    _loss("HingeLoss", "b1", device="", scratch="cpu:b0", wrong=(("scratch", IN_WORK),)),
    _loss("ContrastiveLoss", "b2 p", bottoms=3, unforced=(2,)),
    # recurrent_layer.cpp: input, continuation and static input through the unrolled net
    TraitRow("LSTM", "recurrent", "RecurrentLayer", "b0 b1 b2 p", bottoms=3, unforced=(1,)),
    TraitRow("RNN", "recurrent", "RecurrentLayer", "b0 b1 b2 p", bottoms=3, unforced=(1,)),
    TraitRow(
        "LSTMUnit", "recurrent", reads="b0 b1 b2 t0 p", bottoms=3, tops=2, unforced=(2,), wrong=(("reads", IN_WORK),)
    ),
    _prefetching("Data"),
    _prefetching("ImageData"),
    _prefetching("WindowData"),
    TraitRow("HDF5Data", "data", bottoms=0, tops=2),
    TraitRow("HDF5Output", "data", bottoms=2, tops=0, wrong=(("device", IN_WORK),)),  # copied from gpu_data
    TraitRow("Input", "data", bottoms=0, tops=2, device=""),
    TraitRow("DummyData", "data", bottoms=0, tops=2, device=""),
    TraitRow("MemoryData", "data", "BaseDataLayer", bottoms=0, tops=2, device=""),
    TraitRow("Parameter", "data", bottoms=0, device="", along_batch=True),  # its top is its parameter
    TraitRow("Python", "custom code", reads=None, in_place="unknown", device=""),
)

FORKS: Final = (
    # depthwise_conv_layer.cu brings kernels, all else is its base's
    TraitRow(
        "DepthwiseConvolution",
        "convolution",
        "BaseConvolutionLayer",
        "b0",
        family="depthwise convolution",
        channels="convolution_param",
        windowed=True,
    ),
    TraitRow(
        "ConvolutionDepthwise",  # conv_dw_layer.hpp: of Layer itself
        "convolution",
        reads="b0",
        family="depthwise convolution",
        channels="convolution_param",
        windowed=True,
    ),
    TraitRow(
        "ConvolutionDeeplab",
        "convolution",
        "BaseConvolutionLayer",
        "b0",
        family="convolution",
        channels="convolution_param",
        windowed=True,
    ),
    # FlowNet: both padded maps are kept, channels last
    TraitRow("Correlation", "convolution", reads="p", bottoms=2),
    TraitRow("Correlation1D", "convolution", reads="p", bottoms=2),
    _neuron("ReLU6", "b0", "free"),  # in place 0 and 6 still fail the tests
    _neuron("HardSigmoid", "b0"),
    _neuron("Mish", None, "unknown"),
    _neuron("HSwish", None, "unknown"),
    _neuron("Hardswish", "b0", "unknown"),
    _neuron("HardSwish", "b0", "unknown"),
    TraitRow(
        "BN",
        "normalisation",
        reads="p",
        family="batch normalisation",
        in_place="unknown",
        settings="bn_param { frozen: false }",
    ),
    TraitRow("CuDNNBatchNorm", "normalisation", reads="b0 p", family="batch normalisation", in_place="unknown"),
    TraitRow("L2Normalization", "normalisation", reads="b0 t0"),
    TraitRow("L2Normalize", "normalisation", reads="b0 t0"),  # CHECK that it is not in place
    TraitRow("L2Norm", "normalisation", reads=None, in_place="unknown"),
    TraitRow("Normalize", "normalisation", reads="b0 t0 p", settings="norm_param { across_spatial: false }"),
    TraitRow("ShuffleChannel", "joining"),
    TraitRow("Reverse", "joining", "NeuronLayer"),
    TraitRow("Axpy", "joining", reads="b0 b1", bottoms=3),
    TraitRow("Transpose", "joining"),
    TraitRow("Permute", "joining"),
    TraitRow("Padding", "joining"),
    TraitRow("Interp", "resampling"),
    TraitRow("Upsample", "resampling", reads="b1", bottoms=2),  # SegNet: the mask of its pooling
    TraitRow("Reorg", "joining", reads=None),
    TraitRow("ROIPooling", "pooling", reads="b1 p", bottoms=2),
    TraitRow("ROIAlign", "pooling", reads=None, bottoms=2),
    TraitRow("PSROIPooling", "pooling", reads="b1 p", bottoms=2),
    TraitRow("PSROIAlign", "pooling", reads=None, bottoms=2),
    TraitRow("MarginInnerProduct", "fully connected", reads="b0 b1 p", bottoms=2, family="fully connected"),
    TraitRow("LargeMarginInnerProduct", "fully connected", reads="b0 b1 p", bottoms=2, family="fully connected"),
    # Fast R-CNN's reads inside and outside weights; smooth_L1_loss_layer.hpp: AllowForceBackward is true of all
    _loss("SmoothL1Loss", "b2 b3 p", bottoms=4, unforced=()),
    _loss("SmoothL1LossOHEM", "p"),
    _loss("L1Loss", None),
    _loss("FocalLoss", "b1 p"),
    _loss("SoftmaxFocalLoss", "b1 p"),
    # the losses of all pixels stand in the bottom's gradient, on the CPU too
    _loss("SoftmaxWithLossOHEM", "b1 p", scratch="cpu:b0 gpu:b0", wrong=(("scratch", IN_WORK),)),
    # warp-ctc: Forward writes the gradient, Backward scales it
    _loss("CtcLoss", "", scratch="cpu:b0 gpu:b0", wrong=(("scratch", IN_WORK),)),
    _loss("WarpCTC", "", scratch="cpu:b0 gpu:b0", wrong=(("scratch", IN_WORK),)),
    _loss("CTCLoss", None),
    _loss("CenterLoss", "b1 p"),
    _loss("MultiBoxLoss", "p", bottoms=4, device=""),
    _loss("Yolov3", "p", device=UNTOLD),
    TraitRow("SegAccuracy", "loss", bottoms=2, device=""),
    TraitRow("PriorBox", "detection", bottoms=2, device=""),  # reads shapes alone
    TraitRow("DetectionOutput", "detection", bottoms=3, device="b0 b1 b2"),  # its list is made on the host
    TraitRow("DetectionEvaluate", "detection", bottoms=2, device=""),
    TraitRow("Region", "detection"),
    TraitRow("Proposal", "detection", reads=None, bottoms=3),
    TraitRow("BoxAnnotatorOHEM", "detection", bottoms=4, tops=2, device=""),  # its GPU code works through cpu_data
    _prefetching("AnnotatedData"),
    _prefetching("VideoData"),
    _prefetching("ImageLabelData"),
    _prefetching("MultiImageData"),
    _prefetching("CPMData"),
    # the base class of Caffe's second release candidate, which copies its one batch into the tops
    TraitRow("ImageSegData", "data", "BaseDataLayer", bottoms=0, tops=2),
    TraitRow("DenseImageData", "data", "BaseDataLayer", bottoms=0, tops=2),
    TraitRow("CustomData", "data", bottoms=0, tops=2, device=""),  # a thread of its own; Forward_gpu is Forward_cpu
)

ROWS: Final = (*BVLC, *FORKS)
