"""What others say of a run that ends: Python, shells, schedulers, containers, the kernel, Windows; all without header.

Their words are those of the programs named in each row. Only a line that says of itself what it is stands here:
what might be any program's chatter stays foreign.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.reading.messages.bare import make_bare
from logparse.reading.messages.ledger import RECOGNISED

if TYPE_CHECKING:
    from logparse.reading.messages.bare import BareKind


def _said(name: str, regex: str, reason: str, *samples: str, event: str | None = "killed") -> BareKind:
    return make_bare(name, regex, RECOGNISED, reason, *samples, event=event)


_SIGNALS: Final = (
    r"(?:bus error|illegal (?:hardware )?instruction|floating point exception|abort|segmentation fault|killed"
    r"|terminated)"
)
_DUMPED: Final = r"(?: ?\((?:core dumped|核心已转储|吐核|Speicherabzug geschrieben)\))?"

SYSTEM_KINDS: Final = (
    _said(
        "python_traceback",
        r"\s*+Traceback \(most recent call last\):\s*+",
        "Python traceback",
        "Traceback (most recent call last):",
        event=None,
    ),
    _said(
        "python_place",
        r'\s++File "[^"]++", line \d++(?:, in .*)?',
        "Python traceback",
        '  File "train.py", line 12, in <module>',
        event="traceback",
    ),
    _said("python_interrupt", r"KeyboardInterrupt", "Python exception", "KeyboardInterrupt", event="signal"),
    _said(
        "store_status",
        r"(?:IO error|Corruption|Invalid argument|NotFound): .*",
        "word of LevelDB",
        "IO error: train_db/LOCK: Resource temporarily unavailable",
        event="status",
    ),
    _said(
        "python_exception",
        r"(?:[A-Za-z_]\w{0,80}\.){0,8}[A-Z]\w{0,80}(?<=Error|ption):(?: .*)?",
        "Python exception",
        "ImportError: No module named rpn.proposal_layer",
        "Boost.Python.ArgumentError: Python argument types in",
        "Exception: Input blob arguments do not match net inputs.",
        event="complaint",
    ),
    _said(
        "loader",
        r"[\w./-]++: error while loading shared libraries: .*",
        "word of the loader",
        "caffe: error while loading shared libraries: libcudart.so.8.0: cannot open shared object file: No such file",
        event="complaint",
    ),
    _said(
        "hdf5_versions",
        r"Warning! \*\*\*HDF5 library version mismatched error\*\*\*.*",
        "HDF5 error",
        "Warning! ***HDF5 library version mismatched error***",
        event="complaint",
    ),
    _said(
        "shell",
        r"(?:.*: line \d++:\s++\d++ )?(?:Bus error|Illegal instruction|Floating point exception|Abort(?: trap)?"
        r"|Segmentation fault|Killed)(?:: \d++)?" + _DUMPED + r"(?:\s.*)?",
        "end told by the shell",
        "Abort trap: 6",
        "Abort (core dumped)",
        "train.sh: line 2:  4242 Illegal instruction     (core dumped) caffe train",
        "Bus error: 10",
    ),
    _said(
        "shell_translated",
        r"(?:.{0,200}行 ?\d++[:：]\s*+\d++ )?(?:已放弃|段错误|已杀死|已终止|总线错误|非法指令|浮点数例外|Abgebrochen"
        r"|Speicherzugriffsfehler|Getötet|Abandon|Erreur de segmentation)\s*+" + _DUMPED + r"(?:\s.*)?",
        "end told by the shell",
        "已放弃 (核心已转储)",
        "Abgebrochen (Speicherabzug geschrieben)",
        "Getötet",
    ),
    _said(
        "shell_of_job",
        r"(?:zsh: |\[\d++\]\s{1,8}\+?\s{0,8}\d++ )" + _SIGNALS + _DUMPED + r"\s++\S.*",
        "end told by the shell",
        "zsh: killed     caffe train",
        "[1]    4242 segmentation fault (core dumped)  caffe train",
    ),
    _said(
        "shell_fish",
        r"fish: .*terminated by signal SIG[A-Z]++ .*",
        "end told by the shell",
        "fish: Job 1, 'caffe train' terminated by signal SIGABRT (Abort)",
    ),
    _said(
        "slurm",
        r"(?:slurm(?:stepd|d)(?:[-\[][^:]*+)?|srun): (?:error: .*?(?:CANCELLED|KILLED|(?i:oom.kill|out of memory)"
        r"|memory limit|: (?:Killed|Aborted|Segmentation fault|Bus error|Terminated)|exit code [1-9]).*"
        r"|Exceeded (?:job|step) memory limit.*)",
        "end told by the scheduler",
        "slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2020-01-01T00:00:00 DUE TO TIME LIMIT ***",
        "slurmd[n1]: error: *** STEP 77.0 KILLED AT 2015-01-01T00:00:00 WITH SIGNAL 9 ***",
        "slurmstepd: error: Detected 1 oom-kill event(s) in step 77.batch cgroup.",
        "srun: error: n1: task 0: Out Of Memory",
    ),
    _said(
        "slurm_step",
        r"(?:slurm(?:stepd|d)(?:[-\[][^:]*+)?|srun): "
        r"(?:error: |interrupt \(|task \d++: |sending Ctrl-C |Job step |job \d).*",
        "word of the scheduler",
        "srun: sending Ctrl-C to job 77.0",
        "srun: Job step aborted: Waiting up to 2 seconds.",
        event=None,
    ),
    _said(
        "pbs",
        r"=>> PBS: job killed: .*",
        "end told by the scheduler",
        "=>> PBS: job killed: walltime 3612 exceeded limit 3600",
    ),
    _said(
        "lsf",
        r"TERM_[A-Z]++: .*",
        "end told by the scheduler",
        "TERM_RUNLIMIT: job killed after reaching LSF run time limit.",
    ),
    _said(
        "grid_engine",
        r"(?:job \d++(?:\.\d++)? exceeded hard wallclock time.*|failed\s++100 : assumedly after job.*)",
        "end told by the scheduler",
        "job 77.1 exceeded hard wallclock time - initiate terminate method",
    ),
    _said(
        "condor",
        r"\s*+(?:\d{3} \([\d.]++\) \S++ \S++ )?(?:Job was evicted\.|.{0,80}memory usage exceeded request_memory.*)",
        "end told by the scheduler",
        "004 (077.000.000) 01/01 00:00:00 Job was evicted.",
        "Job has memory usage exceeded request_memory",
    ),
    _said(
        "container",
        r'\s*+(?:"OOMKilled": true,?|OOMKilled|DeadlineExceeded|Reason:\s++(?:OOMKilled|Evicted|DeadlineExceeded)'
        r"|Exit Code:\s++137|\S++\s++\d++/\d++\s++(?:OOMKilled|Evicted|DeadlineExceeded)\s.*"
        r"|command terminated with exit code 137|The node was low on resource: memory.*)",
        "end told by the container's host",
        '            "OOMKilled": true,',
        "      Reason:       OOMKilled",
        "      Exit Code:    137",
        "OOMKilled",
        "caffe-77   0/1   OOMKilled   0   5m",
    ),
    _said(
        "kernel_memory",
        r"(?:.{0,60} kernel: )?(?:\[[ \d.]++\] )?(?:(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \d++ .*"
        r"|oom-kill:constraint=.*)",
        "end told by the kernel",
        "[ 1234.567890] Out of memory: Kill process 4242 (caffe) score 912 or sacrifice child",
        "Jan  1 00:00:00 n1 kernel: [1234.5] oom-kill:constraint=CONSTRAINT_MEMCG,task=caffe,pid=4242,uid=0",
    ),
    _said(
        "driver",
        r"(?:.{0,60} kernel: )?(?:\[[ \d.]++\] )?NVRM: (?:Xid \(|GPU ).*",
        "word of the GPU's driver",
        "[ 1234.567890] NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.",
        event="driver",
    ),
    _said(
        "exit_code",
        r"(?:The program '.*' has exited with code -?\d++ .*|Process finished with exit code (?!0\b)-?\d++.*"
        r"|.{0,80}task failed with error code -?\d++.*)",
        "end told by who started it",
        "Process finished with exit code -1073740791 (0xC0000409)",
        "The program '[4242] caffe.exe' has exited with code -1073740791 (0xc0000409).",
        "2016-01-01 00:00:00 [20160101-000000-abcd] [ERROR] Train Caffe Model task failed with error code -6",
    ),
    _said(
        "notebook",
        r"(?:\[. .{0,60}\] )?(?:The kernel appears to have died\. It will restart automatically\."
        r"|KernelRestarter: restarting kernel.*)",
        "end told by the notebook",
        "The kernel appears to have died. It will restart automatically.",
    ),
)

# How a line of these kinds can begin: foreign lines can be millions, and few of them begin like this.
SYSTEM_FIRST: Final = re.compile(
    r"\s*+(?:[\w.]++(?:(?<=Error)|(?<=ption)):|Traceback |File |Keyb|IO e|Corr|Inva|NotF|Warning! |Bus|Illeg|Floa"
    r"|Ab[oag]|Segm|Kill|Spei|Getö|Erre|[已段总非浮\[]|zsh|fish|slurm|srun|=>>|TERM|job|fail|\d{3} \(|Job|\"OOM|Reas"
    r"|Exit|comm|The (?:program|kernel|node) |Memo|Out|oom|OOM|Dead|NVRM|Proc|Kern|\d{4}-"
    r"|[A-Z][a-z]{2} [ \d]\d .{0,50}kernel: )",
    re.DOTALL,
)


def is_named(text: str) -> bool:
    """Whether a line may begin with a name: bash's with the script's, kubectl's with the pod's, the loader's too.

    One by one: a loop over the words takes twice as long, and foreign lines can be millions.
    """
    return ": line " in text or "行" in text or "OOMKilled" in text or "Exceeded" in text or "loading shared" in text


__all__ = ["SYSTEM_FIRST", "SYSTEM_KINDS", "is_named"]
