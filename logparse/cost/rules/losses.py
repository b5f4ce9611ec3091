"""Losses and measures: what stands at the end of a net.

Source: the file of each layer (softmax_loss_layer.cpp, accuracy_layer.cpp, …).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import CPU, FORWARD, GPU, SETUP, Need, early, no_buffers, one_bottom
from logparse.cost.rule import Count, Rule, dims, per_bottom, per_top, scalar
from logparse.cost.traits import (
    NO_BACKWARD,
    Base,
    Cudnn,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Side,
    Traits,
    Unasked,
    every_bottom,
    first_bottom,
    reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Message

_SOFTMAX: Final = "max, subtract, exp, add, divide"


def _softmax_loss_shapes(layer: View) -> tuple[Shape | None, ...]:
    return ((), *(layer.bottom() for _ in layer.spec.tops[1:]))


def _softmax_loss_ops(layer: View) -> Count:
    """The softmax and one logarithm per prediction."""
    bottom = layer.bottom()
    axis = fields.axis_index(layer.param("softmax_param").integer("axis", 1), len(bottom))
    predictions = (*bottom[:axis], *bottom[axis + 1 :])
    value = prod(bottom) * 5 + prod(predictions)
    return Count(value, f"{dims(bottom)} × 5 ({_SOFTMAX}) + {dims(predictions)} logs")


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


def _reduction_shapes(layer: View) -> tuple[Shape | None, ...]:
    bottom = layer.bottom()
    return (bottom[: fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(bottom))],)


def _reduction_ops(layer: View) -> Count:
    operation = layer.param("reduction_param").text("operation", "SUM")
    return per_bottom(_REDUCTIONS.get(operation, 1), operation)(layer)


def _hinge(layer: View) -> Count:
    return per_bottom(2, "margin, compare")(layer)


# -- private buffers -------------------------------------------------------------------------------


def _softmax_scale(layer: View, name: str) -> Shape:
    bottom = layer.bottom()
    axis = layer.param(name).integer("axis", 1) % len(bottom)
    return (*bottom[:axis], *bottom[axis + 1 :])


def _softmax_buffers(layer: View, device: str) -> Iterator[Need]:
    yield Need("scale per prediction", FORWARD, _softmax_scale(layer, "softmax_param"))
    if device == CPU:
        axis = layer.param("softmax_param").integer("axis", 1) % len(layer.bottom())
        yield Need("multiplier", SETUP, (layer.bottom()[axis],))


def softmax_loss_buffers(layer: View, device: str) -> Iterator[Need]:
    """The inner Softmax's probabilities; on the GPU their gradient half holds each prediction's count."""
    yield Need("probabilities", FORWARD, layer.bottom())
    yield from _softmax_buffers(layer, device)
    if device == GPU:
        yield Need("counts (the probabilities' other half)", FORWARD, layer.bottom())


def _contrastive_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    yield Need("differences", FORWARD, bottom)
    yield Need("squared distances", FORWARD, bottom[:1])
    yield Need("multiplier", early(device), bottom[1:])
    if device == GPU:
        yield Need("squared differences", FORWARD, bottom)


def _reduction_buffers(layer: View, device: str) -> Iterator[Need]:
    if layer.param("reduction_param").text("operation", "SUM") in {"SUM", "MEAN"}:
        axis = layer.param("reduction_param").integer("axis", 0) % max(len(layer.bottom()), 1)
        yield Need("multiplier", early(device), (prod(layer.bottom()[axis:]),))


# -- what backward reads ---------------------------------------------------------------------------


def _reduction_reads(layer: View) -> Reads:
    """Sums of signs or squares read the bottom, plain sums nothing (reduction_layer.cpp, Backward)."""
    operation = layer.param("reduction_param").text("operation", "SUM")
    return Reads((0,)) if operation in {"ASUM", "SUMSQ"} else Reads()


def _labels_and_differences(_: View) -> Reads:
    """Which pairs are alike, beside differences of its own (contrastive_loss_layer.cpp, Backward)."""
    return Reads((2,), private=True)


def _always(_: Message | None, __: int) -> bool:
    return True


def _measured(spec: LayerSpec) -> Sequence[int]:
    """On the GPU Accuracy counts in its bottoms' gradients; per class it has its own buffer (accuracy_layer.cu)."""
    return range(min(1 if len(spec.tops) > 1 else 2, len(spec.bottoms)))


