"""Settings as Caffe reads them: enums by name and by number, axes from either end (caffe.proto, blob.hpp)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from logparse.assembling.definitions import rules_allow
from logparse.cost.costing import cost, view_of
from logparse.cost.fields import Choice, axis_index
from logparse.cost.layer_types import LAYER_TYPES
from logparse.cost.memory.buffers import buffers
from logparse.cost.rule import Missing
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.textproto import Message

KIND: Final = Choice("kind", ("FIRST", "SECOND"), "SECOND", first=1)


def message(text: str) -> Message:
    return parse(text).root


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "SECOND"),
        ("kind: FIRST", "FIRST"),
        ("kind: SECOND", "SECOND"),
        ("kind: 1", "FIRST"),
        ("kind: 2", "SECOND"),
        ("kind: SECOND kind: 1", "FIRST"),  # the last one wins
    ],
)
def test_an_enum_is_read_by_name_or_by_number(text: str, name: str) -> None:
    assert KIND.of(message(text)) == KIND.stated(message(text)) == name


@pytest.mark.parametrize(("text", "stated"), [("kind: THIRD", "THIRD"), ("kind: 0", "0"), ("kind: 3", "3")])
def test_a_value_that_caffe_does_not_know_is_told_and_never_taken_for_the_default(text: str, stated: str) -> None:
    assert KIND.stated(message(text)) == stated
    with pytest.raises(Missing, match=f"kind {stated} is not known"):
        KIND.of(message(text))


# type, message, field, values in the order of their numbers, number of the first one
ENUMS: Final = (
    ("Pooling", "pooling_param", "pool", "MAX AVE STOCHASTIC", 0),
    ("Pooling", "pooling_param", "round_mode", "CEIL FLOOR", 0),
    ("SPP", "spp_param", "pool", "MAX AVE STOCHASTIC", 0),
    ("LRN", "lrn_param", "norm_region", "ACROSS_CHANNELS WITHIN_CHANNEL", 0),
    ("Eltwise", "eltwise_param", "operation", "PROD SUM MAX", 0),
    ("Reduction", "reduction_param", "operation", "SUM ASUM SUMSQ MEAN", 1),
    ("BN", "bn_param", "bn_mode", "LEARN INFERENCE", 0),
    ("MarginInnerProduct", "margin_inner_product_param", "type", "SINGLE DOUBLE TRIPLE QUADRUPLE", 0),
    ("LargeMarginInnerProduct", "largemargin_inner_product_param", "type", "SINGLE DOUBLE TRIPLE QUADRUPLE", 0),
)
# What these types need beside their enum, and a coefficient, by which a sum is told from a product
BESIDE: Final = "kernel_size: 3 stride: 2 pyramid_height: 2 num_output: 5 coeff: 2 coeff: 3"


def told(kind: str, param: str, setting: str) -> object:
    """All that the program says of the layer: costs, buffers on either device, what backward reads."""
    spec = LayerSpec(
        name="x",
        type=kind,
        definition=message(f"{param} {{ {setting} {BESIDE} }}"),
        bottoms=((7, 3, 11, 14), (7, 3, 11, 14)),
        tops=(None,),
        phase="TRAIN",
        backward=True,
        bottom_needs_grad=(True, True),
    )
    row = LAYER_TYPES[kind]
    held = [buffers(spec, device) for device in ("cpu", "gpu")]
    return cost(spec), held, row.traits.backward_reads(view_of(spec, row.rule))


@pytest.mark.parametrize(("kind", "param", "field", "names", "first"), ENUMS)
def test_a_layer_says_the_same_of_an_enum_by_name_and_by_number(
    kind: str, param: str, field: str, names: str, first: int
) -> None:
    by_name = [told(kind, param, f"{field}: {name}") for name in names.split()]
    by_number = [told(kind, param, f"{field}: {first + place}") for place in range(len(names.split()))]
    assert by_name == by_number
    assert all(one != other for place, one in enumerate(by_name) for other in by_name[:place])


@pytest.mark.parametrize(("kind", "param", "field"), [row[:3] for row in ENUMS])
def test_an_enum_that_no_caffe_knows_makes_the_layer_unknown_and_not_the_default(
    kind: str, param: str, field: str
) -> None:
    spec = LayerSpec("x", kind, message(f"{param} {{ {field}: 9 {BESIDE} }}"), ((7, 3, 11, 14),), (None,))
    assert f"{field} 9 is not known" in buffers(spec).reason


@pytest.mark.parametrize(("number", "phase"), [(0, "TRAIN"), (1, "TEST")])
def test_a_phase_may_be_a_number_too(number: int, phase: str) -> None:
    for asked in ("TRAIN", "TEST"):
        assert rules_allow(message(f"include {{ phase: {number} }}"), asked) is (asked == phase)
        assert rules_allow(message(f"exclude {{ phase: {number} }}"), asked) is (asked != phase)


@pytest.mark.parametrize(("axis", "index"), [(0, 0), (3, 3), (-1, 3), (-4, 0)])
def test_an_axis_counts_from_either_end(axis: int, index: int) -> None:
    assert axis_index(axis, 4) == index


@pytest.mark.parametrize("axis", [4, 5, -5])
def test_an_axis_that_is_not_there_is_refused(axis: int) -> None:
    with pytest.raises(Missing, match=f"axis {axis} does not exist in a blob of 4 axes"):
        axis_index(axis, 4)
