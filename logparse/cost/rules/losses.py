"""Softmax and the losses that stand at the end of a net. Source: the file of each layer (softmax_loss_layer.cpp, …)."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, CPU, FORWARD, GPU, SETUP, Need, early, no_buffers, one_bottom
from logparse.cost.rule import Count, Rule, dims, per_bottom, per_top, scalar
from logparse.cost.traits import (
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.textproto import Message

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
    """The inner Softmax's probabilities; on the GPU their gradient half holds each prediction's count.

    A second top is the probabilities' memory (softmax_loss_layer.cpp, ShareData).
    """
    if len(layer.spec.tops) < 2:
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
    if len(layer.spec.tops) < 2:
        yield Need("probabilities", FORWARD, bottom)
    yield from _softmax(layer, device, "infogain_loss_param")
    if device != CPU:
        return
    labels = bottom[fields.axis_index(layer.param("infogain_loss_param").integer("axis", 1), len(bottom))]
    if not is_given:
        yield Need("matrix", SETUP, (labels, labels))
    yield Need("sums of its rows", BACKWARD if is_given else SETUP, (labels,))


def _contrastive_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    yield Need("differences", FORWARD, bottom)
    yield Need("squared distances", FORWARD, bottom[:1])
    yield Need("multiplier", early(device), bottom[1:])
    if device == GPU:
        yield Need("squared differences", FORWARD, bottom)


# -- what backward reads ---------------------------------------------------------------------------


def _labels_and_differences(_: View) -> Reads:
    """Which pairs are alike, beside differences of its own (contrastive_loss_layer.cpp, Backward)."""
    return Reads((2,), private=True)


def _always(_: Message | None, __: int) -> bool:
    return True


def loss_on_host(_: LayerSpec, place: int) -> Side:
    """A loss is summed up on the host (it gets to the device to be weighted); a second top is filled on the device."""
    return Side.DEVICE if place else Side.HOST


def _pairs_on_host(spec: LayerSpec, place: int) -> Side:
    """Which pairs are alike is read on the host in Forward, on the device in Backward (contrastive_loss_layer.cu)."""
    goes_back = spec.phase != "TEST" and bool(spec.backward)
    return Side.HOST if place == 2 and not goes_back else Side.DEVICE


def _scores_on_device(_: LayerSpec, place: int) -> Side:
    """The inner Softmax runs on the device; labels and matrix are read on the host (infogain_loss_layer.cpp)."""
    return Side.HOST if place else Side.DEVICE


# The inner Softmax comes from the factory too: on cuDNN it has no scale of its own
_CUDNN: Final = Cudnn("softmax_param", _always, frozenset({"scale per prediction"}), reads(tops="first"))
_LOSS: Final = Traits(
    kind=LayerKind.LOSS,
    base=Base.LOSS,
    buffers=no_buffers,
    backward_reads=reads(bottoms="all"),
    in_place=InPlace.NEVER,
    unforced=(1,),  # LossLayer::AllowForceBackward: never into the labels
    writes_at=loss_on_host,
)
_PROBABILITIES: Final = _LOSS._replace(backward_reads=reads(bottoms="rest", private=True))
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
        _PROBABILITIES._replace(
            buffers=one_bottom("probabilities"), scratch=only_on(GPU, every_bottom), buffer_first=True
        ),
    ),
    # Both of its bottoms may be forced (euclidean_loss_layer.hpp)
    "EuclideanLoss": LayerType(
        Rule("euclidean_loss_layer.cpp", scalar, other_ops=per_bottom(2, "subtract, square and add")),
        _LOSS._replace(
            buffers=one_bottom("differences"), backward_reads=reads(private=True), unforced=(), buffer_first=True
        ),
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
        _LOSS._replace(
            buffers=_contrastive_buffers,
            backward_reads=_labels_and_differences,
            unforced=(2,),
            reads_at=_pairs_on_host,
            buffer_first=True,
        ),
    ),
    "InfogainLoss": LayerType(
        Rule("infogain_loss_layer.cpp", scalar, other_ops=per_bottom(7, f"{_SOFTMAX}, log, multiply")),
        _PROBABILITIES._replace(
            buffers=_infogain_buffers,
            cudnn=_CUDNN._replace(reads=None),
            reads_at=_scores_on_device,
            buffer_first=True,
        ),
    ),
    "MultinomialLogisticLoss": LayerType(
        Rule("multinomial_logistic_loss_layer.cpp", scalar, other_ops=_log_per_image),
        _LOSS._replace(writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)),
    ),
}
