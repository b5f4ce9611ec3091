"""The columns of any log are what a slow, obvious reader reads, and the fast scan changes nothing but the time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from logparse.api import parse_log
from logparse.catalogue import TABLES
from logparse.errors import NothingRecognisedError
from logparse.reading.extract import Extractor
from logparse.reading.fast.scan import unscanned
from logparse.reading.fast.scanner import SeriesScanner, scans
from logparse.reading.input.blocks import TextBlock, open_input
from logparse.reading.messages.patterns.series import NAME_COLUMNS, SERIES_COLUMNS
from tests.benchmarks.generate import DIALECTS, KINDS, write
from tests.parsed import parsed
from tests.reference_reader import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from logparse.model import Curves
    from logparse.reading.extract import Extracted

# --- what a log says, as plain rows -------------------------------------------------------------------------


def rows_of(curves: Curves) -> dict[str, list[tuple[Any, ...]]]:
    """Series → rows (line, then the columns), names as text, NaN as None so that rows can be compared."""
    found = {}
    for series, columns in curves.series.items():
        names = SERIES_COLUMNS[series]
        lists = [columns[name].tolist() for name in (*names, "month_day", "seconds_of_day")]
        for place, name in enumerate(names):
            if name in NAME_COLUMNS:
                lists[place] = [curves.names[index] for index in lists[place]]
        found[series] = [tuple(map(_comparable, row)) for row in zip(*lists, strict=True)]
    return found


def reference_rows(text: bytes) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in read_rows(text):
        month_day = -1 if row.month_day is None else row.month_day
        cells = (row.line, *(row.cells[name] for name in SERIES_COLUMNS[row.series][1:]), month_day, row.seconds)
        found.setdefault(row.series, []).append(tuple(map(_comparable, cells)))
    return found


def _comparable(cell: object) -> object:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def extracted(blocks: Iterable[TextBlock]) -> Extracted:
    extractor = Extractor()
    for block, found in scans(blocks):
        extractor.take(block, found)
    return extractor.finish()


def line_by_line(blocks: Iterable[TextBlock]) -> Curves:
    """The series as the patterns read them, without the fast scan."""
    extractor = Extractor()
    for block in blocks:
        extractor.take(block, unscanned(block))
    return extractor.finish().curves


def blocks_of(path: Path) -> Iterator[TextBlock]:
    with open_input(path, hashing=False) as opened:
        yield from opened.blocks()


# --- lines of every dialect ---------------------------------------------------------------------------------

CLOCK: Final = st.tuples(
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 999_999),
)
SOURCES: Final = (
    "solver.cpp:239",
    "sgd_solver.cpp:112",
    "net.cpp:593",
    "solver.cpp:1024",
    "src/caffe/solver.cpp:7",
    "x:1",
)
THREADS: Final = ("    7", "  173", "23669", "214968", "1959801216")


@st.composite
def headers(draw: st.DrawFn) -> str:
    """glog's header, with or without a year, of any thread and source file."""
    month, day, hour, minute, second, micros = draw(CLOCK)
    year = draw(st.sampled_from(("", "", "", "2026", "1999")))
    thread, source = draw(st.sampled_from(THREADS)), draw(st.sampled_from(SOURCES))
    return f"I{year}{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06} {thread} {source}] "


def _g(value: float) -> str:
    return f"{value:.6g}"


NUMBERS: Final = st.one_of(
    st.floats(0, 100).map(_g),
    st.floats(1e-12, 1e-2).map(_g),
    st.floats(allow_nan=False, allow_infinity=False).map(_g),
    st.floats(0, 1e6).map(repr),
    st.integers(0, 10**9).map(str),
    st.sampled_from(
        ("0", "1", "nan", "-nan", "inf", "-inf", "87.3365", "1e-05", "-0.5", "1.#QNAN", "-1.#IND", "1.#INF")
    ),
)
WHOLES: Final = st.one_of(st.integers(0, 999), st.integers(0, 99_999_999), st.integers(0, 10**17)).map(str)
PLAIN_NAMES: Final = ("loss", "accuracy", "loss1/top-5", "accuracy", "mbox_loss")
NAME_TEXTS: Final = st.one_of(
    st.sampled_from(PLAIN_NAMES),
    st.sampled_from(
        ("loss: classfication-error", "a = b", "50%-fire-rate", "x] y", "名字", "n" * 90, "[0.0] z", "two words")
    ),
    st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
)
RANKS: Final = ("[0.0]", "[7.12]", "(0.0)", "(1.3)")


