"""Normalisations of forks: three layers that are called BN, NVIDIA's, and norms of a vector."""

from __future__ import annotations

from enum import Enum, auto
from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import BACKWARD, CPU, FORWARD, GPU, Need, early, no_buffers, one_bottom, unknown_buffers
from logparse.cost.rule import Missing, Params, Rule, no_macs, per_top
from logparse.cost.rules.normalisation import channels
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import Base, Family, InPlace, LayerKind, LayerType, Traits, reads, unknown_reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.cost.buffer import BufferRule
    from logparse.cost.rule import View
    from logparse.cost.spec import Shape


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


def _bn_fork(layer: View) -> _Bn:
    """Which fork's BN it is, by the fields that its definition states."""
    message = layer.param("bn_param")
    for fork, names in _BN_FIELDS:
        if any(message.has(name) for name in names):
            return fork
    raise Missing("a BN has 2 or 4 parameter blobs, by fork, and its definition does not tell which")


def _bn_params(layer: View) -> Params:
    """`BN`: scale and shift alone (SegNet), or with running mean and variance (PSPNet, Caffe-MPI)."""
    count = channels(layer)
    learned = (ParamBlob((1, count, 1, 1), "weight"), ParamBlob((1, count, 1, 1), "bias"))
    kept = (ParamBlob((1, count, 1, 1), "statistic"),) * 2
    if _bn_fork(layer) is _Bn.SEGNET:
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


def _bn_buffers(layer: View, device: str) -> Iterator[Need]:
    """Of all three forks; SegNet's also keeps gradients of its sums, that of the MPI branch little on the GPU."""
    fork, bottom, count = _bn_fork(layer), layer.bottom(), channels(layer)
    frozen = fork is not _Bn.SEGNET and layer.param("bn_param").flag("frozen", default=False)
    if not frozen:
        yield Need("normalised values", FORWARD, bottom)
        yield Need("deviations", FORWARD, (count,))
    if fork is _Bn.MPI and device == GPU:
        return
    yield Need("broadcast values", FORWARD, bottom)
    yield Need("statistics per image and channel", FORWARD, (bottom[0], count))
    yield Need("statistics per channel", FORWARD, (count,))
    yield Need("map multiplier", early(device), (prod(bottom[2:]),))
    yield Need("batch multiplier", early(device), bottom[:1])
    if fork is _Bn.SEGNET:
        yield from _segnet_extra(bottom, count, device)


def _segnet_extra(bottom: Shape, count: int, device: str) -> Iterator[Need]:
    """The second statistic per image, and gradient halves of the multipliers; on the CPU of both statistics too."""
    yield Need("variances per image and channel", FORWARD, (bottom[0], count))
    yield Need("map multiplier, other half", early(device), (prod(bottom[2:]),))
    yield Need("batch multiplier, other half", early(device), bottom[:1])
    if device == CPU:
        yield Need("gradients of both statistics", BACKWARD, (2, bottom[0], count))


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


def _by_fork(what: str) -> BufferRule:
    return unknown_buffers(f"what a {what} keeps differs from fork to fork")


_UNREAD: Final = "what its backward pass reads differs from fork to fork"


_NORMALISE: Final = "normalise, scale, shift"


_B_AND_T: Final = reads(bottoms="first", tops="first")


_NORM: Final = Traits(LayerKind.NORMALISATION, Base.LAYER, no_buffers, _B_AND_T, InPlace.NEVER)


def _computes(name: str, operations: int, what: str, traits: Traits, *names: str) -> LayerType:
    return LayerType(Rule(f"{name} of forks", other_ops=per_top(operations, what)), traits, names)


_L2: Final = (4, "square, sum, inverse root, multiply")


TYPES: Final[Mapping[str, LayerType]] = {
    "L2Normalization": _computes("L2Normalization", *_L2, _NORM._replace(buffers=_by_fork("L2Normalization"))),
    "L2Normalize": _computes("L2Normalize", *_L2, _NORM._replace(buffers=one_bottom("squares"))),
    "L2Norm": _computes(
        "L2Norm",
        *_L2,
        _NORM._replace(buffers=_l2_norm_buffers, backward_reads=unknown_reads(_UNREAD), in_place=InPlace.UNKNOWN),
    ),
    "BN": LayerType(
        Rule(
            "SegNet bn_layer.cpp; PSPNet bn_layer.cpp",
            params=_bn_params,
            other_ops=per_top(7, _NORMALISE),
            backward=no_macs,
        ),
        _NORM._replace(
            family=Family.BATCH_NORM,
            buffers=_bn_buffers,
            backward_reads=reads(private=True),
            in_place=InPlace.UNKNOWN,
        ),
    ),
    "CuDNNBatchNorm": LayerType(
        Rule(
            "NVIDIA 0.15 cudnn_batch_norm_layer.cpp",
            params=_cudnn_batch_norm_params,
            other_ops=per_top(7, _NORMALISE),
            backward=no_macs,
        ),
        _NORM._replace(
            family=Family.BATCH_NORM,
            buffers=_by_fork("CuDNNBatchNorm"),
            backward_reads=reads(bottoms="first", private=True),
            in_place=InPlace.UNKNOWN,
        ),
    ),
}
