"""What a solver's definition says, read in one place: its type by today's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.textproto import Message

# SolverParameter.SolverType before 2015 was an enum, printed as a word (`solver_type: ADAGRAD`).
_OLD_TYPES: Final[Mapping[str, str]] = {
    "SGD": "SGD",
    "NESTEROV": "Nesterov",
    "ADAGRAD": "AdaGrad",
    "RMSPROP": "RMSProp",
    "ADADELTA": "AdaDelta",
    "ADAM": "Adam",
}


def solver_type(solver: Message | None) -> str | None:
    """The solver's type: `type`, the old enum `solver_type`, or SGD, which is what Caffe takes without either."""
    if solver is None:
        return None
    old = solver.text("solver_type")
    return solver.text("type") or _OLD_TYPES.get(old.upper(), old) or "SGD"
