"""Every form of line header in the wild, and what pipes and pastes put before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.reading.line.headers import HEADERS, PREFIXES
from logparse.reading.line.pieces import BlankLines, Line, PlainText
from logparse.reading.line.splitter import LineSplitter
from logparse.reading.messages.headerless import BARE_KINDS

if TYPE_CHECKING:
    from logparse.reading.line.headers import HeaderForm, PrefixForm
    from logparse.reading.line.pieces import Piece

GLOG = b"I1124 10:43:20.990321 23669 solver.cpp:102] "
CLOCK_S = 10 * 3600 + 43 * 60 + 20.990321


def split(*lines: bytes) -> Line:
    """The last of some lines, read in order."""
    splitter = LineSplitter()
    return [splitter.split(line) for line in (b"before", *lines)][-1]


def messages(*lines: bytes) -> list[str]:
    splitter = LineSplitter()
    return [splitter.split(line).message for line in lines]


# The tables


@pytest.mark.parametrize("form", [*HEADERS, *PREFIXES], ids=lambda form: form.name)
def test_a_form_has_lines_that_it_claims(form: HeaderForm | PrefixForm) -> None:
    assert form.samples, "give the form a line as it stands in a log: what has none is tested by nothing"


@pytest.mark.parametrize("form", HEADERS, ids=lambda form: form.name)
def test_each_header_sample_is_claimed_by_its_own_form_first(form: HeaderForm) -> None:
    for sample in form.samples:
        assert next(each for each in HEADERS if each.regex.match(sample)) is form


@pytest.mark.parametrize("form", PREFIXES, ids=lambda form: form.name)
def test_each_prefix_sample_is_claimed_whole_and_by_its_own_form_first(form: PrefixForm) -> None:
    for sample in form.samples:
        assert next(each for each in PREFIXES if each.regex.match(sample)) is form
        match = form.regex.match(sample)
        assert match is not None
        assert match[0] == sample


@pytest.mark.parametrize("form", PREFIXES, ids=lambda form: form.name)
def test_a_headed_line_is_read_behind_every_prefix(form: PrefixForm) -> None:
    for sample in form.samples:
        line = split(sample + GLOG + b"    Train net output #0: loss = 1")
        assert (line.message, line.headed, line.thread) == ("    Train net output #0: loss = 1", True, 23669)


@pytest.mark.parametrize("form", PREFIXES, ids=lambda form: form.name)
def test_the_prefix_of_a_headed_line_is_taken_from_the_dump_after_it(form: PrefixForm) -> None:
    for sample in form.samples:
        line = split(sample + GLOG + b"Initializing net from parameters: ", sample + b'  name: "conv1"')
        assert line._replace(rank=None) == Line('  name: "conv1"')


def test_a_prefix_is_read_alike_whether_the_parts_of_the_header_were_seen_before_or_not() -> None:
    for prefix in (b"", b"[3] ", b"> ", b"a_1  | 2018-01-16T15:15:02.123Z ", b"    "):
        splitter = LineSplitter()
        first, *others = [splitter.split(prefix + GLOG + b"a -> b") for _ in range(3)]
        assert others == [first, first]


# Headers


def test_the_parts_of_a_common_header() -> None:
    line = split(GLOG + b"Iteration 0, loss = 2.4")
    assert line == Line("Iteration 0, loss = 2.4", "I", 1124, None, CLOCK_S, 23669, "solver.cpp", headed=True)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            b"I20261124 10:43:20.990321 23669 solver.cpp:102] x",
            Line("x", "I", 1124, 2026, CLOCK_S, 23669, "solver.cpp", headed=True),
            id="year",
        ),
        pytest.param(
            b"W0519 23:35:46.640249 214968 net.cpp:265] x",
            Line("x", "W", 519, None, 84946.640249, 214968, "net.cpp", headed=True),
            id="wide thread",
        ),
        pytest.param(
            b"I0625 18:29:47.084022   173 sgd_solver.cpp:137] x",
            Line("x", "I", 625, None, 66587.084022, 173, "sgd_solver.cpp", headed=True),
            id="narrow thread",
        ),
        pytest.param(
            b"I0213 01:19:34 0x7fff7c5c6300 net.cpp:66] x",
            Line("x", "I", 213, None, 4774.0, 0x7FFF7C5C6300, "net.cpp", headed=True),
            id="thread address, no fraction",
        ),
        pytest.param(
            b"I1203 net.cpp:66] Creating Layer conv1",
            Line("Creating Layer conv1", "I", 1203, file="net.cpp", headed=True),
            id="no time",
        ),
        pytest.param(
            b"I0501 12343 net.cpp:424] x",
            Line("x", "I", 501, thread=12343, file="net.cpp", headed=True),
            id="thread only",
        ),
        pytest.param(
            b"1023 23:11:30.5 18363 net.cpp:435] x",
            Line("x", None, 1023, None, 83490.5, 18363, "net.cpp", headed=True),
            id="letter lost",
        ),
        pytest.param(b"50 net.cpp:157] x", Line("x", thread=50, file="net.cpp", headed=True), id="in the thread"),
        pytest.param(b"net.cpp:157] x", Line("x", file="net.cpp", headed=True), id="at the file"),
        pytest.param(
            b"I0704 13:25:07.5 25725 solver.cpp:227",
            Line("", "I", 704, None, 48307.5, 25725, "solver.cpp", headed=True),
            id="cut in the line number",
        ),
        pytest.param(
            b"I0704 13:25:07.5 25725 solver.cpp",
            Line("", "I", 704, None, 48307.5, 25725, "solver.cpp", headed=True),
            id="cut after the file",
        ),
        pytest.param(
            b"I0704 13:25:07.5 257", Line("", "I", 704, None, 48307.5, 257, headed=True), id="cut in the thread"
        ),
        pytest.param(
            b"F0826 13:05:21.909317  4584 solver.cpp:524]",
            Line("", "F", 826, None, 47121.909317, 4584, "solver.cpp", headed=True),
            id="cut at the bracket",
        ),
        pytest.param(
            b"I0213 01:45:51.000000  6156 C:\\Program Files\\caffe/layer_factory.hpp:78] x",
            Line("x", "I", 213, None, 6351.0, 6156, "layer_factory.hpp", headed=True),
            id="Windows path",
        ),
        pytest.param(
            b"LogCaffe: I0213 01:45:51.000000  6156 ..\\src\\caffe\\solver.cpp:77] x",
            Line("x", "I", 213, None, 6351.0, 6156, "solver.cpp", headed=True),
            id="application",
        ),
        pytest.param(
            b"INFO - 18:34:46 - Top shape: 512 3",
            Line("Top shape: 512 3", "I", seconds=66886.0, headed=True),
            id="level and clock",
        ),
        pytest.param(
            b"1508138445  ERROR: src/caffe/solver.cpp : line 218 : Iteration 0 (-0.3 iter/s)",
            Line("Iteration 0 (-0.3 iter/s)", "E", 1016, 2017, 26445.0, None, "solver.cpp", headed=True),
            id="epoch",
        ),
        pytest.param(
            b"I1324 25:43:20.990321 23669 a.cpp:1] x",
            Line("x", "I", None, None, None, 23669, "a.cpp", headed=True),
            id="no such date, no such time",
        ),
        pytest.param(
            "I1124\u00a010:43:20.990321 23669 solver.cpp:102] x".encode(),
            Line("x", "I", 1124, None, CLOCK_S, 23669, "solver.cpp", headed=True),
            id="no-break blank",
        ),
        pytest.param(
            GLOG + "训练 ".encode("gbk"),
            Line("训练 ", "I", 1124, None, CLOCK_S, 23669, "solver.cpp", headed=True),
            id="GBK",
        ),
        pytest.param(
            GLOG + b"[0.0] Iteration 0] x",
            Line("[0.0] Iteration 0] x", "I", 1124, None, CLOCK_S, 23669, "solver.cpp", headed=True),
            id="brackets in the message stay",
        ),
    ],
)
def test_header(raw: bytes, expected: Line) -> None:
    assert split(raw) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("raw", "message", "headed"),
    [
        (b"pp:157] Top shape: 64 (64)", "Top shape: 64 (64)", True),
        (b"57]     with loss weight 1", "    with loss weight 1", True),
        (b"rd] Layer loss, top blob loss data: 0.867949", "rd] Layer loss, top blob loss data: 0.867949", False),
    ],
)
def test_the_first_line_may_begin_inside_a_header(raw: bytes, message: str, headed: bool) -> None:  # noqa: FBT001
    line = LineSplitter().split(raw)
    assert (line.message, line.headed) == (message, headed)
    assert LineSplitter().split(GLOG + b"x").headed


def test_only_the_first_line_begins_inside_a_header() -> None:
    assert split(b"57] Top shape: 64 (64)") == Line("57] Top shape: 64 (64)")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"layer {",
        b'  name: "conv1"',
        b"}",
        b"the line I1124 10:43:20.990321 23669 solver.cpp:102] was printed by glog",
        b'name: "I1124 10:43:20.990321 23669 net.cpp:1] x"',
        b"see net.cpp:66] for it",
        b"- net.cpp:66] is where it stands",
        b"Note: net.cpp:66] is where it stands",
        b"I1124 is a day",
        b"In 2018 10:43:20 - it was",
        b"INFORMATION - 18:34:46 - x",
        b"    @     0x7f3b2c8e5daa  (unknown)",
        b'*** Aborted at 1447923423 (unix time) try "date -d @1447923423" if you are using GNU date ***',
        b"Log file created at: 2014/10/25 15:37:55",
        b"Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg",
        b"WARNING: Logging before InitGoogleLogging() is written to STDERR",
        b"[libprotobuf ERROR google/protobuf/text_format.cc:274] Error parsing text-format",
        b"<<<<<<< HEAD",
        b"0: 0.5 1: 0.25",
        b"[1, 2, 3]",
        b"12 apples",
    ],
)
def test_prose_dumps_and_other_programs_have_no_header(raw: bytes) -> None:
    assert split(raw) == Line(raw.decode())


# Prefixes


def test_ranks_are_told_on_headed_and_on_dump_lines() -> None:
    lines = (b"[0] " + GLOG + b"Initializing net from parameters: ", b"[1] layer {", b'[0]   name: "x"', b"layer {")
    splitter = LineSplitter()
    assert [(line.rank, line.message) for line in map(splitter.split, lines)] == [
        ("0", "Initializing net from parameters: "),
        ("1", "layer {"),
        ("0", '  name: "x"'),
        (None, "layer {"),
    ]


@pytest.mark.parametrize(
    ("prefix", "rank"), [(b"[12] ", "12"), (b"3: ", "3"), (b" 3: ", "3"), (b"[1,0]<stderr>:", "0"), (b"", None)]
)
def test_rank_forms(prefix: bytes, rank: str | None) -> None:
    assert split(prefix + GLOG + b"x").rank == rank
    assert split(prefix + GLOG + b"x", prefix + GLOG + b"y").rank == rank


def test_prefixes_pile_up() -> None:
    prefix = b"> worker_1  | 2018-01-16T15:15:02.123Z [0] "
    assert messages(prefix + GLOG + b"x", prefix + b"  a: 1", b"> worker_2  | 2018-01-16T15:15:09Z [1] }") == [
        "x",
        "  a: 1",
        "}",
    ]


def test_a_quoted_dump_keeps_its_own_indentation() -> None:
    assert messages(b"> " + GLOG + b"x", b"> layer {", b">   a: 1", b">", b"}") == ["x", "layer {", "  a: 1", "", "}"]
    assert messages(b"    " + GLOG + b"x", b"    layer {", b"      a: 1", b"    }", b"") == [
        "x",
        "layer {",
        "  a: 1",
        "}",
        "",
    ]


def test_a_prefix_is_forgotten_at_the_next_line_that_has_none() -> None:
    assert messages(b"    " + GLOG + b"x", GLOG + b"y", b"    a: 1") == ["x", "y", "    a: 1"]


def test_a_message_that_begins_like_a_name_and_a_colon_stays_whole() -> None:
    assert messages(b"LogCaffe: " + GLOG + b"x", b'name: "x"', b"LogCaffe: y") == ["x", 'name: "x"', "y"]


def test_a_notebook_is_unescaped_headers_and_dump_alike() -> None:
    lines = (
        b'  "name: \\"before\\"\\n",',
        b'  "I0224 00:32:03.232779   655 net.cpp:1] a \\"b\\" \\u5377\\n",',
        b'  "name: \\"LogReg\\"\\n",',
        b'  "}\\n"',
        b'  "text": [',
    )
    assert messages(*lines) == ['  "name: \\"before\\"\\n",', 'a "b" 卷', 'name: "LogReg"', "}", '  "text": [']


def test_the_log_files_of_containers_are_unwrapped() -> None:
    wrapped = b'{"log":"I0224 00:32:03.232779   655 net.cpp:1] a\\n","stream":"stderr","time":"2018-01-16T15:15:02Z"}'
    dump = b'{"log":"  name: \\"x\\"\\n","stream":"stderr","time":"2018-01-16T15:15:02Z"}'
    assert messages(wrapped, dump) == ["a", '  name: "x"']


@pytest.mark.parametrize("raw", [b'"\\ud800"', b'"\\x"', b'"a\nb"', b'"' + b"\\" * 99, b'{"log":"', b'"""'])
def test_broken_json_is_text(raw: bytes) -> None:
    assert split(b'"' + GLOG + b'x\\n",', raw).message


