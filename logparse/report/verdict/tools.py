"""What `caffe time` and `caffe test` found: the totals of the last benchmark, the means of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse import formats
from logparse.rows import float_of

if TYPE_CHECKING:
    from logparse.report.reported_log import ReportedLog
    from logparse.rows import TableRow


class Benchmark(NamedTuple):
    """One forward and one backward pass of the last benchmark, ms; and its layers."""

    forward_ms: float
    backward_ms: float
    layers: tuple[TableRow, ...]


def benchmark(log: ReportedLog) -> Benchmark | None:
    """The last benchmark of the leading attempt; None where its totals are not printed."""
    rows = log.of_lead("timing")
    totals = [row for row in rows if row["scope"] == "net"]
    forward, backward = (float_of(totals[-1][key]) if totals else None for key in ("forward_ms", "backward_ms"))
    if forward is None or backward is None:
        return None
    run = totals[-1]["run"]
    return Benchmark(forward, backward, tuple(row for row in rows if row["scope"] == "layer" and row["run"] == run))


class Result(NamedTuple):
    """The mean of one output over a test's batches, as printed, with its line."""

    name: str
    value: float
    line: int


def results(log: ReportedLog) -> tuple[Result, ...]:
    """The means of `caffe test`, scores before losses, in the order of the log."""
    rows = [row for row in log.of_lead("events") if row["kind"] == "test_result" and not formats.is_na(row["value"])]
    found = [Result(str(row["text"]).partition(" = ")[0], float(row["value"]), int(row["line"])) for row in rows]
    return tuple(sorted(found, key=lambda one: "loss" in one.name.lower()))
