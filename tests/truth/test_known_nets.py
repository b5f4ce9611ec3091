"""The published nets have the parameters and the computation that was published of them, and are known again.

Figures are those of the papers where these give them to the last digit, else those that the nets' own releases have:
of Caffe's models (weights and biases), of torchvision's and its kin (no biases before BatchNorm, whose scale and shift
count). They are counted by the cost rules over the net's definition, not by the drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from logparse.cost.costing import cost
from logparse.cost.zoo.nearest import nearest
from logparse.cost.zoo.register import KNOWN
from logparse.cost.zoo.telling import family_text
from logparse.cost.zoo.tracing import skeleton_of
from tests.cost_nets import specs
from tests.published import PLAIN, Style, definition
from tests.structures import structure

if TYPE_CHECKING:
    from logparse.cost.zoo.known import Known

# A shortcut that fills up with zeros has no layer type of Caffe's own
DRAWN_ONLY: Final = {f"ResNet-{depth} for CIFAR" for depth in (20, 32, 44, 56, 110)}
WRITTEN: Final = [known for known in KNOWN if known.name not in DRAWN_ONLY or known.style]


def called(known: Known) -> str:
    return f"{known.name}, {known.style}" if known.style else known.name


def each(known: Known) -> str:
    return called(known).replace(" ", "-")


ALL: Final = pytest.mark.parametrize("known", WRITTEN, ids=each)


class Published(NamedTuple):
    """Parameters, with biases or with BatchNorm's scale and shift (`normed`); and MACs, rounded as published."""

    params: int
    macs: str
    source: str
    normed: bool = False


CAFFE: Final = "the Caffe model zoo"
TORCH: Final = "torchvision"
FIGURES: Final = {
    "LeNet": Published(431_080, "2.293 M", "Caffe's examples/mnist"),
    "CIFAR-10 quick": Published(145_578, "", "Caffe's examples/cifar10"),
    "CIFAR-10 full": Published(89_578, "", "Caffe's examples/cifar10"),
    "AlexNet": Published(60_965_224, "724 M", CAFFE),
    "CaffeNet": Published(60_965_224, "724 M", CAFFE),
    "AlexNet of one column": Published(61_100_840, "0.71 G", TORCH),
    "NIN for CIFAR": Published(966_986, "222 M", "Lin et al. 2014: 0.97 M"),
    "VGG-11": Published(132_863_336, "7.61 G", TORCH),
    "VGG-13": Published(133_047_848, "11.31 G", TORCH),
    "VGG-16": Published(138_357_544, "15.47 G", TORCH),
    "VGG-19": Published(143_667_240, "19.63 G", TORCH),
    "SSD300 on VGG-16": Published(26_284_974, "31.4 G", "ssd.pytorch: 26,285,486 with the 512 of its L2Norm"),
    "GoogLeNet": Published(13_378_280, "", CAFFE),
    "GoogLeNet, without its auxiliary heads": Published(6_998_552, "1.58 G", CAFFE),
    "Inception-BN": Published(
        11_285_224, "2.03 G", "pretrained-models: 11,295,240, 10,016 of them biases", normed=True
    ),
    "Inception v3": Published(23_834_568, "5.71 G", TORCH, normed=True),
    "ResNet-18": Published(11_689_512, "1.81 G", TORCH, normed=True),
    "ResNet-34": Published(21_797_672, "3.66 G", TORCH, normed=True),
    "ResNet-50": Published(25_557_032, "3.9 G", "He et al. 2016, where 3.86 is cut to 3.8", normed=True),
    "ResNet-50, with the stride on its 3×3": Published(25_557_032, "4.09 G", TORCH, normed=True),
    "ResNet-101": Published(44_549_160, "7.6 G", "He et al. 2016", normed=True),
    "ResNet-101, with the stride on its 3×3": Published(44_549_160, "7.80 G", TORCH, normed=True),
    "ResNet-152": Published(60_192_808, "11.3 G", "He et al. 2016", normed=True),
    "ResNet-152, with the stride on its 3×3": Published(60_192_808, "11.51 G", TORCH, normed=True),
    "ResNeXt-50 (32 × 4)": Published(25_028_904, "4.23 G", TORCH, normed=True),
    "SqueezeNet 1.0": Published(1_248_424, "0.82 G", TORCH),
    "SqueezeNet 1.1": Published(1_235_496, "0.35 G", TORCH),
    "MobileNet v1": Published(4_231_976, "569 M", "Howard et al. 2017: 4.2 M, 569 M", normed=True),
    "MobileNet v1, at width 0.75": Published(2_585_560, "325 M", "Howard et al. 2017: 2.6 M, 325 M", normed=True),
    "MobileNet v1, at width 0.5": Published(1_331_592, "149 M", "Howard et al. 2017: 1.3 M, 149 M", normed=True),
    "MobileNet v1, at width 0.25": Published(470_072, "41 M", "Howard et al. 2017: 0.5 M, 41 M", normed=True),
    "MobileNet v2": Published(3_504_872, "0.30 G", TORCH, normed=True),
    "MobileNet v2, at width 1.4": Published(6_108_776, "", "timm: 6.11 M", normed=True),
}


def counted(known: Known, style: Style) -> tuple[int, int]:
    """Parameters and MACs by the cost rules."""
    costs = [cost(spec) for spec in specs(definition(known, style))[1]]
    params = sum(blob.count for one in costs for blob in one.params or () if blob.kind != "statistic")
    return params, sum(one.macs.value or 0 for one in costs)


