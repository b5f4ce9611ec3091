"""Private buffers: what each layer type allocates for itself, on the CPU and on the GPU (engine CAFFE)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from logparse.cost.memory.buffers import buffers, prefetch_batches
from logparse.cost.spec import Basis, LayerSpec
from logparse.textproto import parse

if TYPE_CHECKING:
    from logparse.cost.spec import Shape


def layer(text: str, bottom: Shape, top: Shape | None = None, *, in_place: bool = False) -> LayerSpec:
    message = parse(text).root
    spec = LayerSpec("x", message.text("type"), message, (bottom,), (top or bottom,), (in_place,), "TRAIN")
    return replace(spec, backward=True, bottom_needs_grad=(True,))


def sizes(spec: LayerSpec, device: str, element_bytes: int = 4) -> dict[str, int]:
    found = buffers(spec, device, element_bytes)
    assert found.items is not None, found.reason
    return {item.name: item.bytes for item in found.items}


def total(spec: LayerSpec, device: str = "gpu") -> int:
    return sum(sizes(spec, device).values())


SHAPE = (8, 16, 6, 6)
WHOLE = 8 * 16 * 36 * 4


def test_a_convolution_unrolls_one_image_whatever_the_batch() -> None:
    text = 'type: "Convolution" convolution_param { num_output: 64 kernel_size: 3 pad: 1 }'
    found = sizes(layer(text, (32, 64, 224, 224), (32, 64, 224, 224)), "cpu")
    assert found["im2col column"] == 64 * 9 * 224 * 224 * 4
    assert found["bias multiplier"] == 224 * 224 * 4


def test_a_pointwise_convolution_touches_its_column_in_backward_only() -> None:
    text = 'type: "Convolution" convolution_param { num_output: 4 kernel_size: 1 bias_term: false }'
    spec = layer(text, (8, 16, 6, 6), (8, 4, 6, 6))
    assert total(spec) == 16 * 36 * 4
    assert total(replace(spec, phase="TEST")) == 0
    assert total(replace(spec, bottom_needs_grad=(False,))) == 0


def test_a_deconvolution_unrolls_its_top_over_the_map_of_its_bottom() -> None:
    text = 'type: "Deconvolution" convolution_param { num_output: 3 kernel_size: 4 stride: 2 pad: 1 bias_term: false }'
    assert total(layer(text, (1, 5, 10, 10), (1, 3, 20, 20))) == 3 * 16 * 100 * 4


@pytest.mark.parametrize(
    ("text", "in_place", "copies"),
    [
        ('type: "LRN"', False, 1),
        ('type: "ReLU"', True, 0),
        ('type: "Dropout"', True, 1),
        ('type: "PReLU"', True, 1),
        ('type: "Eltwise" eltwise_param { operation: MAX }', False, 1),
        ('type: "Eltwise"', False, 0),
        ('type: "Swish"', False, 2),
        ('type: "SigmoidCrossEntropyLoss"', False, 1),
        ('type: "EuclideanLoss"', False, 1),
        ('type: "BatchNorm"', False, 2),
        ('type: "BatchNorm"', True, 3),
        ('type: "Scale"', True, 1),
        ('type: "Scale"', False, 0),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_whole_copies_of_a_blob(text: str, device: str, *, in_place: bool, copies: int) -> None:
    found = total(layer(text, SHAPE, in_place=in_place), device)
    assert found // WHOLE == copies
    assert found % WHOLE < 0.3 * WHOLE


def test_a_test_net_has_no_dropout_mask_on_the_gpu() -> None:
    spec = replace(layer('type: "Dropout"', SHAPE), phase="TEST")
    assert (total(spec, "gpu"), total(spec, "cpu")) == (0, WHOLE)


def test_max_pooling_keeps_an_index_per_output_unless_a_second_top_takes_it() -> None:
    text = 'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }'
    one = layer(text, SHAPE, (8, 16, 3, 3))
    assert total(one) == 8 * 16 * 9 * 4
    assert total(replace(one, tops=((8, 16, 3, 3), (8, 16, 3, 3)))) == 0
    average = layer(text.replace("kernel", "pool: AVE kernel"), SHAPE, (8, 16, 3, 3))
    assert total(average) == 0


def test_indices_and_masks_stay_small_in_double_nets() -> None:
    spec = layer('type: "Dropout"', SHAPE)
    assert sizes(spec, "gpu", 8) == {"mask": WHOLE}
    assert sizes(layer('type: "LRN"', SHAPE), "gpu", 8) == {"scale": 2 * WHOLE}


def test_the_softmax_loss_holds_its_bottom_once_on_the_cpu_and_twice_on_the_gpu() -> None:
    spec = replace(layer('type: "SoftmaxWithLoss"', (32, 1000)), bottoms=((32, 1000), (32,)), tops=((),))
    assert total(spec, "gpu") == 2 * 32 * 1000 * 4 + 32 * 4
    assert total(spec, "cpu") == 32 * 1000 * 4 + 32 * 4 + 1000 * 4


def test_a_norm_is_one_per_image_or_one_per_place() -> None:
    assert sizes(layer('type: "Normalize" norm_param { }', SHAPE), "cpu")["norms"] == 8 * 4
    places = layer('type: "Normalize" norm_param { across_spatial: false }', SHAPE)
    assert sizes(places, "cpu")["norms"] == 8 * 36 * 4


def test_the_inner_net_of_an_lstm_is_most_of_it() -> None:
    text = 'type: "LSTM" recurrent_param { num_output: 48 }'
    spec = replace(layer(text, (20, 256, 32), (20, 256, 48)), bottoms=((20, 256, 32), (20, 256)))
    cells = 20 * 256 * 48 * 4
    assert 47 * cells <= total(spec, "gpu") <= 53 * cells
    assert total(spec, "cpu") < total(spec, "gpu")


def test_every_buffer_has_its_formula_and_basis() -> None:
    found = buffers(layer('type: "LRN"', SHAPE), "cpu")
    assert found.items is not None
    assert found.items[0].formula == "8·16·6·6 × 4 bytes = 18,432"
    assert found.items[0].basis is Basis.DEFINITION
    relu = buffers(replace(layer('type: "ReLU"', SHAPE), definition=None), "cpu")
    assert (relu.items, relu.total_bytes) == ((), 0)


def test_unknown_is_na_with_the_reason() -> None:
    assert buffers(LayerSpec("x", None, None, (), ())).items is None
    assert "WarpDrive" in buffers(LayerSpec("x", "WarpDrive", None, (), ())).reason
    bare = replace(layer('type: "Convolution"', SHAPE), definition=None)
    assert "definition is missing" in buffers(bare).reason


def test_prefetched_batches_are_four_unless_stated() -> None:
    assert prefetch_batches(layer('type: "Data"', SHAPE)) == 4
    assert prefetch_batches(layer('type: "Data" data_param { prefetch: 10 }', SHAPE)) == 10
    assert prefetch_batches(layer('type: "DummyData" data_param { prefetch: 10 }', SHAPE)) == 0
    assert prefetch_batches(replace(layer('type: "Data"', SHAPE), definition=None)) == 4
    assert prefetch_batches(replace(layer('type: "Data"', SHAPE), type=None)) == 0


@pytest.mark.parametrize("kind", ["Data", "DATA", "ImageData", "WindowData", "AnnotatedData", "VideoData"])
def test_which_layers_prefetch(kind: str) -> None:
    assert prefetch_batches(layer(f'type: "{kind}"', SHAPE)) == 4
