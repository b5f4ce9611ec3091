"""A log that is let go is freed at once: nothing in it holds itself, so that many logs in one process stay cheap."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Final

import pytest

from logparse.api import parse_log
from logparse.catalogue import TABLES

ALEXNET: Final = Path(__file__).resolve().parents[2] / "sample_logs" / "alexnet.log"


def left_behind(table: str) -> set[str]:
    """Types of our own that only the search for circles would free, after a table was built and let go."""
    gc.collect()
    before = gc.get_debug()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        parse_log(ALEXNET).table(table)
        gc.collect()
        return {type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith("logparse")}
    finally:
        gc.set_debug(before)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("table", TABLES)
def test_nothing_holds_itself(table: str) -> None:
    parse_log(ALEXNET).table(table)  # what is worked out once for all logs
    assert left_behind(table) == set()
