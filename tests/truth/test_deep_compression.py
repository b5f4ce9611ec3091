"""Pruning, codebooks and Huffman codes against published tables.

Han et al. 2016, "Deep Compression" (arXiv 1510.00149), tables 2 to 5; Han et al. 2015, "Learning both Weights and
Connections" (arXiv 1506.02626), tables 2 to 5; Iandola et al. 2016, "SqueezeNet" (arXiv 1602.07360), table 1, and the
file of weights that its authors released. The tables print shares as whole per cents, so a row of 4 % is known to an
eighth of itself only.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import pytest

from tests.truth import published_nets as nets
from tests.truth.compression_nets import bits, figures, lenet_300_100, macs, one_dense, one_image, params, size, work


class Row(NamedTuple):
    """A layer as printed: share kept (%), bits of the codebook, measured bits of a value and of an index, sizes (%)."""

    layer: str
    kept: int
    width: int
    coded: float
    distance: float
    quantized: float
    huffman: float


class Table(NamedTuple):
    net: str
    distance: int  # bits, in all layers
    rows: tuple[Row, ...]
    quantized: float  # of the whole net, %
    huffman: float


TABLES: Final = {
    "LeNet-300-100, table 2": Table(
        lenet_300_100(),
        5,
        (
            Row("ip1", 8, 6, 4.4, 3.7, 3.1, 2.32),
            Row("ip2", 9, 6, 4.4, 4.3, 3.8, 3.04),
            Row("ip3", 26, 6, 4.3, 3.2, 15.7, 12.70),
        ),
        3.1,
        2.49,
    ),
    "LeNet-5, table 3": Table(
        nets.lenet(1),
        5,
        (
            Row("conv1", 66, 8, 7.2, 1.5, 78.5, 67.45),
            Row("conv2", 12, 8, 7.2, 3.9, 6.0, 5.28),
            Row("ip1", 8, 5, 4.5, 4.5, 2.7, 2.45),
            Row("ip2", 19, 5, 5.2, 3.7, 6.9, 6.13),
        ),
        3.05,
        2.55,
    ),
    "AlexNet, table 4": Table(
        nets.alexnet(1),
        4,
        (
            Row("conv1", 84, 8, 6.3, 1.2, 32.6, 20.53),
            Row("conv2", 38, 8, 5.5, 2.3, 14.5, 9.43),
            Row("conv3", 35, 8, 5.1, 2.6, 13.1, 8.44),
            Row("conv4", 37, 8, 5.2, 2.5, 14.1, 9.11),
            Row("conv5", 37, 8, 5.6, 2.5, 14.0, 9.43),
            Row("fc6", 9, 5, 3.9, 3.2, 3.0, 2.39),
            Row("fc7", 9, 5, 3.6, 3.7, 3.0, 2.46),
            Row("fc8", 25, 5, 4.0, 3.2, 7.3, 5.85),
        ),
        3.7,
        2.88,
    ),
    "VGG-16, table 5": Table(
        nets.vgg16(1),
        5,
        (
            Row("conv1_1", 58, 8, 6.8, 1.7, 40.0, 29.97),
            Row("conv1_2", 22, 8, 6.5, 2.6, 9.8, 6.99),
            Row("conv2_1", 34, 8, 5.6, 2.4, 14.3, 8.91),
            Row("conv2_2", 36, 8, 5.9, 2.3, 14.7, 9.31),
            Row("conv3_1", 53, 8, 4.8, 1.8, 21.7, 11.15),
            Row("conv3_2", 24, 8, 4.6, 2.9, 9.7, 5.67),
            Row("conv3_3", 42, 8, 4.6, 2.2, 17.0, 8.96),
            Row("conv4_1", 32, 8, 4.6, 2.6, 13.1, 7.29),
            Row("conv4_2", 27, 8, 4.2, 2.9, 10.9, 5.93),
            Row("conv4_3", 34, 8, 4.4, 2.5, 14.0, 7.47),
            Row("conv5_1", 35, 8, 4.7, 2.5, 14.3, 8.00),
            Row("conv5_2", 29, 8, 4.6, 2.7, 11.7, 6.52),
            Row("conv5_3", 36, 8, 4.6, 2.3, 14.8, 7.79),
            Row("fc6", 4, 5, 3.6, 3.5, 1.6, 1.10),
            Row("fc7", 4, 5, 4.0, 4.3, 1.5, 1.25),
            Row("fc8", 23, 5, 4.0, 3.4, 7.1, 5.24),
        ),
        3.2,
        2.05,
    ),
}


def pruned(table: Table, *, coded: bool) -> dict[str, list[str]]:
    return {
        row.layer: [
            f"prune:share={100 - row.kept}%,index=rel{table.distance}",
            f"codebook:bits={row.width}",
            *([f"huffman:width={row.coded},index={row.distance}"] if coded else []),
        ]
        for row in table.rows
    }


ROWS: Final = [
    pytest.param(table, row, id=f"{name}, {row.layer}") for name, table in TABLES.items() for row in table.rows
]
# Points of a hundred, and why: the 8 % of ip1 and the 4 and 9 % of fully connected layers are printed without decimals,
# and real fillers are fewer than those of zeros by chance (fc6, fc7); VGG's conv1_1 is the paper's own outlier.
POINTS: Final = {("conv1_1", 58): 1.7, ("ip2", 9): 0.35, ("ip2", 19): 0.35, ("ip3", 26): 0.4, ("conv1", 66): 0.5}
FEW: Final = 9  # per cent kept, from which on down chance overestimates the fillers


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_layer_pruned_and_shared_is_as_large_as_printed(table: Table, row: Row) -> None:
    found = one_image(table.net, pruned(table, coded=False))
    low, likely, high = (100 * float(one or 0) / (32 * size(found, row.layer)) for one in bits(found, row.layer))
    assert low <= likely <= high
    if row.kept > FEW:
        assert likely == pytest.approx(row.quantized, abs=POINTS.get((row.layer, row.kept), 0.4))
    else:  # 12 % for ip1, at most 14 % (VGG's fc7), and never outside what the printed share's own rounding leaves
        assert likely == pytest.approx(row.quantized, rel=0.145)
        half = 0.5 / row.kept
        assert low * (1 - half) <= row.quantized <= high * (1 + half)


@pytest.mark.parametrize(("table", "row"), ROWS)
def test_a_layer_with_huffman_codes_is_as_large_as_printed(table: Table, row: Row) -> None:
    """The widths are measured averages, the entries those without and with fillers; 9 % kept may be 9.49 %."""
    found = one_image(table.net, pruned(table, coded=True))
    low, likely, _ = (100 * float(one or 0) / (32 * size(found, row.layer)) for one in bits(found, row.layer))
    assert low * 0.97 <= row.huffman <= likely * 1.095


TOTALS: Final = [pytest.param(table, id=name) for name, table in TABLES.items()]


@pytest.mark.parametrize("table", TOTALS)
def test_a_whole_net_is_as_large_as_printed(table: Table) -> None:
    """Within a quarter of a point: AlexNet is 3.92 % for 3.7; VGG's printed rows themselves give 3.00 and not 3.2."""
    found = one_image(table.net, pruned(table, coded=False))
    whole = sum(32 * size(found, row.layer) for row in table.rows)
    likely = sum(float(bits(found, row.layer).likely or 0) for row in table.rows)
    assert 100 * likely / whole == pytest.approx(table.quantized, abs=0.25)


