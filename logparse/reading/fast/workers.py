"""Other processes that scan blocks of a large log beside this one.

Threads do not help: a step of numpy is short and holds the interpreter. A helper is a fresh interpreter that imports
this room alone (a tenth of a second, on another core). Text and columns pass through memory that both see, a block in
its slot; the connection carries only what stands where. Nothing hangs on a helper: what it fails is scanned here.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections import deque
from contextlib import suppress
from itertools import chain, islice
from mmap import mmap
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from logparse.reading.fast.scan import Scan
from logparse.reading.fast.scanner import SeriesScanner
from logparse.reading.input.blocks import BLOCK_BYTES, TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.model import Column

# A block is a little larger than BLOCK_BYTES; the columns of its lines are half as large as its text.
SLOT_BYTES: Final = BLOCK_BYTES * 3 // 2
SLOTS: Final = 3  # a block to scan, one to go on with, and one whose columns wait to be taken
# Blocks that are scanned alone first, where the input may be short: starting a helper takes as long.
_ALONE: Final = 4
_LARGE_BYTES: Final = 64 << 20
_AHEAD: Final = 3  # scanned blocks per process that may wait for an earlier one
_ALIGNED: Final = 64
_SERVE: Final = "import sys; sys.path[:] = {path!r}; from logparse.reading.fast.workers import serve; serve{fds}"
_READY: Final = "ready"
_FAILURES: Final = (OSError, EOFError, pickle.UnpicklingError)


class Task(NamedTuple):
    """A block that a helper is given: its slot, bytes and first line."""

    slot: int
    size: int
    first_line: int


class Answer(NamedTuple):
    """A pickled scan, and where in the slot (first byte, bytes) stand the columns that it leaves out, in its order."""

    scan: bytes
    places: tuple[tuple[int, int], ...]


class Helper:
    """One other process: give it blocks, then take their scans in the same order."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        with _shared() as file:
            fds = theirs.fileno(), file.fileno()
            code = _SERVE.format(path=sys.path, fds=fds)
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own code
                [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=fds
            )
            self._memory = memoryview(mmap(file.fileno(), SLOTS * SLOT_BYTES))
        theirs.close()
        self._free = list(range(SLOTS))
        self._given: deque[int] = deque()
        self._is_up = False

    def give(self, block: TextBlock) -> bool:
        """Hand a block over; False where there is no room for it, or nobody to take it."""
        if not self._free or len(block.data) > SLOT_BYTES or not self._has_started():
            return False
        slot = self._free.pop()
        _slot(self._memory, slot)[: len(block.data)] = block.data
        with suppress(*_FAILURES):
            self._connection.send(Task(slot, len(block.data), block.first_line))
        self._given.append(slot)
        return True

    def _has_started(self) -> bool:
        with suppress(*_FAILURES):
            self._is_up = self._is_up or (self._connection.poll() and self._connection.recv() == _READY)
        return self._is_up

    def has_answered(self) -> bool:
        """Whether `take` need not wait."""
        with suppress(*_FAILURES):
            return self._connection.poll()
        return True

    def take(self) -> Scan | None:
        """The scan of the first block given and not yet taken; None where the process failed.

        The columns stand in the slot: they are good until `release`.
        """
        with suppress(*_FAILURES):
            answer: Answer = self._connection.recv()
            slot = _slot(self._memory, self._given[0])
            columns = [slot[first : first + size] for first, size in answer.places]
            return _in_full(pickle.loads(answer.scan, buffers=columns))  # noqa: S301 - from our own process
        return None

    def release(self) -> None:
        """Let go of the slot of the scan that was taken."""
        self._free.append(self._given.popleft())

    def end(self) -> None:
        """Stop the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


def scans(
    blocks: Iterator[TextBlock], processes: int, size_bytes: int | None = None
) -> Iterator[tuple[TextBlock, Scan]]:
    """Each block with its scan, in order, by this process and up to `processes` - 1 others.

    A scan is good until the next one is asked for. `size_bytes` is the input's size, where it is known beforehand.
    """
    scanner = SeriesScanner()
    for block in islice(blocks, 0 if (size_bytes or 0) >= _LARGE_BYTES else _ALONE):
        yield block, scanner.scan(block)
    following = next(blocks, None)
    if following is None:
        return
    helpers = _started(processes - 1)
    waiting: deque[tuple[TextBlock, Helper | Scan]] = deque()
    try:
        for block in chain((following,), blocks):
            helper = next((one for one in helpers if one.give(block)), None)
            waiting.append((block, helper or scanner.scan(block)))
            while waiting and (len(waiting) > _AHEAD * processes or _is_ready(waiting[0][1])):
                yield from _finished(*waiting.popleft(), scanner)
        for block, found in waiting:
            yield from _finished(block, found, scanner)
    finally:
        for helper in helpers:
            helper.end()


def _started(count: int) -> list[Helper]:
    """As many helpers as can be had: an embedded interpreter has no program, a small machine no room."""
    helpers: list[Helper] = []
    with suppress(OSError):
        while sys.executable and len(helpers) < count:
            helpers.append(Helper())
    return helpers


def _is_ready(found: Helper | Scan) -> bool:
    return isinstance(found, Scan) or found.has_answered()


def _finished(block: TextBlock, found: Helper | Scan, scanner: SeriesScanner) -> Iterator[tuple[TextBlock, Scan]]:
    if isinstance(found, Scan):
        yield block, found
        return
    yield block, found.take() or scanner.scan(block)
    found.release()


def serve(connection: int, memory: int) -> None:
    """Be a helper: scan what is given over this connection until its other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both; who asked decides
    room = memoryview(mmap(memory, SLOTS * SLOT_BYTES))
    scanner = SeriesScanner()
    with Connection(connection) as asking, suppress(EOFError, BrokenPipeError):
        asking.send(_READY)
        while True:
            task: Task = asking.recv()
            slot = _slot(room, task.slot)
            scan = scanner.scan(TextBlock(bytes(slot[: task.size]), task.first_line))
            asking.send(_answer(scan, slot))


