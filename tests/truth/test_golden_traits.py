"""What every layer type is, by hand: kind, class, what it shares, asks for and touches, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.cost.layer_types import LAYER_TYPES, is_loss
from logparse.cost.traits import Base, Family
from tests.truth.golden_traits import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.truth.golden.traits import TraitRow


def places(found: Iterable[int]) -> str:
    return "".join(str(place) for place in found)


def found_traits(row: TraitRow) -> dict[str, object]:
    traits, spec = LAYER_TYPES[row.type].traits, row.spec()
    return {
        "kind": traits.kind,
        "base": traits.base,
        "family": traits.family,
        "in place": traits.in_place,
        "shares": (traits.shares_data, traits.shares_diff),
        "unforced": traits.unforced,
        "asks": tuple(places(traits.asks_diff(spec, device)) for device in ("cpu", "gpu")),
        "scratch": tuple(places(traits.scratch(spec, device)) for device in ("cpu", "gpu")),
        "takes its top's": traits.unasked(spec),
        "writes": traits.writes_at(spec, 0),
        "reads": [traits.reads_at(spec, place) for place in range(row.bottoms)],
        "channels": traits.channels,
        "windowed": traits.windowed,
        "along batch": traits.params_along_batch,
        "host params": traits.host_params,
        "cuDNN": traits.cudnn.message if traits.cudnn is not None else "",
    }


def expected_traits(row: TraitRow) -> dict[str, object]:
    return {
        "kind": row.kind,
        "base": row.base,
        "family": row.family,
        "in place": row.in_place,
        "shares": row.shares,
        "unforced": row.unforced,
        "asks": row.asks,
        "scratch": row.scratch,
        "takes its top's": row.takes_top,
        "writes": row.writes,
        "reads": row.read_sides,
        "channels": row.channels,
        "windowed": row.windowed,
        "along batch": row.along_batch,
        "host params": row.host_params,
        "cuDNN": row.cudnn,
    }


@pytest.mark.parametrize("row", ROWS, ids=[row.type for row in ROWS])
def test_a_layer_type_is_what_its_sources_say(row: TraitRow) -> None:
    assert found_traits(row) == expected_traits(row)


def test_every_type_has_one_row() -> None:
    assert sorted(row.type for row in ROWS) == sorted(LAYER_TYPES)


@pytest.mark.parametrize("row", ROWS, ids=[row.type for row in ROWS])
def test_what_follows_from_class_and_family(row: TraitRow) -> None:
    traits = LAYER_TYPES[row.type].traits
    assert traits.prefetches is (row.base is Base.PREFETCHING)
    assert traits.convolves is (row.base is Base.CONVOLUTION)
    assert traits.is_loss is is_loss(row.type) is (row.base is Base.LOSS)
    assert traits.depthwise is (row.family is Family.DEPTHWISE)
