"""What a row of the golden table is: one layer, its circumstances, and what it costs by hand.

The figures beside a row are worked out from Caffe's own sources, or from the paper or the fork that a row names,
and are written as products of plain numbers, so that a reader can check them without running anything. Sizes are
distinct primes wherever a layer allows it: then a swapped axis, a lost factor or a doubled pad shows.

Conventions: a MAC is one product of a matrix product, biases not counted. An "other operation" is one operation on
one element of the forward pass, a transcendental function counting one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from logparse.cost.spec import LayerSpec, ParamBlob
from logparse.cost.types import to_v2
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

Shapes: TypeAlias = "tuple[Shape | None, ...]"


@dataclass(frozen=True)
class NA:
    """A figure that must not be there, and the reason that must."""

    reason: str


NOT_TOLD: Final[Shapes] = ()  # the tops' shapes come from the data or from the content


def weight(*shape: int) -> ParamBlob:
    return ParamBlob(shape, "weight")


def bias(*shape: int) -> ParamBlob:
    return ParamBlob(shape, "bias")


def statistic(*shape: int) -> ParamBlob:
    return ParamBlob(shape, "statistic")


@dataclass(frozen=True)
class Row:
    """One layer and its costs.

    `text` is the definition without the type; None where the log has none. `tops` is what the definition makes of
    the bottoms; `printed` is what the log prints instead of as many unknown shapes. `needs_grad` tells per bottom
    whether it gets a gradient (default: each).
    """

    type: str
    about: str
    text: str | None = ""
    bottoms: Shapes = ()
    tops: Shapes = NOT_TOLD
    blobs: tuple[ParamBlob, ...] | NA = ()
    macs: int | NA = 0
    backward_macs: int | NA = 0
    other_ops: int | NA = 0
    printed: Shapes | None = None
    phase: str | None = "TRAIN"
    backward: bool | None = True
    needs_grad: tuple[bool, ...] | None = None
    forced: bool = False
    assumed: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """The name of the test case."""
        return f"{self.type}: {self.about}"

    def spec(self) -> LayerSpec:
        """The layer as the program is asked about it."""
        definition = None if self.text is None else to_v2(parse(self.text).root)
        printed = self.printed if self.printed is not None else (None,) * len(self.tops)
        needs = self.needs_grad if self.needs_grad is not None else (True,) * len(self.bottoms)
        return LayerSpec(
            name="x",
            type=self.type,
            definition=definition,
            bottoms=self.bottoms,
            tops=printed,
            phase=self.phase,
            backward=self.backward,
            bottom_needs_grad=needs,
            force_backward=self.forced,
        )
