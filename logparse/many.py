"""Many logs, read one after the other or by several processes: each path with its log, or with what was wrong."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from logparse.api import parse_log
from logparse.arguments import check_whole
from logparse.errors import LogparseError, UnreadableError, WrongTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from os import PathLike

    from logparse.api import Log

LogPath: TypeAlias = "str | PathLike[str]"

_WAITING: Final = 2  # logs a process that are begun before they are asked for: what is done waits in memory


def parse_logs(
    paths: Iterable[LogPath],
    *,
    processes: int = 1,
    **options: Any,  # noqa: ANN401 - those of parse_log
) -> Iterator[tuple[LogPath, Log | LogparseError]]:
    """Read logs in the order of their paths; an iterator of (path, Log), or (path, LogparseError) where one fails.

    Further keywords are those of `parse_log`. With `processes` above 1 as many logs are read at a time, by processes
    that are started anew: a script that asks for them must keep its own work behind `if __name__ == "__main__":`, as
    Python's multiprocessing wants it. A log whose process dies is an UnreadableError; the others are read all the same.

    Raises:
        UsageError: `processes` is no number from 1 (at once, and not when the first log is asked for).

    """
    check_whole("processes", processes, range(1, 2**15))
    given: object = paths
    if isinstance(given, str | bytes) or not hasattr(given, "__iter__"):
        raise WrongTypeError(f"paths are a list of them or any other iterable, not {type(given).__name__}")
    if processes == 1:
        return ((path, _read(path, options)) for path in paths)
    return _read_by(processes, paths, options)


def _read(path: LogPath, options: dict[str, Any]) -> Log | LogparseError:
    try:
        return parse_log(path, **options)
    except LogparseError as error:
        return error


def _read_by(
    processes: int, paths: Iterable[LogPath], options: dict[str, Any]
) -> Iterator[tuple[LogPath, Log | LogparseError]]:
    todo = iter(paths)
    while True:
        lost = yield from _until_broken(processes, todo, options)
        if lost is None:
            return
        for path in lost:  # one of them ended the processes: each by itself tells which
            yield path, _read_alone(path, options)


def _until_broken(processes: int, todo: Iterator[LogPath], options: dict[str, Any]) -> Any:  # noqa: ANN401 - a generator that returns the paths that were being read as a process died, else None
    waiting: deque[tuple[LogPath, Future[Log | LogparseError]]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            for path in todo:
                waiting.append((path, pool.submit(_read, path, options)))
                if len(waiting) >= processes * _WAITING:
                    yield waiting[0][0], waiting[0][1].result()
                    waiting.popleft()
            while waiting:
                yield waiting[0][0], waiting[0][1].result()
                waiting.popleft()
        except BrokenProcessPool:
            return [path for path, _ in waiting]
        finally:
            for _, future in waiting:
                future.cancel()
    return None


def _read_alone(path: LogPath, options: dict[str, Any]) -> Log | LogparseError:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_read, path, options).result()
        except BrokenProcessPool:
            return UnreadableError(f"{path}: the process that read it ended before it was done")
