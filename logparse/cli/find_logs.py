"""What a user names on the command line, as a list of inputs: files, folders, patterns, stdin."""

from __future__ import annotations

import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logparse.errors import UnreadableError
from logparse.reading.input.archive import LOOK_BYTES, may_be_log, shows_log
from logparse.reading.input.decompress import BrokenArchiveError, compression_of, decompressed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SEVERITY_FILE: Final = re.compile(r"(?<=\.)(?:WARNING|ERROR|FATAL)(?=\.|$)")


def expand(arguments: Sequence[str]) -> list[str]:
    """The inputs that the arguments mean, in their order and each once.

    A path stands for itself, also one that does not exist (opening it tells). `-` is stdin. A folder
    stands for the logs in it and its subfolders, by path: files whose first MiB holds a line that
    Caffe could have written; links to a file that is there anyway are left out, and so are glog's
    WARNING, ERROR and FATAL files where the INFO file, which repeats them, lies beside. Anything
    else with `*`, `?` or `[` is a pattern (`**` for any depth).

    Raises:
        UnreadableError: a folder without a log, or a pattern that fits no file.

    """
    return list(dict.fromkeys(each for argument in arguments for each in _meant_by(argument)))


def _meant_by(argument: str) -> list[str]:
    path = Path(argument)
    if argument == "-" or "\0" in argument or (path.exists() and not path.is_dir()):
        return [argument]
    if path.is_dir():
        return _logs_in(path)
    if not glob.has_magic(argument):
        return [argument]
    found = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 (pathlib refuses absolute patterns)
    if not found:
        message = f"{argument}: no file fits this pattern"
        raise UnreadableError(message, remedy="check the pattern, and quote it so that the shell leaves it alone")
    return [each for name in found for each in (_logs_in(Path(name), must=False) if Path(name).is_dir() else [name])]


def _logs_in(folder: Path, *, must: bool = True) -> list[str]:
    """The logs in a folder and below it, sorted."""
    candidates = sorted(_files(folder))
    targets = {each.resolve() for each in candidates if not each.is_symlink()}
    logs = [
        str(each)
        for each in candidates
        if not (each.is_symlink() and each.resolve() in targets)
        and not _repeats_info(each, candidates)
        and looks_like_log(each)
    ]
    if must and not logs:
        message = f"{folder}: no Caffe log in this folder"
        raise UnreadableError(message, remedy="give the log itself if it has an unusual form")
    return logs


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in names:
            path = Path(root, name)
            if not name.startswith(".") and may_be_log(name) and path.is_file():
                yield path


def _repeats_info(path: Path, others: list[Path]) -> bool:
    """Whether this is glog's file of the worse messages alone, and the file with all of them is there."""
    match = _SEVERITY_FILE.search(path.name)
    if match is None:
        return False
    start = f"{path.name[: match.start()]}INFO"
    return any(each.parent == path.parent and each.name.startswith(start) for each in others)


def looks_like_log(path: Path) -> bool:
    """Whether the beginning of a file, unpacked, holds a line that Caffe could have written."""
    try:
        with path.open("rb") as file:
            head = file.read(LOOK_BYTES)
        compression = compression_of(head)
        if compression is not None:
            head = next(decompressed(iter([head]), compression, LOOK_BYTES), b"")
    except (OSError, BrokenArchiveError, UnreadableError):
        return False
    return shows_log(head)
