"""How fast each attempt worked: images and FLOPs a second, what the time went into, what is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from logparse.tables import filing
from logparse.tables.curves import test_durations, test_results
from logparse.tables.events import iteration_of
from logparse.tables.frames import frame
from logparse.tables.robust import median
from logparse.tables.timing import timing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from logparse.derive.facts import NetFact
    from logparse.model import Attempt, LogFacts
    from logparse.tables.filing import Column, Columns

    Row = dict[str, Any]

RECENT: Final = 20  # displays that tell how fast it runs now: enough for a median, few enough to be recent
WAITS_PER_LINE: Final = 1000  # BlockingQueue::pop prints its first wait and then every 1000th (LOG_EVERY_N)


@dataclass(frozen=True, slots=True)
class Pauses:
    """What kept the solver from training: line, seconds and kind ("test", "snapshot") of each pause, by line."""

    line: Column
    seconds: Column
    is_test: Column

    def before(self, lines: Column) -> Column:
        """All seconds paused before each line."""
        total = np.concatenate([[0.0], np.cumsum(self.seconds)])
        paused: Column = total[np.searchsorted(self.line, lines)]
        return paused


def throughput(facts: LogFacts, nets: Mapping[int, Sequence[NetFact]]) -> pd.DataFrame:
    """One row per attempt that trains or is timed."""
    shown = facts.curves.series.get("display")
    paused = pauses(facts)
    clock = None if shown is None else _clock(shown, facts)
    rows = []
    for attempt in facts.attempts:
        work = _work(attempt, nets[attempt.index])
        mine = slice(0) if clock is None else _mine(clock, attempt)
        if clock is not None and mine.stop > mine.start:
            rows.append({**work, **_trained(attempt, {name: clock[name][mine] for name in clock}, paused)})
        elif attempt.command == "time":
            rows.append(work)
    _add_timed(rows, facts, nets)
    return frame("throughput", [_with_rates(row) for row in rows])


def _clock(shown: Columns, facts: LogFacts) -> Columns:
    attempt = filing.attempt_of(shown["line"], facts.attempts)
    elapsed = filing.elapsed_and_time(shown, attempt, facts)["elapsed_s"]
    return {**{name: shown[name] for name in ("line", "iteration", "seconds", "interval")}, "elapsed_s": elapsed}


def _mine(clock: Columns, attempt: Attempt) -> slice:
    first, last = np.searchsorted(clock["line"], [attempt.line, attempt.end_line + 1]).tolist()
    return slice(0 if attempt.index == 1 else first, last)


def _work(attempt: Attempt, nets: Sequence[NetFact]) -> Row:
    """What one iteration is: images, and MACs forward and backward; the printed batch is that of one GPU."""
    own = [fact for fact in nets if fact.net.nested is None]
    trained = next((fact for fact in own if fact.net.phase == "TRAIN"), own[0] if own else None)
    iter_size = attempt.solver.integer("iter_size", 1) if attempt.solver is not None else 1
    gpus = attempt.gpus or 1
    row: Row = {"attempt": attempt.index, "iter_size": iter_size, "gpus": gpus, "line": attempt.line}
    if trained is None:
        return row
    macs = [fact.cost.macs.value for fact in trained.layers]
    backward = [fact.cost.backward_macs.value for fact in trained.layers]
    row["batch"] = trained.batch
    row["images_per_iteration"] = None if trained.batch is None else trained.batch * iter_size * gpus
    row["macs_per_iteration"] = iter_size * gpus * sum(value for value in (*macs, *backward) if value is not None)
    row["unknown_layers"] = sum(None in pair for pair in zip(macs, backward, strict=True))
    return row


def _trained(attempt: Attempt, clock: Columns, paused: Pauses) -> Row:
    rates = training_rates(clock, paused)
    recent = median(rates[-RECENT:])
    mine = (paused.line >= attempt.line) & (paused.line <= attempt.end_line)
    tests, snapshots = (paused.seconds[mine & (paused.is_test == kind)] for kind in (True, False))
    first, last = int(clock["iteration"][0]), int(clock["iteration"][-1])
    before = float(tests[: _first_tests(paused, clock, mine)].sum())
    row = {
        "iterations": last - first,
        "iterations_per_second": _known(median(rates)),
        "recent_iterations_per_second": _known(recent),
        "seconds_total": attempt.duration_s,
        "seconds_before_training": _known(float(clock["elapsed_s"][0]) - before),
        "tests": len(tests),
        "seconds_in_tests": float(tests.sum()),
        "snapshots": len(snapshots),
        "seconds_in_snapshots": float(snapshots.sum()),
        "data_waits": data_waits(attempt),
    }
    return {**row, **_left(attempt, last, recent, row)}


def data_waits(attempt: Attempt) -> int:
    """How often at least the solver waited for its data: each kind of wait is counted, and printed, on its own."""
    lines = Counter(event.text for event in attempt.events if event.kind == "stall")
    return sum((number - 1) * WAITS_PER_LINE + 1 for number in lines.values())


def _first_tests(paused: Pauses, clock: Columns, mine: Column) -> int:
    """How many of the attempt's tests ran before its first display."""
    return int((paused.line[mine & paused.is_test] < clock["line"][0]).sum())


