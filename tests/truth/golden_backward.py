"""What a layer's backward pass reads and asks for under settings of its own, from the sources of Caffe and its forks.

Blobs are written as in golden_traits.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.truth.golden_traits import IN_WORK


@dataclass(frozen=True)
class Reading:
    """A setting under which a type's backward pass reads other data than its row says."""

    type: str
    settings: str
    reads: str | None
    bottoms: int = 1
    tops: int = 1
    in_place: bool = False
    wrong: str = ""

    def __str__(self) -> str:
        """The name of the test case."""
        return f"{self.type} {self.settings or self.bottoms}{' in place' if self.in_place else ''}"


READINGS: Final = (
    # power_layer.cpp, Backward: a constant has nothing to work out, a square's derivative needs no top
    Reading("Power", "power_param { power: 1 scale: 3 shift: 5 }", ""),
    Reading("Power", "power_param { power: 3 }", "b0 t0"),
    Reading("Power", "power_param { power: 0.5 scale: 2 shift: 7 }", "b0 t0"),
    Reading("Power", "power_param { power: 2 shift: 7 }", "b0", wrong=IN_WORK),
    Reading("Power", "power_param { power: 0 }", "", wrong=IN_WORK),
    Reading("Power", "power_param { power: 3 scale: 0 }", "", wrong=IN_WORK),
    # eltwise_layer.cpp, Backward: PROD multiplies the other bottoms (stable_prod_grad, the default), or divides the top
    Reading("Eltwise", "eltwise_param { operation: SUM coeff: 2 coeff: 3 }", "", bottoms=2),
    Reading("Eltwise", "eltwise_param { operation: MAX }", "p", bottoms=2),
    Reading("Eltwise", "eltwise_param { operation: PROD stable_prod_grad: false }", "b0 b1 b2 t0", bottoms=3),
    Reading(
        "Eltwise",
        "eltwise_param { operation: PROD }",
        "b0 b1 b2",
        bottoms=3,
        wrong=IN_WORK,
    ),
    # reduction_layer.cpp, Backward
    Reading("Reduction", "reduction_param { operation: SUM }", ""),
    Reading("Reduction", "reduction_param { operation: MEAN }", ""),
    Reading("Reduction", "reduction_param { operation: ASUM }", "b0"),
    Reading("Reduction", "reduction_param { operation: SUMSQ }", "b0"),
    # pooling_layer.cpp, Backward: max_idx_, or the mask that is a second top; rand_idx_
    Reading("Pooling", "pooling_param { kernel_size: 2 }", "t1", tops=2),
    Reading("Pooling", "pooling_param { kernel_size: 2 pool: AVE }", ""),
    Reading("Pooling", "pooling_param { kernel_size: 2 pool: STOCHASTIC }", "p"),
    Reading("PReLU", "", "p", in_place=True),  # bottom_memory_
    Reading("Scale", "", "p", in_place=True),  # temp_
    Reading("Scale", "", "b0 b1", bottoms=2),
    Reading("Scale", "", "b1 p", bottoms=2, in_place=True),
    Reading("SoftmaxWithLoss", "", "b1 p", bottoms=2),
    Reading("InfogainLoss", "", "b1 p", bottoms=2),
    Reading("LSTM", "", "b0 b1 p", bottoms=2),
    Reading("RNN", "", "b0 b1 p", bottoms=2),
    Reading("Upsample", "upsample_param { scale: 2 }", ""),  # the nearest neighbour of the YOLO ports
    Reading("SmoothL1Loss", "", "p", bottoms=2),
    Reading("SmoothL1Loss", "", "p", bottoms=3, wrong="SSD's multiplies the weights into its differences in Forward"),
    Reading("Hardswish", "", None, in_place=True),
    Reading("HardSwish", "", None, in_place=True),
    # lrn_layer.cpp: the last of a little net is a product, which reads its bottoms alone
    Reading("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }", "b0 p", wrong=IN_WORK),
    Reading("BN", "bn_param { bn_mode: INFERENCE }", "b0", wrong=IN_WORK),
    Reading("BN", "bn_param { slope_filler { value: 1 } }", "p"),
)


@dataclass(frozen=True)
class Gradients:
    """Whose gradient memory a layer asks for in a backward pass in which only the bottoms `needed` get a gradient.

    `timed` is `caffe time`, which calls every layer's Backward though nobody needs anything, here with frozen
    parameters. `asked` are bottoms and tops. Where a layer takes a pointer, Caffe allocates.
    """

    type: str
    asked: str
    needed: str = ""
    settings: str = ""
    bottoms: int = 1
    tops: int = 1
    timed: bool = False
    devices: tuple[str, ...] = ("cpu", "gpu")
    wrong: str = ""

    def __str__(self) -> str:
        """The name of the test case."""
        devices = "" if len(self.devices) > 1 else f" on the {self.devices[0]}"
        why = "timed" if self.timed else f"{self.needed or 'nothing'} needed"
        return f"{self.type} {self.bottoms} {self.settings}, {why}{devices}"


_CONV: Final = "convolution_param { num_output: 3 kernel_size: 1 }"
_DENSE: Final = "inner_product_param { num_output: 3 }"
_UNIT: Final = "recurrent_param { num_output: 3 }"


def _timed(type_: str, asked: str, bottoms: int = 1, settings: str = "", *, wrong: str = "") -> Gradients:
    return Gradients(type_, asked, settings=settings, bottoms=bottoms, timed=True, wrong=wrong)


