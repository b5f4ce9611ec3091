"""A file is written whole or not at all, and nothing is overwritten unasked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from logparse import output
from logparse.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def failing_chunks(error: BaseException) -> Iterator[bytes]:
    yield b"half of the "
    raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_or_chunks_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    output.write_atomically(tmp_path / "a", b"one\r\n\x00")
    output.write_atomically(tmp_path / "b", (b"o", b"n", b"e"))
    assert (tmp_path / "a").read_bytes() == b"one\r\n\x00"
    assert (tmp_path / "b").read_bytes() == b"one"
    assert names(tmp_path) == ["a", "b"]


def test_an_existing_file_stays_without_force(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_bytes(b"old")
    with pytest.raises(UsageError, match=r"exists already\n  Give force=True to overwrite it\."):
        output.write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    output.write_atomically(target, b"new", force=True)
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["report.html"]


def test_a_file_that_appears_while_we_write_stays(tmp_path: Path) -> None:
    target = tmp_path / "report.html"

    def chunks() -> Iterator[bytes]:
        yield b"new"
        target.write_bytes(b"somebody else's")

    with pytest.raises(UsageError, match="exists already"):
        output.write_atomically(target, chunks())
    assert target.read_bytes() == b"somebody else's"
    assert names(tmp_path) == ["report.html"]


def test_without_hard_links_it_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    output.write_atomically(tmp_path / "a", b"one")
    with pytest.raises(UsageError, match="exists already"):
        output.write_atomically(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_a_failure_in_the_middle_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    with pytest.raises(type(error)):
        output.write_atomically(target, failing_chunks(error), force=True)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    old = os.umask(umask)
    try:
        output.write_atomically(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    output.write_atomically(tmp_path / "link", b"new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        output.write_atomically(pipe, b"through")
        assert reader.communicate(timeout=120)[0] == b"through"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_or_a_missing_folder_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        output.write_atomically(tmp_path, b"x")
    with pytest.raises(UsageError, match=r"no folder .*nowhere"):
        output.write_atomically(tmp_path / "nowhere" / "a", b"x")


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_bytes(b"precious")
    with pytest.raises(UsageError, match="one of the inputs"):
        output.check_target(log, force=True, inputs=["-", tmp_path / "absent", tmp_path / "." / "train.log"])


def test_a_name_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    output.write_atomically(tmp_path / ("é" * 125 + ".html"), b"x")
    assert len(names(tmp_path)) == 1


def test_standard_output_gets_the_bytes_and_a_full_disk_is_told() -> None:
    code = r"from logparse.output import write; print('text'); write('-', [b'\xff\r\n', b'x'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"text\n\xff\r\nx"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")  # noqa: PTH110
def test_a_full_disk_is_told_in_words() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        code = "from logparse.output import write; write('-', [b'x' * 100_000])"
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False)
    assert b"UsageError: cannot write to standard output: No space left on device" in done.stderr
