"""ResNets (He et al. 2016, table 1 and section 4.2), ResNeXt (Xie et al. 2017), DenseNets (Huang et al. 2017)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.zoo.known import Known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.zoo.drawing import Drawing, Spot


class _Form(NamedTuple):
    """How blocks are made: with a bottleneck, where its stride stands, its groups and how wide it is.

    `always` says that the first block of each stage has a 1×1 on its shortcut, of the first stage too.
    """

    bottleneck: bool
    late: bool = False
    group: int = 1
    widening: int = 1
    always: bool = False


def _resnet(net: Drawing, *, depths: tuple[int, ...], form: _Form) -> None:
    net.conv(64, 7, 2)
    net.pool(3, 2)
    for stage, (depth, width) in enumerate(zip(depths, (64, 128, 256, 512), strict=True)):
        for place in range(depth):
            _block(net, width, 2 if stage and not place else 1, form, widens=not place)
    net.mean()
    net.dense(1000)


def _block(net: Drawing, width: int, stride: int, form: _Form, *, widens: bool) -> None:
    """A shortcut by a 1×1 wherever the channels or the map change (option B)."""
    begun = net.top
    outs = 4 * width if form.bottleneck else width
    changes = widens and (form.always or stride > 1 or begun.channels != outs)
    short = net.conv(outs, 1, stride, pad=0, of=begun) if changes else begun
    if form.bottleneck:
        inner = width * form.widening
        net.conv(inner, 1, 1 if form.late else stride, pad=0, of=begun)
        net.conv(inner, 3, stride if form.late else 1, group=form.group)
        net.conv(outs, 1)
    else:
        net.conv(width, 3, stride, of=begun)
        net.conv(width, 3)
    net.sum(short, net.top)


def _small(net: Drawing, *, blocks: int, projected: bool) -> None:
    """The nets of 6n + 2 layers for CIFAR; a shortcut that changes size is a 1×1, or has no weights."""
    net.conv(16, 3)
    for stage, width in enumerate((16, 32, 64)):
        for place in range(blocks):
            begun, stride = net.top, 2 if stage and not place else 1
            short = begun if stride == 1 else _shortcut(net, width, projected=projected)
            net.conv(width, 3, stride, of=begun)
            net.conv(width, 3)
            net.sum(short, net.top)
    net.mean()
    net.dense(10)


def _shortcut(net: Drawing, width: int, *, projected: bool) -> Spot:
    if projected:
        return net.conv(width, 1, 2, pad=0)
    spot = net.pool(2, 2, method="AVE")
    return spot._replace(channels=width)  # filled up with zeros


def _densenet(net: Drawing, *, depths: tuple[int, ...], growth: int, begin: int) -> None:
    net.conv(begin, 7, 2)
    net.pool(3, 2)
    for stage, depth in enumerate(depths):
        for _ in range(depth):
            begun = net.top
            net.conv(4 * growth, 1)
            net.conv(growth, 3)
            net.concat(begun, net.top)
        if stage + 1 < len(depths):
            net.conv(net.top.channels // 2, 1)
            net.pool(2, 2, method="AVE")
    net.mean()
    net.dense(1000)


_TEN: Final = 10  # the paper has none of so few layers
_DEPTHS: Final = {
    _TEN: (1, 1, 1, 1),
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
_DENSE: Final = {
    121: ((6, 12, 24, 16), 32, 64),
    161: ((6, 12, 36, 24), 48, 96),
    169: ((6, 12, 32, 32), 32, 64),
    201: ((6, 12, 48, 32), 32, 64),
}
_FIRST_BOTTLENECK: Final = 50


# How a drawing differs from the paper's → the form of its blocks
_BASIC: Final = {"": _Form(bottleneck=False), "with a 1×1 on its first shortcut": _Form(bottleneck=False, always=True)}
_DEEP: Final = {"": _Form(bottleneck=True), "with the stride on its 3×3": _Form(bottleneck=True, late=True)}


def _rows() -> Iterator[Known]:
    for layers, depths in _DEPTHS.items():
        deep = layers >= _FIRST_BOTTLENECK
        for style, form in (_DEEP if deep else _BASIC).items():
            many = sum(depths) * (3 if deep else 2) + 2 + (4 if deep or form.always else 3)
            yield Known(
                f"ResNet-{layers}",
                partial(_resnet, depths=depths, form=form),
                many,
                "He et al. 2016, table 1" if layers > _TEN else "Simon et al. 2016",
                normed=True,
                style=style,
                is_trunk=layers > _TEN,
            )
    yield Known(
        "ResNeXt-50 (32 × 4)",
        partial(_resnet, depths=_DEPTHS[50], form=_Form(bottleneck=True, late=True, group=32, widening=2)),
        54,
        "Xie et al. 2017, table 1",
        normed=True,
    )
    for blocks in (3, 5, 7, 9, 18):
        for projected in (False, True):
            yield Known(
                f"ResNet-{6 * blocks + 2} for CIFAR",
                partial(_small, blocks=blocks, projected=projected),
                6 * blocks + 2 + 2 * projected,
                "He et al. 2016, section 4.2",
                32,
                classes=10,
                normed=True,
                style="with projections" if projected else "",
            )
    for layers, (depths, growth, begin) in _DENSE.items():
        yield Known(
            f"DenseNet-{layers}",
            partial(_densenet, depths=depths, growth=growth, begin=begin),
            layers,
            "Huang et al. 2017, table 1",
            normed=True,
            is_trunk=layers == 121,
        )


NETS: Final = tuple(_rows())
