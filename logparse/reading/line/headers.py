"""Every form of a line's beginning: the headers of Caffe's loggers, and what pipes put before them.

The first table is what the logger wrote (glog/src/logging.cc: letter, date, time, thread, file:line),
whole or as damaged by pasting, cutting and grepping. The second is what others wrote before it. Every
regex is anchored, bounded and without nested quantifiers, so its time is linear in the line. Each
carries lines it must claim; a test shows that no earlier form of its table claims them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class HeaderForm(NamedTuple):
    """One form of header. Groups: severity, year, mmdd, clock, thread, path, epoch, message; any may be absent.

    `first_only`: the form is what is left of a header when the input begins inside it. `weak`: too
    little of a header to be believed behind a word and a colon, a list marker or a code mark.
    """

    name: str
    regex: re.Pattern[bytes]
    samples: tuple[bytes, ...]
    first_only: bool = False
    weak: bool = False


class PrefixForm(NamedTuple):
    """One kind of text before a header.

    `literal`: on the lines without a header only the very same text is taken away, because the form
    alone could also be the beginning of a message. `loose`: prose begins like this too, so only a
    header that is whole is believed behind it.
    """

    name: str
    regex: re.Pattern[bytes]
    samples: tuple[bytes, ...]
    literal: bool = False
    loose: bool = False


def _form(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


_BLANK: Final = rb"(?:[ \t]|\xc2\xa0){1,16}"  # a paste from a page has no-break blanks
_SEVERITY: Final = rb"(?P<severity>[IWEF])"
_DATE: Final = rb"(?P<year>(?:19|20)\d\d)?(?P<mmdd>[01]\d[0-3]\d)"
_CLOCK: Final = rb"(?P<clock>[0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?)"
_THREAD: Final = rb"(?P<thread>\d{1,20}|0x[0-9a-fA-F]{1,16})"
_PATH: Final = rb"(?P<path>(?:[A-Za-z]:)?[^\]\n:\"<>|*?]{1,400})"
_SOURCE: Final = rb"(?P<path>(?:[A-Za-z]:)?[^\]\s:\"<>|*?]{0,400}\.(?:cpp|hpp|cu|cuh|cc|cxx|c|h|hh|py))"
_END: Final = rb":\d{1,7}\][ ]?(?P<message>.*)\Z"

HEADERS: Final[tuple[HeaderForm, ...]] = (
    HeaderForm(
        "glog",
        _form(_SEVERITY + _DATE + _BLANK + _CLOCK + _BLANK + _THREAD + _BLANK + _PATH + _END),
        (
            b"I0120 20:02:17.979883 17443 net.cpp:150] Setting up data",
            b"I0519 23:35:46.640249 214968 net.cpp:265] Setting up cifar",
            b"I0625 18:29:47.084022   173 sgd_solver.cpp:137] Iteration 0, lr = 0.2, m = 0.9",
            b"I20261124 10:47:00.123456 23669 solver.cpp:102] Iteration 0, loss = 1",
            b"I0213 01:45:51  6156 C:\\app\\caffe\\include\\caffe/layer_factory.hpp:78] Creating layer memdata",
            b"I0213 01:45:51.000000  6156 ..\\src\\caffe\\solver.cpp:77] Creating training net",
            b"F0826 13:05:21.909317  4584 solver.cpp:524]",
        ),
    ),
    HeaderForm(
        "glog, time dropped",
        _form(_SEVERITY + _DATE + _BLANK + rb"(?:" + _THREAD + _BLANK + rb")?" + _SOURCE + _END),
        (
            b"I1203 net.cpp:66] Creating Layer conv1",
            b"I0501 12343 net.cpp:424] Network initialization done.",
        ),
    ),
    HeaderForm(
        "glog, thread dropped",
        _form(_SEVERITY + _DATE + _BLANK + _CLOCK + _BLANK + _SOURCE + _END),
        (b"I0501 10:43:20.990321 net.cpp:424] Network initialization done.",),
    ),
    HeaderForm(
        "glog, letter lost",
        _form(_DATE + _BLANK + _CLOCK + _BLANK + _THREAD + _BLANK + _SOURCE + _END),
        (b"1023 23:11:30.639950 18363 net.cpp:435] Input 0 -> data",),
    ),
    HeaderForm(
        "glog, date lost",
        _form(rb"(?:" + _CLOCK + _BLANK + rb")?" + _THREAD + _BLANK + _SOURCE + _END),
        (
            b"23:11:30.639950 18363 net.cpp:435] Input 0 -> data",
            b"50 net.cpp:157] Top shape: 64 (64)",
        ),
        weak=True,
    ),
    HeaderForm(
        "glog, file only",
        _form(_SOURCE + _END),
        (b"net.cpp:66] Creating Layer conv1", b"src/caffe/net.cpp:66] Creating Layer conv1"),
        weak=True,
    ),
    HeaderForm(
        "glog, cut before its end",
        _form(
            _SEVERITY
            + _DATE
            + _BLANK
            + rb"(?:"
            + _CLOCK
            + rb"(?:"
            + _BLANK
            + _THREAD
            + rb"(?:"
            + _BLANK
            + rb"(?P<path>[\w./\\-]{0,200}(?::[\d]{0,7})?)?)?)?|[0-2]\d:(?:[0-5]\d?)?(?::[0-6]?)?)[ ]?\Z"
        ),
        (
            b"I0704 13:25:07.710857 25725 solver.cpp:227",
            b"I0704 13:25:07.710857 25725 solver.cpp",
            b"I0704 13:25:07.710857 257",
            b"I0704 13:25:07.7",
            b"I0704 13:2",
        ),
        weak=True,
    ),
    HeaderForm(
        "level and clock",
        _form(
            rb"(?P<severity>INFO|WARNING|WARN|ERROR|FATAL|CRITICAL|DEBUG)[ ]{1,8}-[ ]"
            + _CLOCK
            + rb"[ ]-[ ]?(?P<message>.*)\Z"
        ),
        (b"INFO - 18:34:46 - Top shape: 512 3 30 80 (3686400)",),
    ),
    HeaderForm(
        "epoch seconds",
        _form(
            rb"(?P<epoch>[1-9]\d{8,9})"
            + _BLANK
            + rb"(?P<severity>INFO|WARNING|WARN|ERROR|FATAL|CRITICAL|DEBUG):"
            + _BLANK
            + rb"(?P<path>[^\n:]{1,400}?)[ ]:[ ]line[ ]\d{1,7}[ ]:[ ]?(?P<message>.*)\Z"
        ),
        (b"1508138445  INFO: src/caffe/solver.cpp : line 218 : Iteration 0, loss = nan",),
    ),
    HeaderForm(
        "tail of a header",
        _form(rb"(?:[ch]?p?p|cuh?|cc|h)?:?\d{0,7}\][ ](?P<message>.*)\Z"),
        (b"pp:157] Top shape: 64 (64)", b":157] Top shape: 64 (64)", b"57] Setting up x", b"] Setting up x"),
        first_only=True,
        weak=True,
    ),
)

_STAMP: Final = rb"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:[ ]?Z|[ ]?UTC|[ ]?[+-]\d\d:?\d\d)?\]?"
_MONTH: Final = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

PREFIXES: Final[tuple[PrefixForm, ...]] = (
    PrefixForm("indentation", _form(rb"(?:[ \t]|\xc2\xa0){1,64}"), (b"    ", b"\t"), literal=True),
    PrefixForm("quote", _form(rb">[ ]?"), (b"> ", b">")),
    PrefixForm("list marker", _form(rb"(?:[*+-]|\d{1,3}[.)])[ ]"), (b"- ", b"* ", b"1. "), literal=True, loose=True),
    PrefixForm("code mark", _form(rb"`{1,3}[ ]?"), (b"`", b"```"), literal=True, loose=True),
    PrefixForm("mark of Markdown", _form(rb"\*{1,3}|_{1,3}|~~"), (b"**", b"__", b"~~"), literal=True, loose=True),
    PrefixForm(
        "complaint of glog's",
        _form(rb"COULD[ ]NOT[ ]CREATE[ ][^!\n]{1,200}!"),
        (b"COULD NOT CREATE A LOGGINGFILE 20190410-023032.341!", b"COULD NOT CREATE LOGFILE '20170707-050753.4076'!"),
        literal=True,
    ),
    PrefixForm("tag", _form(rb"<[a-z][^<>\n]{0,200}>"), (b"<pre>", b'<code class="log">'), literal=True, loose=True),
    PrefixForm("rank in brackets", _form(rb"\[(?P<rank>\d{1,6})\][ ]?"), (b"[0] ", b"[12] ")),
    PrefixForm("rank of Open MPI", _form(rb"\[\d{1,6},(?P<rank>\d{1,6})\]<std(?:out|err)>:[ ]?"), (b"[1,0]<stderr>:",)),
    PrefixForm(
        "time stamp of a pipe",
        _form(_STAMP + rb"(?:[ ](?:stdout|stderr)[ ][FP])?(?:[ ]?[|-])?(?:[ \t]|:[ ])"),
        (
            b"2018-01-16T15:15:02.123Z ",
            b"[2018-01-16 15:15:02] ",
            b"2021-03-04T05:06:07.123456789Z stdout F ",
            b"2021-03-04T05:06:07.123456789+01:00 stderr P ",
        ),
    ),
    PrefixForm(
        "clock of a pipe",
        _form(rb"(?:\[\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)[ ]"),
        (b"[15:15:02] ", b"15:15:02 "),
    ),
    PrefixForm(
        "syslog",
        _form(_MONTH + rb"[ ]{1,2}\d{1,2}[ ]\d\d:\d\d:\d\d[ ](?:[\w.-]{1,80}[ ][\w./-]{1,80}(?:\[\d{1,10}\])?:[ ])?"),
        (b"Jan 16 15:15:02 host caffe[123]: ", b"Jan  6 15:15:02 "),
    ),
    PrefixForm(
        "seconds of a pipe",
        _form(rb"(?:\[[ ]{0,12}\d{1,10}\.\d{1,9}\]|\d{9,13}(?:\.\d{1,9})?)[ \t]"),
        (b"[   12.345678] ", b"1516115702.123456 ", b"1516115702123 "),
    ),
    PrefixForm("container", _form(rb"[\w.-]{1,80}[ ]{0,40}\|[ ]"), (b"worker_1  | ", b"trainer | ")),
    PrefixForm("pod", _form(rb"\[(?:pod/)?[a-z0-9][\w./-]{1,200}\][ ]"), (b"[pod/trainer-x7/caffe] ", b"[trainer] ")),
    PrefixForm(
        "level or stream",
        _form(rb"\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|stdout|stderr)\]?:?[ ]{1,4}"),
        (b"INFO: ", b"[INFO] ", b"stderr: "),
        literal=True,
        loose=True,
    ),
    PrefixForm(
        "number after a name",
        _form(rb"[^\s:\"]{1,200}[:-]\d{1,9}[:-]"),
        (b"train.log:123:", b"train.log-124-"),
    ),
    PrefixForm("rank with a colon", _form(rb"(?P<rank>\d{1,6}):[ ]"), (b"1: ", b"12: ")),
    PrefixForm("line number", _form(rb"\d{1,9}(?:[:-]|\t|[ ]{1,2})"), (b"123:", b"124-", b"12\t")),
    PrefixForm(
        "application",
        _form(rb"[A-Za-z_][\w.-]{0,60}[ ]?:[ ]"),
        (b"LogCaffe: ", b"caffe.exe : "),
        literal=True,
        loose=True,
    ),
    PrefixForm("host", _form(rb"[\w.@-]{1,80}\t"), (b"node07\t",)),
    PrefixForm(
        "file name", _form(rb"[^\s:\"]{1,200}:"), (b"train.log:", b"logs/caffe.INFO:"), literal=True, loose=True
    ),
)
