"""Bytes to a file or to standard output: whole or not at all, and never over something that is there already."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from logparse.errors import UsageError, WrongTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STDOUT: Final = "-"


def check_target(path: str | Path, *, force: bool, inputs: Sequence[str | Path] = ()) -> None:
    """Raise UsageError if `write` to this path would be refused: to be asked before the work, not after it.

    `inputs` are files that are read for it; none of them may be the target, `force` or not.
    """
    given: object = path
    if not isinstance(given, str | os.PathLike):
        raise WrongTypeError(f"a file to write is given as its path, not as {type(given).__name__}")
    if str(path) == STDOUT:
        return
    target = Path(path)
    if not str(path) or "\0" in str(path):
        raise UsageError(f"{str(path)!r} is no name of a file")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", remedy="Give the name of a file in it.")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent} to write {target.name} into")
    if any(_same_file(target, source) for source in inputs):
        raise UsageError(f"{target} is one of the inputs and is not overwritten")
    if target.is_file() and not force:
        raise _exists(target)


def write(path: str | Path, chunks: Iterable[bytes], *, force: bool = False) -> None:
    """Write the chunks to the file, or to standard output where the path is "-"; see `write_atomically`."""
    if str(path) == STDOUT:
        write_stdout(chunks)
    else:
        write_atomically(path, chunks, force=force)


def write_atomically(path: str | Path, data: bytes | Iterable[bytes], *, force: bool = False) -> None:
    """Write the file so that at every moment it is the old one, or absent, or complete.

    The bytes go to a temporary file in the same folder, which then takes the name. An existing file is
    replaced only with `force`; a link is followed; a device or a pipe is written as it is. The file gets the
    permissions of any new file (the umask's).

    Raises UsageError where the file exists, where it is a folder, or where the system refuses to write.
    """
    check_target(path, force=force)
    target = Path(path).resolve()
    chunks = (data,) if isinstance(data, bytes) else data
    try:
        if target.exists() and not target.is_file():
            _fill(target, os.O_WRONLY, chunks)
        else:
            _write_and_rename(target, chunks, force=force)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error


def write_stdout(chunks: Iterable[bytes]) -> None:
    """Write bytes to standard output. BrokenPipeError is left to the caller: the reader has had enough."""
    if sys.stdout is None:
        raise UsageError("standard output is closed")
    try:
        sys.stdout.flush()
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"cannot write to standard output: {error.strerror or error}") from error


def _write_and_rename(target: Path, chunks: Iterable[bytes], *, force: bool) -> None:
    temporary = target.with_name(f".{target.name[:100]}.{token_hex(6)}.tmp")
    try:
        _fill(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, chunks)
        _take_name(temporary, target, force=force)
    finally:
        temporary.unlink(missing_ok=True)


def _fill(path: Path, flags: int, chunks: Iterable[bytes]) -> None:
    with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), 0o666), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        with contextlib.suppress(OSError):  # a device or a pipe cannot be synchronised
            os.fsync(file.fileno())


def _take_name(temporary: Path, target: Path, *, force: bool) -> None:
    """Rename; without `force` by a hard link, which fails if the name was taken in the meantime."""
    if force:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        temporary.replace(target)


def _exists(target: Path) -> UsageError:
    return UsageError(f"{target} exists already", remedy="Give force=True to overwrite it.")


def _same_file(target: Path, source: str | Path) -> bool:
    try:
        return target.is_file() and target.samefile(source)
    except OSError:
        return False
