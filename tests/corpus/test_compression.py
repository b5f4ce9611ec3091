"""Compression on strangers' nets: whatever a log holds is followed, or refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.cost.whatif.change import Change, changed
from logparse.cost.whatif.measures import file_of, measures
from logparse.cost.whatif.resize import WhatIfError
from logparse.errors import LogparseError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from logparse.cost.memory.holdings import Run

pytestmark = pytest.mark.corpus

ASKED: Final[tuple[Mapping[str, str | list[str]], ...]] = (
    {"*": ["prune:share=73%,index=rel4", "codebook:bits=5", "huffman:entropy=3.1"]},
    {"type=Convolution": "tucker2:in=40%,out=30%", "type=InnerProduct": ["svd:keep=20%", "xnor"]},
    {"kind=convolution": ["prune-channels:share=50%", "separable", "prune:share=50%"]},
    {"kind=convolution": "fire", "kind=fully connected": "gap"},
    {"type=Convolution": "cp:keep=50%", "type=InnerProduct": "pq:dims=4,words=16"},
)


CAFFES_OWN: Final = ("param_bytes", "distinct_data", "footprint")


def check(path: Path) -> None:
    try:
        run = parse_log(path, curves=False).run()[1]
    except LogparseError:
        return  # nothing in it, or no net
    before = figures(run)
    for compress in ASKED:
        try:
            found = changed(run, Change(compress=compress)).run
        except WhatIfError as refused:
            assert refused.message  # noqa: PT017 - a reason is all that is asked of it
            continue
        low, likely, high = file_of(found).total
        assert low <= (low if likely is None else likely) <= high
        after = figures(found)
        assert all(value >= 0 for value in after.values())
        if found.nets == run.nets:  # stored in another form only: Caffe's own memory is as it was
            assert after["params"] <= before["params"]
            assert all(after[name] == before[name] for name in before if name.split(",")[0] in CAFFES_OWN)


def figures(run: Run) -> dict[str, int]:
    return {one.name: one.value for one in measures(run) if one.value is not None}


def test_compression_of_genuine_nets(genuine_log: Path) -> None:
    check(genuine_log)


def test_compression_of_strangers_nets(public_log: Path) -> None:
    check(public_log)
