"""LSTM, RNN and LSTMUnit: recurrent_layer.cpp, lstm_layer.cpp, rnn_layer.cpp, lstm_unit_layer.cpp.

T = 5 steps, N = 3 streams, H = 2 hidden units, D inputs. The input product is made for all steps at once, the hidden
one at each step, that of a static input once per stream. Backward makes each product's two gradients, but no gradient
for the state before the first step (it comes from a data layer of the inner net).
"""

from __future__ import annotations

from typing import Final

from tests.truth.golden.row import NA, Row, bias, weight

LSTM_MACS: Final = 5 * 3 * (4 * 2) * (7 + 2)
STATIC_MACS: Final = LSTM_MACS + 3 * (4 * 2) * 11
GATES: Final = 5 * 3 * 2 * (10 + 4)  # ten for gates, cell and hidden state, four bias additions
RNN_MACS: Final = 5 * 3 * (2 * 7 + 2 * 2 + 2 * 2)  # input, hidden, output
SETTINGS: Final = "recurrent_param { num_output: 2 }"
EXPOSED: Final = "recurrent_param { num_output: 2 expose_hidden: true }"

LSTM: Final = (
    Row(
        "LSTM",
        "one input per step",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3)),
        tops=((5, 3, 2),),
        blobs=(weight(4 * 2, 7), bias(4 * 2), weight(4 * 2, 2)),  # W_xc, b_c, W_hc
        macs=LSTM_MACS,
        backward_macs=2 * LSTM_MACS - 3 * (4 * 2) * 2,
        other_ops=GATES,
        needs_grad=(True, False),
    ),
    Row(
        "LSTM",
        "its inner net computes every gradient, wanted or not",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3)),
        tops=((5, 3, 2),),
        blobs=(weight(8, 7), bias(8), weight(8, 2)),
        macs=LSTM_MACS,
        backward_macs=2 * LSTM_MACS - 3 * 8 * 2,
        other_ops=GATES,
        needs_grad=(False, False),
    ),
    Row(
        "LSTM",
        "inputs over several axes",
        SETTINGS,
        bottoms=((5, 3, 7, 11), (5, 3)),
        tops=((5, 3, 2),),
        blobs=(weight(8, 7 * 11), bias(8), weight(8, 2)),
        macs=5 * 3 * 8 * (7 * 11 + 2),
        backward_macs=2 * 5 * 3 * 8 * (7 * 11 + 2) - 3 * 8 * 2,
        other_ops=GATES,
    ),
    Row(
        "LSTM",
        "a static input",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3), (3, 11)),
        tops=((5, 3, 2),),
        blobs=(weight(8, 7), bias(8), weight(8, 11), weight(8, 2)),  # W_xc, b_c, W_xc_static, W_hc
        macs=STATIC_MACS,
        backward_macs=2 * STATIC_MACS - 3 * 8 * 2,
        other_ops=GATES,
    ),
    Row(
        "LSTM",
        "a static input over two axes",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3), (3, 11, 13)),
        tops=((5, 3, 2),),
        blobs=(weight(8, 7), bias(8), weight(8, 11 * 13), weight(8, 2)),
        macs=LSTM_MACS + 3 * 8 * 11 * 13,
        backward_macs=2 * (LSTM_MACS + 3 * 8 * 11 * 13) - 3 * 8 * 2,
        other_ops=GATES,
    ),
    Row(
        "LSTM",
        "its states exposed: two more bottoms and tops, none of them a static input",
        EXPOSED,
        bottoms=((5, 3, 7), (5, 3), (1, 3, 2), (1, 3, 2)),
        tops=((5, 3, 2), (1, 3, 2), (1, 3, 2)),
        blobs=(weight(8, 7), bias(8), weight(8, 2)),
        macs=LSTM_MACS,
        backward_macs=2 * LSTM_MACS - 3 * 8 * 2,
        other_ops=GATES,
    ),
    Row(
        "LSTM",
        "its states exposed, and a static input",
        EXPOSED,
        bottoms=((5, 3, 7), (5, 3), (3, 11), (1, 3, 2), (1, 3, 2)),
        tops=((5, 3, 2), (1, 3, 2), (1, 3, 2)),
        blobs=(weight(8, 7), bias(8), weight(8, 11), weight(8, 2)),
        macs=STATIC_MACS,
        backward_macs=2 * STATIC_MACS - 3 * 8 * 2,
        other_ops=GATES,
    ),
    Row(
        "LSTM",
        "no definition: the hidden units are not told",
        None,
        bottoms=((5, 3, 7), (5, 3)),
        printed=((5, 3, 2),),
        blobs=NA("the layer's definition is missing"),
        macs=NA("the layer's definition is missing"),
        backward_macs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
)

RNN: Final = (
    Row(
        "RNN",
        "hidden layer and output layer",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3)),
        tops=((5, 3, 2),),
        blobs=(weight(2, 7), bias(2), weight(2, 2), weight(2, 2), bias(2)),  # W_xh, b_h, W_hh, W_ho, b_o
        macs=RNN_MACS,
        backward_macs=2 * RNN_MACS - 3 * 2 * 2,
        other_ops=5 * 3 * 2 * 5,  # add, two bias additions, two tanh
    ),
    Row(
        "RNN",
        "a static input",
        SETTINGS,
        bottoms=((5, 3, 7), (5, 3), (3, 11)),
        tops=((5, 3, 2),),
        blobs=(weight(2, 7), bias(2), weight(2, 11), weight(2, 2), weight(2, 2), bias(2)),
        macs=RNN_MACS + 3 * 2 * 11,
        backward_macs=2 * (RNN_MACS + 3 * 2 * 11) - 3 * 2 * 2,
        other_ops=5 * 3 * 2 * 5,
    ),
    Row(
        "RNN",
        "its one state exposed",
        EXPOSED,
        bottoms=((5, 3, 7), (5, 3), (1, 3, 2)),
        tops=((5, 3, 2), (1, 3, 2)),
        blobs=(weight(2, 7), bias(2), weight(2, 2), weight(2, 2), bias(2)),
        macs=RNN_MACS,
        backward_macs=2 * RNN_MACS - 3 * 2 * 2,
        other_ops=5 * 3 * 2 * 5,
    ),
)

UNIT: Final = (
    Row(
        "LSTMUnit",
        "one step: cell and hidden state like the first bottom",
        bottoms=((1, 3, 2), (1, 3, 8), (1, 3)),
        tops=((1, 3, 2), (1, 3, 2)),
        # three sigmoids, two tanh, four products (one with `cont`), one sum
        other_ops=3 * 2 * (3 + 2 + 4 + 1),
    ),
)

ROWS: Final = (*LSTM, *RNN, *UNIT)
