"""Changes to single layers: fewer channels, and factors of low rank, on nets small enough to count by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.spec import ParamBlob
from logparse.cost.whatif import resize
from logparse.cost.whatif.change import SCHEMES
from logparse.cost.whatif.methods.factors import LOW_RANK
from logparse.cost.whatif.methods.settings import Rank
from logparse.cost.whatif.resize import WhatIfError
from logparse.cost.whatif.resize import _with_shapes as with_shapes
from logparse.cost.whatif.select import find_layer
from logparse.cost.whatif.surgery import Operation
from tests.cost_nets import named, net

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.memory.layer import LayerMemory
    from logparse.cost.spec import Shape
    from logparse.cost.whatif.resize import Resized

INPUT: Final = (
    'layer { name: "in" type: "Input" top: "data" top: "label" input_param {'
    " shape { dim: 7 dim: 4 dim: 11 dim: 13 } shape { dim: 7 } } }"
)


def layer(name: str, kind: str, bottoms: str, tops: str, settings: str = "") -> str:
    said = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
    made = " ".join(f'top: "{top}"' for top in tops.split())
    return f'layer {{ name: "{name}" type: "{kind}" {said} {made} {settings} }}'


def conv(name: str, bottom: str, settings: str, kind: str = "Convolution") -> str:
    return layer(name, kind, bottom, name, f"convolution_param {{ {settings} }}")


def dense(name: str, bottom: str, outputs: int) -> str:
    return layer(name, "InnerProduct", bottom, name, f"inner_product_param {{ num_output: {outputs} }}")


def layers(*texts: str) -> tuple[LayerMemory, ...]:
    return net(INPUT + "".join(texts), batch=7).layers


def tops(found: Sequence[LayerMemory], name: str) -> tuple[Shape | None, ...]:
    return named(found, name).spec.tops


def weights(found: Sequence[LayerMemory], name: str) -> list[tuple[int, ...]]:
    return [blob.shape for blob in named(found, name).params or ()]


def without_channels(found: Sequence[LayerMemory], name: str, share: float) -> tuple[Resized, str]:
    """One layer pruned."""
    surgery = Operation(found)
    text = surgery.prune(name, share)
    return surgery.done(), text


def factored(operation: Operation, name: str, rank: int, scheme: str | None) -> str:
    assert LOW_RANK.replaces is not None
    chain, text = LOW_RANK.replaces(operation.layer(name), {"rank": Rank(rank), "scheme": scheme})
    operation.replace(name, chain)
    return text


def of_low_rank(found: Sequence[LayerMemory], name: str, rank: int, scheme: str | None) -> tuple[Resized, str]:
    """One layer factored."""
    surgery = Operation(found)
    text = factored(surgery, name, rank, scheme)
    return surgery.done(), text


# -- finding a layer -----------------------------------------------------------------------------------


def test_a_layer_is_found_by_its_whole_name() -> None:
    assert find_layer(layers(conv("conv1", "data", "num_output: 2 kernel_size: 3")), "conv1") == 1


def test_a_name_that_is_not_there_is_answered_with_those_that_are_alike() -> None:
    many = layers(
        *(dense(f"fc{i}", "data" if i == 1 else f"fc{i - 1}", 2) for i in range(1, 8)), dense("score", "fc7", 2)
    )
    with pytest.raises(WhatIfError, match="there is no layer 'scores'") as refused:
        find_layer(many, "scores")
    assert refused.value.remedy == "Layers with parameters are score …"
    with pytest.raises(WhatIfError) as refused:
        find_layer(many, "zzzz")
    assert refused.value.remedy == "Layers with parameters are fc1, fc2, fc3, fc4, fc5 …"
    with pytest.raises(WhatIfError) as refused:
        find_layer(many, "fc")
    assert refused.value.remedy is not None
    assert refused.value.remedy.count(",") == 4


# -- whole output channels -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "group", "share", "left"),
    [
        (10, 1, 0.5, 5),
        (10, 1, 0.59, 5),  # whole channels go, never more than asked for
        (10, 1, 0.0, 10),
        (10, 2, 0.5, 6),  # 5 would go: 4, so that both groups keep as many
        (10, 2, 0.6, 4),
        (12, 4, 0.5, 8),  # 6 would go: 4
        (12, 4, 0.3, 12),  # 3 would go: none
    ],
)
def test_channels_go_in_whole_groups(outputs: int, group: int, share: float, left: int) -> None:
    one = layers(conv("conv", "data", f"num_output: {outputs} kernel_size: 3 group: {group}"))
    found, text = without_channels(one, "conv", share)
    assert tops(found.layers, "conv") == ((7, left, 9, 11),)
    assert weights(found.layers, "conv") == [(left, 4 // group, 3, 3), (left,)]
    assert text == f"conv: {outputs} → {left} output channels, in this layer and in all that read them"


@pytest.mark.parametrize("share", [1.0, 1.5, -0.5])
def test_a_layer_keeps_at_least_one_channel_and_never_gains_one(share: float) -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3"))
    with pytest.raises(WhatIfError, match=r"of the 10 channels of conv would leave none"):
        without_channels(one, "conv", share)


def test_what_reads_the_channels_has_that_many_fewer_inputs() -> None:
    one = layers(
        conv("conv", "data", "num_output: 10 kernel_size: 3"),
        layer("bn", "BatchNorm", "conv", "conv"),
        layer("relu", "ReLU", "conv", "conv"),
        conv("next", "conv", "num_output: 3 kernel_size: 1"),
        dense("ip", "next", 2),
    )
    found = without_channels(one, "conv", 0.3)[0].layers
    assert weights(found, "conv") == [(7, 4, 3, 3), (7,)]
    assert weights(found, "bn") == [(7,), (7,), (1,)]
    assert weights(found, "next") == [(3, 7, 1, 1), (3,)]
    assert weights(found, "ip") == [(2, 3 * 9 * 11), (2,)]


def test_a_fully_connected_layer_and_a_deconvolution_lose_channels_too() -> None:
    one = layers(dense("ip", "data", 10), dense("next", "ip", 3))
    found = without_channels(one, "ip", 0.5)[0].layers
    assert weights(found, "ip") == [(5, 4 * 11 * 13), (5,)]
    assert weights(found, "next") == [(3, 5), (3,)]
    up = layers(conv("up", "data", "num_output: 6 kernel_size: 2 stride: 2", "Deconvolution"))
    assert weights(without_channels(up, "up", 0.5)[0].layers, "up") == [(4, 3, 2, 2), (3,)]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Convolution", "num_output: 10 kernel_size: 3 group: 10"),
        ("ConvolutionDepthwise", "num_output: 10 kernel_size: 3"),
        ("DepthwiseConvolution", "num_output: 10 kernel_size: 3"),
        ("DepthwiseConvolution", "num_output: 10 kernel_size: 3 group: 10"),
    ],
)
def test_a_depthwise_layer_behind_loses_the_same_channels_and_passes_on_the_loss(kind: str, settings: str) -> None:
    one = layers(
        conv("conv", "data", "num_output: 10 kernel_size: 3"),
        layer("relu", "ReLU", "conv", "conv"),
        conv("dw", "conv", settings, kind),
        conv("next", "dw", "num_output: 3 kernel_size: 1"),
    )
    found = without_channels(one, "conv", 0.5)[0].layers
    assert weights(found, "dw") == [(5, 1, 3, 3), (5,)]
    assert tops(found, "dw") == ((7, 5, 7, 9),)
    assert weights(found, "next") == [(3, 5, 1, 1), (3,)]


def test_a_depthwise_layer_elsewhere_is_left_alone() -> None:
    one = layers(
        conv("conv", "data", "num_output: 4 kernel_size: 3"),
        conv("other", "data", "num_output: 4 kernel_size: 3 group: 4"),
        conv("mixed", "conv", "num_output: 4 kernel_size: 1"),
        conv("dw", "mixed", "num_output: 4 kernel_size: 1 group: 4"),
    )
    found = without_channels(one, "conv", 0.5)[0].layers
    assert weights(found, "other") == [(4, 1, 3, 3), (4,)]
    assert weights(found, "mixed") == [(4, 2, 1, 1), (4,)]  # it mixes the channels: behind it all is as before
    assert weights(found, "dw") == [(4, 1, 1, 1), (4,)]


def test_a_convolution_of_one_channel_is_no_depthwise_one() -> None:
    one = layers(
        conv("conv", "data", "num_output: 1 kernel_size: 3"),
        conv("next", "conv", "num_output: 1 kernel_size: 3"),
    )
    with pytest.raises(WhatIfError, match="leave none"):
        without_channels(one, "conv", 1.0)
    assert weights(without_channels(one, "conv", 0.0)[0].layers, "next") == [(1, 1, 3, 3), (1,)]


def test_channels_that_a_loss_measures_cannot_go() -> None:
    one = layers(dense("ip", "data", 10), layer("loss", "SoftmaxWithLoss", "ip label", "loss"))
    with pytest.raises(WhatIfError, match="the channels of ip are what loss measures"):
        without_channels(one, "ip", 0.5)
    unweighted = layers(dense("ip", "data", 10), layer("acc", "Accuracy", "ip label", "acc"))
    with pytest.raises(WhatIfError, match="the channels of ip are what acc measures"):
        without_channels(unweighted, "ip", 0.5)


def test_only_layers_with_a_whole_definition_of_their_own_are_changed() -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3"), layer("relu", "ReLU", "conv", "conv"))
    with pytest.raises(WhatIfError, match=r"relu is no convolution and no InnerProduct \(ReLU\)"):
        without_channels(one, "relu", 0.5)
    bare = replace(one[1], spec=replace(one[1].spec, definition=None))
    with pytest.raises(WhatIfError, match="the definition of conv is missing") as refused:
        without_channels((one[0], bare), "conv", 0.5)
    assert refused.value.remedy == "Give it with prototxt=FILE."
    unknown = replace(one[1], kind=None)
    with pytest.raises(WhatIfError, match=r"no InnerProduct \(unknown type\)"):
        without_channels((one[0], unknown), "conv", 0.5)


def test_parameters_that_two_layers_share_are_not_changed_in_one() -> None:
    shared = 'param { name: "w" }'
    one = layers(
        layer("a", "InnerProduct", "data", "a", f"{shared} inner_product_param {{ num_output: 10 }}"),
        layer("b", "InnerProduct", "data", "b", f"{shared} inner_product_param {{ num_output: 10 }}"),
        layer("c", "InnerProduct", "data", "c", 'param { name: "" } inner_product_param { num_output: 10 }'),
        layer("d", "InnerProduct", "data", "d", "param { lr_mult: 1 } inner_product_param { num_output: 10 }"),
    )
    with pytest.raises(WhatIfError, match="a shares its parameters with b"):
        without_channels(one, "a", 0.5)
    with pytest.raises(WhatIfError, match="b shares its parameters with a"):
        of_low_rank(one, "b", 2, None)
    assert tops(without_channels(one, "c", 0.5)[0].layers, "c") == ((7, 5),)  # no name is no sharing
    assert tops(without_channels(one, "d", 0.5)[0].layers, "d") == ((7, 5),)


# -- low rank ------------------------------------------------------------------------------------------


def macs(one: LayerMemory) -> int | None:
    return cost(one.spec).macs.value


def test_a_dense_layer_becomes_two_and_the_bias_stays_with_the_second() -> None:
    found, text = of_low_rank(layers(dense("ip", "data", 10), dense("next", "ip", 3)), "ip", 2, None)
    assert [one.spec.name for one in found.layers] == ["in", "ip/rank2", "ip", "next"]
    inputs = 4 * 11 * 13
    assert weights(found.layers, "ip/rank2") == [(2, inputs)]
    assert weights(found.layers, "ip") == [(10, 2), (10,)]
    assert tops(found.layers, "ip/rank2") == ((7, 2),)
    assert tops(found.layers, "ip") == ((7, 10),)
    assert macs(named(found.layers, "ip/rank2")) == 7 * inputs * 2
    assert macs(named(found.layers, "ip")) == 7 * 2 * 10
    assert text == ("ip: K·M → 2·(K + M) (SVD); the two layers compute 2 values in between, and keep the top's shape")


SETTINGS: Final = (
    "num_output: 10 kernel_h: 3 kernel_w: 5 stride_h: 2 stride_w: 3 pad_h: 1 pad_w: 2 dilation: 1 dilation: 2"
)
TOP: Final = (7, 10, 6, 3)  # (11 + 2 − 3) // 2 + 1, (13 + 4 − 9) // 3 + 1


def test_spatial_a_convolution_becomes_one_along_each_axis() -> None:
    found, text = of_low_rank(layers(conv("conv", "data", SETTINGS)), "conv", 2, "spatial")
    first, second = named(found.layers, "conv/rank2"), named(found.layers, "conv")
    assert first.spec.tops == ((7, 2, 6, 13),)  # the height's stride and pad alone
    assert second.spec.tops == (TOP,)
    assert weights(found.layers, "conv/rank2") == [(2, 4, 3, 1)]
    assert weights(found.layers, "conv") == [(10, 2, 1, 5), (10,)]
    assert macs(first) == 7 * 2 * 6 * 13 * 4 * 3
    assert macs(second) == 7 * 10 * 6 * 3 * 2 * 5
    assert text.startswith("conv: 3×5 → 3×1 to 2 channels, then 1×5 (spatial); ")


def test_spatial_with_a_square_kernel_and_one_value_of_each_setting() -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3 stride: 2 pad: 2 dilation: 2"))
    found, _ = of_low_rank(one, "conv", 2, "spatial")
    assert tops(found.layers, "conv/rank2") == ((7, 2, 6, 13),)  # (11 + 4 − 5) // 2 + 1
    assert tops(found.layers, "conv") == ((7, 10, 6, 7),)  # (13 + 4 − 5) // 2 + 1
    assert tops(one, "conv") == ((7, 10, 6, 7),)


def test_spatial_with_a_value_for_each_axis() -> None:
    text = "num_output: 10 kernel_size: 3 kernel_size: 5 stride: 2 stride: 3 pad: 1 pad: 2 dilation: 1 dilation: 2"
    found, _ = of_low_rank(layers(conv("conv", "data", text)), "conv", 2, "spatial")
    assert tops(found.layers, "conv/rank2") == ((7, 2, 6, 13),)
    assert tops(found.layers, "conv") == (TOP,)


def test_what_each_factor_says_of_its_window_is_said_once() -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3 stride: 2 pad: 2 dilation: 2"))
    found = of_low_rank(one, "conv", 2, "spatial")[0].layers
    sides = {"conv/rank2": ((3, 1), (2, 1), (2, 0), (2, 1)), "conv": ((1, 3), (1, 2), (0, 2), (1, 2))}
    for name, (kernel, stride, pad, dilation) in sides.items():
        definition = named(found, name).spec.definition
        assert definition is not None
        read = definition.child("convolution_param")
        pairs = [
            (read.integer(f"{field}_h", -1), read.integer(f"{field}_w", -1)) for field in ("kernel", "stride", "pad")
        ]
        assert pairs == [kernel, stride, pad]
        assert read.integers("dilation") == dilation
        assert not any(read.has(field) for field in ("kernel_size", "stride", "pad"))


def test_a_pointwise_factor_says_nothing_but_its_kernel() -> None:
    found = of_low_rank(layers(conv("conv", "data", SETTINGS)), "conv", 2, "channel")[0].layers
    definition = named(found, "conv").spec.definition
    assert definition is not None
    assert set(definition.child("convolution_param").fields) == {"num_output", "kernel_size"}


def test_by_channel_a_convolution_becomes_itself_with_few_channels_and_a_pointwise_one() -> None:
    found, text = of_low_rank(layers(conv("conv", "data", SETTINGS)), "conv", 2, "channel")
    assert tops(found.layers, "conv/rank2") == ((7, 2, 6, 3),)
    assert tops(found.layers, "conv") == (TOP,)
    assert weights(found.layers, "conv/rank2") == [(2, 4, 3, 5)]
    assert weights(found.layers, "conv") == [(10, 2, 1, 1), (10,)]
    assert text.startswith("conv: 3×5 → 3×5 to 2 channels, then 1×1 (channel); ")


@pytest.mark.parametrize(
    ("settings", "scheme"),
    [
        ("kernel_size: 3", "spatial"),
        ("kernel_h: 1 kernel_w: 2", "spatial"),
        ("kernel_h: 2 kernel_w: 1", "spatial"),
        ("kernel_size: 1", "channel"),
    ],
)
def test_the_scheme_goes_by_the_kernel_unless_it_is_stated(settings: str, scheme: str) -> None:
    assert SCHEMES == ("spatial", "channel")
    found = of_low_rank(layers(conv("conv", "data", f"num_output: 10 {settings}")), "conv", 2, None)
    assert f"({scheme})" in found[1]


def test_groups_stay_and_must_divide_the_rank() -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3 group: 2"))
    found = of_low_rank(one, "conv", 4, None)[0].layers
    assert weights(found, "conv/rank4") == [(4, 2, 3, 1)]
    assert weights(found, "conv") == [(10, 2, 1, 3), (10,)]
    with pytest.raises(WhatIfError, match="conv: only a rank that its groups divide, 2, not 3"):
        of_low_rank(one, "conv", 3, None)


def test_a_bias_that_is_not_there_stays_away() -> None:
    one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3 bias_term: false"))
    found = of_low_rank(one, "conv", 2, "channel")[0].layers
    assert weights(found, "conv") == [(10, 2, 1, 1)]


def test_only_a_convolution_over_a_plane_is_factored() -> None:
    solid = (
        'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 7 dim: 4 dim: 5 dim: 6 dim: 8 } } }'
    )
    one = net(solid + conv("conv", "data", "num_output: 10 kernel_size: 3"), batch=7).layers
    with pytest.raises(WhatIfError, match="only a convolution over a plane"):
        of_low_rank(one, "conv", 2, None)
    unknown = replace(one[1], spec=replace(one[1].spec, bottoms=(None,)))
    with pytest.raises(WhatIfError, match="only a convolution over a plane"):
        of_low_rank((one[0], unknown), "conv", 2, None)
    up = layers(conv("up", "data", "num_output: 6 kernel_size: 2", "Deconvolution"))
    with pytest.raises(WhatIfError, match="up is a Deconvolution; only convolutions and InnerProducts are factored"):
        of_low_rank(up, "up", 2, None)
    bare = layers(conv("conv", "data", "num_output: 10"))
    with pytest.raises(WhatIfError, match="conv: the definition states no kernel"):
        of_low_rank(bare, "conv", 2, None)


def test_a_first_factor_whose_shapes_cannot_be_told_is_refused() -> None:
    one = layers(dense("ip", "data", 10))
    unknown = replace(one[1], spec=replace(one[1].spec, bottoms=(None,)))
    with pytest.raises(WhatIfError, match="shapes of ip/rank2 do not follow"):
        of_low_rank((one[0], unknown), "ip", 2, None)


def test_both_factors_learn_as_the_layer_did_and_the_blob_between_them_gets_a_gradient() -> None:
    trained = layers(dense("ip", "data", 10), layer("loss", "SoftmaxWithLoss", "ip label", "loss"))
    found = of_low_rank(trained, "ip", 2, None)[0].layers
    first, second = named(found, "ip/rank2"), named(found, "ip")
    assert (first.spec.backward, first.spec.bottom_needs_grad) == (True, (False,))
    assert (second.spec.backward, second.spec.bottom_needs_grad) == (True, (True,))
    assert (first.losses, first.counts, first.owned) == ((False,), (7 * 2,), (0,))
    assert first.spec.in_place == (False,)
    still = layers(dense("ip", "data", 10))
    assert named(of_low_rank(still, "ip", 2, None)[0].layers, "ip").spec.bottom_needs_grad == (False,)


def test_the_first_factor_owns_its_weights_and_has_no_bias() -> None:
    found = of_low_rank(layers(dense("ip", "data", 10)), "ip", 2, None)[0].layers
    first = named(found, "ip/rank2")
    assert first.params == cost(first.spec).params == (ParamBlob((2, 4 * 11 * 13), "weight"),)
    for scheme in SCHEMES:
        one = layers(conv("conv", "data", "num_output: 10 kernel_size: 3"))
        first = named(of_low_rank(one, "conv", 2, scheme)[0].layers, "conv/rank2")
        assert first.params == cost(first.spec).params
        assert cost(first.spec).biases == 0


# -- what a damaged log has lost -------------------------------------------------------------------------


def test_a_reshape_whose_top_is_lost_takes_another_batch() -> None:
    lost = layer("flat", "Reshape", "data", "", "reshape_param { shape { dim: 0 dim: -1 } }")
    found = resize.with_batch(net(INPUT + lost, batch=7), 14)
    assert tops(found.layers, "in")[0] == (14, 4, 11, 13)


def test_a_top_does_not_grow_from_a_bottom_of_nothing() -> None:
    assert resize._grown((2, 3), (0, 4), (5, 4)) is None
    assert resize._grown((2, 3), (2, 4), (4, 4)) == (4, 3)


# -- several layers at once ------------------------------------------------------------------------------


def test_layers_that_feed_a_sum_may_be_pruned_alike() -> None:
    settings = "num_output: 10 kernel_size: 3"
    one = layers(conv("a", "data", settings), conv("b", "data", settings), layer("sum", "Eltwise", "a b", "sum"))
    operation = Operation(one)
    operation.prune("a", 0.5)
    operation.prune("b", 0.5)
    assert tops(operation.done().layers, "sum") == ((7, 5, 9, 11),)

    half = Operation(one)
    half.prune("a", 0.5)
    with pytest.raises(WhatIfError, match="the layer sum adds blobs that would differ in shape"):
        half.done()


def test_a_layer_is_pruned_and_then_factored() -> None:
    one = layers(conv("conv", "data", SETTINGS), dense("ip", "conv", 3))
    operation = Operation(one)
    operation.prune("conv", 0.5)
    factored(operation, "conv", 2, "channel")
    together = operation.done().layers
    in_turn = of_low_rank(without_channels(one, "conv", 0.5)[0].layers, "conv", 2, "channel")[0].layers
    assert [(found.spec.name, found.spec.tops, found.params) for found in together] == [
        (found.spec.name, found.spec.tops, found.params) for found in in_turn
    ]


@pytest.mark.parametrize("edit", ["prune", "factor"])
def test_a_net_of_any_depth_takes_its_changes_in_the_time_of_one(edit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*found: Any, **more: Any) -> LayerMemory:  # noqa: ANN401 - as it is called
        made.append(found)
        return with_shapes(*found, **more)

    monkeypatch.setattr(resize, "_with_shapes", counted)
    depth = 60
    settings = "num_output: 10 kernel_size: 1"
    chain = layers(*(conv(f"c{at}", f"c{at - 1}" if at else "data", settings) for at in range(depth)))
    operation = Operation(chain)
    for at in range(depth):
        if edit == "prune":
            operation.prune(f"c{at}", 0.5)
        else:
            factored(operation, f"c{at}", 2, "channel")
    operation.done()
    assert len(made) <= 2 * depth + len(chain) - depth
