"""How long a small job takes, against what its packages alone take to import, in the same run.

Processor time of the child, the least of several runs: wall time would measure the neighbours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RUNS: Final = 3
# The yardstick: what drawing by matplotlib's own figure and SVG backend would need. The report loads less.
IMPORTS: Final = "import pandas, jinja2, matplotlib.figure, matplotlib.backends.backend_svg"

pytestmark = pytest.mark.benchmark


def processor_seconds(arguments: Sequence[str], root: Path) -> float:
    before = os.times()
    environment = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def least(commands: dict[str, list[str]], root: Path) -> dict[str, float]:
    """The least time of each command; they take turns, so that all meet the same weather."""
    rounds = [{name: processor_seconds(words, root) for name, words in commands.items()} for _ in range(RUNS)]
    times = {name: min(one[name] for one in rounds) for name in commands}
    print({name: f"{seconds:.3f} s" for name, seconds in times.items()})
    return times


@pytest.fixture(scope="module")
def times(sample_logs: Path, root: Path) -> dict[str, float]:
    def report(name: str) -> list[str]:
        return ["-m", "logparse", "report", str(sample_logs / name), "-o", "-"]

    commands = {
        "python": ["-c", "pass"],
        "help": ["-m", "logparse", "--help"],
        "imports": ["-c", IMPORTS],
        "pandas": ["-c", "import pandas"],
        "summary": ["-m", "logparse", str(sample_logs / "alexnet.log")],
        "siamese.log": report("siamese.log"),
        "alexnet.log": report("alexnet.log"),
    }
    return least(commands, root)


@pytest.mark.parametrize("name", ["siamese.log", "alexnet.log"])
def test_a_small_report_takes_at_most_twice_what_its_imports_take(name: str, times: dict[str, float]) -> None:
    assert times[name] <= 2 * times["imports"]


def test_help_starts_in_a_fraction_of_that(times: dict[str, float]) -> None:
    assert times["help"] - times["python"] <= 0.15 * times["imports"]


def test_a_summary_takes_at_most_one_and_a_half_times_what_importing_pandas_takes(times: dict[str, float]) -> None:
    assert times["summary"] <= 1.5 * times["pandas"]
