"""Which tops share another blob's memory, and whose: split_layer.cpp, concat_layer.cpp, slice_layer.cpp, net.cpp."""

from __future__ import annotations

import pytest

from logparse.cost.layer_types import traits_of
from logparse.cost.memory.sharing import LayerUse, Links, TopUse, owners, shared_tops, shares_bottom
from logparse.cost.spec import LayerSpec
from logparse.cost.traits import When
from tests.cost_nets import net


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


# -- who owns what in a net ------------------------------------------------------------------------------


def links(shares_data: When, shares_diff: When, bottoms: str, tops: str, in_place: str = "") -> Links:
    names = tuple(tops.split())
    return Links(
        shares_data, shares_diff, tuple(bottoms.split()), names, tuple(name in in_place.split() for name in names)
    )


SPLIT_NET = (
    links(When.NEVER, When.NEVER, "", "data label"),
    links(When.ALWAYS, When.NEVER, "data", "data_0 data_1"),
    links(When.NEVER, When.NEVER, "data_0", "conv"),
    links(When.NEVER, When.NEVER, "conv", "conv", "conv"),
)


def test_blobs_that_own_memory_are_told_with_their_layer_and_top() -> None:
    own, owner_of = owners(SPLIT_NET, of_data=True)
    assert own == {"data": (0, 0), "label": (0, 1), "conv": (2, 0)}
    assert owner_of == {"data": "data", "label": "label", "data_0": "data", "data_1": "data", "conv": "conv"}


def test_each_top_of_a_split_has_a_gradient_of_its_own() -> None:
    own, owner_of = owners(SPLIT_NET, of_data=False)
    assert own == {"data": (0, 0), "label": (0, 1), "data_0": (1, 0), "data_1": (1, 1), "conv": (2, 0)}
    assert owner_of["data_0"] == "data_0"


def test_a_name_made_twice_is_the_later_blob() -> None:
    twice = (links(When.NEVER, When.NEVER, "", "x y"), links(When.NEVER, When.NEVER, "y", "x"))
    assert owners(twice, of_data=True).own == {"x": (1, 0), "y": (0, 1)}


@pytest.mark.parametrize(
    ("order", "shares"),
    [
        ("", True),
        ("order: 0 order: 1", True),
        ("order: 0 order: 1 order: 2 order: 3", True),
        ("order: 0 order: 2", False),
    ],
)
def test_a_permute_into_the_order_that_there_is_shares_data_and_diff(order: str, shares: bool) -> None:  # noqa: FBT001
    """Source: permute_layer.cpp, need_permute_."""
    made = net(
        'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 5 dim: 7 } } }'
        f' layer {{ name: "p" type: "Permute" bottom: "data" top: "p" permute_param {{ {order} }} }}'
    )
    for of_data in (True, False):
        assert owners(tuple(one.links for one in made.layers), of_data=of_data).owner_of["p"] == (
            "data" if shares else "p"
        )


def test_a_permute_without_its_definition_is_not_known_to_share() -> None:
    spec = LayerSpec("p", "Permute", None, ((2, 3),), ((2, 3),))
    traits = traits_of("Permute")

    assert traits is not None
    assert traits.sharing(spec) == (When.NEVER, When.NEVER)
