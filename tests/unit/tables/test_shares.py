"""Where weights and computation sit: which group a layer is of, and the sums of the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.writing import Layer, cells, data, line, net, read

if TYPE_CHECKING:
    from logparse.api import Log

SHAPE = "2 4 8 8 (512)"


def conv(name: str, parameters: str, type_: str = "Convolution") -> Layer:
    return Layer(name, type_, ("data",), (name,), (SHAPE,), f"convolution_param {{ num_output: 4 {parameters} }}")


def groups(*layers: Layer) -> dict[str, int]:
    """Group → how many layers."""
    rows = cells(read(net([data("2 4 8 8 (512)"), *layers])).table("shares"))
    return dict(zip(rows["group"], rows["layers"], strict=True))


@pytest.mark.parametrize(
    ("parameters", "group"),
    [
        ("kernel_size: 1", "convolution 1×1"),
        ("kernel_size: 3 pad: 1", "convolution 3×3"),
        ("kernel_size: 5 pad: 2", "convolution, larger kernel"),
        ("kernel_h: 1 kernel_w: 5 pad_w: 2 pad_h: 0", "convolution, larger kernel"),
        ("kernel_h: 5 kernel_w: 1 pad_w: 0 pad_h: 2", "convolution, larger kernel"),
        ("kernel_h: 1 kernel_w: 3 pad_w: 1 pad_h: 0", "convolution, other kernel"),
        ("kernel_size: 2", "convolution, other kernel"),
        ("kernel_size: 3 pad: 1 group: 4", "depthwise convolution"),
        ("kernel_size: 3 pad: 1 group: 2", "convolution 3×3"),
        ("", "convolution, kernel not known"),
    ],
)
def test_convolutions_are_told_apart_by_their_kernel(parameters: str, group: str) -> None:
    assert groups(conv("conv", parameters)) == {group: 1, "other": 1}


@pytest.mark.parametrize("type_", ["ConvolutionDepthwise", "DepthwiseConvolution"])
def test_forks_have_types_of_their_own_for_depthwise_convolutions(type_: str) -> None:
    assert groups(conv("conv", "kernel_size: 3 pad: 1", type_)) == {"depthwise convolution": 1, "other": 1}


def test_a_convolution_of_one_channel_is_not_depthwise() -> None:
    """One group of one channel is any convolution of a grey image."""
    shape = "2 1 8 8 (128)"
    one = Layer("c", "Convolution", ("data",), ("c",), (SHAPE,), "convolution_param { num_output: 4 kernel_size: 1 }")
    rows = cells(read(net([data(shape), one])).table("shares"))

    assert rows["group"] == ["convolution 1×1", "other"]


def test_a_deconvolution_is_one_of_the_convolutions() -> None:
    assert groups(conv("up", "kernel_size: 3 pad: 1", "Deconvolution")) == {"convolution 3×3": 1, "other": 1}


def everything() -> Log:
    """A training net with a layer of each group, one of no known type, and a test net of two."""
    dense = Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 3 (6)",), "inner_product_param { num_output: 3 }")
    layers = [
        data("2 4 8 8 (512)"),
        Layer("odd", "Mystery", ("data",), ("odd",), (SHAPE,)),
        conv("unknown", ""),
        conv("two", "kernel_size: 2"),
        conv("five", "kernel_size: 5 pad: 2 bias_term: false"),
        conv("three", "kernel_size: 3 pad: 1 bias_term: false"),
        conv("thin", "kernel_size: 3 pad: 1 group: 4 bias_term: false"),
        conv("one", "kernel_size: 1"),
        conv("again", "kernel_size: 1 bias_term: false"),
        dense,
    ]
    test = line("Creating test net (#0) specified by net file: a", "solver.cpp")
    return read(net(layers), test, net([data("2 4 8 8 (512)"), dense], phase="TEST"))


def test_the_groups_stand_in_a_fixed_order_net_by_net() -> None:
    rows = cells(everything().table("shares"), "net_index", "phase", "net", "group")

    assert rows["group"][:8] == [
        "fully connected",
        "convolution 1×1",
        "convolution 3×3",
        "convolution, larger kernel",
        "convolution, other kernel",
        "convolution, kernel not known",
        "depthwise convolution",
        "other",
    ]
    assert rows["group"][8:] == ["fully connected", "other"]
    assert rows["net_index"] == [0] * 8 + [1] * 2
    assert rows["phase"] == ["TRAIN"] * 8 + ["TEST"] * 2
    assert rows["net"] == ["N"] * 10


def test_each_group_has_its_sums_and_its_shares() -> None:
    """A batch of 2: a convolution's top has 512 values, each the sum of a window."""
    rows = cells(everything().table("shares"), "layers", "weights", "macs", "distinct_bytes", "unknown")
    weights = [4 * 64 * 3 + 3, 2 * 16 + 4, 9 * 16, 25 * 16, 4 * 16 + 4, 0, 9 * 4, 0]
    macs = [2 * 256 * 3, 2 * 512 * 4, 512 * 36, 512 * 100, 512 * 16, 0, 512 * 9, 0]

    assert rows["layers"][:8] == [1, 2, 1, 1, 1, 1, 1, 2]
    assert rows["weights"][:8] == weights
    assert rows["macs"][:8] == macs
    assert rows["distinct_bytes"][:8] == [24, 4096, 2048, 2048, 2048, 2048, 2048, 4096]
    assert rows["unknown"][:8] == [0, 0, 0, 0, 0, 1, 0, 1]
    shares = cells(everything().table("shares"), "weights_share", "macs_share", "distinct_share")
    assert shares["weights_share"][:8] == [value / sum(weights) for value in weights]
    assert shares["macs_share"][:8] == [value / sum(macs) for value in macs]
    assert shares["distinct_share"][:2] == [24 / 18_456, 4096 / 18_456]


def test_a_share_of_nothing_is_not_known() -> None:
    rows = cells(read(net([Layer("data", "Input", (), ("data",), ("0 (0)",))])).table("shares"))

    assert (rows["weights_share"], rows["macs_share"], rows["distinct_share"]) == ([None], [None], [None])


def test_figures_of_one_image_are_no_figures_of_a_batch() -> None:
    text = line("Creating Layer data") + line("data -> data") + line("Top shape: 1 28 28")
    text += line("Creating Layer conv") + line("conv <- data") + line("conv -> conv") + line("Top shape: 20 24 24")
    log = read(text)

    assert cells(log.layers)["macs"] == [None, None]
    assert cells(log.table("shares"))["macs"] == [None, None]
    assert cells(log.table("shares"))["distinct_bytes"] == [None, None]


def test_of_a_log_without_batches_the_shares_are_those_of_one_image() -> None:
    """In 2013 a shape was printed without its batch: counts of a batch are not known, shares of them are."""
    text = net([data("2 4 8 8 (512)"), conv("a", "kernel_size: 1"), conv("b", "kernel_size: 3 pad: 1")])
    rows = cells(read(text.replace(f"Top shape: {SHAPE}", "Top shape: 4 8 8")).table("shares"))
    by_group = {name: place for place, name in enumerate(rows["group"])}
    one, three = by_group["convolution 1×1"], by_group["convolution 3×3"]

    assert rows["macs"][one] is rows["macs"][three] is rows["distinct_bytes"][one] is None
    assert (rows["macs_share"][one], rows["macs_share"][three]) == pytest.approx((0.1, 0.9))
    assert rows["weights"][three] == 4 * 4 * 9 + 4
    assert rows["weights_share"][three] == pytest.approx(148 / (148 + 20))
