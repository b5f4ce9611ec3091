"""A net at another batch size: what grows, what stays, and what cannot be followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.spec import ParamBlob
from logparse.cost.whatif.resize import WhatIfError, resized, with_batch
from tests.cost_nets import named, net

if TYPE_CHECKING:
    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.spec import Shape
    from logparse.cost.whatif.resize import Resized

INPUT: Final = (
    'layer { name: "in" type: "Input" top: "data" top: "label" input_param {'
    " shape { dim: 7 dim: 3 dim: 5 dim: 5 } shape { dim: 7 } } }"
)


def layer(name: str, kind: str, bottoms: str, tops: str, settings: str = "") -> str:
    said = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    made = " ".join(f'top: "{top}"' for top in tops.split())
    return f'layer {{ name: "{name}" type: "{kind}" {said} {made} {settings} }}'


DENSE: Final = layer("ip", "InnerProduct", "data", "ip", "inner_product_param { num_output: 11 }")
LOSS: Final = layer("loss", "SoftmaxWithLoss", "ip label", "loss")


def at(one: NetMemory, batch: int) -> Resized:
    return with_batch(one, batch)


def shapes(found: Resized, name: str) -> tuple[tuple[Shape | None, ...], tuple[Shape | None, ...]]:
    spec = named(found.layers, name).spec
    return spec.bottoms, spec.tops


def test_data_and_all_that_follows_grow_and_losses_stay() -> None:
    found = at(net(INPUT + DENSE + LOSS, batch=7), 2)
    assert shapes(found, "in")[1] == ((2, 3, 5, 5), (2,))
    assert shapes(found, "ip") == (((2, 3, 5, 5),), ((2, 11),))
    assert shapes(found, "loss") == (((2, 11), (2,)), ((),))
    assert [one.counts for one in found.layers] == [(150, 2), (22,), (1,)]
    assert found.assumptions == ()


def test_parameters_stay_as_they_are() -> None:
    before = net(INPUT + DENSE + LOSS, batch=7)
    assert named(at(before, 2).layers, "ip").params == named(before.layers, "ip").params


@pytest.mark.parametrize("batch", [None, 7])
def test_without_a_batch_or_at_the_same_one_nothing_is_touched(batch: int | None) -> None:
    one = net(INPUT + DENSE + LOSS, batch=batch)
    assert with_batch(one, 7).layers is one.layers


def test_a_net_whose_batch_is_not_known_stays() -> None:
    one = net(INPUT + DENSE, batch=None)
    assert with_batch(one, 100).layers is one.layers


def test_several_rows_per_image_grow_alike_and_what_is_no_multiple_stays() -> None:
    source = layer("in", "Input", "", "crops fixed", "input_param { shape { dim: 70 dim: 3 } shape { dim: 4 dim: 3 } }")
    assert shapes(at(net(source, batch=7), 2), "in")[1] == ((20, 3), (4, 3))


def test_a_source_of_unknown_shape_stays_unknown() -> None:
    one = net(layer("in", "Data", "", "data label"), batch=7, printed={"label": (7,)})
    found = at(one, 2)
    assert shapes(found, "in")[1] == (None, (2,))
    assert found.layers[0].counts == (None, 2)


def test_a_count_without_a_shape_stays_as_printed() -> None:
    one = net(layer("in", "Data", "", "data label"), batch=7, printed={"label": (7,)})
    printed = replace(one, layers=(replace(one.layers[0], counts=(525, 7)),))
    assert at(printed, 2).layers[0].counts == (525, 2)


def test_a_parameter_layers_top_does_not_grow() -> None:
    source = layer("p", "Parameter", "", "p", "parameter_param { shape { dim: 7 dim: 3 } }")
    assert shapes(at(net(INPUT + source, batch=7), 2), "p")[1] == ((7, 3),)


def test_in_a_recurrent_net_the_batch_is_the_number_of_streams() -> None:
    sizes = "shape { dim: 5 dim: 3 dim: 7 } shape { dim: 5 dim: 3 } shape { dim: 15 dim: 2 } shape { dim: 3 }"
    text = layer("in", "Input", "", "x cont rows fixed", f"input_param {{ {sizes} }}") + layer(
        "lstm", "LSTM", "x cont", "h", "recurrent_param { num_output: 2 }"
    )
    found = at(net(text, batch=3), 4)
    # five steps stay; fifteen rows are five steps of three streams; three are neither
    assert shapes(found, "in")[1] == ((5, 4, 7), (5, 4), (20, 2), (3,))
    assert shapes(found, "lstm")[1] == ((5, 4, 2),)


def test_blobs_of_an_old_release_stay_padded() -> None:
    dense = net(INPUT + DENSE, batch=7)
    printed = replace(dense.layers[1], spec=replace(dense.layers[1].spec, tops=((7, 11, 1, 1),)))
    found = at(replace(dense, layers=(dense.layers[0], printed)), 2)
    assert shapes(found, "ip")[1] == ((2, 11, 1, 1),)


def test_a_layer_without_a_rule_for_its_shapes_grows_as_its_bottom_does_and_that_is_said() -> None:
    own = layer("own", "Python", "data", "rois scalar", 'python_param { module: "m" }')
    one = net(INPUT + own, batch=7)
    printed = replace(one.layers[1], spec=replace(one.layers[1].spec, tops=((14, 5), ())), counts=(70, 1))
    found = at(replace(one, layers=(one.layers[0], printed)), 2)
    assert shapes(found, "own")[1] == ((4, 5), ())
    assert found.assumptions == ("own: its top grows with the batch of its bottom",)


def test_a_top_that_does_not_go_with_the_batch_stays() -> None:
    own = layer("own", "Python", "data", "rois", 'python_param { module: "m" }')
    one = net(INPUT + own, batch=7)
    printed = replace(one.layers[1], spec=replace(one.layers[1].spec, tops=((5, 3),)))
    assert shapes(at(replace(one, layers=(one.layers[0], printed)), 2), "own")[1] == ((5, 3),)


def test_a_definition_that_contradicts_the_log_is_not_followed() -> None:
    one = net(INPUT + DENSE, batch=7)
    contradicted = replace(one.layers[1], spec=replace(one.layers[1].spec, tops=((7, 13),)))
    found = at(replace(one, layers=(one.layers[0], contradicted)), 2)
    assert shapes(found, "ip")[1] == ((2, 13),)
    assert found.assumptions == ("ip: its top grows with the batch of its bottom",)


def test_a_reshape_that_states_the_batch_grows_too() -> None:
    stated = layer("rs", "Reshape", "data", "rs", "reshape_param { shape { dim: 7 dim: 75 } }")
    found = at(net(INPUT + stated, batch=7), 2)
    assert shapes(found, "rs")[1] == ((2, 75),)
    assert found.assumptions == ("rs: its top grows with the batch of its bottom",)
    copied = layer("rs", "Reshape", "data", "rs", "reshape_param { shape { dim: 0 dim: -1 } }")
    assert at(net(INPUT + copied, batch=7), 2).assumptions == ()


def test_what_changes_in_more_than_its_batch_cannot_be_followed_through_an_unknown_layer() -> None:
    own = layer("own", "Python", "data", "out", 'python_param { module: "m" }')
    one = net(INPUT + own, batch=7)
    printed = replace(one.layers[1], spec=replace(one.layers[1].spec, tops=((7, 5),)))
    with pytest.raises(WhatIfError, match=r"through the layer own \(Python\)"):
        resized((one.layers[0], printed), {"data": (7, 2, 5, 5)})
    unnamed = replace(printed, kind=None, spec=replace(printed.spec, type=None))
    with pytest.raises(WhatIfError, match=r"own \(of unknown type\)"):
        resized((one.layers[0], unnamed), {"data": (7, 2, 5, 5)})
    assert WhatIfError("").exit_code == 2


def test_a_sum_of_blobs_that_would_differ_is_refused() -> None:
    text = (
        layer("in", "Input", "", "a b", "input_param { shape { dim: 7 dim: 3 } shape { dim: 7 dim: 3 } }")
        + layer("sum", "Eltwise", "a b", "sum")
        + layer("join", "Concat", "a b", "join")
    )
    layers = net(text, batch=7).layers
    with pytest.raises(WhatIfError, match="the layer sum adds blobs that would differ in shape"):
        resized(layers[:2], {"a": (7, 2)})
    assert resized((layers[0], layers[2]), {"a": (7, 2)}).layers[1].spec.tops == ((7, 5),)
    assert resized(layers[:2], {"a": (7, 2), "b": (7, 2)}).layers[1].spec.tops == ((7, 2),)


def test_parameters_along_the_batch_axis_grow_with_it() -> None:
    scale = layer("scale", "Scale", "data", "scale", "scale_param { axis: 0 bias_term: true }")
    found = named(at(net(INPUT + scale, batch=7), 2).layers, "scale")
    assert found.params == (ParamBlob((2,), "weight"), ParamBlob((2,), "bias"))
    dense = layer("ip", "InnerProduct", "data", "ip", "inner_product_param { num_output: 11 axis: 0 }")
    flat = named(at(net(INPUT + dense, batch=7), 2).layers, "ip")
    assert flat.params == (ParamBlob((11, 2 * 75), "weight"), ParamBlob((11,), "bias"))


def test_parameters_follow_other_channels() -> None:
    layers = net(INPUT + DENSE + LOSS, batch=7).layers
    found = named(resized(layers, {"data": (7, 2, 5, 5)}).layers, "ip")
    assert found.params == (ParamBlob((11, 50), "weight"), ParamBlob((11,), "bias"))


def test_parameters_that_an_earlier_layer_owns_stay_out() -> None:
    layers = list(net(INPUT + DENSE + LOSS, batch=7).layers)
    layers[1] = replace(layers[1], params=layers[1].params[1:] if layers[1].params else None, owned=(1,))
    found = named(resized(layers, {"data": (7, 2, 5, 5)}).layers, "ip")
    assert found.params == (ParamBlob((11,), "bias"),)


def test_parameters_that_are_not_known_stay_unknown() -> None:
    layers = list(net(INPUT + DENSE + LOSS, batch=7).layers)
    layers[1] = replace(layers[1], params=None)
    assert named(resized(layers, {"data": (7, 2, 5, 5)}).layers, "ip").params is None


def test_parameters_that_cannot_be_told_at_other_channels_are_refused() -> None:
    norm = net(INPUT + layer("bn", "BN", "data", "bn"), batch=7).layers  # two or four blobs, by fork
    guessed = (norm[0], replace(norm[1], params=(ParamBlob((3,), "weight"),), owned=(0,)))
    with pytest.raises(WhatIfError, match="parameters of the layer bn after the change are not known"):
        resized(guessed, {"data": (7, 2, 5, 5)})
    # at another batch alone they are what they were
    assert resized(guessed, {"data": (2, 3, 5, 5)}).layers[1].params == (ParamBlob((3,), "weight"),)


def test_what_no_change_reaches_stays_the_very_same_object() -> None:
    layers = net(INPUT + DENSE + LOSS, batch=7).layers
    found = resized(layers, {"label": (7, 1)}).layers
    assert found[1] is layers[1]
    assert found[2] is not layers[2]
