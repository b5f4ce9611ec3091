"""Real logs, damaged in every way that we know, thousands of them: none may raise, hang or take all memory.

    python -m tests.hostile --inputs 20000 --seed 1               # about an hour on two cores
    python -m tests.hostile --inputs 20000 --seed 1 --first 8000  # goes on from there
    python -m tests.hostile --seed 1 --first 4711 --inputs 1      # that input again

Input number N of a seed is the same whenever it is made of the same logs. Every input meets all tables, every fifth the
report, the exports or what is recovered, in a process of its own (Linux). What fails is saved in `.hostile/` with its
story and traceback. Ends with 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.hostile.mutations import ROOT, log, mutated, names
from tests.hostile.trial import Trials, Verdict, warmed

if TYPE_CHECKING:
    from collections.abc import Iterable

SAVED: Final = ROOT / ".hostile"  # named in .gitignore
TOLD_EVERY: Final = 500


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="tests.hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="another number, other inputs (default: 0)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with this one (default: 0)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="default: cores")
    return parser.parse_args()


def place_of(detail: str) -> str:
    """What failed, in a line: the last place of ours in a traceback, and the error."""
    lines = detail.strip().split("\n")
    ours = [line.strip() for line in lines if "/logparse/" in line]
    return f"{lines[-1][:100]}  {ours[-1].partition('/logparse/')[2] if ours else ''}"


def save(seed: int, verdict: Verdict) -> None:
    """Keep an input that failed."""
    SAVED.mkdir(exist_ok=True)
    made = mutated(seed, verdict.number)
    (SAVED / f"{seed}-{verdict.number}.log").write_bytes(made.data)
    (SAVED / f"{seed}-{verdict.number}.txt").write_text(f"{made.story}\n{verdict.detail}\n", encoding="utf-8")


def told(verdicts: Iterable[Verdict], seed: int) -> Counter[str]:
    """Take the verdicts in, save what failed, and say how it goes; how many there were of each outcome."""
    counts: Counter[str] = Counter()
    places: Counter[str] = Counter()
    slowest, largest = Verdict(0, "ok"), Verdict(0, "ok")
    for done, verdict in enumerate(verdicts, 1):
        counts[verdict.outcome] += 1
        slowest = max(slowest, verdict, key=lambda one: one.cpu_s)
        largest = max(largest, verdict, key=lambda one: one.peak_bytes)
        if verdict.is_failure:
            save(seed, verdict)
            places[f"{verdict.outcome}  {place_of(verdict.detail)}"] += 1
            print(f"{verdict.number:>6} {verdict.outcome:<7} {place_of(verdict.detail)}", flush=True)
        if done % TOLD_EVERY == 0:
            print(f"{done} tried, up to number {verdict.number}: {dict(counts)}", flush=True)
    print("", *(f"{count:>5}  {place}" for place, count in places.most_common()), dict(counts), sep="\n")
    print(f"slowest: number {slowest.number}, {slowest.cpu_s:.1f} s of processor time")
    print(f"largest: number {largest.number}, {largest.peak_bytes >> 20} MB")
    return counts


def main() -> int:
    """The command."""
    asked = options()
    warmed(log(ROOT / "sample_logs" / "lenet_excerpt.log"))
    print(f"{asked.inputs} inputs from number {asked.first} of seed {asked.seed}, of {len(names())} logs", flush=True)
    with Trials(lambda number: mutated(asked.seed, number).data, max(1, asked.jobs)) as trials:
        counts = told(trials.verdicts(iter(range(asked.first, asked.first + asked.inputs))), asked.seed)
    return int(any(Verdict(0, outcome).is_failure for outcome in counts))


if __name__ == "__main__":
    # A thread each: a process with threads should not fork, and the processes share the cores already.
    if os.environ.setdefault("OPENBLAS_NUM_THREADS", "") != "1":
        os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
        os.execv(sys.executable, [sys.executable, "-m", "tests.hostile", *sys.argv[1:]])  # noqa: S606 - this program
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: --first goes on from the number last told")
