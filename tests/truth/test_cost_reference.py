"""Published nets by the rules alone: definitions written small, walked layer by layer, against exact figures.

The figures are per image (reference_numbers.json beside the shared logs states the convention of each).
"""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.api import parse_log
from logparse.cost.costing import cost
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from logparse.cost.spec import Cost, Shape

INPUT: Final = (1, 3, 224, 224)


def layer(name: str, kind: str, bottoms: str, top: str, settings: str = "") -> str:
    stated = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    return f'layer {{ name: "{name}" type: "{kind}" {stated} top: "{top}" {settings} }}'


def conv(name: str, bottom: str, outputs: int, kernel: int, stride: int = 1, *, bias: bool = True) -> str:
    pad = kernel // 2
    settings = f"num_output: {outputs} kernel_size: {kernel} stride: {stride} pad: {pad} bias_term: {str(bias).lower()}"
    return layer(name, "Convolution", bottom, name, f"convolution_param {{ {settings} }}")


def relu(blob: str) -> str:
    return layer(f"relu_{blob}", "ReLU", blob, blob)


def pool(name: str, bottom: str, kernel: int, stride: int, pad: int = 0, method: str = "MAX") -> str:
    settings = f"pool: {method} kernel_size: {kernel} stride: {stride} pad: {pad}"
    return layer(name, "Pooling", bottom, name, f"pooling_param {{ {settings} }}")


def dense(name: str, bottom: str, outputs: int) -> str:
    return layer(name, "InnerProduct", bottom, name, f"inner_product_param {{ num_output: {outputs} }}")


def normalised(name: str, bottom: str, outputs: int, kernel: int, stride: int = 1, *, bias: bool = False) -> list[str]:
    """Convolution, BatchNorm and Scale in place."""
    return [
        conv(name, bottom, outputs, kernel, stride, bias=bias),
        layer(f"bn_{name}", "BatchNorm", name, name),
        layer(f"scale_{name}", "Scale", name, name, "scale_param { bias_term: true }"),
    ]


def resnet50() -> Iterator[str]:
    """He et al. 2015, the stride on the first 1×1, a bias in the first layer alone."""
    yield from normalised("conv1", "data", 64, 7, 2, bias=True)
    yield relu("conv1")
    yield pool("pool1", "conv1", 3, 2)
    bottom = "pool1"
    for stage, (blocks, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True), start=2):
        for place in range(blocks):
            block = f"res{stage}{chr(ord('a') + place)}"
            stride = 2 if place == 0 and stage > 2 else 1
            if place == 0:
                yield from normalised(f"{block}_branch1", bottom, width * 4, 1, stride)
            yield from normalised(f"{block}_a", bottom, width, 1, stride)
            yield relu(f"{block}_a")
            yield from normalised(f"{block}_b", f"{block}_a", width, 3)
            yield relu(f"{block}_b")
            yield from normalised(f"{block}_c", f"{block}_b", width * 4, 1)
            shortcut = f"{block}_branch1" if place == 0 else bottom
            yield layer(block, "Eltwise", f"{shortcut} {block}_c", block)
            yield relu(block)
            bottom = block
    yield pool("pool5", bottom, 7, 1, method="AVE")
    yield dense("fc1000", "pool5", 1000)
    yield layer("prob", "Softmax", "fc1000", "prob")


