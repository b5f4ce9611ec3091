"""`--fit`: whatever the budget, the batch returned fits and one more does not."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from logparse.api import parse_log
from logparse.cost.memory.footprint import held_bytes
from logparse.cost.memory.terms import ENGINES, Terms
from logparse.cost.whatif.change import Change, changed
from logparse.cost.whatif.fit import fit, largest_blob

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import Run

SAMPLES: Final = Path(__file__).resolve().parents[2] / "sample_logs"
MIB: Final = 1024**2
LIMITS: Final = {"gpu": 2**30, "cpu": 2**31 - 1}


@cache
def run_of(name: str) -> Run:
    return parse_log(SAMPLES / f"{name}.log").run()[1]


def fits(run: Run, batch: int, budget: int, device: str, terms: Terms) -> bool:
    tried = changed(run, Change(batch=batch)).run
    return held_bytes(tried, device, terms) <= budget and largest_blob(tried)[0] <= LIMITS[device]


@given(
    name=st.sampled_from(("lenet", "alexnet", "siamese", "lstm", "resnet18")),
    budget=st.integers(1, 400_000).map(lambda count: count * MIB),
    device=st.sampled_from(("cpu", "gpu")),
    engine=st.sampled_from((None, *ENGINES)),
)
@settings(max_examples=25)
def test_the_batch_fits_and_one_more_does_not(name: str, budget: int, device: str, engine: str | None) -> None:
    terms, run = Terms(engine=engine), run_of(name)
    found = fit(run, budget, device, terms)
    assert not fits(run, found.batch + 1, budget, device, terms)
    if found.batch:
        assert fits(run, found.batch, budget, device, terms)
        assert found.bytes == held_bytes(changed(run, Change(batch=found.batch)).run, device, terms)
