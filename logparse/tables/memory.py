"""The `memory` and `footprint` rows: what each net holds by kind, and a whole run on one device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse.cost.buffer import GPU
from logparse.cost.memory.footprint import DEVICES, footprint, left_out
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.spec import Basis
from logparse.tables.frames import logged_total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.footprint import Terms
    from logparse.cost.memory.holdings import Holding, Run
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt

    Row = dict[str, Any]

_TRUST: Final = (Basis.DEFINITION, Basis.SHAPES, Basis.INFERRED)


def memory_rows(attempt: Attempt, nets: Sequence[NetFact], run: Run) -> list[Row]:
    """Per net, device and kind, what is held. `logged` is Caffe's own line and stands beside the others."""
    own = [fact for fact in nets if fact.net.nested is None]
    rows = []
    for device in DEVICES:
        for fact, holding in zip(own, holdings(run, device), strict=True):
            key = {
                "attempt": attempt.index,
                "net": fact.net.name,
                "net_index": fact.net.index,
                "phase": fact.net.phase,
                "device": device,
            }
            logged = logged_total(fact)
            basis = "the log" if logged is not None else "unknown: the log has no such line"
            rows.append({**key, "kind": "logged", "bytes": logged, "basis": basis})
            rows += [{**key, **_kind_row(holding, kind)} for kind in Kind]
            if run.command == "time":
                _add_timed(rows[-len(Kind) :])
    return rows


def _add_timed(rows: Sequence[Row]) -> None:
    """What `caffe time` does otherwise, in the basis of the rows that it concerns."""
    for row in rows:
        if row["kind"] == Kind.DIFF:
            row["basis"] += "; caffe time calls every layer's Backward, needed or not"


def _kind_row(holding: Holding, kind: Kind) -> Row:
    blocks = [block for block in holding.blocks if block.kind == kind]
    gaps = [gap for gap in holding.gaps if gap.kind == kind]
    size = None if gaps and not blocks else sum(block.bytes for block in blocks)
    return {"kind": str(kind), "bytes": size, "basis": _basis(holding, kind)}


def _basis(holding: Holding, kind: Kind) -> str:
    """The weakest basis of the parts, how many parts have it, and what is left out."""
    bases = [block.basis for block in holding.blocks if block.kind == kind]
    weakest = max(bases, key=_TRUST.index, default=None)
    missing = tuple(gap for gap in holding.gaps if gap.kind == kind)
    words = []
    if weakest is not None:
        share = sum(basis is weakest for basis in bases)
        partly = weakest is Basis.INFERRED and share < len(bases)
        words.append(f"{weakest} ({share} of {len(bases)} parts)" if partly else str(weakest))
    elif missing:
        words.append(str(Basis.UNKNOWN))
    else:
        words.append(str(Basis.DEFINITION))
    if missing:
        words.append("left out: " + ", ".join(left_out([type(holding)((), missing)])))
    return "; ".join(words)


def footprint_rows(attempt: Attempt, run: Run, terms: Terms) -> list[Row]:
    """The attempt's footprint on the CPU and on one GPU; NA where the log shows no net."""
    return [_footprint_row(attempt, run, device, terms) for device in DEVICES]


def _footprint_row(attempt: Attempt, run: Run, device: str, terms: Terms) -> Row:
    key: Row = {"attempt": attempt.index, "device": device}
    if not any(net.layers for net in run.nets):
        return {**key, "basis": "unknown: the log shows no net"}
    found = footprint(run, device, terms)
    remarks = [
        *(f"left out: {text}" for text in found.left_out),
        *found.remarks,
        *(_several(attempt) if device == GPU else ()),
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
