"""One input, whatever it is, as blocks of lines: a path, stdin, bytes or an open file.

The input is read once, forwards, and never written to. Compression is told by the first bytes, not by
the name; see `decompress`. What happens to encodings, line ends and escapes: see `plaintext`.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Self

from logparse import formats
from logparse.errors import Note, UnreadableError, UsageError
from logparse.model import Source
from logparse.reading.input import plaintext
from logparse.reading.input.archive import HEADER_BYTES, archive_of, log_in
from logparse.reading.input.decompress import BrokenArchiveError, compression_of, decompressed, peeked
from logparse.reading.input.opening import Raw, opened
from logparse.reading.input.plaintext import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from logparse.reading.input.opening import Readable

__all__ = ["Input", "TextBlock", "decode", "open_input"]

BLOCK_BYTES: Final = 6 << 20
MAX_LINE_BYTES: Final = 1 << 20
MAX_TEXT_BYTES: Final = 64 << 30
# Real logs shrink to a twentieth; beyond this ratio, once it is big, it is a bomb.
_BOMB_RATIO: Final = 1000
_BOMB_BYTES: Final = 1 << 30
_STEP_BYTES: Final = 1 << 20
_ARCHIVES: Final = (
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x9d", "a file of compress (.Z)"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
    (b"LZIP\x01", "a file of lzip"),
    (b"\x89LZO\0", "a file of lzop"),
)
_AGAIN: Final = "copy or download it again, or give the unpacked log"
_FOREIGN: Final = (
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x7fELF", "a program"),
)


class TextBlock(NamedTuple):
    r"""Some whole lines: text with `\n` line ends only, and the number of the first (from 1).

    Every block but the last ends on a line end; the last one does where the input does.
    """

    data: bytes
    first_line: int


class Input:
    """An open input. Iterate `blocks()` once to the end; then `source()` and `notes` are complete."""

    def __init__(
        self, name: str, stream: BinaryIO, *, owned: bool, block_bytes: int, max_text_bytes: int | None, hashing: bool
    ) -> None:
        self.name = name
        self.notes: list[Note] = []
        self.foreign: str | None = None
        self._stream = stream
        self._owned = owned
        self._block_bytes = max(block_bytes, 1)
        self._step_bytes = min(self._block_bytes, _STEP_BYTES)
        self._max_text_bytes = max_text_bytes
        self._raw = Raw(stream, self._step_bytes, hashing=hashing)
        self._text_bytes = 0
        self._lines = 0
        self._encoding = "utf-8"
        self._packed: list[str] = []
        self._state = "new"

    @property
    def size_bytes(self) -> int | None:
        """The size of the file as it stands, before it is unpacked; None where the input is no file."""
        with suppress(AttributeError, OSError, ValueError):
            return os.fstat(self._stream.fileno()).st_size or None
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the input; a stream that the caller opened stays open."""
        self._raw.wait()
        if self._owned:
            self._stream.close()

    def blocks(self) -> Iterator[TextBlock]:
        """The text in blocks of whole lines; memory stays bounded by the size of a block.

        Raises:
            UnreadableError: the input cannot be read, is no text at all, or unpacks to too much.

        """
        if self._state != "new":
            message = "an input can be read only once"
            raise ValueError(message)
        self._state = "reading"
        chunks = plaintext.unix_line_ends(plaintext.without_nul(self._utf8()))
        utf8 = True
        for data in plaintext.line_blocks(chunks, self._block_bytes, MAX_LINE_BYTES):
            first_line = self._lines + 1
            text = plaintext.without_escapes(self._cut(data, first_line))
            if not text:  # nothing but an escape sequence stood behind the last line end
                continue
            self._lines += plaintext.count_line_ends(text) + (not text.endswith(b"\n"))
            utf8 = utf8 and plaintext.is_utf8(text)
            yield TextBlock(text, first_line)
        if not utf8:
            self._encoding = "8-bit"
        self._state = "read"

    def source(self) -> Source:
        """What was read, complete once `blocks()` is exhausted."""
        if self._state != "read":
            message = "the input has not been read to its end"
            raise ValueError(message)
        return Source(
            name=self.name,
            size_bytes=self._raw.size_bytes,
            sha256=self._raw.sha256(),
            text_bytes=self._text_bytes,
            lines=self._lines,
            encoding=self._encoding,
            compression=" + ".join(self._packed) or None,
        )

    def _cut(self, data: bytes, first_line: int) -> bytes:
        text, places = plaintext.cut_long_lines(data, MAX_LINE_BYTES)
        for place in places[:1]:
            line = first_line + data.count(b"\n", 0, place)
            meaning = f"its first {MAX_LINE_BYTES >> 20} MiB were read, the rest of the line was passed over"
            self._note(line, "a line is longer than anything Caffe writes", meaning)
        return text

    def _utf8(self) -> Iterator[bytes]:
        head, chunks = peeked(self._plain(), plaintext.HEAD_BYTES)
        self.foreign = next((what for magic, what in _FOREIGN if head.startswith(magic)), None)
        self._encoding, mark = plaintext.encoding_of(head)
        return plaintext.as_utf8(_skipped(chunks, mark), self._encoding)

    def _plain(self) -> Iterator[bytes]:
        """The text inside the input, unpacked where it is compressed, within the limit."""
        try:
            head, chunks = peeked(iter(self._raw), HEADER_BYTES)
            self._refuse_archive(head)
            compression = compression_of(head)
            if compression is not None:
                self._packed.append(compression.name)
                unpacked = decompressed(chunks, compression, self._step_bytes)
                chunks = self._readable(unpacked, compression.name, compression.block_bytes)
            head, chunks = peeked(chunks, HEADER_BYTES)
            archive = archive_of(head)
            if archive is not None:
                self._packed.append(archive.name)
                chunks = self._readable(log_in(archive, chunks, self.name, self._found), archive.name)
            yield from self._limited(chunks)
            for _ in self._raw if self._packed else ():  # size and hash are of all, also of what follows damage
                pass
        except io.UnsupportedOperation as error:
            raise UsageError(f"{self.name}: this file is not open for reading") from error
        except OSError as error:
            message = f"{self.name}: reading failed: {error.strerror or error}"
            raise UnreadableError(message, remedy="check the disk or the connection, or copy the file first") from error

    def _refuse_archive(self, head: bytes) -> None:
        for magic, what in _ARCHIVES:
            if head.startswith(magic):
                message = f"{self.name}: this is {what}, not a log"
                raise UnreadableError(message, remedy="unpack it and give the log inside")

    def _readable(self, chunks: Iterator[bytes], packing: str, block_bytes: int | None = None) -> Iterator[bytes]:
        """What can be read of packed text, up to where it is damaged: that is noted, or an error where it is all."""
        empty = True
        try:
            for chunk in chunks:
                empty = False
                yield chunk
        except BrokenArchiveError as error:
            if empty:
                message = f"{self.name}: the {packing} archive is broken: {error}"
                if block_bytes is not None:
                    message += (
                        f", within its first block (of up to {formats.size(block_bytes)}), so nothing can be read"
                    )
                raise UnreadableError(message, remedy=_AGAIN) from error
            if not self.notes:  # an archive in what ends early ends early
                what = f"the {packing} archive is damaged or incomplete: {error}"
                self._note(None, what, "the log was read as far as it could be unpacked")

    def _found(self, name: str) -> None:
        self.name = f"{self.name}/{name}"

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._text_bytes += len(chunk)
            if self._is_too_much():
                message = f"{self.name}: stopped after {self._text_bytes:,} bytes of text: more than the limit"
                raise UnreadableError(message, remedy="raise the limit with max_bytes=N if this really is a log")
            yield chunk

    def _is_too_much(self) -> bool:
        if self._max_text_bytes is not None:
            return self._text_bytes > self._max_text_bytes
        bomb = self._text_bytes > max(_BOMB_BYTES, _BOMB_RATIO * self._raw.size_bytes)
        return self._text_bytes > MAX_TEXT_BYTES or (bool(self._packed) and bomb)

    def _note(self, line: int | None, what: str, meaning: str) -> None:
        if not any(note.what == what for note in self.notes):
            self.notes.append(Note(line, what, meaning))


def open_input(
    source: Readable,
    *,
    block_bytes: int = BLOCK_BYTES,
    max_text_bytes: int | None = None,
    hashing: bool = True,
) -> Input:
    """Open a log for reading: a path, `-` for stdin, the bytes themselves, or an open binary file.

    `max_text_bytes` bounds the unpacked text. None means 64 GiB, and for compressed input not more
    than 1000 times its size once that is beyond 1 GiB. `hashing=False` leaves `Source.sha256` empty.

    Raises:
        UnreadableError: the file is missing, a folder, or may not be read.

    """
    name, stream, owned = opened(source)
    return Input(name, stream, owned=owned, block_bytes=block_bytes, max_text_bytes=max_text_bytes, hashing=hashing)


def _skipped(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[count:]
        break
    yield from chunks
