"""The memory of a card by its name, where a run ran out of memory."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pytest

from logparse.api import parse_log

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
        ("NVIDIA H100 80GB HBM3", 80_000_000_000),
        ("Tesla P100-PCIE-16GB", 16_000_000_000),
        ("GeForce GTX 1060 6GB", 6_000_000_000),
        ("GeForce GTX 1060 3GB", 3_000_000_000),
        ("A100-SXM4-40GB", 40_000_000_000),
        ("NVIDIA H200 141 GB", 141_000_000_000),
        ("Tesla K40m", None),
        ("Card 0GB", None),
        ("Card 1234GB", None),
        ("Card 80GBx", None),
    ],
)
def test_a_name_may_state_gigabytes(name: str, size: int | None) -> None:
    assert card_bytes(name) == size


def test_of_several_cards_the_smallest_counts() -> None:
    assert card_bytes("Tesla P100-PCIE-16GB", "A100-SXM4-40GB", "Tesla K40m") == 16_000_000_000
    assert card_bytes() is None
