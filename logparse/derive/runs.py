"""Attempts as the memory rules see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from logparse.cost.memory.holdings import Era, Run, Solver
from logparse.derive.gpu import gpu_of
from logparse.solver import solver_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.derive.facts import NetFact
    from logparse.model import Attempt
    from logparse.textproto import Message

_COMMANDS: Final = frozenset({"train", "test", "time"})


def run_of(attempt: Attempt, nets: Sequence[NetFact]) -> Run:
    """The attempt as the memory rules see it; nets that a recurrent layer unrolls inside itself are its buffers."""
    own = [fact for fact in nets if fact.net.nested is None]
    command = attempt.command if attempt.command in _COMMANDS else "train"
    era = _era(own)
    return Run(
        command=command,
        nets=tuple(replace(fact.memory, beside=command == "train" and place > 0) for place, fact in enumerate(own)),
        solver=_solver(attempt.solver),
        era=era,
        gpu=gpu_of(attempt, own, era),
        complete=all(fact.net.done for fact in own),
    )


def _solver(solver: Message | None) -> Solver:
    if solver is None:
        return Solver(stated=False)
    decays = solver.number("weight_decay", 0) != 0
    return Solver(
        type=solver_type(solver) or "SGD",
        l1=decays and solver.text("regularization_type") == "L1",
        tests_first=solver.flag("test_initialization", default=True),
        decays=decays,
        trains=not solver.has("max_iter") or solver.integer("max_iter", 0) != 0,
        shows=solver.integer("display", 0) != 0,
    )


def _era(nets: Sequence[NetFact]) -> Era:
    """Up to rc2 the memory line came once, after the last layer."""
    return Era.RC2 if any(fact.net.total_bytes is not None for fact in nets) else Era.NOW