def _works(type_: str, needed: str, asked: str, bottoms: int, settings: str = "", *, wrong: str = "") -> Gradients:
    return Gradients(type_, asked, needed, settings, bottoms, wrong=wrong)


GRADIENTS: Final = (
    # Weights alone: base_conv_layer.cpp takes every bottom's pointer, most others ask first
    *(_works(kind, "", "b0 t0", 1, _CONV) for kind in ("Convolution", "Deconvolution", "DepthwiseConvolution")),
    Gradients("Convolution", "b0 b1 t0 t1", "b1", _CONV, bottoms=2, tops=2),
    _works("ConvolutionDepthwise", "", "b0 t0", 1, _CONV),
    _works("InnerProduct", "", "t0", 1, _DENSE),
    _works("Embed", "", "t0", 1, "embed_param { num_output: 3 input_dim: 11 }"),
    _works("PReLU", "", "t0", 1),
    _works("Bias", "", "t0", 1),
    # scale_layer.cpp: the products of bottom and top's gradient stand in the bottom's gradient …
    _works("Scale", "", "b0 t0", 1, wrong=IN_WORK),
    _works("Scale", "b1", "b0 b1 t0", 2, wrong=IN_WORK),
    _works("Scale", "b0", "b0 t0", 2),
    # … except where there is a scale for each value
    _works("Scale", "", "t0", 1, "scale_param { axis: 0 num_axes: -1 }"),
    # recurrent_layer.cpp: the inner net goes back into input and static input, whoever asks
    _works("LSTM", "", "b0 t0", 2, _UNIT),
    _works("LSTM", "", "b0 b2 t0", 3, _UNIT, wrong=IN_WORK),
    _works("RNN", "", "b0 b2 t0", 3, _UNIT, wrong=IN_WORK),
    Gradients("LSTMUnit", "b0 b1 t0 t1", "b0", bottoms=3, tops=2),
    Gradients("LSTMUnit", "b0 b1 t0 t1", "b1", bottoms=3, tops=2),
    _works("Correlation", "b1", "b0 b1 t0", 2),
    Gradients("PSROIPooling", "b0 b1 t0", "b0", bottoms=2, devices=("gpu",)),  # its boxes' is set to 0
    # axpy_layer.cpp: products stand in the gradient of x (on the GPU they are summed at once)
    Gradients("Axpy", "b0 b1 t0", "b0", bottoms=3, devices=("cpu",), wrong=IN_WORK),
    Gradients("Axpy", "b0 t0", "b0", bottoms=3, devices=("gpu",)),
    Gradients("Axpy", "b2 t0", "b2", bottoms=3),
    _works("Eltwise", "b1", "b1 t0", 2),
    _works("Concat", "b1", "b1 t0", 2),
    _works("SoftmaxWithLoss", "b0", "b0 t0", 2),
    _works("Crop", "b0", "b0 t0", 2),
    # caffe time: Backward takes top and bottom before it asks …
    _timed("Convolution", "b0 t0", settings=_CONV),
    _timed("Deconvolution", "b0 t0", settings=_CONV),
    _timed("ConvolutionDepthwise", "b0 t0", settings=_CONV),
    _timed("BatchNorm", "b0 t0"),
    _timed("LRN", "b0 t0", wrong=IN_WORK),
    _timed("LRN", "", settings="lrn_param { norm_region: WITHIN_CHANNEL }", wrong=IN_WORK),
    _timed("MVN", "b0 t0", wrong=IN_WORK),
    _timed("Softmax", "b0 t0", wrong=IN_WORK),
    _timed("Im2col", "b0 t0", settings="convolution_param { kernel_size: 1 }", wrong=IN_WORK),
    _timed("Crop", "b0 t0", 2, wrong=IN_WORK),
    _timed("LSTM", "b0 t0", 2, _UNIT),
    _timed("RNN", "b0 t0", 2, _UNIT),
    _timed("Normalize", "b0 t0", settings="norm_param { across_spatial: false }"),
    _timed("L2Normalize", "b0 t0", wrong=IN_WORK),
    _timed("L2Normalization", "b0 t0", wrong=IN_WORK),
    _timed("CuDNNBatchNorm", "b0 t0", wrong=IN_WORK),
    _timed("Correlation", "b0 b1 t0", 2, wrong=IN_WORK),
    _timed("Permute", "b0 t0", settings="permute_param { order: 0 order: 2 order: 1 order: 3 }", wrong=IN_WORK),
    # … or the top alone …
    _timed("AbsVal", "t0", wrong=IN_WORK),
    _timed("PReLU", "t0"),
    _timed("Eltwise", "t0", 2, wrong=IN_WORK),
    _timed("Concat", "t0", 2, wrong=IN_WORK),
    # … or asks first
    *(
        _timed(kind, "")
        for kind in (
            *("ReLU", "ELU", "Sigmoid", "TanH", "Power", "Exp", "Log", "BNLL", "Dropout", "Clip", "Swish"),
            *("Tile", "Slice", "Split", "Reduction", "Silence", "SPP", "Reverse", "ShuffleChannel"),
        )
    ),
    *(_timed(kind, "", wrong=IN_WORK) for kind in ("Bias", "Scale")),
    _timed("InnerProduct", "", settings=_DENSE, wrong=IN_WORK),
    _timed("Embed", "", settings="embed_param { num_output: 3 input_dim: 11 }"),
    _timed("Pooling", "", settings="pooling_param { kernel_size: 2 }"),
    *(_timed(kind, "", 2) for kind in ("SoftmaxWithLoss", "EuclideanLoss", "HingeLoss", "BatchReindex", "Filter")),
)
