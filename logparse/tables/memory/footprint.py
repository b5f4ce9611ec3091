"""`footprint`: what each run holds in all, on a CPU and on one GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import GPU
from logparse.cost.memory.footprint import footprint
from logparse.cost.memory.terms import DEVICES
from logparse.tables.column import ATTEMPT, text, whole
from logparse.tables.memory.memory import DEVICE, NO_LAYER, PLAN_LEFT_OUT

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.terms import Terms
    from logparse.model import Attempt
    from logparse.tables.table import Built, BuiltRow, LogLike

COLUMNS: Final = (
    ATTEMPT,
    DEVICE,
    whole("bytes", "Bytes", "The whole run at its peak; on the GPU for engine CAFFE.", "bytes"),
    whole("low_bytes", "At least", "On the GPU: a cuDNN build without workspace.", "bytes"),
    whole("high_bytes", "At most", "On the GPU: a cuDNN build with all the workspace that Caffe would allow.", "bytes"),
    text("basis", "Basis", "The terms of the sum, what is left out, what was assumed."),
)


def build(log: LogLike) -> Built:
    """One row per attempt and device; NA where the log shows no net."""
    return [
        _row(attempt, log.derived.runs[attempt.index], device, log.terms)
        for attempt in log.facts.attempts
        for device in DEVICES
    ]


def _row(attempt: Attempt, run: Run, device: str, terms: Terms) -> BuiltRow:
    key: BuiltRow = {"attempt": attempt.index, "device": device}
    if not any(net.layers for net in run.nets):
        return {**key, "basis": NO_LAYER if run.nets else "unknown: the log shows no net"}
    found = footprint(run, device, terms)
    remarks = [
        *(f"left out: {text}" for text in found.left_out),
        *found.remarks,
        *(_several(attempt) if device == GPU else ()),
        *((PLAN_LEFT_OUT,) if any(net.plan is not None for net in attempt.nets) else ()),
    ]
    parts = " + ".join(f"{part.name} {part.bytes:,}" for part in found.parts if part.bytes)
    return {
        **key,
        "bytes": found.bytes,
        "low_bytes": found.low_bytes,
        "high_bytes": found.high_bytes,
        "basis": "; ".join([parts, *remarks]),
    }


def _several(attempt: Attempt) -> tuple[str, ...]:
    if len(attempt.devices) < 2:
        return ()
    return (f"of one GPU; what {len(attempt.devices)} GPUs add for their exchange is not known (NA)",)
