"""Nets made to be small: SqueezeNet (Iandola et al. 2016), MobileNets (Howard et al. 2017, Sandler et al. 2018)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from logparse.cost.zoo.known import Known

if TYPE_CHECKING:
    from logparse.cost.zoo.drawing import Drawing

_SQUEEZED: Final = (16, 16, 32, 32, 48, 48, 64, 64)  # of the fire modules 2 to 9; each half expands fourfold


def _squeezenet(net: Drawing, *, first: tuple[int, int], pooled: tuple[int, int]) -> None:
    net.conv(*first, 2, pad=0)
    net.pool(3, 2)
    for place, width in enumerate(_SQUEEZED, 2):
        squeezed = net.conv(width, 1)
        net.concat(net.conv(4 * width, 1, of=squeezed), net.conv(4 * width, 3, of=squeezed))
        if place in pooled:
            net.pool(3, 2)
    net.conv(1000, 1)
    net.mean()


# Of each separable block: channels and stride (table 1)
_SEPARABLE: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def _mobilenet(net: Drawing, *, width: float) -> None:
    net.conv(int(32 * width), 3, 2)
    for outs, stride in _SEPARABLE:
        net.depthwise(stride)
        net.conv(int(outs * width), 1)
    net.mean()
    net.dense(1000)


# Of each row of table 2: expansion, channels, repeats, stride
_INVERTED: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_LAST: Final = 1280  # not less at smaller widths


def _rounded(channels: float) -> int:
    """A multiple of 8, the nearest one that does not take a tenth away."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


def _inverted(net: Drawing, *, width: float) -> None:
    net.conv(_rounded(32 * width), 3, 2)
    for expansion, outs, repeats, stride in _INVERTED:
        for repeat in range(repeats):
            begun = net.top
            if expansion > 1:
                net.conv(expansion * begun.channels, 1)
            net.depthwise(1 if repeat else stride)
            net.conv(_rounded(outs * width), 1)
            if repeat:
                net.sum(begun, net.top)
    net.conv(max(_LAST, _rounded(_LAST * width)), 1)
    net.mean()
    net.dense(1000)


_FIRE: Final = "Iandola et al. 2016"
NETS: Final = (
    Known("SqueezeNet 1.0", partial(_squeezenet, first=(96, 7), pooled=(4, 8)), 26, f"{_FIRE}, table 1", 224),
    Known("SqueezeNet 1.1", partial(_squeezenet, first=(64, 3), pooled=(3, 5)), 26, f"{_FIRE}, its later release", 224),
    *(
        Known(
            "MobileNet v1",
            partial(_mobilenet, width=width),
            28,
            "Howard et al. 2017, table 1",
            normed=True,
            style="" if width == 1 else f"at width {width:g}",
            is_trunk=True,
        )
        for width in (1, 0.75, 0.5, 0.25)
    ),
    *(
        Known(
            "MobileNet v2",
            partial(_inverted, width=width),
            53,
            "Sandler et al. 2018, table 2",
            normed=True,
            style="" if width == 1 else f"at width {width:g}",
            is_trunk=True,
        )
        for width in (1, 1.4, 0.75, 0.5, 0.35)
    ),
)
