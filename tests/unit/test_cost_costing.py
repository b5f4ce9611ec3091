"""The entries of the costs: what is kept with a layer, the products alone, a backward pass that becomes known later."""

from __future__ import annotations

import runpy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost import layer_types
from logparse.cost.costing import cost, macs, view_of, with_backward
from logparse.cost.layer_types import LAYER_TYPES, RULES
from logparse.cost.memory.layer import LayerMemory
from logparse.cost.rule import Missing, Rule, no_macs, per_top
from logparse.cost.rules import convolution
from logparse.cost.spec import NO_FIGURE, Basis, LayerSpec, ParamBlob
from logparse.cost.traits import LayerType
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape

BOTTOM: Final = (2, 3, 5, 7)
TOP: Final = (2, 11, 3, 5)
FORWARD: Final = (2 * 11 * 3 * 5) * 3 * (3 * 3)
CONV: Final = parse("convolution_param { num_output: 11 kernel_size: 3 }").root


def conv(
    top: Shape | None = TOP, *, backward: bool | None = True, needs: tuple[bool, ...] = (True,), kind: str | None = None
) -> LayerSpec:
    return LayerSpec(
        name="x",
        type=kind or "Convolution",
        definition=CONV,
        bottoms=(BOTTOM,),
        tops=(top,),
        phase="TRAIN",
        backward=backward,
        bottom_needs_grad=needs,
    )


def test_a_top_that_is_printed_is_read_as_printed_beside_one_that_is_not() -> None:
    definition = parse("slice_param { axis: 1 }").root
    spec = LayerSpec("x", "Slice", definition, ((2, 4, 5, 7),), ((2, 3, 5, 7), None), phase="TRAIN")
    view = view_of(spec, RULES["Slice"])
    assert view.tops == ((2, 3, 5, 7), (2, 2, 5, 7))  # by the rule each would have two channels
    assert view_of(spec, RULES["Slice"]).tops == view.tops  # and so the next time


def test_a_bottom_that_is_not_there_is_missing() -> None:
    view = view_of(conv(), RULES["Convolution"])
    assert view.bottom(0) == BOTTOM
    for index in (1, 2):
        with pytest.raises(Missing, match=f"the shape of bottom {index} is not known"):
            view.bottom(index)


def test_a_cost_is_worked_out_once() -> None:
    spec = conv()
    assert cost(spec) is cost(spec)
    assert cost(conv()) is not cost(spec)
    assert cost(conv()) == cost(spec)


@pytest.mark.parametrize("kind", ["Convolution", "CONVOLUTION", "conv"])
def test_the_products_alone_are_those_of_the_whole_cost(kind: str) -> None:
    spec = conv(kind=kind)
    alone = macs(spec)
    assert alone.value == FORWARD
    assert alone == cost(spec).macs == macs(spec)


def test_the_products_of_a_doubted_layer_are_doubted_once_its_cost_is_known() -> None:
    spec = conv((2, 11, 3, 6))
    assert macs(spec).basis is Basis.DEFINITION
    assert cost(spec).macs.basis is Basis.INFERRED
    assert macs(spec).basis is Basis.INFERRED


def test_of_an_unknown_type_there_is_no_figure() -> None:
    assert macs(conv(kind="WarpDrive")) == NO_FIGURE == macs(LayerSpec("x", None, None, (), ()))


# -- a backward pass that becomes known later ----------------------------------------------------------


def test_who_needs_a_gradient_may_become_known_later() -> None:
    unsaid = conv(backward=None, needs=())
    before = cost(unsaid)
    assert before.backward_macs.value is None
    told = replace(unsaid, backward=True, bottom_needs_grad=(True,))
    after = with_backward(before, told)
    assert after.backward_macs.value == 2 * FORWARD
    assert after == replace(before, backward_macs=after.backward_macs)
    assert cost(told) is after


def test_a_doubted_layers_backward_pass_is_doubted_too() -> None:
    spec = conv((2, 11, 3, 6), backward=None, needs=())
    after = with_backward(cost(spec), replace(spec, backward=True, bottom_needs_grad=(False,)))
    assert after.backward_macs.value == (2 * 11 * 3 * 6) * 3 * (3 * 3)
    assert after.backward_macs.basis is Basis.INFERRED
    certain = with_backward(cost(conv(backward=None)), conv(needs=(False,)))
    assert certain.backward_macs.basis is Basis.DEFINITION


