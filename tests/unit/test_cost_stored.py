"""How weights are stored: zeros and their index, few bits, codes; every size counted by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.stored.bits import NO_BITS, Bits, certain
from logparse.cost.stored.encoding import PLAIN, Encoding
from logparse.cost.stored.huffman import Huffman, average_length, entropy_of
from logparse.cost.stored.sparse import Zeros, fraction_of, gone, is_index, sparse
from logparse.cost.stored.values import (
    Codebook,
    FixedPoint,
    Hashed,
    Layout,
    ProductQuantized,
    Products,
    Signs,
    Uniform,
    Values,
    Work,
)
from logparse.cost.stored.weights import Weights, weights_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MATRIX: Final = Weights(1000, 10, 100, 1)
KERNEL: Final = Weights(6 * 5 * 9, 6, 5, 9)
HALF: Final = Fraction(1, 2)


def told(bits: Bits) -> tuple[object, ...]:
    """At least, likely, at most."""
    return tuple(bits)


# -- bits ----------------------------------------------------------------------------------------------


def test_bits_add_up_and_multiply_at_each_bound() -> None:
    wide = Bits(Fraction(1), Fraction(2), Fraction(4))
    assert told(wide.plus(certain(3))) == (4, 5, 7)
    assert told(wide.times(certain(3))) == (3, 6, 12)
    assert told(wide.times(wide)) == (1, 4, 16)
    assert told(NO_BITS) == (0, 0, 0)


def test_what_is_not_likely_stays_unknown() -> None:
    wide = Bits(Fraction(1), None, Fraction(4))
    assert told(wide.plus(certain(1))) == (2, None, 5)
    assert told(certain(2).times(wide)) == (2, None, 8)
    assert wide.in_bytes == (1, None, 1)


def test_a_byte_that_is_begun_is_one() -> None:
    assert Bits(Fraction(8), Fraction(9), Fraction(17)).in_bytes == (1, 2, 3)
    assert NO_BITS.in_bytes == (0, 0, 0)


# -- one blob --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "transposed", "expected"),
    [
        ((10, 100), False, (1000, 10, 100, 1)),
        ((100, 10), True, (1000, 10, 100, 1)),
        ((6, 5, 3, 3), False, (270, 6, 5, 9)),
        ((5, 6, 3, 3), True, (270, 6, 5, 9)),
        ((1, 1, 10, 100), False, (1000, 10, 100, 1)),  # a matrix of an old release
        ((6, 5, 2, 3, 4), False, (720, 6, 5, 24)),
        ((7,), False, (7, 7, 1, 1)),
    ],
)
def test_a_blob_by_its_shape(shape: tuple[int, ...], transposed: bool, expected: tuple[int, ...]) -> None:  # noqa: FBT001
    assert weights_of(shape, transposed=transposed) == Weights(*expected)


# -- zeros -----------------------------------------------------------------------------------------------


def test_a_share_is_the_number_that_is_written() -> None:
    assert fraction_of(0.29) == Fraction(29, 100)
    assert gone(100, fraction_of(0.29)) == 29
    assert gone(9, HALF) == 4  # whole weights, never more than the share


@pytest.mark.parametrize(
    ("index", "bits"),
    [
        ("csr", 500 * (32 + 32) + 32 * 11),
        ("bitmap", 500 * 32 + 1000),
        ("dense", 1000 * 32),
        ("rel8", 500 * (32 + 8)),  # after 256 zeros by chance comes nobody
    ],
)
def test_half_of_a_matrix_under_each_index(index: str, bits: int) -> None:
    found = sparse(MATRIX, Zeros(HALF, index), 32)
    assert found.with_values(32).likely == bits
    assert found.name == index


def test_fillers_are_none_at_least_likely_by_chance_and_one_for_each_span_at_most() -> None:
    """90 % zeros and two bits: a distance spans 4, so 100 · 0.9⁴ / (1 − 0.9⁴) = 190.8 fillers, at most 900 / 4."""
    found = sparse(MATRIX, Zeros(Fraction(9, 10), "rel2"), 32)
    assert told(found.entries) == (100, 100 + 191, 100 + 225)
    assert told(found.with_values(5)) == tuple((entries or 0) * (5 + 2) for entries in found.entries)


def test_where_nothing_is_left_nothing_is_stored_and_where_nothing_goes_there_are_no_fillers() -> None:
    assert told(sparse(MATRIX, Zeros(Fraction(1), "rel4"), 32).entries) == (0, 0, 0)
    assert told(sparse(MATRIX, Zeros(Fraction(0), "rel4"), 32).entries) == (1000, 1000, 1000)


@pytest.mark.parametrize(
    ("share", "value_bits", "name"),
    [
        (0, 32, "dense"),
        (0.01, 32, "dense"),
        (0.5, 32, "bitmap"),
        (0.5, 1, "dense"),
        (0.9, 5, "rel4"),
        (0.95, 32, "rel8"),
        (0.999, 32, "csr"),
    ],
)
def test_the_best_index_is_the_smallest(share: float, value_bits: int, name: str) -> None:
    one = Weights(100_000, 10, 10_000, 1)
    best = sparse(one, Zeros(fraction_of(share)), value_bits).with_values(value_bits)
    each = {
        index: sparse(one, Zeros(fraction_of(share), index), value_bits).with_values(value_bits)
        for index in ("dense", "bitmap", "csr", "rel4", "rel8")
    }
    assert best.likely == min(found.likely or 0 for found in each.values())
    assert best == each[name]


def test_names_of_an_index() -> None:
    assert all(map(is_index, ("rel1", "rel8", "csr", "bitmap", "dense", "best")))
    assert not any(map(is_index, ("rel0", "rel9", "rel", "rel44", "", "CSR")))


# -- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        (Uniform(8), MATRIX, (1000, 8, 64)),
        (FixedPoint(4), MATRIX, (1000, 4, 8)),
        (Codebook(5), MATRIX, (1000, 5, 32 * 32)),
        (Hashed(Fraction(1, 3)), MATRIX, (334, 32, 0)),
        (ProductQuantized(8, 16), MATRIX, (10 * 13, 4, 32 * 16 * 100)),
        (ProductQuantized(2, 5), KERNEL, (6 * 9 * 3, 3, 32 * 5 * 5)),  # five words take three bits
        (Signs("filter"), KERNEL, (270, 1, 32 * 6)),
        (Signs("layer"), KERNEL, (270, 1, 32)),
        (Signs("no"), KERNEL, (270, 1, 0)),
        (Signs("layer", ternary=True), KERNEL, (270, 2, 32)),
    ],
)
def test_the_layout_of_a_blob(values: Values, weights: Weights, expected: tuple[int, int, int]) -> None:
    assert values.layout(weights) == Layout(*expected)
    entries, bits, extra = expected
    assert Encoding(values=values).bits(weights, 32) == certain(entries * bits + extra)


PRODUCTS: Final = Products(macs=27_000, outputs=600, bottoms=500, weights=KERNEL)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Uniform(8), Work(27_000)),
        (FixedPoint(8), Work(27_000)),
        (Codebook(5), Work(27_000)),
        (Hashed(HALF), Work(27_000)),
        (Signs("filter"), Work(600, additions=27_000)),
        (Signs("no"), Work(0, additions=27_000)),
        (Signs("layer", ternary=True), Work(600, additions=27_000)),
        (Signs("filter", activations=True), Work(600, xnors=27_000)),
        (ProductQuantized(2, 16), Work(500 * 16, lookups=600 * 9 * 3)),
    ],
)
def test_what_becomes_of_the_products(values: Values, expected: Work) -> None:
    assert values.work(PRODUCTS) == expected
    assert Encoding(values=values).work(PRODUCTS) == expected


def test_work_adds_up_kind_by_kind() -> None:
    assert Work(1, 2, 3, 4).plus(Work(10, 20, 30, 40)) == Work(11, 22, 33, 44)


def test_a_way_of_storing_says_how() -> None:
    with pytest.raises(NotImplementedError):
        Values().layout(MATRIX)


# -- codes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "bits"),
    [
        ((1, 1, 1, 1), Fraction(2)),
        ((4, 2, 1, 1), Fraction(4 * 1 + 2 * 2 + 2 * 3, 8)),
        ((5, 0, 0), Fraction(1)),  # a lone value takes a bit all the same
        ((3, 1), Fraction(1)),
        ((45, 13, 12, 16, 9, 5), Fraction(224, 100)),
    ],
)
def test_the_average_length_of_huffmans_code(counts: Sequence[int], bits: Fraction) -> None:
    assert average_length(counts) == bits


@pytest.mark.parametrize("counts", [(7, 3, 2, 1), (1, 1), (50, 1, 1, 1, 1), (9, 8, 7, 6, 5, 4, 3)])
def test_the_average_length_is_within_a_bit_of_the_entropy(counts: Sequence[int]) -> None:
    assert entropy_of(counts) - 1e-12 <= average_length(counts) < entropy_of(counts) + 1


def test_codes_of_values_by_what_is_known() -> None:
    assert told(Huffman().value_bits(5)) == (1, None, 5)
    assert Huffman(width=Fraction(22, 5)).value_bits(5) == certain(Fraction(22, 5))
    assert told(Huffman(entropy=Fraction(3)).value_bits(5)) == (3, None, 4)
    assert told(Huffman(entropy=Fraction(9, 2)).value_bits(5)) == (
        Fraction(9, 2),
        None,
        5,
    )  # no longer than before
    assert told(Huffman(entropy=HALF).value_bits(5)) == (1, None, Fraction(3, 2))  # a code has a bit
    assert Huffman(counts=(4, 2, 1, 1)).value_bits(5) == certain(Fraction(7, 4))


def test_codes_of_distances() -> None:
    """Two bits and half of the weights: distances 1/2, 1/4, 1/8 and what is left, 1/8: lengths 1, 2, 3, 3."""
    assert told(Huffman().index_bits(2, 0.5)) == (1, Fraction(7, 4), 2)
    assert Huffman(index=Fraction(3, 2)).index_bits(2, 0.5) == certain(Fraction(3, 2))


# -- all together ----------------------------------------------------------------------------------------


def test_a_blob_as_it_is() -> None:
    assert PLAIN.bits(MATRIX, 32) == certain(32_000)
    assert PLAIN.bits(MATRIX, 16) == certain(16_000)
    assert PLAIN.left(1000) == 1000
    assert PLAIN.index(MATRIX, 32) is None
    assert PLAIN.work(PRODUCTS) == Work(27_000)


def test_zeros_then_a_codebook_then_codes() -> None:
    zeros = Zeros(Fraction(9, 10), "rel8")
    pruned = Encoding(zeros=zeros)
    shared = Encoding(zeros=zeros, values=Codebook(5))
    coded = Encoding(zeros=zeros, values=Codebook(5), huffman=Huffman(width=Fraction(4), index=Fraction(3)))
    assert pruned.bits(MATRIX, 32).low == 100 * 40
    assert shared.bits(MATRIX, 32).low == 100 * 13 + 1024
    assert coded.bits(MATRIX, 32).low == 100 * 7 + 1024
    assert [one.left(1000) for one in (pruned, shared, coded)] == [100, 100, 100]


def test_of_an_index_that_is_no_distance_no_codes_are_made() -> None:
    zeros = Zeros(HALF, "bitmap")
    found = Encoding(zeros=zeros, values=Codebook(5), huffman=Huffman(width=Fraction(4))).bits(MATRIX, 32)
    assert found == certain(500 * 4 + 1000 + 1024)


def test_products_with_a_zero_are_skipped_on_both_sides() -> None:
    kernel = Products(27_000, 600, 500, Weights(270, 6, 5, 9))
    assert Encoding(zeros=Zeros(Fraction(2, 3))).work(kernel) == Work(9_000)
    assert Encoding(zeros=Zeros(Fraction(2, 3), active=HALF)).work(kernel) == Work(4_500)
    signs = Encoding(zeros=Zeros(Fraction(2, 3), "dense"), values=Signs("no"))
    assert signs.work(kernel) == Work(0, additions=9_000)


def test_more_zeros_are_never_larger() -> None:
    for index in ("rel4", "csr", "bitmap", "best"):
        sizes = [Encoding(Zeros(Fraction(share, 20), index)).bits(MATRIX, 32) for share in range(21)]
        for more, fewer in pairwise(sizes):
            assert fewer.low <= more.low
            if index != "rel4":  # fillers may be more than what goes
                assert (fewer.likely or 0) <= (more.likely or 0)


def test_a_count_beyond_all_floats_is_one_too() -> None:
    huge = Weights(10**400, 10**200, 10**200, 1)
    low, likely, high = Encoding(Zeros(Fraction(9, 10), "rel4")).bits(huge, 32)
    assert low == 10**399 * 36
    assert likely is not None
    assert low < likely < high


def test_a_blob_without_values_takes_nothing() -> None:
    none = Weights(0, 0, 5, 1)
    everything = Encoding(Zeros(HALF, "rel4"), Codebook(5), Huffman())
    assert everything.bits(none, 32) == NO_BITS
    assert everything.left(0) == 0
    assert everything.work(Products(0, 0, 0, none)) == Work(0)
