"""One input is tried in a process of its own, with limits of time and memory, so that whatever it does ends there."""

from __future__ import annotations

import gc
import json
import os
import resource
import selectors
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, Self

from logparse.api import parse_log
from logparse.errors import LogparseError
from logparse.export import FORMATS
from logparse.recover.grades import RecoverError
from logparse.recover.recovering import NET_FORMS
from logparse.report.page import render
from logparse.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logparse.api import Log

REPORT_EVERY: Final = 5
MOST_S: Final = 10.0  # of processor time: other processes share the machine
MOST_CLOCK_S: Final = 120.0
MOST_BYTES: Final = 500 << 20  # resident, modules included
# What more may be asked for than there was before the input; with it the machine is safe from one that asks for all.
MOST_MORE_BYTES: Final = 700 << 20
LONGEST_TRACE: Final = 6000


class Verdict(NamedTuple):
    """What became of an input: `ok`, `refused` (in words), `fault`, `hang`, `memory` or `crash`; at what price."""

    number: int
    outcome: str
    detail: str = ""
    cpu_s: float = 0.0
    peak_bytes: int = 0

    @property
    def is_failure(self) -> bool:
        """Whether it should not have been so."""
        return self.outcome not in {"ok", "refused"}


class _HangError(BaseException):
    """Too much processor time; nothing that is tried catches it."""


def tried(data: bytes, number: int) -> str:
    """All tables of a log, every fifth time its report, its tables in every format, or its nets recovered."""
    from logparse.reading import read

    # Small logs are read line by line: every second time the fast scan meets them all the same.
    read.SMALL_BYTES = 0 if number % 2 else 64 << 10  # type: ignore[misc]  # in a process that ends after it
    try:
        log = parse_log(data)
    except LogparseError:
        return "refused"
    if sum(row.lines for row in log.facts.ledger) != log.facts.source.lines:
        raise AssertionError("a line is missing from the ledger")
    for name in log.table_names:
        log.table(name)
    if number % REPORT_EVERY == 0:
        render([log])
    if number % REPORT_EVERY == 1:
        _exported(log)
    if number % REPORT_EVERY == 2:
        _recovered(log)
    return "ok"


def _exported(log: Log) -> None:
    for name in log.table_names:
        for form in FORMATS.values():
            for _ in form.chunks(log.table(name), name):
                pass


def _recovered(log: Log) -> None:
    """The nets in every form, and the solver; each text must read back without a fault."""
    for form in NET_FORMS:
        with suppress(RecoverError):
            _read_back(log.recover(form).text)
            _read_back(log.recover_solver("net.prototxt", form).text)


def _read_back(text: str) -> None:
    document = parse(text)
    if document.errors or document.cut:
        raise AssertionError(f"recovered text does not read back: {document.errors[:3]}")


def warmed(data: bytes) -> None:
    """Load what a try needs, once for all processes that are forked from this one."""
    for number in (0, 1, 2):
        tried(data, number)
    gc.collect()
    gc.freeze()


def _status(field: str) -> int:
    """A size of this process, in bytes, as Linux tells it."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next((int(line.split()[1]) << 10 for line in status if line.startswith(f"{field}:")), 0)


def _out_of_time(_signal: int, _frame: object) -> NoReturn:
    raise _HangError


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = _status("VmData") + MOST_MORE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    warnings.simplefilter("error")  # a user would see it, in words that are not ours
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, MOST_S)


def _judged(data: bytes, number: int) -> Verdict:
    begun = time.process_time()
    outcome, detail = "ok", ""
    try:
        outcome = tried(data, number)
    except _HangError:
        outcome, detail = "hang", traceback.format_exc()
    except MemoryError:
        outcome, detail = "memory", traceback.format_exc()
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is looked for
        outcome, detail = "fault", traceback.format_exc()
    signal.setitimer(signal.ITIMER_PROF, 0)
    peak = _status("VmHWM")
    if peak > MOST_BYTES and outcome in {"ok", "refused"}:
        outcome, detail = "memory", f"{peak >> 20} MB"
    return Verdict(number, outcome, detail[-LONGEST_TRACE:], time.process_time() - begun, peak)


class Trial:
    """A process that tries one input; `file` is readable when it has ended."""

    def __init__(self, data: bytes, number: int) -> None:
        self.number = number
        self.begun = time.monotonic()
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_child(writing, data)
        os.close(writing)
        self.file = os.fdopen(reading, "rb")

    def _be_the_child(self, writing: int, data: bytes) -> NoReturn:
        code = 1
        with suppress(BaseException):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
            _limit()
            os.write(writing, json.dumps(_judged(data, self.number)).encode())
            code = 0
        os._exit(code)

    def verdict(self) -> Verdict:
        """Wait for the end."""
        said: list[Any] | None = None
        with self.file, suppress(ValueError):
            said = json.loads(self.file.read())
        _, status = os.waitpid(self.pid, 0)
        if said is not None:
            return Verdict(*said)
        late = time.monotonic() - self.begun > MOST_CLOCK_S
        return Verdict(self.number, "hang" if late else "crash", f"status {status}")

    def stop_if_late(self) -> None:
        """End a process that does not end by itself."""
        if time.monotonic() - self.begun > MOST_CLOCK_S:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Trials:
    """Some inputs at a time, each in its process; as a context it leaves none behind."""

    def __init__(self, make: Callable[[int], bytes], jobs: int) -> None:
        self._make, self._jobs = make, jobs
        self._selector = selectors.DefaultSelector()
        self._running: dict[int, Trial] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for trial in self._running.values():
            os.kill(trial.pid, signal.SIGKILL)
            trial.verdict()
        self._selector.close()

    def verdicts(self, numbers: Iterator[int]) -> Iterator[Verdict]:
        """The verdict of each input, as it comes."""
        self._fill(numbers)
        while self._running:
            for key, _ in self._selector.select(timeout=1):
                self._selector.unregister(key.fd)
                verdict = self._running.pop(key.fd).verdict()
                self._fill(numbers)
                yield verdict
            for trial in self._running.values():
                trial.stop_if_late()

    def _fill(self, numbers: Iterator[int]) -> None:
        while len(self._running) < self._jobs and (number := next(numbers, None)) is not None:
            trial = Trial(self._make(number), number)
            self._running[trial.file.fileno()] = trial
            self._selector.register(trial.file, selectors.EVENT_READ)
