"""What a rule is made of: a view of one layer, counts with their formula, and the reason for NA.

A rule never asks whether a definition stands; it reads what it needs, and reading something that is
not there raises `Missing` with the reason. So a number that came out without the definition is fixed
by type and shapes alone, which is just what its basis has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from logparse.cost.spec import LayerSpec, ParamBlob, Shape
    from logparse.textproto import Message


_T = TypeVar("_T")


class Missing(Exception):  # noqa: N818 - not an error: the ground for an NA
    """Something that a rule needs is not known; the text is the reason shown beside the NA."""


class Count(NamedTuple):
    """A number and the left side of its formula, with the layer's own values."""

    value: int
    text: str


class Params(NamedTuple):
    """A layer's own parameter blobs in Caffe's order, the formula, and what was taken for granted."""

    blobs: tuple[ParamBlob, ...]
    text: str
    assumptions: tuple[str, ...] = ()


class View:
    """One layer as the parts of a rule read it.

    `definition` is None where it is missing or was cut. `tops` are the printed shapes, and where none
    is printed the shapes that the rule expects.
    """

    __slots__ = ("definition", "found", "spec", "tops")

    def __init__(
        self,
        spec: LayerSpec,
        definition: Message | None,
        tops: tuple[Shape | None, ...],
        found: dict[Callable[[View], object], object] | None = None,
    ) -> None:
        """`found` is what another view of the same layer has read already."""
        self.spec, self.definition, self.tops = spec, definition, tops
        self.found = {} if found is None else found

    def once(self, read: Callable[[View], _T]) -> _T:
        """What `read` finds in this layer; several parts of a rule ask for the same settings."""
        if read not in self.found:
            self.found[read] = read(self)
        return cast("_T", self.found[read])

    def setting(self, read: Callable[[View], _T]) -> _T:
        """The same for what depends on the definition and on how many axes the blobs have, not on their sizes."""
        settings = self.spec.settings
        if read not in settings:
            settings[read] = read(self)
        return cast("_T", settings[read])

    def need(self) -> Message:
        """The layer's definition."""
        if self.definition is None:
            what = "stands cut off" if self.spec.definition is not None else "is missing"
            raise Missing(f"the layer's definition {what}")
        return self.definition

    def param(self, *names: str) -> Message:
        """The layer's parameter message; forks use several names for the same one."""
        definition, settings = self.need(), self.spec.settings
        if names not in settings:
            settings[names] = definition.child(next(filter(definition.has, names), names[0]))
        found: Message = settings[names]
        return found

    def bottom(self, index: int = 0) -> Shape:
        """A bottom's shape."""
        shape = self.spec.bottoms[index] if index < len(self.spec.bottoms) else None
        if shape is None:
            raise Missing(f"the shape of bottom {index} is not known")
        return shape

    def top(self, index: int = 0) -> Shape:
        """A top's shape."""
        shape = self.tops[index] if index < len(self.tops) else None
        if shape is None:
            raise Missing(f"the shape of top {index} is not known")
        return shape

    def all_bottoms(self) -> tuple[Shape, ...]:
        """Every bottom's shape."""
        return tuple(self.bottom(i) for i in range(len(self.spec.bottoms)))

    def all_tops(self) -> tuple[Shape, ...]:
        """Every top's shape."""
        return tuple(self.top(i) for i in range(len(self.tops)))

    def learns(self, index: int) -> bool:
        """Whether parameter blob `index` gets a gradient: unless its lr_mult is 0 (force_backward: always)."""
        if self.spec.force_backward:
            return True
        stated = self.need().children("param")
        return index >= len(stated) or stated[index].number("lr_mult", 1) != 0

    def passes_down(self, index: int = 0) -> bool:
        """Whether bottom `index` gets a gradient."""
        if index >= len(self.spec.bottom_needs_grad):
            raise Missing("it is not known which bottoms need a gradient")
        return self.spec.bottom_needs_grad[index]

    @property
    def is_in_place(self) -> bool:
        """Whether the first top overwrites its bottom."""
        return bool(self.spec.in_place and self.spec.in_place[0])

    @property
    def is_training(self) -> bool:
        """Whether the net is a TRAIN net; a net that does not say is taken as one, as Caffe does."""
        return self.spec.phase != "TEST"

    @property
    def goes_back(self) -> bool:
        """Whether the layer is known to do backward; nothing does in a TEST net."""
        return self.is_training and bool(self.spec.backward)


