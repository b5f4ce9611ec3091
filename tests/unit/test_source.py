"""Any input becomes the same lines, whatever it is packed, encoded or ended with."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from logparse.cli.find_logs import expand
from logparse.errors import UnreadableError
from logparse.reading.input import blocks, plaintext
from logparse.reading.input.blocks import decode, open_input

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logparse.reading.input.blocks import Input

TEXT = b'I1124 10:43:20.990321 23669 solver.cpp:102] Iteration 0, loss = 2.4\n  name: "x"\n\nlast line'
LINES = TEXT.split(b"\n")


def opened(data: object, **options: Any) -> Input:  # noqa: ANN401 - options of open_input
    return open_input(data, **options)  # type: ignore[arg-type]


def lines_of(data: object, **options: Any) -> list[bytes]:  # noqa: ANN401
    with opened(data, **options) as log:
        text = b"".join(block.data for block in log.blocks())
    return text.removesuffix(b"\n").split(b"\n") if text else []


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": zstd,
}


# Where it comes from


def test_a_path_bytes_a_stream_and_stdin_give_the_same_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(TEXT)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    for given in (path, str(path), TEXT, io.BytesIO(TEXT), io.StringIO(TEXT.decode()), "-"):
        assert lines_of(given) == LINES, given


def test_the_source_tells_name_size_hash_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(TEXT))
    with open_input(path) as log:
        list(log.blocks())
        told = log.source()
    assert (told.name, told.compression, told.encoding) == (str(path), "gzip", "utf-8")
    assert told.size_bytes == path.stat().st_size
    assert told.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (told.text_bytes, told.lines) == (len(TEXT), 4)


def test_the_hash_is_right_for_many_batches_and_can_be_left_out() -> None:
    data = os.urandom(1 << 20) * 20
    with open_input(data) as log:
        list(log.blocks())
        assert log.source().sha256 == hashlib.sha256(data).hexdigest()
    with open_input(data, hashing=False) as log:
        list(log.blocks())
        assert log.source().sha256 == ""


def test_a_stream_of_the_caller_stays_open_and_a_path_is_only_read(tmp_path: Path) -> None:
    stream = io.BytesIO(TEXT)
    lines_of(stream)
    assert not stream.closed
    path = tmp_path / "a.log"
    path.write_bytes(TEXT)
    path.chmod(0o400)
    lines_of(path)
    assert path.read_bytes() == TEXT


def test_an_empty_input_has_no_blocks() -> None:
    with open_input(b"") as log:
        assert list(log.blocks()) == []
        assert log.source().lines == 0


def test_an_input_is_read_once_and_told_of_only_at_its_end() -> None:
    with open_input(TEXT) as log:
        with pytest.raises(ValueError, match="not been read"):
            log.source()
        list(log.blocks())
        with pytest.raises(ValueError, match="only once"):
            list(log.blocks())


# Blocks


@pytest.mark.parametrize("size", [1, 2, 7, 30, 64, 1 << 20])
def test_blocks_end_on_line_ends_and_know_their_first_line(size: int) -> None:
    data = TEXT * 5
    with open_input(data, block_bytes=size) as log:
        blocks = list(log.blocks())
    assert b"".join(block.data for block in blocks) == data
    assert all(block.data.endswith(b"\n") for block in blocks[:-1])
    numbers = [1 + b"".join(b.data for b in blocks[:i]).count(b"\n") for i in range(len(blocks))]
    assert [block.first_line for block in blocks] == numbers
    assert len(blocks) > 1 or size > len(data)


@pytest.mark.parametrize("block_bytes", [100, 1000, 1 << 20])
def test_a_giant_line_is_one_line_and_its_rest_is_passed_over(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1000)
    data = b"a\n" + b"x" * 5000 + b"\n" + b"y" * 1000 + b"\n" + "é".encode() * 501 + b"\nb\n"
    with open_input(data, block_bytes=block_bytes) as log:
        text = b"".join(block.data for block in log.blocks())
        assert text.split(b"\n") == [b"a", b"x" * 1000, b"y" * 1000, "é".encode() * 500, b"b", b""]
        assert log.source().lines == 5
        assert [note.line for note in log.notes] == [2]


def test_a_giant_line_does_not_split_a_character() -> None:
    block, places = plaintext.cut_long_lines("aé\n".encode(), 2)
    assert (block, places) == (b"a\n", (0,))


# Line ends, encodings, escapes


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1 << 20])
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"a\r\nb\r\n", [b"a", b"b"], id="CR LF"),
        pytest.param(b"a\r\r\nb", [b"a", b"b"], id="CR CR LF"),
        pytest.param(b"a\rb\rc", [b"a", b"b", b"c"], id="lone CR"),
        pytest.param(b"a\r", [b"a"], id="CR at the end"),
        pytest.param(b"a\r\r\rb", [b"a", b"", b"", b"b"], id="three lone CR"),
        pytest.param(b"\x1b[0;31mE1 x\x1b[m\n\x1b[mI2", [b"E1 x", b"I2"], id="colours"),
        pytest.param(b"a\x1b[1;32m\x1b[Kb", [b"ab"], id="colour and erase"),
        pytest.param(b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", [b"ab"], id="OSC"),
        pytest.param(b"a\x1b(B\x1b=b\x1b", [b"ab"], id="short escapes"),
        pytest.param(b"\0\0a\0b\n\0", [b"ab"], id="NUL"),
        pytest.param(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", [b"a", b"b"], id="byte order marks"),
    ],
)
def test_what_terminals_and_editors_leave_is_taken_away(raw: bytes, expected: list[bytes], size: int) -> None:
    assert lines_of(raw, block_bytes=size) == expected


@pytest.mark.parametrize("size", [1, 3, 4, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [True, False])
def test_windows_encodings(encoding: str, mark: bool, size: int) -> None:  # noqa: FBT001
    text = TEXT.decode() + "卷积层 \U0001f600\r\nconv1 <- 数据\r\n"
    codec = encoding.removesuffix("-sig")
    data = ("\ufeff" * mark + text).encode(codec)
    with open_input(data, block_bytes=size) as log:
        got = b"".join(block.data for block in log.blocks())
        assert got.decode() == text.replace("\r\n", "\n")
        assert log.source().encoding == (encoding if mark or codec != "utf-8" else "utf-8")


def test_broken_utf16_stays_readable() -> None:
    data = "\ufeffI1124 a\nb".encode("utf-16-le") + b"\x00\xd8" + "c\n".encode("utf-16-le") + b"x"
    assert lines_of(data) == [b"I1124 a", "b\ufffdc".encode()]


def test_bytes_of_no_encoding_pass_and_are_told() -> None:
    with open_input(b"a\xff\n") as log:
        assert [block.data for block in log.blocks()] == [b"a\xff\n"]
        assert log.source().encoding == "8-bit"
    with open_input("cut é".encode()[:-1]) as log:
        list(log.blocks())
        assert log.source().encoding == "utf-8"


# Archives


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("size", [1, 10, 1 << 20])
def test_archives_are_told_by_their_first_bytes(name: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / "no_suffix"
    path.write_bytes(PACKERS[name](TEXT))
    assert lines_of(path, block_bytes=size) == LINES


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_archives_with_several_members(name: str, size: int) -> None:
    pack = PACKERS[name]
    assert lines_of(pack(TEXT + b"\n") + pack(b"") + pack(TEXT), block_bytes=size) == LINES + LINES


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_zero_padding_is_no_error(name: str) -> None:
    pack = PACKERS[name]
    with opened(pack(TEXT) + bytes(512)) as log:
        assert sum(block.data.count(b"loss") for block in log.blocks()) == 1
        assert log.notes == []


@pytest.mark.parametrize("name", PACKERS)
def test_a_truncated_archive_gives_what_it_holds_and_a_note(name: str) -> None:
    data = "".join(f"Iteration {i}, loss = {hashlib.sha256(b'%d' % i).hexdigest()}\n" for i in range(12_000)).encode()
    packed = PACKERS[name](data)
    cut = packed[: len(packed) * 2 // 3]
    with opened(cut) as log:
        text = b"".join(block.data for block in log.blocks())
        assert data.startswith(text)
        assert len(text) > len(data) // 3
        assert len(log.notes) == 1
        assert name in log.notes[0].what
        assert log.source().size_bytes == len(cut)


@pytest.mark.parametrize("name", PACKERS)
def test_a_damaged_archive_never_raises_once_it_gave_text(name: str) -> None:
    data = b"".join(b"%d %s\n" % (i, hashlib.sha256(b"%d" % i).hexdigest().encode()) for i in range(12_000))
    packed = bytearray(PACKERS[name](data))
    packed[len(packed) * 3 // 4] ^= 0xFF
    with opened(bytes(packed)) as log:
        list(log.blocks())
        assert len(log.notes) == 1
        assert log.source().sha256 == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("name", PACKERS)
def test_an_archive_broken_at_its_beginning_is_unreadable(name: str) -> None:
    with pytest.raises(UnreadableError, match=name):
        lines_of(PACKERS[name](TEXT)[:10] + b"\xff" * 30)


@pytest.mark.parametrize(("name", "block"), [("bzip2", "900 kB"), ("zstd", "131 kB")])
def test_why_nothing_of_a_truncated_archive_can_be_read_is_told(name: str, block: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        lines_of(PACKERS[name](TEXT)[:-20])
    assert caught.value.message == (
        f"<bytes>: the {name} archive is broken: the archive ends early, within its first block (of up to {block}), so "
        "nothing can be read"
    )


def test_other_data_after_an_archive_are_noted_and_counted() -> None:
    data = gzip.compress(TEXT) + b"garbage"
    with opened(data) as log:
        list(log.blocks())
        assert "other data" in log.notes[0].what
        assert log.source().size_bytes == len(data)


# A tar, a ZIP: files with names

LOG = b"I1124 10:43:20.990321 23669 solver.cpp:102] Iteration 0, loss = 2.4\n" * 40_000  # several pieces
PROSE = b"what was tried\n"


def tarred(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        folder = tarfile.TarInfo("run")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.mkdir("run")
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


class Pipe(io.RawIOBase):
    """A stream that cannot go back."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 999))

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "tar": tarred,
    "zip": zipped,
    "zip, stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "zip, lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
    **{f"{name} + tar": lambda files, pack=pack: pack(tarred(files)) for name, pack in PACKERS.items()},  # type: ignore[misc]
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_with_one_log_is_that_log(name: str) -> None:
    files = {"README.md": LOG, "notes.txt": PROSE, "run/train.log": LOG, "run/._train.log": b"\0\5\x16\7", "z": b""}
    packed = ARCHIVES[name](files)
    for source in (packed, Pipe(packed)):
        with opened(source) as log:
            assert b"".join(block.data for block in log.blocks()) == LOG
            told = log.source()
        assert told.name.endswith(">/run/train.log")
        assert told.compression == name.split(",", maxsplit=1)[0]
        assert (told.size_bytes, told.text_bytes) == (len(packed), len(LOG))
        assert told.sha256 == hashlib.sha256(packed).hexdigest()
        assert log.notes == []


