"""Weights in few bits, and what then becomes of the products: one class an encoding, its settings as fields.

Each says how a blob is laid out (entries, bits of each, bits beside them) and what a layer computes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    from logparse.cost.stored.weights import Weights

FLOAT_BITS: Final = 32
FILTER: Final = "filter"
LAYER: Final = "layer"
NO_SCALE: Final = "no"
SCALES: Final = (FILTER, LAYER, NO_SCALE)  # a real factor beside each filter, each blob, or none


class Layout(NamedTuple):
    """How many entries are stored, of how many bits each, and how many bits beside them (codebook, scales)."""

    entries: int
    bits: int
    extra: int


class Work(NamedTuple):
    """What a layer computes, each by itself: multiply-adds, additions alone, XNOR of two bits, values looked up."""

    macs: int
    additions: int = 0
    xnors: int = 0
    lookups: int = 0

    def plus(self, other: Work) -> Work:
        """The sums."""
        return Work(*(one + more for one, more in zip(self, other, strict=True)))


class Products(NamedTuple):
    """A layer's products: multiply-adds, values of its tops and of its bottoms, inputs of a sum at how many places."""

    macs: int
    outputs: int
    bottoms: int
    weights: Weights


class Values:
    """How single values are stored. `marks_zeros`: weights that are zero may be left out, the others encoded so."""

    __slots__ = ()
    marks_zeros: ClassVar[bool] = False

    def layout(self, weights: Weights) -> Layout:
        """How one blob is stored."""
        raise NotImplementedError

    def work(self, products: Products) -> Work:
        """What becomes of a layer's products: as a rule nothing."""
        return Work(products.macs)


@dataclass(frozen=True, slots=True)
class Uniform(Values):
    """Whole numbers of n bits, with a scale and a zero point for each blob (Jacob et al. 2018)."""

    bits: int
    marks_zeros: ClassVar[bool] = True

    def layout(self, weights: Weights) -> Layout:
        """N bits each, two floats beside."""
        return Layout(weights.count, self.bits, 2 * FLOAT_BITS)


@dataclass(frozen=True, slots=True)
class FixedPoint(Values):
    """Fixed point of n bits, with a binary exponent of 8 bits for each blob (Gysel et al. 2016, "Ristretto")."""

    bits: int
    marks_zeros: ClassVar[bool] = True

    def layout(self, weights: Weights) -> Layout:
        """N bits each, one exponent beside."""
        return Layout(weights.count, self.bits, 8)


@dataclass(frozen=True, slots=True)
class Codebook(Values):
    """Each weight is one of 2ⁿ floats of its blob, by number (Han et al. 2016; Gong et al. 2014, k-means)."""

    bits: int
    marks_zeros: ClassVar[bool] = True

    def layout(self, weights: Weights) -> Layout:
        """N bits each, the codebook beside: formula (1) of Deep Compression."""
        return Layout(weights.count, self.bits, FLOAT_BITS * 2**self.bits)


@dataclass(frozen=True, slots=True)
class Hashed(Values):
    """A blob holds a share of its weights; a hash of its place says which of them each is (Chen et al. 2015)."""

    share: Fraction

    def layout(self, weights: Weights) -> Layout:
        """Floats, and no index: the hash is computed."""
        return Layout(ceil(weights.count * self.share), FLOAT_BITS, 0)


@dataclass(frozen=True, slots=True)
class ProductQuantized(Values):
    """Pieces of `dims` inputs, each one of `words` codewords (Wu et al. 2016, "Quantized CNN").

    The codebooks are shared by all places of the kernel and all groups.
    """

    dims: int
    words: int

    def layout(self, weights: Weights) -> Layout:
        """A number for each piece of each filter at each place, and the codewords beside."""
        entries = weights.filters * weights.taps * -(-weights.inputs // self.dims)
        return Layout(entries, (self.words - 1).bit_length(), FLOAT_BITS * self.words * weights.inputs)

    def work(self, products: Products) -> Work:
        """Every input meets every codeword once; then each output adds up what it looks up."""
        pieces = products.weights.taps * -(-products.weights.inputs // self.dims)
        return Work(products.bottoms * self.words, lookups=products.outputs * pieces)


@dataclass(frozen=True, slots=True)
class Signs(Values):
    """Weights of one bit or, `ternary`, of two for −1, 0 and 1, with a real factor per filter, per layer, or none.

    `activations`: the inputs are signs too, so that a product is an XNOR and a sum a count of bits.
    Sources: BinaryConnect and BNN (Courbariaux et al. 2015, 2016), XNOR-Net (Rastegari et al. 2016), TWN (Li and Liu
    2016).
    """

    scale: str
    ternary: bool = False
    activations: bool = False

    def layout(self, weights: Weights) -> Layout:
        """One or two bits each, and the factors beside."""
        scales = {FILTER: weights.filters, LAYER: 1, NO_SCALE: 0}[self.scale]
        return Layout(weights.count, 2 if self.ternary else 1, FLOAT_BITS * scales)

    def work(self, products: Products) -> Work:
        """Sums without products, and a product for each output that has a factor."""
        scaled = 0 if self.scale == NO_SCALE else products.outputs
        if self.activations:
            return Work(scaled, xnors=products.macs)
        return Work(scaled, additions=products.macs)
