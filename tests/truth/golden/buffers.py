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


@dataclass(frozen=True)
class BufferRow:
    """One layer and its buffers: `both` on either device, `early` at set-up on the CPU and later on the GPU.

    `only_training` names a device where a TEST net has none. `wrong` says how the program is known to differ, in
    the buffers `differs`: but for these a row that is known to be wrong is right.
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
    wrong: str = ""
    differs: tuple[str, ...] = ()

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
        early = (Held(one.name, one.on_gpu if device == "gpu" else SETUP, one.values) for one in self.early)
        goes_back = backward and phase == "TRAIN"
        return tuple(one for one in (*self.both, *own, *early) if goes_back or one.moment != BACKWARD)


# -- convolutions: base_conv_layer.cpp -----------------------------------------------------------------

BOTTOM: Final = (7, 2, 11, 13)
TOP: Final = (7, 5, 9, 11)
COLUMN: Final = Held("im2col column", FORWARD, 2 * 3 * 3 * 9 * 11)  # one image, whatever the batch
UNUSED: Final = Held("im2col column, never used", BACKWARD, 2 * 11 * 13)
ONES: Final = "bias multiplier"
PLAIN: Final = "convolution_param { num_output: 5 kernel_size: 3 }"
BARE: Final = "convolution_param { num_output: 5 kernel_size: 3 bias_term: false }"
POINT: Final = "num_output: 5 kernel_size: 1 bias_term: false"

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
        wrong="beyond two axes im2col reads its settings from device memory: 80 bytes per layer, not counted",
        differs=("im2col settings",),
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
        wrong="a pointwise Deconvolution asks for its column in forward (backward_cpu_gemm), not in backward",
        differs=("im2col column, never used",),
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
        wrong="one row: the GPU adds the bias without the multiplier (inner_product_layer.cu), it is for backward",
        differs=(ONES,),
    ),
    BufferRow(
        "InnerProduct",
        "one image",
        "inner_product_param { num_output: 11 }",
        ((1, 2, 3),),
        ((1, 11),),
        cpu=(Held(ONES, SETUP, 1),),
        gpu=(Held(ONES, BACKWARD, 1),),
        wrong="one image: the GPU adds the bias without the multiplier (measured in a test net of batch 1)",
        differs=(ONES,),
    ),
    BufferRow(
        "InnerProduct",
        "tops of an old release, padded with ones",
        "inner_product_param { num_output: 11 }",
        ((7, 6, 1, 1),),
        ((7, 11, 1, 1),),
        early=(Early(ONES, 7),),
        wrong="the multiplier's length is taken as all axes of the padded top but the last: 77 for 7",
        differs=(ONES,),
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
        "one level is a pooling on the layer's own bottom and top",
        "spp_param { pyramid_height: 1 }",
        (IMAGES,),
        ((7, 3, 1, 1),),
        both=(Held("level 0, index of the maximum", FORWARD, 7 * 3, integers=True),),
        wrong="a pyramid of one level has neither a split nor a top of its own: nothing but the index",
        differs=(
            "level 0",
            "level 0, gradient",
            "level 0, gradient of its bottom",
        ),
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
WITHIN_NAMES: Final = (*WITHIN, *(f"gradient of {name}" for name in WITHIN_GRADIENTS))
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
        wrong="a frozen Scale makes no sums, and touches no multiplier on the GPU (param_propagate_down_)",
        differs=(
            "multiplier",
            "sums per scale",
        ),
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
        wrong="an enum written as a number is not read: the region is taken as ACROSS_CHANNELS",
        differs=(
            "scale",
            *WITHIN_NAMES,
        ),
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
        wrong="across channels means and variances are taken as one per image; MVNLayer::Reshape makes N·C of each",
        differs=(
            "means",
            "variances",
        ),
    ),
    BufferRow(
        "MVN",
        "the mean alone: no variances",
        "mvn_param { normalize_variance: false }",
        (BLOB,),
        (BLOB,),
        cpu=mvn(5 * 11, SETUP, variances=False),
        gpu=mvn(5 * 11, FORWARD, variances=False),
        wrong="without normalize_variance nothing touches the variances",
        differs=("variances",),
    ),
)
