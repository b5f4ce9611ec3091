"""What is known of the tests while nothing is mutated, recorded once for a state of the checkout."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.mutation.bench import SOURCE, WORK, CannotJudgeError
from tests.mutation.names import pieces, timed
from tests.mutation.reach import Reach
from tests.mutation.record import FOLDERS, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutation.bench import Bench

FILE: Final = WORK / "baseline.json"
TESTS: Final = ("tests/*.py", *(f"{folder}/**/*.py" for folder in FOLDERS))


@dataclass
class Baseline:
    """Every test with its processor time, and which of them meet a line."""

    everything: frozenset[str]  # those that are skipped or left out too
    cpu_s: dict[str, float]
    reach: Reach

    def tests(self, path: str, first: int, last: int) -> dict[str, float]:
        """The tests that meet these lines, each with its processor time."""
        mask = self.reach.of(path, first, last)
        return {name: self.cpu_s[name] for number, name in enumerate(self.reach.tests) if mask >> number & 1}


def _recorder(bench: Bench, number: int, benches: int, left_out: set[tuple[str, str]]) -> int:
    """Start a process that records a share of the tests."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = record(bench, number, benches, left_out)
        finally:
            os._exit(code)
    return child


def _record(benches: Sequence[Bench]) -> list[dict[str, Any]]:
    """Run all tests, a share in each bench; the lines that the recorders wrote."""
    # A test that measures time may fail because the machine is busy, and would then count as one that kills.
    left_out = timed(pieces(SOURCE, TESTS))
    children = [_recorder(bench, number, len(benches), left_out) for number, bench in enumerate(benches)]
    try:
        ends = [os.waitpid(child, 0)[1] for child in children]
    except KeyboardInterrupt:
        for child in children:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        raise
    if any(ends):
        logs = [bench.log.read_text(encoding="utf-8") for bench in benches]
        raise CannotJudgeError("the tests cannot be recorded:\n" + "\n".join(logs))
    return [json.loads(line) for path in WORK.glob("record*.jsonl") for line in path.open(encoding="utf-8")]


def _boiled(state: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The record as it is kept: for every line a number with a bit for each test that ran it."""
    heads, batches = [one for one in lines if "loaded" in one], [one for one in lines if "rows" in one]
    rows = [row for batch in batches for row in batch["rows"]]
    tests = {row["test"]: row["cpu_s"] for row in rows if row["outcome"] == "passed"}
    bits = {name: 1 << number for number, name in enumerate(tests)}
    masks: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for batch in batches:
        mask = sum(bits.get(row["test"], 0) for row in batch["rows"])
        for path, numbers in batch["lines"].items():
            for line in numbers:
                masks[path][line] |= mask
    modules = [name for path in WORK.glob("record*.modules") for name in path.read_text(encoding="utf-8").split()]
    return {
        "state": state,
        "tests": tests,
        "others": [*heads[0]["left_out"], *(row["test"] for row in rows if row["outcome"] == "skipped")],
        "failed": [f"{row['test']}\n{row['why']}" for row in rows if row["outcome"] == "failed"],
        "missing": sorted({name for head in heads for name in head["tests"]} - {row["test"] for row in rows}),
        "loaded": heads[0]["loaded"],
        "masks": {path: {line: f"{mask:x}" for line, mask in numbers.items()} for path, numbers in masks.items()},
        "modules": list(dict.fromkeys(modules)),
    }


def _recorded(state: str, benches: Sequence[Bench]) -> dict[str, Any]:
    """The record, made now; nothing of another state is kept beside it."""
    for pattern in ("record*", "coverage/*", "verdicts.jsonl", FILE.name):
        for path in WORK.glob(pattern):
            path.unlink()
    print("recording what each test runs …", flush=True)
    boiled = _boiled(state, _record(benches))
    if boiled["failed"] or boiled["missing"]:
        missing = [f"{name}\nis collected, but did not run" for name in boiled["missing"]]
        raise CannotJudgeError("\n".join([*boiled["failed"], *missing, "not all tests pass while nothing is mutated"]))
    FILE.write_text(json.dumps(boiled), encoding="utf-8")
    print(f"{len(boiled['tests'])} tests pass; {len(boiled['others'])} are skipped or measure time", flush=True)
    return boiled


def _load(names: Sequence[str]) -> None:
    """Import what the tests import of other packages, once for all trials."""
    for name in names:
        with suppress(Exception):  # a module that wants to be imported by another one first, or by nobody
            importlib.import_module(name)


def known(state: str, benches: Sequence[Bench]) -> Baseline:
    """The baseline of this state of the checkout: recorded before, or now."""
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    if kept.get("state") != state:
        kept = _recorded(state, benches)
    _load(kept["modules"])
    gc.freeze()  # what is shared with the children is not copied for looking at it
    masks = {path: {int(line): int(mask, 16) for line, mask in lines.items()} for path, lines in kept["masks"].items()}
    reach = Reach(list(kept["tests"]), masks, kept["loaded"], pieces(SOURCE, ("logparse/**/*.py", *TESTS)))
    return Baseline(frozenset([*kept["tests"], *kept["others"]]), kept["tests"], reach)
