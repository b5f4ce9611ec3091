"""Which layers do backward and which bottoms get a gradient, decided as Net::Init does; and what that costs."""

from __future__ import annotations

from dataclasses import replace

from logparse.cost.costing import cost
from logparse.cost.memory.gradients import Flow, FlowLayer, flow_of, forced_bottoms, learns, printed_flow
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse


def flow_layer(bottoms: str, tops: str, *, learning: bool = False, loss: bool = False) -> FlowLayer:
    return FlowLayer(tuple(bottoms.split()), tuple(tops.split()), learning, loss)


# Caffe gives every reader of a blob its own name by inserting splits
NET = (
    flow_layer("", "data label"),
    flow_layer("label", "label_0 label_1"),
    flow_layer("data", "conv1", learning=True),
    flow_layer("conv1", "conv1"),
    flow_layer("conv1", "ip", learning=True),
    flow_layer("ip", "ip_0 ip_1"),
    flow_layer("ip_0 label_0", "accuracy"),
    flow_layer("ip_1 label_1", "loss", loss=True),
)
CONV, IP, LOSS = 2, 4, 7


def flags(net: tuple[FlowLayer, ...]) -> list[bool]:
    return [flow.backward for flow in flow_of(net)]


def with_layer(place: int, layer: FlowLayer) -> tuple[FlowLayer, ...]:
    return (*NET[:place], layer, *NET[place + 1 :])


def test_data_and_measures_do_no_backward_and_the_first_layer_passes_nothing_down() -> None:
    assert flags(NET) == [False, False, True, True, True, True, False, True]
    flows = flow_of(NET)
    assert flows[CONV].bottoms == (False,)
    assert flows[IP].bottoms == (True,)
    assert flows[LOSS].bottoms == (True, False)


def test_a_frozen_layer_at_the_bottom_does_no_backward() -> None:
    frozen = with_layer(CONV, NET[CONV]._replace(learns=False))
    assert flags(frozen) == [False, False, False, False, True, True, False, True]
    assert flow_of(frozen)[IP].bottoms == (False,)


def test_propagate_down_cuts_the_layers_below() -> None:
    flows = flow_of(with_layer(IP, NET[IP]._replace(propagate_down=(False,))))
    assert flows[IP] == Flow(backward=True, bottoms=(False,))
    assert not flows[CONV].backward


def test_force_backward_reaches_the_data_but_no_label() -> None:
    flows = flow_of(
        with_layer(LOSS, NET[LOSS]._replace(forced_bottoms=forced_bottoms("SoftmaxWithLoss", 2))), force_backward=True
    )
    assert all(flow.backward for flow in flows)
    assert flows[CONV].bottoms == (True,)
    assert flows[LOSS].bottoms == (True, False)


def test_printed_flags_win_over_the_definitions() -> None:
    printed = [False, False, False, False, True, True, False, True]
    flows = printed_flow(NET, printed)
    assert [flow.backward for flow in flows] == printed
    assert flows[IP].bottoms == (False,)


def test_batch_norm_without_param_blocks_makes_the_net_go_backward() -> None:
    assert learns(parse('type: "BatchNorm"').root, 3)
    assert not learns(parse("param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 }").root, 3)
    assert learns(parse("param { lr_mult: 0 }").root, 2)
    assert not learns(None, 0)


def convolution(settings: str = "", *, bottoms: tuple[bool, ...] = (True,), backward: bool | None = True) -> LayerSpec:
    text = f'type: "Convolution" {settings} convolution_param {{ num_output: 4 kernel_size: 3 }}'
    shape, top = (2, 3, 8, 8), (2, 4, 6, 6)
    spec = LayerSpec("c", "Convolution", parse(text).root, (shape,), (top,), (False,), "TRAIN")
    return replace(spec, backward=backward, bottom_needs_grad=bottoms)


FORWARD = 2 * 4 * 36 * 3 * 9


def test_backward_is_once_for_the_weights_and_once_for_each_bottom() -> None:
    assert cost(convolution()).backward_macs.value == 2 * FORWARD
    assert cost(convolution(bottoms=(False,))).backward_macs.value == FORWARD
    assert cost(convolution("param { lr_mult: 0 }")).backward_macs.value == FORWARD
    assert cost(convolution("param { lr_mult: 0 }", bottoms=(False,))).backward_macs.value == 0


def test_frozen_weights_have_a_gradient_under_force_backward() -> None:
    forced = replace(convolution("param { lr_mult: 0 }"), force_backward=True)
    assert cost(forced).backward_macs.value == 2 * FORWARD


def test_no_backward_in_a_test_net_or_where_the_log_says_so() -> None:
    assert cost(replace(convolution(), phase="TEST")).backward_macs.value == 0
    assert cost(convolution(backward=False)).backward_macs.value == 0


def test_backward_is_na_where_nothing_tells() -> None:
    unsaid = cost(convolution(backward=None)).backward_macs
    assert unsaid.value is None
    assert "does not say" in unsaid.reason
    assert cost(convolution(bottoms=())).backward_macs.value is None