# The inner Softmax comes from the factory too: on cuDNN it has no scale of its own
_CUDNN: Final = Cudnn("softmax_param", _always, frozenset({"scale per prediction"}), reads(tops="first"))
_LOSS: Final = Traits(
    kind=LayerKind.LOSS,
    base=Base.LOSS,
    buffers=no_buffers,
    backward_reads=reads(bottoms="all"),
    in_place=InPlace.NEVER,
    unforced=(1,),  # LossLayer::AllowForceBackward: never into the labels
)
_PROBABILITIES: Final = _LOSS._replace(backward_reads=reads(bottoms="rest", private=True))
_MEASURE: Final = Traits(LayerKind.LOSS, Base.LAYER, no_buffers, NO_BACKWARD, InPlace.NEVER)

TYPES: Final = {
    # It copies its bottom into its top and works there, so that in place nothing is lost
    "Softmax": LayerType(
        Rule("softmax_layer.cpp", other_ops=per_top(5, _SOFTMAX)),
        Traits(
            kind=LayerKind.ACTIVATION,
            base=Base.LAYER,
            buffers=_softmax_buffers,
            backward_reads=reads(tops="first"),
            in_place=InPlace.FREE,
            unasked=Unasked.ALWAYS,
            cudnn=_CUDNN,
            buffer_first=True,
        ),
    ),
    "SoftmaxWithLoss": LayerType(
        Rule("softmax_loss_layer.cpp", _softmax_loss_shapes, other_ops=_softmax_loss_ops),
        _PROBABILITIES._replace(
            buffers=softmax_loss_buffers,
            scratch=first_bottom,
            cudnn=_CUDNN._replace(reads=None),
            buffer_first=True,
        ),
    ),
    "SigmoidCrossEntropyLoss": LayerType(
        Rule("sigmoid_cross_entropy_loss_layer.cpp", scalar, other_ops=per_bottom(2, "exp, log")),
        _PROBABILITIES._replace(buffers=one_bottom("probabilities"), scratch=every_bottom),
    ),
    # Both of its bottoms may be forced (euclidean_loss_layer.hpp)
    "EuclideanLoss": LayerType(
        Rule("euclidean_loss_layer.cpp", scalar, other_ops=per_bottom(2, "subtract, square and add")),
        _LOSS._replace(buffers=one_bottom("differences"), backward_reads=reads(private=True), unforced=()),
    ),
    # Forward leaves the margins in the bottom's gradient; Backward needs the labels beside them
    "HingeLoss": LayerType(
        Rule("hinge_loss_layer.cpp", scalar, other_ops=_hinge),
        _LOSS._replace(backward_reads=reads(bottoms="second"), writes_at=Side.HOST, reads_at=Side.HOST),
    ),
    "ContrastiveLoss": LayerType(
        Rule("contrastive_loss_layer.cpp", scalar, other_ops=per_bottom(3, "subtract, square, add")),
        _LOSS._replace(buffers=_contrastive_buffers, backward_reads=_labels_and_differences, unforced=(2,)),
    ),
    "InfogainLoss": LayerType(
        Rule("infogain_loss_layer.cpp", scalar, other_ops=per_bottom(7, f"{_SOFTMAX}, log, multiply")),
        _PROBABILITIES._replace(buffers=softmax_loss_buffers, cudnn=_CUDNN._replace(reads=None)),
    ),
    "MultinomialLogisticLoss": LayerType(
        Rule("multinomial_logistic_loss_layer.cpp", scalar, other_ops=per_bottom(1, "log, at most one per class")),
        _LOSS._replace(writes_at=Side.HOST, reads_at=Side.HOST),
    ),
    # accuracy_layer.cu reads on the device, the result is written on the host
    "Accuracy": LayerType(
        Rule("accuracy_layer.cpp", _accuracy_shapes), _MEASURE._replace(writes_at=Side.HOST, scratch=_measured)
    ),
    "ArgMax": LayerType(
        Rule("argmax_layer.cpp", _argmax_shapes, other_ops=per_bottom(1, "compare")),
        _MEASURE._replace(writes_at=Side.HOST, reads_at=Side.HOST),
    ),
    "Reduction": LayerType(
        Rule("reduction_layer.cpp", _reduction_shapes, other_ops=_reduction_ops),
        _MEASURE._replace(kind=LayerKind.JOINING, buffers=_reduction_buffers, backward_reads=_reduction_reads),
    ),
}
