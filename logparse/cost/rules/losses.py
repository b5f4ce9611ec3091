"""Losses and measures: what stands at the end of a net.

Source: the file of each layer (softmax_loss_layer.cpp, accuracy_layer.cpp, …).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, FORWARD, GPU, SETUP, Need, early, no_buffers, one_bottom
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
    every_bottom,
    first_bottom,
    only_on,
    reads,
    touched_at,
)
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape

_SOFTMAX: Final = "max, subtract, exp, add, divide"


def _softmax_loss_shapes(layer: View) -> tuple[Shape | None, ...]:
    return ((), *(layer.bottom() for _ in layer.spec.tops[1:]))


def softmax_loss_ops(layer: View) -> Count:
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
_REDUCTION: Final = fields.Choice("operation", tuple(_REDUCTIONS), "SUM", first=1)


def _reduction_shapes(layer: View) -> tuple[Shape | None, ...]:
    bottom = layer.bottom()
    return (bottom[: fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(bottom))],)


def _reduction_ops(layer: View) -> Count:
    operation = _REDUCTION.of(layer.param("reduction_param"))
    return per_bottom(_REDUCTIONS[operation], operation)(layer)


def _log_per_image(layer: View) -> Count:
    """The logarithm of the label's probability (multinomial_logistic_loss_layer.cpp)."""
    images = layer.bottom()[:1]
    return Count(prod(images), f"{dims(images)} (one log per image)")


def _hinge(layer: View) -> Count:
    return per_bottom(2, "margin, compare")(layer)


# -- private buffers -------------------------------------------------------------------------------


def _softmax(layer: View, device: str, settings: str) -> Iterator[Need]:
    """What a Softmax needs whose axis stands in the message `settings`."""
    bottom = layer.bottom()
    axis = fields.axis_index(layer.param(settings).integer("axis", 1), len(bottom))
    yield Need("scale per prediction", FORWARD, (*bottom[:axis], *bottom[axis + 1 :]))
    if device == CPU:
        yield Need("multiplier", SETUP, (bottom[axis],))


def _softmax_buffers(layer: View, device: str) -> Iterator[Need]:
    return _softmax(layer, device, "softmax_param")


def softmax_loss_buffers(layer: View, device: str) -> Iterator[Need]:
    """The inner Softmax's probabilities; on the GPU their gradient half holds each prediction's count."""
    yield Need("probabilities", FORWARD, layer.bottom())
    yield from _softmax_buffers(layer, device)
    if device == GPU:
        yield Need("counts (the probabilities' other half)", FORWARD, layer.bottom())


def _infogain_buffers(layer: View, device: str) -> Iterator[Need]:
    """The inner Softmax's probabilities, the matrix unless it is a bottom, and the sums of its rows.

    Matrix and sums stay on the host, since the layer has no GPU code. The sums of a matrix that is a bottom are made
    in each backward pass. Source: infogain_loss_layer.cpp.
    """
    bottom, is_given = layer.bottom(), len(layer.spec.bottoms) > 2
    yield Need("probabilities", FORWARD, bottom)
    yield from _softmax(layer, device, "infogain_loss_param")
    if device != CPU:
        return
    labels = bottom[fields.axis_index(layer.param("infogain_loss_param").integer("axis", 1), len(bottom))]
    if not is_given:
        yield Need("matrix", SETUP, (labels, labels))
    yield Need("sums of its rows", BACKWARD if is_given else SETUP, (labels,))


def _accuracy_buffers(layer: View, device: str) -> Iterator[Need]:
    """Per class there is a count for each class on the CPU, for each score on the GPU (accuracy_layer.cpp and .cu)."""
    if len(layer.spec.tops) < 2:
        return
    bottom = layer.bottom()
    axis = fields.axis_index(layer.param("accuracy_param").integer("axis", 1), len(bottom))
    yield Need("counts per class", FORWARD, bottom if device == GPU else (bottom[axis],))


def _contrastive_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    yield Need("differences", FORWARD, bottom)
    yield Need("squared distances", FORWARD, bottom[:1])
    yield Need("multiplier", early(device), bottom[1:])
    if device == GPU:
        yield Need("squared differences", FORWARD, bottom)


def _reduction_buffers(layer: View, device: str) -> Iterator[Need]:
    if _REDUCTION.of(layer.param("reduction_param")) in {"SUM", "MEAN"}:
        axis = fields.axis_index(layer.param("reduction_param").integer("axis", 0), len(layer.bottom()))
        yield Need("multiplier", early(device), (prod(layer.bottom()[axis:]),))


