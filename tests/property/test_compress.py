"""Compression by whatever methods: no figure grows where weights go, bounds hold, nothing asked changes nothing."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from logparse.api import parse_log
from logparse.cost.stored.encoding import Encoding
from logparse.cost.stored.huffman import average_length, entropy_of
from logparse.cost.stored.sparse import Zeros
from logparse.cost.stored.values import Codebook, Hashed, Uniform
from logparse.cost.stored.weights import Weights
from logparse.cost.whatif.change import Change, changed
from logparse.cost.whatif.measures import file_of, measures
from logparse.cost.whatif.methods.request import request_of, split_request
from logparse.cost.whatif.methods.table import METHODS
from logparse.cost.whatif.resize import WhatIfError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.holdings import Run

SAMPLES: Final = Path(__file__).resolve().parents[2] / "sample_logs"
INDEXES: Final = ("rel1", "rel4", "rel5", "rel8", "csr", "bitmap", "dense", "best")


@cache
def run_of(name: str) -> Run:
    return parse_log(SAMPLES / f"{name}.log").run()[1]


SHARES: Final = st.integers(0, 1000).map(lambda parts: Fraction(parts, 1000))
BLOBS: Final = st.tuples(st.integers(1, 64), st.integers(1, 64), st.integers(1, 25)).map(
    lambda sides: Weights(sides[0] * sides[1] * sides[2], *sides)
)
NAMES: Final = st.sampled_from(("lenet", "alexnet", "resnet18", "siamese", "lstm"))


@given(weights=BLOBS, share=SHARES, index=st.sampled_from(INDEXES), bits=st.integers(1, 8))
def test_the_likely_size_is_between_its_bounds(weights: Weights, share: Fraction, index: str, bits: int) -> None:
    for values in (None, Codebook(bits), Uniform(bits)):
        low, likely, high = Encoding(Zeros(share, index), values).bits(weights, 32)
        assert likely is not None
        assert 0 <= low <= likely <= high


@given(weights=BLOBS, share=SHARES, bits=st.integers(1, 32))
def test_the_best_index_is_never_larger_than_any_other(weights: Weights, share: Fraction, bits: int) -> None:
    sizes = {index: Encoding(Zeros(share, index)).bits(weights, bits).likely or 0 for index in INDEXES}
    assert sizes["best"] == min(sizes[index] for index in ("rel4", "rel8", "csr", "bitmap", "dense"))


@given(weights=BLOBS, share=SHARES)
def test_a_share_of_everything_is_everything(weights: Weights, share: Fraction) -> None:
    assert Encoding(values=Hashed(Fraction(1))).bits(weights, 32).likely == 32 * weights.count
    left = Encoding(Zeros(share)).left(weights.count)
    assert (1 - share) * weights.count <= left < (1 - share) * weights.count + 1


@given(
    counts=st.lists(st.integers(0, 10**6), min_size=2, max_size=40).filter(lambda counts: sum(map(bool, counts)) > 1)
)
def test_huffmans_code_is_within_a_bit_of_the_entropy(counts: Sequence[int]) -> None:
    bits, entropy = average_length(counts), entropy_of(counts)
    assert max(entropy - 1e-9, 1) <= bits < max(entropy, 1e-9) + 1
    assert bits <= max((len(counts) - 1).bit_length(), 1)


@given(name=NAMES, shares=st.tuples(SHARES, SHARES))
@settings(max_examples=20)
def test_more_zeros_leave_fewer_parameters_and_products(name: str, shares: tuple[Fraction, Fraction]) -> None:
    found = []
    for share in sorted(shares):
        change = Change(compress={"*": f"prune:share={float(share)},index=bitmap"})
        found.append({one.name: one.value or 0 for one in measures(changed(run_of(name), change).run)})
    for figure in ("params", "macs", "stored_bytes"):
        assert found[1][figure] <= found[0][figure]
    for figure in ("param_bytes", "distinct_data", "footprint, cpu", "footprint, gpu"):
        assert found[1][figure] == found[0][figure]  # Caffe's own


@given(
    name=NAMES, keeps=st.tuples(st.integers(1, 100), st.integers(1, 100)), method=st.sampled_from(("svd", "tucker2"))
)
@settings(max_examples=20)
def test_less_that_is_kept_is_never_more(name: str, keeps: tuple[int, int], method: str) -> None:
    """Of the same layers: a share too small for a layer leaves it as it was."""
    found = []
    for keep in sorted(keeps):
        try:
            found.append(changed(run_of(name), Change(compress={"*": f"{method}:keep={keep}%"})))
        except WhatIfError:
            assume(condition=False)
    left_out = [[text for text in each.assumptions if "left out" in text] for each in found]
    assume(left_out[0] == left_out[1])
    sizes = [{one.name: one.value or 0 for one in measures(each.run)} for each in found]
    assert sizes[0]["macs"] <= sizes[1]["macs"]
    assert sizes[0]["params"] <= sizes[1]["params"]


@given(name=NAMES)
@settings(max_examples=5)
def test_nothing_that_is_asked_for_changes_nothing(name: str) -> None:
    start = run_of(name)
    same = changed(start, Change(compress={"*": ["prune:share=0", "none"]}, prune_weights={"*": 0.0}))
    assert measures(same.run) == measures(start)
    assert file_of(same.run) == file_of(start)
    assert same.assumptions == ()


@given(
    layer=st.text(min_size=1).filter(lambda text: text != "="),
    key=st.sampled_from([key for key, method in METHODS.items() if not method.needs]),
)
def test_whatever_a_layer_is_called_its_method_is_read(layer: str, key: str) -> None:
    where, text = split_request(f"{layer}={key}")
    assert (where, text) == (layer, key)
    request = request_of(where, text)
    assert request.method is not None
    assert request.method.key == key
