"""Channels pruned, and global pooling, against published tables.

Luo et al. 2017, "ThiNet", tables 1 and 3 with the channel lists that the authors released (an operation is half a
multiply-add there); Li et al. 2017, "Pruning Filters for Efficient ConvNets", table 1, VGG-16 A; a pruned VGG-16 of the
repository ZJCV/SSL, whose counter of operations adds biases, normalisations and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.truth import published_nets as nets
from tests.truth.compression_nets import figures, macs, one_image, params, vgg16_cifar, vgg16_normed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from logparse.cost.memory.holdings import Run

CONVOLUTIONS: Final = [
    f"conv{block}_{place}" for block, depth in enumerate((2, 2, 3, 3, 3), 1) for place in range(1, depth + 1)
]
HALF: Final = (32, 32, 64, 64, 128, 128, 128, 256, 256, 256, 512, 512, 512)
TINY: Final = (16, 16, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 256)


def left(names: Iterable[str], widths: Iterable[int]) -> dict[str, str | Sequence[str]]:
    return {name: f"prune-channels:left={width}" for name, width in zip(names, widths, strict=True)}


def operations(found: Run) -> float:
    """Billions, a multiplication and an addition each."""
    return 2 * macs(found) / 1e9


# Parameters in millions and operations in billions as printed.
THINET: Final = {
    "VGG-16": ({}, 138.34, 30.94),
    "ThiNet-Conv": (left(CONVOLUTIONS, HALF), 131.44, 9.58),
    "ThiNet-GAP": (left(CONVOLUTIONS, HALF) | {"fc*": "gap"}, 8.32, 9.34),
    "ThiNet-Tiny": (left(CONVOLUTIONS, TINY) | {"fc*": "gap"}, 1.32, 2.01),
}


CHECKPOINTS: Final = {"ThiNet-Conv": 1003, "ThiNet-GAP": 64, "ThiNet-Tiny": 10}  # MiB with SGD's history, released


@pytest.mark.parametrize("name", THINET)
def test_vgg_by_thinet(name: str) -> None:
    asked, millions, billions = THINET[name]
    found = one_image(nets.vgg16(1), asked)
    assert params(found) / 1e6 == pytest.approx(millions, abs=0.021)  # the paper leaves biases out
    assert operations(found) == pytest.approx(billions, abs=0.0051)
    if name in CHECKPOINTS:
        assert 8 * params(found) / 2**20 == pytest.approx(CHECKPOINTS[name], abs=0.51)


@pytest.mark.parametrize(
    ("widths", "millions", "billions"),
    [
        (None, 25.56, 7.72),
        ((44, 89, 179, 358), 16.94, 4.88),
        ((32, 64, 128, 256), 12.38, 3.41),
        ((19, 38, 76, 153), 8.66, 2.20),
    ],
    ids=["ResNet-50", "ThiNet-70", "ThiNet-50", "ThiNet-30"],
)
def test_resnet_by_thinet(widths: tuple[int, ...] | None, millions: float, billions: float) -> None:
    """The first two convolutions of each block: a pattern for each stage."""
    asked = {
        f"res{stage}?_branch2{place}": f"prune-channels:left={width}"
        for stage, width in enumerate(widths or (), 2)
        for place in "ab"
    }
    found = one_image(nets.resnet50(1), asked)
    assert params(found) / 1e6 == pytest.approx(millions, abs=0.0101)
    assert operations(found) == pytest.approx(billions, abs=0.0051)


WIDE: Final = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)


def test_vgg_for_cifar_by_li() -> None:
    """VGG-16 A: 1.5e7 → 5.4e6 parameters (64.0 % gone), 3.13e8 → 2.06e8 multiply-adds (34.2 % gone)."""
    text = vgg16_cifar(WIDE, normed=False, classes=10)
    asked = {"conv1": "prune-channels:share=50%"} | {
        f"conv{place}": "prune-channels:share=50%" for place in range(8, 14)
    }
    before, found = one_image(text), one_image(text, asked)
    assert (f"{params(before):.1e}", f"{params(found):.1e}") == ("1.5e+07", "5.4e+06")
    assert (f"{macs(before):.2e}"[:4], f"{macs(found):.2e}") == ("3.13", "2.06e+08")
    assert 100 * (1 - params(found) / params(before)) == pytest.approx(64.0, abs=0.05)
    assert 100 * (1 - macs(found) / macs(before)) == pytest.approx(34.2, abs=0.05)


def test_a_pruned_vgg_with_normalisation() -> None:
    """ZJCV/SSL: parameters exactly; its counter is multiply-adds, three for each output of a convolution, and more."""
    widths = (24, 56, 96, 96, 104, 128, 80, 56, 88, 240, 248, 304, 512)
    text = vgg16_normed(100)
    asked = left((f"conv{place}" for place in range(1, 14)), widths)
    for found, millions, counted in (
        (one_image(text), 134_678_692, 15_507_270_656),
        (one_image(text, asked), 123_297_340, 4_105_023_968),
    ):
        outputs = sum(
            sum(count or 0 for count in layer.counts) for layer in found.nets[0].layers if layer.kind == "Convolution"
        )
        assert figures(found)["params"] == millions
        assert macs(found) + 3 * outputs + 2 * 25_088 == counted
