"""Pooling and SPP. Source: pooling_layer.cpp, spp_layer.cpp.

Operation counts take every window as full; windows at the border are smaller, so they are a bound.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, FORWARD, Need
from logparse.cost.rule import Count, Rule, dims
from logparse.cost.traits import Base, Cudnn, InPlace, LayerKind, LayerType, Reads, Traits, reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.rule import View
    from logparse.cost.spec import Shape
    from logparse.textproto import Message


class PoolingWindow(NamedTuple):
    """A pooling's settings per spatial axis; `rounds_up` is Caffe's default."""

    kernel: Shape
    stride: Shape
    pad: Shape
    method: str
    rounds_up: bool
    is_global: bool


_METHODS: Final = {"0": "MAX", "1": "AVE", "2": "STOCHASTIC"}
_LEADING_AXES: Final = 2  # batch and channel


def _rounds_up(message: Message) -> bool:
    """BVLC's round_mode (2017), or the flag `ceil_mode` of several forks; up by default."""
    if message.has("ceil_mode"):
        return message.flag("ceil_mode", default=True)
    return message.text("round_mode", str(message.integer("round_mode", 0))) not in {"FLOOR", "1"}


def window(layer: View) -> PoolingWindow:
    """The settings as the definition states them; a global pooling's kernel is its bottom's map."""
    return layer.once(_window)


def _window(layer: View) -> PoolingWindow:
    message = layer.param("pooling_param")
    size = layer.bottom()[_LEADING_AXES:]
    is_global = message.flag("global_pooling", default=False)
    return PoolingWindow(
        kernel=size if is_global else fields.kernel(message, len(size)),
        stride=fields.spatial(message, "stride", len(size), 1),
        pad=fields.spatial(message, "pad", len(size), 0),
        method=_method(message),
        rounds_up=_rounds_up(message),
        is_global=is_global,
    )


def _method(message: Message) -> str:
    """MAX unless stated, by name or by number."""
    return message.text("pool", _METHODS.get(str(message.integer("pool", 0)), "MAX"))


def _outputs(size: int, kernel: int, stride: int, pad: int, *, rounds_up: bool) -> int:
    """Windows along one axis; with padding, the last one must start inside the map."""
    reach = size + 2 * pad - kernel
    count = (-(-reach // stride) if rounds_up else reach // stride) + 1
    return count - 1 if pad and (count - 1) * stride >= size + pad else count


def _shapes(layer: View) -> tuple[Shape | None, ...]:
    pool, bottom = window(layer), layer.bottom()
    size = bottom[_LEADING_AXES:]
    if pool.is_global:
        out: Shape = (1,) * len(size)
    else:
        parts = zip(size, pool.kernel, pool.stride, pool.pad, strict=True)
        out = tuple(_outputs(i, k, s, p, rounds_up=pool.rounds_up) for i, k, s, p in parts)
    return ((*bottom[:_LEADING_AXES], *out),) * max(len(layer.spec.tops), 1)


_PER_OUTPUT: Final = {
    "MAX": (1, -1, "compares"),
    "AVE": (1, 1, "adds, one division"),
    "STOCHASTIC": (2, 0, "sum, then search"),
}


def _other_ops(layer: View) -> Count:
    pool = window(layer)
    factor, extra, what = _PER_OUTPUT.get(pool.method, _PER_OUTPUT["MAX"])
    each = max(factor * prod(pool.kernel) + extra, 0)
    times = f"{factor}·" if factor > 1 else ""
    tail = f" {extra:+d}".replace("+", "+ ").replace("-", "− ") if extra else ""
    return Count(prod(layer.top()) * each, f"{dims(layer.top())} × ({times}{dims(pool.kernel)}{tail}) ({what})")


def _spp_levels(layer: View) -> tuple[int, ...]:
    """Bins per axis at each level of the pyramid."""
    return tuple(2**level for level in range(max(layer.param("spp_param").integer("pyramid_height", 1), 1)))


def _spp_shapes(layer: View) -> tuple[Shape | None, ...]:
    bottom = layer.bottom()
    return ((bottom[0], bottom[1] * sum(bins * bins for bins in _spp_levels(layer))),)


def _spp_ops(layer: View) -> Count:
    """Each level sweeps the whole map once."""
    levels = len(_spp_levels(layer))
    return Count(prod(layer.bottom()) * levels, f"{dims(layer.bottom())} × {levels} levels (compares or adds)")


# -- private buffers -------------------------------------------------------------------------------


def _pooling(layer: View, _: str) -> Iterator[Need]:
    method = window(layer).method
    if method == "MAX" and len(layer.spec.tops) < 2:
        yield Need("index of the maximum", FORWARD, layer.top(), integers=True)
    if method == "STOCHASTIC" and layer.is_training:
        yield Need("drawn index", FORWARD, layer.top())


def _spp(layer: View, _: str) -> Iterator[Need]:
    """One pooling layer per level behind a split: tops, indices, and the gradients of all of these."""
    bottom = layer.bottom()
    message = layer.param("spp_param")
    for level in range(message.integer("pyramid_height", 1)):
        top = (*bottom[:2], 2**level, 2**level)
        yield Need(f"level {level}", FORWARD, top)
        if message.text("pool", "MAX") == "MAX":
            yield Need(f"level {level}, index of the maximum", FORWARD, top, integers=True)
        yield Need(f"level {level}, gradient", BACKWARD, top)
        yield Need(f"level {level}, gradient of its bottom", BACKWARD, bottom)


def _pooling_reads(layer: View) -> Reads:
    """MAX reads its indices: its own, or those of a second top; AVE nothing; STOCHASTIC the drawn index."""
    method, tops = _method(layer.param("pooling_param")), len(layer.spec.tops)
    if method == "MAX":
        return Reads(tops=(1,)) if tops > 1 else Reads(private=True)
    return Reads(private=method == "STOCHASTIC")


def _averages(settings: Message | None, _: int) -> bool:
    """CuDNN only for averages: MAX needs its indices (layer_factory.cpp)."""
    return settings is not None and settings.text("pool", "MAX") == "AVE"


_POOLING: Final = Traits(LayerKind.POOLING, Base.LAYER, _pooling, _pooling_reads, InPlace.NEVER)

TYPES: Final = {
    "Pooling": LayerType(
        Rule("pooling_layer.cpp", _shapes, other_ops=_other_ops),
        _POOLING._replace(
            windowed=True,
            cudnn=Cudnn("pooling_param", _averages, reads=reads(bottoms="first", tops="first")),
        ),
    ),
    "SPP": LayerType(
        Rule("spp_layer.cpp; He et al. 2014", _spp_shapes, other_ops=_spp_ops),
        _POOLING._replace(buffers=_spp, backward_reads=reads(private=True)),
    ),
}
