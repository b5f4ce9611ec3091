"""Any bytes are read, and alike however they are cut."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from logparse.errors import UnreadableError
from logparse.reading.input import plaintext
from logparse.reading.input.blocks import decode, open_input
from logparse.reading.input.decompress import COMPRESSIONS

if TYPE_CHECKING:
    from logparse.reading.input.blocks import TextBlock
    from logparse.reading.input.decompress import Compression

# What the reader treats specially, dense enough to meet at every border.
PIECES = (
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\x1b[0m",
    b"\x1b]0;t\x07",
    b"\x1b",
    b"[",
    b"]",
    b"\xef\xbb\xbf",
    "卷".encode(),
    "卷".encode("gbk"),
    b"\xe9",
    b"a",
    b"I1124 10:43:20.990321 23669 a.cpp:1] x",
)
MESSY = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
# Behind a letter, so that chance does not make the mark of an archive.
ANY = st.one_of(st.binary(max_size=300), MESSY).map(lambda data: b"x" + data)
# Without NUL bytes: those decide about UTF-16, which a cut may turn.
PLAIN = ANY.map(lambda data: data.replace(b"\0", b""))


class Dripping(io.RawIOBase):
    """A stream that gives as little as asked, or less."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__()
        self._inner = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, self._step) if size >= 0 else self._step)


def blocks_of(data: bytes, block_bytes: int = 1 << 20) -> list[TextBlock]:
    with open_input(data, block_bytes=block_bytes) as log:
        return list(log.blocks())


def text_of(data: bytes, block_bytes: int = 1 << 20) -> bytes:
    return b"".join(block.data for block in blocks_of(data, block_bytes))


def outcome_of(data: bytes) -> bytes | UnreadableError:
    try:
        return text_of(data)
    except UnreadableError as error:
        return error


def is_text_or_helpful(outcome: bytes | UnreadableError) -> bool:
    if isinstance(outcome, bytes):
        return not set(b"\r\0") & set(outcome)
    return bool(outcome.remedy)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused_with_a_reason(data: bytes) -> None:
    assert is_text_or_helpful(outcome_of(data))


@given(st.sampled_from(COMPRESSIONS), st.binary(max_size=200))
def test_any_bytes_behind_the_mark_of_an_archive(compression: Compression, data: bytes) -> None:
    assert is_text_or_helpful(outcome_of(compression.magic + data))


@given(MESSY, st.integers(0, 500), st.integers(0, 255))
def test_a_flipped_byte_of_an_archive(data: bytes, place: int, value: int) -> None:
    packed = bytearray(gzip.compress(data * 10))
    packed[place % len(packed)] ^= value
    assert is_text_or_helpful(outcome_of(bytes(packed)))


@given(ANY, st.integers(1, 60), st.integers(1, 60))
def test_the_size_of_a_block_does_not_change_the_text(data: bytes, block_bytes: int, step: int) -> None:
    whole = text_of(data)
    assert text_of(data, block_bytes) == whole
    with open_input(Dripping(data, step), block_bytes=block_bytes) as log:  # type: ignore[arg-type]
        assert b"".join(block.data for block in log.blocks()) == whole


@given(ANY, st.integers(1, 60))
def test_blocks_hold_whole_lines_and_right_numbers(data: bytes, block_bytes: int) -> None:
    line = 1
    blocks = blocks_of(data, block_bytes)
    for block in blocks:
        assert block.first_line == line
        line += block.data.count(b"\n")
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])


@given(PLAIN, st.integers(0, 400))
def test_a_prefix_of_the_bytes_gives_a_prefix_of_the_lines(data: bytes, length: int) -> None:
    whole = text_of(data).split(b"\n")
    *complete, last = text_of(data[:length]).split(b"\n")
    assert complete == whole[: len(complete)]
    assert not last or len(whole) > len(complete)


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 12), st.integers(1, 40))
def test_long_lines_are_cut_alike_whatever_the_block(lengths: list[int], limit: int, step: int) -> None:
    lines = [bytes([97 + i % 26]) * length for i, length in enumerate(lengths)]
    data = b"\n".join(lines)
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    blocks = plaintext.line_blocks(chunks, 8, limit)
    text = b"".join(plaintext.cut_long_lines(block, limit)[0] for block in blocks)
    assert text == b"\n".join(line[:limit] for line in lines)


@given(ANY)
def test_text_is_always_text(data: bytes) -> None:
    text = decode(data)
    assert text.encode("utf-8").decode() == text
    if plaintext.is_utf8(data + b" "):
        assert text == data.decode()


@given(st.text(st.characters(exclude_characters="\0\r\x1b\ufeff", exclude_categories=["Cs"]), max_size=100))
def test_utf16_is_read_by_its_mark(text: str) -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert text_of(("\ufeff" + text).encode(codec)) == text.encode()