@pytest.mark.parametrize("table", TOTALS)
def test_a_whole_net_with_huffman_codes_lies_between_none_and_likely_fillers(table: Table) -> None:
    """AlexNet 2.53 to 3.04 % for 2.88; LeNet-300-100 2.16 to 2.31 for 2.49, which its rows do not give either: 2.44."""
    found = one_image(table.net, pruned(table, coded=True))
    whole = sum(32 * size(found, row.layer) for row in table.rows)
    low = 100 * sum(float(bits(found, row.layer).low) for row in table.rows) / whole
    likely = 100 * sum(float(bits(found, row.layer).likely or 0) for row in table.rows) / whole
    assert low * 0.97 <= table.huffman <= likely * 1.09


def test_the_worked_example_of_the_codebook() -> None:
    """Figure 3: sixteen weights of four values are 3.2 times smaller, the codebook counted."""
    found = one_image(one_dense("4", 4), {"fc": "codebook:bits=2"})
    assert 32 * 16 / float(bits(found, "fc").high) == 3.2


@pytest.mark.parametrize(("clusters", "times"), [(2, 16.0), (4, 8.0), (8, 4.0)])
def test_a_codebook_of_a_square_matrix(clusters: int, times: float) -> None:
    """Gong et al. 2014: 4096 × 4096 weights by k-means of 4, 16 and 256 values."""
    found = one_image(one_dense("4096", 4096), {"fc": f"codebook:bits={clusters}"})
    assert 32 * 4096**2 / float(bits(found, "fc").high) == pytest.approx(times, abs=0.05)


# -- Learning both weights and connections: share of the operations -------------------------------------

