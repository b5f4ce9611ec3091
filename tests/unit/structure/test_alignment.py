"""Which layer of one net is which of another."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from logparse.cost.structure.alignment import GONE, MOVED, NEW, RENAMED, SAME_NAME, aligned
from logparse.cost.zoo.register import KNOWN
from tests.published import Style, definition
from tests.structures import structure

if TYPE_CHECKING:
    from logparse.cost.structure.alignment import Pairing
    from logparse.cost.structure.identity import Structure

VGG = next(one for one in KNOWN if one.name == "VGG-16" and not one.style)
GOOGLENET = next(one for one in KNOWN if one.name == "GoogLeNet" and not one.style)
RESNET = next(one for one in KNOWN if one.name == "ResNet-50" and not one.style)


def names(structure: Structure) -> list[str]:
    return [layer.spec.name for layer in structure.graph.layers]


def shown(one: Structure, other: Structure) -> list[tuple[str | None, str | None, str, bool]]:
    ours, theirs = names(one), names(other)

    def told(pair: Pairing) -> tuple[str | None, str | None, str, bool]:
        first = None if pair.one is None else ours[pair.one]
        return first, None if pair.other is None else theirs[pair.other], pair.how, pair.changed

    return [told(pair) for pair in aligned(one, other)]


def test_a_net_and_itself() -> None:
    one = structure(definition(GOOGLENET, Style(loss="loss")))
    assert [pair[:2] for pair in aligned(one, one)] == [(place, place) for place in range(len(names(one)))]
    assert {(pair.how, pair.changed) for pair in aligned(one, one)} == {(SAME_NAME, False)}


@pytest.mark.parametrize("known", [VGG, GOOGLENET, RESNET], ids=lambda known: known.name)
@pytest.mark.parametrize("seed", range(5))
def test_renamed_layers_are_found(known: object, seed: int) -> None:
    """All names permuted among the layers: each layer finds itself, whoever has its name now."""
    text = definition(known)  # type: ignore[arg-type]
    found = re.findall(r'name: "([^"]+)"', text)
    given = random.Random(seed).sample(found, len(found))  # noqa: S311 - an order of names
    renamed = dict(zip(found, given, strict=True))
    other = re.sub(r'name: "([^"]+)"', lambda match: f'name: "{renamed[match[1]]}"', text)
    one = structure(text)
    right = sum(pair.one == pair.other for pair in aligned(one, structure(other)))

    assert right == len(names(one))


@pytest.mark.parametrize("known", [VGG, GOOGLENET, RESNET], ids=lambda known: known.name)
def test_renamed_layers_are_found_around_an_edit(known: object) -> None:
    """All names permuted, and one convolution in the middle has another kernel."""
    text = definition(known)  # type: ignore[arg-type]
    found = re.findall(r'name: "([^"]+)"', text)
    given = random.Random(1).sample(found, len(found))  # noqa: S311 - an order of names
    renamed = dict(zip(found, given, strict=True))
    other = re.sub(r'name: "([^"]+)"', lambda match: f'name: "{renamed[match[1]]}"', text)
    windows = [match.start() for match in re.finditer("kernel_h: 3 kernel_w: 3 pad_h: 1 pad_w: 1", other)]
    middle = windows[len(windows) // 2]
    other = other[:middle] + other[middle:].replace(
        "kernel_h: 3 kernel_w: 3 pad_h: 1", "kernel_h: 1 kernel_w: 3 pad_h: 0", 1
    )
    one = structure(text)
    right = sum(pair.one == pair.other for pair in aligned(one, structure(other)))

    assert right >= 0.95 * len(names(one))


def test_a_layer_that_is_changed_keeps_its_partner() -> None:
    text = definition(VGG)
    changed = text.replace('name: "n5" type: "Convolution"', 'name: "n5" type: "Convolution" ').replace(
        "num_output: 128", "num_output: 120"
    )
    rows = shown(structure(text), structure(changed))

    assert {row[0] for row in rows if row[3]} >= {"n3", "n4"}
    assert all(row[0] == row[1] and row[2] == SAME_NAME for row in rows)


def test_what_is_new_and_what_is_gone() -> None:
    text = definition(VGG)
    lines = text.splitlines()
    without = "\n".join(line for line in lines if '"n1/ReLU"' not in line)
    gone, new = shown(structure(text), structure(without)), shown(structure(without), structure(text))

    assert Counter(row[2] for row in gone) == {SAME_NAME: len(lines) - 1, GONE: 1}
    assert Counter(row[2] for row in new) == {SAME_NAME: len(lines) - 1, NEW: 1}
    assert ("n1/ReLU", None, GONE, False) in gone
    assert (None, "n1/ReLU", NEW, False) in new


def test_a_layer_that_stands_elsewhere_is_moved() -> None:
    """A TanH before the pooling, then behind it."""
    data = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n'
    tanh = 'layer { name: "t" type: "TanH" bottom: "%s" top: "t" }\n'
    pool = 'layer { name: "p" type: "Pooling" bottom: "%s" top: "p" pooling_param { kernel_size: 2 stride: 2 } }\n'
    rows = shown(structure(data + tanh % "d" + pool % "t"), structure(data + pool % "d" + tanh % "p"))

    assert sorted(row[2] for row in rows) == [MOVED, SAME_NAME, SAME_NAME]


def test_a_layer_of_another_name_and_setting_is_found_by_its_neighbour() -> None:
    text = definition(VGG)
    other = text.replace('name: "n4" type: "Convolution"', 'name: "fresh" type: "Convolution"')
    other = re.sub(
        r'(name: "fresh".*?)kernel_h: 3 kernel_w: 3 pad_h: 1 pad_w: 1',
        r"\1kernel_h: 5 kernel_w: 5 pad_h: 2 pad_w: 2",
        other,
    )
    rows = shown(structure(text), structure(other))

    assert ("n4", "fresh", RENAMED, True) in rows
    assert Counter(row[2] for row in rows)[RENAMED] == 1


def test_splits_are_no_rows() -> None:
    data = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 } } }\n'
    split = data + 'layer { name: "s" type: "Split" bottom: "d" top: "a" top: "b" }\n'
    assert [row[:2] for row in shown(structure(split), structure(split))] == [("d", "d")]