# Pieces


def pieces(text: bytes, start: int = 0) -> list[Piece]:
    splitter = LineSplitter()
    splitter.split(b"before")
    return list(splitter.pieces(text, start, len(text)))


def test_lines_with_a_header_come_one_by_one() -> None:
    assert pieces(GLOG + b"a\n" + GLOG + b"b") == [split(GLOG + b"a"), split(GLOG + b"b")]


def test_the_lines_of_a_dump_and_blank_lines_come_together() -> None:
    dump = b'name: "net"\nlayer {\n  top: "conv1/3x3"\n  lr_mult: 1e-05\n}\n'
    assert pieces(GLOG + b"x\n" + dump + b"\n\n\n" + dump) == [
        split(GLOG + b"x"),
        PlainText(dump[:-1].decode(), 5),
        BlankLines(3),
        PlainText(dump[:-1].decode(), 5),
    ]


def test_rows_of_a_table_of_numbers_come_together() -> None:
    assert pieces(b"0\t100\t61.25\t\n0/0\t1e-05/0\n") == [PlainText("0\t100\t61.25\t\n0/0\t1e-05/0", 2)]


@pytest.mark.parametrize(
    "raw",
    [
        b'  source: "a b"',
        b'  source: "net.cpp:66] x"',
        b'  name: "\xe5\x90\x8d"',
        b"  a: 1 ",
        b"    major: Dataset",
        b"    minor: Dataset",
        b"corrupted {",
        b"Killed",
        b"a: 1\t2",
        b"net.cpp:66] x",
    ],
)
def test_what_may_be_more_than_plain_text_comes_as_a_line(raw: bytes) -> None:
    assert pieces(raw + b"\n") == [split(raw)]


