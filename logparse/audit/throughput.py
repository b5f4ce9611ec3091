"""What the time went into, how fast it went, and how much is left: figures of the table `throughput`, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.finding import Finding
from logparse.formats import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.audit.finding import AuditedLog
    from logparse.model import Attempt
    from logparse.rows import TableRow

# A tenth of the time is worth a change of test_interval, test_iter or snapshot; less is not worth the thought.
TIME_WORTH: Final = 0.1
# Shorter runs are trials, in which a first test or snapshot is most of the time.
SECONDS_WORTH: Final = 60.0
# One wait stands at every start, when the queue is empty. As many waits as a tenth of the batches are the reader's.
WAITS_WORTH: Final = 0.1
# A run at less than this share of its own median speed has slowed: another process, a throttling card, a slow disk.
SLOW_SHARE: Final = 0.7


def speed(log: AuditedLog) -> Iterator[Finding]:
    """Images and FLOPs a second of each attempt that trained or was timed."""
    for row in log.rows("throughput"):
        if formats.is_na(row["images_per_s"]):
            continue
        gflops = row["gflops"]
        rate = "" if formats.is_na(gflops) else f", {_flops(gflops)}"
        yield Finding(
            "note",
            "throughput",
            f"{formats.significant(row['images_per_s'])} images/s{rate}",
            "The printed batch is that of one GPU. The speed is the median over the displays, tests and snapshots "
            "taken out; FLOPs are 2 × MACs, forward and backward.",
            tuple(_speed_evidence(row)),
            int(row["attempt"]),
            line=int(row["line"]),
        )


def _flops(gflops: float) -> str:
    """`32.5 GFLOP/s`, `7.08 TFLOP/s`."""
    return f"{formats.short(gflops * 1e9)}FLOP/s"


def _speed_evidence(row: TableRow) -> Iterator[str]:
    gpus = f" × {row['gpus']} GPUs" if row["gpus"] > 1 else ""  # a run on the CPU has none
    yield (
        f"batch {formats.count(row['batch'])} × iter_size {row['iter_size']}{gpus} = "
        f"{formats.count(row['images_per_iteration'])} {plural('image', row['images_per_iteration'])} an iteration"
    )
    yield f"{formats.significant(row['iterations_per_second'])} iterations/s"
    if not formats.is_na(row["macs_per_iteration"]) and row["macs_per_iteration"]:
        yield f"{formats.mac_count(row['macs_per_iteration'])} an iteration"
    if not formats.is_na(row["unknown_layers"]) and row["unknown_layers"]:
        number = int(row["unknown_layers"])
        yield f"a lower bound: the MACs of {number} {plural('layer', number)} are not known"


def lost_time(log: AuditedLog) -> Iterator[Finding]:
    """Attempts that spend much of their time in tests or snapshots."""
    for row in log.rows("throughput"):
        for what, advice in _PAUSES.items():
            total, seconds = row["seconds_total"], row[f"seconds_in_{what}"]
            if not _trains(row) or formats.is_na(total) or total < SECONDS_WORTH or seconds < TIME_WORTH * total:
                continue
            number = int(row[what])
            attempt = log.attempt(row["attempt"])
            yield Finding(
                "hint",
                f"time_in_{what}",
                f"{formats.percent(min(seconds / total, 1.0))} of the time goes into {what}: "
                f"{formats.duration(seconds)} of {formats.duration(total)}",
                advice,
                (
                    f"{formats.count(number)} {plural(what[:-1], number)}",
                    f"on average {formats.duration(seconds / number)}",
                    *_settings(attempt, what),
                ),
                attempt.index,
                line=int(row["line"]),
            )


_PAUSES: Final[Mapping[str, str]] = {
    "tests": "Nothing is trained while a test runs. What helps: a longer test_interval, fewer test_iter or a larger "
    "test batch.",
    "snapshots": "Nothing is trained while a snapshot is written. What helps: a longer snapshot interval, or a faster "
    "disk.",
}
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {"tests": ("test_interval", "test_iter"), "snapshots": ("snapshot",)}


def _settings(attempt: Attempt, what: str) -> Iterator[str]:
    """What the solver was told about them."""
    for name in _FIELDS[what]:
        if attempt.solver is not None and attempt.solver.has(name):
            yield f"{name}: {', '.join(str(value) for value in attempt.solver.all(name))}"


def _trains(row: TableRow) -> bool:
    """Whether the attempt trained at all: a job that only tests spends all its time so on purpose."""
    return not formats.is_na(row["iterations"]) and row["iterations"] > 0


def waited_for_data(log: AuditedLog) -> Iterator[Finding]:
    """Attempts that waited for their data more than once in a while."""
    for row in log.rows("throughput"):
        if not _trains(row):
            continue
        waits, iterations = row["data_waits"], row["iterations"]
        batches = int(iterations) * int(row["iter_size"]) * int(row["gpus"])
        lines = [event.line for event in log.attempt(row["attempt"]).events if event.kind == "stall"]
        if len(lines) < 2 or waits < WAITS_WORTH * batches:  # the first is every start's
            continue
        yield Finding(
            "hint",
            "data_waits",
            f"The solver waited for data at least {formats.count(waits)} times in {formats.count(batches)} batches",
            "Caffe prints the first wait and then every 1,000th. Reading, decoding or transforming the data is slower "
            "than the net. What helps: a faster disk, smaller images, more prefetch, or a database.",
            (f"{formats.count(len(lines))} lines, the first {lines[0]}, the last {lines[-1]}",),
            int(row["attempt"]),
            line=lines[0],
        )


def slowed(log: AuditedLog) -> Iterator[Finding]:
    """Attempts whose last displays came much slower than the rest."""
    for row in log.rows("throughput"):
        median, recent = row["iterations_per_second"], row["recent_iterations_per_second"]
        if formats.is_na(median) or formats.is_na(recent) or recent >= SLOW_SHARE * median:
            continue
        yield Finding(
            "hint",
            "slowed",
            f"The last displays came at {formats.percent(recent / median)} of the run's median speed",
            "Something slowed the machine, the card or the data; the log does not tell which. What helps: look for "
            "another process, a card that throttles, or a slower disk.",
            (f"{formats.significant(recent)} iterations/s after {formats.significant(median)}",),
            int(row["attempt"]),
            line=int(row["line"]),
        )


def time_left(log: AuditedLog) -> Iterator[Finding]:
    """Of a run whose end is not in the log: what it still has to do, if it is still going; not of one that is lost."""
    open_ended = {row["attempt"] for row in log.rows("attempts") if row["outcome"] == "unfinished"}
    for row in log.rows("throughput"):
        if formats.is_na(row["seconds_left"]) or row["attempt"] not in open_ended:
            continue
        yield Finding(
            "note",
            "time_left",
            f"{formats.count(row['iterations_left'])} {plural('iteration', row['iterations_left'])} "
            f"{'is' if row['iterations_left'] == 1 else 'are'} left; if the run is still going, about "
            f"{formats.duration(row['seconds_left'])}",
            "Counted from the last line of the log, at the speed of the last 20 displays, with the run's share of "
            "tests and snapshots.",
            (f"{formats.significant(row['recent_iterations_per_second'])} iterations/s of late",),
            int(row["attempt"]),
            line=log.attempt(row["attempt"]).end_line,
        )
