"""Published architectures as tables of facts, for logs whose definition is gone.

A table counts only where every one of its layers that the log shows has the table's name, type and
shapes, and nearly all of them are there. Facts are from the papers and the published prototxts
(BVLC model zoo, VGG, He et al., Iandola et al., Howard et al., Lin et al., Liu et al.).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from logparse.cost.costing import cost
from logparse.cost.inference.guess import Guess, message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from logparse.cost.spec import LayerSpec
    from logparse.textproto import Message


class Published(NamedTuple):
    """One convolution of a published net. `outputs` is None where it depends on the task (classes)."""

    name: str
    outputs: int | None
    kernel: int
    stride: int = 1
    pad: int = 0
    group: int = 1
    dilation: int = 1
    bias: bool = True

    def definition(self, outputs: int) -> Message:
        """The layer's definition."""
        return message(
            convolution_param=message(
                num_output=outputs,
                kernel_size=self.kernel,
                stride=self.stride,
                pad=self.pad,
                group=self.group,
                dilation=self.dilation,
                bias_term=self.bias,
            )
        )


Convolutions: TypeAlias = tuple[Published, ...]


class Architecture(NamedTuple):
    """A published net: its convolutions, and other layers by (name, channels) that must stand beside them."""

    table: Convolutions
    company: tuple[tuple[str, int], ...] = ()


_CLASSIFIER: Final = (("fc6", 4096), ("fc7", 4096))


def _alexnet() -> Convolutions:
    return (
        Published("conv1", 96, 11, 4),
        Published("conv2", 256, 5, pad=2, group=2),
        Published("conv3", 384, 3, pad=1),
        Published("conv4", 384, 3, pad=1, group=2),
        Published("conv5", 256, 3, pad=1, group=2),
    )


def _padded_alexnet() -> Convolutions:
    """2013: a layer of its own pads before each convolution (`pad2`), which then has no padding."""
    return tuple(fact._replace(pad=0) for fact in _alexnet())


def _vgg(*blocks: int) -> Convolutions:
    widths = (64, 128, 256, 512, 512)
    return tuple(
        Published(f"conv{block}_{place}", width, 3, pad=1)
        for block, (count, width) in enumerate(zip(blocks, widths, strict=True), start=1)
        for place in range(1, count + 1)
    )


# 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool proj (Szegedy et al. 2014, table 1)
_INCEPTION: Final[Mapping[str, tuple[int, int, int, int, int, int]]] = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _googlenet() -> Convolutions:
    def module(block: str, widths: tuple[int, int, int, int, int, int]) -> Iterator[Published]:
        parts = (("1x1", 1), ("3x3_reduce", 1), ("3x3", 3), ("5x5_reduce", 1), ("5x5", 5), ("pool_proj", 1))
        for (part, kernel), width in zip(parts, widths, strict=True):
            yield Published(f"inception_{block}/{part}", width, kernel, pad=kernel // 2)

    stem = (
        Published("conv1/7x7_s2", 64, 7, 2, 3),
        Published("conv2/3x3_reduce", 64, 1),
        Published("conv2/3x3", 192, 3, pad=1),
    )
    heads = tuple(Published(f"loss{head}/conv", 128, 1) for head in (1, 2))
    return (*stem, *(fact for block, widths in _INCEPTION.items() for fact in module(block, widths)), *heads)


_LETTERED: Final = 3  # blocks of a stage that have letters in every net


def _block_names(stage: int, count: int, *, numbered: bool) -> Iterator[str]:
    """He et al. name blocks a, b, c …, and in long stages of the deeper nets a, b1, b2 …."""
    for place in range(count):
        yield f"res{stage}{'a' if place == 0 else f'b{place}' if numbered else chr(ord('a') + place)}"


def _resnet(blocks: tuple[int, ...], *, bottleneck: bool, first_bias: bool = False, late: bool = False) -> Convolutions:
    """`late`: the stride of a bottleneck stands on its 3×3, as in later reimplementations."""
    facts = [Published("conv1", 64, 7, 2, 3, bias=first_bias)]
    long = max(blocks) > 6  # ResNet-101 and -152 number the blocks of their long stages
    for stage, (count, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True), start=2):
        for place, block in enumerate(_block_names(stage, count, numbered=long and count > _LETTERED)):
            stride = 2 if place == 0 and stage > 2 else 1  # the first stage keeps the size
            if place == 0:
                facts.append(Published(f"{block}_branch1", width * (4 if bottleneck else 1), 1, stride, bias=False))
            facts += _bottleneck(block, width, stride, late=late) if bottleneck else _basic(block, width, stride)
    return tuple(facts)


