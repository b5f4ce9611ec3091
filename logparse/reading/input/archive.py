"""Archives that hold files: a tar or a ZIP in which one file is a log is read as that log.

A tar is walked as it comes, so that it may be compressed, piped and of any size; the table of contents of a ZIP stands
at its end, so the archive is kept aside first. Which file is a log shows in its text, not in its name.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from logparse import formats
from logparse.errors import UnreadableError
from logparse.reading.input.decompress import BrokenArchiveError, compression_of, decompressed, peeked

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator

LOOK_BYTES: Final = 1 << 20
HEADER_BYTES: Final = 512  # a tar's first header
_STEP_BYTES: Final = 1 << 20
_IN_MEMORY_BYTES: Final = 64 << 20
_NAMED: Final = 3  # files of an archive in a sentence
_LOOKS_LIKE_A_LOG: Final = re.compile(
    rb"[IWEF](?:\d{4})?[01]\d{3} +[\d:.]{8,15} +\d+ [^\n]{1,200}?:\d+\]|[.](?:cpp|hpp|cu):\d+\] "
    rb"|\bIteration \d+(?: \(|, )|\bTop shape: |\b(?:INFO|ERROR) - \d\d:\d\d:\d\d - "
)
# Not looked into in a folder or an archive: big, binary, or text that quotes logs without being one.
_NEVER: Final = re.compile(
    r"""[.](?: caffemodel | solverstate | prototxt | proto | h5 | hdf5 | mdb | npy | npz | bin | pkl | parquet
      | py | sh | cpp | hpp | cu | h | js | css | html | svg | ipynb | md | rst | json | jsonl | csv
      | png | jpe?g | gif | bmp | pdf | whl | so | o | a | exe | dll
      | zip | tar (?: [.]\w+ )? | t (?: gz | bz2? | xz | zst ) )\Z""",
    re.IGNORECASE | re.VERBOSE,
)


def may_be_log(name: str) -> bool:
    """Whether the name of a file, among others, does not say that it is something else than a log."""
    return _NEVER.search(name) is None


def shows_log(head: bytes) -> bool:
    """Whether text, of any encoding, holds a line that Caffe could have written."""
    return _LOOKS_LIKE_A_LOG.search(head.replace(b"\0", b"")) is not None


class Member(NamedTuple):
    """A file of an archive: its name, and its bytes until the next one is asked for."""

    name: str
    chunks: Iterator[bytes]


class Archive(NamedTuple):
    """A kind of archive: its name, what a sentence calls it, and what gives its files one after another."""

    name: str
    what: str
    members: Callable[[Iterator[bytes]], Iterator[Member]]


def archive_of(head: bytes) -> Archive | None:
    """The kind of archive that begins with these bytes (at least `HEADER_BYTES`, where there are so many), or None."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _ZIP
    return _TAR if head[257:262] == b"ustar" else None


def log_in(archive: Archive, chunks: Iterator[bytes], name: str, found: Callable[[str], None]) -> Iterator[bytes]:
    """The text of the archive's one log, piece by piece; `found` is told the log's name within.

    Raises:
        UnreadableError: none of its files is a log, or several are.
        BrokenArchiveError: it ends early or is damaged; what was given before stays good.

    """
    logs, others = list[str](), list[str]()
    for member in archive.members(chunks):
        head, text = _looked_at(member)
        (logs if shows_log(head) else others).append(member.name)
        if len(logs) == 1 and shows_log(head):
            found(member.name)
            yield from text
    if not logs:
        what = f"none of its files is a Caffe log: {_listed(others)}" if others else "it holds no file"
        raise UnreadableError(f"{name}: this is {archive.what}, and {what}", remedy="unpack it and give the log inside")
    if len(logs) > 1:
        what = f"holds {len(logs)} logs: {_listed(logs)}"
        raise UnreadableError(f"{name}: this is {archive.what} that {what}", remedy="unpack it and give one of them")


def _listed(names: list[str]) -> str:
    return ", ".join(formats.first_of(names, _NAMED))


def _looked_at(member: Member) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of a file's text, unpacked where it is compressed itself, and all of the text."""
    if not may_be_log(member.name):
        return b"", iter(())
    head, chunks = peeked(member.chunks, HEADER_BYTES)
    compression = compression_of(head)
    return peeked(chunks if compression is None else decompressed(chunks, compression, _STEP_BYTES), LOOK_BYTES)


# -- tar -----------------------------------------------------------------------------------------


class _Stream:
    """Chunks as a file that can be read forwards only: all that `tarfile` asks of a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._held = chunks, b""

    def read(self, size: int) -> bytes:
        parts, length = [self._held], len(self._held)
        while length < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            length += len(chunk)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]


def _tar_members(chunks: Iterator[bytes]) -> Iterator[Member]:
    import tarfile

    stream: Any = _Stream(chunks)  # of a file's methods it has the one that is asked for
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_STEP_BYTES) as archive:
            for entry in archive:
                if entry.isreg() and not entry.issparse():
                    yield Member(entry.name, _from_tar(archive.fileobj, entry.size))
    except tarfile.TarError as error:
        raise BrokenArchiveError(str(error)) from error


def _from_tar(file: Any, size_bytes: int) -> Iterator[bytes]:  # noqa: ANN401 - tarfile's own stream, which has no type
    """The bytes of the file whose header has just been read, to the last one that is there."""
    left = size_bytes
    while left:
        data = file.read(min(left, _STEP_BYTES))
        if not data:
            raise BrokenArchiveError(_ENDS_EARLY)
        left -= len(data)
        yield data


_ENDS_EARLY: Final = "the archive ends early"


# -- ZIP -----------------------------------------------------------------------------------------


def _zip_members(chunks: Iterator[bytes]) -> Iterator[Member]:
    import zipfile

    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        for chunk in chunks:
            file.write(chunk)
        try:
            with zipfile.ZipFile(file) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir():
                        yield Member(entry.filename, _unzipped(archive, entry))
        except zipfile.BadZipFile as error:
            raise BrokenArchiveError(str(error)) from error


def _unzipped(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    import zipfile

    try:
        with archive.open(entry) as file:
            yield from iter(partial(file.read, _STEP_BYTES), b"")
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BrokenArchiveError(str(error) or _ENDS_EARLY) from error
    except (RuntimeError, NotImplementedError) as error:  # a password is needed; a compression that Python lacks
        raise UnreadableError(f"{entry.filename}: {error}", remedy="unpack it and give the log inside") from error


_TAR: Final = Archive("tar", "a tar archive", _tar_members)
_ZIP: Final = Archive("zip", "a ZIP archive", _zip_members)
