"""Lines without a header: what they are where no dump is open."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from logparse.reading.messages.ledger import IGNORED, RECOGNISED


class BareKind(NamedTuple):
    """One kind of headerless line: class and reason for the ledger, the event it makes, samples."""

    name: str
    regex: re.Pattern[str]
    kind: str
    reason: str
    event: str | None
    samples: tuple[str, ...]


def _bare(name: str, regex: str, kind: str, reason: str, *samples: str, event: str | None = None) -> BareKind:
    return BareKind(name, re.compile(regex, re.DOTALL), kind, reason, event, samples)


BLANK: Final = "blank line"

BARE_KINDS: Final = (
    _bare("blank", r"\s*+", IGNORED, BLANK, "", "   "),
    _bare(
        "stack_frame",
        r"\s*+@\s++(?:0x)?[0-9a-fA-F(].*",
        RECOGNISED,
        "stack frame",
        "    @     0x7ff10e68985d  google::LogMessage::Fail()",
        "    @              (nil)  (unknown)",
        event="stack",
    ),
    _bare(
        "stack_start",
        r"\*\*\* Check failure stack trace: \*\*\*.*",
        RECOGNISED,
        "stack trace",
        "*** Check failure stack trace: ***",
    ),
    _bare(
        "aborted",
        r"\*\*\* Aborted at (?P<unix>\d++) \(unix time\).*",
        RECOGNISED,
        "abort time",
        '*** Aborted at 1453316567 (unix time) try "date -d @1453316567" if you are using GNU date ***',
        event="aborted",
    ),
    _bare(
        "signal",
        r"\*\*\* (?P<signal>SIG[A-Z]++) \(.*",
        RECOGNISED,
        "signal",
        "*** SIGTERM (@0x2360) received by PID 9057 (TID 0x7f592ea6a0c0) from PID 9056; stack trace: ***",
        event="signal",
    ),
    _bare("pc", r"PC: @.*", RECOGNISED, "stack frame", "PC: @     0x7f592d1e6bb7 epoll_wait"),
    _bare(
        "log_created",
        r"Log file created at: (?P<year>\d{4})/\d\d/\d\d.*",
        RECOGNISED,
        "glog file head",
        "Log file created at: 2014/10/25 15:37:55",
    ),
    _bare(
        "log_head",
        r"(?:Running on machine|Running duration|Log line format|Log file created at).*",
        RECOGNISED,
        "glog file head",
        "Running on machine: vm",
        "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg",
    ),
    _bare(
        "glog_notice",
        r"WARNING: Logging before (?:InitGoogleLogging\(\)|flag parsing) .*",
        RECOGNISED,
        "notice of glog's",
        "WARNING: Logging before InitGoogleLogging() is written to STDERR",
        "WARNING: Logging before flag parsing goes to stderr.",
    ),
    _bare(
        "glog_complaint",
        r"(?:COULD NOT CREATE .*!)?Could not create (?:logging|log) ?file: .*|COULD NOT CREATE (?:A )?LOG.*!?",
        RECOGNISED,
        "notice of glog's",
        "Could not create logging file: No such file or directory",
        "Could not create log file: No such file or directory",
        "COULD NOT CREATE A LOGGINGFILE 20190410-023032.341!Could not create logging file: File exists",
        "COULD NOT CREATE LOGFILE '20170707-050753.4076'!",
    ),
    _bare(
        "hdf5",
        r"(?:HDF5-DIAG: Error detected in .*|  \#\d{3}: .* line \d++ in .*|    (?:major|minor): .*)",
        RECOGNISED,
        "HDF5 error",
        "HDF5-DIAG: Error detected in HDF5 (1.10.8) thread 1:",
        "  #000: ../../../src/H5D.c line 141 in H5Dcreate2(): unable to create dataset",
        "    major: Dataset",
        "    minor: Unable to initialize object",
    ),
    _bare(
        "libprotobuf",
        r"\[libprotobuf (?P<severity>[A-Z]++) .*",
        RECOGNISED,
        "protobuf message",
        "[libprotobuf ERROR google/protobuf/text_format.cc:337] Error parsing caffe.NetParameter: 73:16: ...",
        event="protobuf",
    ),
    _bare(
        "exception",
        r"(?:terminate called.*|\s*+what\(\):.*|(?:double free|free\(\): |malloc\(\): |corrupted ).*)",
        RECOGNISED,
        "C++ exception",
        "terminate called after throwing an instance of 'CaffeErrorException'",
        "  what():  std::bad_alloc",
        "double free or corruption (out)",
        event="exception",
    ),
    _bare(
        "killed",
        r"(?:(?:.*: line \d++:\s++\d++ )?(?:Killed|Aborted|Abort(?: trap)?|Segmentation fault|Terminated|Bus error"
        r"|Illegal instruction|Floating point exception)|(?:zsh: |\[\d++\]  \+? ?\d++ )(?:killed|abort|terminated"
        r"|segmentation fault|bus error|illegal hardware instruction|floating point exception))"
        r"(?:: \d++)?(?: \(core dumped\))?(?:\s.*)?",
        RECOGNISED,
        "end told by the shell",
        "Killed",
        "Aborted (core dumped)",
        "train.sh: line 3:  9057 Segmentation fault      (core dumped) caffe train",
        "zsh: killed     caffe train --solver=solver.prototxt",
        "[1]  + 4711 segmentation fault (core dumped)  caffe train",
        "Abort trap: 6",
        "Bus error: 10",
        event="killed",
    ),
    # slurmd, slurmstepd and srun; PBS; LSF; Docker and Kubernetes; the kernel's own log.
    _bare(
        "scheduler",
        r"slurm(?:step)?d(?:\[[^\]\s]*+\])?: (?:error: )?.*(?:KILLED|CANCELLED|oom.kill|Exceeded (?:job|step) memory).*"
        r"|srun: error: .*: (?:Killed|Terminated|Out Of Memory|Aborted|Segmentation fault).*"
        r"|=>> PBS: job killed: .*|TERM_[A-Z]++: .*"
        r"|.{0,40}(?:OOMKilled|DeadlineExceeded)\b.*|(?:\[[ \d.]++\] )?.{0,40}\bOut of memory: Kill(?:ed)? process .*",
        RECOGNISED,
        "end told by a scheduler",
        "slurmd[node3]: error: *** STEP 12396.0 KILLED AT 2015-11-09T13:59:43 WITH SIGNAL 9 ***",
        "slurmstepd: error: *** JOB 4711 ON node01 CANCELLED AT 2020-03-04T05:06:07 DUE TO TIME LIMIT ***",
        "slurmstepd: error: Detected 1 oom-kill event(s) in step 4711.batch cgroup.",
        "slurmstepd: error: Exceeded job memory limit at some point.",
        "srun: error: node01: task 0: Killed",
        "=>> PBS: job killed: walltime 3610 exceeded limit 3600",
        "TERM_RUNLIMIT: job killed after reaching LSF run time limit.",
        "OOMKilled",
        "[12345.678] Out of memory: Killed process 4711 (caffe) total-vm:1kB",
        event="killed",
    ),
)

# Only these first characters can begin a kind above; the rest is foreign without a look.
_FIRST: Final = re.compile(
    r"\s*+(?:[@*P\[LRWH#twdfmcCKASTsz=OBIF]|.*: line \d|.{0,60}(?:OOMKilled|DeadlineExceeded|Out of memory: Kill)|\Z)",
    re.DOTALL,
)


def bare_kind(text: str) -> tuple[BareKind, re.Match[str]] | None:
    """The kind of a headerless line, or None: foreign, not Caffe's."""
    if len(text) > 1 << 16 or _FIRST.match(text) is None:
        return None
    for kind in BARE_KINDS:
        match = kind.regex.fullmatch(text)
        if match is not None:
            return kind, match
    return None


__all__ = ["BARE_KINDS", "BLANK", "BareKind", "bare_kind"]