def test_plain_text_behind_a_prefix_comes_line_by_line() -> None:
    assert pieces(b"[0] " + GLOG + b"x\na: 1\nb: 2\n")[1:] == [Line("a: 1"), Line("b: 2")]


def test_plain_text_is_told_from_every_kind_of_headerless_line() -> None:
    for kind in BARE_KINDS:
        for sample in kind.samples:
            assert not any(isinstance(piece, PlainText) for piece in pieces(sample.encode() + b"\n")), sample


def test_a_second_that_no_clock_shows_does_not_spoil_its_minute() -> None:
    splitter = LineSplitter()
    splitter.split(b"I1124 10:43:61.990321 23669 solver.cpp:102] x")
    assert splitter.split(GLOG + b"x").seconds == pytest.approx(CLOCK_S)


def test_caches_stay_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logparse.reading.line.glog._MAX_CACHE", 10)
    splitter = LineSplitter()
    for i in range(100):
        raw = b"I1124 10:%02d:20.990321 %5d file%d.cpp:102] x" % (i % 60, i, i)
        assert splitter.split(raw).thread == i
        assert splitter.split(b"I1124 file%d.cpp:102] x" % i).file == f"file{i}.cpp"
    assert len(splitter._common._seconds) <= 11
    assert len(splitter._common._origins) <= 11
    assert len(splitter._files) <= 11