def _answer(scan: Scan, slot: memoryview) -> Answer:
    """Put the columns into the slot, in place of the text they were read from, as far as they fit."""
    places: list[tuple[int, int]] = []
    end = 0

    def stays(buffer: pickle.PickleBuffer) -> bool:
        nonlocal end
        raw = buffer.raw()
        if end + len(raw) > SLOT_BYTES:
            return True
        slot[end : end + len(raw)] = raw
        places.append((end, len(raw)))
        end += -(-len(raw) // _ALIGNED) * _ALIGNED
        return False

    return Answer(pickle.dumps(_once(scan), pickle.HIGHEST_PROTOCOL, buffer_callback=stays), tuple(places))


def _slot(memory: memoryview, slot: int) -> memoryview:
    return memory[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES]


def _once(scan: Scan) -> Scan:
    """Columns that hold one value for all their rows, as that one value."""
    columns = {
        series: {name: column[:1].copy() if column.strides == (0,) else column for name, column in some.items()}
        for series, some in scan.columns.items()
    }
    return scan._replace(columns=columns)


def _in_full(scan: Scan) -> Scan:
    """The opposite of `_once`."""
    return scan._replace(columns={series: _as_long(some, len(some["line"])) for series, some in scan.columns.items()})


def _as_long(columns: Mapping[str, Column], rows: int) -> dict[str, Column]:
    return {
        name: np.broadcast_to(column[0], rows) if len(column) < rows else column for name, column in columns.items()
    }


def _shared() -> Any:  # noqa: ANN401 - a binary file
    """An open file in memory, or on disk where there is no such thing, of the size of all slots."""
    fd = os.memfd_create("logparse") if hasattr(os, "memfd_create") else None
    file = tempfile.TemporaryFile() if fd is None else os.fdopen(fd, "w+b")  # noqa: SIM115 - the caller closes it
    file.write(bytes(SLOTS * SLOT_BYTES))  # a full disk says so here, not as a signal later
    file.flush()
    return file