@pytest.mark.parametrize("name", ["tar", "zip", "gzip + tar"])
@pytest.mark.parametrize("pack", PACKERS)
def test_a_log_in_an_archive_may_be_compressed_itself(name: str, pack: str) -> None:
    packed = ARCHIVES[name]({"train.log.packed": PACKERS[pack](LOG)})
    assert lines_of(packed) == LOG.rstrip(b"\n").split(b"\n")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.log": LOG, "b": PROSE, "c.txt": LOG}, "holds 2 logs: a.log, c.txt"),
        ({f"{i}.log": LOG[:100] for i in range(9)}, "holds 9 logs: 0.log, 1.log, 2.log, and 6 more"),
        ({"a.md": LOG, "b": PROSE}, "none of its files is a Caffe log: a.md, b"),
        ({}, "it holds no file"),
    ],
    ids=["two", "nine", "none", "empty"],
)
@pytest.mark.parametrize("name", ["tar", "zip", "xz + tar"])
def test_an_archive_without_the_one_log_is_refused_in_words(name: str, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        lines_of(ARCHIVES[name](files))
    assert words in str(caught.value)
    assert "unpack it and give" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["tar", "gzip + tar", "xz + tar", "zstd + tar"])
def test_a_tar_that_is_cut_gives_what_it_holds_and_one_note(name: str) -> None:
    lines = b"".join(
        b"Iteration %d, loss = %s\n" % (i, hashlib.sha256(b"%d" % i).hexdigest().encode()) for i in range(9_000)
    )
    packed = ARCHIVES[name]({"train.log": lines})
    with opened(packed[: len(packed) * 2 // 3]) as log:
        text = b"".join(block.data for block in log.blocks())
        assert lines.startswith(text)
        assert len(text) > len(lines) // 3
        outer = name.partition(" ")[0]
        assert [note.what.partition(": ")[0] for note in log.notes] == [f"the {outer} archive is damaged or incomplete"]
        assert log.source().size_bytes == len(packed) * 2 // 3


def test_a_broken_zip_and_one_with_a_password_are_refused() -> None:
    with pytest.raises(UnreadableError, match="the zip archive is broken: File is not a zip file"):
        lines_of(b"PK\x03\x04rest")
    packed = bytearray(zipped({"a.log": LOG}))
    place = packed.index(b"PK\x03\x04", 10)
    packed[place + 6] |= 1  # the flag of an encrypted file, in its own header and in the table of contents
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableError, match="password"):
        lines_of(bytes(packed))


def test_a_bomb_in_a_zip_stops_at_the_limit() -> None:
    with pytest.raises(UnreadableError, match="more than the limit"):
        lines_of(zipped({"a.log": LOG * 10}), max_text_bytes=len(LOG) * 5)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\x1f\x9d\x90", "a file of compress"),
        (b"\x04\x22\x4d\x18", "an LZ4 file"),
        (b"LZIP\x01", "a file of lzip"),
        (b"\x89LZO\0\r\n", "a file of lzop"),
    ],
)
def test_other_archives_are_refused_by_name(head: bytes, what: str) -> None:
    with pytest.raises(UnreadableError, match=what) as caught:
        lines_of(head + b"rest")
    assert "unpack" in str(caught.value.remedy)


