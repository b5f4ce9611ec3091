"""What each layer type allocates for itself, by hand from its Reshape, Forward and Backward.

Caffe allocates at first touch: `mutable_cpu_data` in Reshape is at set-up on the CPU, but on the GPU such a blob has
memory there only from the first `gpu_data` on. A row lists what is touched on either device in a TRAIN net where the
layer does backward; in a TEST net, or without backward, what Backward touches is not there. Integers stay 32 bits in
a net of doubles.

Figures that were measured (every cudaMalloc of a run, by the function that asked for it) are marked so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

SETUP: Final = "setup"
FORWARD: Final = "forward"
BACKWARD: Final = "backward"


class Held(NamedTuple):
    """One buffer: its name in the program, its moment, its values, and whether they are 32-bit integers."""

    name: str
    moment: str
    values: int
    integers: bool = False


class Early(NamedTuple):
    """A buffer that set-up fills on the CPU; the GPU has it from `on_gpu` on."""

    name: str
    values: int
    on_gpu: str = FORWARD
    integers: bool = False


@dataclass(frozen=True)
class BufferRow:
    """One layer and its buffers: `both` on either device, `early` at set-up on the CPU and later on the GPU.

    `only_training` names a device where a TEST net has none.
    """

    type: str
    about: str
    text: str = ""
    bottoms: tuple[Shape, ...] = ()
    tops: tuple[Shape, ...] = ()
    both: tuple[Held, ...] = ()
    early: tuple[Early, ...] = ()
    cpu: tuple[Held, ...] = ()
    gpu: tuple[Held, ...] = ()
    only_training: tuple[str, ...] = ()
    in_place: bool = False
    needs_grad: bool = True

    def __str__(self) -> str:
        """The name of the test case."""
        return f"{self.type}: {self.about}"

    def spec(self, phase: str = "TRAIN", *, backward: bool = True) -> LayerSpec:
        """The layer as the program is asked about it."""
        return LayerSpec(
            name="x",
            type=self.type,
            definition=parse(self.text).root,
            bottoms=self.bottoms,
            tops=self.tops,
            in_place=(self.in_place,) * len(self.tops),
            phase=phase,
            backward=backward,
            bottom_needs_grad=(self.needs_grad,) * len(self.bottoms),
        )

    def on(self, device: str, phase: str = "TRAIN", *, backward: bool = True) -> tuple[Held, ...]:
        """What is there on a device."""
        if phase == "TEST" and device in self.only_training:
            return ()
        own = self.gpu if device == "gpu" else self.cpu
        early = (
            Held(one.name, one.on_gpu if device == "gpu" else SETUP, one.values, one.integers) for one in self.early
        )
        goes_back = backward and phase == "TRAIN"
        return tuple(one for one in (*self.both, *own, *early) if goes_back or one.moment != BACKWARD)


@dataclass(frozen=True)
class UnknownRow:
    """One layer whose buffers cannot be told, and a piece of the reason, on some devices in some circumstances.

    `training` says that only a layer that does backward is concerned; `held` is what it holds where that can be told.
    """

    type: str
    about: str
    reason: str
    text: str = ""
    bottoms: tuple[Shape, ...] = ()
    tops: tuple[Shape, ...] = ()
    devices: tuple[str, ...] = ("cpu", "gpu")
    training: bool = False
    in_place: bool = False
    held: tuple[Held, ...] = ()

    def __str__(self) -> str:
        """The name of the test case."""
        return f"{self.type}: {self.about}"

    def spec(self, phase: str = "TRAIN", *, backward: bool = True) -> LayerSpec:
        """The layer as the program is asked about it."""
        row = BufferRow(self.type, self.about, self.text, self.bottoms, self.tops, in_place=self.in_place)
        return row.spec(phase, backward=backward)


# -- convolutions: base_conv_layer.cpp -----------------------------------------------------------------

BOTTOM: Final = (7, 2, 11, 13)
TOP: Final = (7, 5, 9, 11)
COLUMN: Final = Held("im2col column", FORWARD, 2 * 3 * 3 * 9 * 11)  # one image, whatever the batch
UNUSED: Final = Held("im2col column, never used", BACKWARD, 2 * 11 * 13)
ONES: Final = "bias multiplier"
PLAIN: Final = "convolution_param { num_output: 5 kernel_size: 3 }"
BARE: Final = "convolution_param { num_output: 5 kernel_size: 3 bias_term: false }"
POINT: Final = "num_output: 5 kernel_size: 1 bias_term: false"
SPREAD: Final = "convolution_param { num_output: 3 kernel_size: 5 stride: 2 pad: 1 }"

CONVOLUTION: Final = (
    BufferRow(
        "Convolution",
        "the patches of one image, and ones for the bias",
        PLAIN,
        (BOTTOM,),
        (TOP,),
        cpu=(COLUMN, Held(ONES, SETUP, 9 * 11)),
        gpu=(COLUMN, Held(ONES, FORWARD, 9 * 11)),
    ),
    BufferRow("Convolution", "no bias", BARE, (BOTTOM,), (TOP,), both=(COLUMN,)),
    BufferRow(
        "Convolution",
        "first: its column is needed all the same",
        BARE,
        (BOTTOM,),
        (TOP,),
        both=(COLUMN,),
        needs_grad=False,
    ),
    BufferRow(
        "Convolution",
        "groups share one column; a dilation makes it no larger",
        "convolution_param { num_output: 6 kernel_h: 3 kernel_w: 5 dilation: 2 group: 2 bias_term: false }",
        ((7, 4, 11, 13),),
        ((7, 6, 7, 5),),
        both=(Held("im2col column", FORWARD, 4 * 3 * 5 * 7 * 5),),
    ),
    BufferRow(
        "Convolution",
        "channels on axis 2",
        "convolution_param { num_output: 5 kernel_size: 3 axis: 2 }",
        ((7, 3, 2, 11, 13),),
        ((7, 3, 5, 9, 11),),
        cpu=(COLUMN, Held(ONES, SETUP, 9 * 11)),
        gpu=(COLUMN, Held(ONES, FORWARD, 9 * 11)),
    ),
    BufferRow(
        "Convolution",
        "a pointwise one asks for its column in backward and never uses it",
        f"convolution_param {{ {POINT} }}",
        (BOTTOM,),
        ((7, 5, 11, 13),),
        both=(UNUSED,),
    ),
    BufferRow(
        "Convolution",
        "a pointwise one that passes no gradient down never asks",
        f"convolution_param {{ {POINT} }}",
        (BOTTOM,),
        ((7, 5, 11, 13),),
        needs_grad=False,
    ),
    BufferRow(
        "Convolution",
        "1×1 with a stride is not pointwise",
        f"convolution_param {{ {POINT} stride: 2 }}",
        (BOTTOM,),
        ((7, 5, 6, 7),),
        both=(Held("im2col column", FORWARD, 2 * 6 * 7),),
    ),
    BufferRow(
        "Convolution",
        "1×1 with a pad is not pointwise",
        f"convolution_param {{ {POINT} pad_h: 0 pad_w: 1 }}",
        (BOTTOM,),
        ((7, 5, 11, 15),),
        both=(Held("im2col column", FORWARD, 2 * 11 * 15),),
    ),
    BufferRow(
        "Convolution",
        "over three axes",
        "convolution_param { num_output: 5 kernel_size: 3 bias_term: false }",
        ((7, 2, 5, 11, 13),),
        ((7, 5, 3, 9, 11),),
        cpu=(Held("im2col column", FORWARD, 2 * 27 * 3 * 9 * 11),),
        gpu=(
            Held("im2col column", FORWARD, 2 * 27 * 3 * 9 * 11),
            # shapes of image and column, 4 axes each; kernel, pad, stride and dilation, 3 axes each (measured)
            Held("im2col settings", FORWARD, 4 + 4 + 4 * 3, integers=True),
        ),
    ),
    BufferRow(
        "Convolution",
        "over one axis the general im2col runs too",
        "convolution_param { num_output: 5 kernel_size: 3 bias_term: false }",
        ((7, 2, 13),),
        ((7, 5, 11),),
        both=(Held("im2col column", FORWARD, 2 * 3 * 11),),
        gpu=(Held("im2col settings", FORWARD, 2 + 2 + 4 * 1, integers=True),),
    ),
    BufferRow(
        "Convolution",
        "over two axes where it is asked for",
        "convolution_param { num_output: 5 kernel_size: 3 bias_term: false force_nd_im2col: true }",
        (BOTTOM,),
        (TOP,),
        both=(COLUMN,),
        gpu=(Held("im2col settings", FORWARD, 3 + 3 + 4 * 2, integers=True),),
    ),
    BufferRow(
        "Convolution",
        "a pointwise one over three axes unrolls nothing",
        f"convolution_param {{ {POINT} }}",
        ((7, 2, 5, 11, 13),),
        ((7, 5, 5, 11, 13),),
        both=(Held("im2col column, never used", BACKWARD, 2 * 5 * 11 * 13),),
    ),
    BufferRow(
        "Im2col",
        "over three axes: the whole shapes of bottom and top, and what the window is",
        "convolution_param { kernel_size: 3 }",
        ((7, 2, 5, 11, 13),),
        ((7, 2 * 27, 3, 9, 11),),
        gpu=(Held("im2col settings", FORWARD, 5 + 5 + 4 * 3, integers=True),),
    ),
    BufferRow(
        "DepthwiseConvolution",
        "the base class's on the CPU, kernels of its own on the GPU",
        "convolution_param { num_output: 3 kernel_size: 5 }",
        ((7, 3, 11, 13),),
        ((7, 3, 7, 9),),
        cpu=(Held("im2col column", FORWARD, 3 * 5 * 5 * 7 * 9), Held(ONES, SETUP, 7 * 9)),
    ),
    BufferRow(
        "ConvolutionDepthwise",
        "its GPU sums gradients over patches of the whole batch (conv_dw_layer.cu)",
        SPREAD,
        ((7, 3, 11, 14),),
        ((7, 3, 5, 6),),
        cpu=(Held("weight multiplier", SETUP, 7 * 5 * 6), Held(ONES, SETUP, 7 * 5 * 6)),
        gpu=(
            Held("weight multiplier", BACKWARD, 7 * 5 * 6),
            Held("patches of the whole batch", BACKWARD, 3 * 5 * 5 * 7 * 5 * 6),
            Held(ONES, BACKWARD, 7 * 5 * 6),
            Held("bias gradients per place", BACKWARD, 3 * 7 * 5 * 6),
        ),
    ),
    BufferRow(
        "ConvolutionDepthwise",
        "frozen weights: for the bias alone",
        f"param {{ lr_mult: 0 }} {SPREAD}",
        ((7, 3, 11, 14),),
        ((7, 3, 5, 6),),
        cpu=(Held("weight multiplier", SETUP, 7 * 5 * 6), Held(ONES, SETUP, 7 * 5 * 6)),
        gpu=(Held(ONES, BACKWARD, 7 * 5 * 6), Held("bias gradients per place", BACKWARD, 3 * 7 * 5 * 6)),
    ),
    BufferRow(
        "ConvolutionDepthwise",
        "no bias",
        "convolution_param { num_output: 3 kernel_size: 5 stride: 2 pad: 1 bias_term: false }",
        ((7, 3, 11, 14),),
        ((7, 3, 5, 6),),
        cpu=(Held("weight multiplier", SETUP, 7 * 5 * 6),),
        gpu=(
            Held("weight multiplier", BACKWARD, 7 * 5 * 6),
            Held("patches of the whole batch", BACKWARD, 3 * 5 * 5 * 7 * 5 * 6),
        ),
    ),
    BufferRow(
        "ConvolutionDeeplab",
        "as a convolution",
        "convolution_deeplab_param { num_output: 5 kernel_size: 3 hole: 1 bias_term: false }",
        (BOTTOM,),
        (TOP,),
        both=(COLUMN,),
    ),
    BufferRow(
        "Deconvolution",
        "the patches of its top over the map of its bottom",
        "convolution_param { num_output: 3 kernel_size: 4 stride: 3 pad: 1 }",
        ((7, 2, 5, 6),),
        ((7, 3, 14, 17),),
        cpu=(Held("im2col column", FORWARD, 3 * 4 * 4 * 5 * 6), Held(ONES, SETUP, 14 * 17)),
        gpu=(Held("im2col column", FORWARD, 3 * 4 * 4 * 5 * 6), Held(ONES, FORWARD, 14 * 17)),
    ),
    BufferRow(
        "Deconvolution",
        "a pointwise one asks for its column in forward: that is a convolution's backward",
        f"convolution_param {{ {POINT} }}",
        ((7, 2, 5, 6),),
        ((7, 5, 5, 6),),
        both=(Held("im2col column, never used", FORWARD, 5 * 5 * 6),),
    ),
    BufferRow(
        "Deconvolution",
        "a pointwise one that passes no gradient down asks all the same",
        f"convolution_param {{ {POINT} }}",
        ((7, 2, 5, 6),),
        ((7, 5, 5, 6),),
        both=(Held("im2col column, never used", FORWARD, 5 * 5 * 6),),
        needs_grad=False,
    ),
    BufferRow(
        "Deconvolution",
        "over three axes",
        "convolution_param { num_output: 3 kernel_size: 2 stride: 2 bias_term: false }",
        ((7, 2, 4, 5, 6),),
        ((7, 3, 8, 10, 12),),
        both=(Held("im2col column", FORWARD, 3 * 8 * 4 * 5 * 6),),
        gpu=(Held("im2col settings", FORWARD, 4 + 4 + 4 * 3, integers=True),),
    ),
)

# -- dense layers: inner_product_layer.cpp, embed_layer.cpp --------------------------------------------

DENSE: Final = (
    BufferRow(
        "InnerProduct",
        "a one per image",
        "inner_product_param { num_output: 11 }",
        ((7, 2, 3),),
        ((7, 11),),
        early=(Early(ONES, 7),),
    ),
    BufferRow(
        "InnerProduct",
        "a one per row",
        "inner_product_param { num_output: 11 axis: 2 }",
        ((7, 2, 3),),
        ((7, 2, 11),),
        early=(Early(ONES, 7 * 2),),
    ),
    BufferRow(
        "InnerProduct",
        "axis 0: one row",
        "inner_product_param { num_output: 11 axis: 0 bias_term: true }",
        ((2, 3),),
        ((11,),),
        cpu=(Held(ONES, SETUP, 1),),
        gpu=(Held(ONES, BACKWARD, 1),),
    ),
    BufferRow(
        "InnerProduct",
        "one image",
        "inner_product_param { num_output: 11 }",
        ((1, 2, 3),),
        ((1, 11),),
        cpu=(Held(ONES, SETUP, 1),),
        gpu=(Held(ONES, BACKWARD, 1),),
    ),
    BufferRow(
        "InnerProduct",
        "one image and a frozen bias: its gradient is not made",
        "param { lr_mult: 1 } param { lr_mult: 0 } inner_product_param { num_output: 11 }",
        ((1, 2, 3),),
        ((1, 11),),
        cpu=(Held(ONES, SETUP, 1),),
    ),
    BufferRow(
        "InnerProduct",
        "tops of an old release, padded with ones",
        "inner_product_param { num_output: 11 }",
        ((7, 6, 1, 1),),
        ((7, 11, 1, 1),),
        early=(Early(ONES, 7),),
    ),
    BufferRow(
        "InnerProduct", "no bias", "inner_product_param { num_output: 11 bias_term: false }", ((7, 6),), ((7, 11),)
    ),
    BufferRow(
        "Embed",
        "a one per word",
        "embed_param { input_dim: 13 num_output: 5 }",
        ((7, 3),),
        ((7, 3, 5),),
        early=(Early(ONES, 7 * 3),),
    ),
    BufferRow(
        "Embed", "no bias", "embed_param { input_dim: 13 num_output: 5 bias_term: false }", ((7, 3),), ((7, 3, 5),)
    ),
)

# -- pooling: pooling_layer.cpp, spp_layer.cpp ---------------------------------------------------------

IMAGES: Final = (7, 3, 11, 14)
POOLED: Final = (7, 3, 5, 7)
WINDOW: Final = "kernel_size: 3 stride: 2"
INDEX: Final = Held("index of the maximum", FORWARD, prod(POOLED), integers=True)
DRAWN: Final = Held("drawn index", FORWARD, prod(POOLED))


def level(place: int, bins: int, *, indexed: bool = True) -> tuple[Held, ...]:
    """A level of a pyramid: its pooling's top and index, and the gradients of its top and of its own split bottom."""
    values = 7 * 3 * bins * bins
    index = (Held(f"level {place}, index of the maximum", FORWARD, values, integers=True),) if indexed else ()
    return (
        Held(f"level {place}", FORWARD, values),
        *index,
        Held(f"level {place}, gradient", BACKWARD, values),
        Held(f"level {place}, gradient of its bottom", BACKWARD, prod(IMAGES)),
    )


