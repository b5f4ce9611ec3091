"""All tables of logs that are written by hand, whole: every cell of them was worked out by hand (written/README.md).

After an intended change: LOGPARSE_GOLD=write python -m pytest tests/gold, and read what git shows.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from tests.writing import cells

if TYPE_CHECKING:
    from logparse.api import Log

HERE: Final = Path(__file__).parent / "written"
LOGS: Final = sorted(path.stem for path in HERE.glob("*.log"))
# `whatif` says the same of a dozen scenarios (tests/unit/tables/test_whatif_rows.py), `levers` of single layers
# (test_levers.py); `summary` repeats figures of other tables (tests/unit/test_cli_summary.py); `timeline` puts the
# blocks of `memory` in order (tests/unit/test_cost_timeline.py,
# tests/truth/test_timeline.py); `plan`, `alive` and `placement` have a truth of their own (test_plans.py).
TABLES: Final = (
    "attempts",
    "nets",
    "layers",
    "blobs",
    "params",
    "train",
    "train_outputs",
    "test",
    "lr",
    "clipping",
    "debug",
    "test_batches",
    "timing",
    "events",
    "throughput",
    "milestones",
    "memory",
    "footprint",
    "slots",
    "reconciliation",
    "kernels",
    "shares",
    "out_of_memory",
    "findings",
    "ledger",
)
# What is wrong in the program, so that its cells are no gold: each has a test of its own that shows it.
WRONG: Final = {("old", "throughput"), ("old", "shares"), ("excerpt", "memory"), ("excerpt", "footprint")}


def shown(log: Log, table: str) -> str:
    """A table, one column a line; a whole number and a decimal are told apart, and NA from a printed nan."""
    lines = [
        f"{name}: {' | '.join(json.dumps(value, ensure_ascii=False) for value in column)}".rstrip()
        for name, column in cells(log.table(table)).items()
    ]
    return "\n".join([f"== {table}", *lines, ""])


@cache
def log_of(name: str) -> Log:
    """A log, read once."""
    return parse_log(HERE / f"{name}.log")


@cache
def gold_of(name: str) -> dict[str, str]:
    """The tables of a log as they are on file, by name."""
    path = HERE / f"{name}.txt"
    if os.environ.get("LOGPARSE_GOLD") == "write":
        tables = [table for table in TABLES if (name, table) not in WRONG]
        path.write_text("\n".join(shown(log_of(name), table) for table in tables), encoding="utf-8")
    parts = path.read_text(encoding="utf-8").split("\n== ")
    return {part.partition("\n")[0].removeprefix("== "): part.removeprefix("== ").rstrip("\n") for part in parts}


@pytest.mark.parametrize(
    ("name", "table"), [(name, table) for name in LOGS for table in TABLES if (name, table) not in WRONG]
)
def test_every_cell_is_as_worked_out_by_hand(name: str, table: str) -> None:
    assert shown(log_of(name), table).removeprefix("== ").rstrip("\n").splitlines() == gold_of(name)[table].splitlines()


def test_every_table_but_the_what_ifs_is_held_against_its_gold() -> None:
    assert {*log_of(LOGS[0]).table_names} - {
        "whatif",
        "timeline",
        "plan",
        "alive",
        "placement",
        "levers",
        "summary",
    } == {*TABLES}
    assert {(name, table) for name in LOGS for table in gold_of(name)} | WRONG == {
        (name, table) for name in LOGS for table in TABLES
    }
