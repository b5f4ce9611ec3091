"""GoogLeNet (Szegedy et al. 2015, table 1) and its successor with BatchNorm (Ioffe and Szegedy 2015, figure 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from logparse.cost.zoo.known import Known

if TYPE_CHECKING:
    from logparse.cost.zoo.drawing import Drawing, Spot

# 1×1; 3×3 reduced, 3×3; 5×5 reduced, 5×5; behind the pooling
_MODULES: Final = (
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
_POOLED_BEFORE: Final = (2, 7)  # modules 4a and 5a
_HEADS_BEHIND: Final = (2, 5)  # the auxiliary classifiers hang on 4a and 4d


def _stem(net: Drawing, *, norms: bool) -> None:
    net.conv(64, 7, 2)
    net.pool(3, 2)
    if norms:
        net.lrn()
    net.conv(64, 1)
    net.conv(192, 3)
    if norms:
        net.lrn()
    net.pool(3, 2)


def _googlenet(net: Drawing, *, heads: bool) -> None:
    _stem(net, norms=True)
    for place, widths in enumerate(_MODULES):
        if place in _POOLED_BEFORE:
            net.pool(3, 2)
        module = _module(net, widths)
        if heads and place in _HEADS_BEHIND:
            _head(net)
        net.top = module
    net.mean()
    net.dense(1000)


def _module(net: Drawing, widths: tuple[int, ...]) -> Spot:
    begun = net.top
    one = net.conv(widths[0], 1, of=begun)
    net.conv(widths[1], 1, of=begun)
    three = net.conv(widths[2], 3)
    net.conv(widths[3], 1, of=begun)
    five = net.conv(widths[4], 5)
    net.pool(3, 1, 1, of=begun)
    pooled = net.conv(widths[5], 1)
    return net.concat(one, three, five, pooled)


def _head(net: Drawing) -> None:
    net.pool(5, 3, method="AVE")
    net.conv(128, 1)
    net.dense(1024)
    net.dense(1000)


# 1×1 (0: none); 3×3 reduced, 3×3; double 3×3 reduced, 3×3 twice; behind the pooling (0: the pooling itself), its method
_NORMED_MODULES: Final = (
    (64, 64, 64, 64, 96, 32, "AVE"),
    (64, 64, 96, 64, 96, 64, "AVE"),
    (0, 128, 160, 64, 96, 0, "MAX"),
    (224, 64, 96, 96, 128, 128, "AVE"),
    (192, 96, 128, 96, 128, 128, "AVE"),
    (160, 128, 160, 128, 160, 128, "AVE"),
    (96, 128, 192, 160, 192, 128, "AVE"),
    (0, 128, 192, 192, 256, 0, "MAX"),
    (352, 192, 320, 160, 224, 128, "AVE"),
    (352, 192, 320, 192, 224, 128, "MAX"),
)


def _normed(net: Drawing) -> None:
    _stem(net, norms=False)
    for widths in _NORMED_MODULES:
        _normed_module(net, widths)
    net.mean()
    net.dense(1000)


def _normed_module(net: Drawing, widths: tuple[int, int, int, int, int, int, str]) -> None:
    one, reduced, three, narrow, double, behind, method = widths
    begun, stride = net.top, 1 if one else 2
    pieces = [net.conv(one, 1, of=begun)] if one else []
    net.conv(reduced, 1, of=begun)
    pieces.append(net.conv(three, 3, stride))
    net.conv(narrow, 1, of=begun)
    net.conv(double, 3)
    pieces.append(net.conv(double, 3, stride))
    pooled = net.pool(3, stride, 1 if one else 0, method, of=begun)
    pieces.append(net.conv(behind, 1) if behind else pooled)
    net.concat(*pieces)


_PAPER: Final = "Szegedy et al. 2015, table 1"
NETS: Final = (
    Known("GoogLeNet", partial(_googlenet, heads=True), 64, _PAPER, is_trunk=True),
    Known(
        "GoogLeNet", partial(_googlenet, heads=False), 58, _PAPER, style="without its auxiliary heads", is_trunk=True
    ),
    Known("Inception-BN", _normed, 70, "Ioffe and Szegedy 2015, figure 5", normed=True, is_trunk=True),
)
