"""Every log of the corpus on its screens: a summary, its curves, and a comparison with itself that finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.cli.screens.columns import PIPE_WIDTH
from logparse.cli.screens.compare_text import MOST_CHARACTERS, json_lines, markdown_lines
from logparse.cli.screens.curve_text import curve_lines, plots_of
from logparse.cli.screens.summary_text import summary_lines
from tests.parsed import parsed

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log


def check(log: Log) -> None:
    lines = list(summary_lines(log, PIPE_WIDTH))
    assert len(lines) <= 60
    assert len(log.summary) == 1
    assert "\n" not in repr(log)
    plots = plots_of(log, None)
    for plain in (False, True):
        drawn = list(curve_lines(plots, PIPE_WIDTH, 12, plain=plain, logarithmic=True))
        assert drawn
    if log.facts.attempts:
        found = log.compare(log)
        assert not found.differs
        assert sum(len(line) + 1 for line in markdown_lines([found])) <= MOST_CHARACTERS
        assert "NaN" not in "\n".join(json_lines([found])) or any(
            one.before != one.before for one in found.every_change()
        )


def test_a_genuine_log(genuine_log: Path) -> None:
    check(parsed(genuine_log))


def test_a_public_log(public_log: Path) -> None:
    check(parsed(public_log))
