"""Definitions, of our own writing, of nets whose compression was published; a run of one image before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.stored.encoding import PLAIN
from logparse.cost.whatif.change import AS_IT_IS, Change, changed
from logparse.cost.whatif.measures import layer_file, layer_work, measures
from tests.cost_nets import named, net, run
from tests.truth.published_nets import Drawing, vgg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.stored.bits import Bits
    from logparse.cost.stored.values import Work

FLOAT: Final = 32


def one_image(text: str, compress: Mapping[str, str | Sequence[str]] | None = None) -> Run:
    """A forward pass of one image, compressed."""
    return changed(run(net(text, phase="TEST", batch=1), command="test"), compressing(compress or {})).run


def compressing(compress: Mapping[str, str | Sequence[str]]) -> Change:
    return Change(compress=compress) if compress else AS_IT_IS


def figures(found: Run) -> dict[str, int]:
    return {one.name: one.value for one in measures(found) if one.value is not None}


def params(found: Run) -> int:
    return figures(found)["params"]


def macs(found: Run) -> int:
    return figures(found)["macs"]


def weights_alone(found: Run) -> int:
    """Weights without biases, and without what a normalisation learns."""
    layers = [layer for layer in found.nets[0].layers if layer.kind in {"Convolution", "InnerProduct"}]
    return sum(blob.count for layer in layers for blob in layer.params or () if blob.kind == "weight")


def bits(found: Run, name: str) -> Bits:
    """What one layer's weights are stored in, without biases."""
    layer = named(found.nets[0].layers, name)
    return layer_file(layer, found.encodings.get(name, PLAIN), FLOAT).weights


def work(found: Run, name: str) -> Work:
    return layer_work(named(found.nets[0].layers, name), found.encodings.get(name, PLAIN))


def size(found: Run, name: str) -> int:
    """Weights of one layer, without biases."""
    return sum(blob.count for blob in named(found.nets[0].layers, name).params or () if blob.kind == "weight")


def parts(found: Run, name: str) -> list[str]:
    """The layer and what stands in its place."""
    return [one.spec.name for one in found.nets[0].layers if one.spec.name.split("/")[0] == name]


def lenet_300_100() -> str:
    drawing = Drawing("1 784")
    for name, outputs in (("ip1", 300), ("ip2", 100), ("ip3", 10)):
        drawing.dense(name, outputs)
    return drawing.text


def one_dense(inputs: str, outputs: int, name: str = "fc") -> str:
    drawing = Drawing(f"1 {inputs}")
    drawing.dense(name, outputs)
    return drawing.text


def one_conv(channels: int, outputs: int, kernel: int, size: int, more: str = "") -> str:
    drawing = Drawing(f"1 {channels} {size} {size}")
    drawing.conv("conv", outputs, kernel, more)
    return drawing.text


def vgg19() -> str:
    drawing = Drawing("1 3 224 224")
    vgg(drawing, (2, 2, 4, 4, 4))
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    drawing.dense("fc8", 1000)
    return drawing.text


def full_mobilenet(blocks: Iterable[tuple[int, int]]) -> str:
    """MobileNet (Howard et al. 2017, table 1) before its convolutions are separated: channels and stride of each."""
    drawing = Drawing("1 3 224 224")
    drawing.conv("conv1", 32, 3, "stride: 2 pad: 1 bias_term: false")
    for place, (outputs, stride) in enumerate(blocks, 2):
        drawing.conv(f"conv{place}", outputs, 3, f"stride: {stride} pad: 1 bias_term: false")
    drawing.global_pool("pool")
    drawing.dense("fc", 1000)
    return drawing.text


def vgg16_cifar(widths: Sequence[int], *, normed: bool, classes: int, dense: int | None = 512) -> str:
    """VGG-16 for 32 × 32: its convolutions, then one layer of `dense` values (None: none), then classes."""
    drawing = Drawing("1 3 32 32")
    place = 0
    for block, depth in enumerate((2, 2, 3, 3, 3), 1):
        for _ in range(depth):
            drawing.conv(f"conv{place + 1}", widths[place], 3, "pad: 1")
            if normed:
                drawing.norm()
            drawing.relu()
            place += 1
        drawing.pool(f"pool{block}", 2, 2)
    if dense is not None:
        drawing.dense("fc1", dense)
        drawing.relu()
    drawing.dense("fc2", classes)
    return drawing.text


