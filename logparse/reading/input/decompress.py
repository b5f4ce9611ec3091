"""Compressed input, recognised by its first bytes and unpacked as a stream.

Formats: gzip (RFC 1952, many members), bzip2 and xz (many streams), Zstandard (RFC 8878, many frames).
Each step yields at most about `step` bytes, so a decompression bomb costs time that the caller can
stop, never memory.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import re
import sys
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from logparse.errors import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

# xz -9 needs 65 MiB; an archive that asks for more than this is hostile or no log.
_XZ_MEMORY_BYTES: Final = 512 << 20
# Damage costs the text of the slice in which it lies, so slices are small; and where a decompressor
# cannot limit what it gives (zstandard: 128 KiB of 4 bytes), a slice unpacks to at most 32 MiB.
_SLICE_BYTES: Final = 1024


class BrokenArchiveError(Exception):
    """The compressed data ends early or is damaged; what was unpacked before stays good."""


class _Stream(Protocol):
    """One member of an archive: the interface of `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _GzipStream:
    """`zlib` with the interface of the other decompressors."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        text = self._inner.decompress(self._inner.unconsumed_tail or data, max(max_length, 0))
        self.needs_input = not self._inner.unconsumed_tail and len(text) != max_length
        return text


class _ZstandardStream:
    """The `zstandard` package with the same interface; it has no `max_length`, the slices bound it."""

    needs_input = True

    def __init__(self, module: Any) -> None:  # noqa: ANN401 (an optional module has no type here)
        self._inner = module.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        del max_length
        text: bytes = self._inner.decompress(data)
        return text


def _zstd_stream() -> _Stream:
    """Python's own Zstandard from 3.14 on, else the package of the extra."""
    if sys.version_info >= (3, 14):
        native: _Stream = importlib.import_module("compression.zstd").ZstdDecompressor()
        return native
    try:
        return _ZstandardStream(importlib.import_module("zstandard"))
    except ImportError:
        message = "the input is compressed with Zstandard, which this Python cannot unpack by itself"
        raise UnreadableError(message, remedy="pip install 'logparse[zstd]', or unpack it with zstd -d") from None


class Compression(NamedTuple):
    """One format: its name, the bytes each member begins with, what the first must look like, how to unpack one.

    `block_bytes` is how much text stands in one block, of which nothing can be had before its last byte is there;
    None where text comes byte by byte.
    """

    name: str
    magic: bytes
    first: re.Pattern[bytes]
    stream: Callable[[], _Stream]
    block_bytes: int | None = None


def _xz_stream() -> _Stream:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


COMPRESSIONS: Final = (
    Compression("gzip", b"\x1f\x8b", re.compile(rb"\x1f\x8b\x08"), _GzipStream),
    Compression("bzip2", b"BZh", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bz2.BZ2Decompressor, 900_000),
    Compression("xz", b"\xfd7zXZ\x00", re.compile(rb"\xfd7zXZ\x00"), _xz_stream),
    Compression("zstd", b"\x28\xb5\x2f\xfd", re.compile(rb"\x28\xb5\x2f\xfd"), _zstd_stream, 128 << 10),
)


def compression_of(head: bytes) -> Compression | None:
    """The format that begins with these bytes, or None."""
    return next((each for each in COMPRESSIONS if each.first.match(head)), None)


def decompressed(raw: Iterator[bytes], compression: Compression, step: int) -> Iterator[bytes]:
    """The text inside, piece by piece.

    Raises:
        BrokenArchiveError: after everything that could be unpacked was yielded.

    """
    slices = (chunk[place : place + _SLICE_BYTES] for chunk in raw for place in range(0, len(chunk), _SLICE_BYTES))
    try:
        data = next(slices, b"")
        while data:
            rest = yield from _member(data, slices, compression.stream(), step)
            data = _next_member(rest, slices, compression.magic)
    except (zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise BrokenArchiveError(str(error) or type(error).__name__) from error
    except Exception as error:  # zstandard.ZstdError, compression.zstd.ZstdError: known only where installed
        if type(error).__name__ == "ZstdError":
            raise BrokenArchiveError(str(error)) from error
        raise


def _member(data: bytes, raw: Iterator[bytes], stream: _Stream, step: int) -> Generator[bytes, None, bytes]:
    """Unpack one member; returns the bytes after it."""
    while True:
        text = stream.decompress(data, step)
        if text:
            yield text
        if stream.eof:
            return stream.unused_data
        data = b""
        if stream.needs_input:
            data = next(raw, b"")
            if not data:
                message = "the archive ends early"
                raise EOFError(message)


def _next_member(rest: bytes, raw: Iterator[bytes], magic: bytes) -> bytes:
    """The beginning of the next member, after any zero padding; empty at the end."""
    rest = rest.lstrip(b"\0")
    while len(rest) < len(magic):
        more = next(raw, b"")
        if not more:
            break
        rest = (rest + more).lstrip(b"\0")
    if rest and not rest.startswith(magic):
        message = "other data follow the end of the archive"
        raise BrokenArchiveError(message)
    return rest


def peeked(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """At least `size` first bytes (fewer at the end of the input), and all chunks again from the first.

    Damage within them is told where it lies: behind the bytes that are good.
    """
    taken: list[bytes] = []
    length = 0
    try:
        for chunk in chunks:
            taken.append(chunk)
            length += len(chunk)
            if length >= size:
                break
    except BrokenArchiveError as error:
        chunks = _broken(error)
    head = b"".join(taken)
    return head[:size], _chained([head] if head else [], chunks)


def _broken(error: BrokenArchiveError) -> Iterator[bytes]:
    yield from ()
    raise error


def _chained(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while first:
        yield first.pop()
    yield from rest
