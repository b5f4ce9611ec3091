r"""Bytes as they come to lines that end on \n: encodings, line ends, terminal escapes, giant lines.

Every step looks first whether there is anything to do, so that a clean log passes at memory speed,
and gives the same text however the input is cut into chunks.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENCODINGS_BY_BOM: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD_BYTES: Final = 4096
_LARGE_BYTES: Final = 1 << 18
# A carriage return is doubled by each text-mode layer that a log passes; more than this is data.
_MAX_CR: Final = 4
_CR_TO_LF: Final = bytes.maketrans(b"\r", b"\n")
_ESCAPE: Final = re.compile(
    rb"""\x1b(?:
        \[ [0-?]{0,64} [\x20-/]{0,8} [@-~]                 # CSI: colours, erase, move (ECMA-48 5.4)
      | \] [^\x07\x1b\n]{0,4096} (?: \x07 | \x1b\\ )       # OSC: window titles, links
      | [\x20-/]{1,4} [0-~]                                # character sets
      | [0-9=>78cDEHMNOZ]                                  # short ones: keypad, cursor
    )?""",
    re.VERBOSE,
)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding and the length of its byte order mark, from the first bytes of the text.

    Without a mark, UTF-16 shows in the NUL bytes at every second place (a log is mostly ASCII).
    """
    for mark, name in ENCODINGS_BY_BOM:
        if head.startswith(mark):
            return name, len(mark)
    even, odd = head[0::2], head[1::2]
    if len(head) >= 8 and max(even.count(0), odd.count(0)) > 0.4 * len(odd):
        if even.count(0) < 0.05 * len(even):
            return "utf-16-le", 0
        if odd.count(0) < 0.05 * len(odd):
            return "utf-16-be", 0
    return "utf-8", 0


def as_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8; anything else as it is. Half a character at the end of the input is dropped."""
    if not encoding.startswith("utf-16"):
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()


def without_nul(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """NUL bytes removed: a crash of the machine leaves blocks of them in a log."""
    for chunk in chunks:
        yield chunk.translate(None, b"\0") if b"\0" in chunk else chunk


def unix_line_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""`\r\n`, also with the carriage return repeated, and a lone `\r` become `\n`."""
    held = b""
    for chunk in chunks:
        text = held + chunk if held else chunk
        held = text[len(text.rstrip(b"\r")) :][-_MAX_CR:] if text.endswith(b"\r") else b""
        if held:
            text = text[: -len(held)]
        if text:
            yield _unix(text) if b"\r" in text else text
    if held:
        yield b"\n"


def _unix(text: bytes) -> bytes:
    for _ in range(_MAX_CR):
        text = text.replace(b"\r\n", b"\n")
        if b"\r" not in text:
            return text
    return text.translate(_CR_TO_LF)


def line_blocks(chunks: Iterable[bytes], block_bytes: int, max_line_bytes: int) -> Iterator[bytes]:
    """Blocks of about `block_bytes` that end on a line end, except perhaps the last.

    Of a line longer than `max_line_bytes` only one byte more than that is kept here: enough for
    `cut_long_lines` to see it, and the memory stays bounded whatever comes.
    """
    parts: list[bytes | memoryview] = []
    size = open_bytes = 0
    room = max_line_bytes + 1
    for chunk in chunks:
        first = chunk.find(b"\n")
        head = chunk if first < 0 else chunk[:first]
        kept = head[: max(room - open_bytes, 0)]
        parts.append(kept)
        size += len(kept)
        open_bytes += len(head)
        if first < 0:
            continue
        end = chunk.rfind(b"\n") + 1
        parts.append(memoryview(chunk)[first:end])  # copied once, by the join
        size += end - first
        if size >= block_bytes:
            yield b"".join(parts)
            parts, size = [], 0
        open_bytes = len(chunk) - end
        parts.append(chunk[end : end + room])
        size += len(parts[-1])
    if size:
        yield b"".join(parts)


def count_line_ends(text: bytes) -> int:
    r"""How many `\n` there are: `bytes.count` looks at one byte at a time, numpy at 32."""
    if len(text) < _LARGE_BYTES:
        return text.count(b"\n")
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))


def cut_long_lines(block: bytes, max_line_bytes: int) -> tuple[bytes, tuple[int, ...]]:
    """The block with every line cut to at most `max_line_bytes`, and where (offsets in `block`) those began."""
    pieces: list[bytes] = []
    places: list[int] = []
    start = position = 0
    while len(block) - position > max_line_bytes:
        line_end = block.rfind(b"\n", position, position + max_line_bytes + 1)
        if line_end >= 0:
            position = line_end + 1
            continue
        places.append(position)
        pieces.append(block[start : _character_start(block, position + max_line_bytes)])
        start = block.find(b"\n", position + max_line_bytes)
        position = start = len(block) if start < 0 else start
    return (b"".join([*pieces, block[start:]]) if pieces else block), tuple(places)


def _character_start(data: bytes, place: int) -> int:
    """The nearest place at or just before `place` that does not split a UTF-8 character."""
    for back in range(4):
        if data[place - back] & 0xC0 != 0x80:  # the mark of a continuation byte
            return place - back
    return place


def without_escapes(block: bytes) -> bytes:
    """Terminal escape sequences and byte order marks (of appended files) removed."""
    if b"\x1b" in block:
        block = _ESCAPE.sub(b"", block)
    if not block.isascii() and codecs.BOM_UTF8 in block:
        block = block.replace(codecs.BOM_UTF8, b"")
    return block


def is_utf8(block: bytes) -> bool:
    """Whether the block is valid UTF-8; a character cut off by its end does not count against it."""
    if block.isascii():
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(block)
    except UnicodeDecodeError:
        return False
    return True


_THREE_BYTE_UTF8: Final = re.compile(rb"[\xe0-\xef][\x80-\xbf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_BYTE: Final = re.compile(rb"[\x80-\xff]")
_HIGH_PAIR: Final = re.compile(rb"[\x81-\xfe][\xa1-\xfe]")


def decode(line: bytes) -> str:
    r"""The line as text: UTF-8; else GB18030 where it plainly is Chinese; else byte by byte.

    A byte that is no UTF-8 is shown as its Latin-1 character where that is printable and as `\x96`
    where not. Never raises, never gives a lone surrogate.
    """
    try:
        return line.decode()
    except UnicodeDecodeError:
        return _decode_chinese(line) or line.decode("utf-8", "logparse.readable")


def _decode_chinese(line: bytes) -> str | None:
    """The line from GB18030, or None where that is not what it plainly is.

    Plainly: most of the high bytes stand in pairs of two high bytes (in Latin-1 they stand alone
    between letters), and they are not the three-byte characters of a damaged UTF-8 line.
    """
    high = len(_HIGH_BYTE.findall(line))
    if 2 * 2 * len(_HIGH_PAIR.findall(line)) <= high or 3 * 2 * len(_THREE_BYTE_UTF8.findall(line)) > high:
        return None
    try:
        text = line.decode("gb18030")
    except UnicodeDecodeError:
        return None
    chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
    odd = sum(letter > "\x7f" and not letter.isprintable() for letter in text)
    return text if chinese > 2 * odd else None


def _readable(error: UnicodeError) -> tuple[str, int]:
    """Error handler of codecs: each bad byte as a printable Latin-1 character or as an escape."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    letters = (chr(byte) for byte in error.object[error.start : error.end])
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in letters), error.end


codecs.register_error("logparse.readable", _readable)
