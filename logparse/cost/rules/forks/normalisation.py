"""Normalisations of forks: three layers that are called BN, NVIDIA's, and norms of a vector."""

from __future__ import annotations

from enum import Enum, auto
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import (
    BACKWARD,
    CPU,
    FORWARD,
    GPU,
    SETUP,
    Need,
    early,
    no_buffers,
    one_bottom,
    unknown_buffers,
)
from logparse.cost.fields import Choice
from logparse.cost.rule import Missing, Params, Rule, no_macs, per_top
from logparse.cost.rules.normalisation import OWN, STORED, channels, normalise_ops, uses_global_stats
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import (
    Base,
    Family,
    InPlace,
    LayerKind,
    LayerType,
    Reads,
    Traits,
    first_bottom,
    reads,
    unknown_reads,
)
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.buffer import BufferRule
    from logparse.cost.rule import Count, View
    from logparse.cost.spec import LayerSpec, Shape


class _Bn(Enum):
    """Three layers that are called BN."""

    SEGNET = auto()  # scale and shift alone
    PSPNET = auto()  # slope, bias, running mean and variance
    MPI = auto()  # the same under SegNet's names: PSPNet's branch for several machines


_BN_FIELDS: Final = (
    (_Bn.PSPNET, ("slope_filler", "frozen", "momentum")),
    (_Bn.MPI, ("var_eps", "decay", "moving_average", "axis")),
    (_Bn.SEGNET, ("scale_filler", "shift_filler", "bn_mode")),
)


def _bn_fork(message: Message) -> _Bn:
    """Which fork's BN it is, by the fields that its definition states."""
    for fork, names in _BN_FIELDS:
        if any(message.has(name) for name in names):
            return fork
    raise Missing("a BN has 2 or 4 parameter blobs, by fork, and its definition does not tell which")


def _learns_statistics(message: Message, fork: _Bn) -> bool:
    """Unless SegNet's runs for inference, or PSPNet's is frozen, statistics of the batch may be computed."""
    if fork is _Bn.SEGNET:
        return _MODE.of(message) == "LEARN"
    return not message.flag("frozen", default=False)


_MODE: Final = Choice("bn_mode", ("LEARN", "INFERENCE"), "LEARN")


def _bn_params(layer: View) -> Params:
    """`BN`: scale and shift alone (SegNet), or with running mean and variance (PSPNet, Caffe-MPI)."""
    count = channels(layer)
    learned = (ParamBlob((1, count, 1, 1), "weight"), ParamBlob((1, count, 1, 1), "bias"))
    kept = (ParamBlob((1, count, 1, 1), "statistic"),) * 2
    if _bn_fork(layer.param("bn_param")) is _Bn.SEGNET:
        return Params(learned, f"{count} scales + {count} shifts", ("no stored statistics, as in SegNet's BN",))
    return Params((*learned, *kept), f"{count} slopes + {count} biases + {count} means + {count} variances")


def _cudnn_batch_norm_params(layer: View) -> Params:
    count = channels(layer)
    blobs = (
        *(ParamBlob((count,), "statistic"),) * 2,
        ParamBlob((1,), "statistic"),
        ParamBlob((count,), "weight"),
        ParamBlob((count,), "bias"),
    )
    text = f"{count} means + {count} variances + 1 factor + {count} scales + {count} shifts"
    return Params(blobs, text, ("mean, variance, factor, scale and shift, as in NVIDIA's 0.15",))


def _bn_ops(layer: View) -> Count:
    """SegNet's for inference only scales and shifts; PSPNet's has stored statistics at test and where it is frozen."""
    message = layer.param("bn_param")
    if layer.is_training and not any(message.has(name) for name in ("frozen", "bn_mode")):
        return normalise_ops(OWN, scaled=True)(layer)
    fork = _bn_fork(message)
    learns = _learns_statistics(message, fork)
    if fork is _Bn.SEGNET and not learns:
        return per_top(2, "scale, shift")(layer)
    if fork is _Bn.MPI:
        raise Missing("the BN of PSPNet's branch for several machines may use stored statistics at test or not")
    own = learns and (fork is _Bn.SEGNET or layer.is_training)
    return normalise_ops(OWN if own else STORED, scaled=True)(layer)


def _bn_buffers(layer: View, device: str) -> Iterator[Need]:
    """Of all three forks; that of the MPI branch has little on the GPU (bn_layer.cpp and .cu of each)."""
    message, bottom, count = layer.param("bn_param"), layer.bottom(), channels(layer)
    fork = _bn_fork(message)
    learns = _learns_statistics(message, fork)
    if learns:
        yield Need("normalised values", FORWARD, bottom)
        yield Need("deviations", FORWARD, (count,))
    if fork is _Bn.MPI and device == GPU:
        return
    yield Need("broadcast values", FORWARD, bottom)
    yield Need("statistics per image and channel", FORWARD, (bottom[0], count))
    if learns or fork is not _Bn.SEGNET:
        yield Need("statistics per channel", FORWARD, (count,))
    yield Need("map multiplier", early(device), (prod(bottom[2:]),))
    yield Need("batch multiplier", early(device), bottom[:1])
    if fork is _Bn.SEGNET:
        yield from _segnet_extra(bottom, count, device)