# Per layer: share of weights kept, of the layer's outputs that are not zero, of the operations, all in %.
OPERATIONS: Final = {
    "LeNet-300-100, table 2": (
        lenet_300_100(),
        (("ip1", 8, 38, 8), ("ip2", 9, 65, 4), ("ip3", 26, 100, 17)),
        (8, 8),
    ),
    "LeNet-5, table 3": (
        nets.lenet(1),
        (("conv1", 66, 82, 66), ("conv2", 12, 72, 10), ("ip1", 8, 55, 6), ("ip2", 19, 100, 10)),
        (8, 16),
    ),
    "AlexNet, table 4": (
        nets.alexnet(1),
        (
            ("conv1", 84, 88, 84),
            ("conv2", 38, 52, 33),
            ("conv3", 35, 37, 18),
            ("conv4", 37, 40, 14),
            ("conv5", 37, 34, 14),
            ("fc6", 9, 36, 3),
            ("fc7", 9, 40, 3),
            ("fc8", 25, 100, 10),
        ),
        (11, 30),
    ),
    "VGG-16, table 5": (
        nets.vgg16(1),
        (
            ("conv1_1", 58, 53, 58),
            ("conv1_2", 22, 89, 12),
            ("conv2_1", 34, 80, 30),
            ("conv2_2", 36, 81, 29),
            ("conv3_1", 53, 68, 43),
            ("conv3_2", 24, 70, 16),
            ("conv3_3", 42, 64, 29),
            ("conv4_1", 32, 51, 21),
            ("conv4_2", 27, 45, 14),
            ("conv4_3", 34, 34, 15),
            ("conv5_1", 35, 32, 12),
            ("conv5_2", 29, 29, 9),
            ("conv5_3", 36, 19, 11),
            ("fc6", 4, 38, 1),
            ("fc7", 4, 42, 2),
            ("fc8", 23, 100, 9),
        ),
        (7.5, 21),
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_products_with_a_zero_on_either_side_are_skipped(name: str) -> None:
    """A layer's share is that of its weights times that of the values that the layer before it lets through."""
    text, rows, (weights, operations) = OPERATIONS[name]
    reads = dict(zip((row[0] for row in rows), (100, *(row[2] for row in rows)), strict=False))
    asked = {layer: f"prune:share={100 - kept}%,active={reads[layer]}%" for layer, kept, *_ in rows}
    before, found = one_image(text), one_image(text, asked)
    for layer, _, _, printed in rows:
        assert 100 * work(found, layer).macs / work(before, layer).macs == pytest.approx(printed, abs=1)
    left = sum(found.encodings[row[0]].left(size(found, row[0])) for row in rows)
    assert 100 * left / sum(size(found, row[0]) for row in rows) == pytest.approx(weights, abs=0.5)
    assert 100 * macs(found) / macs(before) == pytest.approx(operations, abs=0.5)


# -- SqueezeNet -----------------------------------------------------------------------------------------

# Table 1: parameters before and after, and what is kept (%) of squeeze1x1, expand1x1, expand3x3.
FIRES: Final = {
    2: (11_920, 5_746, (100, 100, 33)),
    3: (12_432, 6_258, (100, 100, 33)),
    4: (45_344, 20_646, (100, 100, 33)),
    5: (49_440, 24_742, (100, 100, 33)),
    6: (104_880, 44_700, (100, 50, 33)),
    7: (111_024, 46_236, (50, 100, 33)),
    8: (188_992, 77_581, (100, 50, 30)),
    9: (197_184, 77_581, (50, 100, 30)),
}
SIDES: Final = ("squeeze1x1", "expand1x1", "expand3x3")


def squeezed(*more: str, index: str = "rel4") -> dict[str, list[str]]:
    asked = {
        f"fire{place}/{side}": [f"prune:share={100 - kept}%,index={index}", *more]
        for place, (_, _, shares) in FIRES.items()
        for side, kept in zip(SIDES, shares, strict=True)
    }
    return asked | {
        "conv1": [f"prune:share=0%,index={index}", *more],
        "conv10": [f"prune:share=80%,index={index}", *more],
    }


def test_squeezenets_parameters_before_and_after_pruning() -> None:
    text = nets.squeezenet(1)
    before, found = one_image(text), one_image(text, squeezed())
    assert (params(before), params(found)) == (1_248_424, 421_098)
    for place, (whole, left, _) in FIRES.items():
        layers = [
            layer for layer in found.nets[0].layers if layer.spec.name.startswith(f"fire{place}/") and layer.params
        ]
        assert sum(blob.count for layer in layers for blob in layer.params or ()) == whole
        kept = [
            found.encodings[layer.spec.name].left(blob.count)
            if blob.kind == "weight" and layer.spec.name in found.encodings
            else blob.count
            for layer in layers
            for blob in layer.params or ()
        ]
        assert sum(kept) == left


def test_squeezenets_released_file_is_met_to_a_third_of_a_per_cent() -> None:
    """675,763 bytes: 8 bits a weight and 4 a distance in all layers, biases as floats, and a count of each layer.

    Its fillers cluster (6,162 for 3,413 by chance) and its weights are 0.3 % fewer than the shares say: 673,411 bytes
    are ours.
    """
    found = figures(one_image(nets.squeezenet(1), squeezed("codebook:bits=8")))
    counts = 26 * 4
    assert found["stored_bytes"] + counts == pytest.approx(675_763, rel=0.0036)
    assert found["stored_bytes, at least"] + counts < 675_763 < found["stored_bytes, at most"] + counts


def test_the_demo_of_alexnet_that_was_released() -> None:
    """233 MiB become 8.9: 8 bits in convolutions, 4 in fully connected layers, 4 a distance; ours are 8.28 MiB."""
    table = TABLES["AlexNet, table 4"]
    asked = {
        row.layer: [f"prune:share={100 - row.kept}%,index=rel4", f"codebook:bits={8 if row.layer[0] == 'c' else 4}"]
        for row in table.rows
    }
    found = figures(one_image(table.net, asked))
    assert figures(one_image(table.net))["stored_bytes"] / 2**20 == pytest.approx(232.6, abs=0.05)
    assert found["stored_bytes"] / 2**20 == pytest.approx(8.9, rel=0.075)
