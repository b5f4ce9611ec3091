"""LeNet, Caffe's nets for CIFAR-10 and MNIST, AlexNet and its kin, Network in Network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.zoo.known import Known

if TYPE_CHECKING:
    from logparse.cost.zoo.drawing import Drawing


def _lenet(net: Drawing) -> None:
    net.conv(20, 5, pad=0)
    net.pool(2, 2)
    net.conv(50, 5, pad=0)
    net.pool(2, 2)
    net.dense(500)
    net.dense(10)


def _cifar10(net: Drawing, *, dense: tuple[int, ...], norms: bool) -> None:
    for place, (outs, method) in enumerate(((32, "MAX"), (32, "AVE"), (64, "AVE"))):
        net.conv(outs, 5)
        net.pool(3, 2, method=method)
        if norms and place < 2:  # behind the first two poolings
            net.lrn()
    for outs in dense:
        net.dense(outs)


def _autoencoder(net: Drawing) -> None:
    for outs in (1000, 500, 250, 30, 250, 500, 1000, 784):
        net.dense(outs)


def _alexnet(net: Drawing, *, norm_first: bool) -> None:
    """The paper normalises, then pools; Caffe's reference net pools, then normalises."""
    for outs, kernel, stride, group in ((96, 11, 4, 1), (256, 5, 1, 2)):
        net.conv(outs, kernel, stride, pad=0 if stride > 1 else None, group=group)
        if norm_first:
            net.lrn()
        net.pool(3, 2)
        if not norm_first:
            net.lrn()
    net.conv(384, 3)
    net.conv(384, 3, group=2)
    net.conv(256, 3, group=2)
    net.pool(3, 2)
    _classifier(net)


def _one_column(net: Drawing) -> None:
    net.conv(64, 11, 4, pad=2)
    net.pool(3, 2)
    net.conv(192, 5)
    net.pool(3, 2)
    for outs in (384, 256, 256):
        net.conv(outs, 3)
    net.pool(3, 2)
    _classifier(net)


def _classifier(net: Drawing) -> None:
    for outs in (4096, 4096, 1000):
        net.dense(outs)


class _Five(NamedTuple):
    """Five convolutions and three dense layers: the first two with stride and padding, LRN or none, a pooling each.

    A pooling is its kernel and its stride; `widths` are those of the last three convolutions, all 3×3.
    """

    first: tuple[int, int, int, int]
    second: tuple[int, int, int, int]
    widths: tuple[int, int, int]
    poolings: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] = ((3, 2), (3, 2), (3, 2))
    norms: tuple[bool, bool] = (True, True)


def _five(net: Drawing, *, form: _Five) -> None:
    for (outs, kernel, stride, pad), pooling, norm in zip(
        (form.first, form.second), form.poolings[:2], form.norms, strict=True
    ):
        net.conv(outs, kernel, stride, pad=pad)
        if norm:
            net.lrn()
        net.pool(*pooling)
    for outs in form.widths:
        net.conv(outs, 3)
    net.pool(*form.poolings[2])
    _classifier(net)


_ZF: Final = _Five((96, 7, 2, 1), (256, 5, 2, 0), (384, 384, 256))
_FAST: Final = _Five((64, 11, 4, 0), (256, 5, 1, 2), (256, 256, 256))
_MEDIUM: Final = _Five((96, 7, 2, 0), (256, 5, 2, 1), (512, 512, 512))
_SLOW: Final = _Five(
    (96, 7, 2, 0), (256, 5, 1, 1), (512, 512, 512), poolings=((3, 3), (2, 2), (3, 3)), norms=(True, False)
)


def _nin(net: Drawing) -> None:
    for outs, kernel, stride, pad in ((96, 11, 4, 0), (256, 5, 1, 2), (384, 3, 1, 1)):
        net.conv(outs, kernel, stride, pad=pad)
        net.conv(outs, 1)
        net.conv(outs, 1)
        net.pool(3, 2)
    for outs, kernel in ((1024, 3), (1024, 1), (1000, 1)):
        net.conv(outs, kernel)
    net.mean()


def _nin_cifar(net: Drawing) -> None:
    for widths, kernel, method in (((192, 160, 96), 5, "MAX"), ((192, 192, 192), 5, "AVE"), ((192, 192, 10), 3, "")):
        net.conv(widths[0], kernel)
        net.conv(widths[1], 1)
        net.conv(widths[2], 1)
        if method:
            net.pool(3, 2, method=method)
    net.mean()


_CHATFIELD: Final = "Chatfield et al. 2014, table 1"
_CAFFE: Final = "BVLC Caffe, examples"

NETS: Final = (
    Known("LeNet", _lenet, 4, f"{_CAFFE}/mnist, after LeCun et al. 1998", 28, 1, 10),
    Known("MNIST autoencoder", _autoencoder, 8, f"{_CAFFE}/mnist, after Hinton and Salakhutdinov 2006", 28, 1, None),
    Known("CIFAR-10 quick", partial(_cifar10, dense=(64, 10), norms=False), 5, f"{_CAFFE}/cifar10", 32, 3, 10),
    Known("CIFAR-10 full", partial(_cifar10, dense=(10,), norms=True), 4, f"{_CAFFE}/cifar10", 32, 3, 10),
    Known("AlexNet", partial(_alexnet, norm_first=True), 8, "Krizhevsky et al. 2012", 227, is_trunk=True),
    Known("CaffeNet", partial(_alexnet, norm_first=False), 8, "BVLC Caffe, the reference model", 227, is_trunk=True),
    Known("AlexNet of one column", _one_column, 8, "Krizhevsky 2014, One weird trick", 224),
    Known("ZFNet", partial(_five, form=_ZF), 8, "Zeiler and Fergus 2014, figure 3", is_trunk=True),
    Known("VGG-CNN-F", partial(_five, form=_FAST), 8, _CHATFIELD, is_trunk=True),
    Known("VGG-CNN-M", partial(_five, form=_MEDIUM), 8, _CHATFIELD, is_trunk=True),
    Known("VGG-CNN-S", partial(_five, form=_SLOW), 8, _CHATFIELD, is_trunk=True),
    Known("NIN", _nin, 12, "Lin et al. 2014, the ImageNet net of the Caffe model zoo", 224, free_size=True),
    Known("NIN for CIFAR", _nin_cifar, 9, "Lin et al. 2014", 32, classes=10, free_size=True),
)
