"""Whose gradient memory a backward pass asks for, by hand from Backward_cpu and Backward_gpu of each layer.

Bottoms and tops are written `b0`, `t0`, …. Where a layer takes a pointer, Caffe allocates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


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

    def __str__(self) -> str:
        """The name of the test case."""
        devices = "" if len(self.devices) > 1 else f" on the {self.devices[0]}"
        why = "timed" if self.timed else f"{self.needed or 'nothing'} needed"
        return f"{self.type} {self.bottoms} {self.settings}, {why}{devices}"


_CONV: Final = "convolution_param { num_output: 3 kernel_size: 1 }"
_DENSE: Final = "inner_product_param { num_output: 3 }"
_UNIT: Final = "recurrent_param { num_output: 3 }"
_EXPOSED: Final = "recurrent_param { num_output: 3 expose_hidden: true }"


def _timed(type_: str, asked: str, bottoms: int = 1, settings: str = "") -> Gradients:
    return Gradients(type_, asked, settings=settings, bottoms=bottoms, timed=True)


def _works(type_: str, needed: str, asked: str, bottoms: int, settings: str = "") -> Gradients:
    return Gradients(type_, asked, needed, settings, bottoms)


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
    _works("Scale", "", "b0 t0", 1),
    _works("Scale", "b1", "b0 b1 t0", 2),
    _works("Scale", "b0", "b0 t0", 2),
    # … except where there is a scale for each value
    _works("Scale", "", "t0", 1, "scale_param { axis: 0 num_axes: -1 }"),
    # recurrent_layer.cpp: the inner net goes back into input and static input, whoever asks
    _works("LSTM", "", "b0 t0", 2, _UNIT),
    _works("LSTM", "", "b0 b2 t0", 3, _UNIT),
    # with expose_hidden the bottoms behind the first two are states, of which an LSTM has two and an RNN one
    _works("LSTM", "", "b0 t0", 4, _EXPOSED),
    _works("LSTM", "", "b0 b2 t0", 5, _EXPOSED),
    _works("RNN", "", "b0 t0", 3, _EXPOSED),
    _works("RNN", "", "b0 b2 t0", 4, _EXPOSED),
    _works("RNN", "", "b0 b2 t0", 3, _UNIT),
    Gradients("LSTMUnit", "b0 b1 t0 t1", "b0", bottoms=3, tops=2),
    Gradients("LSTMUnit", "b0 b1 t0 t1", "b1", bottoms=3, tops=2),
    _works("Correlation", "b1", "b0 b1 t0", 2),
    Gradients("PSROIPooling", "b0 b1 t0", "b0", bottoms=2, devices=("gpu",)),  # its boxes' is set to 0
    # axpy_layer.cpp: products stand in the gradient of x (on the GPU they are summed at once)
    Gradients("Axpy", "b0 b1 t0", "b0", bottoms=3, devices=("cpu",)),
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
    _timed("LRN", "b0 t0"),
    _timed("LRN", "", settings="lrn_param { norm_region: WITHIN_CHANNEL }"),
    _timed("MVN", "b0 t0"),
    _timed("Softmax", "b0 t0"),
    _timed("Im2col", "b0 t0", settings="convolution_param { kernel_size: 1 }"),
    _timed("Crop", "b0 t0", 2),
    _timed("LSTM", "b0 t0", 2, _UNIT),
    _timed("RNN", "b0 t0", 2, _UNIT),
    _timed("Normalize", "b0 t0", settings="norm_param { across_spatial: false }"),
    _timed("L2Normalize", "b0 t0"),
    _timed("L2Normalization", "b0 t0"),
    _timed("CuDNNBatchNorm", "b0 t0"),
    _timed("Correlation", "b0 b1 t0", 2),
    _timed("Permute", "b0 t0", settings="permute_param { order: 0 order: 2 order: 1 order: 3 }"),
    # … or the top alone …
    _timed("AbsVal", "t0"),
    _timed("PReLU", "t0"),
    _timed("Eltwise", "t0", 2),
    _timed("Concat", "t0", 2),
    # … or asks first
    *(
        _timed(kind, "")
        for kind in (
            *("ReLU", "ELU", "Sigmoid", "TanH", "Power", "Exp", "Log", "BNLL", "Dropout", "Clip", "Swish"),
            *("Tile", "Slice", "Split", "Reduction", "Silence", "SPP", "Reverse", "ShuffleChannel"),
        )
    ),
    *(_timed(kind, "") for kind in ("Bias", "Scale")),
    _timed("InnerProduct", "", settings=_DENSE),
    _timed("Embed", "", settings="embed_param { num_output: 3 input_dim: 11 }"),
    _timed("Pooling", "", settings="pooling_param { kernel_size: 2 }"),
    *(_timed(kind, "", 2) for kind in ("SoftmaxWithLoss", "EuclideanLoss", "HingeLoss", "BatchReindex", "Filter")),
)
