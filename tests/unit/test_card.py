"""The memory of a card by its name, where a run ran out of memory."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pytest

from logparse.api import parse_log
from logparse.cost.memory.cards import CARDS, GIB, Generation, card

START: Final = "I1124 11:39:00.000000   531 caffe.cpp:204] Using GPUs 0\n"
OUT: Final = (
    "I1124 11:39:01.000000   531 solver.cpp:45] Initializing solver from parameters: \nmax_iter: 5\n"
    "F1124 11:39:13.387531   531 syncedmem.cpp:71] Check failed: error == cudaSuccess (2 vs. 0)  out of memory\n"
)


def card_bytes(*names: str) -> int | None:
    """What the row of a log with these cards says of their memory."""
    cards = "".join(f"I1124 11:39:00.000000   531 caffe.cpp:209] GPU {i}: {name}\n" for i, name in enumerate(names))
    rows = parse_log((START + cards + OUT).encode()).table("out_of_memory")
    assert len(rows) == 1
    size = rows["card_bytes"].iloc[0]
    return None if pd.isna(size) else int(size)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        # A name's GB is the power of ten: an H100 of "80GB" has 85,017,493,504 bytes, less than 80 times 2^30, so
        # that reading would let a run fit that does not.
        ("NVIDIA H200 141 GB", 141_000_000_000),
        ("Tesla P100-PCIE-24GB", 24_000_000_000),
        ("Card 0GB", None),
        ("Card 1234GB", None),
        ("Card 80GBx", None),
    ],
)
def test_a_name_may_state_gigabytes(name: str, size: int | None) -> None:
    assert card_bytes(name) == size


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("NVIDIA H100 80GB HBM3", 85_017_493_504),
        ("GeForce GTX 1060 6GB", 6_373_179_392),
        ("geforce gtx 1080 ti", 11_706_630_144),
        ("NVIDIA GeForce GTX 1080 Ti", 11_706_630_144),  # drivers since 465
        ("Tesla K40m", 11_995_578_368),  # with ECC
        ("GeForce GTX 960", None),  # sold with 2, 3 and 4 GB
        ("GeForce GTX 999", None),
    ],
)
def test_of_a_known_card_the_least_counts_that_its_name_was_seen_with(name: str, size: int | None) -> None:
    assert card_bytes(name) == size


def test_every_card_says_where_its_figures_come_from() -> None:
    assert len({one.name for one in CARDS}) == len(CARDS) > 70
    for one in CARDS:
        assert one.source
        assert one.least_bytes is not None
        assert one.most_bytes is not None
        assert 0.9 * GIB < one.least_bytes <= one.most_bytes
        assert (one.bytes is None) == ("sold with" in one.source), one.name


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("GeForce GTX 745M", Generation.KEPLER),
        ("NVIDIA GeForce RTX 3070", Generation.AMPERE),
        ("Tesla P100-SXM3", Generation.P100),
        ("NVIDIA H200", Generation.HOPPER),
        ("GeForce GTX 950", Generation.MAXWELL),
        ("GeForce GTX 1070 Ti", Generation.PASCAL),
        ("Tesla V100-PCIE-16GB", Generation.VOLTA),
        ("GeForce RTX 2080 SUPER", Generation.TURING),
        ("Quadro 6000X", None),
    ],
)
def test_a_card_without_a_row_is_known_by_its_series(name: str, generation: Generation | None) -> None:
    assert card(name).generation == generation


PRINTED: Final = {
    "NVCaffe at its start": "gpu_memory.cpp:84] Total memory: 2099904512, Free: 1766850560, "
    "dev_info[0]: total=2099904512 free=1766850560",
    "a device query": "common.cpp:182] Total global memory:           2099904512",
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_goes_before_what_a_name_tells(name: str) -> None:
    text = f"I1124 11:39:00.000000   531 {PRINTED[name]}\n"
    text += "I1124 11:39:00.000000   531 caffe.cpp:209] GPU 0: GeForce GTX 1080\n"
    rows = parse_log((text + OUT).encode()).table("out_of_memory")
    assert list(rows["card_bytes"]) == [2_099_904_512]


def test_a_refusal_tells_the_card_too() -> None:
    said = "Failed to allocate 4000000000 bytes on device 0. Total memory: 8506179584, Free: 1000000"
    text = f"F1124 11:39:13.387531   531 gpu_memory.hpp:71] {said}\n"
    assert list(parse_log(text.encode()).table("out_of_memory")["card_bytes"]) == [8_506_179_584]


def test_of_several_cards_the_smallest_counts() -> None:
    assert card_bytes("Tesla P100-PCIE-16GB", "A100-SXM4-40GB", "Tesla K40m") == 11_995_578_368
    assert card_bytes("Tesla P100-PCIE-16GB", "Some card") == 17_066_885_120
    assert card_bytes() is None
