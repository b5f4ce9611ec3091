"""What the command says about lines that were not understood, and the gates on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log
from logparse.cli.common import not_understood
from logparse.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "I1124 10:43:20.990321 23669 "
UNDERSTOOD = f"{HEAD}solver.cpp:1] Iteration 5, loss = 1\n"
UNKNOWN = f"{HEAD}net.cpp:99] Frobnicating the blobs\n"
FOREIGN = "speed: 1.717s / iter\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (UNDERSTOOD, ""),
        (UNDERSTOOD * 3 + UNKNOWN, "1 of Caffe's own lines not understood (25 %)"),
        (UNDERSTOOD * 3 + FOREIGN, "1 lines not Caffe's (25 % of all)"),
        (
            UNDERSTOOD * 8 + UNKNOWN + FOREIGN,
            "1 of Caffe's own lines not understood (11.1 %), 1 lines not Caffe's (10 % of all)",
        ),
    ],
)
def test_what_was_not_understood_is_told(text: str, told: str) -> None:
    assert not_understood(parse_log(text.encode())).replace("\N{NO-BREAK SPACE}", " ").replace(".0 %", " %") == told


def export(tmp_path: Path, text: str, *words: str) -> int:
    log = tmp_path / "train.log"
    log.write_text(text, encoding="utf-8")
    return main(["export", str(log), "--table", "ledger", *words])


def test_the_command_prints_the_shares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(tmp_path, UNDERSTOOD + FOREIGN) == 0
    printed = capsys.readouterr()
    assert "1 lines not Caffe's" in printed.err
    assert printed.out.splitlines()[0] == "class,reason,lines,first_line,example"


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (UNDERSTOOD, ("--min-parsed", "99%"), 0),
        (UNDERSTOOD + FOREIGN, ("--min-parsed", "100%"), 0),
        (UNDERSTOOD + UNKNOWN, ("--min-parsed", "51%"), 1),
        (UNDERSTOOD + UNKNOWN, ("--min-parsed", "50%"), 0),
        (UNDERSTOOD, ("--strict",), 0),
        (UNDERSTOOD + UNKNOWN, ("--strict",), 1),
        (
            UNDERSTOOD + f"{HEAD}net.cpp:1] Creating Layer a\n{HEAD}net.cpp:1] b needs backward computation.\n",
            ("--strict",),
            1,
        ),
        (FOREIGN, (), 4),
    ],
)
def test_the_gates(tmp_path: Path, text: str, words: tuple[str, ...], code: int) -> None:
    assert export(tmp_path, text, *words) == code