def vgg16_normed(classes: int) -> str:
    """VGG-16 with BatchNorm and Scale behind each convolution, of 224 × 224."""
    drawing = Drawing("1 3 224 224")
    place = 0
    for block, (depth, width) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True), 1):
        for _ in range(depth):
            place += 1
            drawing.conv(f"conv{place}", width, 3, "pad: 1")
            drawing.norm()
            drawing.relu()
        drawing.pool(f"pool{block}", 2, 2)
    for name in ("fc6", "fc7"):
        drawing.dense_relu(name, 4096)
    drawing.dense("fc8", classes)
    return drawing.text


def nin() -> str:
    """Network in Network for ImageNet, as Caffe's model zoo has it."""
    drawing = Drawing("1 3 224 224")
    stages = ((96, 11, "stride: 4"), (256, 5, "pad: 2"), (384, 3, "pad: 1"), (1024, 3, "pad: 1"))
    for place, (width, kernel, more) in enumerate(stages, 1):
        drawing.conv_relu(f"conv{place}", width, kernel, more)
        drawing.conv_relu(f"cccp{2 * place - 1}", width, 1)
        drawing.conv_relu(f"cccp{2 * place}", 1000 if place == len(stages) else width, 1)
        if place < len(stages):
            drawing.pool(f"pool{place}", 3, 2)
    drawing.global_pool("pool4")
    return drawing.text


def mobilenet_v1(
    width: float = 1.0, size: int = 224, *, shallow: bool = False, classes: int = 1000, normed: bool = False
) -> str:
    """MobileNet v1 (Howard et al. 2017, table 1); `shallow` without the five equal layers in the middle (table 5)."""
    drawing = Drawing(f"1 3 {size} {size}")
    more = "bias_term: false"

    def conv(name: str, outputs: int, kernel: int, rest: str = "") -> None:
        drawing.conv(name, outputs, kernel, f"{rest} {more}")
        if normed:
            drawing.norm()

    channels = int(32 * width)
    conv("conv1", channels, 3, "stride: 2 pad: 1")
    blocks = [*BLOCKS[:6], *(() if shallow else BLOCKS[6:11]), *BLOCKS[11:]]
    for place, (outputs, stride) in enumerate(blocks, 2):
        conv(f"conv{place}/dw", channels, 3, f"pad: 1 stride: {stride} group: {channels}")
        channels = int(outputs * width)
        conv(f"conv{place}/sep", channels, 1)
    drawing.global_pool("pool")
    drawing.dense("fc", classes)
    return drawing.text


# Of each separable block of MobileNet v1: channels and stride
BLOCKS: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def mobilenet_v2(width: float = 1.0, size: int = 224) -> str:
    """MobileNet v2 (Sandler et al. 2018, table 2): widths in eights, never below nine tenths; weights alone."""
    drawing = Drawing(f"1 3 {size} {size}")

    def conv(name: str, outputs: int, kernel: int, rest: str = "") -> None:
        drawing.conv(name, outputs, kernel, f"{rest} bias_term: false")

    channels, place = eights(32 * width), 0
    conv("conv1", channels, 3, "stride: 2 pad: 1")
    for expansion, outputs, repeats, stride in INVERTED:
        for repeat in range(repeats):
            place += 1
            wide = expansion * channels
            if expansion > 1:
                conv(f"block{place}/expand", wide, 1)
            conv(f"block{place}/dw", wide, 3, f"pad: 1 stride: {1 if repeat else stride} group: {wide}")
            channels = eights(outputs * width)
            conv(f"block{place}/project", channels, 1)
    conv("conv_last", eights(1280 * max(1.0, width)), 1)
    drawing.global_pool("pool")
    drawing.dense("fc", 1000)
    return drawing.text


# Of each row of the table: expansion, channels, repeats, stride
INVERTED: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def eights(channels: float) -> int:
    """The nearest multiple of eight, and the next one where that would take more than a tenth away."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
