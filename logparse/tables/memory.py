"""The `memory` and `footprint` rows: derived nets handed to the memory rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from logparse.cost.buffer_rules import GPU
from logparse.cost.buffers import buffers
from logparse.cost.footprint import DEVICES, footprint, left_out
from logparse.cost.infer import guess
from logparse.cost.memory import Era, Kind, NetMemory, Run, Solver, holdings
from logparse.cost.spec import Basis
from logparse.cost.touch import LayerMemory, kind_of
from logparse.tables.attempts import solver_type
from logparse.tables.filing import attempt_of
from logparse.tables.frames import logged_total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.footprint import Terms
    from logparse.cost.memory import Holding
    from logparse.cost.spec import LayerSpec
    from logparse.model import Attempt, LogFacts
    from logparse.reading.textproto import Message
    from logparse.tables.derive import LayerFact, NetFact

    Row = dict[str, Any]

_COMMANDS: Final = frozenset({"train", "test", "time"})
_TRUST: Final = (Basis.DEFINITION, Basis.SHAPES, Basis.INFERRED)


# -- from derived nets to a run --------------------------------------------------------------------


def run_of(attempt: Attempt, nets: Sequence[NetFact], *, old_displays: bool = False) -> Run:
    """The attempt as the memory rules see it.

    Nets that a recurrent layer unrolls inside itself are that layer's buffers. `old_displays` says that the
    attempt displays losses without a speed, as releases up to rc3 do.
    """
    own = [fact for fact in nets if fact.net.nested is None]
    command = attempt.command if attempt.command in _COMMANDS else "train"
    return Run(
        command=command,
        nets=tuple(_net(fact, beside=command == "train" and place > 0) for place, fact in enumerate(own)),
        solver=_solver(attempt.solver),
        era=_era(own, old_displays=old_displays),
    )


def _net(fact: NetFact, *, beside: bool) -> NetMemory:
    return NetMemory(tuple(_layer(one) for one in fact.layers), fact.element_bytes, beside, fact.batch)


def _layer(one: LayerFact) -> LayerMemory:
    spec, is_guess = resolved(replace(one.spec, type=kind_of(one.type)))
    tops = one.layer.tops
    return LayerMemory(
        spec=spec,
        kind=kind_of(spec.type),
        bottoms=one.layer.bottoms,
        tops=tuple(top.name or f"{one.layer.index}.{place}" for place, top in enumerate(tops)),
        counts=tuple(top.count for top in tops),
        losses=tuple(bool(top.loss_weight) for top in tops),
        params=None if one.params is None else tuple(p.blob for p in one.params if p.owner is None),
        owned=tuple(place for place, param in enumerate(one.params or ()) if param.owner is None),
        decays=_decays(one),
        inferred=is_guess or one.type_basis == "inferred" or one.cost.params_basis is Basis.INFERRED,
    )


def resolved(spec: LayerSpec) -> tuple[LayerSpec, bool]:
    """The layer with a guessed definition where its own is missing and a guess fits, and whether it is a guess."""
    has_definition = spec.definition is not None and spec.definition.complete
    if has_definition or buffers(spec, GPU).items is not None:
        return spec, False
    found = guess(spec)
    return (spec, False) if found.type is None else (replace(spec, type=found.type, definition=found.definition), True)


def _decays(one: LayerFact) -> tuple[bool, ...]:
    """Per own parameter blob, whether weight decay applies to it (decay_mult is 1 where not stated)."""
    definition = one.spec.definition
    stated = [param.number("decay_mult", 1) for param in definition.children("param")] if definition else []
    params = one.params or ()
    mults = [*stated[: len(params)], *(1,) * (len(params) - len(stated))]
    return tuple(mult != 0 for mult, param in zip(mults, params, strict=True) if param.owner is None)


def _solver(solver: Message | None) -> Solver:
    if solver is None:
        return Solver(stated=False)
    is_l1 = solver.text("regularization_type") == "L1" and solver.number("weight_decay", 0) != 0
    return Solver(
        type=solver_type(solver) or "SGD",
        l1=is_l1,
        tests_first=solver.flag("test_initialization", default=True),
    )


def _era(nets: Sequence[NetFact], *, old_displays: bool) -> Era:
    if any(fact.net.total_bytes is not None for fact in nets):
        return Era.RC2
    return Era.RC3 if old_displays else Era.NOW


def displays_no_speed(facts: LogFacts) -> frozenset[int]:
    """Attempts that display losses, but never a speed beside them."""
    shown = facts.curves.series.get("display")
    if shown is None:
        return frozenset()
    attempts = attempt_of(shown["line"], facts.attempts)
    mute = shown["iterations_per_second"] != shown["iterations_per_second"]  # NaN
    return frozenset({int(one) for one in attempts} - {int(one) for one in attempts[~mute]})


# -- rows ------------------------------------------------------------------------------------------


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
    if len(attempt.devices) < 2:  # noqa: PLR2004 - several
        return ()
    return (f"of one GPU; what {len(attempt.devices)} GPUs add for their exchange is not known (NA)",)
