"""What verbs show on a terminal, whole: what somebody reads is read here before it changes.

After an intended change: LOGPARSE_GOLD=write python -m pytest tests/gold, and read what git shows.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

import pytest

from logparse.cli.main import main

HERE: Final = Path(__file__).parent / "screens"
SCREENS: Final = {
    "summary": "lenet.log lenet_excerpt.log",
    "compare": "compare lenet.log siamese.log",
    "compare_markdown": "compare alexnet.log time_alexnet.log --format md",
    "curve": "curve lenet.log",
    "curve_ascii": "curve lenet_nan.log --ascii --log --width 60",
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_says_what_it_said(
    name: str, sample_logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(sample_logs)
    assert main(shlex.split(SCREENS[name])) == 0
    said = capsys.readouterr().out
    path = HERE / f"{name}.txt"
    if os.environ.get("LOGPARSE_GOLD") == "write":
        path.write_text(said, encoding="utf-8")
    assert said.splitlines() == path.read_text(encoding="utf-8").splitlines()
