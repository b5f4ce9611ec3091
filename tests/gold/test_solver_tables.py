"""The solver's tables of sample logs, whole, as they are exported: any change shows as a difference of a file here.

After an intended change: LOGPARSE_GOLD=write python -m pytest tests/gold, and read what git shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from logparse.api import parse_log
from logparse.export import FORMATS

if TYPE_CHECKING:
    from logparse.api import Log

HERE: Final = Path(__file__).parent
CASES: Final = [
    *(("lenet_nan", table, "csv") for table in ("train", "train_outputs", "test", "lr", "events", "throughput")),
    *(("lenet_nan", table, "json") for table in ("train", "test", "lr")),
    ("lenet_nan", "train", "md"),
    ("time_alexnet", "timing", "csv"),
    ("time_alexnet", "throughput", "csv"),
    ("lenet", "milestones", "csv"),
]
BY_SUFFIX: Final = {form.suffix.lstrip("."): form for form in FORMATS.values()}


@pytest.fixture(scope="module")
def logs() -> dict[str, Log]:
    """The sample logs, each read once."""
    folder = HERE.parent.parent / "sample_logs"
    return {name: parse_log(folder / f"{name}.log") for name in dict.fromkeys(name for name, _, _ in CASES)}


@pytest.mark.parametrize(("name", "table", "suffix"), CASES)
def test_the_export_is_byte_for_byte_what_it_was(logs: dict[str, Log], name: str, table: str, suffix: str) -> None:
    made = b"".join(BY_SUFFIX[suffix].chunks(logs[name].table(table), table))
    gold = HERE / f"{name}.{table}.{suffix}"
    if os.environ.get("LOGPARSE_GOLD") == "write":
        gold.write_bytes(made)

    assert made == gold.read_bytes()


REGISTRY: Final = "registry.txt"  # the catalogue in words (test_registry.py)


def test_there_is_no_gold_without_a_case() -> None:
    files = {path.name for path in HERE.iterdir() if path.suffix.lstrip(".") in BY_SUFFIX} - {REGISTRY}
    assert files == {f"{name}.{table}.{suffix}" for name, table, suffix in CASES}
