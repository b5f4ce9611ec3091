"""Solver lines from bytes to columns: thousands of lines at a time, no Python object for any of them.

A block is cut into chunks whose arrays stay in the processor's cache; the lines of a chunk walk down the tree of
templates (templates.py, walk.py) together. What fits no template to the last byte is the residue: line by line
work for the patterns. Both ways give the same row for the same line (tests/property/test_series.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from logparse.reading.fast.digits import PADDING
from logparse.reading.fast.scan import Scan, in_order
from logparse.reading.fast.templates import TEMPLATES, beginnings, tree
from logparse.reading.fast.walk import DEBUG_PLACE, HEADER_MARKS, Walker
from logparse.reading.messages.patterns.series import BY_PATTERN, NAME_COLUMNS, PLACE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.reading.fast.templates import Leaf, Node
    from logparse.reading.fast.walk import Beginning, Bytes, Clock, Column, Lines, Walk
    from logparse.reading.input.blocks import TextBlock

    Columns: TypeAlias = dict[str, Column]

# Large enough that the interpreter's share of a step is small, small enough for the processor's cache. Two threads were
# measured and are slower than one: between two steps of numpy each waits for the other to let go of the interpreter.
CHUNK_BYTES: Final = 3 << 20
SOLVER_LINE: Final = "solver line, not read"
_MANY: Final = 8  # more than one line in so many: worth a closer look than the line reader's
_EXAMPLE_BYTES: Final = 160


class SeriesScanner:
    """Scans blocks one after another; names keep their numbers from one to the next. Not for two threads at once."""

    def __init__(self) -> None:
        self._walker = Walker(_tree())
        self._names: dict[str, int] = {}
        self._of_outputs: list[int] = []
        self._of_places: list[tuple[int, int, int]] = []

    def scan(self, block: TextBlock) -> Scan:
        """Read one block."""
        pieces = []
        line = block.first_line
        for text, offset in chunks_of(block.data):
            pieces.append(self._scan_chunk(text, offset, line))
            line += pieces[-1].lines
        return joined(pieces, tuple(self._names))

    def glance(self, block: TextBlock) -> Scan:
        """Only tell the block's solver lines from all others, which are the residue: no columns, a third of the time.

        `counts` has one entry, SOLVER_LINE. A line whose message begins like a solver's is taken for one.
        """
        pieces = []
        line = block.first_line
        for text, offset in chunks_of(block.data):
            pieces.append(self._glance_chunk(text, offset, line))
            line += pieces[-1].lines
        return joined(pieces, ())

    def _glance_chunk(self, text: Bytes, offset: int, first_line: int) -> Scan:
        lines = self._walker.lines(text, HEADER_MARKS)
        rest = self._walker.glance(lines, _beginnings())
        if len(rest) * _MANY > len(lines.starts):  # a dialect whose lines begin otherwise, or a net's set-up
            return self._without_columns(self._scan_chunk(text, offset, first_line))
        taken = len(lines.starts) - len(rest)
        counts = {SOLVER_LINE: (taken, first_line, "")} if taken else {}
        residue = (rest + first_line, lines.starts.take(rest) + offset, lines.ends.take(rest) + offset)
        return Scan({}, (), counts, residue, len(lines.starts))

    def _without_columns(self, scan: Scan) -> Scan:
        taken = scan.lines - len(scan.residue[0])
        line = min((first for _, first, _ in scan.counts.values()), default=0)
        return Scan({}, (), {SOLVER_LINE: (taken, line, "")} if taken else {}, scan.residue, scan.lines)

    def _scan_chunk(self, text: Bytes, offset: int, first_line: int) -> Scan:
        lines = self._walker.lines(text)
        walk, clock = self._walker.headers(lines, self._walker.headed(lines))
        found = self._walker.walk(lines, walk)
        self._learn_names()
        left = np.ones(len(lines.starts), np.bool_)
        parts: dict[str, list[Columns]] = {}
        for leaf, taken in found:
            left[taken.line] = False
            if leaf.pattern in BY_PATTERN:  # all others are only counted
                some = parts.setdefault(BY_PATTERN[leaf.pattern].series, [])
                some.append(self._columns(leaf, taken, clock, first_line))
        columns = {series: in_order(series, pieces) for series, pieces in parts.items()}
        rest = np.flatnonzero(left)
        residue = (rest + first_line, lines.starts.take(rest) + offset, lines.ends.take(rest) + offset)
        return Scan(columns, (), _counts(found, lines, first_line), residue, len(left))

    def _columns(self, leaf: Leaf, walk: Walk, clock: Clock, first_line: int) -> Columns:
        columns: Columns = {"line": walk.line + first_line}
        columns |= {name: column for name, column in zip(leaf.columns, walk.fields, strict=True) if name}
        for name in NAME_COLUMNS.intersection(columns):
            columns[name] = np.array(self._of_outputs, np.int32).take(columns[name])
        if PLACE_COLUMNS in columns:
            places = np.array(self._of_places, np.int32).take(columns.pop(PLACE_COLUMNS), axis=0)
            columns |= dict(zip(PLACE_COLUMNS.split(","), np.ascontiguousarray(places.T), strict=True))
        for name, value in leaf.template.constants:
            columns[name] = np.broadcast_to(np.int32(value), len(walk.line))
        whole = len(clock.line) > 0 and clock.line[-1] == len(clock.line) - 1  # every line has a header
        row = walk.line if whole else np.searchsorted(clock.line, walk.line)
        return columns | {"month_day": clock.month_day.take(row), "seconds_of_day": clock.seconds.take(row)}

    def _learn_names(self) -> None:
        """Give the names that the walk met for the first time their numbers."""
        for name in self._walker.outputs.names[len(self._of_outputs) :]:
            self._of_outputs.append(self._number(name))
        for place in self._walker.places.names[len(self._of_places) :]:
            match = DEBUG_PLACE.fullmatch(place)
            layer, part, blob = match.groups() if match else (b"", b"", b"")
            self._of_places.append((self._number(layer), self._number(part), self._number(blob)))

    def _number(self, name: bytes) -> int:
        return self._names.setdefault(name.decode("ascii"), len(self._names))


def scans(blocks: Iterable[TextBlock], *, curves: bool = True) -> Iterator[tuple[TextBlock, Scan]]:
    """Each block with its scan; without `curves`, with a glance at it."""
    scanner = SeriesScanner()
    look = scanner.scan if curves else scanner.glance
    return ((block, look(block)) for block in blocks)


@cache
def _tree() -> Node:
    return tree(TEMPLATES)


@cache
def _beginnings() -> tuple[Beginning, ...]:
    return beginnings(TEMPLATES)


def chunks_of(data: bytes) -> Iterator[tuple[Bytes, int]]:
    """A text in chunks of whole lines with PADDING bytes behind each, and where each begins. What stands behind the
    last line end is given a line end."""
    text = np.frombuffer(data, np.uint8)
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + CHUNK_BYTES) + 1 or data.find(b"\n", start) + 1 or len(data)
        if end + PADDING <= len(data):
            yield text[start : end + PADDING], start
        else:
            piece = data[start:end]
            unfinished = b"" if piece.endswith(b"\n") else b"\n"
            yield np.frombuffer(piece + unfinished + bytes(PADDING), np.uint8), start
        start = end


def _counts(found: Sequence[tuple[Leaf, Walk]], lines: Lines, first_line: int) -> dict[str, tuple[int, int, str]]:
    counts: dict[str, tuple[int, int, str]] = {}
    for leaf, walk in found:
        line = int(walk.line[0])
        start, end = int(lines.starts[line]), int(lines.ends[line])
        message = lines.text.padded[start:end].tobytes().partition(b"] ")[2]
        count = (len(walk.line), line + first_line, message[:_EXAMPLE_BYTES].decode("utf-8", "replace"))
        counts[leaf.pattern] = _added(counts.get(leaf.pattern), count)
    return counts


def _added(one: tuple[int, int, str] | None, other: tuple[int, int, str]) -> tuple[int, int, str]:
    if one is None:
        return other
    return (one[0] + other[0], *min(one[1:], other[1:]))


def joined(scans: Sequence[Scan], names: tuple[str, ...]) -> Scan:
    """Scans in the order of the log as one; their names must be numbered alike."""
    found = dict.fromkeys(series for scan in scans for series in scan.columns)
    columns = {series: in_order(series, [s.columns[series] for s in scans if series in s.columns]) for series in found}
    counts: dict[str, tuple[int, int, str]] = {}
    for scan in scans:
        for pattern, count in scan.counts.items():
            counts[pattern] = _added(counts.get(pattern), count)
    empty = np.empty(0, np.int64)
    residue = tuple(np.concatenate([empty, *(scan.residue[part] for scan in scans)]) for part in range(3))
    return Scan(columns, names, counts, (residue[0], residue[1], residue[2]), sum(scan.lines for scan in scans))