@st.composite
def messages(draw: st.DrawFn) -> str:
    """A message of the solver's, in any form that any fork prints."""
    n, whole = draw(NUMBERS), draw(WHOLES)
    speed = draw(
        st.sampled_from(
            (f" ({n} iter/s, {draw(NUMBERS)}s/{draw(WHOLES)} iters)", f" ({n} iter/s, 4.7s/100 iter)", f" ({n} s)", "")
        )
    )
    epoch = draw(st.sampled_from(("", ", 1.1/10.7ep")))
    output = f"#{draw(st.integers(0, 99))}: {draw(NAME_TEXTS)} = {n}" + draw(
        st.sampled_from(("", f" (* {draw(NUMBERS)} = {n} loss)"))
    )
    tail = draw(
        st.sampled_from(
            ("", ", m = 0.9", f", m = {n}, wd = 0.0005, gs = {n}", f", m = 0.9, lrm = 0.1, wd = {n}, gs = 1")
        )
    )
    rank = draw(st.sampled_from(RANKS))
    where = draw(st.sampled_from(("top blob", "param blob", "bottom blob")))
    debug = f"Layer {draw(NAME_TEXTS)}, {where} {draw(NAME_TEXTS)} {draw(st.sampled_from(('data', 'diff')))}: {n}"
    return draw(
        st.sampled_from(
            (
                f"Iteration {whole}{speed}{epoch}, loss = {n}",
                f"    {rank} Iteration {whole}{speed}{epoch}, loss = {n}",
                f"    Train net output {output}",
                f"    Test net output {output}",
                f"    {rank}     Train net output {output}",
                f"    {rank}    Test net output {output}",
                f"Iteration {whole}, lr = {n}{tail}",
                f"{rank} Iteration {whole}, lr = {n}{tail}",
                f"Iteration {whole}, Testing net (#{draw(st.integers(0, 9))})",
                f"Iteration {whole}, Testing net",
                f"Test loss: {n}",
                f"Test score #1: {n}",
                f"    [Forward] {debug}",
                f"    [Backward] {debug}",
                f"Gradient clipping: scaling down gradients (L2 norm {n} > 35) by scale factor {draw(NUMBERS)}",
                "Restarting data prefetching from start.",
                "Waiting for data",
            )
        )
    )


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line of a log: mostly whole, now and then with a character changed, lost, or put behind it."""
    line = draw(headers()) + draw(messages())
    damage = draw(st.integers(0, 30))
    place = draw(st.integers(0, len(line) - 1))
    if damage == 1:
        return line[:place] + line[place + 1 :]
    if damage == 2:
        return line[:place] + draw(st.sampled_from("0x ]=\t名")) + line[place + 1 :]
    if damage == 3:
        return line + draw(st.sampled_from((" ", "x", ".", "7", " 5")))
    return line[:place] if damage == 4 else line


TEXTS: Final = st.lists(lines(), min_size=1, max_size=40).map(lambda some: "\n".join(some).encode())
LOGS: Final = TEXTS.map(lambda text: text + b"\n")


# --- what must hold -----------------------------------------------------------------------------------------


@given(TEXTS, st.sampled_from((b"", b"\n")))
def test_the_fast_scan_changes_nothing(text: bytes, end: bytes) -> None:
    block = TextBlock(text + end, 1)
    assert rows_of(extracted([block]).curves) == rows_of(line_by_line([block]))


@given(st.lists(st.tuples(headers(), messages()), min_size=1, max_size=40))
def test_undamaged_logs_equal_the_reference(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{header}{message}\n" for header, message in parts).encode()
    assert rows_of(extracted([TextBlock(text, 1)]).curves) == reference_rows(text)


@given(LOGS, st.integers(1, 400))
def test_where_a_log_is_cut_into_blocks_changes_nothing(text: bytes, size: int) -> None:
    whole = extracted([TextBlock(text, 1)])
    with open_input(text, block_bytes=size, hashing=False) as opened:
        pieces = extracted(opened.blocks())
    assert rows_of(pieces.curves) == rows_of(whole.curves)
    assert pieces.ledger == whole.ledger


@given(LOGS)
def test_every_line_is_taken_once(text: bytes) -> None:
    scan = SeriesScanner().scan(TextBlock(text, 5))
    taken = sum(lines for lines, _, _ in scan.counts.values())
    assert scan.lines == text.count(b"\n")
    assert taken + len(scan.residue[0]) == scan.lines
    left = list(scan.residue_lines(text))
    every = dict(enumerate(text.split(b"\n")[:-1], 5))
    assert left == [(number, every[number]) for number, _ in left]


@given(LOGS)
def test_a_glance_leaves_at_least_what_no_template_takes_and_begins_otherwise(text: bytes) -> None:
    read, glance = SeriesScanner().scan(TextBlock(text, 1)), SeriesScanner().glance(TextBlock(text, 1))
    assert set(glance.residue[0].tolist()) <= set(read.residue[0].tolist())
    assert sum(lines for lines, _, _ in glance.counts.values()) + len(glance.residue[0]) == glance.lines


def check_log(path: Path) -> None:
    try:
        blocks = list(blocks_of(path))
    except UnicodeError:
        pytest.skip("not text")
    text = b"".join(block.data for block in blocks)
    curves = extracted(blocks).curves
    assert rows_of(curves) == reference_rows(text)
    assert rows_of(curves) == rows_of(line_by_line(blocks))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_the_benchmark_s_logs_equal_the_reference(dialect: str, kind: str, tmp_path: Path) -> None:
    log = tmp_path / "generated.log"
    write(log, 400_000, dialect, kind, seed=7)
    check_log(log)
    again = tmp_path / "again.log"
    write(again, 400_000, dialect, kind, seed=7)
    assert again.read_bytes() == log.read_bytes()
    residue = sum(len(scan.residue[0]) for _, scan in scans(blocks_of(log)))
    assert residue < 0.4 * log.read_bytes().count(b"\n")  # the set-up and what is rare, not the bulk


@pytest.mark.corpus
def test_genuine_logs_equal_the_reference(genuine_log: Path) -> None:
    check_log(genuine_log)


@pytest.mark.corpus
def test_gpu_logs_equal_the_reference(gpu_log: Path) -> None:
    check_log(gpu_log)


@pytest.mark.corpus
def test_public_logs_equal_the_reference(public_log: Path) -> None:
    check_log(public_log)


def test_tables_about_nets_need_no_curves(genuine_log: Path) -> None:
    try:
        whole = parsed(genuine_log)
    except NothingRecognisedError:
        pytest.skip("nothing of Caffe's in it")
    glance = parse_log(genuine_log, curves=False)
    for table in TABLES.values():
        if not table.needs_curves:
            assert_frame_equal(glance.table(table.name), whole.table(table.name))
