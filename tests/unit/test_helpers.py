"""Other processes that scan a large log: they change nothing but the time."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from logparse.reading.extract import Extractor
from logparse.reading.fast import workers
from logparse.reading.fast.scanner import scans
from logparse.reading.input.blocks import open_input
from tests.benchmarks.generate import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from logparse.reading.extract import Extracted
    from logparse.reading.fast.scan import Scan
    from logparse.reading.input.blocks import TextBlock

pytestmark = pytest.mark.skipif(os.name != "posix", reason="helpers need memory that two processes share (POSIX)")

BLOCK_BYTES = 20_000


def blocks_of(log: Path) -> list[TextBlock]:
    with open_input(log, block_bytes=BLOCK_BYTES) as opened:
        return list(opened.blocks())


def extracted(scanned: Iterable[tuple[TextBlock, Scan]]) -> Extracted:
    extractor = Extractor()
    for block, scan in scanned:
        extractor.take(block, scan)
    return extractor.finish()


def rows(found: Extracted) -> dict[str, Any]:
    """Everything, with names in place of their numbers: helpers meet them in another order."""
    names = np.array([*found.curves.names, ""], object)
    series = {
        series: {
            name: (names[column.astype(int)] if name in ("name", "layer", "part", "blob") else column).tolist()
            for name, column in columns.items()
        }
        for series, columns in found.curves.series.items()
    }
    return {**found._asdict(), "curves": repr(series)}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "train.log"
    write(path, 1_500_000, kind="run")
    return path


@pytest.fixture
def waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every helper start before the first block is handed out, so that a short log is shared out too."""
    started = workers.Helper.__init__

    def start(helper: workers.Helper) -> None:
        started(helper)
        assert helper._connection.poll(300)

    monkeypatch.setattr(workers.Helper, "__init__", start)


@pytest.mark.usefixtures("waited_for")
@pytest.mark.parametrize("processes", [2, 3])
def test_what_helpers_scan_is_what_one_process_scans(log: Path, processes: int) -> None:
    blocks = blocks_of(log)
    assert rows(extracted(workers.scans(iter(blocks), processes))) == rows(extracted(scans(blocks)))


@pytest.mark.usefixtures("waited_for")
def test_helpers_take_part(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = count()
    take = workers.Helper.take
    monkeypatch.setattr(workers.Helper, "take", lambda helper: (next(taken), take(helper))[1])
    extracted(workers.scans(iter(blocks_of(log)), 2))
    assert next(taken) > 1


@pytest.mark.usefixtures("waited_for")
def test_what_a_dead_helper_leaves_is_scanned_here(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give = workers.Helper.give

    def give_and_kill(helper: workers.Helper, block: TextBlock) -> bool:
        given = give(helper, block)
        helper._process.kill()
        return given

    blocks = blocks_of(log)
    monkeypatch.setattr(workers.Helper, "give", give_and_kill)
    assert rows(extracted(workers.scans(iter(blocks), 2))) == rows(extracted(scans(blocks)))


def no_memory() -> None:
    raise OSError(28, "No space left on device")


def test_where_no_helper_can_be_had_one_process_reads(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_of(log)
    alone = rows(extracted(scans(blocks)))
    for name, value in (("_shared", no_memory), ("sys.executable", None), ("sys.executable", "/nowhere/python")):
        with monkeypatch.context() as patch:
            patch.setattr(f"logparse.reading.fast.workers.{name}", value)
            assert rows(extracted(workers.scans(iter(blocks), 3))) == alone


def test_a_short_log_starts_no_process(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Helper", None)
    assert len(list(workers.scans(iter(blocks_of(log)[:3]), 4))) == 3
