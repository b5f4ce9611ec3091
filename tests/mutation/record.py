"""What every test does while nothing is mutated: whether it passes, its processor time, the lines that it runs.

Each test runs in a process that is forked for it after the tests are collected: no cache and no fixture of an earlier
test saves it the work, so that all that it needs is counted as reached by it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.mutation.bench import Bench

MOST: Final = 16  # tests in a process
ENOUGH_S: Final = 0.2  # processor time, with the fork
FOLDERS: Final = ("tests/unit", "tests/gold", "tests/truth", "tests/property")
OPTIONS: Final = (
    *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"),
    *("-m", "not browser and not benchmark and not corpus"),
    "--assert=plain",  # that a test fails is enough: a difference of two long texts can take minutes to tell
)
# What coverage needs to know in a program that a test starts; `_exit`: some end without the interpreter's own end.
MEASURED: Final = ("logparse", "tests")
QUIET: Final = ["no-data-collected"]  # many tests are not about the package's lines
COVERAGE: Final = f"""[run]
data_file = ${{MUTATION_DATA}}
parallel = true
include = */logparse/*
patch = _exit
disable_warnings = {",".join(QUIET)}
"""


def profile() -> None:
    """Few examples, always the same ones, and no search for a smaller one that fails too."""
    few = settings(max_examples=10, derandomize=True, database=None, deadline=None)
    few = settings(few, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("mutation", few)
    settings.load_profile("mutation")


def spent_s() -> float:
    """Processor time of this process and of those that it started and waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def foreign(module: object, folder: Path) -> bool:
    """Whether a module comes from elsewhere than the checkout."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return origin is not None and not str(origin).startswith(str(folder))


def function(item: pytest.Item) -> tuple[str, str]:
    """The file and the function of a test, without its parameters."""
    path, *_, name = item.nodeid.partition("[")[0].split("::")
    return path, name


class Recorder:
    """The pytest plugin of one of `shards` recorders; each writes lines of JSON.

    Tests of one function that take next to no time share a process, up to `MOST` of them, and what they reach.
    """

    def __init__(self, bench: Bench, shard: int, shards: int, left_out: Collection[tuple[str, str]]) -> None:
        self.folder, self.shard, self.shards, self.left_out = bench.folder, shard, shards, left_out
        self.out = bench.folder.parent / f"record{shard}.jsonl"
        self.coverage = self._coverage()
        self.coverage.start()

    def _coverage(self) -> coverage.Coverage:
        measure = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{self.folder}/{name}/*" for name in MEASURED]
        )
        measure.set_option("run:disable_warnings", QUIET)
        return measure

    def pytest_configure(self) -> None:
        profile()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep this recorder's share: every so-manieth batch."""
        self.kept_out = [item.nodeid for item in items if function(item) in self.left_out]
        items[:] = [item for item in items if function(item) not in self.left_out]
        functions = [list(same) for _, same in groupby(items, key=function)]
        batches = [same[first : first + MOST] for same in functions for first in range(0, len(same), MOST)]
        self.batches = batches[self.shard :: self.shards]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The lines that ran up to here are those that run as modules load."""
        self.coverage.stop()
        loaded = self._lines([self.coverage.get_data()])
        row = {"loaded": loaded, "tests": [item.nodeid for item in session.items], "left_out": self.kept_out}
        self.out.write_text(json.dumps(row) + "\n", encoding="utf-8")
        gc.freeze()  # what is shared with the children is not copied for looking at it

    def pytest_runtestloop(self) -> bool:
        for number, batch in enumerate(self.batches):
            left = batch
            while left:
                left = left[self._forked(left, f"{self.shard}-{number}-{len(left)}") :]
        return True

    def _forked(self, batch: list[pytest.Item], name: str) -> int:
        """Run the first of the batch in a process of their own: how many."""
        child = os.fork()
        if child == 0:
            code = 0
            try:
                code = self._run(batch, name)
            finally:
                os._exit(code)
        done = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if done <= 0:
            raise RuntimeError(f"{batch[0].nodeid} has no record")
        return done

    def _run(self, batch: list[pytest.Item], name: str) -> int:
        """In the child: run tests until time is spent, measured, and append what they did."""
        data = self.folder.parent / "coverage" / name
        os.environ |= {"MUTATION_DATA": str(data), "COVERAGE_PROCESS_START": str(self.folder / ".coveragerc")}
        measured, rows = self._coverage(), list[dict[str, Any]]()
        measured.start()
        for item, following in zip(batch, [*batch[1:], None], strict=True):
            begun_s = spent_s()
            reports = runtestprotocol(item, log=False, nextitem=following)
            rows.append(_row(item, reports, spent_s() - begun_s))
            if spent_s() > ENOUGH_S:
                break
        measured.stop()
        lines = self._lines([measured.get_data(), *_others(data)])
        with self.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"rows": rows, "lines": lines}) + "\n")
        self._keep_modules()
        return len(rows)

    def _keep_modules(self) -> None:
        """Note which modules of others this test has loaded, so that one process can load them for all."""
        path = self.out.with_suffix(".modules")
        noted = path.read_text(encoding="utf-8").split() if path.exists() else []
        new = [name for name, module in sys.modules.items() if name not in noted and foreign(module, self.folder)]
        if new:
            path.write_text("\n".join([*noted, *new]), encoding="utf-8")

    def _lines(self, measured: list[coverage.CoverageData]) -> dict[str, list[int]]:
        """File → lines that ran."""
        found: dict[str, set[int]] = {}
        for data in measured:
            for name in data.measured_files():
                if Path(name).is_relative_to(self.folder):
                    path = Path(name).relative_to(self.folder).as_posix()
                    found.setdefault(path, set()).update(data.lines(name) or ())
        return {path: sorted(lines) for path, lines in found.items() if lines}


def _row(item: pytest.Item, reports: list[pytest.TestReport], cpu_s: float) -> dict[str, Any]:
    outcomes = {report.outcome for report in reports}
    return {
        "test": item.nodeid,
        "outcome": next(name for name in ("failed", "skipped", "passed") if name in outcomes),
        "cpu_s": cpu_s,
        "why": "\n".join(report.longreprtext for report in reports if report.failed),
    }


def _others(data: Path) -> list[coverage.CoverageData]:
    """What the programs did that the test started."""
    found = []
    for path in data.parent.glob(f"{data.name}.*"):
        one = coverage.CoverageData(str(path))
        with suppress(coverage.exceptions.DataError):  # of a program that ran nothing of ours, or was killed
            one.read()
            if one.measured_files():
                found.append(one)
    return found


def record(bench: Bench, shard: int, shards: int, left_out: Collection[tuple[str, str]]) -> int:
    """In a process of its own: record a share of the tests; pytest's exit code."""
    bench.enter()
    (bench.folder / ".coveragerc").write_text(COVERAGE, encoding="utf-8")
    (bench.folder.parent / "coverage").mkdir(exist_ok=True)
    return int(pytest.main([*OPTIONS, *FOLDERS], plugins=[Recorder(bench, shard, shards, left_out)]))
