"""What is known of each layer type beside its costs, against the tables from the sources (golden_traits.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.layer_types import LAYER_TYPES, RULES, is_loss, traits_of
from logparse.cost.memory.blobs import data_blobs, diff_blobs
from logparse.cost.memory.gradients import forced_bottoms
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.memory.reads import backward_reads
from logparse.cost.memory.sharing import LayerUse, TopUse, shares_bottom
from logparse.cost.spec import LayerSpec
from tests.truth.golden_backward import GRADIENTS, READINGS
from tests.truth.golden_traits import MAP, ROWS, UNTOLD, spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.blobs import OwnBlob
    from logparse.cost.traits import Traits
    from tests.truth.golden_backward import Gradients, Reading
    from tests.truth.golden_traits import TraitRow

NOT_KNOWN: Final = None


def rows(fact: str) -> pytest.MarkDecorator:
    """A case per row; where the program is known to be wrong about the fact, one that must fail until it is mended."""
    cases = [
        pytest.param(
            row,
            id=row.type,
            marks=[pytest.mark.xfail(strict=True, reason=why) for what, why in row.wrong if what == fact and why],
        )
        for row in ROWS
    ]
    return pytest.mark.parametrize("row", cases)


def traits(row: TraitRow) -> Traits:
    found = traits_of(row.type)
    assert found is not None
    return found


def test_every_type_has_a_row_and_every_row_a_type() -> None:
    assert [row.type for row in ROWS] == list(dict.fromkeys(row.type for row in ROWS))
    assert {row.type for row in ROWS} == set(LAYER_TYPES) == set(RULES)
    assert {row.type for row in READINGS} <= set(LAYER_TYPES)


@rows("class")
def test_what_a_type_is(row: TraitRow) -> None:
    known = traits(row)
    assert (known.kind, known.base, known.family, known.in_place) == (row.kind, row.base, row.family, row.in_place)
    assert (known.channels, known.windowed, known.params_along_batch) == (row.channels, row.windowed, row.along_batch)


DISPUTED: Final = {row.type for row in ROWS if dict(row.wrong).get("buffer_first")}


def buffer_first() -> tuple[set[str], set[str]]:
    """Types that touch a buffer of their own before their top: by the program, and by the table."""
    return {row.type for row in ROWS if traits(row).buffer_first}, {row.type for row in ROWS if row.buffer_first}


def test_whose_first_allocation_on_the_device_is_not_the_top() -> None:
    found, expected = buffer_first()
    assert found - DISPUTED == expected - DISPUTED


@pytest.mark.xfail(
    strict=True, reason="LRN and Softmax take their top first; an InfogainLoss's inner Softmax works first"
)
def test_whose_first_allocation_is_not_the_top_of_those_that_are_disputed() -> None:
    found, expected = buffer_first()
    assert found == expected


@rows("class")
def test_what_follows_from_a_types_class(row: TraitRow) -> None:
    known = traits(row)
    assert forced_bottoms(row.type, row.bottoms) == tuple(place not in row.unforced for place in range(row.bottoms))
    assert known.unforced == row.unforced
    assert known.prefetches is (row.base == "BasePrefetchingDataLayer")
    assert known.convolves is (row.base == "BaseConvolutionLayer")
    assert known.is_loss is is_loss(row.type) is (row.base == "LossLayer")
    assert known.depthwise is (row.family == "depthwise convolution")


# -- what backward reads -------------------------------------------------------------------------------


def read(spec: LayerSpec) -> str | None:
    """What its backward pass reads, as the table writes it."""
    found = backward_reads(spec)
    if found is NOT_KNOWN:
        return None
    names = (*(f"b{place}" for place in found.bottoms), *(f"t{place}" for place in found.tops))
    return " ".join((*names, *(("p",) if found.private else ())))


@rows("reads")
def test_whose_data_the_backward_pass_reads(row: TraitRow) -> None:
    assert read(spec_of(row.type, row.settings, row.bottoms, row.tops)) == row.reads


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=str(row), marks=[pytest.mark.xfail(strict=True, reason=row.wrong)] if row.wrong else [])
        for row in READINGS
    ],
)
def test_whose_data_it_reads_by_its_settings(row: Reading) -> None:
    assert read(spec_of(row.type, row.settings, row.bottoms, row.tops, in_place=row.in_place)) == row.reads


@pytest.mark.parametrize(
    ("kind", "reads"),
    [("Power", None), ("Eltwise", None), ("Reduction", None), ("Pooling", None), ("ReLU", "b0"), ("Scale", "b0")],
)
def test_what_settings_decide_is_not_told_without_a_definition(kind: str, reads: str | None) -> None:
    assert read(LayerSpec(name="x", type=kind, definition=None, bottoms=(MAP,), tops=(MAP,))) == reads


def test_of_an_unknown_type_nothing_is_told() -> None:
    assert read(spec_of("WarpDrive", "", 1, 1)) is None
    assert read(LayerSpec(name="x", type=None, definition=None, bottoms=(), tops=())) is None


def test_a_name_of_an_older_release_reads_like_todays() -> None:
    assert read(spec_of("RELU", "", 1, 1)) == "b0"
    assert read(spec_of("relu", "", 1, 1)) == "b0"
    assert traits_of("INNER_PRODUCT") is traits_of("InnerProduct")


def test_what_no_table_knows_is_nothing_and_a_loss_by_its_name_alone() -> None:
    assert traits_of("WarpDrive") is traits_of("") is traits_of(None) is None
    assert [is_loss(name) for name in ("WarpDriveLoss", "WarpDrive", "LossOfWarp", "", None)] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert is_loss("SOFTMAX_LOSS")
    assert not is_loss("Accuracy")


# -- memory --------------------------------------------------------------------------------------------


def at_work(row: TraitRow, *, phase: str = "TEST") -> tuple[LayerMemory, ...]:
    """A source that the host fills, and the layer over it, without a loss weight."""
    layer = spec_of(row.type, row.settings, row.bottoms, row.tops)
    bottoms, tops = (tuple(f"{letter}{place}" for place in range(count)) for letter, count in counts(row))
    source = spec_of("Input", "", 0, row.bottoms)
    return (
        LayerMemory(source, "Input", (), bottoms, (210,) * len(bottoms), (False,) * len(bottoms), ()),
        LayerMemory(
            LayerSpec(layer.name, layer.type, layer.definition, layer.bottoms, layer.tops, layer.in_place, phase),
            known_type(row.type),
            bottoms,
            tops,
            (210,) * len(tops),
            (False,) * len(tops),
            (),
        ),
    )


def counts(row: TraitRow | Gradients) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("b", row.bottoms), ("t", row.tops)


def names(blobs: Sequence[OwnBlob]) -> str:
    return " ".join(sorted(blob.name for blob in blobs))


@rows("device")
def test_which_blobs_have_data_on_the_device(row: TraitRow) -> None:
    every = " ".join(f"{letter}{place}" for letter, count in counts(row) for place in range(count))
    of_its_own = " ".join(name for name in every.split() if not (row.shares and name.startswith("t")))
    if row.device == UNTOLD:
        return
    expected = row.device if row.device is not None else every if row.shares == "single" else of_its_own
    assert names(data_blobs(at_work(row), "gpu")) == expected


@rows("scratch")
def test_whose_gradient_memory_forward_uses(row: TraitRow) -> None:
    for device in ("cpu", "gpu"):
        expected = " ".join(one.removeprefix(f"{device}:") for one in row.scratch.split() if one.startswith(device))
        assert names(diff_blobs(at_work(row), device)) == expected


@rows("class")
def test_whose_memory_its_tops_are(row: TraitRow) -> None:
    known = traits(row)
    for bottoms, tops in ((1, 1), (1, 2), (2, 1)):
        alone = (bottoms, tops) == (1, 1)
        of_data = row.shares in {"always", "data"} or (row.shares == "single" and alone)
        of_diff = row.shares == "always" or (row.shares == "single" and alone)
        for shares, expected in ((known.shares_data, of_data), (known.shares_diff, of_diff)):
            use = LayerUse(shares, ("b",) * bottoms, (TopUse("t", in_place=False),) * tops)
            assert shares_bottom(use) is expected


# -- gradients -----------------------------------------------------------------------------------------

FROZEN: Final = " param { lr_mult: 0 }" * 3


def at_back(row: Gradients) -> tuple[LayerMemory, ...]:
    """A source, and the layer in a net that trains; its parameters are frozen where `caffe time` runs it."""
    settings = f"{row.settings}{FROZEN if row.timed else ''}"
    bare = spec_of(row.type, settings, row.bottoms, row.tops)
    bottoms, tops = (tuple(f"{letter}{place}" for place in range(count)) for letter, count in counts(row))
    needs = tuple(name in row.needed.split() for name in bottoms)
    layer = replace(bare, backward=not row.timed, bottom_needs_grad=needs)
    params = cost(layer).params or ()
    source = spec_of("Input", "", 0, row.bottoms)
    places = tuple(range(len(params)))
    return (
        LayerMemory(source, "Input", (), bottoms, (210,) * len(bottoms), (False,) * len(bottoms), ()),
        LayerMemory(
            layer, known_type(row.type), bottoms, tops, (210,) * len(tops), (False,) * len(tops), params, places
        ),
    )


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=str(row), marks=[pytest.mark.xfail(strict=True, reason=row.wrong)] if row.wrong else [])
        for row in GRADIENTS
    ],
)
def test_whose_gradient_memory_backward_asks_for(row: Gradients) -> None:
    for device in row.devices:
        scratch = set(names(diff_blobs(at_forward(row), device)).split())
        found = set(names(diff_blobs(at_back(row), device, timed=row.timed)).split())
        assert found - scratch == set(row.asked.split()) - scratch


def at_forward(row: Gradients) -> tuple[LayerMemory, ...]:
    """The same without a backward pass: what Forward uses stands in another table."""
    source, layer = at_back(row)
    return source, replace(layer, spec=replace(layer.spec, backward=False))