def training_rates(clock: Columns, paused: Pauses) -> Column:
    """Iterations a second between neighbouring displays, tests and snapshots taken out; by stamps, else as printed.

    nan where the iteration does not grow, or the clock does not.
    """
    steps = np.diff(clock["iteration"]).astype(np.float64)
    seconds = np.diff(clock["elapsed_s"])
    seconds = np.where(np.isfinite(seconds), seconds, clock["seconds"][1:])
    seconds = seconds - np.diff(paused.before(clock["line"]))
    rates: Column = np.where((steps > 0) & (seconds > 0), steps / np.where(seconds > 0, seconds, 1.0), np.nan)
    return rates


def pauses(facts: LogFacts) -> Pauses:
    """All tests and snapshots of a log that can be timed."""
    found = sorted([*_tests(facts), *_snapshots(facts)])
    return Pauses(
        np.array([line for line, _, _ in found], dtype=np.int64),
        np.array([seconds for _, seconds, _ in found], dtype=np.float64),
        np.array([kind for _, _, kind in found], dtype=bool),
    )


def _tests(facts: LogFacts) -> list[tuple[int, float, bool]]:
    starts, results = facts.curves.series.get("test_start"), test_results(facts)
    if starts is None or results is None:
        return []
    seconds = test_durations(results, starts)
    return [
        (line, length, True)
        for line, length in zip(starts["line"].tolist(), seconds.tolist(), strict=True)
        if np.isfinite(length)
    ]


def _snapshots(facts: LogFacts) -> list[tuple[int, float, bool]]:
    """At least so long each took: up to the line about the solver's state, and on to a test that follows at once."""
    tested = _elapsed_of_tests(facts)
    found = []
    for attempt in facts.attempts:
        for one, state in pairwise(event for event in attempt.events if event.time_s is not None):
            pair = one.kind == "snapshot" and state.kind == "solverstate"
            if not pair or iteration_of(one.path) != iteration_of(state.path):
                continue
            ends = [state.time_s or 0.0]
            if state.line + 1 in tested and attempt.start_s is not None:
                ends.append(attempt.start_s + tested[state.line + 1])
            found.append((one.line, max(max(ends) - (one.time_s or 0.0), 0.0), False))
    return found


def _elapsed_of_tests(facts: LogFacts) -> dict[int, float]:
    """Line of each test's start → seconds since the start of its attempt."""
    starts = facts.curves.series.get("test_start")
    if starts is None:
        return {}
    attempt = filing.attempt_of(starts["line"], facts.attempts)
    seconds = filing.elapsed_and_time(starts, attempt, facts)["elapsed_s"]
    known = np.isfinite(seconds)
    return dict(zip(starts["line"][known].tolist(), seconds[known].tolist(), strict=True))


def _left(attempt: Attempt, last: int, recent: float, row: Row) -> Row:
    """Of a run whose end is not in the log: iterations, and seconds at its recent speed with its share of pauses."""
    target = attempt.solver.integer("max_iter", 0) if attempt.solver is not None else 0
    if attempt.outcome != "unfinished" or target <= last:
        return {}
    left = target - last
    done = row["iterations"]
    pause = row["seconds_in_tests"] + row["seconds_in_snapshots"]
    per_iteration = (1 / recent if recent > 0 else np.nan) + (pause / done if done else 0.0)
    return {"iterations_left": left, "seconds_left": _known(left * per_iteration)}


def _add_timed(rows: list[Row], facts: LogFacts, nets: Mapping[int, Sequence[NetFact]]) -> None:
    """The speed of `caffe time`: one forward and one backward pass are its iteration."""
    if not any("iterations" not in row for row in rows):
        return
    timed = timing(facts, nets)
    for row in rows:
        own = timed[(timed["attempt"] == row["attempt"]) & (timed["scope"] == "net")]
        if "iterations" in row or own.empty:
            continue
        both = own[["forward_ms", "backward_ms"]].iloc[-1]
        if both.notna().all() and both.sum() > 0:
            row["iterations_per_second"] = 1000 / float(both.sum())


def _with_rates(row: Row) -> Row:
    rate, images, macs = (
        row.get(key) for key in ("iterations_per_second", "images_per_iteration", "macs_per_iteration")
    )
    return {
        **row,
        "images_per_s": None if rate is None or images is None else rate * images,
        "gflops": None if rate is None or not macs else 2 * macs * rate * 1e-9,
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
