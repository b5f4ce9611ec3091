"""TI's caffe-jacinto: how sparse its weights are being made, and in how many bits it counts."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_sparse = partial(make_pattern, "ignored", mirrors="net.cpp", reason="sparsity of the parameters")
_quantised = partial(make_pattern, "ignored", mirrors="net.cpp", reason="word lengths of a quantised net")

JACINTO: Final = (
    _sparse(
        "jacinto_sparsity",
        r"(?:Num Params\(\d++\), Sparsity \(zero_weights/count\):|Total Sparsity \(zero_weights/count\) =.*"
        r"|Sparsity after update:|All zero weights of convolution layers are frozen)\s*+",
        "Num Params(48), Sparsity (zero_weights/count): ",
        "Total Sparsity (zero_weights/count) =  (1.9e+06/2.6e+06) 0.727",
        "Sparsity after update:",
        "All zero weights of convolution layers are frozen",
    ),
    _sparse(
        "jacinto_sparsity_of",
        r"\S+?_param_\d++\(VALUE\) ?",
        "conv1a_param_0(0.125) ",
        only_from="net.cpp",
        anywhere=True,
    ),
    _sparse(
        "jacinto_target",
        r"(?:Finding and applying sparsity: VALUE|sparsity_target=VALUE sparsity_factor=VALUE iter=\d++)",
        "Finding and applying sparsity: 0.42",
        "sparsity_target=0.8 sparsity_factor=0.42 iter=2000",
        mirrors="solver.cpp",
    ),
    _sparse(
        "jacinto_threshold",
        r"\S++ (?:ni=\d++ no=\d++|MaxAbsWeight=VALUE MaxThreshold=VALUE SelectedThreshold=VALUE ZeroPercentage=VALUE)",
        "conv1a ni=3 no=32",
        "conv1a MaxAbsWeight=0.61 MaxThreshold=0.12 SelectedThreshold=0.01 ZeroPercentage=42",
        only_from="net.cpp",
        anywhere=True,
    ),
    _quantised(
        "jacinto_quantising",
        r"Quantizing the net: .*",
        "Quantizing the net: jsegnet21v2 Train",
        mirrors="solver.cpp",
    ),
    _quantised(
        "jacinto_quantisation",
        r"(?:Enabling|Disabling) quantization .*",
        "Enabling quantization at output of: Convolution conv1a",
    ),
    _quantised(
        "jacinto_words",
        r"\s*+Q (?:params|input|output) ?: ?\d++ Name: ?.*",
        " Q params:3 Name:conv1a bw_weights:8 fl_weights:7 min_weights:-0.6 max_weights:0.5",
        " Q input :3 Name:conv1a bw_in:8 fl_in:0 min_in:-128 max_in:127",
        " Q output:3 Name:conv1a bw_out:8 fl_out:4 min_out:0 max_out:12.5 unsigned_out:1",
    ),
)
