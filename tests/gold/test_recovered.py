"""What is recovered of sample logs, whole: any change shows as a difference of a file here.

After an intended change: LOGPARSE_GOLD=write python -m pytest tests/gold, and read what git shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from logparse.api import parse_log

HERE: Final = Path(__file__).parent
CASES: Final = [
    ("lenet", "train_val"),
    ("lenet", "deploy"),
    ("lenet", "solver"),
    ("lenet_excerpt", "train_val"),
    ("siamese", "deploy"),
]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_the_text_is_byte_for_byte_what_it_was(name: str, form: str) -> None:
    log = parse_log(HERE.parent.parent / "sample_logs" / f"{name}.log")
    made = log.recover_solver("net.prototxt").text if form == "solver" else log.recover(form).text
    gold = HERE / f"{name}.{form}.prototxt"
    if os.environ.get("LOGPARSE_GOLD") == "write":
        gold.write_text(made, encoding="ascii")
    assert made == gold.read_text(encoding="ascii")


def test_there_is_no_recovered_gold_without_a_case() -> None:
    assert {path.name for path in HERE.glob("*.prototxt")} == {f"{name}.{form}.prototxt" for name, form in CASES}
