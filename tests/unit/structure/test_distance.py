"""How far two nets are apart."""

from __future__ import annotations

from collections import Counter

import pytest

from logparse.cost.structure.distance import apart, distance
from logparse.cost.zoo.register import KNOWN
from tests.published import Style, definition
from tests.structures import structure

VGG = next(one for one in KNOWN if one.name == "VGG-16" and not one.style)
LENET = next(one for one in KNOWN if one.name == "LeNet")


def test_dices_measure() -> None:
    assert apart(Counter("aab"), Counter("abc")) == pytest.approx(1 - 2 * 2 / 6)
    assert apart(Counter(), Counter("a")) == 1
    assert apart(Counter(), Counter()) == 0


def test_the_same_net_under_other_names_is_at_no_distance() -> None:
    one, other = structure(definition(VGG), 1), structure(definition(VGG, Style(prefix="other/", batch=4)), 4)
    assert distance(one, other) == 0.0


def test_nets_that_have_nothing_in_common_are_one_apart() -> None:
    dense = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 7 } } }'
    tanh = dense + 'layer { name: "t" type: "TanH" bottom: "d" top: "t" }'
    pool = dense.replace("dim: 7", "dim: 7 dim: 4 dim: 4")
    pool += 'layer { name: "p" type: "Pooling" bottom: "d" top: "p" pooling_param { kernel_size: 2 } }'
    one, other = structure(tanh), structure(pool)

    assert 0.5 < distance(one, other) < 1  # both have an input


def test_a_small_change_is_a_small_distance() -> None:
    text = definition(VGG)
    base, changed = structure(text), structure(text.replace("num_output: 256", "num_output: 255", 1))
    far = distance(base, structure(definition(LENET)))

    assert 0 < distance(base, changed) < 0.5 < far <= 1


def test_another_size_of_images_changes_no_label_of_a_layer_alone() -> None:
    text = definition(next(one for one in KNOWN if one.name == "SqueezeNet 1.1"))
    bigger = structure(text.replace("dim: 224 dim: 224", "dim: 320 dim: 320"))

    assert distance(structure(text), bigger) == pytest.approx(1 / 3)


def test_the_distance_is_the_same_both_ways() -> None:
    structures = [structure(definition(known)) for known in KNOWN[:9]]
    for one in structures:
        for other in structures:
            assert distance(one, other) == distance(other, one)
            assert (distance(one, other) == 0) == (one.digest == other.digest)


def test_nets_that_are_not_known_whole_are_never_at_no_distance() -> None:
    one = structure('layer { name: "a" type: "ReLU" bottom: "lost" top: "b" }')
    assert one.digest is None
    assert 0 < distance(one, one) <= 1
