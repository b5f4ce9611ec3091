"""`throughput`: how fast each attempt worked: images and FLOPs a second, what the time went into, what is left."""

from __future__ import annotations

from collections import Counter
from math import isfinite, nan
from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, LINE, decimal, whole
from logparse.tables.nets.key import own_nets
from logparse.tables.speed import timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.derive.facts import NetFact
    from logparse.model import Attempt, LogFacts
    from logparse.tables.series.arrays import Array, Arrays
    from logparse.tables.speed.pauses import Pauses
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    whole(
        "batch", "Batch", "Images of one forward pass on one GPU, as the training net's first data top shows.", "images"
    ),
    whole("iter_size", "iter_size", "Batches whose gradients are summed in one iteration."),
    whole("gpus", "GPUs", "How many train together, each on a batch of its own; 1 where the log names none."),
    whole("images_per_iteration", "Images / iteration", "batch × iter_size × gpus.", "images"),
    whole("iterations", "Iterations", "From the first displayed to the last."),
    decimal(
        "iterations_per_second",
        "iter/s",
        "Median over the displays, without the time of tests and snapshots; of caffe time, 1 over a forward and a "
        "backward pass.",
    ),
    decimal("recent_iterations_per_second", "iter/s, last", "The same over the last 20 displays."),
    decimal("images_per_s", "Images / s", "images_per_iteration × iterations_per_second."),
    whole(
        "macs_per_iteration",
        "MACs / iteration",
        "Forward and backward, of all batches of an iteration; a lower bound where layers are unknown.",
        "MAC",
    ),
    whole("unknown_layers", "Layers without MACs", "Layers whose MACs are not known; the sum leaves them out."),
    decimal("gflops", "GFLOP/s", "2 × macs_per_iteration × iterations_per_second.", "GFLOP/s"),
    decimal("seconds_total", "Seconds", "Last time stamp minus first.", "s"),
    decimal("seconds_before_training", "Set-up", "From the first line to the first display, tests left out.", "s"),
    whole("tests", "Tests", "Tests whose time is known, of every test net."),
    decimal("seconds_in_tests", "In tests", "From each test's first line to its last.", "s"),
    whole("snapshots", "Snapshots", "Snapshots whose time is known."),
    decimal(
        "seconds_in_snapshots",
        "In snapshots",
        "At least: of the model, and of the solver's state where a test follows at once.",
        "s",
    ),
    whole("data_waits", "Waits for data", "At least: Caffe prints the first and then every 1,000th."),
    whole("iterations_left", "Iterations left", "Up to max_iter, of a run whose end is not in the log."),
    decimal("seconds_left", "Time left", "At the recent speed, with its share of tests and snapshots.", "s"),
    LINE,
)

RECENT: Final = 20  # displays that tell how fast it runs now: enough for a median, few enough to be recent
WAITS_PER_LINE: Final = 1000  # BlockingQueue::pop prints its first wait and then every 1000th (LOG_EVERY_N)


def build(log: LogLike) -> Built:
    """One row per attempt that trains or is timed."""
    from logparse.tables.speed.pauses import pauses

    paused = pauses(log.facts)
    shown = _displays(log.facts)
    rows = []
    for attempt in log.facts.attempts:
        work = _work(attempt, log.derived.nets[attempt.index])
        mine = slice(0) if shown is None else _mine(shown, attempt)
        if shown is not None and mine.stop > mine.start:
            rows.append({**work, **_trained(attempt, {name: shown[name][mine] for name in shown}, paused)})
        elif attempt.command == "time":
            rows.append(work)
    if any("iterations" not in row for row in rows):
        _add_timed(rows, timing.build(log))
    return [_with_rates(row) for row in rows]


def _displays(facts: LogFacts) -> Arrays | None:
    """What the displays tell about speed, with the seconds since each attempt's start."""
    from logparse.tables.series import clock, filing

    shown = facts.curves.series.get("display")
    if shown is None:
        return None
    attempt = filing.attempt_of(shown["line"], facts.attempts)
    elapsed = clock.elapsed_and_time(shown, attempt, facts)["elapsed_s"]
    return {**{name: shown[name] for name in ("line", "iteration", "seconds", "interval")}, "elapsed_s": elapsed}


