"""Evidence from the rest of a net: blocks of one make, layers of one series, kernels that names state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.inference.by_peers import blocks_of, by_twin, from_name, from_peers, from_twin
from logparse.cost.inference.lacking import defined
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.inference.guess import Guess
    from logparse.cost.spec import Shape
    from logparse.textproto import Message

MAP: Final = (1, 8, 14, 14)


def bare(name: str, bottom: Shape | None, top: Shape | None, kind: str | None = None) -> LayerSpec:
    return LayerSpec(name, kind, None, (bottom,), (top,), (False,))


def stated(name: str, bottom: Shape, top: Shape, text: str) -> LayerSpec:
    message = parse(text).root
    return LayerSpec(name, message.text("type"), message, (bottom,), (top,), (False,))


def conv(name: str, bottom: Shape, top: Shape, settings: str) -> LayerSpec:
    return stated(name, bottom, top, f'type: "Convolution" convolution_param {{ num_output: {top[1]} {settings} }}')


def settings(found: Guess | None, name: str = "convolution_param") -> Message:
    assert found is not None
    assert found.definition is not None
    return found.definition.child(name)


THREE: Final = "kernel_size: 3 pad: 1"


def test_a_layer_is_defined_with_its_type_and_a_whole_definition() -> None:
    one = conv("a1/x", MAP, MAP, THREE)
    assert defined(one)
    assert not defined(replace(one, type=None))
    assert not defined(replace(one, definition=None))
    assert one.definition is not None
    assert not defined(replace(one, definition=replace(one.definition, complete=False)))


# -- blocks --------------------------------------------------------------------------------------------


def test_the_blocks_of_a_net() -> None:
    found = blocks_of(
        [conv("a1/x", MAP, MAP, THREE), bare("a1/y", MAP, MAP), bare("a2/x", MAP, MAP), bare("z", MAP, MAP)]
    )
    assert found.parts == {"a1": frozenset({"/x", "/y"}), "a2": frozenset({"/x"})}
    assert {role: [spec.name for spec in specs] for role, specs in found.roles.items()} == {"a#/x": ["a1/x"]}
    assert found.last == "a2"
    assert blocks_of([]).last is None


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("x y", "x y", True),
        ("x y", "x y relu_1 bn_1", True),  # an activation may be there or not
        ("x y branch1", "x y", True),
        ("x y z", "x y", False),
        ("x y", "x y z", False),
    ],
)
def test_blocks_are_alike_with_the_same_parts_but_for_optional_ones(first: str, second: str, *, alike: bool) -> None:
    names = [f"{block}/{part}" for block, parts in (("a1", first), ("a2", second)) for part in parts.split()]
    found = blocks_of([bare(name, MAP, MAP) for name in (*names, "a3/x")])
    assert found.alike("a1", "a2") is alike


def test_the_last_block_may_be_cut_short() -> None:
    found = blocks_of([bare(name, MAP, MAP) for name in ("a1/x", "a1/y", "a2/x")])
    assert found.alike("a2", "a1")
    assert not found.alike("a1", "a2")


# -- peers ---------------------------------------------------------------------------------------------


def of_peers(spec: LayerSpec, *others: LayerSpec) -> Guess | None:
    return from_peers(spec, blocks_of([*others, spec]))


def test_a_peer_lends_its_window_and_the_layer_keeps_its_own_outputs() -> None:
    found = of_peers(bare("a2/x", (1, 5, 14, 14), (1, 9, 14, 14)), conv("a1/x", MAP, MAP, f"{THREE} bias_term: false"))
    read = settings(found)
    assert (read.integer("num_output", 0), read.integers("kernel_size"), read.integers("pad")) == (9, (3,), (1,))
    assert not read.flag("bias_term", default=True)
    assert found is not None
    assert found.definition is not None
    assert found.definition.text("name") == "a2/x"
    assert found.definition.line == 1
    assert found.assumptions == ("Convolution like the layers of the same role that are defined (a1/x)",)


def test_the_first_three_peers_are_named() -> None:
    peers = [conv(f"a{i}/x", MAP, MAP, THREE) for i in range(1, 6)]
    found = of_peers(bare("a6/x", MAP, MAP), *peers)
    assert found is not None
    assert found.assumptions[0].endswith("(a1/x, a2/x, a3/x)")


@pytest.mark.parametrize(
    "other",
    [
        "kernel_size: 1",
        "kernel_h: 3 kernel_w: 3 pad: 1",
        f"{THREE} dilation: 2",
        f"{THREE} bias_term: false",
        f"{THREE} group: 2",
        f"{THREE} axis: 1",
    ],
)
def test_peers_that_differ_in_more_than_stride_tell_nothing(other: str) -> None:
    peers = (conv("a1/x", MAP, MAP, THREE), conv("a2/x", MAP, MAP, other))
    assert of_peers(bare("a3/x", MAP, MAP), *peers) is None
    assert of_peers(bare("a3/x", MAP, MAP), peers[0]) is not None


def test_peers_of_other_types_or_bottoms_tell_nothing() -> None:
    pool = stated("a2/x", MAP, MAP, 'type: "Pooling" pooling_param { kernel_size: 3 stride: 1 pad: 1 }')
    assert of_peers(bare("a3/x", MAP, MAP), conv("a1/x", MAP, MAP, THREE), pool) is None
    one = conv("a1/x", MAP, MAP, THREE)
    turned = stated("a2/x", MAP, MAP, f'type: "Deconvolution" convolution_param {{ num_output: 8 {THREE} }}')
    assert of_peers(bare("a3/x", MAP, MAP), one, turned) is None
    two = replace(bare("a3/x", MAP, MAP), bottoms=(MAP, MAP))
    assert of_peers(two, one) is None
    assert of_peers(bare("a3/x", MAP, MAP, "Pooling"), one) is None
    assert of_peers(bare("a3/x", MAP, MAP, "Convolution"), one) is not None
    assert of_peers(bare("a3/x", MAP, MAP, "CONVOLUTION"), one) is not None


def test_the_stride_may_be_another_where_the_shapes_say_so() -> None:
    peer = conv("a1/x", MAP, MAP, f"{THREE} stride_h: 1 stride_w: 1")
    assert settings(of_peers(bare("a2/x", MAP, MAP), peer)).has("stride_h")
    halved = settings(of_peers(bare("a2/x", MAP, (1, 8, 7, 7)), peer))
    assert (halved.integers("stride"), halved.has("stride_h"), halved.has("stride_w")) == ((2,), False, False)
    back = settings(of_peers(bare("a2/x", MAP, MAP), conv("a1/x", MAP, (1, 8, 7, 7), f"{THREE} stride: 2")))
    assert back.integers("stride") == (1,)
    assert of_peers(bare("a2/x", MAP, (1, 8, 5, 5)), peer) is None  # stride 3 is nobody's
    assert of_peers(bare("a2/x", MAP, (1, 8, 14, 7)), peer) is None


def test_a_deconvolution_keeps_its_stride() -> None:
    text = 'type: "Deconvolution" convolution_param { num_output: 8 kernel_size: 2 stride: 2 }'
    peer = stated("a1/x", MAP, (1, 8, 28, 28), text)
    assert of_peers(bare("a2/x", MAP, (1, 8, 28, 28)), peer) is not None
    assert of_peers(bare("a2/x", MAP, (1, 8, 15, 15)), peer) is None  # stride 1 would fit


def test_a_pooling_lends_its_window_as_it_is() -> None:
    pool = stated("a1/x", MAP, (1, 8, 7, 7), 'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }')
    found = of_peers(bare("a2/x", MAP, (1, 8, 7, 7)), pool)
    assert settings(found, "pooling_param").integer("stride", 0) == 2
    assert of_peers(bare("a2/x", MAP, (1, 8, 13, 13)), pool) is None


def test_a_dense_layer_lends_its_settings() -> None:
    peer = stated("a1/x", (1, 6), (1, 9), 'type: "InnerProduct" inner_product_param { num_output: 9 bias_term: false }')
    read = settings(of_peers(bare("a2/x", (1, 5), (1, 4)), peer), "inner_product_param")
    assert (read.integer("num_output", 0), read.flag("bias_term", default=True)) == (4, False)


DEPTHWISE: Final = f"{THREE} group: 8 bias_term: false"


def test_a_depthwise_layer_takes_its_group_from_its_own_channels_within_its_stage() -> None:
    peer = conv("a1_1/dw", MAP, MAP, DEPTHWISE)
    wider = (1, 20, 14, 14)
    assert settings(of_peers(bare("a1_2/dw", wider, wider), peer)).integer("group", 0) == 20
    assert of_peers(bare("a2_1/dw", wider, wider), peer) is None  # kernels differ from stage to stage


@pytest.mark.parametrize("kind", ["DepthwiseConvolution", "ConvolutionDepthwise"])
def test_a_layer_of_a_depthwise_type_is_depthwise_without_a_group(kind: str) -> None:
    text = f'type: "{kind}" convolution_param {{ num_output: 8 {THREE} }}'
    peer = stated("a1_1/x", MAP, MAP, text)
    wider = (1, 20, 14, 14)
    assert settings(of_peers(bare("a1_2/x", wider, wider), peer)).integer("group", 0) == 20
    assert of_peers(bare("a2_1/x", wider, wider), peer) is None


def test_a_group_that_is_not_the_number_of_channels_is_lent_as_it_is() -> None:
    peer = conv("a1/x", MAP, MAP, f"{THREE} group: 2")
    wider = (1, 20, 14, 14)
    assert settings(of_peers(bare("a2/x", wider, wider), peer)).integer("group", 0) == 2
    one_channel = conv("a1/x", (1, 1, 14, 14), MAP, f"{THREE} group: 1")
    assert settings(of_peers(bare("a2/x", wider, wider), one_channel)).integer("group", 0) == 1


def test_peers_of_the_same_stage_come_first() -> None:
    near = conv("a1_1/x", MAP, MAP, "kernel_size: 1")
    far = conv("a2_1/x", MAP, MAP, THREE)
    assert settings(of_peers(bare("a1_2/x", MAP, MAP), near, far)).integers("kernel_size") == (1,)
    assert settings(of_peers(bare("a3_1/x", MAP, MAP), far)).integers("kernel_size") == (3,)
    assert of_peers(bare("a3_1/x", MAP, MAP), near, far) is None


def test_blocks_of_another_make_have_no_peers_here() -> None:
    other_make = (conv("a1/x", MAP, MAP, THREE), bare("a1/tower", MAP, MAP))
    spec, last = bare("a2/x", MAP, MAP), bare("a3/y", MAP, MAP)
    assert from_peers(spec, blocks_of([*other_make, spec, last])) is None
    assert from_peers(spec, blocks_of([other_make[0], spec, last])) is not None


def test_a_bare_name_has_no_peers() -> None:
    assert of_peers(bare("conv5", MAP, MAP), conv("a1/x", MAP, MAP, THREE)) is None


def test_a_layer_whose_top_is_not_known_keeps_the_peers_outputs() -> None:
    found = of_peers(bare("a2/x", MAP, None), conv("a1/x", MAP, MAP, THREE))
    assert settings(found).integer("num_output", 0) == 8


# -- twins ---------------------------------------------------------------------------------------------

UNIT: Final = 'type: "LSTMUnit"'


def twins(*specs: LayerSpec) -> Sequence[LayerSpec]:
    return list(by_twin(specs).values())


def test_a_series_stands_for_all_its_members() -> None:
    one = stated("lstm_unit_1", MAP, MAP, f'name: "lstm_unit_1" {UNIT}')
    found = from_twin(bare("lstm_unit_30", MAP, MAP), by_twin([one]))
    assert found is not None
    assert (found.type, found.assumptions) == (
        "LSTMUnit",
        ("LSTMUnit like lstm_unit_1, of the same series and shapes",),
    )
    assert found.definition is not None
    assert found.definition.text("name") == "lstm_unit_30"


def test_a_twin_has_series_shapes_and_type_in_common() -> None:
    one = stated("lstm_unit_1", MAP, MAP, UNIT)
    known = by_twin([one])
    other = (1, 8, 14, 15)
    assert from_twin(bare("gru_unit_30", MAP, MAP), known) is None
    assert from_twin(bare("lstm_unit_30", MAP, other), known) is None
    assert from_twin(bare("lstm_unit_30", other, MAP), known) is None
    assert from_twin(bare("lstm_unit_30", MAP, MAP, "Sigmoid"), known) is None
    assert from_twin(bare("lstm_unit_30", MAP, MAP, "LSTMUnit"), known) is not None
    assert from_twin(bare("unit", MAP, MAP), known) is None


@pytest.mark.parametrize("kind", ["Convolution", "CONVOLUTION", "Deconvolution", "Pooling", "Im2col"])
def test_a_window_is_never_lent_within_a_series(kind: str) -> None:
    assert twins(stated("conv_x_1", MAP, MAP, f'type: "{kind}"')) == []


def test_only_what_is_defined_and_of_a_series_is_lent() -> None:
    assert twins(bare("unit_1", MAP, MAP, "LSTMUnit")) == []
    assert twins(stated("unit", MAP, MAP, UNIT)) == []
    assert len(twins(stated("unit_1", MAP, MAP, UNIT))) == 1


# -- names that state a kernel -------------------------------------------------------------------------

NARROW: Final = (1, 5, 14, 14)


def named(name: str, bottom: Shape | None = MAP, top: Shape | None = NARROW, **others: LayerSpec) -> Guess | None:
    return from_name(bare(name, bottom, top), {each.name: each for each in others.values()})


def test_a_stated_kernel_is_taken_where_the_shapes_agree() -> None:
    found = named("a/3x3")
    read = settings(found)
    assert (read.integers("kernel_size"), read.integers("stride"), read.integers("pad")) == ((3, 3), (1, 1), (1, 1))
    assert found is not None
    assert found.assumptions[0] == "its name states the kernel 3×3, and its shapes agree"
    assert named("a/3x3", top=(1, 5, 12, 12)) is not None  # no pad
    assert named("a/3x3", top=(1, 5, 11, 11)) is None


def test_a_stated_stride_must_fit_too() -> None:
    halved = (1, 5, 7, 7)
    assert settings(named("a/3x3_s2", top=halved)).integers("stride") == (2, 2)
    assert settings(named("a/3x3", top=halved)).integers("stride") == (2, 2)
    assert named("a/3x3_s1", top=halved) is None


@pytest.mark.parametrize(
    ("name", "bottom", "top"),
    [
        ("a/1x3", MAP, NARROW),  # not square
        ("a/conv", MAP, NARROW),
        ("a/3x3", None, NARROW),
        ("a/3x3", MAP, None),
        ("a/3x3", (1, 8, 14), (1, 5, 14)),
        ("a/3x3", (1, 8, 14, 14, 14), (1, 5, 14, 14, 14)),
        ("a/3x3", MAP, (2, 5, 14, 14)),
        ("pool/3x3", MAP, NARROW),
        ("a/3x3", MAP, MAP),  # channels kept: a pooling's window may be stated so
    ],
)
def test_a_stated_kernel_is_no_evidence_without_the_rest(name: str, bottom: Shape | None, top: Shape | None) -> None:
    assert named(name, bottom, top) is None


def test_kept_channels_are_no_doubt_where_the_name_supports_a_convolution() -> None:
    assert from_name(bare("conv/3x3", MAP, MAP), {}) is not None
    assert from_name(bare("a/3x3", MAP, MAP, "Convolution"), {}) is not None


def test_in_place_is_no_convolution() -> None:
    assert from_name(replace(bare("a/3x3", MAP, NARROW), in_place=(True,)), {}) is None
    assert from_name(replace(bare("a/3x3", MAP, NARROW), in_place=()), {}) is not None


def test_a_reducing_layer_needs_the_layer_behind_it_to_read_its_channels() -> None:
    behind = bare("a/3x3", NARROW, (1, 9, 14, 14))
    assert settings(named("a/3x3_reduce", behind=behind)).integers("kernel_size") == (1, 1)
    assert named("a/3x3_reduce") is None
    assert named("a/3x3_reduce", behind=bare("a/3x3", MAP, MAP)) is None
    assert named("a/3x3_reduce", behind=bare("a/3x3", None, MAP)) is None
    assert named("a/3x3_reduce", behind=bare("a/3x3", (5,), MAP)) is None
    assert named("a/3x3_reduce", behind=replace(behind, bottoms=())) is None
