"""A solver's parameters as the log prints them, for a recovered net.

Source: caffe.proto (SolverParameter) and solver.cpp, Solver::InitTestNets: a solver names its nets in one of six
fields, and states one `test_state` for each test net or none at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.recover.composing import message_lines, open_words
from logparse.recover.grades import OpenField, RecoveredSolver, RecoverError
from logparse.recover.textprint import comment, writable
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from logparse.model import Attempt
    from logparse.textproto import Value

_NETS: Final = frozenset({"net", "net_param", "train_net", "train_net_param", "test_net", "test_net_param"})
_STATES: Final = "test_state"
_OF_TESTS: Final = frozenset({"test_iter", "test_interval", "test_initialization", "test_compute_loss", _STATES})
_CUT: Final = OpenField(None, "what follows", "the log cuts the solver's dump here")
_MADE_UP: Final = "The stages in test_state are not of the log: they tell its test nets apart."


def recovered_solver(
    attempt: Attempt, source: str, net: str, stages: Mapping[int, str], *, tests: bool
) -> RecoveredSolver:
    """The solver of an attempt with the recovered net in the file `net`.

    `stages` are those made up for that file's test nets, by their number; without `tests` that file has none, and what
    is about tests is left out.

    Raises:
        RecoverError: the log prints no solver of that attempt.

    """
    if attempt.solver is None:
        raise RecoverError(f"{source}: the log prints no solver for attempt {attempt.index}")
    left_out = _NETS if tests else _NETS | _OF_TESTS
    fields: dict[str, list[Value]] = {"net": [net]}
    fields |= {name: values for name, values in attempt.solver.fields.items() if name not in left_out}
    if stages and tests:
        fields[_STATES] = [*_staged(attempt.solver, stages)]
    written, lost = writable(Message(fields))
    open_fields = tuple(_open(lost, cut=attempt.solver_cut))
    head = [f"The solver of {source} (attempt {attempt.index}), recovered by logparse."]
    head += [f"What is about tests is left out: {net} has no test net."] if not tests else []
    head += [_MADE_UP] if stages and tests else []
    lines = [
        *(line for text in head for line in comment(text)),
        *message_lines(written),
        *(line for one in open_fields for line in comment(open_words(one.field, one.why))),
    ]
    return RecoveredSolver("".join(f"{line}\n" for line in lines), net, attempt.index, open_fields)


_MOST_NETS: Final = 1000  # test nets of one solver; a larger number is a damaged one


def _staged(solver: Message, stages: Mapping[int, str]) -> Iterator[Message]:
    """A state for each test net: its own, and the stage that was made up for it."""
    states = solver.children(_STATES)
    known = [number for number in stages if number < _MOST_NETS]
    for number in range(max(len(states), len(solver.all("test_iter")), max(known, default=-1) + 1)):
        fields = dict(states[number].fields) if number < len(states) else {}
        if number in stages:
            fields["stage"] = [*fields.get("stage", []), stages[number]]
        yield Message(fields)


def _open(lost: Iterable[str], *, cut: bool) -> Iterator[OpenField]:
    yield from (OpenField(None, name, "what the log prints of it cannot be written") for name in lost)
    if cut:
        yield _CUT
