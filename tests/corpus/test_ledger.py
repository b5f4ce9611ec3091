"""Every log at hand: each shape and memory line has its layer, each line its class, each running total adds up.

Lines are counted here by searching the bytes, not by the reader.
"""

from __future__ import annotations

import bz2
import re
from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log
from logparse.assembling.assemble import BEFORE_LAYERS
from logparse.errors import LogparseError
from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log
    from logparse.model import Blob, Layer

pytestmark = pytest.mark.corpus

TOP_SHAPE = re.compile(rb"Top shape")
MEMORY = re.compile(rb"[Mm]emory  ?required for [dD]ata:? ?\d")
REPORTED = re.compile(rb"memory \((?:TRAIN|TEST)\) (?:required for|by) data:")


def text_of(path: Path) -> bytes:
    data = path.read_bytes()
    return bz2.decompress(data) if path.suffix == ".bz2" else data


def layers_of(log: Log) -> list[tuple[int, int]]:
    """Per net: shapes that belong to a layer, memory figures that belong to a layer or to the net."""
    nets = [net for attempt in log.facts.attempts for net in attempt.nets]
    return [
        (
            sum(_is_printed(top, layer) for layer in net.layers for top in layer.tops),
            sum(layer.logged_bytes is not None for layer in net.layers)
            + (net.total_bytes is not None)
            + (BEFORE_LAYERS in net.reported),
        )
        for net in nets
    ]


def _is_printed(top: Blob, layer: Layer) -> bool:
    """Whether a shape line gave the shape; where a layer died before its own, its "output data size" line did."""
    told = any("utput data size" in text for text in layer.chatter)
    died = len(layer.tops) > 1 and all(one.shape is None for one in layer.tops[1:])
    return top.shape is not None and not (told and died)


def check(path: Path, lowest: float) -> None:
    text = text_of(path)
    log = parsed(path)
    nets = layers_of(log)

    assert sum(shapes for shapes, _ in nets) == len(TOP_SHAPE.findall(text))
    assert sum(figures for _, figures in nets) == len(MEMORY.findall(text))
    assert sum(row.lines for row in log.facts.ledger) == log.facts.source.lines
    assert log.parsed_share >= lowest
    check_running_memory(log)


def check_running_memory(log: Log) -> None:
    """Between two layers that both print it, the figure grows by the tops' counts times the element size."""
    for attempt in log.facts.attempts:
        for net in attempt.nets:
            running = 0
            for layer in net.layers:
                if layer.logged_bytes is None:
                    break
                counts = sum(top.count or 0 for top in layer.tops)
                running += counts * (net.element_bytes or 4)
                assert layer.logged_bytes == running, (net.index, layer.name)


def test_a_public_log_is_read_to_its_last_line(public_log: Path) -> None:
    if public_log.suffix in {".tsv", ".md"}:
        pytest.skip("not a log")
    check(public_log, 0.98)


def test_a_genuine_log_is_read_to_its_last_line(genuine_log: Path) -> None:
    check(genuine_log, 0.98)


def test_a_gpu_log_is_read_to_its_last_line(gpu_log: Path) -> None:
    check(gpu_log, 0.98)


def test_nearly_nothing_of_caffes_is_unknown_over_all(shared_logs: Path) -> None:
    counts = dict.fromkeys(("recognised", "ignored", "unknown"), 0)
    for path in sorted(shared_logs.glob("public/*/*")):
        try:
            log = parse_log(path)
        except LogparseError:
            continue
        for row in log.facts.ledger:
            if row.kind in counts:
                counts[row.kind] += row.lines

    assert sum(counts.values()) > 100_000
    assert 1 - counts["unknown"] / sum(counts.values()) >= 0.995


def test_the_five_memory_lines_of_nvcaffe_are_figures_and_no_totals(shared_logs: Path) -> None:
    seen = 0
    for path in sorted(shared_logs.glob("public/*/*")):
        text = text_of(path)
        if not REPORTED.search(text):
            continue
        seen += 1
        nets = [net for attempt in parse_log(path).facts.attempts for net in attempt.nets]
        assert any(label.startswith("Top memory (") for net in nets for label in net.reported)
        assert all(net.total_bytes is None for net in nets)

    assert seen
