"""Line headers of every log at hand, counted a second way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pytest

from logparse.reading.input.blocks import open_input
from logparse.reading.line.splitter import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from logparse.reading.line.pieces import Line

# Independent of the tables: what glog's documentation says a line begins with.
PLAIN_GLOG: Final = re.compile(rb"^[IWEF](?:20\d\d)?\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \S+:\d+\]", re.MULTILINE)

HEADER_PART: Final = re.compile(rb"\.\w{1,3}(?::\d*\]|:?\d*$)| - |: line \d")


def read(path: Path) -> tuple[bytes, list[Line]]:
    splitter = LineSplitter()
    with open_input(path) as log:
        blocks = list(log.blocks())
        lines = [splitter.split(raw) for block in blocks for raw in block.data.removesuffix(b"\n").split(b"\n")]
        assert len(lines) == log.source().lines
        assert log.notes == []
    return b"".join(block.data for block in blocks), lines


def check(path: Path) -> None:
    text, lines = read(path)
    raw = text.removesuffix(b"\n").split(b"\n")
    missed = [each for each, line in zip(raw, lines, strict=True) if PLAIN_GLOG.match(each) and not line.headed]
    assert missed == []
    plain = len(PLAIN_GLOG.findall(text))
    odd = [each for each, line in zip(raw, lines, strict=True) if line.headed and not PLAIN_GLOG.match(each)]
    assert sum(line.headed for line in lines) == plain + len(odd)
    # the odd ones are headers too: each names a source file, a level, or is a header that was cut
    assert [each for each in odd if not HEADER_PART.search(each)] == []
    for line in lines:
        assert not line.headed or line.month_day is not None or line.file or line.severity


def notebook(raw: bytes) -> bytes:
    return b'      "' + json.dumps(raw.decode() + "\n")[1:].encode() + b","


def container(raw: bytes) -> bytes:
    entry = {"log": raw.decode() + "\n", "stream": "stderr", "time": "2018-01-16T15:15:02.123456789Z"}
    return json.dumps(entry, separators=(",", ":")).encode()


WRAPPINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "mpirun -l": lambda raw: b"[0] " + raw,
    "srun -l": lambda raw: b"0: " + raw,
    "docker compose": lambda raw: b"worker_1  | " + raw,
    "docker compose with times": lambda raw: b"worker_1  | 2018-01-16T15:15:02.123456789Z " + raw,
    "kubernetes": lambda raw: b"2018-01-16T15:15:02.123456789Z stderr F " + raw,
    "ts": lambda raw: b"Jan 16 15:15:02 " + raw,
    "syslog": lambda raw: b"Jan 16 15:15:02 host-7 caffe[123]: " + raw,
    "bracketed time": lambda raw: b"[2018-01-16 15:15:02] " + raw,
    "quote": lambda raw: b"> " + raw,
    "double quote": lambda raw: b"> > " + raw,
    "Markdown block": lambda raw: b"    " + raw,
    "quoted block": lambda raw: b">     " + raw,
    "grep with names": lambda raw: b"logs/train.log:12:" + raw,
    "grep -n": lambda raw: b"12:" + raw,
    "cat -n": lambda raw: b"    12\t" + raw,
    "notebook": notebook,
    "container's log file": container,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", ["siamese.log", "lenet.log", "lstm.log"])
def test_a_wrapped_log_says_what_the_plain_one_says(wrapping: str, name: str, sample_logs: Path) -> None:
    text, plain = read(sample_logs / name)
    wrap, splitter = WRAPPINGS[wrapping], LineSplitter()
    raw = text.removesuffix(b"\n").split(b"\n")
    wrapped = [splitter.split(wrap(each))._replace(rank=None) for each in raw]
    first = next(i for i, line in enumerate(plain) if line.headed)
    assert wrapped[first:] == plain[first:]


def test_genuine_logs(genuine_log: Path) -> None:
    check(genuine_log)


def test_gpu_logs(gpu_log: Path) -> None:
    check(gpu_log)


def test_public_logs(public_log: Path) -> None:
    check(public_log)
