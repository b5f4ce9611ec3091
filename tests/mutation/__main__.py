"""How well the tests guard the rooms: change the program a little, many times, and see whether a test fails.

    python -m tests.mutation                              # every mutant of every room: a day or two
    python -m tests.mutation --sample 400 --seed 1        # as many at random, each with the same chance
    python -m tests.mutation logparse/tables/run/events.py  # all of one module, or of one folder

An interrupted run goes on where it was when it is started again; any edit of the checkout begins a new one. Ends with
0, with 1 where fewer than `--fail-under` of a hundred died, with 2 where nothing can be said.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.mutation import baseline, plants
from tests.mutation.bench import ENVIRONMENT, ROOT, SOURCE, WORK, Bench, CannotJudgeError, take
from tests.mutation.mutants import mutants, source
from tests.mutation.trial import Job, Trials, Verdict
from tests.mutation.verdicts import Kept, report, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.mutation.baseline import Baseline
    from tests.mutation.mutants import Mutant

SHOWN: Final = 120  # characters of a test's name
ROOMS: Final = tuple(f"logparse/{name}" for name in ("cost", "derive", "assembling", "tables", "audit"))


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", default=ROOMS, help="modules or folders (default: the rooms)")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of the mutants, at random")
    parser.add_argument("--seed", type=int, default=0, help="another number, another sample (default: 0)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="default: cores")
    parser.add_argument("--fail-under", type=float, default=0, metavar="PERCENT", help="least share that must die")
    return parser.parse_args()


def modules(paths: Sequence[str]) -> Iterator[Path]:
    """The modules that the paths name, in the copy."""
    for name in paths:
        path = SOURCE / Path(name).resolve().relative_to(ROOT)
        if not path.exists():
            raise CannotJudgeError(f"no such module or folder: {name}")
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def chosen(paths: Sequence[str], size: int | None, seed: int) -> list[Mutant]:
    """All mutants of the modules, or a sample, without those that are the same program."""
    every = [mutant for path in dict.fromkeys(modules(paths)) for mutant in mutants(SOURCE, path)]
    print(f"{len(every)} mutants", flush=True)
    order = random.Random(seed).sample(every, len(every))  # noqa: S311 - a sample, no secret
    real = (mutant for mutant in order if source(SOURCE, mutant) is not None)
    return [mutant for _, mutant in zip(range(size or len(every)), real, strict=False)]


def jobs(todo: Sequence[Mutant], known: Baseline, kept: Kept) -> Iterator[Job]:
    """What is to be tried; a mutant that no test reaches needs no trial."""
    for mutant in todo:
        tests = known.tests(mutant.path, mutant.first, mutant.last)
        if tests:
            yield Job(mutant.name, mutant.path, source(SOURCE, mutant) or "", tests)
        else:
            kept.add(Verdict(mutant.name, "unreached", "", 0, 0))


def run(todo: Sequence[Mutant], known: Baseline, benches: Sequence[Bench], kept: Kept) -> None:
    """Try what has no verdict yet."""
    left = [mutant for mutant in todo if mutant.name not in kept.found]
    print(f"{len(todo) - len(left)} of {len(todo)} have their verdict already", flush=True)
    begun, spent_s, done = time.monotonic(), 0.0, 0
    for verdict in Trials(benches, known.everything).verdicts(jobs(left, known, kept)):
        kept.add(verdict)
        done, spent_s = done + 1, spent_s + verdict.cpu_s
        print(
            f"{done:>5} {verdict.outcome:<9} {verdict.cpu_s:6.1f} s  {verdict.name}  {verdict.by[:SHOWN]}", flush=True
        )
    clock_s = time.monotonic() - begun
    print(f"{done} tried: {spent_s / 60:.1f} min of processor time, {clock_s / 60:.1f} min by the clock", flush=True)


def alone() -> int:
    """Make sure that no other run is at work in this checkout, as long as this process lives."""
    WORK.mkdir(exist_ok=True)
    lock = os.open(WORK / "lock", os.O_CREAT | os.O_WRONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotJudgeError("another run is at work in this checkout") from None
    return lock


def main() -> int:
    """The command."""
    asked = options()
    os.environ.update(ENVIRONMENT)
    alone()
    state = take()
    todo = chosen(asked.paths, asked.sample, asked.seed)
    benches = [Bench(number) for number in range(max(1, asked.jobs))]
    known = baseline.known(state, benches)
    plants.believe(known, benches)
    kept = Kept(WORK / "verdicts.jsonl")
    run(todo, known, benches, kept)
    lines = list(report(SOURCE, todo, kept.found))
    (WORK / "report.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("", *lines, f"written to {WORK / 'report.txt'}", sep="\n")
    return int(share(kept.found[mutant.name].outcome for mutant in todo) < asked.fail_under)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(2)
    except CannotJudgeError as reason:
        print(reason, file=sys.stderr)
        sys.exit(2)
