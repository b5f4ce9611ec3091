"""One mutant meets the tests that reach it, the fastest first, until one fails: in a process forked for it alone.

The process that forks has imported what the tests need of other packages, and nothing of the checkout: the child
imports that anew, with the mutant in it, just as if it had been written so.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

import pytest

from tests.mutation.record import OPTIONS, profile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from tests.mutation.bench import Bench

# Processor time that is taken for a loop without end: so many times what the test took, and this much more.
PATIENCE: Final = 5
MORE_S: Final = 5
LOADING_S: Final = 60
# The same by the clock, for a process that only waits; others may be at work on the machine.
PATIENCE_REAL: Final = 50
MORE_REAL_S: Final = 600
MEMORY_BYTES: Final = 4 << 30
OVERTIME: Final = frozenset({signal.SIGPROF, signal.SIGXCPU, signal.SIGALRM})


class Job(NamedTuple):
    """A text for a file, and the tests that are to meet it: each with the processor time that it takes."""

    name: str
    path: str
    text: str
    tests: Mapping[str, float]


class Verdict(NamedTuple):
    """What became of a mutant: survived, killed or timeout; by which test, after how many, at what price."""

    name: str
    outcome: str
    by: str
    ran: int
    cpu_s: float


class Chooser:
    """The pytest plugin: which tests run, in which order, for how long."""

    def __init__(self, job: Job, others: frozenset[str]) -> None:
        self.job, self.others = job, others
        self.by = ""
        self.ran = 0

    def pytest_configure(self) -> None:
        profile()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.by = self.by or f"{report.nodeid} (as it is loaded)"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """A test that is there only with this mutant, as a parameter of another name, counts too."""
        kept = [item for item in items if item.nodeid in self.job.tests or item.nodeid not in self.others]
        items[:] = sorted(kept, key=lambda item: self.job.tests.get(item.nodeid, 0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.ran += 1
        cpu_s = self.job.tests.get(item.nodeid, 0)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE * cpu_s + MORE_S)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_REAL * cpu_s + MORE_REAL_S)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.by = self.by or report.nodeid


def _child(bench: Bench, job: Job, others: frozenset[str]) -> NoReturn:
    """Run the tests; leave beside the bench what was found. The timers' signals, not handled, end the process."""
    code = 3
    try:
        bench.enter()
        most_s = round(PATIENCE * sum(job.tests.values())) + LOADING_S
        resource.setrlimit(resource.RLIMIT_CPU, (most_s, most_s + LOADING_S))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        signal.setitimer(signal.ITIMER_PROF, LOADING_S)
        chooser = Chooser(job, others)
        files = sorted({test.partition("::")[0] for test in job.tests})
        code = pytest.main([*OPTIONS, "-x", f"--basetemp={bench.folder}/.tmp", *files], plugins=[chooser])
        bench.log.with_suffix(".json").write_text(json.dumps([chooser.by, chooser.ran]), encoding="utf-8")
    finally:
        os._exit(code)


def _verdict(bench: Bench, job: Job, status: int, cpu_s: float) -> Verdict:
    """What the end of the process says."""
    found = bench.log.with_suffix(".json")
    by, ran = json.loads(found.read_text(encoding="utf-8")) if found.exists() else ("", 0)
    if os.WIFSIGNALED(status):
        ended = signal.Signals(os.WTERMSIG(status))
        return Verdict(job.name, "timeout" if ended in OVERTIME else "killed", ended.name, ran, cpu_s)
    code = os.WEXITSTATUS(status)
    if code == pytest.ExitCode.USAGE_ERROR:
        raise RuntimeError(bench.log.read_text(encoding="utf-8", errors="replace"))
    survived = code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return Verdict(job.name, "survived" if survived else "killed", by, ran, cpu_s)


class Trials:
    """As many jobs at a time as there are benches; `others`: the names of all tests that there are."""

    def __init__(self, benches: Sequence[Bench], others: frozenset[str]) -> None:
        self._free, self._others = list(benches), others
        self._running: dict[int, tuple[Bench, Job]] = {}

    def verdicts(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        """Verdicts as they come."""
        waiting = iter(jobs)
        try:
            while True:
                while self._free and (job := next(waiting, None)) is not None:
                    self._start(self._free.pop(), job)
                if not self._running:
                    return
                child, status, used = os.wait4(-1, 0)
                bench, job = self._finish(child)
                yield _verdict(bench, job, status, used.ru_utime + used.ru_stime)
        finally:
            for child in list(self._running):
                self._finish(child)

    def _start(self, bench: Bench, job: Job) -> None:
        bench.log.with_suffix(".json").unlink(missing_ok=True)
        bench.hold(job.path, job.text)
        child = os.fork()
        if child == 0:
            _child(bench, job, self._others)
        self._running[child] = bench, job

    def _finish(self, child: int) -> tuple[Bench, Job]:
        """End what the child has left running, and make the bench whole."""
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        bench, job = self._running.pop(child)
        bench.restore()
        self._free.append(bench)
        return bench, job
