"""The blobs of the net that an LSTM or RNN layer unrolls inside itself.

Source: lstm_layer.cpp and rnn_layer.cpp, FillUnrolledNet, and recurrent_layer.cpp. The outer net's memory line does
not count them. Its bottom, `cont` and top share the outer blobs; a blob with two readers is split, so its data is
shared and each reader's gradient is its own. A slice into one step and a join of one step share their blobs. What is
listed meets every cudaMalloc of two runs, and on the CPU the heap's growth in backward, to the byte.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.cost.buffer import BACKWARD, CPU, FORWARD, GPU, SETUP, Need, early

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.spec import Shape


class Recurrence(NamedTuple):
    """The sizes of a recurrent layer; `static` is the width of the input that is the same at all steps, 0 if none.

    `exposed` tells that the first states are bottoms of the layer.
    """

    steps: int
    streams: int
    inputs: int
    hidden: int
    static: int
    exposed: bool = False


class _Cell(NamedTuple):
    """What is unrolled: gates per hidden unit, states handed on, blobs of each step, steps with biases of their own.

    `blobs` are (name, multiple of the hidden units). Of `joined`, the blob that a Concat joins to the top, a single
    step has no memory of its own.
    """

    gates: int
    states: int
    blobs: tuple[tuple[str, int], ...]
    joined: str
    biased_steps: bool = False


_LSTM: Final = _Cell(
    gates=4,
    states=2,
    blobs=(("hidden product", 4), ("gate inputs", 4), ("cells", 1), ("hidden states", 1)),
    joined="hidden states",
)
_RNN: Final = _Cell(
    gates=1,
    states=1,
    blobs=(
        ("hidden product", 1),
        ("hidden inputs", 1),
        ("hidden states", 1),
        ("output product", 1),
        ("outputs per step", 1),
    ),
    joined="outputs per step",
    biased_steps=True,
)


_STATES: Final = ("hidden states", "cells")


def lstm_buffers(size: Recurrence, device: str) -> Iterator[Need]:
    """The inner net of an LSTM; on the GPU each step also keeps its activated gates and their gradient."""
    yield from _unrolled(size, _LSTM, device)
    if device == GPU:
        yield from activated_gates((size.steps, size.streams, 4, size.hidden))


def rnn_buffers(size: Recurrence, device: str) -> Iterator[Need]:
    """The inner net of an RNN."""
    yield from _unrolled(size, _RNN, device)


def activated_gates(shape: Shape) -> Iterator[Need]:
    """LSTMUnit's own copy of its gates on the GPU, and its gradient (X_acts_ in lstm_unit_layer.cu)."""
    yield Need("activated gates", FORWARD, shape)
    yield Need("gradient of activated gates", BACKWARD, shape)


def _unrolled(size: Recurrence, cell: _Cell, device: str) -> Iterator[Need]:
    parts = (_data(size, cell), _gradients(size, cell, device), _ones(size, cell, device))
    yield from (need for part in parts for need in part if prod(need.shape))


def _per_step(size: Recurrence, multiple: int, *, fewer: int = 0) -> Shape:
    return (size.steps - fewer, size.streams, multiple, size.hidden)


def _blobs(size: Recurrence, cell: _Cell) -> Iterator[tuple[str, Shape]]:
    """Every blob that has a gradient of just its own shape."""
    yield "input product", _per_step(size, cell.gates)
    if size.steps > 1:
        yield "input product per step", _per_step(size, cell.gates)
    if size.static:
        yield "static product", (size.streams, cell.gates * size.hidden)
    yield from ((name, _per_step(size, many)) for name, many in cell.blobs if size.steps > 1 or name != cell.joined)


def _data(size: Recurrence, cell: _Cell) -> Iterator[Need]:
    """Where states are exposed the first ones are bottoms and the last ones tops of the layer."""
    if size.steps > 1:
        yield Need("continuation per step", FORWARD, (size.steps, size.streams))
    if not size.exposed:
        yield Need("first states", FORWARD, (cell.states, size.streams, size.hidden))
    yield Need("state let through", FORWARD, _per_step(size, 1))
    for name, shape in _blobs(size, cell):
        is_top = size.exposed and name in _STATES[: cell.states]
        yield Need(name, FORWARD, (size.steps - is_top, *shape[1:]) if is_top else shape)


def _gradients(size: Recurrence, cell: _Cell, device: str) -> Iterator[Need]:
    """No gradient is needed for what was let through to the first step; LSTMUnit asks for one of the first cells.

    On the CPU set-up fills the last states' gradients with zeros; on the GPU that of the cells never gets there.
    """
    last_is_top = size.steps == 1 and cell.joined == "hidden states"
    for name, shape in _blobs(size, cell):
        made_early = name == "hidden states" and device == CPU
        yield Need(f"gradient of {name}", BACKWARD, (size.steps - 1, *shape[1:]) if made_early else shape)
    if cell.states > 1:
        yield Need("gradient of the first cells", BACKWARD, (size.streams, size.hidden))
    yield Need("gradient of state let through", BACKWARD, _per_step(size, 1, fewer=1))
    yield Need("gradient of hidden states, two readers", BACKWARD, _per_step(size, 2, fewer=1))
    if size.static and size.steps > 1:
        shape = (size.steps, size.streams, cell.gates * size.hidden)
        yield Need("gradient of static product, a reader per step", BACKWARD, shape)
    if device == CPU:
        yield Need("gradients of the last states", SETUP, (cell.states - last_is_top, size.streams, size.hidden))


def _ones(size: Recurrence, cell: _Cell, device: str) -> Iterator[Need]:
    """Multipliers of inner layers. Of those without use there is memory on the CPU alone, from set-up on.

    Such are the multipliers with which `cont` scales, and ones and weight of the loss that stands in for the outer
    net's gradient but never runs (recurrent_layer.cpp).
    """
    rows = (size.steps, size.streams)
    yield Need("bias multiplier", _of_rows(prod(rows), device), rows)
    if cell.biased_steps:
        yield Need("bias multipliers per step", _of_rows(size.streams, device), rows)
    if device == CPU:
        yield Need("multipliers of continuation", SETUP, (size.steps, size.hidden))
        yield Need("ones of the loss that stands in", SETUP, (size.steps, size.streams, size.hidden))
        yield Need("weight of the loss that stands in", SETUP, (1,))


def _of_rows(rows: int, device: str) -> str:
    """When an inner product's multiplier is touched; on the GPU that of a single row in backward alone."""
    return early(device) if rows > 1 or device == CPU else BACKWARD
