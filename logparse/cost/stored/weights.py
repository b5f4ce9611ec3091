"""One blob of weights as an encoding sees it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

_PLANE: Final = 4  # axes of a convolution's weights over a plane; a matrix has two


@dataclass(frozen=True, slots=True)
class Weights:
    """A blob of weights: how many, by how many filters of how many inputs (of a group) at how many places (k·k)."""

    count: int
    filters: int
    inputs: int
    taps: int


def weights_of(shape: Shape, *, transposed: bool = False) -> Weights:
    """A blob by its shape, outputs first; `transposed` where inputs stand first."""
    sides = shape
    if len(sides) == _PLANE and sides[:2] == (1, 1):  # old releases print a matrix with ones in front
        sides = sides[2:]
    if transposed:
        sides = (*sides[1::-1], *sides[2:])
    filters, inputs = (*sides[:2], 1, 1)[:2]
    return Weights(prod(shape), filters, inputs, prod(sides[2:]))
