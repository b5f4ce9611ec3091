"""VGG's configurations (Simonyan and Zisserman 2014, table 1), and what was built on them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from logparse.cost.zoo.known import Known

if TYPE_CHECKING:
    from logparse.cost.zoo.drawing import Drawing, Spot

_WIDTHS: Final = (64, 128, 256, 512, 512)
_PAPER: Final = "Simonyan and Zisserman 2014, table 1"


def _blocks(net: Drawing, depths: tuple[int, ...], last: int = 3) -> None:
    """Blocks of 3×3 with a pooling behind each; `last` is the kernel of the third one of a block (1 in column C)."""
    for depth, width in zip(depths, _WIDTHS, strict=True):
        for place in range(depth):
            net.conv(width, last if place == 2 else 3)
        net.pool(2, 2)


def _vgg(net: Drawing, *, depths: tuple[int, ...], last: int = 3) -> None:
    _blocks(net, depths, last)
    for outs in (4096, 4096, 1000):
        net.dense(outs)


def _fcn32s(net: Drawing) -> None:
    """Long et al. 2015: VGG-16's dense layers as convolutions, one deconvolution back to the image."""
    _blocks(net, (2, 2, 3, 3, 3))
    net.conv(4096, 7, pad=0)
    net.conv(4096, 1)
    net.conv(21, 1)
    net.deconv(21, 64, 32)


# Of SSD's further blocks: channels of both convolutions, the second's stride and padding (Liu et al. 2016, figure 2)
_SSD300_EXTRA: Final = ((256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 1, 0), (128, 256, 1, 0))
_SSD512_EXTRA: Final = ((256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 2, 1), (128, 256, 2, 1))
_VOC_CLASSES: Final = 21  # with the background


def _ssd(net: Drawing, *, extra: tuple[tuple[int, int, int, int], ...], boxes: tuple[int, ...], last: int = 0) -> None:
    """VGG-16's convolutions, the dense layers as convolutions, further blocks, and two heads on each of the maps."""
    maps: list[Spot] = []
    for block, (depth, width) in enumerate(zip((2, 2, 3, 3, 3), _WIDTHS, strict=True), 1):
        for _ in range(depth):
            net.conv(width, 3)
        if block == 4:
            maps.append(net.top)
        net.pool(*((3, 1, 1) if block == 5 else (2, 2, 0)))
    net.conv(1024, 3, dilation=6)
    maps.append(net.conv(1024, 1))
    for narrow, wide, stride, pad in extra:
        net.conv(narrow, 1)
        maps.append(net.conv(wide, 3, stride, pad=pad))
    if last:
        net.conv(128, 1)
        maps.append(net.conv(256, last, pad=1))
    heads = [
        (net.conv(4 * many, 3, of=one), net.conv(_VOC_CLASSES * many, 3, of=one))
        for one, many in zip(maps, boxes, strict=True)
    ]
    net.concat(*(box for box, _ in heads))
    net.concat(*(score for _, score in heads))


NETS: Final = (
    Known("VGG-11", partial(_vgg, depths=(1, 1, 2, 2, 2)), 11, f"{_PAPER}, column A"),
    Known("VGG-13", partial(_vgg, depths=(2, 2, 2, 2, 2)), 13, f"{_PAPER}, column B"),
    Known(
        "VGG-16", partial(_vgg, depths=(2, 2, 3, 3, 3), last=1), 16, f"{_PAPER}, column C", style="with 1×1 (column C)"
    ),
    Known("VGG-16", partial(_vgg, depths=(2, 2, 3, 3, 3)), 16, f"{_PAPER}, column D", is_trunk=True),
    Known("VGG-19", partial(_vgg, depths=(2, 2, 4, 4, 4)), 19, f"{_PAPER}, column E", is_trunk=True),
    Known("FCN-32s", _fcn32s, 17, "Long et al. 2015", 224, classes=21, free_size=True),
    Known(
        "SSD300 on VGG-16",
        partial(_ssd, extra=_SSD300_EXTRA, boxes=(4, 6, 6, 6, 4, 4)),
        35,
        "Liu et al. 2016",
        300,
        classes=_VOC_CLASSES,
    ),
    Known(
        "SSD512 on VGG-16",
        partial(_ssd, extra=_SSD512_EXTRA, boxes=(4, 6, 6, 6, 6, 4, 4), last=4),
        39,
        "Liu et al. 2016",
        512,
        classes=_VOC_CLASSES,
    ),
)