def _bottleneck(block: str, width: int, stride: int, *, late: bool) -> Iterator[Published]:
    yield Published(f"{block}_branch2a", width, 1, 1 if late else stride, bias=False)
    yield Published(f"{block}_branch2b", width, 3, stride if late else 1, 1, bias=False)
    yield Published(f"{block}_branch2c", width * 4, 1, bias=False)


def _basic(block: str, width: int, stride: int) -> Iterator[Published]:
    yield Published(f"{block}_branch2a", width, 3, stride, 1, bias=False)
    yield Published(f"{block}_branch2b", width, 3, 1, 1, bias=False)


def _squeezenet(first: Published) -> Convolutions:
    squeeze = (16, 16, 32, 32, 48, 48, 64, 64)
    fires = [
        fact
        for place, width in enumerate(squeeze, start=2)
        for fact in (
            Published(f"fire{place}/squeeze1x1", width, 1),
            Published(f"fire{place}/expand1x1", width * 4, 1),
            Published(f"fire{place}/expand3x3", width * 4, 3, pad=1),
        )
    ]
    return (first, *fires, Published("conv10", None, 1))


def _mobilenet() -> Convolutions:
    """Depthwise and pointwise pairs: (name, bottom channels, top channels, stride)."""
    pairs = (
        ("conv2_1", 32, 64, 1),
        ("conv2_2", 64, 128, 2),
        ("conv3_1", 128, 128, 1),
        ("conv3_2", 128, 256, 2),
        ("conv4_1", 256, 256, 1),
        ("conv4_2", 256, 512, 2),
        *((f"conv5_{place}", 512, 512, 1) for place in range(1, 6)),
        ("conv5_6", 512, 1024, 2),
        ("conv6", 1024, 1024, 1),
    )
    separable = [
        fact
        for name, inputs, outputs, stride in pairs
        for fact in (
            Published(f"{name}/dw", inputs, 3, stride, 1, inputs, bias=False),
            Published(f"{name}/sep", outputs, 1, bias=False),
        )
    ]
    return (Published("conv1", 32, 3, 2, 1, bias=False), *separable)


def _nin() -> Convolutions:
    return (
        Published("conv1", 96, 11, 4),
        *(Published(f"cccp{place}", 96, 1) for place in (1, 2)),
        Published("conv2", 256, 5, pad=2),
        *(Published(f"cccp{place}", 256, 1) for place in (3, 4)),
        Published("conv3", 384, 3, pad=1),
        *(Published(f"cccp{place}", 384, 1) for place in (5, 6)),
        Published("conv4-1024", 1024, 3, pad=1),
        Published("cccp7-1024", 1024, 1),
        Published("cccp8-1024", None, 1),
    )


def _ssd300() -> Convolutions:
    extra = (
        Published("fc6", 1024, 3, pad=6, dilation=6),
        Published("fc7", 1024, 1),
        Published("conv6_1", 256, 1),
        Published("conv6_2", 512, 3, 2, 1),
        Published("conv7_1", 128, 1),
        Published("conv7_2", 256, 3, 2, 1),
        Published("conv8_1", 128, 1),
        Published("conv8_2", 256, 3),
        Published("conv9_1", 128, 1),
        Published("conv9_2", 256, 3),
    )
    sources = ("conv4_3_norm", "fc7", "conv6_2", "conv7_2", "conv8_2", "conv9_2")
    heads = tuple(Published(f"{source}_mbox_{part}", None, 3, pad=1) for source in sources for part in ("loc", "conf"))
    return (*_vgg(2, 2, 3, 3, 3), *extra, *heads)


_CIFAR10: Final = (Published("conv1", 32, 5, pad=2), Published("conv2", 32, 5, pad=2), Published("conv3", 64, 5, pad=2))


