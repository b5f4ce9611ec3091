"""Which build of Caffe wrote a log, where lines that only one of them prints tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.model import LogFacts

# ForkBuild → reasons of the ledger that are its own: what nobody else prints.
FORK_MARKS: Final[Mapping[str, frozenset[str]]] = {
    "NVCaffe": frozenset(
        {
            "nvcaffe_banner",
            "threads and streams of NVCaffe",
            "numeric types of NVCaffe",
            "workspace being sought by NVCaffe",
        }
    ),
    "Intel Caffe": frozenset({"Intel Caffe's own report", "processor and OpenMP set-up"}),
    "OpenCL Caffe": frozenset({"OpenCL device"}),
    "Ristretto": frozenset({"Ristretto's analysis"}),
}
PLANNER: Final = "yjxiong/caffe"  # who prints a memory plan


class ForkBuild(NamedTuple):
    """A build of Caffe, the version that it prints, and the line that gives it away."""

    name: str
    version: str | None
    line: int


def build_of(facts: LogFacts) -> ForkBuild | None:
    """The build whose own line comes first; None where the log has none: BVLC's Caffe prints nothing that forks lack.

    A log that only shares lines with BVLC's Caffe may still be a fork's.
    """
    version = next((one for attempt in facts.attempts for one in attempt.versions), None)
    found = [
        ForkBuild(name, version, row.first_line)
        for name, reasons in FORK_MARKS.items()
        for row in facts.ledger
        if row.reason in reasons
    ]
    plans = (net.plan for attempt in facts.attempts for net in attempt.nets)
    found += [ForkBuild(PLANNER, None, plan.line) for plan in plans if plan is not None]
    return min(found, key=lambda one: one.line, default=None)