def test_a_picture_is_named_but_read() -> None:
    with open_input(b"\x89PNG\r\n\x1a\n\0\0data") as log:
        list(log.blocks())
        assert log.foreign == "a PNG picture"


def test_zstandard_without_the_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("this Python unpacks Zstandard by itself")
    packed = zstd(TEXT)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(UnreadableError, match=r"Zstandard[^\0]*logparse\[zstd\]"):
        lines_of(packed)


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_stops_at_the_limit(name: str) -> None:
    packed = PACKERS[name](bytes(40 << 20))
    with pytest.raises(UnreadableError, match="max_bytes=N"):
        lines_of(packed, max_text_bytes=10 << 20)
    assert lines_of(packed, max_text_bytes=50 << 20) == []


def test_the_default_limit_is_a_ratio_once_the_text_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(blocks, "_BOMB_RATIO", 100)
    with pytest.raises(UnreadableError, match="more than the limit"):
        lines_of(gzip.compress(bytes(10 << 20)))
    assert lines_of(gzip.compress(bytes(1 << 20))) == []
    assert lines_of(bytes(10 << 20)) == []


# Errors


def test_a_missing_file_says_so_and_proposes_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_bytes(TEXT)
    with pytest.raises(UnreadableError, match="no such file") as caught:
        open_input(tmp_path / "trian.log")
    assert "train.log" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000, "\udcff"])
