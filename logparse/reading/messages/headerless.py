"""Lines without a header: what they are where no dump is open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.reading.messages.bare import make_bare
from logparse.reading.messages.ledger import IGNORED, RECOGNISED
from logparse.reading.messages.system import SYSTEM_FIRST, SYSTEM_KINDS, is_named

if TYPE_CHECKING:
    from logparse.reading.messages.bare import BareKind


BLANK: Final = "blank line"

_KINDS: Final = (
    make_bare("blank", r"\s*+", IGNORED, BLANK, "", "   "),
    make_bare(
        "stack_frame",
        r"\s*+@\s++(?:0x)?[0-9a-fA-F(].*",
        RECOGNISED,
        "stack frame",
        "    @     0x7ff10e68985d  google::LogMessage::Fail()",
        "    @              (nil)  (unknown)",
        event="stack",
    ),
    make_bare(
        "stack_start",
        r"\*\*\* Check failure stack trace: \*\*\*.*",
        RECOGNISED,
        "stack trace",
        "*** Check failure stack trace: ***",
    ),
    make_bare(
        "aborted",
        r"\*\*\* Aborted at (?P<unix>\d++) \(unix time\).*",
        RECOGNISED,
        "abort time",
        '*** Aborted at 1453316567 (unix time) try "date -d @1453316567" if you are using GNU date ***',
        event="aborted",
    ),
    make_bare(
        "signal",
        r"\*\*\* (?P<signal>SIG[A-Z]++) \(.*",
        RECOGNISED,
        "signal",
        "*** SIGTERM (@0x2360) received by PID 9057 (TID 0x7f592ea6a0c0) from PID 9056; stack trace: ***",
        event="signal",
    ),
    make_bare("pc", r"PC: @.*", RECOGNISED, "stack frame", "PC: @     0x7f592d1e6bb7 epoll_wait"),
    make_bare(
        "log_created",
        r"Log file created at: (?P<year>\d{4})/\d\d/\d\d.*",
        RECOGNISED,
        "glog file head",
        "Log file created at: 2014/10/25 15:37:55",
    ),
    make_bare(
        "log_head",
        r"(?:Running on machine|Running duration|Log line format|Log file created at).*",
        RECOGNISED,
        "glog file head",
        "Running on machine: vm",
        "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg",
    ),
    make_bare(
        "glog_notice",
        r"WARNING: Logging before (?:InitGoogleLogging\(\)|flag parsing) .*",
        RECOGNISED,
        "notice of glog's",
        "WARNING: Logging before InitGoogleLogging() is written to STDERR",
        "WARNING: Logging before flag parsing goes to stderr.",
    ),
    make_bare(
        "glog_complaint",
        r"(?:COULD NOT CREATE .*!)?Could not create (?:logging|log) ?file: .*|COULD NOT CREATE (?:A )?LOG.*!?",
        RECOGNISED,
        "notice of glog's",
        "Could not create logging file: No such file or directory",
        "Could not create log file: No such file or directory",
        "COULD NOT CREATE A LOGGINGFILE 20190410-023032.341!Could not create logging file: File exists",
        "COULD NOT CREATE LOGFILE '20170707-050753.4076'!",
    ),
    make_bare(
        "hdf5_cause",
        r"  \#\d{3}: .* line \d++ in .*: (?:unable to open file: name = .*|name already exists)",
        RECOGNISED,
        "HDF5 error",
        "  #003: ../../../src/H5FDsec2.c line 352 in H5FD__sec2_open(): unable to open file: name = 'a.h5', errno = 2",
        event="hdf5",
    ),
    make_bare(
        "hdf5",
        r"(?:HDF5-DIAG: Error detected in .*|  \#\d{3}: .* line \d++ in .*|    (?:major|minor): .*)",
        RECOGNISED,
        "HDF5 error",
        "HDF5-DIAG: Error detected in HDF5 (1.10.8) thread 1:",
        "  #000: ../../../src/H5D.c line 141 in H5Dcreate2(): unable to create dataset",
        "    major: Dataset",
        "    minor: Unable to initialize object",
    ),
    make_bare(
        "libprotobuf",
        r"\[libprotobuf (?P<severity>[A-Z]++) .*",
        RECOGNISED,
        "protobuf message",
        "[libprotobuf ERROR google/protobuf/text_format.cc:337] Error parsing caffe.NetParameter: 73:16: ...",
        event="protobuf",
    ),
    make_bare(
        "exception",
        r"(?:terminate called.*|\s*+what\(\):.*|(?:double free|free\(\): |malloc\(\): |corrupted ).*)",
        RECOGNISED,
        "C++ exception",
        "terminate called after throwing an instance of 'CaffeErrorException'",
        "  what():  std::bad_alloc",
        "double free or corruption (out)",
        event="exception",
    ),
    make_bare(
        "killed",
        r"(?:.*: line \d++:\s++\d++ )?(?P<how>Killed|Aborted|Segmentation fault|Terminated)"
        r"(?: \(core dumped\))?(?:\s.*)?",
        RECOGNISED,
        "end told by the shell",
        "Killed",
        "Aborted (core dumped)",
        "train.sh: line 3:  9057 Segmentation fault      (core dumped) caffe train",
        event="killed",
    ),
)

BARE_KINDS: Final = (*_KINDS, *SYSTEM_KINDS)
# Only these first characters can begin a kind above; the rest is foreign without a look.
_FIRST: Final = re.compile(r"\s*+(?:[@*P\[LRWH#twdfmcCKAST]|\Z)", re.DOTALL)


def bare_kind(text: str) -> tuple[BareKind, re.Match[str]] | None:
    """The kind of a headerless line, or None: foreign, nobody's that is known."""
    if len(text) > 1 << 16:
        return None
    named = is_named(text)
    for first, kinds in ((_FIRST, _KINDS), (SYSTEM_FIRST, SYSTEM_KINDS)):
        if not named and first.match(text) is None:
            continue
        for kind in kinds:
            match = kind.regex.fullmatch(text)
            if match is not None:
                return kind, match
    return None


__all__ = ["BARE_KINDS", "BLANK", "bare_kind"]
