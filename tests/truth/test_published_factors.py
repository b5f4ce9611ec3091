"""Factors of low rank and cheaper convolutions against published tables.

Tai et al. 2016 as measured by apache/mxnet (tools/accnn); Kim et al. 2016 (arXiv 1511.06530), layers of AlexNet;
Novikov et al. 2015 (arXiv 1509.06569), table of VGG; Lebedev et al. 2015; Howard et al. 2017 (arXiv 1704.04861), tables
2 to 4; Iandola et al. 2016, fire modules. A multiply-add counts once.
"""

from __future__ import annotations

from typing import Final

import pytest

from logparse.cost.costing import cost
from tests.cost_nets import named
from tests.truth import published_nets as nets
from tests.truth.compression_nets import (
    BLOCKS,
    full_mobilenet,
    macs,
    one_conv,
    one_dense,
    one_image,
    params,
    parts,
    size,
    vgg19,
    weights_alone,
)

# -- VGG-16 by kernels of k×1 and 1×k --------------------------------------------------------------

ACCNN: Final = dict(
    zip(
        [f"conv{block}_{place}" for block, depth in enumerate((2, 2, 3, 3, 3), 1) for place in range(1, depth + 1)],
        (5, 32, 64, 64, 96, 160, 192, 256, 256, 320, 384, 384, 384),
        strict=True,
    )
)


def test_vgg_by_spatial_factors_is_as_much_faster_as_published() -> None:
    """tools/accnn says 2.4 times; by our count 15.470 G become 6.412 G (2.413 times), 138.36 M parameters 87.30 M."""
    asked = {name: f"spatial:rank={rank}" for name, rank in ACCNN.items()} | dict.fromkeys(
        ("fc6", "fc7"), "svd:rank=2048"
    )
    before, found = one_image(nets.vgg16(1)), one_image(nets.vgg16(1), asked)
    assert macs(before) == 15_470_264_320
    assert round(macs(before) / macs(found), 1) == 2.4
    assert macs(before) / macs(found) == pytest.approx(2.413, abs=0.0005)
    assert weights_alone(before) / weights_alone(found) == pytest.approx(1.585, abs=0.0005)


# -- Tucker-2 on AlexNet ---------------------------------------------------------------------------

# Per layer: the method, parameters, MACs in millions as printed (of the parts and in all), times smaller and fewer.
KIM: Final = {
    "conv1": ("svd:rank=26", 11_934, (28.5, 7.6), 36.1, 2.92, 2.92),
    "conv2": ("tucker2:in=50,out=118", 91_254, (1.7, 53.8, 11.0), 66.5, 3.37, 3.37),
    "conv3": ("tucker2:in=105,out=112", 175_728, (4.5, 17.9, 7.3), 29.7, 5.03, 5.03),
    "conv4": ("tucker2:in=98,out=92", 77_052, (3.2, 6.9, 3.0), 13.0, 8.61, 8.61),
    "conv5": ("tucker2:in=80,out=68", 48_544, (2.6, 4.1, 1.5), 8.2, 9.11, 9.11),
    "fc6": ("tucker2:in=210,out=584", 6_860_864, (1.9, 4.4, 2.4), 8.74, 5.50, 4.32),
    "fc7": ("svd:rank=301", 2_465_792, (), 2.47, 6.80, 6.80),
    "fc8": ("svd:rank=195", 993_720, (), 0.99, 4.12, 4.12),
}


@pytest.mark.parametrize("name", KIM)
def test_alexnet_by_tucker_is_what_kim_published(name: str) -> None:
    """Every printed row, to its last digit; the paper's totals do not follow from its rows, so they are not tested."""
    text = nets.alexnet(1)
    method, weights, each, total, smaller, fewer = KIM[name]
    before, found = one_image(text), one_image(text, {name: method})
    made = parts(found, name)
    assert sum(size(found, part) for part in made) == weights
    products = [cost(named(found.nets[0].layers, part).spec).macs.value or 0 for part in made]
    assert sum(products) / 1e6 == pytest.approx(total, abs=0.051)
    assert [one / 1e6 for one in products[: len(each)]] == pytest.approx(each, abs=0.051)
    assert size(before, name) / weights == pytest.approx(smaller, abs=0.006)
    whole = cost(named(before.nets[0].layers, name).spec).macs.value or 0
    assert whole / sum(products) == pytest.approx(fewer, abs=0.006)


# -- tensor trains ---------------------------------------------------------------------------------

INPUTS: Final = "in=2x7x8x8x7x4,out=4x4x4x4x4x4"
SQUARE: Final = "in=4x4x4x4x4x4,out=4x4x4x4x4x4"
# What is asked for, parameters of the layers, times smaller (cut), whole nets of 16 and 19 layers times smaller.
TRAINS: Final = {
    "TT4": ({"fc6": f"tt:{INPUTS},rank=4"}, 2_016, 50_972, 3.9, 3.5),
    "TT2": ({"fc6": f"tt:{INPUTS},rank=2"}, 528, 194_622, 3.9, 3.5),
    "TT1": ({"fc6": f"tt:{INPUTS},rank=1"}, 144, 713_614, 3.9, 3.5),
    "TT4 twice": ({"fc6": f"tt:{INPUTS},rank=4", "fc7": f"tt:{SQUARE},rank=4"}, 3_168, 37_732, 7.4, 6),
    "matrix of rank 1": ({"fc6": "svd:rank=1"}, 29_184, 3_521, 3.9, 3.5),
    "matrix of rank 5": ({"fc6": "svd:rank=5"}, 145_920, 704, 3.9, 3.5),
    "matrix of rank 50": ({"fc6": "svd:rank=50"}, 1_459_200, 70, 3.7, 3.4),
}


