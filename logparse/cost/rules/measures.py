"""Measures and sums: Accuracy, ArgMax, Reduction. Source: accuracy_layer.cpp, argmax_layer.cpp, reduction_layer.cpp."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import FORWARD, GPU, Need, early, no_buffers
from logparse.cost.rule import Rule, per_bottom
from logparse.cost.traits import (
    NO_BACKWARD,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Side,
    Traits,
    touched_at,
)
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import Count, View
    from logparse.cost.spec import LayerSpec, Shape

_TWO_MEASURES: Final = (1, 2, 1, 1)


def _accuracy_shapes(layer: View) -> tuple[Shape | None, ...]:
    """One number; a second top holds one per class. Until mid-2014 one top held accuracy and loss."""
    bottom = layer.bottom()
    if layer.spec.tops and layer.spec.tops[0] == _TWO_MEASURES:
        return (_TWO_MEASURES,)
    axis = fields.axis_index(layer.param("accuracy_param").integer("axis", 1), len(bottom))
    return ((), *((bottom[axis],) for _ in layer.spec.tops[1:]))


_LEAST_ARGMAX_AXES: Final = 3


def _argmax_shapes(layer: View) -> tuple[Shape | None, ...]:
    message, bottom = layer.param("argmax_param"), layer.bottom()
    best = message.integer("top_k", 1)
    if message.has("axis"):
        axis = fields.axis_index(message.integer("axis", 0), len(bottom))
        return ((*bottom[:axis], best, *bottom[axis + 1 :]),)
    pairs = 2 if message.flag("out_max_val", default=False) else 1
    return ((bottom[0], pairs, best, *(1,) * max(len(bottom) - _LEAST_ARGMAX_AXES, 0)),)


_REDUCTIONS: Final = {"SUM": 1, "ASUM": 2, "SUMSQ": 2, "MEAN": 1}
_REDUCTION: Final = fields.Choice("operation", tuple(_REDUCTIONS), "SUM", first=1)


def _reduction_shapes(layer: View) -> tuple[Shape | None, ...]:
    bottom = layer.bottom()
    return (bottom[: fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(bottom))],)


def _reduction_ops(layer: View) -> Count:
    operation = _REDUCTION.of(layer.param("reduction_param"))
    return per_bottom(_REDUCTIONS[operation], operation)(layer)


# -- private buffers -------------------------------------------------------------------------------


def _accuracy_buffers(layer: View, device: str) -> Iterator[Need]:
    """Per class there is a count for each class on the CPU, for each score on the GPU (accuracy_layer.cpp and .cu)."""
    if len(layer.spec.tops) < 2:
        return
    bottom = layer.bottom()
    axis = fields.axis_index(layer.param("accuracy_param").integer("axis", 1), len(bottom))
    yield Need("counts per class", FORWARD, bottom if device == GPU else (bottom[axis],))


def _reduction_buffers(layer: View, device: str) -> Iterator[Need]:
    if _REDUCTION.of(layer.param("reduction_param")) in {"SUM", "MEAN"}:
        axis = fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(layer.bottom()))
        yield Need("multiplier", early(device), (prod(layer.bottom()[axis:]),))


# -- what backward reads, and where ----------------------------------------------------------------


def _reduction_reads(layer: View) -> Reads:
    """Sums of signs or squares read the bottom, plain sums nothing (reduction_layer.cpp, Backward)."""
    operation = _REDUCTION.of(layer.param("reduction_param"))
    return Reads((0,)) if operation in {"ASUM", "SUMSQ"} else Reads()


def _reduced_at(spec: LayerSpec, _: int) -> Side:
    """Each sum comes back on the host; a coefficient, as that of a mean, is multiplied on the device.

    Source: reduction_layer.cu, Forward_gpu (measured: a sum of squares has no top there).
    """
    message = spec.definition.child("reduction_param") if spec.definition is not None else Message()
    scaled = message.number("coeff", 1) != 1 or _REDUCTION.stated(message) == "MEAN"
    return Side.DEVICE if scaled else Side.HOST


def _measured(spec: LayerSpec, device: str) -> Sequence[int]:
    """On the GPU Accuracy counts in its bottoms' gradients; per class it has its own buffer (accuracy_layer.cu)."""
    return range(min(1 if len(spec.tops) > 1 else 2, len(spec.bottoms))) if device == GPU else ()


_MEASURE: Final = Traits(LayerKind.LOSS, Base.LAYER, no_buffers, NO_BACKWARD, InPlace.NEVER)

TYPES: Final = {
    # accuracy_layer.cu reads on the device, the result is written on the host
    "Accuracy": LayerType(
        Rule("accuracy_layer.cpp", _accuracy_shapes),
        _MEASURE._replace(buffers=_accuracy_buffers, writes_at=touched_at(Side.HOST), scratch=_measured),
    ),
    "ArgMax": LayerType(
        Rule("argmax_layer.cpp", _argmax_shapes, other_ops=per_bottom(1, "compare")),
        _MEASURE._replace(writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)),
    ),
    "Reduction": LayerType(
        Rule("reduction_layer.cpp", _reduction_shapes, other_ops=_reduction_ops),
        _MEASURE._replace(
            kind=LayerKind.JOINING,
            buffers=_reduction_buffers,
            backward_reads=_reduction_reads,
            writes_at=_reduced_at,
            buffer_first=True,
        ),
    ),
}
