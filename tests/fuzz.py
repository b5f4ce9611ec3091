"""Coverage-guided fuzzing of the reader and of the text-format parser, with atheris (not a test dependency).

    python -m venv .fuzz && .fuzz/bin/pip install atheris -e .
    .fuzz/bin/python tests/fuzz.py reader -max_total_time=600 -max_len=4096 -rss_limit_mb=2048 -timeout=10
    .fuzz/bin/python tests/fuzz.py textproto -max_total_time=600 -max_len=4096 -rss_limit_mb=2048 -timeout=10

libFuzzer stops at an exception, a hang (`-timeout`) or growth (`-rss_limit_mb`) and writes the input beside it.
Begins with the sample lines of every pattern, so that it need not discover what a header is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # no test dependency

with atheris.instrument_imports(include=["logparse"]):
    from logparse.assembling.assemble import assemble
    from logparse.assembling.times import timed
    from logparse.errors import LogparseError
    from logparse.reading.line.headers import HEADERS, PREFIXES
    from logparse.reading.messages.headerless import BARE_KINDS
    from logparse.reading.messages.ignored import IGNORED_PATTERNS
    from logparse.reading.messages.patterns import PATTERNS
    from logparse.reading.read import read
    from logparse.textproto import parse

HEAD = b"I1124 10:43:20.990321 23669 net.cpp:102] "
DUMP = (
    b'layer {\n  name: "conv1"\n  convolution_param { num_output: 2 kernel_size: 3 }\n  loss_weight: [1, 2.5e-3]\n}\n'
)


def reader(data: bytes) -> None:
    """Any bytes as a log, up to the model."""
    try:
        extracted, source, _ = read(data)
    except LogparseError:
        return
    assembled = assemble(extracted.records, extracted.lines, extracted.last)
    timed(assembled.attempts, extracted, 2016)
    if sum(row.lines for row in extracted.ledger) != source.lines:
        raise AssertionError("a line is missing from the ledger")


def textproto(data: bytes) -> None:
    """Any text as a definition, whole and cut."""
    text = data.decode("utf-8", "backslashreplace")
    parse(text)
    parse(text, cut=True)


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with."""
    if target == "textproto":
        return [DUMP, b"a: 1", b"a { b: 'x' }", b"a < b: [1, 2] >", b"# c\na: -inf;", DUMP[:40]]
    heads = [sample for header in HEADERS for sample in header.samples]
    heads += [sample + HEAD for prefix in PREFIXES for sample in prefix.samples]
    messages = [sample.encode() for pattern in (*PATTERNS, *IGNORED_PATTERNS) for sample in pattern.samples]
    return [
        *(head + b"Creating Layer conv1\n" for head in heads),
        *(HEAD + message + b"\n" for message in messages),
        *(sample.encode() + b"\n" for kind in BARE_KINDS for sample in kind.samples),
        HEAD + b"Initializing net from parameters: \n" + DUMP + HEAD + b"Creating Layer conv1\n",
    ]


TARGETS = {"reader": reader, "textproto": textproto}


def main() -> None:
    """Fuzz the target that the first argument names; what follows is libFuzzer's."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"give one of {', '.join(TARGETS)}, then libFuzzer's options")
    target = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(target)):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *sys.argv[2:], folder], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
