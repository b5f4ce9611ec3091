"""From guesses to figures: what is filled in, on which basis, what evidence wins, and what stays NA and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.inference.guess import Guess, message
from logparse.cost.inference.infer import apply, cost_or_infer, evidence_of
from logparse.cost.inference.lacking import is_complete
from logparse.cost.inference.settle import settle
from logparse.cost.spec import Basis, LayerSpec, ParamBlob
from logparse.textproto import Message, parse

if TYPE_CHECKING:
    from logparse.cost.inference.lacking import Resolved
    from logparse.cost.spec import Shape

IMAGE: Final = (7, 3, 28, 28)
FEATURES: Final = (7, 8, 24, 24)  # of a 5×5 kernel, and no other customary one


def bare(
    name: str,
    bottom: Shape | None,
    top: Shape | None,
    kind: str | None = None,
    *,
    in_place: bool = False,
    backward: bool | None = True,
) -> LayerSpec:
    return LayerSpec(name, kind, None, (bottom,), (top,), (in_place,), "TRAIN", backward, (True,))


def stated(name: str, bottom: Shape, top: Shape, text: str) -> LayerSpec:
    definition = parse(text).root
    return replace(bare(name, bottom, top, definition.text("type")), definition=definition)


def conv(name: str, bottom: Shape, top: Shape, settings: str) -> LayerSpec:
    return stated(name, bottom, top, f'type: "Convolution" convolution_param {{ num_output: {top[1]} {settings} }}')


FIVE: Final = "kernel_size: 5"
CONV1: Final = bare("conv1", IMAGE, FEATURES)
WEIGHT: Final = ParamBlob((8, 3, 5, 5), "weight")
BIAS: Final = ParamBlob((8,), "bias")
MACS: Final = 7 * 8 * 24 * 24 * 3 * 25


def resolved(*specs: LayerSpec) -> dict[str, Resolved]:
    return {one.spec.name: one for one in settle(specs)}


# -- applying a guess ----------------------------------------------------------------------------------


def test_a_guess_fills_what_is_not_known_and_lowers_its_basis() -> None:
    found = cost_or_infer(CONV1)
    assert found.params == (WEIGHT, BIAS)
    assert (found.params_basis, found.params_reason) == (Basis.INFERRED, "")
    assert found.params_formula == "8 × (3/1) × 5·5 + 8 biases = 608"
    assert (found.macs.value, found.macs.basis, found.macs.reason) == (MACS, Basis.INFERRED, "")
    assert (found.backward_macs.value, found.backward_macs.basis) == (2 * MACS, Basis.INFERRED)
    assert (found.other_ops.value, found.other_ops.basis) == (7 * 8 * 24 * 24, Basis.INFERRED)
    assert found.expected_tops == (FEATURES,)
    assert "a bias is taken to be there (Caffe's default)" in found.assumptions


def test_what_shapes_alone_fix_is_not_lowered() -> None:
    found = cost_or_infer(bare("ip", (7, 30), (7, 11), "InnerProduct"))
    assert (found.macs.value, found.macs.basis) == (7 * 30 * 11, Basis.SHAPES)
    assert found.params == (ParamBlob((11, 30), "weight"), ParamBlob((11,), "bias"))
    assert found.params_basis is Basis.INFERRED


def test_a_guess_without_a_type_only_gives_its_reason() -> None:
    found = apply(CONV1, cost(CONV1), Guess(reason="nobody knows"))
    assert found.params is None
    assert (
        found.params_reason
        == found.macs.reason
        == found.other_ops.reason
        == found.backward_macs.reason
        == "nobody knows"
    )
    kept = apply(
        bare("x", (7, 30), (7, 11), "InnerProduct"), cost(bare("x", (7, 30), (7, 11), "InnerProduct")), Guess()
    )
    assert kept.macs.value == 7 * 30 * 11
    assert kept.params_reason == ""


def test_a_reason_does_not_replace_what_is_known() -> None:
    relu = bare("relu", (7, 30), (7, 30), "ReLU")
    found = apply(relu, cost(relu), Guess(reason="nobody knows"))
    assert (found.params, found.params_reason) == ((), "")
    assert found.other_ops.reason == "nobody knows"


def test_a_guess_that_contradicts_a_printed_shape_is_dropped() -> None:
    wrong = message(convolution_param=message(num_output=8, kernel_size=3))
    found = apply(CONV1, cost(CONV1), Guess("Convolution", wrong, ("so",)))
    assert found.params is None
    assert found.params_reason == (
        "Convolution would fit the name, but top 0: the definition gives 7·8·26·26, the log prints 7·8·24·24"
    )
    assert found.assumptions == ()


def test_a_guess_that_cannot_tell_the_parameters_says_why() -> None:
    found = apply(CONV1, cost(CONV1), Guess("Convolution", Message(), ("so",)))
    assert found.params is None
    assert found.params_reason == "the definition states no kernel"
    assert found.macs.reason == "the definition states no kernel"
    assert found.assumptions == ("so",)


def test_a_cost_is_complete_with_parameters_products_and_operations() -> None:
    whole = cost(conv("c", IMAGE, FEATURES, FIVE))
    assert is_complete(whole)
    assert not is_complete(replace(whole, params=None))
    assert not is_complete(replace(whole, macs=whole.macs._replace(value=None)))
    assert not is_complete(replace(whole, other_ops=whole.other_ops._replace(value=None)))
    assert is_complete(replace(whole, backward_macs=whole.backward_macs._replace(value=None)))


def test_what_is_defined_or_of_a_foreign_type_is_never_guessed() -> None:
    broken = stated("conv1", IMAGE, FEATURES, 'type: "Convolution" convolution_param { num_output: 8 }')
    assert cost_or_infer(broken) == cost(broken)
    foreign = bare("conv1", IMAGE, FEATURES, "WarpDrive")
    assert cost_or_infer(foreign) == cost(foreign)
    old = bare("conv1", IMAGE, FEATURES, "CONVOLUTION")
    assert cost_or_infer(old).params is not None


# -- biases --------------------------------------------------------------------------------------------


def biased(name: str, found: dict[str, Resolved]) -> bool:
    params = found[name].cost.params
    assert params is not None
    return any(blob.kind == "bias" for blob in params)


NORM: Final = bare("conv1_bn", FEATURES, FEATURES)
SCALED: Final = bare("conv1_scale", FEATURES, FEATURES, in_place=True)


def test_a_bias_is_there_by_default() -> None:
    assert biased("conv1", resolved(CONV1))
    assert "a bias is taken to be there (Caffe's default)" in resolved(CONV1)["conv1"].cost.assumptions


def test_no_bias_before_a_batch_norm_and_its_scale() -> None:
    found = resolved(CONV1, NORM, SCALED)
    assert not biased("conv1", found)
    assert "no bias, since a BatchNorm and a Scale follow" in found["conv1"].cost.assumptions
    assert biased("conv1", resolved(CONV1, SCALED, NORM))
    assert not biased("conv1", resolved(CONV1, NORM, SCALED, bare("relu", FEATURES, FEATURES, in_place=True)))
    assert biased("conv1", resolved(CONV1, bare("relu", FEATURES, FEATURES, in_place=True), NORM, SCALED))


def test_the_nets_other_convolutions_say_more_than_what_follows() -> None:
    with_bias, without = conv("a", IMAGE, FEATURES, FIVE), conv("b", IMAGE, FEATURES, f"{FIVE} bias_term: false")
    found = resolved(with_bias, CONV1, NORM, SCALED)
    assert biased("conv1", found)
    assert "a bias, like the net's other convolutions" in found["conv1"].cost.assumptions
    found = resolved(without, CONV1)
    assert not biased("conv1", found)
    assert "no bias, like the net's other convolutions" in found["conv1"].cost.assumptions
    assert biased("conv1", resolved(with_bias, without, CONV1))  # they disagree: Caffe's default
    assert not biased("conv1", resolved(with_bias, without, CONV1, NORM, SCALED))


def test_convolutions_say_nothing_about_fully_connected_layers() -> None:
    without = conv("b", IMAGE, FEATURES, f"{FIVE} bias_term: false")
    dense = bare("ip1", FEATURES, (7, 10))
    assert biased("ip1", resolved(without, dense))
    settled = stated("ip0", IMAGE, (7, 11), 'type: "InnerProduct" inner_product_param { num_output: 11 }')
    assert not biased("conv1", resolved(without, settled, CONV1))
    rows = (bare("ip1_bn", (7, 10), (7, 10)), bare("ip1_scale", (7, 10), (7, 10), in_place=True))
    assert not biased("ip1", resolved(without, dense, *rows))


# -- batch normalisations ------------------------------------------------------------------------------


def test_a_batch_norm_is_bvlcs_where_a_scale_follows() -> None:
    found = resolved(NORM, SCALED)["conv1_bn"]
    assert [blob.kind for blob in found.cost.params or ()] == ["statistic"] * 3
    alone = resolved(NORM, bare("relu", FEATURES, FEATURES, in_place=True))["conv1_bn"]
    assert alone.cost.params_reason == (
        "BatchNorm (statistics alone) or a fork's BN (scale and shift too): no Scale follows it"
    )


@pytest.mark.parametrize(
    ("text", "blobs"),
    [('type: "BN" bn_param { frozen: true }', 4), ('type: "BatchNorm"', 3), ('type: "CuDNNBatchNorm"', 5)],
)
def test_a_batch_norm_is_like_the_one_that_the_net_defines(text: str, blobs: int) -> None:
    other = stated("other", FEATURES, FEATURES, text)
    found = resolved(other, NORM)["conv1_bn"]
    assert len(found.cost.params or ()) == blobs
    kind = other.type
    assert found.cost.assumptions[0] == f"{kind} by its name, like other"


def test_two_kinds_in_one_net_tell_nothing() -> None:
    fork = stated("a", FEATURES, FEATURES, 'type: "BN" bn_param { frozen: true }')
    own = stated("b", FEATURES, FEATURES, 'type: "BatchNorm"')
    assert resolved(fork, own, NORM)["conv1_bn"].cost.params is None
    assert len(resolved(fork, own, NORM, SCALED)["conv1_bn"].cost.params or ()) == 3


def test_a_batch_norm_whose_type_is_known_is_no_forks() -> None:
    typed = replace(NORM, type="BatchNorm")
    fork = stated("a", FEATURES, FEATURES, 'type: "BN" bn_param { frozen: true }')
    assert len(resolved(fork, typed)["conv1_bn"].cost.params or ()) == 3


# -- evidence against evidence -------------------------------------------------------------------------


def test_a_stated_kernel_refutes_the_only_window_that_fits() -> None:
    found = resolved(bare("conv1_3x3", IMAGE, FEATURES))["conv1_3x3"]
    assert found.cost.params_reason == "its name states the kernel 3×3, its shapes fit 5×5"
    assert resolved(bare("conv1_5x5", IMAGE, FEATURES))["conv1_5x5"].cost.params is not None
    assert resolved(bare("conv1_1x3", IMAGE, FEATURES))["conv1_1x3"].cost.params_reason.startswith(
        "its name states the kernel 1×3"
    )


@pytest.mark.parametrize(
    "window",
    [
        "kernel_size: 3 pad: 1",
        "kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2",
        "kernel_h: 5 kernel_w: 3 pad_h: 2 pad_w: 1",
    ],
)
def test_two_pieces_of_evidence_that_disagree_leave_na(window: str) -> None:
    peer = conv("a1/5x5", (7, 3, 14, 14), (7, 8, 14, 14), window)
    found = resolved(peer, bare("a2/5x5", (7, 3, 14, 14), (7, 8, 14, 14)))["a2/5x5"]
    assert found.cost.params is None
    assert found.cost.params_reason == (
        "the evidence disagrees: Convolution like the layers of the same role that are defined (a1/5x5); "
        "its name states the kernel 5×5, and its shapes agree"
    )


def test_two_pieces_that_agree_are_one() -> None:
    peer = conv("a1/5x5", (7, 3, 14, 14), (7, 8, 14, 14), "kernel_size: 5 pad: 2 bias_term: false")
    found = resolved(peer, bare("a2/5x5", (7, 3, 14, 14), (7, 8, 14, 14)))["a2/5x5"]
    assert found.cost.params == (ParamBlob((8, 3, 5, 5), "weight"),)
    assert found.cost.assumptions == ("Convolution like the layers of the same role that are defined (a1/5x5)",)


def test_a_name_alone_tells_no_bias_so_the_rest_of_the_net_does() -> None:
    layer = bare("a2/5x5", (7, 3, 14, 14), (7, 8, 14, 14))
    without = conv("b", IMAGE, FEATURES, f"{FIVE} bias_term: false")
    found = resolved(without, layer)["a2/5x5"]
    assert found.cost.params == (ParamBlob((8, 3, 5, 5), "weight"),)
    assert "no bias, like the net's other convolutions" in found.cost.assumptions
    grouped = conv("a1/5x5", (7, 4, 14, 14), (7, 8, 14, 14), "kernel_size: 5 pad: 2 group: 2")
    assert resolved(grouped, replace(layer, bottoms=((7, 4, 14, 14),)))["a2/5x5"].cost.params is None


def test_evidence_is_collected_where_something_is_lacking() -> None:
    specs = [conv("a", IMAGE, FEATURES, FIVE), CONV1, NORM, SCALED]
    found = evidence_of(specs)
    assert found.has_bias is True
    assert found.normalised == {"conv1"}
    assert found.scaled == {"conv1_bn"}
    assert set(found.named) == {"a", "conv1", "conv1_bn", "conv1_scale"}
    assert found.norms == {}


# -- where a figure comes from -------------------------------------------------------------------------


def test_origins() -> None:
    defined = conv("a", IMAGE, FEATURES, FIVE)
    assert settle([defined])[0].origin == "definition"
    assert settle([bare("relu", FEATURES, FEATURES, "TanH")])[0].origin == "definition"  # its type is enough
    assert settle([CONV1])[0].origin == "inferred"
    spec = settle([CONV1])[0].spec
    assert (spec.type, cost(spec).params) == ("Convolution", (WEIGHT, BIAS))  # by the definition that was inferred
    assert settle([bare("xyzzy", IMAGE, (7, 4, 99, 99))])[0].origin == "unknown"
    assert settle([bare("xyzzy", IMAGE, (7, 4, 99, 99), "Deconvolution")])[0].origin == "definition"
    assert settle([bare("xyzzy", IMAGE, (7, 4, 99, 99), "WarpDrive")])[0].origin == "definition"


def test_a_guess_that_was_dropped_leaves_the_layer_as_it_is() -> None:
    peer = stated("a1/x", IMAGE, (7, 3, 14, 14), 'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }')
    found = resolved(peer, bare("a2/x", IMAGE, (7, 3, 13, 13)))["a2/x"]
    assert (found.spec.type, found.origin) == (None, "unknown")


def test_nothing_is_inferred_where_nothing_lacks() -> None:
    specs = [conv("a", IMAGE, FEATURES, FIVE), bare("tanh", FEATURES, FEATURES, "TanH")]
    assert [one.spec for one in settle(specs)] == specs
    assert settle([]) == ()


def test_layers_of_one_name_are_told_each_by_itself() -> None:
    """The inner nets of recurrent layers repeat names."""
    found = settle([CONV1, bare("conv1", FEATURES, (7, 4, 20, 20)), conv("conv1", IMAGE, FEATURES, FIVE)])
    assert [one.origin for one in found] == ["inferred", "inferred", "definition"]
    assert [one.spec.bottoms for one in found] == [(IMAGE,), (FEATURES,), (IMAGE,)]
