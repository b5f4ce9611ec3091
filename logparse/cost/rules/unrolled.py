"""The blobs of the net that an LSTM or RNN layer unrolls inside itself.

Source: lstm_layer.cpp and rnn_layer.cpp, FillUnrolledNet. The outer net's memory line does not count
them. Its bottom, `cont` and top share the outer blobs; a blob with two readers is split, so its data is
shared and each reader's gradient is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.buffer import BACKWARD, FORWARD, GPU, Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.cost.spec import Shape


class Recurrence(NamedTuple):
    """The sizes of a recurrent layer; `static` is the width of the input that is the same at all steps, 0 if none."""

    steps: int
    streams: int
    inputs: int
    hidden: int
    static: int


class InnerBlob(NamedTuple):
    """One kind of blob over all steps, and whether it is the gradient half."""

    name: str
    shape: Shape
    is_gradient: bool


def _each(size: Recurrence, names: tuple[tuple[str, int], ...], *, is_gradient: bool) -> Iterator[InnerBlob]:
    """`names` are (blob, hidden units' multiple); all have one value per step and stream."""
    for name, multiple in names:
        yield InnerBlob(name, (size.steps, size.streams, multiple, size.hidden), is_gradient)


_LSTM_BLOBS = (
    ("input product", 4),
    ("input product per step", 4),
    ("state let through", 1),
    ("hidden product", 4),
    ("gate inputs", 4),
    ("cells", 1),
    ("hidden states", 1),
)
_GATES = (("activated gates", 4),)
_TWO_READERS = (("hidden states, two readers", 2),)
_RNN_BLOBS = (
    ("input product", 1),
    ("input product per step", 1),
    ("state let through", 1),
    ("hidden product", 1),
    ("hidden inputs", 1),
    ("hidden states", 1),
    ("output product", 1),
    ("outputs per step", 1),
)


def _unrolled(size: Recurrence, blobs: tuple[tuple[str, int], ...], states: int) -> Iterator[InnerBlob]:
    yield InnerBlob("continuation per step", (size.steps, size.streams), is_gradient=False)
    yield InnerBlob("first states", (states, size.streams, size.hidden), is_gradient=False)
    yield from _each(size, blobs, is_gradient=False)
    gradients = tuple((f"gradient of {name}", multiple) for name, multiple in (*blobs, *_TWO_READERS))
    yield from _each(size, gradients, is_gradient=True)


def lstm_buffers(size: Recurrence, device: str) -> Iterator[Need]:
    """The inner net of an LSTM; on the GPU each step also keeps its activated gates and their gradient."""
    yield from map(_need, _unrolled(size, _LSTM_BLOBS, 2))
    if device == GPU:
        yield from map(_need, _each(size, _GATES, is_gradient=False))
        yield from map(_need, _each(size, (("gradient of activated gates", 4),), is_gradient=True))


def rnn_buffers(size: Recurrence) -> Iterator[Need]:
    """The inner net of an RNN."""
    yield from map(_need, _unrolled(size, _RNN_BLOBS, 1))


def _need(blob: InnerBlob) -> Need:
    return Need(blob.name, BACKWARD if blob.is_gradient else FORWARD, blob.shape)
