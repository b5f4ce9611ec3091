"""Which tops share another blob's memory, and whose: split_layer.cpp, concat_layer.cpp, slice_layer.cpp, net.cpp."""

from __future__ import annotations

import pytest

from logparse.cost.layer_types import traits_of
from logparse.cost.memory.sharing import LayerUse, TopUse, shared_tops, shares_bottom
from logparse.cost.traits import When


def use(kind: str | None, bottoms: str, tops: str, *in_place: str) -> LayerUse:
    traits = traits_of(kind)
    shares = When.NEVER if traits is None else traits.shares_data
    return LayerUse(shares, tuple(bottoms.split()), tuple(TopUse(top, top in in_place) for top in tops.split()))


DATA = use("Input", "", "data")


@pytest.mark.parametrize(
    ("layer", "shares"),
    [
        (use("Split", "data", "a b"), True),
        (use("Flatten", "data", "a"), True),
        (use("Reshape", "data", "a"), True),
        (use("Concat", "data", "a"), True),
        (use("Slice", "data", "a"), True),
        (use("Concat", "data label", "a"), False),
        (use("Slice", "data", "a b"), False),
        (use("Concat", "data", "a b"), False),  # no net has one; a layer of one top alone shares
        (use("ReLU", "data", "a"), False),
        (use("Crop", "data", "a"), False),
        (use(None, "data", "a"), False),
        (use("Split", "", "a"), False),  # an excerpt that lost the bottom: nothing to share with
        (use("Flatten", "", "a"), False),
        (use("Slice", "", "a"), False),
    ],
)
def test_a_layer_shares_its_bottoms_memory_always_or_where_it_has_one_bottom_and_one_top(
    layer: LayerUse, *, shares: bool
) -> None:
    assert shares_bottom(layer) is shares
    owners = shared_tops([DATA, layer])[1]
    assert owners == (("data",) if shares else (None,)) * len(layer.tops)


def test_the_owner_is_the_first_blob_of_a_chain() -> None:
    layers = [DATA, use("Split", "data", "a b"), use("Flatten", "a", "flat"), use("Reshape", "flat", "row")]
    assert shared_tops(layers) == [(None,), ("data", "data"), ("data",), ("data",)]


def test_a_top_in_place_is_its_own_blob_again_or_the_one_that_it_shares() -> None:
    layers = [
        DATA,
        use("Convolution", "data", "conv"),
        use("ReLU", "conv", "conv", "conv"),
        use("Flatten", "conv", "flat"),
        use("Dropout", "flat", "flat", "flat"),
        use("Concat", "flat", "one"),
    ]
    assert shared_tops(layers) == [(None,), (None,), ("conv",), ("conv",), ("conv",), ("conv",)]


def test_a_blob_in_place_whose_maker_the_log_lost_is_its_own() -> None:
    assert shared_tops([use("ReLU", "lost", "lost", "lost")]) == [("lost",)]


def test_a_name_that_is_made_again_is_a_blob_of_its_own() -> None:
    layers = [DATA, use("Flatten", "data", "x"), use("Convolution", "x", "x"), use("Flatten", "x", "y")]
    assert shared_tops(layers) == [(None,), ("data",), (None,), ("x",)]


def test_a_top_without_a_name_makes_no_other_blob_share() -> None:
    """Old releases print a loss without its top."""
    unnamed = LayerUse(When.ALWAYS, ("data",), (TopUse("", in_place=False),))
    assert shared_tops([DATA, unnamed, use("Input", "", "fresh")]) == [(None,), ("data",), (None,)]
