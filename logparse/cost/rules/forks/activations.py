"""Activations of forks. Source: the layer of each name in the forks named with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import no_buffers, unknown_buffers
from logparse.cost.rule import Missing, Rule, per_top
from logparse.cost.traits import Base, InPlace, LayerKind, LayerType, Reads, Traits, reads, unknown_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.cost.buffer import BufferRule, Need
    from logparse.cost.rule import View


def _copy_in_place(layer: View, _: str) -> Iterator[Need]:
    if layer.is_in_place:
        raise Missing("in place it keeps a copy of the bottom or none, by fork")
    yield from ()


def _by_fork(what: str) -> BufferRule:
    return unknown_buffers(f"what a {what} keeps differs from fork to fork")


def _hard_swish_reads(layer: View) -> Reads:
    if layer.is_in_place:
        raise Missing("in place it reads a copy of the bottom or the bottom, by fork")
    return Reads((0,))


_UNREAD: Final = "what its backward pass reads differs from fork to fork"


_B: Final = reads(bottoms="first")


_NEURON: Final = Traits(LayerKind.ACTIVATION, Base.NEURON, no_buffers, _B, InPlace.NEVER)


def _computes(name: str, operations: int, what: str, traits: Traits, *names: str) -> LayerType:
    return LayerType(Rule(f"{name} of forks", other_ops=per_top(operations, what)), traits, names)


TYPES: Final[Mapping[str, LayerType]] = {
    "ReLU6": _computes("ReLU6", 2, "two compares", _NEURON._replace(in_place=InPlace.FREE)),
    "Mish": _computes(
        "Mish",
        6,
        "exp, add, log, tanh, multiply, compare",
        _NEURON._replace(buffers=_by_fork("Mish"), backward_reads=unknown_reads(_UNREAD), in_place=InPlace.UNKNOWN),
    ),
    "HardSigmoid": _computes("HardSigmoid", 4, "scale, shift, two compares", _NEURON),
    "HSwish": _computes(
        "HSwish",
        5,
        "shift, two compares, multiply, scale",
        _NEURON._replace(buffers=unknown_buffers(), backward_reads=unknown_reads(_UNREAD), in_place=InPlace.UNKNOWN),
    ),
    # The registered name; models from elsewhere spell it in their own way
    "HardSwish": _computes(
        "HardSwish",
        5,
        "shift, two compares, multiply, scale",
        _NEURON._replace(buffers=_copy_in_place, backward_reads=_hard_swish_reads, in_place=InPlace.UNKNOWN),
        "Hardswish",
    ),
}