POOLING: Final = (
    BufferRow(
        "Pooling", "MAX: an index per output", f"pooling_param {{ {WINDOW} }}", (IMAGES,), (POOLED,), both=(INDEX,)
    ),
    BufferRow(
        "Pooling", "MAX: a second top takes the indices", f"pooling_param {{ {WINDOW} }}", (IMAGES,), (POOLED, POOLED)
    ),
    BufferRow("Pooling", "AVE", f"pooling_param {{ pool: AVE {WINDOW} }}", (IMAGES,), (POOLED,)),
    BufferRow(
        "Pooling",
        "STOCHASTIC draws in training alone",
        f"pooling_param {{ pool: STOCHASTIC {WINDOW} }}",
        (IMAGES,),
        (POOLED,),
        both=(DRAWN,),
        only_training=("cpu", "gpu"),
    ),
    BufferRow(  # measured
        "SPP",
        "a little net of poolings",
        "spp_param { pyramid_height: 3 }",
        (IMAGES,),
        ((7, 63),),
        both=(
            *level(0, 1),
            *level(1, 2),
            *level(2, 4),
        ),
    ),
    BufferRow(
        "SPP",
        "averages need no index",
        "spp_param { pyramid_height: 2 pool: AVE }",
        (IMAGES,),
        ((7, 15),),
        both=(
            *level(0, 1, indexed=False),
            *level(1, 2, indexed=False),
        ),
    ),
    BufferRow(
        "SPP",
        "drawn indices, in a TEST net too: its inner layers have no phase",
        "spp_param { pyramid_height: 2 pool: STOCHASTIC }",
        (IMAGES,),
        ((7, 15),),
        both=(
            *level(0, 1, indexed=False),
            *level(1, 2, indexed=False),
            Held("level 0, drawn index", FORWARD, 7 * 3),
            Held("level 1, drawn index", FORWARD, 7 * 3 * 2 * 2),
        ),
    ),
    BufferRow(
        "SPP",
        "one level of averages keeps nothing",
        "spp_param { pyramid_height: 1 pool: AVE }",
        (IMAGES,),
        ((7, 3, 1, 1),),
    ),
    BufferRow(
        "SPP",
        "one level is a pooling on the layer's own bottom and top",
        "spp_param { pyramid_height: 1 }",
        (IMAGES,),
        ((7, 3, 1, 1),),
        both=(Held("level 0, index of the maximum", FORWARD, 7 * 3, integers=True),),
    ),
)

