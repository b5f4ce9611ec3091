"""An input → what it says: opens, scans, and closes it."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Final

from logparse.errors import NothingRecognisedError
from logparse.reading.extract import Extractor
from logparse.reading.fast.scan import unscanned
from logparse.reading.input.blocks import open_input
from logparse.reading.messages.headerless import BLANK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.errors import Note
    from logparse.model import Source
    from logparse.reading.extract import Extracted
    from logparse.reading.fast.scan import Scan
    from logparse.reading.input.blocks import Input, TextBlock
    from logparse.reading.input.opening import Readable


SMALL_BYTES: Final = 64 << 10  # some hundred lines


def read(
    source: Readable,
    *,
    max_text_bytes: int | None = None,
    curves: bool = True,
    hashing: bool = True,
    processes: int = 1,
) -> tuple[Extracted, Source, tuple[Note, ...]]:
    """Read one log to its end. Without `curves` the solver's lines are counted, not read: a third of the time.
    Without `hashing` the source's sha256 stays empty. With `processes` above 1 others help with a large log, where
    the system lets them share memory (POSIX).

    Raises:
        UnreadableError: the input cannot be opened, is broken, or unpacks to too much.
        NothingRecognisedError: no line in it is Caffe's.

    """
    extractor = Extractor()
    with open_input(source, max_text_bytes=max_text_bytes, hashing=hashing) as opened:
        for block, found in _scanned(opened, curves=curves, processes=processes):
            extractor.take(block, found)
        extracted, facts, notes = extractor.finish(), opened.source(), tuple(opened.notes)
        foreign = opened.foreign
    if all(row.kind == "foreign" or row.reason == BLANK for row in extracted.ledger):
        raise NothingRecognisedError(_nothing(facts, foreign), remedy=_REMEDY)
    return extracted, facts, notes


def _scanned(opened: Input, *, curves: bool, processes: int) -> Iterator[tuple[TextBlock, Scan]]:
    """Each block with its scan. A small log is read line by line: that is sooner done than the fast scan set up."""
    blocks = opened.blocks()
    first = next(blocks, None)
    if first is None:
        return
    if len(first.data) < SMALL_BYTES:
        yield first, unscanned(first)
        first = next(blocks, None)
    if first is None:
        return
    if curves and processes > 1 and os.name == "posix":
        from logparse.reading.fast import workers

        yield from workers.scans(chain((first,), blocks), processes, opened.size_bytes)
    else:
        from logparse.reading.fast.scanner import scans

        yield from scans(chain((first,), blocks), curves=curves)


_REMEDY = "Give the text that Caffe wrote to stderr (caffe train … 2> train.log) or a file of glog's --log_dir."


def _nothing(source: Source, foreign: str | None) -> str:
    if source.text_bytes == 0:
        return f"{source.name}: the file is empty"
    if foreign is not None:
        return f"{source.name}: this is {foreign}, not a log"
    counted = "its one line" if source.lines == 1 else f"{source.lines:,} lines"
    return f"{source.name}: no line of Caffe's in {counted}"
