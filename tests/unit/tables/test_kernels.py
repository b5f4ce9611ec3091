"""`kernels`: convolutions by kernel, with their shares; and what `nets` says of structure and family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.writing import Layer, cells, data, net, read, set_up

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log

IMAGE = "2 4 8 8 (512)"


def conv(name: str, settings: str, type_: str = "Convolution", shape: str = IMAGE) -> Layer:
    more = f"convolution_param {{ num_output: 4 {settings} }}" if settings else ""
    return Layer(name, type_, ("data",), (name,), (shape,), more)


def everything() -> Log:
    layers = [
        data(IMAGE),
        conv("one", "kernel_size: 1"),
        conv("again", "kernel_size: 1 bias_term: false"),
        conv("three", "kernel_size: 3 pad: 1 bias_term: false"),
        conv("halves", "kernel_size: 3 pad: 1 group: 2 bias_term: false"),
        conv("thin", "kernel_size: 3 pad: 1 group: 4 bias_term: false"),
        conv("row", "kernel_h: 1 kernel_w: 3 pad_w: 1 bias_term: false"),
        conv("up", "kernel_size: 5 pad: 2 bias_term: false", "Deconvolution"),
        conv("forks", "kernel_size: 3 pad: 1 bias_term: false", "DepthwiseConvolution"),
        conv("lost", ""),
        Layer("relu", "ReLU", ("one",), ("one",), (IMAGE,)),
    ]
    return read(net(layers))


def test_each_kernel_has_a_row() -> None:
    rows = cells(everything().kernels, "kernel", "kernel_class", "grouping", "transposed", "layers", "unknown")
    found = {row[:4]: row[4:] for row in zip(*rows.values(), strict=True)}

    assert found == {
        ("1×1", "1×1", "none", False): (2, 0),
        ("3×3", "3×3", "none", False): (1, 0),
        ("3×3", "3×3", "groups", False): (1, 0),
        ("3×3", "3×3", "depthwise", False): (2, 0),
        ("1×3", "other", "none", False): (1, 0),
        ("5×5", "larger", "none", True): (1, 0),
        (None, None, None, False): (1, 1),
    }


def test_shares_are_of_the_nets_convolutions() -> None:
    rows = cells(everything().kernels, "kernel", "grouping", "layers_share", "params", "params_share", "macs_per_image")
    by_row = {(kernel, group): place for place, (kernel, group) in enumerate(zip(rows["kernel"], rows["grouping"]))}  # noqa: B905 - columns
    pointwise, three = by_row["1×1", "none"], by_row["3×3", "none"]
    params = 16 + 4 + 16 + 144 + 72 + 36 + 48 + 400 + 36

    assert rows["params"][pointwise] == 36
    assert rows["params_share"][pointwise] == pytest.approx(36 / params)
    assert rows["layers_share"][three] == pytest.approx(1 / 9)
    assert rows["macs_per_image"][three] == 64 * 144
    assert sum(rows["layers_share"]) == pytest.approx(1)
    assert sum(rows["params_share"]) == pytest.approx(1)


def test_a_net_without_convolutions_has_no_row() -> None:
    dense = Layer("ip", "InnerProduct", ("data",), ("ip",), ("2 3 (6)",), "inner_product_param { num_output: 3 }")
    assert len(read(net([data(IMAGE), dense])).kernels) == 0


def test_a_three_dimensional_kernel_is_a_kernel() -> None:
    blob = "1 2 4 4 4 (128)"
    settings = "convolution_param { num_output: 2 kernel_size: 3 pad: 1 }"
    layers = [data(blob), Layer("c", "Convolution", ("data",), ("c",), (blob,), settings)]
    rows = cells(read(net(layers)).kernels, "kernel", "kernel_class")

    assert rows == {"kernel": ["3×3×3"], "kernel_class": ["3×3"]}


def test_a_convolution_of_blobs_without_a_map_has_no_kernel() -> None:
    flat = "2 4 (8)"
    rows = cells(read(net([data(flat), conv("one", "kernel_size: 3", shape=flat)])).kernels, "kernel", "layers")

    assert rows == {"kernel": [None], "layers": [1]}


def test_the_trend_over_the_sample_logs(sample_logs: Path) -> None:
    """From AlexNet to ResNet-18 the share of computation that 3×3 and 1×1 have grows."""
    from logparse.api import parse_log

    shares = []
    for name in ("alexnet.log", "resnet18.log"):
        rows = parse_log(sample_logs / name).kernels
        small = rows[(rows["phase"] == "TRAIN") & rows["kernel_class"].isin(["1×1", "3×3"])]
        shares.append(small["macs_share"].sum())

    assert shares == pytest.approx([0.505, 0.935], abs=0.001)


# --- what a net is ----------------------------------------------------------------------------------------


def test_nets_of_one_log_are_the_same_net(sample_logs: Path) -> None:
    from logparse.api import parse_log

    rows = cells(parse_log(sample_logs / "resnet18.log").nets, "phase", "structure", "structure_basis", "family")

    assert rows["phase"] == ["TRAIN", "TEST"]
    assert rows["structure"][0] == rows["structure"][1] is not None
    assert set(rows["structure_basis"]) == {"definition"}
    assert {family.split(",")[0] for family in rows["family"]} == {"ResNet-18"}


def test_a_net_of_nobody_has_no_family_but_a_structure() -> None:
    rows = cells(read(net([data(IMAGE), conv("one", "kernel_size: 1")])).nets)

    assert (rows["family"], rows["family_distance"]) == ([None], [None])
    assert rows["structure"][0] is not None
    assert rows["structure_reason"] == [None]


def test_a_net_whose_set_up_is_cut_has_no_structure() -> None:
    text = net([data(IMAGE), conv("one", "kernel_size: 1")])
    rows = cells(read(text.replace("Network initialization done.", "")).nets)

    assert rows["structure"] == [None]
    assert rows["structure_basis"] == ["unknown"]
    assert rows["structure_reason"] == ["the log ends, or is cut, before the net is whole"]


def test_a_layer_that_is_missing_is_named() -> None:
    two = conv("two", "kernel_size: 3 pad: 1")
    whole = net([data(IMAGE), conv("one", "kernel_size: 1"), two])
    rows = cells(read(whole.replace(set_up(two, 3 * 4 * 512), "")).nets)

    assert rows["layers"] == [2]
    assert rows["structure"] == [None]
    assert rows["structure_reason"] == ["the layer two of the net's definition is not in the log"]