def _segnet_extra(bottom: Shape, count: int, device: str) -> Iterator[Need]:
    """A second statistic per image; on the CPU gradient halves, of the multipliers (zeros) and of both statistics."""
    yield Need("variances per image and channel", FORWARD, (bottom[0], count))
    if device == CPU:
        yield Need("map multiplier, other half", SETUP, (prod(bottom[2:]),))
        yield Need("batch multiplier, other half", SETUP, bottom[:1])
        yield Need("gradients of both statistics", BACKWARD, (2, bottom[0], count))


def _bn_reads(layer: View) -> Reads:
    """SegNet's the bottom, and learning its normalised values; PSPNet's those alone, frozen nothing."""
    message = layer.param("bn_param")
    fork = _bn_fork(message)
    return Reads((0,) if fork is _Bn.SEGNET else (), private=_learns_statistics(message, fork))


def _bn_asks(spec: LayerSpec, device: str) -> Sequence[int]:
    """PSPNet's asks who needs a gradient before it takes its bottom's; the two others do not."""
    message = spec.definition.child("bn_param") if spec.definition is not None else Message()
    asking = (fork for fork, names in _BN_FIELDS if any(message.has(name) for name in names))
    return first_bottom(spec, device) if next(asking, _Bn.PSPNET) is not _Bn.PSPNET else ()


def _cudnn_batch_norm_ops(layer: View) -> Count:
    return normalise_ops(STORED if uses_global_stats(layer) else OWN, scaled=True)(layer)


def _l2_norm_buffers(layer: View, device: str) -> Iterator[Need]:
    """Two of three forks are told by their fields (eps; l2_length)."""
    message, bottom = layer.param("l2norm_param"), layer.bottom()
    if message.has("l2_length"):
        yield Need("lengths", FORWARD, (bottom[0], *bottom[2:]))
    elif message.has("eps"):
        yield Need("sum multiplier", early(device), bottom[1:])
        yield Need("norms", FORWARD, bottom[:1])
        yield Need("temporary", FORWARD, bottom)
        yield Need("second temporary", BACKWARD, bottom)
    else:
        raise Missing("an L2Norm keeps its norms in one of three ways, by fork, and its definition does not tell which")


def _l2_norm_reads(layer: View) -> Reads:
    """That with eps reads the bottom beside its norms, that with a length its lengths alone."""
    message = layer.param("l2norm_param")
    if not message.has("l2_length") and not message.has("eps"):
        raise Missing("an L2Norm reads its bottom, its top or neither, by fork, and its definition does not tell which")
    return Reads(() if message.has("l2_length") else (0,), private=True)


def _cudnn_batch_norm_reads(layer: View) -> Reads:
    """The bottom beside means and deviations of the batch; in place NVCaffe's keeps a copy, others do not."""
    if layer.is_in_place:
        raise Missing("in place it reads a copy of the bottom or the bottom, by fork")
    return Reads((0,), private=True)


def _by_fork(what: str) -> BufferRule:
    return unknown_buffers(f"what a {what} keeps differs from fork to fork")


_UNREAD: Final = "what its backward pass reads differs from fork to fork"


_B_AND_T: Final = reads(bottoms="first", tops="first")


_NORM: Final = Traits(LayerKind.NORMALISATION, Base.LAYER, no_buffers, _B_AND_T, InPlace.NEVER)


def _computes(name: str, operations: int, what: str, traits: Traits, *names: str) -> LayerType:
    return LayerType(Rule(f"{name} of forks", other_ops=per_top(operations, what)), traits, names)


_L2: Final = (4, "square, sum, inverse root, multiply")


TYPES: Final[Mapping[str, LayerType]] = {
    "L2Normalization": _computes(
        "L2Normalization",
        *_L2,
        _NORM._replace(
            buffers=_by_fork("L2Normalization"), backward_reads=unknown_reads(_UNREAD), asks_diff=first_bottom
        ),
    ),
    "L2Normalize": _computes(
        "L2Normalize", *_L2, _NORM._replace(buffers=one_bottom("squares"), asks_diff=first_bottom)
    ),
    "L2Norm": _computes(
        "L2Norm",
        *_L2,
        _NORM._replace(buffers=_l2_norm_buffers, backward_reads=_l2_norm_reads, in_place=InPlace.UNKNOWN),
    ),
    "BN": LayerType(
        Rule(
            "SegNet bn_layer.cpp; PSPNet bn_layer.cpp",
            params=_bn_params,
            other_ops=_bn_ops,
            backward=no_macs,
        ),
        _NORM._replace(
            family=Family.BATCH_NORM,
            buffers=_bn_buffers,
            backward_reads=_bn_reads,
            in_place=InPlace.UNKNOWN,
            asks_diff=_bn_asks,
        ),
    ),
    "CuDNNBatchNorm": LayerType(
        Rule(
            "NVIDIA 0.15 cudnn_batch_norm_layer.cpp",
            params=_cudnn_batch_norm_params,
            other_ops=_cudnn_batch_norm_ops,
            backward=no_macs,
        ),
        _NORM._replace(
            family=Family.BATCH_NORM,
            buffers=_by_fork("CuDNNBatchNorm"),
            backward_reads=_cudnn_batch_norm_reads,
            in_place=InPlace.UNKNOWN,
            asks_diff=first_bottom,
        ),
    ),
}
