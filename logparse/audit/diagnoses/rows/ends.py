"""How a process ended, by what glog, shells, schedulers, containers and the kernel say of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import END, EXCEPTION, MEDIUM, STOPPED, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

_WORD: Final = r"^(?:.*: line \d+:\s+\d+ |.{0,200}行 ?\d+[:：]\s*\d+ |zsh: |\[\d+\]\s+\+?\s*\d+ )?"
_RESUME: Final = "go on from the last snapshot (--snapshot)."
_SIGNALS_BY_CODE: Final[Mapping[int, str]] = {
    -1073740791: "an abort",
    -1073741819: "an access to foreign memory",
    -1073741515: "a DLL that was not found",
    -1073741510: "Ctrl-C",
    134: "an abort (SIGABRT)",
    137: "SIGKILL",
    139: "an access to foreign memory (SIGSEGV)",
    143: "SIGTERM",
    -6: "an abort (SIGABRT)",
    -9: "SIGKILL",
    -11: "an access to foreign memory (SIGSEGV)",
    -15: "SIGTERM",
}
_CODE: Final = r"(?:exited with code|exit code|error code) (?P<code>-?\d+)"


def _code(scene: Scene) -> Mapping[str, str]:
    said = scene.match["code"]
    meaning = _SIGNALS_BY_CODE.get(int(said)) if len(said) < 12 else None
    return {"code": said, "means": f": {meaning}" if meaning else ""}


def _silent_gpus(scene: Scene) -> bool:
    """Whether several GPUs had begun to train and not shown an iteration."""
    begun = scene.earlier("optimization", "solving") is not None
    return (scene.attempt.gpus or 0) > 1 and begun and scene.iterations is None


OF_ENDS: Final = (
    Diagnosis(
        "G20",
        "gpus_hang",
        r"CANCELLED|KILLED|Killed|SIGTERM|SIGKILL|walltime|RUNLIMIT|wallclock",
        "The run was ended from outside before {gpus} GPUs had shown one iteration: they most likely hung",
        "Training had begun, and no error was printed. Joining GPUs can hang without a word (IOMMU, cards of several "
        "kinds, NCCL).",
        "one GPU as a test; NCCL_P2P_DISABLE=1; IOMMU and ACS off.",
        (
            (
                "I caffe.cpp] Using GPUs 0, 1\nI caffe.cpp] Starting Optimization\n"
                "slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2020-01-01T00:00:00 DUE TO TIME LIMIT ***"
            ),
        ),
        kinds=END,
        severity="warning",
        when=_silent_gpus,
        words=lambda scene: {"gpus": formats.count(scene.attempt.gpus)},
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E9",
        "slurm_time_limit",
        r"^slurm.*DUE TO TIME LIMIT",
        "Slurm ended the run at its time limit",
        "The run is as good as its last snapshot.",
        "a longer --time, or shorter steps between snapshots; " + _RESUME,
        ("slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2020-01-01T00:00:00 DUE TO TIME LIMIT ***",),
        kinds=END,
        severity="warning",
        when=lambda scene: not _silent_gpus(scene),
    ),
    Diagnosis(
        "E9",
        "slurm_memory",
        r"^(?:slurm|srun).*(?:(?i:oom.kill)|memory limit|Out Of Memory)",
        "Slurm ended the run: the job's memory (RAM) was used up",
        "It is the memory of the job on the host, not the GPU's.",
        "a larger --mem; fewer prefetched batches, smaller HDF5 files.",
        (
            "slurmstepd: error: Detected 1 oom-kill event(s) in step 77.batch cgroup.",
            "srun: error: n1: task 0: Out Of Memory",
        ),
        kinds=END,
        severity="warning",
    ),
    Diagnosis(
        "E9",
        "slurm_node",
        r"^slurm.*DUE TO (?P<why>PREEMPTION|NODE FAILURE)",
        "Slurm ended the run: {why}",
        "The run itself did nothing wrong.",
        "start it again; " + _RESUME,
        ("slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2020-01-01T00:00:00 DUE TO PREEMPTION ***",),
        kinds=END,
        severity="warning",
        words=lambda scene: {"why": scene.match["why"].lower()},
    ),
    Diagnosis(
        "E9",
        "slurm_cancelled",
        r"^slurm.*(?:CANCELLED|KILLED)(?!.*DUE TO)",
        "Slurm ended the run: it was cancelled or killed",
        "Somebody cancelled the job (scancel, Ctrl-C at srun), or a limit was reached that the line does not name.",
        "sacct -j JOB tells the state; " + _RESUME,
        (
            "slurmstepd: error: *** JOB 77 ON n1 CANCELLED AT 2020-01-01T00:00:00 ***",
            "slurmd[n1]: error: *** STEP 77.0 KILLED AT 2015-01-01T00:00:00 WITH SIGNAL 9 ***",
        ),
        kinds=END,
        severity="warning",
        when=lambda scene: not _silent_gpus(scene),
    ),
    Diagnosis(
        "E10",
        "scheduler_time_limit",
        r"PBS: job killed: walltime|TERM_RUNLIMIT|exceeded hard wallclock time|DeadlineExceeded",
        "The scheduler ended the run at its time limit",
        "The run is as good as its last snapshot.",
        "a longer limit, or shorter steps between snapshots; " + _RESUME,
        (
            "=>> PBS: job killed: walltime 3612 exceeded limit 3600",
            "TERM_RUNLIMIT: job killed after reaching LSF run time limit.",
            "      Reason:       DeadlineExceeded",
        ),
        kinds=END,
        severity="warning",
        when=lambda scene: not _silent_gpus(scene),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E10",
        "scheduler_memory",
        r"PBS: job killed: v?mem|TERM_MEMLIMIT|exceeded request_memory",
        "The scheduler ended the run: its memory (RAM) was used up",
        "It is the job's memory on the host, not the GPU's.",
        "ask for more memory; fewer prefetched batches, smaller HDF5 files.",
        (
            "=>> PBS: job killed: vmem 9000000kb exceeded limit 8000000kb",
            "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.",
        ),
        kinds=END,
        severity="warning",
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E10",
        "scheduler_evicted",
        r"TERM_(?:OWNER|PREEMPT|ADMIN|FORCE_\w+)|Job was evicted|assumedly after job",
        "The scheduler ended the run, for its owner or for another job",
        "The run itself did nothing wrong, as far as the line tells.",
        "start it again; " + _RESUME,
        ("TERM_OWNER: job killed by owner.", "004 (077.000.000) 01/01 00:00:00 Job was evicted."),
        kinds=END,
        severity="warning",
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E11",
        "container_memory",
        r"OOMKilled|low on resource: memory",
        "The container was killed: its memory (RAM) was used up",
        "It is the limit of the container on the host's memory, not the GPU's.",
        "a higher memory limit; fewer prefetched batches.",
        ("caffe-77   0/1   OOMKilled   0   5m", '            "OOMKilled": true,', "      Reason:       OOMKilled"),
        near=('            "OOMKilled": false,\nI solver.cpp] Optimization Done.',),
        kinds=END,
        severity="warning",
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E11",
        "container_killed",
        r"Reason:\s+Evicted|Exit Code:\s+137|exit code 137$",
        "The container was killed from outside",
        "The host lacked memory or room, a limit was reached, or somebody ended it: the line does not say which.",
        "`docker inspect` or `kubectl describe` tell the reason; " + _RESUME,
        ("      Reason:       Evicted", "      Exit Code:    137", "command terminated with exit code 137"),
        kinds=END,
        severity="warning",
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E12",
        "kernel_killed_it",
        r"ut of memory: Kill(?:ed)? process \d+ \((?:lt-)?(?:caffe|python|train)|oom-kill:.*task=(?:caffe|python)",
        "The kernel killed the process: the memory (RAM) was used up{limit}",
        "It is the host's memory, not the GPU's.",
        "more RAM or a higher limit; fewer prefetched batches, smaller HDF5 files; see what else runs there.",
        (
            "[ 1234.567890] Out of memory: Kill process 4242 (caffe) score 912 or sacrifice child",
            "Jan  1 00:00:00 n1 kernel: [1234.5] oom-kill:constraint=CONSTRAINT_MEMCG,task=caffe,pid=4242,uid=0",
        ),
        near=("[ 1234.567890] Out of memory: Kill process 4242 (firefox) score 912 or sacrifice child",),
        kinds=END,
        severity="warning",
        words=lambda scene: {
            "limit": " up to the container's limit" if re.search("MEMCG|cgroup", scene.event.text) else ""
        },
    ),
    Diagnosis(
        "E2",
        "sigterm",
        r"^\*\*\* SIGTERM ",
        "The run was asked to end from outside (SIGTERM)",
        "A scheduler, `docker stop`, a shutdown or `kill` sends it. Caffe saves nothing then.",
        _RESUME,
        ("*** SIGTERM (@0x1) received by PID 42 (TID 0x7f) from PID 41; stack trace: ***",),
        kinds=END,
        severity="warning",
        when=lambda scene: not _silent_gpus(scene),
    ),
    Diagnosis(
        "E14",
        "notebook_died",
        r"kernel appears to have died|restarting kernel",
        "The notebook's Python process died",
        "Every failed check of Caffe's ends the process, and its words go to the terminal of the server, not into the "
        "notebook.",
        "read the last lines in the server's terminal, or run the script by itself.",
        ("The kernel appears to have died. It will restart automatically.",),
        kinds=END,
    ),
    Diagnosis(
        "E13",
        "exit_code",
        _CODE,
        "The process ended with code {code}{means}",
        "The code alone tells how it ended, not why; what Caffe said before it, if anything, tells that.",
        "see the lines before it; run the command in a terminal.",
        (
            "Process finished with exit code -1073740791 (0xC0000409)",
            "2016-01-01 00:00:00 [20160101-000000-abcd] [ERROR] Train Caffe Model task failed with error code -6",
        ),
        near=("I solver.cpp] Solving N\nProcess finished with exit code 0",),
        kinds=END,
        severity="warning",
        when=lambda scene: not scene.event.text.startswith(("slurm", "srun", "command")),
        words=_code,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E5",
        "illegal_instruction",
        _WORD + r"(?i:illegal (?:hardware )?instruction)|^\*\*\* SIGILL|^非法指令",
        "The processor does not know an instruction of the program",
        "Caffe or its BLAS was compiled for a newer processor (AVX).",
        "build on this machine, or with OpenBLAS of DYNAMIC_ARCH.",
        ("train.sh: line 2:  4242 Illegal instruction     (core dumped) caffe train",),
        kinds=END,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E6",
        "bus_error",
        _WORD + r"(?i:bus error)|^\*\*\* SIGBUS|^总线错误",
        "A mapped file is shorter than it should be, or shared memory is full",
        "A bus error comes in containers with a small /dev/shm, from an LMDB that was cut, and from a full disk.",
        "a larger --shm-size; look at the database and the disk.",
        ("Bus error: 10", "Bus error (core dumped)"),
        kinds=END,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E7",
        "division_by_zero",
        _WORD + r"(?i:floating point exception)|^\*\*\* SIGFPE|^浮点数例外",
        "A whole number was divided by 0",
        "A batch size, a display or test interval, or a group of 0 does it.",
        "look for a 0 in the definitions where a count is wanted.",
        ("train.sh: line 2:  4242 Floating point exception (core dumped) caffe train",),
        kinds=END,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E8",
        "heap_overwritten",
        r"double free|free\(\): |malloc\(\): |corrupted ",
        "The heap was overwritten earlier",
        "The check that fails is not the place of the fault: a label out of range on the CPU, a layer of one's own, or "
        "libraries of two versions in one process. The log does not tell these apart.",
        "labels from 0 to the number of classes less 1; one version of each library (ldd); valgrind finds the place.",
        ("double free or corruption (out)", "malloc(): memory corruption"),
        near=("I solver.cpp] Optimization Done.\ndouble free or corruption (out)",),
        kinds=EXCEPTION,
        when=lambda scene: (
            not scene.traced(r"SoftmaxWithLossLayer|AccuracyLayer|InfogainLossLayer|MultinomialLogisticLoss")
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "M11",
        "killed_from_outside",
        _WORD + r"(?i:killed)\b|SIGKILL|^已杀死|^Getötet",
        "The process was killed from outside (SIGKILL)",
        "Usually the kernel or a container's limit, because the memory (RAM) was used up; a scheduler or a person does "
        "the same. The log does not tell which. It is not the GPU's memory.",
        "dmesg shows whether it was the kernel; fewer prefetched batches, smaller HDF5 files; " + _RESUME,
        (
            "Killed",
            "train.sh: line 3:  9057 Killed                  caffe train",
            "zsh: killed     caffe train",
            "已杀死",
        ),
        kinds=END,
        severity="warning",
        when=lambda scene: not _silent_gpus(scene),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E4",
        "crashed",
        _WORD + r"(?i:segmentation fault)|SIGSEGV|^段错误|^Speicherzugriffsfehler|^Erreur de segmentation",
        "The process touched foreign memory and was ended (SIGSEGV)",
        "The commonest cause in a training is a label out of range on the CPU; a layer of one's own and libraries of two "
        "versions do the same. Without a stack trace the log does not tell which.",
        "labels from 0 to the number of classes less 1; gdb or a debug build tell the place.",
        (
            "train.sh: line 3:  9057 Segmentation fault      (core dumped) caffe train",
            "[1]    4242 segmentation fault (core dumped)  caffe train",
            "*** SIGSEGV (@0x0) received by PID 42 (TID 0x7f) from PID 0; stack trace: ***\n    @ 0x7f1 main",
        ),
        kinds=END,
        when=lambda scene: (
            not scene.traced(r"SoftmaxWithLossLayer|AccuracyLayer|InfogainLossLayer|MultinomialLogisticLoss")
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "E4",
        "aborted",
        _WORD + r"(?i:abort(?:ed| trap)?)\b|SIGABRT|^已放弃|^Abgebrochen|^Abandon",
        "The process aborted itself, and its reason is not in this log",
        "A failed check of Caffe's does this, after it has printed its line: that line went elsewhere or was cut.",
        "look for a line that begins with F in standard error or in glog's .FATAL file.",
        ("Aborted (core dumped)", "Abort trap: 6", "已放弃 (核心已转储)"),
        kinds=END,
    ),
    Diagnosis(
        "E1",
        "stopped_by_hand",
        r"Optimization stopped early",
        "The run was stopped by hand: Ctrl-C (SIGINT), or a terminal that was closed (SIGHUP)",
        "Caffe takes a snapshot first, as its signal handler is told.",
        _RESUME,
        ("I solver.cpp] Optimization stopped early.",),
        kinds=STOPPED,
        severity="note",
    ),
)
