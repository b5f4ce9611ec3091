"""Nets that nobody published are nobody's kin; what is near a published net is called so, with what differs."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.zoo.drawing import Drawing
from logparse.cost.zoo.nearest import nearest
from logparse.cost.zoo.register import KNOWN
from logparse.cost.zoo.telling import family_text
from logparse.cost.zoo.tracing import skeleton_of
from tests.published import Style, definition
from tests.structures import structure
from tests.truth.published_nets import faster_rcnn_vgg16, mobilenet_v1, segnet, vgg19_features

if TYPE_CHECKING:
    from logparse.cost.zoo.bones import Skeleton


def told(skeleton: Skeleton) -> str | None:
    likeness = nearest(skeleton)
    return None if likeness is None else family_text(skeleton, likeness)


def told_of(text: str) -> str | None:
    return told(skeleton_of(structure(text).graph))


# --- nets of nobody ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(300))
def test_a_small_net_of_any_shape_is_nobodys(seed: int) -> None:
    """Two to nine layers with weights, of usual kernels and widths, poolings between them."""
    dice = random.Random(seed)  # noqa: S311 - a net at random
    net = Drawing(dice.choice((1, 3)), dice.choice((28, 32, 48, 64, 96)))
    for _ in range(dice.randint(1, 6)):
        net.conv(dice.choice((8, 16, 20, 24, 32, 48, 50, 64, 96, 128)), dice.choice((1, 3, 3, 5, 5, 7)))
        if dice.random() < 0.5 and net.top.size[0] > 4:
            net.pool(dice.choice((2, 3)), 2, method=dice.choice(("MAX", "AVE")))
        if dice.random() < 0.1:
            net.lrn()
    for _ in range(dice.randint(1, 3)):
        net.dense(dice.choice((2, 10, 64, 100, 128, 256, 500, 512, 1000)))

    assert told(net.skeleton) is None


@pytest.mark.parametrize("seed", range(60))
def test_dense_layers_alone_are_nobodys(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a net at random
    net = Drawing(1, 28)
    for _ in range(dice.randint(1, 9)):
        net.dense(dice.choice((10, 64, 100, 128, 256, 300, 500, 512, 784, 800, 1000, 2048)))

    assert told(net.skeleton) is None


@pytest.mark.parametrize("depth", [3, 4, 5])
@pytest.mark.parametrize("width", [16, 32, 64])
def test_a_u_net_is_nobodys(depth: int, width: int) -> None:
    net = Drawing(1, 256)
    left = []
    for level in range(depth):
        net.conv(width * 2**level, 3)
        left.append(net.conv(width * 2**level, 3))
        net.pool(2, 2)
    net.conv(width * 2**depth, 3)
    net.conv(width * 2**depth, 3)
    for level in reversed(range(depth)):
        net.deconv(width * 2**level, 2, 2)
        net.concat(left[level], net.top)
        net.conv(width * 2**level, 3)
        net.conv(width * 2**level, 3)
    net.conv(2, 1)

    assert told(net.skeleton) is None


@pytest.mark.parametrize("width", [16, 64, 128])
def test_an_encoder_and_decoder_is_nobodys(width: int) -> None:
    net = Drawing(3, 128)
    for level in range(4):
        net.conv(width * 2**level, 3, 2)
    for level in reversed(range(4)):
        net.deconv(width * 2**level, 2, 2)
    net.conv(3, 3)

    assert told(net.skeleton) is None


def test_a_recurrent_net_is_nobodys() -> None:
    text = """
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 20 dim: 4 dim: 1000 } } }
    layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 20 dim: 4 } } }
    layer { name: "l1" type: "LSTM" bottom: "x" bottom: "cont" top: "l1" recurrent_param { num_output: 256 } }
    layer { name: "l2" type: "LSTM" bottom: "l1" bottom: "cont" top: "l2" recurrent_param { num_output: 256 } }
    layer { name: "ip" type: "InnerProduct" bottom: "l2" top: "ip" inner_product_param { num_output: 1000 axis: 2 } }
    """
    assert told_of(text) is None


@pytest.mark.parametrize("blocks", [1, 4, 12])
@pytest.mark.parametrize("width", [32, 48, 96])
def test_a_residual_net_of_ones_own_is_nobodys(blocks: int, width: int) -> None:
    net = Drawing(3, 64)
    net.conv(width, 5)
    for _ in range(blocks):
        begun = net.top
        net.conv(width, 3)
        net.conv(width, 3)
        net.sum(begun, net.top)
    net.mean()
    net.dense(10)

    assert told(net.skeleton) is None


BRANCHED: Final = [one for one in KNOWN if any(len(bone.above) > 1 for bone in one.skeleton.bones)]


@pytest.mark.parametrize("known", BRANCHED, ids=lambda known: f"{known.name} {known.style}".replace(" ", "-"))
def test_the_same_layers_in_a_row_are_not_the_net(known: object) -> None:
    """All weights of a net with branches, one behind the other: its bag of layers is no evidence by itself."""
    drawn = known.skeleton  # type: ignore[attr-defined]
    net = Drawing(3, 64)
    for place in drawn.weighty:
        bone = drawn.bones[place]
        if bone.kernel:
            net.conv(bone.outs, bone.kernel, bone.stride[0] if net.top.size[0] > 8 else 1)
        else:
            net.dense(bone.outs)

    assert told(net.skeleton) is None


# --- what is near -----------------------------------------------------------------------------------------


def published(name: str, style: Style = Style(), known_style: str = "") -> str:  # noqa: B008 - frozen
    known = next(one for one in KNOWN if one.name == name and one.style == known_style)
    return definition(known, style)


def test_another_hidden_layer_makes_a_net_like_alexnet() -> None:
    text = published("AlexNet").replace("num_output: 4096", "num_output: 2048")
    assert told_of(text) == (
        "like AlexNet: with 2 × fully connected layer of 2048, without 2 × fully connected layer of 4096"
    )


def test_without_its_normalisation_it_is_either() -> None:
    """What tells AlexNet from CaffeNet is the order of LRN and pooling."""
    net = Drawing(3, 227)
    for outs, kernel, stride in ((96, 11, 4), (256, 5, 1)):
        net.conv(outs, kernel, stride)
        net.pool(3, 2)
    for outs in (384, 384, 256):
        net.conv(outs, 3)
    net.pool(3, 2)
    for outs in (4096, 4096, 1000):
        net.dense(outs)

    assert told(net.skeleton) == "like AlexNet or CaffeNet: without 2 × LRN, without groups"


def test_groups_are_told() -> None:
    text = published("CaffeNet").replace("group: 2", "")
    assert told_of(text) == "CaffeNet, without groups"


def test_other_windows_are_told() -> None:
    text = published("VGG-16").replace("kernel_size: 2 stride: 2", "kernel_size: 3 stride: 2")
    assert told_of(text) == "VGG-16, poolings 3×3 MAX instead of 2×2 MAX"


def test_a_narrow_vgg_is_told_by_its_width() -> None:
    text = published("VGG-16")
    for outs in (512, 256, 128, 64, 4096):
        text = text.replace(f"num_output: {outs} ", f"num_output: narrow{outs // 2} ")
    assert told_of(text.replace("narrow", "")) == "VGG-16, at width 1/2"


def test_a_detector_is_like_its_trunk_where_little_stands_on_it() -> None:
    found = told_of(faster_rcnn_vgg16())
    assert found is not None
    assert found.startswith("like VGG-16: with 2 × convolution 1×1 and 1 × convolution 3×3 of 512 channels and ")


def test_segnet_is_built_on_vgg_16() -> None:
    """Its decoder has more convolutions of 512 channels, which make no VGG-19 of it."""
    assert told_of(segnet(1)) == "built on VGG-16"


def test_a_head_of_ones_own_on_a_residual_net() -> None:
    text = published("ResNet-50", Style(norms=("BatchNorm", "Scale")))
    more = "".join(
        f'layer {{ name: "h{place}" type: "Convolution" bottom: "{bottom}" top: "h{place}" '
        f"convolution_param {{ num_output: 256 kernel_size: 3 pad: 1 }} }}\n"
        for place, bottom in enumerate(("n2", "h0", "h1", "h2", "h3"))
    )
    found = told_of(text + "\n" + more)
    assert found is not None
    assert found.startswith(("built on ResNet-50", "like ResNet-50: "))


def test_the_towers_of_a_siamese_net_are_one() -> None:
    """Shared weights are one layer: two towers of AlexNet, whose outputs are compared, are AlexNet."""
    text = re.sub(r'name: "(n\d+)" type: "(Convolution|InnerProduct)"', r"\g<0> " + _SHARED, published("AlexNet"))
    tower = re.sub(r'"(n\d+|data)(/ReLU)?"', r'"\1_p\2"', text)
    compared = 'layer { name: "c" type: "ContrastiveLoss" bottom: "n12" bottom: "n12_p" bottom: "data" top: "c" }'
    assert told_of(f"{text}\n{tower}\n{compared}") == "AlexNet"


_SHARED: Final = 'param { name: "\\1_w" } param { name: "\\1_b" }'


def test_a_net_that_ends_before_its_classifier_has_no_classes() -> None:
    """What is left of VGG-19 up to fc7: its 4,096 values are no classes."""
    assert told_of(vgg19_features()) == "like VGG-19: without 1 × fully connected layer of 4096"
    found = told_of(mobilenet_v1(2))
    assert found is not None
    assert found.startswith("like MobileNet v1: ")
    assert "classes" not in found


def test_of_a_part_of_a_net_only_the_whole_counts() -> None:
    known = next(one for one in KNOWN if one.name == "AlexNet")
    shown = skeleton_of(structure(published("AlexNet").replace("4096", "2048")).graph)

    assert nearest(shown) is not None
    assert nearest(shown, only_exact=True) is None
    assert nearest(known.skeleton, only_exact=True) is not None
