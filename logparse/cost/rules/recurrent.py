"""LSTM, RNN and LSTMUnit: T steps, N streams, D inputs, H hidden units.

Source: recurrent_layer.cpp, lstm_layer.cpp, rnn_layer.cpp, lstm_unit_layer.cpp. Caffe unrolls the net
over T; the input product is made once for all steps, the hidden one at each step (the first too).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import GPU, no_buffers
from logparse.cost.rule import Count, Params, Rule, dims, per_top
from logparse.cost.rules.unrolled import Recurrence, activated_gates, lstm_buffers, rnn_buffers
from logparse.cost.spec import ParamBlob
from logparse.cost.traits import Base, InPlace, LayerKind, LayerType, Traits, first_bottom, needed, reads
from logparse.textproto import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logparse.cost.buffer import Need
    from logparse.cost.rule import View
    from logparse.cost.spec import LayerSpec, Shape
    from logparse.cost.traits import Places


def recurrence(layer: View, states: int) -> Recurrence:
    """Read the sizes; `states` is how many hidden states the type exposes (LSTM 2, RNN 1)."""
    message = layer.param("recurrent_param")
    bottom = layer.bottom()
    exposed = states if message.flag("expose_hidden", default=False) else 0
    has_static = len(layer.spec.bottoms) > 2 + exposed
    return Recurrence(
        steps=bottom[0],
        streams=bottom[1],
        inputs=prod(bottom[2:]),
        hidden=message.integer("num_output", 0),
        static=prod(layer.bottom(2)[1:]) if has_static else 0,
        exposed=exposed > 0,
    )


def _shapes(states: int) -> Callable[[View], tuple[Shape | None, ...]]:
    def shapes(layer: View) -> tuple[Shape | None, ...]:
        size = recurrence(layer, states)
        hidden = (1, size.streams, size.hidden)
        return ((size.steps, size.streams, size.hidden), *(hidden for _ in layer.spec.tops[1:]))

    return shapes


def _blobs(gates: int, size: Recurrence) -> tuple[ParamBlob, ...]:
    """Input weights, biases, [weights of the static input,] hidden weights: the inner net's own order."""
    rows = gates * size.hidden
    static = (ParamBlob((rows, size.static), "weight"),) if size.static else ()
    return (
        ParamBlob((rows, size.inputs), "weight"),
        ParamBlob((rows,), "bias"),
        *static,
        ParamBlob((rows, size.hidden), "weight"),
    )


def _widths(size: Recurrence) -> str:
    return " + ".join(str(width) for width in (size.inputs, size.hidden, size.static) if width)


def _lstm_params(layer: View) -> Params:
    size = recurrence(layer, 2)
    rows = f"4·{size.hidden}"
    return Params(_blobs(4, size), f"{rows} × ({_widths(size)}) + {rows} biases")


def _lstm_macs(layer: View) -> Count:
    size = recurrence(layer, 2)
    rows = 4 * size.hidden
    value = size.steps * size.streams * rows * (size.inputs + size.hidden) + size.streams * rows * size.static
    return Count(value, _recurrent_text(size, rows))


def _recurrent_text(size: Recurrence, rows: int) -> str:
    text = f"{size.steps}·{size.streams} × {rows} × ({size.inputs} + {size.hidden})"
    return f"{text} + {size.streams} × {rows} × {size.static}" if size.static else text


_GATE_OPS: Final = 10


def _lstm_ops(layer: View) -> Count:
    """Four gates, cell and hidden update: about ten per hidden unit; the biases of four gates."""
    size = recurrence(layer, 2)
    cells = size.steps * size.streams * size.hidden
    text = f"{size.steps}·{size.streams}·{size.hidden} × ({_GATE_OPS} + 4) (gates and cell, bias adds)"
    return Count(cells * (_GATE_OPS + 4), text)


def _rnn_params(layer: View) -> Params:
    size = recurrence(layer, 1)
    extra = (ParamBlob((size.hidden, size.hidden), "weight"), ParamBlob((size.hidden,), "bias"))
    own = f"{size.hidden} × ({_widths(size)}) + {size.hidden} biases"
    return Params((*_blobs(1, size), *extra), f"{own} + {size.hidden} × {size.hidden} + {size.hidden} biases (output)")


