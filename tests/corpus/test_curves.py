"""Over every shared log: one solver line is one row, counted by a grep that knows nothing of the reader."""

from __future__ import annotations

import bz2
import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

VALUE: Final = rb"(?:[-+]?[\d.]+(?:e[-+]?\d+)?|-?nan|-?inf)"
# What stands before a message: glog's header or the colon of another logger, at most a rank, and blanks.
HEAD: Final = rb"^(?!.*\"Iteration).*(?:\] |: |- )\s*(?:[\[(]\d+\.\d+[\])]\s*)?"
MARKS: Final = {
    "train": b"loss = ",
    "train_outputs": b"Train net output",
    "test": b"Test ",
    "lr": b"lr = ",
    "clipping": b"clipping",
    "debug": b"] Layer",
    "test_batches": b"Batch",
}
GREP: Final = {
    "train": re.compile(HEAD + rb"Iteration \d+(?: \([^)]*\))?(?:, [^,=]*ep)?, loss = " + VALUE),
    "train_outputs": re.compile(HEAD + rb"Train net output #\d+: .* = " + VALUE),
    "test": re.compile(HEAD + rb"(?:Test net output #\d+: .* = |Test score #\d+: |Test loss: )" + VALUE),
    "lr": re.compile(HEAD + rb"Iteration \d+, lr = " + VALUE),
    "clipping": re.compile(HEAD + rb"Gradient clipping: scaling down"),
    "debug": re.compile(
        rb"^.*\] \s*\[(?:Forward|Backward)\] Layer .*, (?:top|bottom|param) blob .* (?:data|diff): " + VALUE,
    ),
    "test_batches": re.compile(HEAD + rb"Batch \d+, .* = " + VALUE),
}


def text_of(path: Path) -> bytes:
    data = path.read_bytes()
    return bz2.decompress(data) if path.suffix == ".bz2" else data


def printed(text: bytes) -> dict[str, list[int]]:
    """Table → the lines that print one of its rows."""
    found: dict[str, list[int]] = {table: [] for table in GREP}
    for number, line in enumerate(text.splitlines(), 1):
        for table, grep in GREP.items():
            if MARKS[table] in line and grep.match(line):
                found[table].append(number)
    return found


def check(path: Path) -> None:
    log, text = parsed(path), text_of(path)
    assert {table: log.table(table)["line"].tolist() for table in GREP} == printed(text)
    numbers = [table for table in ("train", "lr") if len(log.table(table))]
    lines = text.splitlines() if numbers else []
    for table in numbers:
        frame = log.table(table)
        for line, iteration in zip(frame["line"], frame["iteration"], strict=True):
            assert b"Iteration %d" % iteration in lines[line - 1]


def test_every_solver_line_of_a_genuine_log_is_a_row(genuine_log: Path) -> None:
    check(genuine_log)


def test_every_solver_line_of_a_gpu_log_is_a_row(gpu_log: Path) -> None:
    check(gpu_log)


def test_every_solver_line_of_a_public_log_is_a_row(public_log: Path) -> None:
    check(public_log)
