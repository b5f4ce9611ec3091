"""Any line is taken apart, in time linear in its length, and the quick way agrees with the thorough one."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.reading.line.clock import DAY_S, raw_time_s, resolve
from logparse.reading.line.headers import HEADERS, PREFIXES
from logparse.reading.line.pieces import BlankLines, Line
from logparse.reading.line.splitter import LineSplitter
from logparse.reading.messages.headerless import bare_kind

if TYPE_CHECKING:
    from logparse.reading.line.headers import HeaderForm, PrefixForm

FORMS: Final[tuple[HeaderForm | PrefixForm, ...]] = (*HEADERS, *PREFIXES)
SAMPLES: Final = tuple(sample for form in FORMS for sample in form.samples)
FIRST: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - no zone in a log
LAST: Final = datetime(2000, 12, 31)  # noqa: DTZ001
FRAGMENTS: Final = (
    *SAMPLES,
    b"I1124 10:43:20.990321 23669 solver.cpp:102] ",
    b"I20261124 10:43:20.990321 23669 solver.cpp:102] ",
    b"layer {",
    b' name: "x"',
    b'\\n",',
    b'"',
    b"]",
    b":",
    b" ",
    b"\\",
    b"0",
    b"\xff",
)
DUMP_LINES: Final = (
    b"layer {",
    b'  name: "conv1"',
    b"  bias_term: false",
    b"}",
    b"",
    b"0\t1.5/2\t",
    b"    major: x",
    b"corrupted {",
    b"e",
)
PREFIX_SAMPLES: Final = tuple(sample for form in PREFIXES for sample in form.samples)
BEHIND_PREFIX: Final = tuple(
    one + other + b"I1124 10:43:20.990321 23669 solver.cpp:102] z" for one in PREFIX_SAMPLES for other in PREFIX_SAMPLES
)
MESSY_LINE = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(b"".join)
ANY_LINE = st.one_of(st.binary(max_size=200), MESSY_LINE).map(lambda raw: raw.replace(b"\n", b""))


def consistent(line: Line) -> bool:
    """What every line promises of itself."""
    return (
        (line.severity is None or line.severity in "IWEF")
        and (line.month_day is None or 101 <= line.month_day <= 1231)
        and (line.seconds is None or 0 <= line.seconds < DAY_S + 1)
        and (line.headed or line[1:7] == (None,) * 6)
    )


@given(st.lists(ANY_LINE, max_size=8))
def test_any_lines_are_taken_apart(lines: list[bytes]) -> None:
    splitter = LineSplitter()
    for raw in lines:
        assert consistent(splitter.split(raw))


@given(ANY_LINE, st.lists(st.sampled_from(SAMPLES), max_size=3))
def test_the_quick_way_agrees_with_the_thorough_one(raw: bytes, seen_before: list[bytes]) -> None:
    fresh, used = LineSplitter(), LineSplitter()
    for line in (*seen_before, b"I1124 10:43:20.990321 23669 solver.cpp:102] no prefix"):
        used.split(line)
    fresh.split(b"before")
    assert used.split(raw) == fresh.split(raw)


@given(st.lists(st.sampled_from(SAMPLES), max_size=3), st.sampled_from(BEHIND_PREFIX), st.sampled_from(PREFIX_SAMPLES))
def test_a_line_is_read_by_what_stands_before_it_not_by_what_was_seen(
    seen_before: list[bytes], raw: bytes, prefix: bytes
) -> None:
    """Which prefixes a line had says what is taken from the lines behind it."""
    fresh, used = LineSplitter(), LineSplitter()
    for line in seen_before:
        used.split(line + b"I1124 10:43:20.990321 23669 solver.cpp:102] x")
    for splitter in (fresh, used):
        splitter.split(b"before")
        splitter.split(prefix + b"I1124 10:43:20.990321 23669 solver.cpp:102] y")
    assert [used.split(line) for line in (raw, b"  a: 1", prefix + b"  a: 1")] == [
        fresh.split(line) for line in (raw, b"  a: 1", prefix + b"  a: 1")
    ]


@given(st.lists(ANY_LINE | st.sampled_from(DUMP_LINES), max_size=12), st.booleans(), st.integers(0, 12))
def test_pieces_are_the_lines(lines: list[bytes], ended: bool, skipped: int) -> None:  # noqa: FBT001 - drawn
    """Taken apart by one expression or line by line: the same, and the plain text is of no kind."""
    text = b"".join(line + b"\n" for line in lines)
    text = text if ended else text.removesuffix(b"\n")
    start = len(b"".join(line + b"\n" for line in lines[:skipped])) if skipped < len(lines) else 0
    whole, single = LineSplitter(), LineSplitter()
    found: list[Line] = []
    for piece in whole.pieces(text, start, len(text)):
        if isinstance(piece, Line):
            found.append(piece)
        elif isinstance(piece, BlankLines):
            found += [Line("")] * piece.lines
        else:
            one_by_one = piece.text.split("\n")
            assert len(one_by_one) == piece.lines
            assert not any(map(bare_kind, one_by_one))
            found += map(Line, one_by_one)
    alone = [single.split(raw) for raw in text[start:].removesuffix(b"\n").split(b"\n") if text[start:]]
    assert found == [message for line in alone for message in single.unglued(line)]


@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from("IWEF"),
    st.integers(0, 10**10),
    st.text(max_size=30).map(lambda text: text.replace("\n", "").encode("utf-8", "replace").decode()),
    st.sampled_from(["", "[0] ", "> ", "w_1 | "]),
    st.sampled_from(["", "2026"]),
)
def test_every_glog_header_is_read_exactly(
    at: datetime, severity: str, thread: int, message: str, prefix: str, year: str
) -> None:
    raw = f"{prefix}{severity}{year}{at:%m%d %H:%M:%S.%f} {thread:5} src/net.cpp:7] {message}".encode()
    splitter = LineSplitter()
    for _ in range(2):  # the thorough way, then the quick one
        line = splitter.split(raw)
        assert (line.severity, line.thread, line.file, line.message) == (severity, thread, "net.cpp", message)
        assert (line.month_day, line.year) == (at.month * 100 + at.day, int(year) if year else None)
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        assert line.seconds == pytest.approx((at - midnight).total_seconds(), abs=1e-7)


HOSTILE: Final = (
    b"I1124 " + b" " * 1000,
    b"I1124 10:43:20.990321 23669 " + b"a/" * 1000,
    b"I1124 10:43:20.990321 23669 " + b"a:" * 1000,
    b"[0] " * 1000,
    b"> " * 1000,
    b"1: " * 1000,
    b"a: " * 1000,
    b"    " * 1000 + b":1]",
    b'"' + b"\\" * 3000 + b":1]",
    b'{"log":"' + b"\\\\" * 1500 + b":1]",
    b".cpp:1" * 500 + b":1]",
    b"2018-01-16T15:15:02Z " * 150 + b":1]",
    b"\xc2\xa0" * 1500 + b":1]",
    b"<a" * 1500 + b":1]",
    b"\xe9" * 3000,
)


@pytest.mark.parametrize("seed", HOSTILE, ids=range(len(HOSTILE)))
def test_time_is_linear_in_the_line(seed: bytes) -> None:
    def best_s(raw: bytes) -> float:
        splitter = LineSplitter()
        splitter.split(b"before")
        taken = []
        for _ in range(5):
            start = time.process_time()
            splitter.split(raw)
            taken.append(time.process_time() - start)
        return min(taken)

    short, long = best_s(seed * 5), best_s(seed * 80)
    # sixteen times the text; a quadratic step would take 256 times as long
    assert long < 64 * short + 0.005


@given(
    st.lists(st.floats(0, 366 * DAY_S, exclude_max=True), min_size=1, max_size=20), st.sampled_from([None, 2015, 2016])
)
def test_resolved_times_differ_from_raw_ones_by_whole_days(times: list[float], year: int | None) -> None:
    seconds = resolve(times, year)
    days = (seconds - np.array(times)) / DAY_S
    known = np.isfinite(days)
    np.testing.assert_allclose(days[known], np.round(days[known]), atol=1e-6)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 40 * 86_400), min_size=2, max_size=30), st.integers(1990, 2030))
def test_a_running_clock_gives_true_elapsed_times(start: int, steps: list[int], year: int) -> None:
    begin = np.datetime64(f"{year}-01-01T00:00:00") + np.timedelta64(start % (365 * 86_400), "s")
    moments = begin + np.concatenate([[0], np.cumsum(steps)]).astype("timedelta64[s]")
    raw = []
    for moment in moments:
        at = moment.item()
        raw.append(raw_time_s(at.month * 100 + at.day, at.hour * 3600.0 + at.minute * 60 + at.second))
    seconds = resolve(raw, year)
    np.testing.assert_allclose(seconds - seconds[0], np.concatenate([[0], np.cumsum(steps)]), atol=1e-3)
