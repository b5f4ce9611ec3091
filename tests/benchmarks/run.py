"""Time and memory of whole processes against the bytes themselves: one command, one table.

    python -m tests.benchmarks.run                     # 3, 30, 300 MB, plain and gz
    python -m tests.benchmarks.run --bytes 3e6 3e9     # other sizes; 3e9 takes minutes

Every task is a process of its own on a warm cache. The tasks of a size take turns, so that all meet the same
weather; figures are medians. "Beyond" is less the import floor: a process that only imports what the task needs.
Ratios are to `wc -l` and `grep -c 'Top shape'` over the same (unpacked) bytes in the same rounds. Logs go to a
temporary folder and are removed.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks.generate import DIALECTS, KINDS, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
LARGEST_GZ: Final = 4e8
MANY_ROUNDS, FEW_ROUNDS = 5, 3
FEW_FROM: Final = 1e9
# What a task's packages alone cost.
FLOORS: Final = {
    "numpy": "import numpy",
    "pandas": "import pandas",
    "parquet": "import pandas, pyarrow.parquet",
    "report": "import pandas, jinja2, matplotlib.figure, matplotlib.backends.backend_svg",
}
READ: Final = "import sys, logparse; logparse.parse_log(sys.argv[1])"


@dataclass(frozen=True)
class Task:
    """A command over a log, and the floor that it stands on."""

    name: str
    command: tuple[str, ...]
    floor: str | None


@dataclass(frozen=True)
class Run:
    """One process: wall seconds, processor seconds, peak resident bytes."""

    seconds: float
    processor: float
    peak: int


def tasks_of(log: Path, into: Path) -> list[Task]:
    """What is measured over one log."""
    logparse = (sys.executable, "-m", "logparse")
    parquet, table, page = (str(into / name) for name in ("train.parquet", "layers.csv", "report.html"))
    return [
        Task("read", (sys.executable, "-c", READ, str(log)), "numpy"),
        Task(
            "export train, parquet",
            (*logparse, "export", str(log), "--table", "train", "--format", "parquet", "-o", parquet, "--force"),
            "parquet",
        ),
        Task(
            "export layers, csv",
            (*logparse, "export", str(log), "--table", "layers", "--format", "csv", "-o", table, "--force"),
            "pandas",
        ),
        Task("report", (*logparse, "report", str(log), "-o", page, "--force"), "report"),
    ]


def yardsticks(log: Path) -> list[Task]:
    """The bytes touched, a word counted in them, and the imports."""
    floors = [Task(f"import: {name}", (sys.executable, "-c", code), None) for name, code in FLOORS.items()]
    return [
        Task("wc -l", ("wc", "-l", str(log)), None),
        Task("grep -c 'Top shape'", ("grep", "-c", "Top shape", str(log)), None),
        *floors,
    ]


def measure(command: Sequence[str]) -> Run:
    """Run one process to its end. Its output goes to a pipe: grep would stop early for /dev/null."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if process.stdout is not None:
        process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak)


def medians(tasks: Iterable[Task], rounds: int) -> dict[str, Run]:
    """The median of each task; they take turns."""
    found: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for task in tasks:
            found.setdefault(task.name, []).append(measure(task.command))
    return {
        name: Run(
            statistics.median(run.seconds for run in runs),
            statistics.median(run.processor for run in runs),
            max(run.peak for run in runs),
        )
        for name, runs in found.items()
    }


def line_of(task: Task, size: int, runs: Mapping[str, Run]) -> str:
    """One row of the table."""
    run = runs[task.name]
    floor = runs.get(f"import: {task.floor}")
    beyond = run.seconds - (floor.seconds if floor else 0.0)
    cells = [f"{task.name:<28}", f"{run.seconds:8.3f}", f"{run.processor:8.3f}"]
    if task.name.startswith("import"):
        return " ".join([*cells, " " * 40, f"{run.peak / 1e6:8.0f}"])
    ratios = [beyond / runs[name].seconds for name in ("wc -l", "grep -c 'Top shape'")]
    cells += [f"{beyond:8.3f}", f"{size / max(beyond, 1e-3) / 1e6:8.0f}", *(f"{ratio:8.1f} ×" for ratio in ratios)]
    return " ".join([*cells, f"{run.peak / 1e6:8.0f}"])


HEAD: Final = " ".join(
    [
        f"{'task':<28}",
        *(f"{title:>8}" for title in ("wall s", "cpu s", "beyond", "MB/s")),
        f"{'wc':>10}",
        f"{'grep':>10}",
        f"{'peak MB':>8}",
    ]
)


def bench(folder: Path, size: int, dialect: str, kind: str, rounds: int) -> dict[str, Run]:
    """Generate, measure and print one size; returns the medians of the plain log."""
    log = folder / f"{dialect}_{kind}_{size}.log"
    length = write(log, size, dialect, kind)
    tasks = tasks_of(log, folder)
    plain = medians([*yardsticks(log), *tasks], rounds)
    print(f"\n{dialect}, {kind}: {length / 1e6:,.0f} MB, median of {rounds}\n{HEAD}")
    for task in [*yardsticks(log), *tasks]:
        print(line_of(task, length, plain))
    if size <= LARGEST_GZ:
        packed = folder / f"{log.name}.gz"
        with log.open("rb") as source, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        zipped = [Task(f"{task.name} (gz)", task.command, task.floor) for task in tasks_of(packed, folder)]
        runs = medians(zipped, min(rounds, FEW_ROUNDS)) | {name: plain[name] for name in plain}
        for task in zipped:
            print(line_of(task, length, runs))
        packed.unlink()
    log.unlink()
    return plain


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bytes", type=float, nargs="+", default=[3e6, 30e6, 300e6], help="sizes of the logs")
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="bvlc")
    parser.add_argument("--kind", choices=KINDS, default="solver")
    parser.add_argument("--rounds", type=int, help="runs of each task (default: 5, from 1 GB on 3)")
    parser.add_argument("--folder", type=Path, help="where the logs go (default: the system's temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="logparse-benchmark-") as folder:
        for size in arguments.bytes:
            rounds = arguments.rounds or (FEW_ROUNDS if size >= FEW_FROM else MANY_ROUNDS)
            bench(Path(folder), int(size), arguments.dialect, arguments.kind, rounds)


if __name__ == "__main__":
    main()