def _rnn_macs(layer: View) -> Count:
    size = recurrence(layer, 1)
    width = size.inputs + 2 * size.hidden
    value = size.steps * size.streams * size.hidden * width + size.streams * size.hidden * size.static
    text = f"{size.steps}·{size.streams} × {size.hidden} × ({size.inputs} + {size.hidden} + {size.hidden})"
    return Count(value, f"{text} + {size.streams} × {size.hidden} × {size.static}" if size.static else text)


def _rnn_ops(layer: View) -> Count:
    """Hidden sum and two biases, two tanh."""
    size = recurrence(layer, 1)
    cells = (size.steps, size.streams, size.hidden)
    return Count(prod(cells) * 5, f"{dims(cells)} × 5 (add, two bias adds, two tanh)")


def _twice_but_first_step(forward: Count, size: Recurrence, rows: int) -> Count:
    """The inner net always computes weights and inputs; only the state before step 1 needs no gradient.

    The inner net is built with `propagate_down` on its inputs and never asks which gradients the outer
    net wants (recurrent_layer.cpp, Backward).
    """
    first = size.streams * rows * size.hidden
    text = f"2 × {forward.value:,} − {size.streams} × {rows} × {size.hidden} (no state before the first step)"
    return Count(2 * forward.value - first, text)


def _lstm_backward(layer: View) -> Count:
    size = recurrence(layer, 2)
    return _twice_but_first_step(_lstm_macs(layer), size, 4 * size.hidden)


def _rnn_backward(layer: View) -> Count:
    size = recurrence(layer, 1)
    return _twice_but_first_step(_rnn_macs(layer), size, size.hidden)


def _unit_shapes(layer: View) -> tuple[Shape | None, ...]:
    return (layer.bottom(), layer.bottom())


def _lstm_buffers(layer: View, device: str) -> Iterator[Need]:
    return lstm_buffers(recurrence(layer, 2), device)


def _rnn_buffers(layer: View, device: str) -> Iterator[Need]:
    return rnn_buffers(recurrence(layer, 1), device)


def _unit_buffers(layer: View, device: str) -> Iterator[Need]:
    if device == GPU:
        yield from activated_gates(layer.bottom(1))


def _inner_bottoms(states: int) -> Places:
    """The inner net computes the gradients of its input, and of a static one, whoever needs them."""

    def rule(spec: LayerSpec, device: str) -> Sequence[int]:
        message = spec.definition.child("recurrent_param") if spec.definition is not None else Message()
        exposed = states if message.flag("expose_hidden", default=False) else 0
        static = (2,) if len(spec.bottoms) > 2 + exposed else ()
        return (*first_bottom(spec, device), *static)

    return rule


_LSTM: Final = "lstm_layer.cpp, recurrent_layer.cpp"
_RNN: Final = "rnn_layer.cpp, recurrent_layer.cpp"


_INNER: Final = Traits(
    kind=LayerKind.RECURRENT,
    base=Base.RECURRENT,
    buffers=no_buffers,
    backward_reads=reads(bottoms="all", private=True),  # its inner net's blobs are its own
    in_place=InPlace.NEVER,
    unforced=(1,),  # never into the marks of where sequences go on (recurrent_layer.hpp)
)


def _unit_bottoms(spec: LayerSpec, _: str) -> Sequence[int]:
    """Backward asks for the gradients of cell and gates where one of them is needed (lstm_unit_layer.cpp)."""
    return range(min(2, len(spec.bottoms))) if needed(spec, 0) or needed(spec, 1) else ()


TYPES: Final = {
    "LSTM": LayerType(
        Rule(_LSTM, _shapes(2), _lstm_params, _lstm_macs, _lstm_ops, _lstm_backward),
        _INNER._replace(buffers=_lstm_buffers, asks_diff=_inner_bottoms(2)),
    ),
    "RNN": LayerType(
        Rule(_RNN, _shapes(1), _rnn_params, _rnn_macs, _rnn_ops, _rnn_backward),
        _INNER._replace(buffers=_rnn_buffers, asks_diff=_inner_bottoms(1)),
    ),
    "LSTMUnit": LayerType(
        Rule("lstm_unit_layer.cpp", _unit_shapes, other_ops=per_top(_GATE_OPS, "gates and cell")),
        Traits(
            kind=LayerKind.RECURRENT,
            base=Base.LAYER,
            buffers=_unit_buffers,
            backward_reads=reads(bottoms="all", tops="first", private=True),
            in_place=InPlace.NEVER,
            asks_diff=_unit_bottoms,
            unforced=(2,),  # never into the marks (lstm_unit_layer.hpp)
        ),
    ),
}
