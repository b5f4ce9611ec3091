"""Normalisation: BatchNorm, LRN, MVN. Source: batch_norm_layer.cpp, lrn_layer.cpp, mvn_layer.cpp."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, FORWARD, Need, early, no_buffers
from logparse.cost.rule import Count, Params, Rule, dims, no_macs, per_top
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    READS_NOTHING,
    Base,
    Cudnn,
    Family,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Traits,
    first_bottom,
    reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logparse.cost.rule import CountRule, View
    from logparse.cost.spec import LayerSpec
    from logparse.textproto import Message


def channels(layer: View) -> int:
    """Dimension 1 of the bottom; a bottom of one axis has one channel (batch_norm_layer.cpp)."""
    bottom = layer.bottom()
    return bottom[1] if len(bottom) > 1 else 1


def _batch_norm_params(layer: View) -> Params:
    """Mean, variance and the moving average's factor; none is learned.

    NVCaffe's `scale_bias: true` adds a learned scale and shift to the same layer.
    """
    message = layer.param("batch_norm_param")
    count = channels(layer)
    blobs = tuple(ParamBlob(shape, "statistic") for shape in ((count,), (count,), (1,)))
    if not message.flag("scale_bias", default=False):
        return Params(blobs, f"{count} means + {count} variances + 1 factor")
    extra = (ParamBlob((count,), "weight"), ParamBlob((count,), "bias"))
    return Params((*blobs, *extra), f"{count} means + {count} variances + 1 factor + {count} scales + {count} shifts")


def uses_global_stats(layer: View) -> bool:
    """Whether stored statistics are used: stated, else those of the phase (TEST uses them)."""
    return layer.param("batch_norm_param").flag("use_global_stats", default=not layer.is_training)


STORED: Final = (2, "subtract, divide")
OWN: Final = (5, "mean, centre, square, variance, divide")


def normalise_ops(steps: tuple[int, str], *, scaled: bool) -> CountRule:
    """A normalisation with stored statistics or with the batch's own, and a scale and a shift where it has them."""
    count, what = steps
    short = "normalise" if steps == OWN else what
    return per_top(count + 2, f"{short}, scale, shift") if scaled else per_top(count, what)


def _batch_norm_ops(layer: View) -> Count:
    scaled = layer.param("batch_norm_param").flag("scale_bias", default=False)
    return normalise_ops(STORED if uses_global_stats(layer) else OWN, scaled=scaled)(layer)


_WITHIN: Final = "WITHIN_CHANNEL"
_REGION: Final = fields.Choice("norm_region", ("ACROSS_CHANNELS", _WITHIN), "ACROSS_CHANNELS")


def _lrn_ops(layer: View) -> Count:
    """Textbook count; Caffe slides a running sum over channels, so its own cost does not grow with size."""
    message = layer.param("lrn_param")
    size, count = message.integer("local_size", 5), prod(layer.top())
    shape = dims(layer.top())
    if _REGION.of(message) == _WITHIN:
        text = f"{shape} × ({size}·{size} + 6) (square, sum over the window, average, scale, shift, power, multiply)"
        return Count(count * (size * size + 6), text)
    text = f"{shape} × (2·{size} + 3) (squares and sum over {size} channels, shift, power, multiply)"
    return Count(count * (2 * size + 3), text)


def _mvn_ops(layer: View) -> Count:
    variance = layer.param("mvn_param").flag("normalize_variance", default=True)
    rule = per_top(5, "mean, centre, square, variance, divide") if variance else per_top(2, "mean, centre")
    return rule(layer)


# -- private buffers -------------------------------------------------------------------------------


def _batch_norm_buffers(layer: View, device: str) -> Iterator[Need]:
    bottom = layer.bottom()
    count = channels(layer)
    yield Need("temporary", FORWARD, bottom)
    yield Need("normalised values", FORWARD, bottom)
    yield Need("means", FORWARD, (count,))
    yield Need("variances", FORWARD, (count,))
    yield Need("sums per image and channel", FORWARD, (bottom[0], count))
    yield Need("batch multiplier", early(device), bottom[:1])
    yield Need("map multiplier", early(device), (prod(bottom[2:]),))
    if layer.is_in_place:
        yield Need("copy of the top's gradient", BACKWARD, bottom)


_WITHIN_FORWARD: Final = ("squares", "pooled squares", "powers")
_WITHIN_BACKWARD: Final = (*_WITHIN_FORWARD, "product's bottom", "square's bottom")