def _mine(shown: Arrays, attempt: Attempt) -> slice:
    first, last = shown["line"].searchsorted([attempt.line, attempt.end_line + 1]).tolist()
    return slice(0 if attempt.index == 1 else first, last)


def _work(attempt: Attempt, nets: Sequence[NetFact]) -> BuiltRow:
    """What one iteration is: images, and MACs forward and backward; the printed batch is that of one GPU."""
    own = own_nets(nets)
    trained = next((fact for fact in own if fact.net.phase == "TRAIN"), own[0] if own else None)
    iter_size = attempt.solver.integer("iter_size", 1) if attempt.solver is not None else 1
    gpus = attempt.gpus or 1
    row: BuiltRow = {"attempt": attempt.index, "iter_size": iter_size, "gpus": gpus, "line": attempt.line}
    if trained is None:
        return row
    macs = [trained.of_batch(fact.cost.macs.value) for fact in trained.layers]
    backward = [trained.of_batch(fact.cost.backward_macs.value) for fact in trained.layers]
    row["batch"] = trained.batch
    row["images_per_iteration"] = None if trained.batch is None else trained.batch * iter_size * gpus
    if trained.is_per_image and trained.batch is None:  # figures of one image, of unknown many in a batch
        return row
    row["macs_per_iteration"] = iter_size * gpus * sum(value for value in (*macs, *backward) if value is not None)
    row["unknown_layers"] = sum(None in pair for pair in zip(macs, backward, strict=True))
    return row


def _trained(attempt: Attempt, shown: Arrays, paused: Pauses) -> BuiltRow:
    from logparse.tables.series.arrays import known_whole
    from logparse.tables.series.robust import median
    from logparse.tables.speed.pauses import training_rates

    rates = training_rates(shown, paused)
    recent = median(rates[-RECENT:])
    mine = (paused.line >= attempt.line) & (paused.line <= attempt.end_line)
    tests, snapshots = (paused.seconds[mine & (paused.is_test == kind)] for kind in (True, False))
    first, last = known_whole(shown["iteration"][0]), known_whole(shown["iteration"][-1])
    before = float(tests[: _first_tests(paused, shown, mine)].sum())
    row = {
        "iterations": None if first is None or last is None else last - first,
        "iterations_per_second": _known(median(rates)),
        "recent_iterations_per_second": _known(recent),
        "seconds_total": attempt.duration_s,
        "seconds_before_training": _known(float(shown["elapsed_s"][0]) - before),
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


def _first_tests(paused: Pauses, shown: Arrays, mine: Array) -> int:
    """How many of the attempt's tests ran before its first display."""
    return int((paused.line[mine & paused.is_test] < shown["line"][0]).sum())


def _left(attempt: Attempt, last: int | None, recent: float, row: BuiltRow) -> BuiltRow:
    """Of a run whose end is not in the log: iterations, and seconds at its recent speed with its share of pauses."""
    target = attempt.solver.integer("max_iter", 0) if attempt.solver is not None else 0
    if attempt.outcome != "unfinished" or last is None or target <= last:
        return {}
    left = target - last
    done = row["iterations"]
    pause = row["seconds_in_tests"] + row["seconds_in_snapshots"]
    per_iteration = (1 / recent if recent > 0 else nan) + (pause / done if done else 0.0)
    return {"iterations_left": left, "seconds_left": _known(left * per_iteration)}


def _add_timed(rows: list[BuiltRow], timed: Sequence[BuiltRow]) -> None:
    """The speed of `caffe time`: one forward and one backward pass of the last benchmark are its iteration."""
    passes = {row["attempt"]: (row.get("forward_ms"), row.get("backward_ms")) for row in timed if row["scope"] == "net"}
    for row in rows:
        forward, backward = passes.get(row["attempt"], (None, None))
        if "iterations" not in row and forward is not None and backward is not None and forward + backward > 0:
            row["iterations_per_second"] = 1000 / (forward + backward)


def _with_rates(row: BuiltRow) -> BuiltRow:
    rate, images, macs = (
        row.get(key) for key in ("iterations_per_second", "images_per_iteration", "macs_per_iteration")
    )
    return {
        **row,
        "images_per_s": None if rate is None or images is None else rate * images,
        "gflops": None if rate is None or not macs else 2 * macs * rate * 1e-9,
    }


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
