"""How a run grows with its batch: slopes through three sizes, and the batch that fits reckoned from them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.cost.memory.footprint import held_bytes
from logparse.cost.memory.terms import Terms
from logparse.cost.whatif.change import Change, changed
from logparse.cost.whatif.fit import fit, fits
from logparse.cost.whatif.growth import Growth, Seen, Slope, growth, seen, slope_through

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import Run

SAMPLES: Final = Path(__file__).resolve().parents[2] / "sample_logs"
GIB: Final = 2**30


@cache
def run_of(name: str) -> Run:
    return parse_log(SAMPLES / f"{name}.log").run()[1]


def at(run: Run, batch: int) -> Run:
    return changed(run, Change(batch=batch)).run


@pytest.mark.parametrize(
    ("sizes", "slope"),
    [
        ((16, 80, 160), Slope(0, 0, 8)),  # eight a batch
        ((23, 95, 185), Slope(0, 5, 9)),  # nine a batch, and five whatever it is
        ((40, 40, 40), Slope(0, 40, 0)),  # nothing grows
        ((49, 49, 80), Slope(49, 0, 4)),  # level up to 12, four a batch from there on
        ((49, 49, 49), Slope(0, 49, 0)),
        ((49, 50, 80), None),  # neither
        ((4, 100, 400), None),  # a square
    ],
)
def test_a_slope_is_straight_or_level_first(sizes: tuple[int, int, int], slope: Slope | None) -> None:
    assert slope_through((2, 10, 20), sizes) == slope


def test_a_slope_is_never_below_its_floor() -> None:
    assert [Slope(7, 1, 2).at(batch) for batch in (2, 3, 4)] == [7, 7, 9]


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("name", ["lenet", "alexnet", "siamese", "lstm"])
def test_a_reckoned_run_is_the_run_worked_out_layer_by_layer(name: str, device: str) -> None:
    run = run_of(name)
    grown = growth({batch: seen(at(run, batch), device, cudnn=device == "gpu") for batch in (2, 64, 2000)})
    assert grown is not None
    for batch in (2, 3, 17, 100, 1000, 33_333):
        look = seen(at(run, batch), device, cudnn=device == "gpu")
        assert grown.seen(batch) == look
        sizes = list(zip(look.kinds, look.blocks, strict=True))
        assert grown.kinds(batch) == {kind: sum(size for one, size in sizes if one == kind) for kind, _ in sizes}
        assert grown.largest(batch) == max(zip(look.blobs, look.names, strict=True))


def grown_of(**blobs: Slope) -> Growth:
    """A run of blobs only, by name."""
    return Growth(Seen((), (), (), tuple(blobs), ()), (), (), tuple(blobs.values()))


def test_the_largest_blob_is_that_of_the_batch_and_of_equals_the_last_by_name() -> None:
    grown = grown_of(
        still=Slope(0, 100, 0), b=Slope(0, 0, 8), a=Slope(0, 0, 8), level=Slope(90, 0, 9), less=Slope(0, 0, 7)
    )
    assert [grown.largest(batch) for batch in (2, 10, 12, 13)] == [
        (100, "still"),
        (100, "still"),
        (108, "level"),
        (117, "level"),
    ]
    assert grown_of(b=Slope(0, 0, 8), a=Slope(0, 0, 8), less=Slope(0, 0, 7)).largest(3) == (24, "b")
    assert grown_of().largest(3) == (0, "")


def test_bytes_by_kind_are_those_of_all_blocks_whatever_way_they_grow() -> None:
    slopes = (Slope(0, 5, 3), Slope(40, 0, 4), Slope(0, 0, 2), Slope(0, 7, 0))
    grown = Growth(Seen(("diff", "diff", "diff", "data"), (), (), (), ()), slopes, (), ())
    assert grown.kinds(3) == {"diff": 14 + 40 + 6, "data": 7}
    assert grown.kinds(11) == {"diff": 38 + 44 + 22, "data": 7}


def test_runs_of_other_blocks_have_no_growth() -> None:
    lenet, alexnet = (seen(run_of(name), "cpu", cudnn=False) for name in ("lenet", "alexnet"))
    assert growth({2: lenet, 64: alexnet, 128: alexnet}) is None


def test_a_run_tells_blocks_by_kind_and_blobs_by_name() -> None:
    look = seen(at(run_of("lenet"), 64), "cpu", cudnn=False)
    assert len(look.kinds) == len(look.blocks)
    assert look.taken == look.blocks
    assert dict(zip(look.names, look.blobs, strict=True))["conv1"] in {64 * 20 * 24 * 24, 100 * 20 * 24 * 24}


@pytest.mark.parametrize("name", ["lenet", "alexnet", "siamese"])
def test_several_budgets_are_answered_as_one_by_one(name: str) -> None:
    run = run_of(name)
    budgets = (GIB, 2 * GIB, 3 * GIB)
    assert fits(run, budgets) == [fit(run, budget) for budget in budgets]


@pytest.mark.parametrize("engine", ["caffe", "cudnn"])
def test_what_one_more_would_take_is_told(engine: str) -> None:
    run, terms = run_of("alexnet"), Terms(engine=engine)
    found = fit(run, 4 * GIB, terms=terms)
    assert found.bytes == held_bytes(at(run, found.batch), "gpu", terms) <= 4 * GIB
    assert found.next_bytes == held_bytes(at(run, found.batch + 1), "gpu", terms) > 4 * GIB
    even = found.fixed_bytes + found.batch * found.per_image_bytes
    assert found.bytes == even + found.page_bytes + found.uneven_bytes + found.build_bytes
    assert found.page_bytes > 0


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("name", ["lenet", "alexnet", "siamese", "lstm", "resnet18"])
def test_what_stays_and_what_an_image_adds_do_not_depend_on_the_budget(name: str, device: str) -> None:
    found = fits(run_of(name), [size * GIB for size in (1, 2, 5, 11, 80, 5000)], device)
    assert len({(one.fixed_bytes, one.per_image_bytes) for one in found}) == 1
    for one in found:
        even = one.fixed_bytes + max(one.batch, 1) * one.per_image_bytes
        assert one.bytes == even + one.page_bytes + one.uneven_bytes + one.build_bytes
        assert one.page_bytes >= 0
        assert device == "gpu" or not one.page_bytes
