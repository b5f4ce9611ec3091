"""What a rule says of a layer's private buffers: memory of its own beside tops and parameters.

Caffe allocates at first touch, so each buffer has a moment: a buffer that only Backward touches does not exist in
a TEST net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.rule import Missing, View

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

CPU: Final = "cpu"
GPU: Final = "gpu"
SETUP: Final = "setup"
FORWARD: Final = "forward"
BACKWARD: Final = "backward"


class Need(NamedTuple):
    """A buffer as a rule states it; `integers` are 32-bit in any net."""

    name: str
    moment: str
    shape: Shape
    integers: bool = False


BufferRule: TypeAlias = Callable[[View, str], Iterator[Need]]


def no_buffers(_: View, __: str) -> Iterator[Need]:
    """A type that allocates nothing for itself."""
    yield from ()


def one_bottom(name: str) -> BufferRule:
    """One buffer of the first bottom's shape, filled in Forward."""

    def rule(layer: View, _: str) -> Iterator[Need]:
        yield Need(name, FORWARD, layer.bottom())

    return rule


def unknown_buffers(reason: str = "") -> BufferRule:
    """A type whose buffers cannot be told, and why; without a reason its source was not to be had."""

    def rule(layer: View, _: str) -> Iterator[Need]:
        raise Missing(reason or f"what the layer type {layer.spec.type} allocates is not known")

    return rule


def early(device: str) -> str:
    """When what is filled in Reshape is first touched: at once on the host, at its first use on the device."""
    return SETUP if device == CPU else FORWARD


def late(device: str) -> str:
    """The same for what only Backward uses."""
    return SETUP if device == CPU else BACKWARD