@pytest.mark.parametrize("name", TRAINS)
def test_vgg_by_tensor_trains_is_what_novikov_published(name: str) -> None:
    asked, weights, smaller, of16, of19 = TRAINS[name]
    before, found = one_image(nets.vgg16(1)), one_image(nets.vgg16(1), asked)
    assert sum(size(found, part) for layer in asked for part in parts(found, layer)) == weights
    assert sum(size(before, layer) for layer in asked) // weights == smaller
    assert params(before) == 138_357_544
    assert round(params(before) / params(found), 1) == of16
    deep = vgg19()
    assert params(one_image(deep)) == 143_667_240
    ratio = params(one_image(deep)) / params(one_image(deep, asked))
    assert round(ratio, 1) == of19 if of19 != 6 else round(ratio) == 6


def test_a_train_multiplies_what_its_cores_say() -> None:
    """Each core meets what is done and what is still to do: 2·3 × 4·5 at rank 2."""
    found = one_image(one_dense("6", 20), {"fc": "tt:in=2x3,out=4x5,rank=2"})
    assert macs(found) == 2 * (3 * 5 * 2) + 5 * (2 * 2 * 4)
    assert params(found) == 3 * 5 * 2 + 2 * 2 * 4 + 20


# -- CP --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rank", "times"), [(64, 12.9), (128, 6.5), (200, 4.13), (256, 3.2)])
def test_one_group_of_alexnets_second_convolution_by_cp(rank: int, times: float) -> None:
    """Lebedev et al. 2015 time a fourfold speed-up, which rank 200 of 48 → 128 channels gives: R(C + k + k + N)."""
    text = one_conv(48, 128, 5, 27, "pad: 2")
    before, found = one_image(text), one_image(text, {"conv": f"cp:rank={rank}"})
    assert sum(size(found, part) for part in parts(found, "conv")) == rank * (48 + 5 + 5 + 128)
    assert size(before, "conv") / weights_alone(found) == pytest.approx(times, abs=0.06)
    assert macs(before) / macs(found) == pytest.approx(times, abs=0.06)
    assert named(found.nets[0].layers, "conv").spec.tops == named(before.nets[0].layers, "conv").spec.tops


# -- depthwise separable ---------------------------------------------------------------------------

SEPARABLE: Final = {f"conv{place}": "separable" for place in range(2, len(BLOCKS) + 2)}


def test_mobilenet_out_of_full_convolutions() -> None:
    """Table 4: 4866 M multiply-adds and 29.3 M parameters become 569 and 4.2; table 2 has the shares."""
    text = full_mobilenet(BLOCKS)
    before, found = one_image(text), one_image(text, SEPARABLE)
    assert macs(before) / 1e6 == pytest.approx(4866, rel=0.0003)
    assert round(weights_alone(before) / 1e6, 1) == 29.3
    assert macs(found) == 568_740_352
    assert weights_alone(found) == 4_209_088
    pointwise = [f"conv{place}" for place in range(2, len(BLOCKS) + 2)]
    depthwise = [f"{name}/depthwise" for name in pointwise]
    shares = {
        (94.86, 74.59): pointwise,
        (3.06, 1.06): depthwise,
        (0.18, 24.33): ["fc"],
    }
    for printed, layers in shares.items():
        products = sum(cost(named(found.nets[0].layers, one).spec).macs.value or 0 for one in layers)
        weights = sum(size(found, one) for one in layers)
        assert (100 * products / macs(found), 100 * weights / weights_alone(found)) == pytest.approx(printed, abs=0.006)


@pytest.mark.parametrize(
    ("channels", "side", "products", "weights"), [(512, 14, 52.3, 0.27), (384, 14, 29.6, 0.15), (384, 10, 15.1, 0.15)]
)
def test_one_layer_of_mobilenet(channels: int, side: int, products: float, weights: float) -> None:
    """Table 3: 14 × 14 × 512, thinner by 0.75, smaller by 0.714."""
    text = one_conv(channels, channels, 3, side, "pad: 1 bias_term: false")
    found = one_image(text, {"conv": "separable"})
    if (channels, side) == (512, 14):
        assert (round(macs(one_image(text)) / 1e6), round(params(one_image(text)) / 1e6, 2)) == (462, 2.36)
    assert round(macs(found) / 1e6, 1) == products
    assert round(params(found) / 1e6, 2) == weights


# -- fire modules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channels", "outputs", "squeezed", "expected"),
    [
        (96, 128, 16, 11_920),
        (128, 128, 16, 12_432),
        (128, 256, 32, 45_344),
        (256, 256, 32, 49_440),
        (256, 384, 48, 104_880),
        (384, 384, 48, 111_024),
        (384, 512, 64, 188_992),
        (512, 512, 64, 197_184),
    ],
)
def test_a_convolution_becomes_the_fire_module_of_squeezenet(
    channels: int, outputs: int, squeezed: int, expected: int
) -> None:
    """Table 1: parameters of fire2 to fire9; an eighth is squeezed, half of the kernels are 3×3, by default."""
    text = one_conv(channels, outputs, 3, 27, "pad: 1")
    assert params(one_image(text, {"conv": f"fire:squeeze={squeezed},large=50%"})) == expected
    assert params(one_image(text, {"conv": "fire"})) == expected