# -- normalisation: batch_norm_layer.cpp, scale_layer.cpp, bias_layer.cpp, lrn_layer.cpp, mvn_layer.cpp --

BLOB: Final = (7, 3, 5, 11)
COUNT: Final = 7 * 3 * 5 * 11


def batch_norm(moment: str) -> tuple[Held, ...]:
    """Two whole copies and small ones; the multipliers are filled at `moment` (measured)."""
    return (
        Held("temporary", FORWARD, COUNT),
        Held("normalised values", FORWARD, COUNT),
        Held("means", FORWARD, 3),
        Held("variances", FORWARD, 3),
        Held("sums per image and channel", FORWARD, 7 * 3),
        Held("batch multiplier", moment, 7),
        Held("map multiplier", moment, 5 * 11),
    )


TOP_GRADIENT: Final = Held("copy of the top's gradient", BACKWARD, COUNT)
SCALE_COPY: Final = Held("copy of the bottom", FORWARD, COUNT)
SUMS: Final = Held("sums per scale", BACKWARD, 7 * 3)


def multiplier(values: int, moment: str) -> Held:
    return Held("multiplier", moment, values)


WITHIN: Final = ("squares", "pooled squares", "powers")
WITHIN_GRADIENTS: Final = ("squares", "pooled squares", "powers", "product's bottom", "square's bottom")
WITHIN_CHANNEL: Final = (
    *(Held(name, FORWARD, COUNT) for name in WITHIN),
    *(Held(f"gradient of {name}", BACKWARD, COUNT) for name in WITHIN_GRADIENTS),
)