def _lrn_buffers(layer: View, _: str) -> Iterator[Need]:
    """Across channels one scale per element; within a channel a little net of five layers."""
    if _REGION.of(layer.param("lrn_param")) != _WITHIN:
        yield Need("scale", FORWARD, layer.bottom())
        return
    for name in _WITHIN_FORWARD:
        yield Need(name, FORWARD, layer.bottom())
    for name in _WITHIN_BACKWARD:
        yield Need(f"gradient of {name}", BACKWARD, layer.bottom())


def _lcn_buffers(layer: View, _: str) -> Iterator[Need]:
    """Within a channel cuDNN works in two buffers as large as the bottom, taken in Reshape (cudnn_lcn_layer.cpp)."""
    if _REGION.of(layer.param("lrn_param")) == _WITHIN:
        yield Need("first working memory", FORWARD, layer.bottom())
        yield Need("second working memory", FORWARD, layer.bottom())


def _mvn_buffers(layer: View, device: str) -> Iterator[Need]:
    """Means and variances are made per image and channel, even where one per image is used (MVNLayer::Reshape)."""
    bottom = layer.bottom()
    message = layer.param("mvn_param")
    yield Need("temporary", FORWARD, bottom)
    yield Need("means", FORWARD, bottom[:2])
    if message.flag("normalize_variance", default=True):
        yield Need("variances", FORWARD, bottom[:2])
    averaged = 1 if message.flag("across_channels", default=False) else 2
    yield Need("multiplier", early(device), bottom[averaged:])


# -- what backward reads ---------------------------------------------------------------------------


def _lrn_reads(layer: View) -> Reads:
    """Across channels bottom, top and scales; within a channel its inner layers read the bottom and their own blobs.

    Source: lrn_layer.cpp, CrossChannelBackward_cpu; eltwise_layer.cpp and power_layer.cpp.
    """
    within = _REGION.of(layer.param("lrn_param")) == _WITHIN
    return Reads((0,), () if within else (0,), private=True)


def _lrn_asks(spec: LayerSpec, device: str) -> Sequence[int]:
    """Across channels Backward does not ask whether its bottom needs a gradient."""
    message = spec.definition.child("lrn_param") if spec.definition is not None else None
    within = message is not None and _REGION.stated(message) == _WITHIN
    return () if within else first_bottom(spec, device)


def _mvn_reads(layer: View) -> Reads:
    """Without the variance the gradient is centred alone (mvn_layer.cpp, Backward)."""
    divides = layer.param("mvn_param").flag("normalize_variance", default=True)
    return Reads((0,), (0,), private=True) if divides else Reads()


def _few_channels(settings: Message | None, _: int) -> bool:
    """CuDNN's LRN takes windows of up to 16 (CUDNN_LRN_MAX_N), within a channel any (layer_factory.cpp)."""
    if settings is None or _REGION.stated(settings) == _WITHIN:
        return True
    return settings.integer("local_size", 5) <= _LRN_MAX_SIZE


_LRN_MAX_SIZE: Final = 16
_LRN_SAVES: Final = frozenset({"scale", *_WITHIN_FORWARD, *(f"gradient of {name}" for name in _WITHIN_BACKWARD)})
_PLAIN: Final = Traits(LayerKind.NORMALISATION, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)

TYPES: Final = {
    # In place it keeps a copy of its top's gradient; the bottom it never needs: x_norm and the variances are its own
    "BatchNorm": LayerType(
        Rule("batch_norm_layer.cpp", params=_batch_norm_params, other_ops=_batch_norm_ops, backward=no_macs),
        _PLAIN._replace(
            family=Family.BATCH_NORM,
            buffers=_batch_norm_buffers,
            backward_reads=reads(private=True),
            in_place=InPlace.FREE,
            asks_diff=first_bottom,
            host_params=(2,),  # the moving average's factor: batch_norm_layer.cu reads and writes it on the host
        ),
    ),
    "LRN": LayerType(
        Rule("lrn_layer.cpp; Krizhevsky et al. 2012", other_ops=_lrn_ops),
        _PLAIN._replace(
            buffers=_lrn_buffers,
            backward_reads=_lrn_reads,
            asks_diff=_lrn_asks,
            cudnn=Cudnn("lrn_param", _few_channels, _LRN_SAVES, reads(bottoms="first", tops="first"), _lcn_buffers),
        ),
    ),
    "MVN": LayerType(
        Rule("mvn_layer.cpp", other_ops=_mvn_ops),
        _PLAIN._replace(
            buffers=_mvn_buffers,
            backward_reads=_mvn_reads,
            asks_diff=first_bottom,
        ),
    ),
}