@pytest.mark.parametrize("kind", ["WarpDrive", None])
def test_an_unknown_type_stays_unknown(kind: str | None) -> None:
    spec = replace(conv(), type=kind)
    known = cost(spec)
    assert with_backward(known, spec) is known


def test_a_layer_at_other_shapes_keeps_what_was_read_of_its_definition_and_nothing_worked_out() -> None:
    spec = replace(conv(), in_place=(False,), nested_notes=("a note",), force_backward=True)
    known = cost(spec)
    spec.settings["read"] = "once"
    larger = spec.with_shapes(((4, 3, 5, 7),), ((4, 11, 3, 5),))
    assert (larger.bottoms, larger.tops) == (((4, 3, 5, 7),), ((4, 11, 3, 5),))
    assert not larger.kept
    assert larger.settings is spec.settings
    assert cost(larger).macs.value == 2 * (known.macs.value or 0)
    for name in ("name", "type", "definition", "in_place", "phase", "backward", "bottom_needs_grad"):
        assert getattr(larger, name) == getattr(spec, name)
    assert (larger.nested_notes, larger.force_backward) == (("a note",), True)
    assert not replace(spec, name="y").settings


# -- rules ---------------------------------------------------------------------------------------------


def test_whoever_multiplies_or_learns_says_what_its_backward_pass_multiplies() -> None:
    learns = RULES["Convolution"].params
    assert Rule("x").is_whole
    assert not Rule("x", params=learns).is_whole
    assert not Rule("x", macs=per_top(1, "add")).is_whole
    assert Rule("x", params=learns, backward=no_macs).is_whole
    assert Rule("x").backward_macs is no_macs
    assert Rule("x", backward=per_top(2, "add")).backward_macs is not no_macs
    assert all(rule.is_whole for rule in RULES.values())


def test_a_table_of_types_with_a_rule_that_is_not_whole_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = LayerType(Rule("x", macs=per_top(1, "add")), LAYER_TYPES["Convolution"].traits, ("Still",))
    monkeypatch.setitem(convolution.TYPES, "Silent", silent)
    with pytest.raises(TypeError, match=r"^no backward MACs are stated for Silent, Still$"):
        runpy.run_path(layer_types.__file__)


def test_a_type_stands_in_the_table_by_each_of_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = LayerType(Rule("x"), LAYER_TYPES["ReLU"].traits, ("Other", "Third"))
    monkeypatch.setitem(convolution.TYPES, "First", renamed)
    table = runpy.run_path(layer_types.__file__)["LAYER_TYPES"]
    assert table["First"] is table["Other"] is table["Third"] is renamed
    assert set(table) == {*LAYER_TYPES, "First", "Other", "Third"}


# -- a layer as the memory rules see it ----------------------------------------------------------------


def test_a_layer_at_other_shapes_is_the_same_in_all_else() -> None:
    layer = LayerMemory(
        conv(), "Convolution", ("b",), ("t",), (330,), (True,), (), owned=(1,), decays=(False,), inferred=True
    )
    blobs = (ParamBlob((11, 3, 3, 3), "weight"),)
    larger = conv((4, 11, 3, 5))
    other = layer.resized(larger, (660,), blobs)
    assert other.spec is larger
    assert (other.counts, other.params) == ((660,), blobs)
    assert (other.kind, other.bottoms, other.tops, other.losses) == ("Convolution", ("b",), ("t",), (True,))
    assert (other.owned, other.decays, other.inferred) == ((1,), (False,), True)
    assert other != replace(other)  # the same only as one object
    assert other.traits is layer.traits is LAYER_TYPES["Convolution"].traits


def test_of_an_unknown_layer_only_that_it_is_some_layer() -> None:
    layer = LayerMemory(conv(kind="WarpDrive"), "WarpDrive", ("b",), ("t",), (330,), (False,), None)
    assert (layer.traits.kind, layer.traits.base, layer.traits.in_place) == ("custom code", "Layer", "unknown")
    assert not layer.convolves
    assert not layer.prefetches
    assert layer.cudnn is None
    assert LayerMemory(conv(), None, (), (), (), (), None).traits is layer.traits
