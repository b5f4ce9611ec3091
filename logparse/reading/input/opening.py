"""The bytes of an input as they stand: opened with an error that helps, counted, hashed."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from logparse.errors import UnreadableError, UsageError, WrongTypeError
from logparse.reading.input.archive import shows_log

if TYPE_CHECKING:
    from collections.abc import Iterator

Readable: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO"

_HASH_BATCH_BYTES: Final = 8 << 20


class Raw:
    """The bytes of the input as they stand, counted and hashed on the way."""

    def __init__(self, stream: BinaryIO, step: int, *, hashing: bool) -> None:
        self._stream = stream
        self._step = step
        self._hash = hashlib.sha256() if hashing else None
        self._worker: threading.Thread | None = None
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._read():
            self.size_bytes += len(chunk)
            self._update(chunk)
            yield chunk

    def _read(self) -> bytes:
        data: Any = self._stream.read(self._step)
        return data.encode("utf-8", "replace") if isinstance(data, str) else data or b""

    def _update(self, chunk: bytes) -> None:
        """Hash in a thread (hashlib lets go of the interpreter), in batches big enough to be worth one."""
        if self._hash is None:
            return
        self._batch.append(chunk)
        self._batch_bytes += len(chunk)
        if self._batch_bytes >= _HASH_BATCH_BYTES:
            self.wait()
            self._worker = threading.Thread(target=self._hash.update, args=(self._taken_batch(),), daemon=True)
            self._worker.start()

    def _taken_batch(self) -> bytes:
        batch = b"".join(self._batch)
        self._batch.clear()
        self._batch_bytes = 0
        return batch

    def wait(self) -> None:
        """Until the thread is done with its batch."""
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def sha256(self) -> str:
        """Of everything read so far; empty where hashing was not asked for."""
        self.wait()
        if self._hash is None:
            return ""
        self._hash.update(self._taken_batch())
        return self._hash.hexdigest()


def opened(source: Readable) -> tuple[str, BinaryIO, bool]:
    """Name, stream, and whether we opened it.

    Raises:
        UnreadableError: there is nothing to be read.
        UsageError: what is given is no source of a log.

    """
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>", io.BytesIO(source), True
    if isinstance(source, str) and source == "-":
        return "<stdin>", _standard_input(), False
    if isinstance(source, str | os.PathLike):
        path = _path(os.fspath(source))
        return str(source), _opened_path(path), True
    stream: Any = getattr(source, "buffer", source)
    if not callable(getattr(stream, "read", None)):
        raise WrongTypeError(f"a log is given as {_KINDS}, not as {type(source).__name__}")
    named = getattr(source, "name", None)
    name = named if isinstance(named, str) else "<stream>"
    if getattr(stream, "closed", False):
        raise UsageError(f"{name}: this file has been closed")
    return name, stream, False


_KINDS: Final = 'a path, its bytes, an open file or "-" for standard input'
_TEXT: Final = "A str is a path. Give text as bytes: text.encode()."


def _path(name: str | bytes) -> Path:
    """The path that a caller means; text of a log is none."""
    path = Path(os.fsdecode(name))
    if not name:
        raise UsageError("an empty text is no path of a log", remedy=f"Give {_KINDS}.")
    if isinstance(name, str) and ("\n" in name or shows_log(os.fsencode(name))) and not _is_there(path):
        lines = name.count("\n") + (not name.endswith("\n"))
        what = f"no path has {lines:,} lines" if lines > 1 else "no path is a line of Caffe's"
        raise UsageError(f"{what}: this is the text of a log", remedy=_TEXT)
    return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed:  # a process may be started without
        raise UnreadableError(
            "<stdin>: standard input is closed", remedy="give the path of a log, or send it in a pipe"
        )
    return sys.stdin.buffer


def _opened_path(path: Path) -> BinaryIO:
    shown = _shown(path)
    try:
        if path.is_dir():
            message = f"{shown}: this is a folder, not a log"
            raise UnreadableError(message, remedy="give a log inside it, or a pattern such as 'FOLDER/*.log'")
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        message = f"{shown}: there is no such file"
        raise UnreadableError(message, remedy=_nearby(path)) from None
    except PermissionError:
        message = f"{shown}: you may not read this file"
        raise UnreadableError(message, remedy="ask its owner, or change its permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{shown}: cannot be opened: {reason}"
        raise UnreadableError(message, remedy="check the path") from None


def _shown(path: Path) -> str:
    text = str(path).encode("utf-8", "backslashreplace").decode()
    return text if len(text) < 300 and text.isprintable() else f"{text[:100]!r}…"  # a screen line or two


def _nearby(path: Path) -> str:
    """A remedy for a missing file: the likeliest meant one, else to check the path."""
    import difflib

    with suppress(OSError, ValueError):
        names = [each.name for each in path.parent.iterdir()]
        for name in difflib.get_close_matches(path.name, names, n=1, cutoff=0.8):
            return f"did you mean {path.parent / name}?"
    return "check the path and the folder you are in"
