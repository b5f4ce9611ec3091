"""Blocks scanned on several cores, handed on in the order of the log.

Threads, not processes: nearly all of a scan's time is spent inside numpy on arrays of thousands of elements,
where the interpreter's lock is released, and nothing has to be copied from one process to another.
"""

from __future__ import annotations

import os
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from logparse.reading.series import SeriesScanner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from logparse.reading.series import Scan
    from logparse.reading.source import Block

# A log of fewer blocks is read before a second thread has started to help.
_ALONE: Final = 4
_MOST_WORKERS: Final = 4


def scans(blocks: Iterable[Block], *, curves: bool = True, workers: int | None = None) -> Iterator[tuple[Block, Scan]]:
    """Each block with its scan (without `curves`, a glance), in order; few are held at a time."""
    alone = SeriesScanner()
    left = iter(blocks)
    if not curves:
        yield from ((block, alone.glance(block)) for block in left)
        return
    for block in islice(left, _ALONE):
        yield block, alone.scan(block)
    count = min(_cores(), _MOST_WORKERS) if workers is None else workers
    if count > 1:
        yield from _by_threads(left, count, alone)
    else:
        yield from ((block, alone.scan(block)) for block in left)


def _cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_threads(blocks: Iterator[Block], workers: int, first: SeriesScanner) -> Iterator[tuple[Block, Scan]]:
    from concurrent.futures import ThreadPoolExecutor

    idle = deque([first, *(SeriesScanner() for _ in range(workers - 1))])

    def scan(block: Block) -> Scan:
        scanner = idle.pop()  # atomic; there are as many scanners as threads
        try:
            return scanner.scan(block)
        finally:
            idle.append(scanner)

    under_way: deque[tuple[Block, Future[Scan]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        for block in blocks:
            under_way.append((block, pool.submit(scan, block)))
            if len(under_way) > workers:
                done, future = under_way.popleft()
                yield done, future.result()
        for done, future in under_way:
            yield done, future.result()
