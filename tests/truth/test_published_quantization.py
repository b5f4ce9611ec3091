"""Few bits, hashes and product quantization against published figures.

Wu et al. 2016, "Quantized CNN" (arXiv 1512.06473), table of AlexNet; Rastegari et al. 2016, "XNOR-Net" (arXiv
1603.05279), section 4.1; Li and Liu 2016, "Ternary Weight Networks" (arXiv 1605.04711); Chen et al. 2015, "HashedNets"
(arXiv 1504.04788).
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.truth import published_nets as nets
from tests.truth.compression_nets import bits, macs, one_conv, one_dense, one_image, size, work

ALEXNET: Final = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8")


def stored_bits(asked: dict[str, str]) -> float:
    found = one_image(nets.alexnet(1, learns=False), asked)
    return sum(float(bits(found, name).high) for name in ALEXNET)


# -- product quantization --------------------------------------------------------------------------


@pytest.mark.parametrize(("dims", "faster", "smaller"), [(3, 4.05, 15.40), (4, 4.15, 18.76)])
def test_alexnet_by_product_quantization(dims: int, faster: float, smaller: float) -> None:
    """Convolutions of 8 inputs a piece and 128 words, fc6 and fc7 of 32 words, fc8 of one input and 16.

    A table of products for each word and a look-up for each piece, against every product: exact. The size is 1.2 %
    larger than the paper's, by some 150 kB whose convention is not told.
    """
    asked = dict.fromkeys(ALEXNET[:5], "pq:dims=8,words=128")
    asked |= dict.fromkeys(("fc6", "fc7"), f"pq:dims={dims},words=32") | {"fc8": "pq:dims=1,words=16"}
    before, found = one_image(nets.alexnet(1, learns=False)), one_image(nets.alexnet(1, learns=False), asked)
    done = [work(found, name) for name in ALEXNET]
    operations = sum(one.macs + one.lookups for one in done)
    assert macs(before) == 724_406_816
    assert macs(before) / operations == pytest.approx(faster, abs=0.0065)
    whole = 32 * sum(size(before, name) for name in ALEXNET)
    assert whole / stored_bits(asked) == pytest.approx(smaller, rel=0.012)
    assert whole / stored_bits(asked) < smaller


@pytest.mark.parametrize(("pieces", "words", "times"), [(1024, 16, 28.4), (512, 256, 10.7)])
def test_a_square_matrix_by_product_quantization(pieces: int, words: int, times: float) -> None:
    """Gong et al. 2014: mn·32 / (32kn + s·m·log2 k) for 4096 × 4096."""
    found = one_image(one_dense("4096", 4096), {"fc": f"pq:dims={4096 // pieces},words={words}"})
    assert 32 * 4096**2 / float(bits(found, "fc").high) == pytest.approx(times, abs=0.05)


def test_the_released_assignments_of_conv2_have_as_many_bits() -> None:
    """The authors' file packs 7 bits of 256 · 6 · 25 numbers into pages of 4,096 bytes: 9 pages and a header."""
    text = one_conv(96, 256, 5, 27, "pad: 2 group: 2")
    found = one_image(text, {"conv": "pq:dims=8,words=128"})
    numbers = (float(bits(found, "conv").high) - 32 * 128 * 48) / 7
    assert numbers == 256 * 6 * 25
    assert 24 + 4096 * -(-int(numbers) // (32768 // 7)) == 36_888


# -- binary and ternary ----------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "kernel", "times"), [(256, 3, 62.27), (3, 1, 2.87)])
def test_a_convolution_of_signs_is_as_much_faster_as_published(channels: int, kernel: int, times: float) -> None:
    """64 XNORs are one operation, and each output is scaled once: 64·c·N / (c·N + 64)."""
    text = one_conv(channels, 32, kernel, 14, "bias_term: false")
    found = work(one_image(text, {"conv": "xnor"}), "conv")
    assert (found.additions, found.lookups) == (0, 0)
    assert macs(one_image(text)) / (found.xnors / 64 + found.macs) == pytest.approx(times, abs=0.005)


@pytest.mark.parametrize(
    ("method", "whole", "ends_kept"), [("binary", 31.8, 10.3), ("ternary", 15.96, 7.9)], ids=["binary", "ternary"]
)
def test_alexnet_in_one_and_two_bits(method: str, whole: float, ends_kept: float) -> None:
    """32 and 16 times, less the factors of each filter or layer; with the first and last layer as they are less yet."""
    plain = 32 * sum(size(one_image(nets.alexnet(1, learns=False)), name) for name in ALEXNET)
    assert plain / stored_bits(dict.fromkeys(ALEXNET, method)) == pytest.approx(whole, rel=0.003)
    assert plain / stored_bits(dict.fromkeys(ALEXNET[1:-1], method)) == pytest.approx(ends_kept, abs=0.05)
    megabytes = stored_bits(dict.fromkeys(ALEXNET, "binary")) / 8e6
    assert megabytes == pytest.approx(7.66, abs=0.005)


# -- hashes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "values"), [("12.5%", 99_376), ("1.5625%", 12_422)])
def test_a_hashed_net_stores_a_share_of_its_virtual_weights(share: str, values: int) -> None:
    """784-1000-10, whose biases the authors hash too: 795,010 values; ours stay as they are, and are taken off here."""
    virtual = {"fc": (784, 1000), "top": (1000, 10)}
    stored = 0.0
    for inputs, outputs in virtual.values():
        found = one_image(one_dense(str(inputs + 1), outputs), {"fc": f"hash:share={share}"})
        stored += float(bits(found, "fc").high) / 32
    assert stored == pytest.approx(values, abs=1)