INCEPTION: Final = {
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


def lrn(name: str, bottom: str) -> str:
    return layer(name, "LRN", bottom, name)


def inception(block: str, bottom: str) -> Iterator[str]:
    one, reduce3, three, reduce5, five, project = INCEPTION[block]
    parts = (
        conv(f"{block}/1", bottom, one, 1),
        conv(f"{block}/3r", bottom, reduce3, 1),
        conv(f"{block}/3", f"{block}/3r", three, 3),
        conv(f"{block}/5r", bottom, reduce5, 1),
        conv(f"{block}/5", f"{block}/5r", five, 5),
        pool(f"{block}/pool", bottom, 3, 1, 1),
        conv(f"{block}/p", f"{block}/pool", project, 1),
    )
    for part in parts:
        yield part
        if "Convolution" in part:
            yield relu(part.split('"')[1])
    yield layer(block, "Concat", f"{block}/1 {block}/3 {block}/5 {block}/p", block)


def googlenet() -> Iterator[str]:
    """Szegedy et al. 2014, the main branch (deploy)."""
    yield from (conv("conv1", "data", 64, 7, 2), relu("conv1"), pool("pool1", "conv1", 3, 2), lrn("norm1", "pool1"))
    yield from (conv("conv2r", "norm1", 64, 1), relu("conv2r"), conv("conv2", "conv2r", 192, 3), relu("conv2"))
    yield from (lrn("norm2", "conv2"), pool("pool2", "norm2", 3, 2))
    bottom = "pool2"
    for block in INCEPTION:
        yield from inception(block, bottom)
        bottom = block
        if block in {"3b", "4e"}:
            bottom = f"pool{block}"
            yield pool(bottom, block, 3, 2)
    yield pool("pool5", bottom, 7, 1, method="AVE")
    yield layer("drop", "Dropout", "pool5", "pool5")
    yield dense("classifier", "pool5", 1000)
    yield layer("prob", "Softmax", "classifier", "prob")


def walk(texts: Iterator[str]) -> Iterator[tuple[LayerSpec, Cost]]:
    """Every layer with its cost; the rules' own shapes are handed on, since no log prints any."""
    blobs: dict[str, Shape] = {"data": INPUT}
    for message in parse("\n".join(texts)).root.children("layer"):
        bottoms = tuple(blobs[name] for name in message.texts("bottom"))
        spec = LayerSpec(message.text("name"), message.text("type"), message, bottoms, (None,), phase="TEST")
        found = cost(spec)
        top = found.expected_tops[0]
        assert top is not None
        blobs[message.text("top")] = top
        yield spec, found


LEARNED: Final = frozenset({"Convolution", "InnerProduct"})


def figures(walked: Iterator[tuple[LayerSpec, Cost]]) -> Counter[str]:
    """The reference file's figures, by its own names."""
    total: Counter[str] = Counter(act_all_tops=prod(INPUT))
    for spec, found in walked:
        assert found.weights is not None
        assert found.macs.value is not None
        own = {"weights": found.weights, "biases": found.biases or 0}
        total.update(own if spec.type in LEARNED else {"scale_norm_prelu": sum(own.values())})
        total.update({"bn_blobs": found.statistics or 0, "macs": found.macs.value})
        total.update({"macs_fc" if spec.type == "InnerProduct" else "macs_conv": found.macs.value})
        total.update({"act_all_tops": prod(found.expected_tops[0] or ())})
    return total


NAMES: Final = ("weights", "biases", "scale_norm_prelu", "bn_blobs", "macs", "macs_conv", "macs_fc", "act_all_tops")


@pytest.fixture(scope="module")
def reference(shared_logs: Path) -> dict[str, Any]:
    nets: dict[str, Any] = json.loads((shared_logs.parent / "reference_numbers.json").read_text(encoding="utf-8"))
    return {name: net["caffe_exact"] for name, net in nets["nets"].items()}


@pytest.mark.parametrize(("net", "texts"), [("ResNet-50", resnet50), ("GoogLeNet", googlenet)])
def test_a_compact_definition_gives_the_reference_figures(
    reference: dict[str, Any], net: str, texts: Callable[[], Iterator[str]]
) -> None:
    found = figures(walk(texts()))
    assert {name: found[name] for name in NAMES} == {name: reference[net][name] for name in NAMES}


@pytest.mark.parametrize(
    ("net", "log"), [("LeNet", "lenet"), ("AlexNet", "alexnet"), ("VGG-16", "vgg16"), ("ResNet-18", "resnet18")]
)
def test_a_genuine_log_gives_the_reference_figures(
    shared_logs: Path, reference: dict[str, Any], net: str, log: str
) -> None:
    fact = parse_log(shared_logs / f"genuine/{log}.log").net_facts[1][0]
    batch = fact.batch
    assert batch
    costs = [one.cost for one in fact.layers if one.type in LEARNED]
    found = {
        "weights": sum(c.weights or 0 for c in costs),
        "biases": sum(c.biases or 0 for c in costs),
        "macs": sum(c.macs.value or 0 for c in costs) / batch,
        "bn_blobs": sum(one.cost.statistics or 0 for one in fact.layers),
    }
    assert found == {name: reference[net][name] for name in found}


def test_the_toy_layers_of_the_reference_file_are_all_in_the_unit_tests(shared_logs: Path, root: Path) -> None:
    toys = json.loads((shared_logs.parent / "reference_numbers.json").read_text(encoding="utf-8"))["toy_layers"]
    stated = {toy["macs"] for toy in toys if "macs" in toy}
    text = (root / "tests/unit/test_cost_rules.py").read_text(encoding="utf-8")
    assert {macs for macs in stated if str(macs) not in text} == set()
