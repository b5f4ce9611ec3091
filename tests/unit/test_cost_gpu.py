"""What is gone on a card before the first blob, by what a log tells: ranges from measured cards."""

from __future__ import annotations

from typing import Final

import pytest

from logparse.cost.memory.gpu import UNTOLD, Build, Spread, Told, gpu
from logparse.cost.memory.terms import MIB

OF_KEPLER: Final = "small nets on Kepler under CUDA 5.5 to 7.5, consistent with deepdetect#84"
H100: Final = "NVIDIA H100 80GB HBM3"


def context(*cards: str, year: int | None = None, cuda: float | None = None, **more: object) -> tuple[int, int]:
    """The context's range in MiB."""
    found = gpu(Told(cards, year, cuda, **more)).context  # type: ignore[arg-type]  # fields of Told
    return found.low // MIB, found.high // MIB


@pytest.mark.parametrize(
    ("card", "year", "cuda", "mib"),
    [
        ("Tesla K40m", 2014, None, (60, 120)),  # CUDA 8 was not out
        ("Tesla K40m", 2016, None, (60, 450)),
        ("Tesla K40m", None, 7.5, (60, 120)),
        ("GeForce GTX 980", 2015, None, (90, 200)),
        ("TITAN X (Pascal)", 2016, None, (160, 230)),
        ("TITAN X (Pascal)", None, 8.0, (160, 230)),
        ("TITAN X (Pascal)", None, 9.0, (160, 450)),  # both rows know of CUDA 9
        ("Tesla P100-SXM2-16GB", 2016, None, (290, 350)),
        ("GeForce MX250", None, 10.1, (250, 450)),
        ("Tesla V100S-PCIE-32GB", None, 11.1, (400, 600)),
        ("GeForce GTX 1080 Ti", None, None, (160, 600)),  # a driver of CUDA 11.2 or before
        ("NVIDIA GeForce GTX 1080 Ti", None, None, (150, 600)),  # the maker's name: a later driver may be there
        (H100, None, None, (590, 1014)),
        (H100, 2024, 13.0, (590, 1014)),
    ],
)
def test_the_context_is_its_generations_under_the_cuda_that_may_have_been(
    card: str, year: int | None, cuda: float | None, mib: tuple[int, int]
) -> None:
    assert context(card, year=year, cuda=cuda) == mib


def test_measured_contexts_lie_in_their_ranges() -> None:
    """Total less free as NVCaffe's allocator printed it at its start, in MiB."""
    measured = (
        ("TITAN X (Pascal)", 8.0, 199),
        ("Tesla P100-SXM2-16GB", 8.0, 293),
        ("Tesla P100-SXM2-16GB", 8.0, 348),
        ("Tesla V100S-PCIE-32GB", 11.1, 448),
        ("GeForce MX250", 10.1, 318),
        (H100, 13.0, 594),
    )
    for card, cuda, mib in measured:
        low, high = context(card, cuda=cuda)
        assert low <= mib <= high, card


def test_without_a_card_the_year_leaves_what_was_there() -> None:
    assert context(year=2014) == (60, 200)
    assert context(year=2015) == (60, 200)
    assert context(year=2016)[1] == 450
    assert context() == (60, 1014)


def test_a_build_of_rc2_whose_year_is_not_told_is_an_old_one() -> None:
    assert context(build=Build.RC2) == (60, 450)
    assert gpu(Told(build=Build.RC2)).context.likely == 90 * MIB
    assert gpu(Told(build=Build.RC2)).handle == Spread(MIB // 2, MIB, MIB)
    assert gpu(Told(build=Build.RC2)).thread == Spread(0, 0, 0)  # one handle for the whole process


def test_on_the_measured_card_the_likely_figures_are_the_measured_ones() -> None:
    found = gpu(Told((H100,)))
    assert found.context.likely == 594 * MIB
    assert found.thread == Spread(64 * MIB, 64 * MIB, 64 * MIB)
    assert found.handle.likely == round(9.14 * MIB) == found.handle.high
    assert found.kernels == Spread(0, 0, 0)
    assert found.paged


@pytest.mark.parametrize("card", ["Tesla K40m", "GeForce GTX 980", "GeForce GTX 1080", "Tesla V100-SXM2-16GB"])
def test_a_card_that_does_not_need_cudnn_8_has_handles_of_at_most_two_mebibytes(card: str) -> None:
    """Caffe's source does not compile with cuDNN 8; 200 handles of an H100's would be 1.8 GB."""
    found = gpu(Told((card,)))
    assert found.handle.high == 2 * MIB
    assert found.thread.high == 8 * MIB
    assert not found.paged


@pytest.mark.parametrize(
    ("cudnn", "handle_mib", "kernels_mib"),
    [(4.0, 1, (0, 0)), (5.1, 2, (0, 150)), (7.6, 2, (0, 150)), (8.1, 9.14, (300, 450)), (9.0, 9.14, (0, 0))],
)
def test_a_cudnn_that_is_told_goes_before_the_card(
    cudnn: float, handle_mib: float, kernels_mib: tuple[int, int]
) -> None:
    found = gpu(Told(("Tesla V100S-PCIE-32GB",), cudnn=cudnn))
    assert found.handle.high == round(handle_mib * MIB)
    assert (found.kernels.low, found.kernels.high) == (kernels_mib[0] * MIB, kernels_mib[1] * MIB)


def test_what_was_gone_at_the_start_is_the_most_that_a_context_took() -> None:
    assert context("GeForce MX250", cuda=10.1, gone_bytes=318 * MIB) == (250, 318)
    assert context("GeForce MX250", cuda=10.1, gone_bytes=200 * MIB) == (200, 200)
    assert context("GeForce MX250", cuda=10.1, gone_bytes=1500 * MIB) == (250, 450)  # another process is in it


def test_the_likely_value_lies_in_every_range() -> None:
    for told in (Told(), Told(year=2013), Told(("Tesla K40m",)), Told(("Unheard of",), 2019), Told((H100,), cudnn=8.9)):
        found = gpu(told)
        for one in (found.context, found.thread, found.handle, found.kernels):
            assert one.low <= one.likely <= one.high


def test_the_basis_names_what_is_told_and_where_figures_come_from() -> None:
    assert gpu(Told(("Tesla K40m",), 2014)).basis == (
        f"context of 62,914,560 to 125,829,120 bytes by Kepler, 2014: {OF_KEPLER}",
        "cuDNN: a handle of cuDNN 4: slightly below 1 MiB (Theano#3877)",
    )
    assert "all cards, as neither card nor year is told" in UNTOLD.basis[0]
    assert len(gpu(Told(engine="caffe")).basis) == 1
    assert "gone when the process had begun" in gpu(Told(("GeForce MX250",), gone_bytes=5)).basis[1]


@pytest.mark.parametrize(
    ("card", "low_mib", "high_mib"),
    [("Tesla K40m", 0.5, 2), ("GeForce GTX 1080", 1, 2), ("Tesla V100-SXM2-16GB", 1, 2), ("A100-SXM4-40GB", 1, 9.14)],
)
def test_a_handle_is_of_a_cudnn_that_was_there_for_the_card(card: str, low_mib: float, high_mib: float) -> None:
    found = gpu(Told((card,))).handle
    assert (found.low, found.high) == (round(low_mib * MIB), round(high_mib * MIB))
