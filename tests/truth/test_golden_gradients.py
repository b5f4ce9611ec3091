"""Whose gradient memory a layer asks for, against the table from the sources (golden/gradients.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from logparse.cost.costing import cost
from logparse.cost.layer_types import LAYER_TYPES
from logparse.cost.memory.blobs import diff_blobs
from logparse.cost.memory.layer import LayerMemory, known_type
from logparse.cost.spec import LayerSpec
from logparse.textproto import parse
from tests.truth.golden.gradients import GRADIENTS

if TYPE_CHECKING:
    from tests.truth.golden.gradients import Gradients

MAP: Final = (2, 3, 5, 7)
VALUES: Final = 2 * 3 * 5 * 7
FROZEN: Final = " param { lr_mult: 0 }" * 3


def memory(layer: LayerSpec, bottoms: tuple[str, ...], tops: tuple[str, ...]) -> LayerMemory:
    params = cost(layer).params or ()
    return LayerMemory(
        spec=layer,
        kind=known_type(layer.type),
        bottoms=bottoms,
        tops=tops,
        counts=(VALUES,) * len(tops),
        losses=(False,) * len(tops),
        params=params,
        owned=tuple(range(len(params))),
    )


def in_a_net(row: Gradients) -> tuple[LayerMemory, LayerMemory]:
    """A source, and the layer over it; its parameters are frozen where `caffe time` alone runs its Backward."""
    bottoms, tops = tuple(f"b{place}" for place in range(row.bottoms)), tuple(f"t{place}" for place in range(row.tops))
    layer = LayerSpec(
        name="x",
        type=row.type,
        definition=parse(f'name: "x" {row.settings}{FROZEN if row.timed else ""}').root,
        bottoms=(MAP,) * row.bottoms,
        tops=(MAP,) * row.tops,
        in_place=(False,) * row.tops,
        phase="TRAIN",
        backward=not row.timed,
        bottom_needs_grad=tuple(name in row.needed.split() for name in bottoms),
    )
    source = LayerSpec("source", "Input", parse('name: "source"').root, (), (MAP,) * row.bottoms, phase="TRAIN")
    return memory(source, (), bottoms), memory(layer, bottoms, tops)


def asked(layers: tuple[LayerMemory, LayerMemory], device: str, *, timed: bool = False) -> set[str]:
    return {blob.name for blob in diff_blobs(layers, device, timed=timed)}


@pytest.mark.parametrize("row", GRADIENTS, ids=str)
def test_whose_gradient_memory_backward_asks_for(row: Gradients) -> None:
    source, layer = in_a_net(row)
    for device in row.devices:
        forward = asked((source, replace(layer, spec=replace(layer.spec, backward=False))), device)
        found = asked((source, layer), device, timed=row.timed)
        assert found - forward == set(row.asked.split()) - forward


# -- the first touch -----------------------------------------------------------------------------------

# Whose Forward_gpu takes memory of its own before its top's: the first request that may fail is for a buffer. (Softmax
# and LRN do not: mutable_gpu_data of the top stands before that of scale_ in softmax_layer.cu and lrn_layer.cu.)
BUFFERS_FIRST: Final = {
    "Swish",  # swish_layer.cpp: sigmoid_input_
    "SoftmaxWithLoss",  # softmax_loss_layer.cu: the inner Softmax's top is prob_
    "InfogainLoss",  # infogain_loss_layer.cpp: likewise
    # The top of these is written through mutable_cpu_data
    "EuclideanLoss",  # euclidean_loss_layer.cu: diff_
    "ContrastiveLoss",  # contrastive_loss_layer.cu: diff_
    "SigmoidCrossEntropyLoss",  # sigmoid_cross_entropy_loss_layer.cu: sigmoid_output_
    "Reduction",  # reduction_layer.cu: sum_multiplier_
}


def test_whose_first_allocation_on_the_device_is_a_buffer() -> None:
    assert {name for name, row in LAYER_TYPES.items() if row.traits.buffer_first} == BUFFERS_FIRST