@pytest.mark.parametrize("name", FIGURES)
def test_a_net_has_its_published_parameters_and_computation(name: str) -> None:
    figures = FIGURES[name]
    known = next(one for one in KNOWN if called(one) == name)
    params, macs = counted(known, PLAIN)
    if figures.normed:  # a convolution's bias gives way to a scale and a shift
        drawn = known.skeleton
        params += sum(drawn.bones[place].outs for place in drawn.weighty if drawn.bones[place].kernel)

    assert params == figures.params
    assert rounded(macs, figures.macs) == figures.macs


def rounded(macs: int, like: str) -> str:
    """The figure with as many digits, and in the unit, of another one; empty for an empty one."""
    if not like:
        return ""
    number, unit = like.split()
    places = len(number.partition(".")[2])
    return f"{macs / _UNITS[unit]:.{places}f} {unit}"


_UNITS: Final = {"M": 1e6, "G": 1e9}


@ALL
def test_the_drawing_counts_as_the_cost_rules_do(known: Known) -> None:
    bones = known.skeleton.bones
    params, macs = counted(known, Style(bias=False))
    drawn = sum(bone.weights for bone in bones)

    assert params == drawn
    assert macs == sum(bone.macs for bone in bones if bone.kind != "deconvolution") + _turned_round(known)


def _turned_round(known: Known) -> int:
    """A deconvolution multiplies for each value that it reads."""
    bones = known.skeleton.bones
    total = 0
    for bone in bones:
        if bone.kind == "deconvolution":
            high, wide = bones[bone.above[0]].size
            total += bone.weights * high * wide
    return total


@pytest.mark.parametrize("known", KNOWN, ids=each)
def test_a_row_says_how_many_layers_with_weights_its_net_has(known: Known) -> None:
    assert known.weighty == len(known.skeleton.weighty)


def test_no_two_rows_are_the_same_net() -> None:
    seen: dict[object, str] = {}
    for known in KNOWN:
        bag = (frozenset(known.skeleton.wired.items()), known.channels)
        assert bag not in seen, f"{called(known)} is {seen.get(bag)}"
        seen[bag] = called(known)


def told(known: Known, style: Style = PLAIN) -> str | None:
    """What is said of the net in this style."""
    skeleton = skeleton_of(structure(definition(known, style)).graph)
    likeness = nearest(skeleton)
    return None if likeness is None else family_text(skeleton, likeness)


NORMED: Final = ("BatchNorm", "Scale")


def published_style(known: Known, **more: object) -> Style:
    """With BatchNorm where the published net has it."""
    return Style(norms=NORMED if known.normed else (), **more)  # type: ignore[arg-type]


@ALL
def test_a_published_net_is_known_under_any_name(known: Known) -> None:
    assert told(known, published_style(known, prefix="tower_3/x")) == called(known)


@ALL
def test_style_counts_nothing(known: Known) -> None:
    """Not in place, without biases, a loss and an accuracy behind it, another batch."""
    style = published_style(known, in_place=False, bias=False, loss="loss", batch=3)
    assert told(known, style) == called(known)


@ALL
def test_a_deployed_net_is_known(known: Known) -> None:
    assert told(known, published_style(known, loss="deploy")) == called(known)


@pytest.mark.parametrize("known", [one for one in WRITTEN if one.classes], ids=each)
def test_other_classes_are_told(known: Known) -> None:
    assert told(known, published_style(known, classes=7)) == f"{called(known)}, 7 classes instead of {known.classes}"


@pytest.mark.parametrize("known", [one for one in WRITTEN if one.channels == 3], ids=each)
def test_a_grey_image_is_told(known: Known) -> None:
    found = told(known, published_style(known, channels=1))
    assert found == f"{called(known)}, 1 channel of the image instead of 3"


@pytest.mark.parametrize(
    "known", [one for one in WRITTEN if one.size == 224 and one.classes == 1000 and not one.free_size], ids=each
)
def test_another_size_of_images_is_told(known: Known) -> None:
    found = told(known, published_style(known, size=320))
    assert found == f"{called(known)}, images of 320×320 instead of 224×224"


@pytest.mark.parametrize("known", [one for one in WRITTEN if one.normed], ids=each)
def test_a_net_without_its_norms_is_told(known: Known) -> None:
    assert told(known) == f"{called(known)}, without BatchNorm"


@pytest.mark.parametrize("norms", [("BatchNorm",), ("BN",), NORMED])
def test_norms_that_the_published_net_lacks_are_told(norms: tuple[str, ...]) -> None:
    known = next(one for one in KNOWN if called(one) == "VGG-16")
    assert told(known, Style(norms=norms)) == "VGG-16, with BatchNorm"


def test_another_activation_is_told() -> None:
    known = next(one for one in KNOWN if called(one) == "VGG-16")
    assert told(known, Style(activation="PReLU")) == "VGG-16, PReLU instead of ReLU"


@pytest.mark.parametrize("kind", ["DepthwiseConvolution", "ConvolutionDepthwise"])
def test_a_forks_type_for_depthwise_convolutions_is_no_difference(kind: str) -> None:
    for name in ("MobileNet v1", "MobileNet v2"):
        known = next(one for one in KNOWN if called(one) == name)
        assert told(known, Style(norms=NORMED, activation="ReLU6", depthwise=kind)) == name
