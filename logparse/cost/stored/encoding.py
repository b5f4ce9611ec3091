"""How a layer's weights are stored, all steps together, and what that makes of its size and its products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from logparse.cost.stored.bits import NO_BITS, certain
from logparse.cost.stored.sparse import gone, sparse
from logparse.cost.stored.values import Layout, Work

if TYPE_CHECKING:
    from logparse.cost.stored.bits import Bits
    from logparse.cost.stored.huffman import Huffman
    from logparse.cost.stored.sparse import Sparse, Zeros
    from logparse.cost.stored.values import Products, Values
    from logparse.cost.stored.weights import Weights


@dataclass(frozen=True, slots=True)
class Encoding:
    """Zeros first, then how the values that are left are written, then codes of unequal length for these."""

    zeros: Zeros | None = None
    values: Values | None = None
    huffman: Huffman | None = None

    def index(self, weights: Weights, plain_bits: int) -> Sparse | None:
        """What tells where the weights stand that are not zero; None where none is left out."""
        return None if self.zeros is None else sparse(weights, self.zeros, self._layout(weights, plain_bits).bits)

    def bits(self, weights: Weights, plain_bits: int) -> Bits:
        """The size of one blob; `plain_bits` is what a value takes that is not encoded."""
        if not weights.count:  # a damaged log may say so
            return NO_BITS
        layout, index = self._layout(weights, plain_bits), self.index(weights, plain_bits)
        entries = certain(layout.entries) if index is None else index.entries
        value = certain(layout.bits) if self.huffman is None else self.huffman.value_bits(layout.bits)
        if index is not None:
            value = value.plus(self._distance(weights, index))
        extra = layout.extra + (0 if index is None else index.extra)
        return entries.times(value).plus(certain(extra))

    def _distance(self, weights: Weights, index: Sparse) -> Bits:
        """The index beside each entry: of the distances alone a code may be made."""
        if self.huffman is None or self.zeros is None or not index.name.startswith("rel"):
            return certain(index.each)
        return self.huffman.index_bits(index.each, gone(weights.count, self.zeros.share) / weights.count)

    def _layout(self, weights: Weights, plain_bits: int) -> Layout:
        return Layout(weights.count, plain_bits, 0) if self.values is None else self.values.layout(weights)

    def left(self, count: int) -> int:
        """Of so many weights those that are not zero."""
        return count if self.zeros is None else count - gone(count, self.zeros.share)

    def work(self, products: Products) -> Work:
        """What is computed: products with a zero are skipped, the others made as the values allow."""
        macs = products.macs
        if self.zeros is not None and products.weights.count:
            macs = round(macs * self.left(products.weights.count) * self.zeros.active / products.weights.count)
        skipped = products._replace(macs=macs)
        return Work(macs) if self.values is None else self.values.work(skipped)


PLAIN: Final = Encoding()
