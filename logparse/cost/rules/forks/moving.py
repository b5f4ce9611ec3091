"""Layers of forks that move or join data."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, FORWARD, GPU, SETUP, Need, early, late, no_buffers
from logparse.cost.rule import Missing, Rule, per_top, same_shape
from logparse.cost.traits import READS_NOTHING, Base, InPlace, LayerKind, LayerType, Reads, Traits, needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape


def _axpy_shapes(layer: View) -> tuple[Shape | None, ...]:
    """SENet's a·x + y: the first bottom is one value per channel, the top is like the second."""
    return (layer.bottom(1),)


def _transpose_shapes(layer: View) -> tuple[Shape | None, ...]:
    order, bottom = layer.param("transpose_param").integers("dim"), layer.bottom()
    if sorted(order) != list(range(len(bottom))):
        raise Missing("the definition states no order of all axes")
    return (tuple(bottom[axis] for axis in order),)


def _axpy_buffers(layer: View, device: str) -> Iterator[Need]:
    if device == CPU:
        yield Need("map multiplier", SETUP, (prod(layer.bottom(1)[2:]),))


def _transpose_buffers(layer: View, device: str) -> Iterator[Need]:
    """CRNN's: steps of bottom and top and the order either way; on the GPU also an index per value and axis.

    Source: transpose_layer.cpp and .cu of yutkin/caffe. LSTM-CF's, which states a shape, keeps nothing.
    """
    if not layer.param("transpose_param").has("dim"):
        return
    axes = len(layer.bottom())
    yield Need("steps and order", early(device), (3, axes), integers=True)
    yield Need("order of the way back", late(device), (axes,), integers=True)
    if device == GPU:
        yield Need("indices", FORWARD, (*layer.bottom(), axes), integers=True)


def _axpy_asks(spec: LayerSpec, device: str) -> Sequence[int]:
    """On the CPU products stand in the gradient of x before they are summed up to that of the scale."""
    return (1,) if device == CPU and needed(spec, 0) and len(spec.bottoms) > 1 else ()


def _first_two(_: View) -> Reads:
    """The scale's gradient reads x, that of x the scale; that of y nothing (axpy_layer.cpp, Backward)."""
    return Reads((0, 1))


_MOVES: Final = Traits(LayerKind.JOINING, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)


TYPES: Final[Mapping[str, LayerType]] = {
    "ShuffleChannel": LayerType(Rule("ShuffleChannel of forks", same_shape), _MOVES),
    "Reverse": LayerType(Rule("Reverse of forks", same_shape), _MOVES._replace(base=Base.NEURON)),
    "Axpy": LayerType(
        Rule("SENet axpy_layer.cpp", _axpy_shapes, other_ops=per_top(2, "multiply, add")),
        _MOVES._replace(buffers=_axpy_buffers, backward_reads=_first_two, asks_diff=_axpy_asks),
    ),
    "Transpose": LayerType(
        Rule("LSTM-CF, CRNN transpose_layer.cpp", _transpose_shapes), _MOVES._replace(buffers=_transpose_buffers)
    ),
}
