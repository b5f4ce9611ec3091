"""Parameters and multiply-adds of nets as their papers count them, without biases and normalisations where they do so.

Han et al. 2016, Deep Compression (sizes of tables 1 to 5); Iandola et al. 2016, SqueezeNet; He et al. 2016, ResNet;
Lin et al. 2014, NIN, by Caffe's model zoo; Howard et al. 2017, MobileNet, tables 5 to 7; Sandler et al. 2018,
MobileNet v2, by the table of its authors' repository.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.truth import published_nets as nets
from tests.truth.compression_nets import (
    figures,
    lenet_300_100,
    macs,
    mobilenet_v1,
    mobilenet_v2,
    nin,
    one_image,
    params,
    vgg19,
    weights_alone,
)

# Weights, all parameters, multiply-adds; None where they are not published exactly.
COUNTS: Final = {
    "LeNet-300-100": (lenet_300_100(), 266_200, 266_610, 266_200),
    "LeNet-5": (nets.lenet(1), 430_500, 431_080, 2_293_000),
    "AlexNet": (nets.alexnet(1), 60_954_656, 60_965_224, 724_406_816),
    "VGG-16": (nets.vgg16(1), 138_344_128, 138_357_544, 15_470_264_320),
    "VGG-19": (vgg19(), None, 143_667_240, None),
    "NIN": (nin(), 7_589_920, 7_595_176, None),
    "SqueezeNet 1.0": (nets.squeezenet(1), 1_244_448, 1_248_424, None),
    "SqueezeNet 1.1": (nets.squeezenet_1_1(1), None, 1_235_496, None),
    "MobileNet v1": (mobilenet_v1(), 4_209_088, None, 568_740_352),
    "MobileNet v1, normalised": (mobilenet_v1(normed=True), 4_209_088, 4_231_976, 568_740_352),
    "MobileNet v2": (mobilenet_v2(), 3_469_760, None, 300_774_272),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_net_counts_what_is_published(name: str) -> None:
    text, weights, values, products = COUNTS[name]
    found = one_image(text)
    assert weights in {weights_alone(found), None}
    assert values in {params(found), None}
    assert products in {macs(found), None}


def test_sizes_of_files_as_they_are_published() -> None:
    """AlexNet 232.6 MiB (the authors' 233), NIN 29 MB of the model zoo, SqueezeNet 4.8 MB: all in MiB."""
    mib = {name: figures(one_image(COUNTS[name][0]))["stored_bytes"] / 2**20 for name in COUNTS}
    assert mib["AlexNet"] == pytest.approx(232.6, abs=0.05)
    assert mib["NIN"] == pytest.approx(28.97, abs=0.005)
    assert mib["SqueezeNet 1.0"] == pytest.approx(4.76, abs=0.005)


# -- MobileNet v1: multiply-adds and parameters in millions ------------------------------------------


def test_a_thinner_mobilenet_beside_a_shallow_one() -> None:
    """Table 5: width 0.75 is 325 M and 2.6 M, without five layers it is 307 M and 2.9 M."""
    shallow = one_image(mobilenet_v1(shallow=True))
    assert (round(macs(shallow) / 1e6), round(weights_alone(shallow) / 1e6, 1)) == (307, 2.9)


@pytest.mark.parametrize(
    ("width", "products", "weights"), [(1.0, 569, 4.2), (0.75, 325, 2.6), (0.5, 149, 1.3), (0.25, 41, 0.5)]
)
def test_mobilenets_width(width: float, products: int, weights: float) -> None:
    """Table 6."""
    found = one_image(mobilenet_v1(width))
    assert macs(found) / 1e6 == pytest.approx(products, abs=0.51)
    assert round(weights_alone(found) / 1e6, 1) == weights


@pytest.mark.parametrize(("size", "products"), [(224, 569), (192, 418), (160, 290), (128, 186)])
def test_mobilenets_resolution(size: int, products: int) -> None:
    """Table 7; 290.7 and 186.4 are cut."""
    found = one_image(mobilenet_v1(size=size))
    assert macs(found) / 1e6 == pytest.approx(products, abs=0.71)
    assert round(weights_alone(found) / 1e6, 1) == 4.2


# -- MobileNet v2: millions, cut ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "products", "weights"),
    [
        (1.4, 582, 6.06),
        (1.3, 509, 5.34),
        (1.0, 300, 3.47),
        (0.75, 209, 2.61),
        (0.5, 97, 1.95),
        (0.35, 59, 1.66),
    ],
)
def test_mobilenet_v2s_width(width: float, products: int, weights: float) -> None:
    found = one_image(mobilenet_v2(width))
    assert macs(found) // 10**6 == products
    assert weights_alone(found) / 1e6 == pytest.approx(weights, abs=0.0101)


@pytest.mark.parametrize(("size", "products"), [(224, 300), (192, 221), (160, 154), (128, 99), (96, 56)])
def test_mobilenet_v2s_resolution(size: int, products: int) -> None:
    assert macs(one_image(mobilenet_v2(size=size))) // 10**6 == products