def test_names_that_cannot_be_files_are_unreadable(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        open_input(f"{tmp_path}/{name}")


def test_a_folder_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="folder"):
        open_input(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(TEXT)
    path.chmod(0)
    with pytest.raises(UnreadableError, match="may not read"):
        open_input(path)


def test_a_failing_disk_is_unreadable() -> None:
    class Failing(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(UnreadableError, match="Input/output error"):
        lines_of(Failing())


# Arguments


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("b.log", "a.txt", "deep/c.out", "deep/run.INFO.20150703-144016.1", "deep/run.ERROR.20150703-144016.1"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(TEXT)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "labels.txt").write_bytes(b"cat 0\ndog 1\n")
    (tmp_path / "README.md").write_bytes(TEXT)
    (tmp_path / ".hidden.log").write_bytes(TEXT)
    (tmp_path / "deep" / "run.INFO").symlink_to("run.INFO.20150703-144016.1")
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "x.ERROR").write_bytes(TEXT)
    return tmp_path


def test_a_folder_stands_for_the_logs_in_it(runs: Path) -> None:
    names = [os.path.relpath(each, runs) for each in expand([str(runs)])]
    assert names == [
        "a.txt",
        "b.log",
        "deep/c.out",
        "deep/run.INFO.20150703-144016.1",
        "only/x.ERROR",
        "packed.gz",
    ]


def test_patterns_paths_and_stdin_keep_their_order_and_come_once(runs: Path) -> None:
    arguments = ["-", f"{runs}/b.log", f"{runs}/*.log", f"{runs}/**/*.out", "missing.log"]
    assert expand(arguments) == ["-", f"{runs}/b.log", f"{runs}/deep/c.out", "missing.log"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "run[1].log"
    path.write_bytes(TEXT)
    assert expand([str(path)]) == [str(path)]


def test_nothing_found_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no Caffe log"):
        expand([str(tmp_path)])
    with pytest.raises(UnreadableError, match="no file fits"):
        expand([f"{tmp_path}/*.log"])


# Text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        ("卷积层".encode(), "卷积层"),
        ("数据/训练集/图片.jpg".encode("gbk"), "数据/训练集/图片.jpg"),
        ("I1124 net.cpp:84] Creating Layer 卷积1".encode("gb18030"), "I1124 net.cpp:84] Creating Layer 卷积1"),
        ("für Élodie".encode("latin-1"), "für Élodie"),
        (b"Data: n03884397.JPEG\x96, Cost: 0", "Data: n03884397.JPEG\\x96, Cost: 0"),
        ("卷积层 é".encode()[:-1], "卷积层 Ã"),
        (b"\xff\xfe\x80", "ÿþ\\x80"),
        (b"\xed\xa0\x80", "í\\xa0\\x80"),
    ],
)
def test_any_bytes_become_readable_text(raw: bytes, text: str) -> None:
    assert decode(raw) == text
