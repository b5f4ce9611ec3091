"""`memory`: what each net holds, by device and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.memory.footprint import left_out, runs_cudnn
from logparse.cost.memory.holdings import Kind, holdings
from logparse.cost.memory.terms import DEVICES
from logparse.cost.spec import Basis
from logparse.tables.column import text, whole
from logparse.tables.nets.key import OWN_NET_KEY, logged_total, own_net_columns, own_nets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.holdings import Holding, Run
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

_TRUST: Final = (Basis.DEFINITION, Basis.SHAPES, Basis.INFERRED)

NO_LAYER: Final = "unknown: no layer of the net is in the log"
PLAN_LEFT_OUT: Final = "without the memory plan that this build prints, with which data and diff take less"
DEVICE: Final = text("device", "Device", "cpu, or gpu: one GPU.")
COLUMNS: Final = (
    *OWN_NET_KEY,
    DEVICE,
    text(
        "kind",
        "Kind",
        "logged (Caffe's own line), or distinct_data, diff, params, gradients, history, buffers, prefetch: these do "
        "not overlap and add up to Caffe's own allocations.",
    ),
    whole("bytes", "Bytes", "What is held; where parts are not known, the sum of the others.", "bytes"),
    text("basis", "Basis", "definition, shapes or inferred: the weakest of the parts; and what is left out."),
)


def build(log: LogLike) -> Built:
    """Per net, device and kind, what is held. `logged` is Caffe's own line and stands beside the others."""
    return [row for index, nets in log.derived.nets.items() for row in _rows(index, nets, log.derived.runs[index])]


def _rows(attempt: int, nets: Sequence[NetFact], run: Run) -> list[BuiltRow]:
    own = own_nets(nets)
    rows = []
    for device in DEVICES:
        for fact, holding in zip(own, holdings(run, device, cudnn=runs_cudnn(run)), strict=True):
            key = {
                **own_net_columns(attempt, fact),
                "device": device,
            }
            logged = logged_total(fact)
            basis = "the log" if logged is not None else "unknown: the log has no such line"
            rows.append({**key, "kind": "logged", "bytes": logged, "basis": basis})
            if not fact.layers:
                rows += [{**key, "kind": str(kind), "basis": NO_LAYER} for kind in Kind]
                continue
            rows += [{**key, **_kind_row(holding, kind)} for kind in Kind]
            if run.command == "time":
                _add_timed(rows[-len(Kind) :])
            if fact.net.plan is not None:
                _add_planned(rows[-len(Kind) :])
    return rows


def _add_timed(rows: Sequence[BuiltRow]) -> None:
    """What `caffe time` does otherwise, in the basis of the rows that it concerns."""
    for row in rows:
        if row["kind"] == Kind.DIFF:
            row["basis"] += "; caffe time calls every layer's Backward, needed or not"


def _add_planned(rows: Sequence[BuiltRow]) -> None:
    """That a build's own plan would lower what these rows say."""
    for row in rows:
        if row["kind"] in {Kind.DATA, Kind.DIFF}:
            row["basis"] += f"; {PLAN_LEFT_OUT}"


def _kind_row(holding: Holding, kind: Kind) -> BuiltRow:
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