# -- what backward reads ---------------------------------------------------------------------------


def _reduction_reads(layer: View) -> Reads:
    """Sums of signs or squares read the bottom, plain sums nothing (reduction_layer.cpp, Backward)."""
    operation = _REDUCTION.of(layer.param("reduction_param"))
    return Reads((0,)) if operation in {"ASUM", "SUMSQ"} else Reads()


def _labels_and_differences(_: View) -> Reads:
    """Which pairs are alike, beside differences of its own (contrastive_loss_layer.cpp, Backward)."""
    return Reads((2,), private=True)


def _always(_: Message | None, __: int) -> bool:
    return True


def _reduced_at(spec: LayerSpec, _: int) -> Side:
    """Each sum comes back on the host; a coefficient, as that of a mean, is multiplied on the device.

    Source: reduction_layer.cu, Forward_gpu (measured: a sum of squares has no top there).
    """
    message = spec.definition.child("reduction_param") if spec.definition is not None else Message()
    scaled = message.number("coeff", 1) != 1 or _REDUCTION.stated(message) == "MEAN"
    return Side.DEVICE if scaled else Side.HOST


def _scores_on_device(_: LayerSpec, place: int) -> Side:
    """The inner Softmax runs on the device; labels and matrix are read on the host (infogain_loss_layer.cpp)."""
    return Side.HOST if place else Side.DEVICE


def _measured(spec: LayerSpec, device: str) -> Sequence[int]:
    """On the GPU Accuracy counts in its bottoms' gradients; per class it has its own buffer (accuracy_layer.cu)."""
    return range(min(1 if len(spec.tops) > 1 else 2, len(spec.bottoms))) if device == GPU else ()


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
            asks_diff=first_bottom,
            cudnn=_CUDNN,
            buffer_first=True,
        ),
    ),
    "SoftmaxWithLoss": LayerType(
        Rule("softmax_loss_layer.cpp", _softmax_loss_shapes, other_ops=softmax_loss_ops),
        _PROBABILITIES._replace(
            buffers=softmax_loss_buffers,
            scratch=only_on(GPU, first_bottom),
            cudnn=_CUDNN._replace(reads=None),
            buffer_first=True,
        ),
    ),
    "SigmoidCrossEntropyLoss": LayerType(
        Rule("sigmoid_cross_entropy_loss_layer.cpp", scalar, other_ops=per_bottom(2, "exp, log")),
        _PROBABILITIES._replace(buffers=one_bottom("probabilities"), scratch=only_on(GPU, every_bottom)),
    ),
    # Both of its bottoms may be forced (euclidean_loss_layer.hpp)
    "EuclideanLoss": LayerType(
        Rule("euclidean_loss_layer.cpp", scalar, other_ops=per_bottom(2, "subtract, square and add")),
        _LOSS._replace(buffers=one_bottom("differences"), backward_reads=reads(private=True), unforced=()),
    ),
    # Forward leaves the margins in the bottom's gradient, on the host; Backward needs the labels beside them
    "HingeLoss": LayerType(
        Rule("hinge_loss_layer.cpp", scalar, other_ops=_hinge),
        _LOSS._replace(
            backward_reads=reads(bottoms="second"),
            scratch=only_on(CPU, first_bottom),
            writes_at=touched_at(Side.HOST),
            reads_at=touched_at(Side.HOST),
        ),
    ),
    "ContrastiveLoss": LayerType(
        Rule("contrastive_loss_layer.cpp", scalar, other_ops=per_bottom(3, "subtract, square, add")),
        _LOSS._replace(buffers=_contrastive_buffers, backward_reads=_labels_and_differences, unforced=(2,)),
    ),
    "InfogainLoss": LayerType(
        Rule("infogain_loss_layer.cpp", scalar, other_ops=per_bottom(7, f"{_SOFTMAX}, log, multiply")),
        _PROBABILITIES._replace(
            buffers=_infogain_buffers,
            cudnn=_CUDNN._replace(reads=None),
            writes_at=touched_at(Side.HOST),
            reads_at=_scores_on_device,
            buffer_first=True,
        ),
    ),
    "MultinomialLogisticLoss": LayerType(
        Rule("multinomial_logistic_loss_layer.cpp", scalar, other_ops=_log_per_image),
        _LOSS._replace(writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)),
    ),
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
        ),
    ),
}