def bare_view(spec: LayerSpec) -> View:
    """The layer as its definition and the printed shapes show it; a definition that was cut is none."""
    definition = spec.definition if spec.definition is not None and spec.definition.complete else None
    return View(spec, definition, spec.tops)


ShapeRule: TypeAlias = Callable[[View], "tuple[Shape | None, ...]"]
ParamRule: TypeAlias = Callable[[View], Params]
CountRule: TypeAlias = Callable[[View], Count]


def dims(shape: tuple[int, ...]) -> str:
    """A product of dimensions as text: (64, 20, 24, 24) → "64·20·24·24"; the empty product is "1"."""
    return "·".join(str(dim) for dim in shape) or "1"


def equation(count: Count) -> str:
    """The formula as it is shown: "64·10 × 500 = 320,000"."""
    return f"{count.text} = {count.value:,}"


def no_params(_: View) -> Params:
    """A type that has no parameter blobs."""
    return Params((), "no parameter blobs")


def no_macs(_: View) -> Count:
    """A type that multiplies no matrices."""
    return Count(0, "no matrix product")


def no_ops(_: View) -> Count:
    """A type that only moves or reads data."""
    return Count(0, "no arithmetic")


def no_shapes(_: View) -> tuple[Shape | None, ...]:
    """The tops' shapes cannot be told from the definition (they come from the data, or from code)."""
    return ()


def same_shape(layer: View) -> tuple[Shape | None, ...]:
    """Every top has the shape of the first bottom."""
    return (layer.bottom(),) * max(len(layer.spec.tops), 1)


def scalar(layer: View) -> tuple[Shape | None, ...]:
    """A loss: the first top is one number; a second top, if any, is not told."""
    return ((), *(None for _ in layer.spec.tops[1:]))


def per_top(operations: int, what: str) -> CountRule:
    """`operations` per element of the first top; `what` names them."""

    def rule(layer: View) -> Count:
        shape = layer.top()
        return Count(prod(shape) * operations, f"{dims(shape)} × {operations} ({what})")

    return rule


def per_bottom(operations: int, what: str) -> CountRule:
    """`operations` per element of the first bottom; `what` names them."""

    def rule(layer: View) -> Count:
        shape = layer.bottom()
        return Count(prod(shape) * operations, f"{dims(shape)} × {operations} ({what})")

    return rule


class Product(NamedTuple):
    """One matrix product of a forward pass; its gradient for the bottom is one more of the same size."""

    macs: int
    bottom: int


def gradient_macs(layer: View, products: tuple[Product, ...]) -> Count:
    """Backward MACs: the forward's once for the weights, once for each bottom that needs a gradient.

    Nothing for weights with lr_mult 0. Measured: equal to every BLAS call of Caffe's backward pass.
    """
    forward = sum(product.macs for product in products)
    weights = forward if layer.learns(0) else 0
    down = sum(product.macs for product in products if layer.passes_down(product.bottom))
    parts = [f"{value:,} for {what}" for value, what in ((weights, "the weights"), (down, "the bottoms")) if value]
    return Count(weights + down, " + ".join(parts) or "neither weights nor bottoms need a gradient")


def not_told(reason: str) -> CountRule:
    """A count that is NA by its nature."""

    def rule(_: View) -> Count:
        raise Missing(reason)

    return rule


class Rule(NamedTuple):
    """How one layer type costs: each part is a small function of the layer's view.

    `source` names the Caffe file or the paper that the parts follow. `backward` may stay unstated only where there
    is nothing to multiply: a type with parameters or matrix products must say what its backward pass multiplies.
    """

    source: str
    shapes: ShapeRule = same_shape
    params: ParamRule = no_params
    macs: CountRule = no_macs
    other_ops: CountRule = no_ops
    backward: CountRule | None = None

    @property
    def backward_macs(self) -> CountRule:
        """Matrix products of a backward pass."""
        return self.backward or no_macs

    @property
    def is_whole(self) -> bool:
        """Whether the backward pass is stated where it has to be."""
        return self.backward is not None or (self.params is no_params and self.macs is no_macs)
