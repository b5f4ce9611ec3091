"""What is known of the tests while nothing is mutated, recorded once for a state of the checkout."""

from __future__ import annotations

import gc
import importlib
import json
import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.mutation.bench import SOURCE, WORK, CannotJudgeError
from tests.mutation.reach import Reach, pieces, timed
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


def _record(benches: Sequence[Bench]) -> list[dict[str, Any]]:
    """Run all tests, a share in each bench; the lines that the recorders wrote."""
    # A test that measures time may fail because the machine is busy, and would then count as one that kills.
    left_out, children = timed(pieces(SOURCE, TESTS)), []
    for number, bench in enumerate(benches):
        child = os.fork()
        if child == 0:
            code = 3
            try:
                code = record(bench, number, len(benches), left_out)
            finally:
                os._exit(code)
        children.append(child)
    ends = [os.waitpid(child, 0)[1] for child in children]
    if any(ends):
        logs = [bench.log.read_text(encoding="utf-8") for bench in benches]
        raise CannotJudgeError("the tests cannot be recorded:\n" + "\n".join(logs))
    return [json.loads(line) for path in WORK.glob("record*.jsonl") for line in path.open(encoding="utf-8")]


def _boiled(state: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The record as it is kept: for every line a number with a bit for each test that ran it."""
    head, batches = next(one for one in lines if "loaded" in one), [one for one in lines if "rows" in one]
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
        "others": [*head["left_out"], *(row["test"] for row in rows if row["outcome"] == "skipped")],
        "failed": [f"{row['test']}\n{row['why']}" for row in rows if row["outcome"] == "failed"],
        "missing": head["tests"] - len(rows),
        "loaded": head["loaded"],
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
        failed = "\n".join(boiled["failed"])
        raise CannotJudgeError(f"not all tests pass while nothing is mutated ({boiled['missing']} missing):\n{failed}")
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
