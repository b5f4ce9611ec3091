"""GoogLeNet (Szegedy et al. 2015, table 1) and its successor with BatchNorm (Ioffe and Szegedy 2015, figure 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

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


# -- version 3 (Szegedy et al. 2016, table 1 and figures 5 to 7) ---------------------------------------

_ROW: Final = (1, 7)
_COLUMN: Final = (7, 1)


def _third(net: Drawing) -> None:
    net.conv(32, 3, 2, pad=0)
    net.conv(32, 3, pad=0)
    net.conv(64, 3)
    net.pool(3, 2)
    net.conv(80, 1)
    net.conv(192, 3, pad=0)
    net.pool(3, 2)
    for behind in (32, 64, 64):
        _branches(net, ((64, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)), behind=behind)
    _reduce(net, ((384, 3),), ((64, 1), (96, 3), (96, 3)))
    for narrow in (128, 160, 160, 192):
        twice = ((narrow, 1), (narrow, _COLUMN), (narrow, _ROW), (narrow, _COLUMN), (192, _ROW))
        _branches(net, ((192, 1),), ((narrow, 1), (narrow, _ROW), (192, _COLUMN)), twice, behind=192)
    _reduce(net, ((192, 1), (320, 3)), ((192, 1), (192, _ROW), (192, _COLUMN), (192, 3)))
    _split(net)
    _split(net)
    net.mean()
    net.dense(1000)


_Branch: TypeAlias = "tuple[tuple[int, int | tuple[int, int]], ...]"  # channels and kernels, one behind the other


def _branches(net: Drawing, *branches: _Branch, behind: int) -> None:
    begun = net.top
    ends = [_chain(net, begun, branch) for branch in branches]
    net.pool(3, 1, 1, "AVE", of=begun)
    net.concat(*ends, net.conv(behind, 1))


def _chain(net: Drawing, begun: Spot, branch: _Branch) -> Spot:
    net.top = begun
    for outs, kernel in branch:
        net.conv(outs, kernel)
    return net.top


def _reduce(net: Drawing, *branches: _Branch) -> None:
    """Half the map: the last convolution of each branch, and a pooling beside them, have stride 2."""
    begun, ends = net.top, []
    for branch in branches:
        _chain(net, begun, branch[:-1])
        ends.append(net.conv(*branch[-1], 2, pad=0))
    net.concat(*ends, net.pool(3, 2, of=begun))


def _split(net: Drawing) -> None:
    """The last modules, whose 3×3 stand side by side as a row and a column."""
    begun = net.top
    one = net.conv(320, 1)
    narrow = _chain(net, begun, ((384, 1),))
    halves = [net.conv(384, kernel, of=narrow) for kernel in ((1, 3), (3, 1))]
    double = _chain(net, begun, ((448, 1), (384, 3)))
    doubled = [net.conv(384, kernel, of=double) for kernel in ((1, 3), (3, 1))]
    net.pool(3, 1, 1, "AVE", of=begun)
    net.concat(one, *halves, *doubled, net.conv(192, 1))


_PAPER: Final = "Szegedy et al. 2015, table 1"
NETS: Final = (
    Known("GoogLeNet", partial(_googlenet, heads=True), 64, _PAPER, is_trunk=True),
    Known(
        "GoogLeNet", partial(_googlenet, heads=False), 58, _PAPER, style="without its auxiliary heads", is_trunk=True
    ),
    Known("Inception v3", _third, 95, "Szegedy et al. 2016", 299, normed=True, is_trunk=True),
    Known("Inception-BN", _normed, 70, "Ioffe and Szegedy 2015, figure 5", normed=True, is_trunk=True),
)
