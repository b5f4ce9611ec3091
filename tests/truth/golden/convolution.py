"""Convolution, Deconvolution, their forks, Im2col: conv_layer.cpp, deconv_layer.cpp, base_conv_layer.cpp.

An output size is (i + 2·pad − (dilation·(k − 1) + 1)) // stride + 1; a Deconvolution turns that round. MACs are one
product per output, input channel of the group and place of the kernel; in a Deconvolution per input value and output
channel of the group. Backward is the same once for the weights and once for each bottom that gets a gradient.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.truth.golden.row import NA, Row, bias, weight

BOTTOM: Final = (7, 2, 11, 13)
PLAIN: Final = "convolution_param { num_output: 5 kernel_size: 3 }"
PLAIN_TOP: Final = (7, 5, 9, 11)  # 11 − 3 + 1, 13 − 3 + 1
PLAIN_MACS: Final = 7 * 5 * 9 * 11 * 2 * 3 * 3
PLAIN_BLOBS: Final = (weight(5, 2, 3, 3), bias(5))


MIDDLE: Final = Row(
    "Convolution",
    "in the middle of a net",
    PLAIN,
    bottoms=(BOTTOM,),
    tops=(PLAIN_TOP,),
    blobs=PLAIN_BLOBS,
    macs=PLAIN_MACS,
    backward_macs=2 * PLAIN_MACS,
    other_ops=7 * 5 * 9 * 11,  # one bias addition per output
)
FROZEN: Final = replace(
    MIDDLE,
    about="frozen weights, the gradient is passed down",
    text=f"param {{ lr_mult: 0 }} {PLAIN}",
    backward_macs=PLAIN_MACS,
)
BIAS_LEARNS: Final = f"param {{ lr_mult: 0 }} param {{ lr_mult: 2 }} {PLAIN}"
WEIGHTS_LEARN: Final = f"param {{ lr_mult: 1 }} param {{ lr_mult: 0 }} {PLAIN}"

CIRCUMSTANCES: Final = (
    MIDDLE,
    replace(MIDDLE, about="first: its bottom needs no gradient", backward_macs=PLAIN_MACS, needs_grad=(False,)),
    FROZEN,
    replace(FROZEN, about="frozen weights, the bias still learns", text=BIAS_LEARNS),
    replace(MIDDLE, about="a frozen bias costs no product", text=WEIGHTS_LEARN),
    replace(FROZEN, about="frozen and first", backward_macs=0, needs_grad=(False,)),
    replace(FROZEN, about="frozen, but all is forced", backward_macs=2 * PLAIN_MACS, forced=True),
    replace(MIDDLE, about="in a TEST net", backward_macs=0, phase="TEST"),
    replace(MIDDLE, about="in a net of no phase, which Caffe takes for TRAIN", phase=None),
    replace(MIDDLE, about="the log says: no backward", backward_macs=0, backward=False),
    replace(
        MIDDLE,
        about="the log is silent about backward",
        backward_macs=NA("the log does not say whether the layer does backward"),
        backward=None,
    ),
    replace(
        FROZEN,
        about="the log is silent, but there is nothing to do",
        backward_macs=0,
        backward=None,
        needs_grad=(False,),
    ),
    replace(
        MIDDLE,
        about="no flow of gradients is known",
        backward_macs=NA("it is not known which bottoms need a gradient"),
        needs_grad=(),
    ),
)

CONVOLUTION: Final = (
    Row(
        "Convolution",
        "stride and pad, no bias",
        "convolution_param { num_output: 5 kernel_size: 4 stride: 3 pad: 2 bias_term: false }",
        bottoms=((7, 2, 11, 17),),
        tops=((7, 5, 4, 6),),  # (11 + 2·2 − 4) // 3 + 1, (17 + 2·2 − 4) // 3 + 1
        blobs=(weight(5, 2, 4, 4),),
        macs=7 * 5 * 4 * 6 * 2 * 4 * 4,
        backward_macs=2 * 7 * 5 * 4 * 6 * 2 * 4 * 4,
    ),
    Row(
        "Convolution",
        "two groups, rectangular",
        "convolution_param { num_output: 6 kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 "
        "group: 2 }",
        bottoms=((7, 4, 11, 13),),
        tops=((7, 6, 6, 9),),  # (11 + 2·1 − 3) // 2 + 1, (13 + 2·0 − 5) // 1 + 1
        blobs=(weight(6, 4 // 2, 3, 5), bias(6)),
        macs=7 * 6 * 6 * 9 * (4 // 2) * 3 * 5,
        backward_macs=2 * 7 * 6 * 6 * 9 * (4 // 2) * 3 * 5,
        other_ops=7 * 6 * 6 * 9,
    ),
    Row(
        "Convolution",
        "dilation changes the shape, not the work per output",
        "convolution_param { num_output: 5 kernel_size: 3 pad: 1 dilation: 3 }",
        bottoms=((7, 2, 17, 19),),
        tops=((7, 5, 13, 15),),  # 17 + 2·1 − (3·(3 − 1) + 1) + 1, 19 + 2 − 7 + 1
        blobs=PLAIN_BLOBS,
        macs=7 * 5 * 13 * 15 * 2 * 3 * 3,
        backward_macs=2 * 7 * 5 * 13 * 15 * 2 * 3 * 3,
        other_ops=7 * 5 * 13 * 15,
    ),
    Row(
        "Convolution",
        "DeepLab's holes are dilations",
        "convolution_param { num_output: 5 kernel_size: 3 hole: 2 }",
        bottoms=((7, 2, 17, 19),),
        tops=((7, 5, 13, 15),),  # 17 − (2·(3 − 1) + 1) + 1, 19 − 5 + 1
        blobs=PLAIN_BLOBS,
        macs=7 * 5 * 13 * 15 * 2 * 3 * 3,
        backward_macs=2 * 7 * 5 * 13 * 15 * 2 * 3 * 3,
        other_ops=7 * 5 * 13 * 15,
    ),
    Row(
        "Convolution",
        "over three axes, a value for each",
        "convolution_param { num_output: 5 kernel_size: 2 kernel_size: 3 kernel_size: 5 stride: 1 stride: 2 stride: 3 "
        "pad: 0 pad: 1 pad: 2 dilation: 1 dilation: 1 dilation: 2 }",
        bottoms=((2, 3, 6, 13, 23),),
        # 6 − 2 + 1, (13 + 2·1 − 3) // 2 + 1, (23 + 2·2 − (2·(5 − 1) + 1)) // 3 + 1
        tops=((2, 5, 5, 7, 7),),
        blobs=(weight(5, 3, 2, 3, 5), bias(5)),
        macs=2 * 5 * 5 * 7 * 7 * 3 * 2 * 3 * 5,
        backward_macs=2 * 2 * 5 * 5 * 7 * 7 * 3 * 2 * 3 * 5,
        other_ops=2 * 5 * 5 * 7 * 7,
    ),
    Row(
        "Convolution",
        "over three axes, one value for all",
        "convolution_param { num_output: 5 kernel_size: 3 stride: 2 pad: 1 }",
        bottoms=((2, 3, 6, 13, 23),),
        tops=((2, 5, 3, 7, 12),),  # (6 + 2 − 3) // 2 + 1, (13 + 2 − 3) // 2 + 1, (23 + 2 − 3) // 2 + 1
        blobs=(weight(5, 3, 3, 3, 3), bias(5)),
        macs=2 * 5 * 3 * 7 * 12 * 3 * 3 * 3 * 3,
        backward_macs=2 * 2 * 5 * 3 * 7 * 12 * 3 * 3 * 3 * 3,
        other_ops=2 * 5 * 3 * 7 * 12,
    ),
    Row(
        "Convolution",
        "channels on axis 2, what stands before is batch",
        "convolution_param { num_output: 5 kernel_size: 3 axis: 2 }",
        bottoms=((7, 3, 2, 11, 13),),
        tops=((7, 3, 5, 9, 11),),
        blobs=PLAIN_BLOBS,
        macs=7 * 3 * 5 * 9 * 11 * 2 * 3 * 3,
        backward_macs=2 * 7 * 3 * 5 * 9 * 11 * 2 * 3 * 3,
        other_ops=7 * 3 * 5 * 9 * 11,
    ),
    Row(
        "Convolution",
        "an axis counted from the end",
        "convolution_param { num_output: 5 kernel_size: 3 axis: -3 }",
        bottoms=((7, 3, 2, 11, 13),),
        tops=((7, 3, 5, 9, 11),),
        blobs=PLAIN_BLOBS,
        macs=7 * 3 * 5 * 9 * 11 * 2 * 3 * 3,
        backward_macs=2 * 7 * 3 * 5 * 9 * 11 * 2 * 3 * 3,
        other_ops=7 * 3 * 5 * 9 * 11,
    ),
    Row(
        "Convolution",
        "two bottoms share the weights",
        PLAIN,
        bottoms=(BOTTOM, (3, 2, 6, 8)),
        tops=(PLAIN_TOP, (3, 5, 4, 6)),
        blobs=PLAIN_BLOBS,
        macs=(7 * 5 * 9 * 11 + 3 * 5 * 4 * 6) * 2 * 3 * 3,
        backward_macs=2 * (7 * 5 * 9 * 11 + 3 * 5 * 4 * 6) * 2 * 3 * 3,
        other_ops=7 * 5 * 9 * 11 + 3 * 5 * 4 * 6,
    ),
    Row(
        "Convolution",
        "two bottoms, a gradient for the second alone",
        PLAIN,
        bottoms=(BOTTOM, (3, 2, 6, 8)),
        tops=(PLAIN_TOP, (3, 5, 4, 6)),
        blobs=PLAIN_BLOBS,
        macs=(7 * 5 * 9 * 11 + 3 * 5 * 4 * 6) * 2 * 3 * 3,
        # weights from both, then the second bottom
        backward_macs=(7 * 5 * 9 * 11 + 3 * 5 * 4 * 6) * 2 * 3 * 3 + 3 * 5 * 4 * 6 * 2 * 3 * 3,
        other_ops=7 * 5 * 9 * 11 + 3 * 5 * 4 * 6,
        needs_grad=(False, True),
    ),
    Row(
        "Convolution",
        "the kernel is the whole map",
        "convolution_param { num_output: 5 kernel_h: 11 kernel_w: 13 }",
        bottoms=(BOTTOM,),
        tops=((7, 5, 1, 1),),
        blobs=(weight(5, 2, 11, 13), bias(5)),
        macs=7 * 5 * 2 * 11 * 13,
        backward_macs=2 * 7 * 5 * 2 * 11 * 13,
        other_ops=7 * 5,
    ),
    Row(
        "Convolution",
        "of 2014, with multipliers in lists: the second freezes the bias alone",
        "type: CONVOLUTION blobs_lr: 1 blobs_lr: 0 convolution_param { num_output: 5 kernel_size: 3 }",
        bottoms=(BOTTOM,),
        tops=(PLAIN_TOP,),
        blobs=PLAIN_BLOBS,
        macs=PLAIN_MACS,
        backward_macs=2 * PLAIN_MACS,
        other_ops=7 * 5 * 9 * 11,
    ),
    Row(
        "CONVOLUTION",
        "the type as 2014 names it",
        "type: CONVOLUTION blobs_lr: 0 blobs_lr: 2 convolution_param { num_output: 5 kernel_size: 3 }",
        bottoms=(BOTTOM,),
        tops=(PLAIN_TOP,),
        blobs=PLAIN_BLOBS,
        macs=PLAIN_MACS,
        backward_macs=PLAIN_MACS,
        other_ops=7 * 5 * 9 * 11,
    ),
    Row(
        "conv",
        "of 2013, nested, with its own field names",
        'layer { type: "conv" num_output: 6 kernelsize: 3 stride: 2 pad: 1 group: 2 biasterm: false }',
        bottoms=((7, 4, 11, 14),),
        tops=((7, 6, 6, 7),),  # (11 + 2 − 3) // 2 + 1, (14 + 2 − 3) // 2 + 1
        blobs=(weight(6, 2, 3, 3),),
        macs=7 * 6 * 6 * 7 * 2 * 3 * 3,
        backward_macs=2 * 7 * 6 * 6 * 7 * 2 * 3 * 3,
    ),
    Row(
        "Convolution",
        "channels that its groups do not divide",
        "convolution_param { num_output: 5 kernel_size: 3 group: 2 }",
        bottoms=((7, 4, 11, 13),),
        tops=((7, 5, 9, 11),),
        blobs=NA("4 → 5 channels cannot be split into 2 groups"),
        macs=NA("4 → 5 channels cannot be split into 2 groups"),
        backward_macs=NA("4 → 5 channels cannot be split into 2 groups"),
        other_ops=7 * 5 * 9 * 11,
    ),
    Row(
        "Convolution",
        "no kernel stated",
        "convolution_param { num_output: 5 }",
        bottoms=(BOTTOM,),
        printed=(PLAIN_TOP,),
        blobs=NA("the definition states no kernel"),
        macs=NA("the definition states no kernel"),
        backward_macs=NA("the definition states no kernel"),
        other_ops=NA("the definition states no kernel"),
    ),
    Row(
        "Convolution",
        "a stride of nothing",
        "convolution_param { num_output: 5 kernel_size: 3 stride: 0 }",
        bottoms=(BOTTOM,),
        printed=(PLAIN_TOP,),
        blobs=PLAIN_BLOBS,
        macs=PLAIN_MACS,
        backward_macs=2 * PLAIN_MACS,
        other_ops=7 * 5 * 9 * 11,
    ),
    Row(
        "Convolution",
        "no definition: neither kernel nor group stands in the shapes",
        None,
        bottoms=(BOTTOM,),
        printed=(PLAIN_TOP,),
        blobs=NA("the layer's definition is missing"),
        macs=NA("the layer's definition is missing"),
        backward_macs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
)

DEPTHWISE: Final = (
    Row(
        "DepthwiseConvolution",
        "one group per channel where no group is stated",
        "convolution_param { num_output: 3 kernel_size: 5 }",
        bottoms=((7, 3, 11, 13),),
        tops=((7, 3, 7, 9),),
        blobs=(weight(3, 1, 5, 5), bias(3)),
        macs=7 * 3 * 7 * 9 * 1 * 5 * 5,
        backward_macs=2 * 7 * 3 * 7 * 9 * 5 * 5,
        other_ops=7 * 3 * 7 * 9,
    ),
    Row(
        "DepthwiseConvolution",
        "two outputs per channel",
        "convolution_param { num_output: 6 kernel_size: 5 bias_term: false }",
        bottoms=((7, 3, 11, 13),),
        tops=((7, 6, 7, 9),),
        blobs=(weight(6, 1, 5, 5),),
        macs=7 * 6 * 7 * 9 * 1 * 5 * 5,
        backward_macs=2 * 7 * 6 * 7 * 9 * 5 * 5,
    ),
    Row(
        "DepthwiseConvolution",
        "a stated group counts",
        "convolution_param { num_output: 6 kernel_size: 5 group: 2 bias_term: false }",
        bottoms=((7, 4, 11, 13),),
        tops=((7, 6, 7, 9),),
        blobs=(weight(6, 4 // 2, 5, 5),),
        macs=7 * 6 * 7 * 9 * (4 // 2) * 5 * 5,
        backward_macs=2 * 7 * 6 * 7 * 9 * (4 // 2) * 5 * 5,
    ),
    Row(
        "ConvolutionDepthwise",
        "one group per channel, first layer, stride and pad",
        "convolution_param { num_output: 3 kernel_size: 5 stride: 2 pad: 1 }",
        bottoms=((7, 3, 11, 14),),
        tops=((7, 3, 5, 6),),  # (11 + 2 − 5) // 2 + 1, (14 + 2 − 5) // 2 + 1
        blobs=(weight(3, 1, 5, 5), bias(3)),
        macs=7 * 3 * 5 * 6 * 5 * 5,
        backward_macs=7 * 3 * 5 * 6 * 5 * 5,
        other_ops=7 * 3 * 5 * 6,
        needs_grad=(False,),
    ),
)

DEEPLAB: Final = (
    Row(
        "ConvolutionDeeplab",
        "its own message, holes along each axis",
        "convolution_deeplab_param { num_output: 5 kernel_size: 3 hole_h: 2 hole_w: 4 pad: 1 }",
        bottoms=((7, 2, 17, 19),),
        tops=((7, 5, 15, 13),),  # 17 + 2 − (2·2 + 1) + 1, 19 + 2 − (4·2 + 1) + 1
        blobs=PLAIN_BLOBS,
        macs=7 * 5 * 15 * 13 * 2 * 3 * 3,
        backward_macs=2 * 7 * 5 * 15 * 13 * 2 * 3 * 3,
        other_ops=7 * 5 * 15 * 13,
    ),
    Row(
        "ConvolutionDeeplab",
        "the usual message, no bias",
        "convolution_param { num_output: 5 kernel_size: 3 bias_term: false }",
        bottoms=(BOTTOM,),
        tops=(PLAIN_TOP,),
        blobs=(weight(5, 2, 3, 3),),
        macs=PLAIN_MACS,
        backward_macs=2 * PLAIN_MACS,
    ),
)

DECONVOLUTION: Final = (
    Row(
        "Deconvolution",
        "stride and pad: the pad is taken off at both ends",
        "convolution_param { num_output: 3 kernel_size: 4 stride: 3 pad: 1 }",
        bottoms=((7, 2, 5, 6),),
        tops=((7, 3, 14, 17),),  # 3·(5 − 1) + 4 − 2·1, 3·(6 − 1) + 4 − 2·1
        blobs=(weight(2, 3, 4, 4), bias(3)),  # input channels first
        macs=7 * 2 * 5 * 6 * 3 * 4 * 4,
        backward_macs=2 * 7 * 2 * 5 * 6 * 3 * 4 * 4,
        other_ops=7 * 3 * 14 * 17,
    ),
    Row(
        "Deconvolution",
        "groups, rectangular, dilated, no bias",
        "convolution_param { num_output: 6 kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 3 pad_h: 1 pad_w: 2 "
        "dilation: 2 dilation: 3 group: 2 bias_term: false }",
        bottoms=((7, 4, 5, 6),),
        tops=((7, 6, 9, 18),),  # 2·(5 − 1) + (2·1 + 1) − 2·1, 3·(6 − 1) + (3·2 + 1) − 2·2
        blobs=(weight(4, 6 // 2, 2, 3),),
        macs=7 * 4 * 5 * 6 * (6 // 2) * 2 * 3,
        backward_macs=2 * 7 * 4 * 5 * 6 * (6 // 2) * 2 * 3,
    ),
    Row(
        "Deconvolution",
        "an upsampling of frozen weights, one group per channel",
        "param { lr_mult: 0 } convolution_param { num_output: 3 kernel_size: 4 stride: 2 group: 3 bias_term: false }",
        bottoms=((7, 3, 5, 6),),
        tops=((7, 3, 12, 14),),  # 2·(5 − 1) + 4, 2·(6 − 1) + 4
        blobs=(weight(3, 1, 4, 4),),
        macs=7 * 3 * 5 * 6 * 1 * 4 * 4,
        backward_macs=7 * 3 * 5 * 6 * 4 * 4,  # for the bottom
    ),
    Row(
        "Deconvolution",
        "over three axes",
        "convolution_param { num_output: 5 kernel_size: 2 kernel_size: 3 kernel_size: 4 stride: 2 }",
        bottoms=((2, 3, 4, 5, 6),),
        tops=((2, 5, 8, 11, 14),),  # 2·3 + 2, 2·4 + 3, 2·5 + 4
        blobs=(weight(3, 5, 2, 3, 4), bias(5)),
        macs=2 * 3 * 4 * 5 * 6 * 5 * 2 * 3 * 4,
        backward_macs=2 * 2 * 3 * 4 * 5 * 6 * 5 * 2 * 3 * 4,
        other_ops=2 * 5 * 8 * 11 * 14,
    ),
)

IM2COL: Final = (
    Row(
        "Im2col",
        "a channel per place of the kernel",
        "convolution_param { kernel_h: 3 kernel_w: 5 }",
        bottoms=(BOTTOM,),
        tops=((7, 2 * 3 * 5, 9, 9),),  # 11 − 3 + 1, 13 − 5 + 1
    ),
    Row(
        "Im2col",
        "stride, pad and dilation",
        "convolution_param { kernel_size: 3 stride: 2 pad: 1 dilation: 2 }",
        bottoms=((7, 2, 11, 15),),
        tops=((7, 2 * 3 * 3, 5, 7),),  # (11 + 2 − 5) // 2 + 1, (15 + 2 − 5) // 2 + 1
    ),
    Row(
        "Im2col",
        "another channel axis",
        "convolution_param { kernel_size: 3 axis: 2 }",
        bottoms=((7, 3, 2, 11, 13),),
        tops=((7, 3, 2 * 3 * 3, 9, 11),),
    ),
)

ROWS: Final = (*CIRCUMSTANCES, *CONVOLUTION, *DEPTHWISE, *DEEPLAB, *DECONVOLUTION, *IM2COL)
