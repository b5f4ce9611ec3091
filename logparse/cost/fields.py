"""Reading settings out of a definition as Caffe reads them: enums, and kernel, stride, pad, dilation and axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.rule import Missing

if TYPE_CHECKING:
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


class Choice(NamedTuple):
    """An enum of caffe.proto: its field, its names in the order of their numbers, its default, its first number."""

    field: str
    names: tuple[str, ...]
    default: str
    first: int = 0

    def stated(self, message: Message) -> str:
        """The value by its name: text format takes an enum's number too. A fork's own value stays as it stands."""
        value = message.last(self.field)
        place = value - self.first if isinstance(value, int) and not isinstance(value, bool) else -1
        if 0 <= place < len(self.names):
            return self.names[place]
        return self.default if value is None else str(value)

    def of(self, message: Message) -> str:
        """The same where only known values make sense; `Missing` for any other."""
        found = self.stated(message)
        if found not in self.names:
            raise Missing(f"{self.field} {found} is not known")
        return found


POOL: Final = Choice("pool", ("MAX", "AVE", "STOCHASTIC"), "MAX")
ENGINE: Final = Choice("engine", ("DEFAULT", "CAFFE", "CUDNN"), "DEFAULT")


def axis_index(axis: int, rank: int) -> int:
    """A possibly negative axis as an index (Blob::CanonicalAxisIndex); negative counts from the end."""
    index = axis + rank if axis < 0 else axis
    if not 0 <= index < rank:
        raise Missing(f"axis {axis} does not exist in a blob of {rank} axes")
    return index


def spatial(message: Message, name: str, axes: int, default: int, *, pair: str | None = None) -> Shape:
    """One value per spatial axis of a repeated field, or of its `_h`/`_w` pair.

    `pair` is the stem of the pair where it differs (`kernel_size` has `kernel_h`, `kernel_w`). One
    value stands for all axes. Source: base_conv_layer.cpp, LayerSetUp.
    """
    stem = pair or name
    if message.has(f"{stem}_h") or message.has(f"{stem}_w"):
        return (message.integer(f"{stem}_h", default), message.integer(f"{stem}_w", default))
    values = message.integers(name)
    if not values:
        return (default,) * axes
    if len(values) == axes:
        return values
    return (values[-1],) * axes


def kernel(message: Message, axes: int) -> Shape:
    """The kernel per spatial axis; a kernel has no default."""
    if not any(message.has(name) for name in ("kernel_size", "kernel_h", "kernel_w")):
        raise Missing("the definition states no kernel")
    found = spatial(message, "kernel_size", axes, 0, pair="kernel")
    if 0 in found:  # Caffe refuses it: one side of the pair alone, say
        raise Missing("the definition states a kernel without a width or height")
    return found


def window_count(size: int, kernel_size: int, stride: int, pad: int, dilation: int = 1) -> int:
    """Outputs along one axis, rounded down (conv_layer.cpp, compute_output_shape)."""
    return (size + 2 * pad - (dilation * (kernel_size - 1) + 1)) // stride + 1


def stated_shapes(message: Message) -> tuple[Shape, ...]:
    """`shape { dim … }` messages as shapes (BlobShape)."""
    return tuple(child.integers("dim") for child in message.children("shape"))


def total(shapes: tuple[Shape, ...]) -> int:
    """Elements of several blobs together."""
    return sum(prod(shape) for shape in shapes)


def same_but_padding(expected: Shape, printed: Shape) -> bool:
    """Equal, or equal but for the trailing ones that Caffe printed until rc2 (`64 500 1 1`)."""
    missing = len(printed) - len(expected)
    return missing >= 0 and (*expected, *(1,) * missing) == printed