def mvn(values: int, moment: str, *, variances: bool = True) -> tuple[Held, ...]:
    """A whole copy, a mean and a variance per image and channel, ones over what is averaged (`values`)."""
    variance = (Held("variances", FORWARD, 7 * 3),) if variances else ()
    return (
        Held("temporary", FORWARD, COUNT),
        Held("means", FORWARD, 7 * 3),
        *variance,
        multiplier(values, moment),
    )


NORMALISATION: Final = (
    BufferRow("BatchNorm", "two copies", "", (BLOB,), (BLOB,), cpu=batch_norm(SETUP), gpu=batch_norm(FORWARD)),
    BufferRow(
        "BatchNorm",
        "in place: a copy of its top's gradient too",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(*batch_norm(SETUP), TOP_GRADIENT),
        gpu=(*batch_norm(FORWARD), TOP_GRADIENT),
        in_place=True,
    ),
    BufferRow(
        "Scale",
        "ones for the sums, sums per image and channel",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP), SUMS),
        gpu=(multiplier(5 * 11, BACKWARD), SUMS),
    ),
    BufferRow(
        "Scale",
        "more images than places on the map",
        "",
        ((7, 3, 5),),
        ((7, 3, 5),),
        cpu=(multiplier(7, SETUP), SUMS),
        gpu=(multiplier(7, BACKWARD), SUMS),
    ),
    BufferRow(
        "Scale",
        "in place: its bottom's values are overwritten, so it keeps them",
        "",
        (BLOB,),
        (BLOB,),
        cpu=(SCALE_COPY, multiplier(5 * 11, SETUP), SUMS),
        gpu=(SCALE_COPY, multiplier(5 * 11, BACKWARD), SUMS),
        in_place=True,
    ),
    BufferRow(
        "Scale",
        "with a shift: ones for that too",
        "scale_param { bias_term: true }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP), SUMS, Held(ONES, SETUP, 5 * 11)),
        gpu=(multiplier(5 * 11, BACKWARD), SUMS, Held(ONES, BACKWARD, 5 * 11)),
    ),
    BufferRow(
        "Scale",
        "the last axes: nothing behind them, so no sums",
        "scale_param { axis: -2 num_axes: 2 bias_term: true }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(7 * 3, SETUP), Held(ONES, SETUP, 1)),
        gpu=(multiplier(7 * 3, BACKWARD), Held(ONES, BACKWARD, 1)),
    ),
    BufferRow(
        "Scale",
        "factors of a second bottom, from axis 0: nothing before them, so no sums",
        "scale_param { axis: 0 }",
        (BLOB, (7, 3)),
        (BLOB,),
        early=(Early("multiplier", 5 * 11, BACKWARD),),
    ),
    BufferRow(
        "Scale",
        "frozen: its backward sums nothing",
        "param { lr_mult: 0 }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP),),
        gpu=(),
    ),
    BufferRow(
        "Scale",
        "the scale learns, the shift is frozen",
        "param { lr_mult: 1 } param { lr_mult: 0 } scale_param { bias_term: true }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP), SUMS, Held(ONES, SETUP, 5 * 11)),
        gpu=(multiplier(5 * 11, BACKWARD), SUMS),
    ),
    BufferRow(
        "Scale",
        "the shift learns, the scale is frozen",
        "param { lr_mult: 0 } scale_param { bias_term: true }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP), Held(ONES, SETUP, 5 * 11)),
        gpu=(Held(ONES, BACKWARD, 5 * 11),),
    ),
    BufferRow(
        "Scale",
        "one scale for all: it stands before all axes",
        "scale_param { num_axes: 0 bias_term: true }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(COUNT, SETUP), Held(ONES, SETUP, COUNT)),
        gpu=(multiplier(COUNT, BACKWARD), Held(ONES, BACKWARD, COUNT)),
    ),
    BufferRow(
        "Scale",
        "a scale for each value: nothing is summed up",
        "scale_param { axis: 0 num_axes: -1 }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(1, SETUP),),
    ),
    BufferRow(
        "Scale",
        "factors of a second bottom that needs no gradient",
        "scale_param { axis: 0 }",
        (BLOB, (7, 3)),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP),),
        needs_grad=False,
    ),
    BufferRow(
        "Scale",
        "a shift of its own beside factors of a second bottom is its first blob",
        "param { lr_mult: 0 } scale_param { axis: 0 bias_term: true }",
        (BLOB, (7, 3)),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP), Held(ONES, SETUP, 5 * 11)),
        gpu=(multiplier(5 * 11, BACKWARD),),
    ),
    BufferRow(
        "Bias",
        "frozen: the GPU adds it without ones",
        "param { lr_mult: 0 }",
        (BLOB,),
        (BLOB,),
        cpu=(multiplier(5 * 11, SETUP),),
    ),
    BufferRow(
        "Bias",
        "one for all values",
        "bias_param { num_axes: 0 }",
        (BLOB,),
        (BLOB,),
        early=(Early("multiplier", COUNT, BACKWARD),),
    ),
    BufferRow(
        "Bias",
        "of a second bottom that needs no gradient",
        "bias_param { axis: 0 }",
        (BLOB, (7, 3, 5)),
        (BLOB,),
        cpu=(multiplier(11, SETUP),),
        needs_grad=False,
    ),
    BufferRow("Bias", "ones over the map", "", (BLOB,), (BLOB,), early=(Early("multiplier", 5 * 11, BACKWARD),)),
    BufferRow(
        "Bias",
        "of a second bottom",
        "bias_param { axis: 0 }",
        (BLOB, (7, 3, 5)),
        (BLOB,),
        early=(Early("multiplier", 11, BACKWARD),),
    ),
    BufferRow(
        "Bias",
        "axis from the end",
        "bias_param { axis: -2 }",
        (BLOB,),
        (BLOB,),
        early=(Early("multiplier", 11, BACKWARD),),
    ),
    BufferRow("LRN", "a scale per value", "", (BLOB,), (BLOB,), both=(Held("scale", FORWARD, COUNT),)),
    BufferRow(
        "LRN",
        "within a channel: a little net of split, square, pooling, power and product",
        "lrn_param { norm_region: WITHIN_CHANNEL }",
        (BLOB,),
        (BLOB,),
        both=(*WITHIN_CHANNEL,),
    ),
    BufferRow(
        "LRN",
        "the region as a number",
        "lrn_param { norm_region: 1 }",
        (BLOB,),
        (BLOB,),
        both=(*WITHIN_CHANNEL,),
    ),
    BufferRow(
        "MVN", "a mean per image and channel", "", (BLOB,), (BLOB,), cpu=mvn(5 * 11, SETUP), gpu=mvn(5 * 11, FORWARD)
    ),
    BufferRow(
        "MVN",
        "across channels: the blobs of means and variances are as large",
        "mvn_param { across_channels: true }",
        (BLOB,),
        (BLOB,),
        cpu=mvn(3 * 5 * 11, SETUP),
        gpu=mvn(3 * 5 * 11, FORWARD),
    ),
    BufferRow(
        "MVN",
        "the mean alone: no variances",
        "mvn_param { normalize_variance: false }",
        (BLOB,),
        (BLOB,),
        cpu=mvn(5 * 11, SETUP, variances=False),
        gpu=mvn(5 * 11, FORWARD, variances=False),
    ),
)
