"""Methods that change how weights are stored, and with some of them what a product costs; the net stays as it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from logparse.cost.stored.huffman import Huffman
from logparse.cost.stored.sparse import BEST, WITH_ZEROS, Zeros
from logparse.cost.stored.values import (
    FILTER,
    LAYER,
    NO_SCALE,
    SCALES,
    Codebook,
    FixedPoint,
    Hashed,
    ProductQuantized,
    Signs,
    Uniform,
)
from logparse.cost.whatif.methods.method import Method, Setting, Turn
from logparse.cost.whatif.methods.settings import (
    counts_of,
    from_to,
    index_of,
    number_of,
    share_of,
    some_share,
    word_of,
)
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from logparse.cost.stored.encoding import Encoding
    from logparse.cost.stored.values import Values
    from logparse.cost.whatif.methods.method import Encoded, Given

MOST_BITS: Final = 16  # of a codebook's number or a quantized weight


def _zeros(encoding: Encoding, given: Given) -> Encoding:
    if not given["share"] and given["active"] == 1 and given["index"] in {BEST, WITH_ZEROS}:
        return encoding  # nothing is left out, and no index is asked for
    return replace(encoding, zeros=Zeros(given["share"], given["index"], given["active"]))


def _written(encoding: Encoding, values: Values) -> Encoding:
    """The values after what was asked for before them: weights that are zero are left out first."""
    if encoding.zeros is not None and encoding.zeros.index != WITH_ZEROS and not values.marks_zeros:
        raise WhatIfError("weights that are left out and weights in this form do not go together")
    return replace(encoding, values=values)


def _in_bits(kind: type[Uniform | FixedPoint | Codebook]) -> Encoded:
    def encode(encoding: Encoding, given: Given) -> Encoding:
        return _written(encoding, kind(given["bits"]))

    return encode


def _signs(*, ternary: bool = False, activations: bool = False) -> Encoded:
    def encode(encoding: Encoding, given: Given) -> Encoding:
        return _written(encoding, Signs(given.get("scale", NO_SCALE), ternary=ternary, activations=activations))

    return encode


def _hashed(encoding: Encoding, given: Given) -> Encoding:
    return _written(encoding, Hashed(given["share"]))


def _product(encoding: Encoding, given: Given) -> Encoding:
    return _written(encoding, ProductQuantized(given["dims"], given["words"]))


def _huffman(encoding: Encoding, given: Given) -> Encoding:
    """Codes for what is written in a few bits: of floats nobody makes codes."""
    if encoding.values is None or not encoding.values.marks_zeros:
        raise WhatIfError("huffman codes numbers of few bits: give the layer codebook, quantize or fixed as well")
    told = [name for name in ("width", "entropy", "counts") if name in given]
    if len(told) > 1:
        raise WhatIfError(f"huffman takes one of width, entropy and counts, not {' and '.join(told)}")
    width = encoding.values.bits if isinstance(encoding.values, Codebook | Uniform | FixedPoint) else MOST_BITS
    entropy = given.get("entropy")
    if entropy is not None and entropy > width:
        raise WhatIfError(f"an entropy of {float(entropy):g} bits is more than numbers of {width} bits can have")
    if len(given.get("counts", ())) > 2**width:
        raise WhatIfError(f"a histogram of {len(given['counts'])} values is more than {width} bits can tell apart")
    return replace(encoding, huffman=Huffman(given.get("width"), entropy, given.get("counts", ()), given.get("index")))


_KEPT: Final = "Caffe itself stores and computes floats: its memory and its speed stay unless a program keeps this form"
_TRAINED: Final = "the net is trained on in this form"
_FLOATS: Final = f"{_TRAINED}, which keeps floats of every weight"
_ACCURACY: Final = "what it costs in accuracy only a test tells"
_PRODUCTS: Final = ("Convolution", "InnerProduct", "Deconvolution", "DepthwiseConvolution", "ConvolutionDepthwise")
_BITS: Final = Setting("bits", from_to(1, MOST_BITS), "N", "bits of a weight")
_SCALE: Final = Setting(
    "scale", word_of(SCALES), "|".join(SCALES), "a real factor for each filter, each layer, or none", FILTER
)

STORAGE: Final = (
    Method(
        key="prune",
        step=Turn.ZEROS,
        on="any layer with weights",
        does="single weights set to zero and left out, with an index that tells where the others stand",
        settings=(
            Setting("share", share_of, "P%", "share of the weights that is zero"),
            Setting("index", index_of, "rel1…rel8|csr|bitmap|dense|best", "what tells where the others stand", BEST),
            Setting("active", some_share, "P%", "share of the layer's inputs that is not zero", Fraction(1)),
        ),
        needs=(("share",),),
        assumes=(_KEPT,),
        unknown="where the zeros are only the weights tell: fillers of an index are likely as if by chance",
        source="Han et al. 2015; Han et al. 2016, Deep Compression",
        encodes=_zeros,
    ),
    Method(
        key="quantize",
        step=Turn.VALUES,
        on="any layer with a matrix or kernel",
        does="whole numbers of n bits, with a scale and a zero point of 32 bits each beside",
        settings=(_BITS,),
        needs=(("bits",),),
        assumes=(_KEPT, "as many MACs, of numbers of few bits where the hardware has such"),
        unknown=_ACCURACY,
        source="Jacob et al. 2018",
        encodes=_in_bits(Uniform),
    ),
    Method(
        key="fixed",
        step=Turn.VALUES,
        on="any layer with a matrix or kernel",
        does="fixed point of n bits, with an exponent of 8 bits beside",
        settings=(_BITS,),
        needs=(("bits",),),
        assumes=(_KEPT, "as many MACs, of numbers of few bits where the hardware has such"),
        unknown=_ACCURACY,
        source="Gysel et al. 2016, Ristretto",
        encodes=_in_bits(FixedPoint),
    ),
    Method(
        key="codebook",
        step=Turn.VALUES,
        on="any layer with a matrix or kernel",
        does="each weight one of 2ⁿ floats, which stand beside",
        settings=(_BITS,),
        needs=(("bits",),),
        assumes=(_KEPT, "as many MACs, of floats out of the codebook"),
        unknown=_ACCURACY,
        source="Han et al. 2016, Deep Compression; Gong et al. 2014",
        encodes=_in_bits(Codebook),
    ),
    Method(
        key="hash",
        step=Turn.VALUES,
        on="any layer with a matrix or kernel",
        does="a share of the weights is stored, and a hash says which of them stands where",
        settings=(Setting("share", some_share, "P%", "share of the weights that is stored"),),
        needs=(("share",),),
        assumes=(_KEPT, "as many MACs, of the floats that a hash finds", _TRAINED),
        unknown=_ACCURACY,
        source="Chen et al. 2015, HashedNets",
        encodes=_hashed,
    ),
    Method(
        key="pq",
        step=Turn.VALUES,
        on="Convolution, InnerProduct",
        does="pieces of d inputs, each one of k codewords; products become tables that are looked up",
        settings=(
            Setting("dims", from_to(1), "D", "inputs of one piece"),
            Setting("words", from_to(2, 2**MOST_BITS), "K", "codewords of each piece"),
        ),
        needs=(("dims", "words"),),
        assumes=(_KEPT, "codewords are shared by the places of a kernel and by groups"),
        unknown=_ACCURACY,
        source="Wu et al. 2016, Quantized CNN",
        encodes=_product,
        kinds=("Convolution", "InnerProduct"),
    ),
    Method(
        key="binary",
        step=Turn.VALUES,
        on="convolutions and InnerProduct",
        does="weights of one bit; a product becomes an addition",
        settings=(_SCALE,),
        assumes=(_KEPT, _FLOATS),
        unknown=_ACCURACY,
        source="Courbariaux et al. 2015, BinaryConnect; Rastegari et al. 2016, Binary-Weight-Networks",
        encodes=_signs(),
        kinds=_PRODUCTS,
    ),
    Method(
        key="ternary",
        step=Turn.VALUES,
        on="convolutions and InnerProduct",
        does="weights −1, 0 and 1 in two bits; a product becomes an addition, or nothing",
        settings=(_SCALE._replace(default=LAYER),),
        assumes=(_KEPT, _FLOATS),
        unknown=f"how many weights become 0, so that even the addition is spared, only they tell; {_ACCURACY}",
        source="Li and Liu 2016, Ternary Weight Networks",
        encodes=_signs(ternary=True),
        kinds=_PRODUCTS,
    ),
    Method(
        key="xnor",
        step=Turn.VALUES,
        on="convolutions and InnerProduct",
        does="weights and inputs of one bit; a product becomes an XNOR, a sum a count of bits, times a real factor",
        settings=(_SCALE,),
        assumes=(_KEPT, _FLOATS, "64 XNORs are one instruction of a CPU"),
        unknown=_ACCURACY,
        source="Rastegari et al. 2016, XNOR-Net",
        encodes=_signs(activations=True),
        kinds=_PRODUCTS,
    ),
    Method(
        key="bnn",
        step=Turn.VALUES,
        on="convolutions and InnerProduct",
        does="weights and inputs of one bit, without real factors",
        assumes=(_KEPT, _FLOATS, "64 XNORs are one instruction of a CPU"),
        unknown=_ACCURACY,
        source="Courbariaux et al. 2016, Binarized Neural Networks",
        encodes=_signs(activations=True),
        kinds=_PRODUCTS,
    ),
    Method(
        key="huffman",
        step=Turn.CODES,
        on="a layer with codebook, quantize or fixed",
        does="codes of unequal length for the numbers, and for the distances of an index",
        settings=(
            Setting("width", number_of, "L", "average length of a code as it was measured, in bits"),
            Setting("entropy", number_of, "H", "entropy of the numbers, in bits: a range follows"),
            Setting("counts", counts_of, "N1/N2/…", "how often each number stands: the length is exact"),
            Setting("index", number_of, "L", "average length of a coded distance as it was measured, in bits"),
        ),
        assumes=(_KEPT, "the table of codes is not counted"),
        unknown="without width, entropy or counts the length is between one bit and that of the number",
        source="Huffman 1952; Han et al. 2016, Deep Compression",
        encodes=_huffman,
    ),
)
