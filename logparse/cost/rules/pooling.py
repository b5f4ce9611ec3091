"""Pooling and SPP. Source: pooling_layer.cpp, spp_layer.cpp.

Operation counts take every window as full; windows at the border are smaller, so they are a bound.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost import fields
from logparse.cost.buffer import BACKWARD, FORWARD, Need
from logparse.cost.rule import Count, Missing, Rule, dims
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
    rounds_up: bool
    is_global: bool


_LEADING_AXES: Final = 2  # batch and channel
_ROUND: Final = fields.Choice("round_mode", ("CEIL", "FLOOR"), "CEIL")


def _rounds_up(message: Message) -> bool:
    """BVLC's round_mode (2017), or the flag `ceil_mode` of several forks; up by default."""
    if message.has("ceil_mode"):
        return message.flag("ceil_mode", default=True)
    return _ROUND.of(message) == "CEIL"


def method(layer: View) -> str:
    """How a Pooling makes one value out of a window; a definition that states no window is not whole."""
    window(layer)
    return fields.POOL.of(layer.param("pooling_param"))


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
        rounds_up=_rounds_up(message),
        is_global=is_global,
    )


def _outputs(pool: PoolingWindow, axis: int, size: int) -> int:
    """Windows along one axis; with padding on any axis, the last one must start inside the map or its pad.

    Source: pooling_layer.cpp, `if (pad_h_ || pad_w_)` clips both axes.
    """
    kernel, stride, pad = pool.kernel[axis], pool.stride[axis], pool.pad[axis]
    reach = size + 2 * pad - kernel
    count = (-(-reach // stride) if pool.rounds_up else reach // stride) + 1
    return count - 1 if any(pool.pad) and (count - 1) * stride >= size + pad else count


def _shapes(layer: View) -> tuple[Shape | None, ...]:
    pool, bottom = window(layer), layer.bottom()
    size = bottom[_LEADING_AXES:]
    if pool.is_global:
        out: Shape = (1,) * len(size)
    else:
        out = tuple(_outputs(pool, axis, extent) for axis, extent in enumerate(size))
    return ((*bottom[:_LEADING_AXES], *out),) * max(len(layer.spec.tops), 1)


_PER_OUTPUT: Final = {
    "MAX": (1, -1, "compares"),
    "AVE": (1, 1, "adds, one division"),
    "STOCHASTIC": (2, 0, "sum, then search"),
}


def _other_ops(layer: View) -> Count:
    pool = window(layer)
    factor, extra, what = _PER_OUTPUT[method(layer)]
    each = max(factor * prod(pool.kernel) + extra, 0)
    times = f"{factor}·" if factor > 1 else ""
    tail = f" {extra:+d}".replace("+", "+ ").replace("-", "− ") if extra else ""
    return Count(prod(layer.top()) * each, f"{dims(layer.top())} × ({times}{dims(pool.kernel)}{tail}) ({what})")


def _spp_levels(layer: View) -> tuple[int, ...]:
    """Bins per axis at each level of the pyramid."""
    height = max(layer.param("spp_param").integer("pyramid_height", 1), 1)
    if height > _MOST_LEVELS:
        raise Missing(f"a pyramid of {height} levels has more bins than an int of Caffe's counts")
    return tuple(2**level for level in range(height))


_MOST_LEVELS: Final = 16  # 2^15 bins an axis are 2^30 in all


def _spp_shapes(layer: View) -> tuple[Shape | None, ...]:
    """All bins side by side; of a single level the pooling's own shape (spp_layer.cpp, LayerSetUp)."""
    bottom, levels = layer.bottom(), _spp_levels(layer)
    if len(levels) == 1:
        return ((*bottom[:_LEADING_AXES], 1, 1),)
    return ((bottom[0], bottom[1] * sum(bins * bins for bins in levels)),)


def _spp_ops(layer: View) -> Count:
    """Each level sweeps the whole map once."""
    levels = len(_spp_levels(layer))
    return Count(prod(layer.bottom()) * levels, f"{dims(layer.bottom())} × {levels} levels (compares or adds)")


# -- private buffers -------------------------------------------------------------------------------


def _pooling(layer: View, _: str) -> Iterator[Need]:
    pool = method(layer)
    if pool == "MAX" and len(layer.spec.tops) < 2:
        yield Need("index of the maximum", FORWARD, layer.top(), integers=True)
    if pool == "STOCHASTIC" and layer.is_training:
        yield Need("drawn index", FORWARD, layer.top())


def _spp(layer: View, _: str) -> Iterator[Need]:
    """One pooling layer per level behind a split: tops, indices, and the gradients of all of these.

    A single level pools the layer's own bottom into its own top (spp_layer.cpp). The inner layers are made without a
    phase, so that they draw in a TEST net too.
    """
    bottom, levels, pool = layer.bottom(), _spp_levels(layer), fields.POOL.of(layer.param("spp_param"))
    for level, bins in enumerate(levels):
        top = (*bottom[:_LEADING_AXES], bins, bins)
        if len(levels) > 1:
            yield Need(f"level {level}", FORWARD, top)
        if pool == "MAX":
            yield Need(f"level {level}, index of the maximum", FORWARD, top, integers=True)
        if pool == "STOCHASTIC":
            yield Need(f"level {level}, drawn index", FORWARD, top)
        if len(levels) > 1:
            yield Need(f"level {level}, gradient", BACKWARD, top)
            yield Need(f"level {level}, gradient of its bottom", BACKWARD, bottom)


def _pooling_reads(layer: View) -> Reads:
    """MAX reads its indices: its own, or those of a second top; AVE nothing; STOCHASTIC the drawn index."""
    pool, tops = fields.POOL.of(layer.param("pooling_param")), len(layer.spec.tops)
    return Reads(tops=(1,)) if pool == "MAX" and tops > 1 else Reads(private=pool != "AVE")


def _spp_reads(layer: View) -> Reads:
    """The indices of each level; averages nothing."""
    return Reads(private=fields.POOL.of(layer.param("spp_param")) != "AVE")


def _averages(settings: Message | None, _: int) -> bool:
    """CuDNN only for averages: MAX needs its indices (layer_factory.cpp)."""
    return settings is not None and fields.POOL.stated(settings) == "AVE"


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
        _POOLING._replace(buffers=_spp, backward_reads=_spp_reads),
    ),
}
