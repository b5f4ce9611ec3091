"""Which layers do backward and which bottoms get a gradient, decided as Net::Init does; and what that costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logparse.cost.costing import cost
from logparse.cost.memory.gradients import (
    Flow,
    FlowLayer,
    flow_of,
    forced_bottoms,
    learns,
    printed_flow,
    propagate_down,
)
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


# -- the decision, case by case (net.cpp, Net::Init) -----------------------------------------------------


def chain(*layers: FlowLayer) -> list[tuple[bool, tuple[bool, ...]]]:
    """Data, the given layers, and a loss on `z`."""
    net = (flow_layer("", "data"), *layers, flow_layer("z", "loss", loss=True))
    return [(flow.backward, flow.bottoms) for flow in flow_of(net)][1:-1]


def test_a_layer_without_parameters_goes_back_only_where_something_below_learns() -> None:
    assert chain(flow_layer("data", "z")) == [(False, (False,))]
    below = flow_layer("data", "y", learning=True)
    assert chain(below, flow_layer("y", "z")) == [(True, (False,)), (True, (True,))]


def test_a_gradient_may_be_forced_into_one_bottom_and_kept_from_another() -> None:
    below = flow_layer("data", "y", learning=True)
    both = flow_layer("data y", "z")
    assert chain(below, both)[1] == (True, (False, True))
    assert chain(below, both._replace(propagate_down=(True, False)))[1] == (True, (True, False))
    # what is kept from `y` leaves its maker without work
    assert chain(below, both._replace(propagate_down=(True, False)))[0] == (False, (False,))


def test_a_layer_that_is_told_to_propagate_goes_back_though_nothing_below_learns() -> None:
    assert chain(flow_layer("data", "z")._replace(propagate_down=(True,))) == [(True, (True,))]


def test_a_list_of_another_length_says_nothing() -> None:
    both = flow_layer("data y", "z")._replace(propagate_down=(False,))
    assert chain(flow_layer("data", "y", learning=True), both)[1] == (True, (False, True))


def test_a_layer_goes_back_where_one_of_its_tops_leads_to_a_loss() -> None:
    fork = flow_layer("data", "z unused", learning=True)
    assert chain(fork) == [(True, (False,))]
    assert chain(flow_layer("data", "unused", learning=True), flow_layer("data", "z")) == [
        (False, (False,)),
        (False, (False,)),
    ]


def test_a_layer_stops_only_where_all_its_tops_are_skipped() -> None:
    maker = flow_layer("data", "a b", learning=True)
    keeps = flow_layer("a", "c", learning=True)
    cuts = flow_layer("b", "d", learning=True)._replace(propagate_down=(False,))
    join = flow_layer("c d", "z")
    assert chain(maker, keeps, cuts, join)[0] == (True, (False,))
    both_cut = chain(maker, keeps._replace(propagate_down=(False,)), cuts, join)
    assert both_cut[0] == (False, (False,))


def test_force_backward_reaches_all_but_what_no_gradient_may_reach() -> None:
    net = (flow_layer("", "data"), flow_layer("data label", "z")._replace(forced_bottoms=(True, False)))
    assert flow_of(net, force_backward=True)[1] == Flow(backward=True, bottoms=(True, False))
    unlisted = (flow_layer("", "data"), flow_layer("data label", "z"))
    assert flow_of(unlisted, force_backward=True)[1] == Flow(backward=True, bottoms=(True, True))


def test_what_is_needed_anyway_stays_needed_under_force_backward() -> None:
    net = with_layer(LOSS, NET[LOSS]._replace(forced_bottoms=(False, False)))
    assert flow_of(net, force_backward=True)[LOSS].bottoms == (True, False)


def test_a_flag_that_is_not_printed_is_decided_from_the_definitions() -> None:
    printed: list[bool | None] = [None] * len(NET)
    assert printed_flow(NET, printed) == flow_of(NET)
    printed[CONV] = False
    flows = printed_flow(NET, printed)
    assert flows[CONV] == Flow(backward=False, bottoms=(False,))
    assert flows[CONV + 1].bottoms == (False,)  # its maker does none
    assert flows[IP].bottoms == (True,)


def test_force_backward_wins_over_printed_flags() -> None:
    """Caffe prints the flags before it forces them."""
    printed = [False] * len(NET)
    assert printed_flow(NET, printed, force_backward=True) == flow_of(NET, force_backward=True)


def test_printed_flags_heed_propagate_down() -> None:
    net = with_layer(LOSS, NET[LOSS]._replace(propagate_down=(False, False)))
    printed = [False, False, True, True, True, True, False, True]
    assert printed_flow(net, printed)[LOSS].bottoms == (False, False)
    short = with_layer(LOSS, NET[LOSS]._replace(propagate_down=(False,)))
    assert printed_flow(short, printed)[LOSS].bottoms == (True, False)


@pytest.mark.parametrize(
    ("kind", "reached"),
    [
        ("SoftmaxWithLoss", (True, False, True)),  # LossLayer::AllowForceBackward: not the label
        ("SmoothL1Loss", (True, True, True)),  # a bottom of weights, too
        ("MultiBoxLoss", (True, False, True)),
        ("EuclideanLoss", (True, True, True)),  # it compares two predictions
        ("ContrastiveLoss", (True, True, False)),  # its third bottom says whether the pair is alike
        ("LSTM", (True, False, True)),  # not the sequence's continuation
        ("Convolution", (True, True, True)),
        (None, (True, True, True)),
    ],
)
def test_which_bottoms_a_gradient_may_be_forced_into(kind: str | None, reached: tuple[bool, ...]) -> None:
    assert forced_bottoms(kind, 3) == reached
    assert forced_bottoms(kind, 1) == reached[:1]


@pytest.mark.parametrize(("kind", "reached"), [("RNN", (True, False, True)), ("LSTMUnit", (True, True, False))])
def test_no_gradient_is_forced_into_a_sequences_continuation(kind: str, reached: tuple[bool, ...]) -> None:
    assert forced_bottoms(kind, 3) == reached


@pytest.mark.parametrize(
    ("text", "blobs", "does"),
    [
        ("", 1, True),
        ("", 0, False),
        ("param { lr_mult: 0 }", 1, False),
        ("param { lr_mult: 0 }", 2, True),  # the second has 1 by default
        ("param { lr_mult: 0 } param { lr_mult: 3 }", 2, True),
        ("param { lr_mult: 0 } param { lr_mult: 3 }", 1, False),  # the second is of no blob
        ("param { decay_mult: 0 }", 1, True),
    ],
)
def test_a_layer_learns_where_one_of_its_blobs_has_a_rate(text: str, blobs: int, *, does: bool) -> None:
    assert learns(parse(text).root, blobs) is does


def test_without_a_definition_every_blob_learns() -> None:
    assert learns(None, 1)


def test_propagate_down_is_read_in_every_form_of_a_truth_value() -> None:
    text = 'propagate_down: true propagate_down: false propagate_down: 1 propagate_down: 0 propagate_down: "true"'
    assert propagate_down(parse(text).root) == (True, False, True, False, True)
    assert propagate_down(parse("").root) == propagate_down(None) == ()