@cache
def architectures() -> Mapping[str, Architecture]:
    """Every published net by name."""
    deep = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
    return {
        "AlexNet or CaffeNet": Architecture(_alexnet(), _CLASSIFIER),
        "AlexNet or CaffeNet of 2013": Architecture(_padded_alexnet(), (*_CLASSIFIER, ("pad2", 96), ("pad5", 384))),
        "VGG-16": Architecture(_vgg(2, 2, 3, 3, 3), _CLASSIFIER),
        "VGG-19": Architecture(_vgg(2, 2, 4, 4, 4), _CLASSIFIER),
        "GoogLeNet": Architecture(_googlenet()),
        "ResNet-18": Architecture(_resnet((2, 2, 2, 2), bottleneck=False)),
        "ResNet-34": Architecture(_resnet((3, 4, 6, 3), bottleneck=False)),
        # Of the published definitions only ResNet-50's has a bias in its first layer
        **{
            f"ResNet-{depth}": Architecture(_resnet(blocks, bottleneck=True, first_bias=depth == "50"))
            for depth, blocks in deep.items()
        },
        **{
            f"ResNet-{depth} with the stride on the 3×3": Architecture(_resnet(blocks, bottleneck=True, late=True))
            for depth, blocks in deep.items()
        },
        "SqueezeNet 1.0": Architecture(_squeezenet(Published("conv1", 96, 7, 2))),
        "SqueezeNet 1.1": Architecture(_squeezenet(Published("conv1", 64, 3, 2))),
        "MobileNet v1": Architecture(_mobilenet()),
        "NiN": Architecture(_nin()),
        "SSD300 on VGG-16": Architecture(_ssd300()),
        "LeNet": Architecture((Published("conv1", 20, 5), Published("conv2", 50, 5)), (("ip1", 500), ("ip2", 10))),
        "cifar10_quick": Architecture(_CIFAR10, (("ip1", 64), ("ip2", 10))),
        "cifar10_full": Architecture(_CIFAR10, (("norm1", 32), ("norm2", 32), ("ip1", 10))),
    }


_NEEDED: Final = 0.9  # share of a table's layers that the log must show


def _fits(fact: Published, spec: LayerSpec) -> bool:
    """Whether the log's shapes, and the definition where one stands, are those of the fact."""
    top = spec.tops[0] if len(spec.tops) == 1 else None
    if top is None or len(top) < 2 or spec.type not in {None, "Convolution"}:  # batch, channel
        return False
    if fact.outputs not in {None, top[1]}:
        return False
    guessed = replace(spec, type="Convolution", definition=fact.definition(top[1]))
    if not spec.bottoms or spec.bottoms[0] is None:
        return True  # an excerpt begins here: nothing to compare with
    found = cost(guessed)
    if found.problems or found.macs.value is None:
        return False
    own = cost(spec)
    return own.macs.value in {None, found.macs.value}


def _channels(spec: LayerSpec | None) -> int | None:
    top = spec.tops[0] if spec is not None and spec.tops else None
    return top[1] if top is not None and len(top) > 1 else None


def _agrees(known: Architecture, specs: Mapping[str, LayerSpec]) -> bool:
    shown = [fact for fact in known.table if fact.name in specs]
    if len(shown) < _NEEDED * len(known.table):
        return False
    in_company = all(_channels(specs.get(name)) == channels for name, channels in known.company)
    return in_company and all(_fits(fact, specs[fact.name]) for fact in shown)


def known_layers(specs: Sequence[LayerSpec]) -> dict[str, Guess]:
    """Layer name → guess, from the one published net that agrees with all names and shapes; else empty.

    The largest table that agrees counts (SSD300 holds most of VGG-16).
    """
    named = {spec.name: spec for spec in specs}
    fitting = [(name, known.table) for name, known in architectures().items() if _agrees(known, named)]
    if not fitting:
        return {}
    name, table = max(fitting, key=lambda item: len(item[1]))
    evidence = f"as in the published {name}: its layers' names and shapes all agree"
    return {
        fact.name: Guess("Convolution", fact.definition(channels), (evidence,))
        for fact in table
        for channels in [_channels(named.get(fact.name))]
        if channels is not None
    }
