"""The solver's lines, by the million: columns of numbers.

One entry is one kind of line: the pattern that reads every dialect of it, its columns, and templates for the forms that
come by the million (fast/templates.py), which are shortcuts to the same row. The rest of the reader follows from here.
Series: `SERIES_COLUMNS`. A column is NaN (a whole number -1) where the form does not print it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from logparse.reading.line.values import NAN, integer, number
from logparse.reading.messages.patterns.solver_line import (
    DECIMAL,
    NAME,
    WHOLE,
    Template,
    blank,
    called,
    decimal_number,
    derived,
    either,
    name_number,
    solver_line,
    trimmed,
    whole_number,
    word_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.reading.messages.patterns.solver_line import SolverLine

_LOSS: Final = "loss = {loss:f}"
_SPEED: Final = "({iterations_per_second:f} iter/s, {seconds:f}s/{interval:f} iter"
_EPOCH: Final = ", {epoch:f}/{:f}ep"
_WEIGHTED: Final = " (* {loss_weight:f} = {weighted_loss:f} loss)"
_OUTPUT: Final = "{index:d}: {name:s} = {value:f}"
_LR: Final = "Iteration {iteration:d}, lr = {lr:f}"
_DECAY: Final = ", wd = {weight_decay:f}, gs = {gradient_scale:f}"
PLACE_COLUMNS: Final = "layer,part,blob"
_PLACE: Final = "{" + PLACE_COLUMNS + ":k}: {value:f}"
# What forks put behind the last figure of a line: the time that is left, the share that is done, a note in brackets.
_WORDS_AFTER: Final = r"(?:[\s,;|(\[].*)?"
# `NAME = V (* W = P loss)`: W and P of losses only.
_OUTPUT_COLUMNS: Final = (
    whole_number("index"),
    trimmed("name"),
    decimal_number("value"),
    decimal_number("loss_weight"),
    decimal_number("weighted_loss"),
)
_OUTPUT_REGEX: Final = (
    r"\#(?P<index>\d++): (?P<name>.*) = ?(?P<value>VALUE)"
    r"(?: ?\(\\?\* (?P<loss_weight>VALUE) = (?P<weighted_loss>VALUE) loss\))?"
)


def _macs(rows: str, inner: str, weights: str | None, columns: str) -> float:
    factors = map(integer, (columns, rows, inner) if weights is None else (columns, weights))
    return prod(NAN if factor is None else factor for factor in factors)


SOLVER_LINES: Final[tuple[SolverLine, ...]] = (
    solver_line(
        "display",
        r"RANKIteration:? (?P<iteration>\d++)(?:/\d++)?"
        r"(?: \((?:(?P<iterations_per_second>VALUE) iter/s(?:, (?P<seconds>VALUE)s/(?P<interval>VALUE) iters?)?"
        r"|(?P<seconds_alone>VALUE) s|[^()=]*+)\))?"
        r"(?:, (?P<epoch>VALUE)/VALUE ?ep)?(?:, (?![^,=]*loss)[^,=]++)*+,? "
        r"(?:(?:[Tt]rain(?:ing)?|[Ss]moothed|[Aa]verage|[Mm]ean|[Tt]otal) )?loss ?[=:] ?(?P<loss>VALUE)" + _WORDS_AFTER,
        "Iteration 100, loss = 0.202821",
        "Iteration 100 (7.40631 iter/s, 13.502s/100 iters), loss = 0.202821",
        "Iteration 0 (-nan iter/s, 1.12452s/100 iters), loss = nan",
        "Iteration 0 (1.04451 s), loss = 6.91406",
        "    [0.0] Iteration 1000 (21.1608 iter/s, 4.72571s/100 iter), 1.1/10.7ep, loss = 0.012176",
        "Iteration 11760 (1.36 iter/s, 14.65s/20 iters), loss = 0.364  [ 11760 / 350000 ] -> [ 6:25 (H:M) ]",
        "Iteration 100 (0.27 iter/s, 365.05s/100 iter), loss = 14.7898, remaining 121 hours and 33 minutes",
        "Iteration 100 (0.27 iter/s), loss = 14.7898",
        "Iteration 100, 1h 20m to go, loss = 14.7898 (best 14.1)",
        "Iteration: 100/5000, smoothed loss: 14.7898",
        columns=(
            whole_number("iteration"),
            decimal_number("loss"),
            decimal_number("iterations_per_second"),
            either("seconds", "seconds_alone"),
            decimal_number("interval"),
            decimal_number("epoch"),
        ),
        templates=(
            "Iteration {iteration:d}, " + _LOSS,
            "Iteration {iteration:d} " + _SPEED + "s), " + _LOSS,
            "Iteration {iteration:d} " + _SPEED + "), " + _LOSS,
            "Iteration {iteration:d} " + _SPEED + "), " + _LOSS + ", remaining {:d} hours and {:d} minutes",
            "Iteration {iteration:d} ({seconds:f} s), " + _LOSS,
            "    [{:d}.{:d}] Iteration {iteration:d} " + _SPEED + ")" + _EPOCH + ", " + _LOSS,
            "    [{:d}.{:d}] Iteration {iteration:d} " + _SPEED + "), " + _LOSS,
            "    [{:d}.{:d}] Iteration {iteration:d} ({seconds:f} s)" + _EPOCH + ", " + _LOSS,
            "    [{:d}.{:d}] Iteration {iteration:d} ({seconds:f} s), " + _LOSS,
            "    [{:d}.{:d}] Iteration {iteration:d}, " + _LOSS,
        ),
    ),
    # NVCaffe 0.17.3 puts [device.rank] before the lines of training, (device.rank) before those of testing.
    solver_line(
        "train_output",
        r"RANKTrain net output " + _OUTPUT_REGEX,
        "    Train net output #0: loss = 2.40906 (* 1 = 2.40906 loss)",
        "    Train net output #1: loss: classfication-error = 1.83148 (* 1 = 1.83148 loss)",
        "    Train net output #0: accuracy = 0.28125",
        r"    Train net output #0: loss1/loss1_wpqr = 0.00497414 (\* 150 = 0.746121 loss)",
        columns=_OUTPUT_COLUMNS,
        templates=tuple(
            prefix + "Train net output #" + _OUTPUT + weighted
            for prefix in ("    ", "    [{:d}.{:d}]     ")
            for weighted in ("", _WEIGHTED)
        ),
    ),
    solver_line(
        "test_start",
        r"RANK(?:Iteration (?P<iteration>\d++), )?Testing net(?: \(\#(?P<net>\d++)\))?",
        "Iteration 0, Testing net (#0)",
        "Iteration 2000, Testing net",
        "Testing net",
        columns=(whole_number("iteration"), whole_number("net")),
        templates=("Iteration {iteration:d}, Testing net (#{net:d})",),
    ),
    solver_line(
        "test_output",
        r"RANKTest net output (?:mAP )?" + _OUTPUT_REGEX,
        "    Test net output #0: accuracy = 0.0362",
        "Test net output mAP #0: detection_eval = 0.605021",
        "    (0.0)    Test net output #0: accuracy = 0.08",
        "    Test net output #1: loss = 0.0219286 (* 1 = 0.0219286 loss)",
        columns=_OUTPUT_COLUMNS,
        templates=tuple(
            prefix + "Test net output #" + _OUTPUT + weighted
            for prefix in ("    ", "    ({:d}.{:d})    ")
            for weighted in ("", _WEIGHTED)
        ),
    ),
    solver_line(
        "test_score",
        r"Test score \# ?(?P<index>\d++): (?P<value>VALUE)",
        "Test score #0: 0.00518",
        "Test score # 1: 6.90977",
        series="test_output",
        columns=(
            whole_number("index"),
            called("name", "score"),
            decimal_number("value"),
            blank("loss_weight"),
            blank("weighted_loss"),
        ),
    ),
    solver_line(
        "test_loss",
        r"RANKTest loss: (?P<loss>VALUE)",
        "Test loss: 11.1977",
        columns=(decimal_number("loss"),),
        templates=("Test loss: {loss:f}",),
    ),
    solver_line(
        "lr",
        r"RANKIteration (?P<iteration>\d++)(?: \([^()=]*+\))?(?:, (?!lr)[^,=]++)*+, lr = (?P<lr>VALUE)"
        r"(?:, m = (?P<momentum>VALUE))?(?:, lrm = VALUE)?"
        r"(?:, wd = (?P<weight_decay>VALUE))?(?:, gs = (?P<gradient_scale>VALUE))?" + _WORDS_AFTER,
        "Iteration 0, lr = 0.01",
        "Iteration 100, lr = 0.996487, m = 0.9, wd = 0.0005, gs = 169.85",
        "[0.0] Iteration 0, lr = 0.01, m = 0.9, lrm = 0.1, wd = 0.0005, gs = 1",
        "Iteration 40 (14.2/s), lr = 0.01",
        "Iteration 40, lr = 0.01, remaining 1 hours",
        columns=(
            whole_number("iteration"),
            decimal_number("lr"),
            decimal_number("momentum"),
            decimal_number("weight_decay"),
            decimal_number("gradient_scale"),
        ),
        templates=(
            _LR,
            "Iteration {iteration:d} ({:f}/s), lr = {lr:f}",
            _LR + ", m = {momentum:f}",
            _LR + ", m = {momentum:f}" + _DECAY,
            _LR + ", m = {momentum:f}, lrm = {:f}" + _DECAY,
            "[{:d}.{:d}] " + _LR + ", m = {momentum:f}" + _DECAY,
            "[{:d}.{:d}] " + _LR + ", m = {momentum:f}, lrm = {:f}" + _DECAY,
        ),
        mirrors="sgd_solver.cpp",
    ),
    # On any iteration, not only on those that are displayed.
    solver_line(
        "clipping",
        r"Gradient clipping: scaling down gradients \(L2 norm (?P<norm>VALUE) > (?P<threshold>VALUE)\) by scale factor (?P<factor>VALUE)",
        "Gradient clipping: scaling down gradients (L2 norm 2.94716 > 2) by scale factor 0.678619",
        columns=(decimal_number("norm"), decimal_number("threshold"), decimal_number("factor")),
        templates=(
            "Gradient clipping: scaling down gradients (L2 norm {norm:f} > {threshold:f}) by scale factor {factor:f}",
        ),
        mirrors="sgd_solver.cpp",
    ),
    # `caffe test`
    solver_line(
        "test_batch",
        r"Batch (?P<batch>\d++), (?P<name>.*?)(?: = |: ?)(?P<value>VALUE)",
        "Batch 0, accuracy = 0.99",
        "Batch 0, accuracy: 0.99",
        columns=(whole_number("batch"), name_number("name"), decimal_number("value")),
        mirrors="caffe.cpp",
    ),
    # debug_info: `part` is top, bottom or param
    solver_line(
        "debug_blob",
        r"\s*+(?:\[debug_info\] )?\[(?P<stage>Forward|Backward)\] Layer (?P<layer>.*), (?P<part>top|bottom|param) blob (?P<blob>.*)"
        r" (?:data|diff): (?:VALUE \((?P<mean>VALUE)\)|(?P<value>VALUE))",
        "    [Forward] Layer conv1, top blob conv1 data: 0.242374",
        # of July 2014: the sum of absolute values, and their mean
        "    [debug_info] [Forward] Layer mnist, top blob data data: 7065.09 (0.140806)",
        "    [Forward] Layer conv1, param blob 0 data: 0.17962",
        "    [Backward] Layer conv2, bottom blob pool1 diff: 0.000142823",
        series="debug",
        columns=(
            word_number("stage", {"Forward": 0, "Backward": 1}),
            name_number("layer"),
            name_number("part"),
            name_number("blob"),
            either("value", "mean"),
        ),
        templates=(
            Template("    [Forward] " + _PLACE, (("stage", 0),)),
            Template("    [Backward] " + _PLACE, (("stage", 1),)),
        ),
        mirrors="net.cpp",
    ),
    # `caffe time`, per layer
    solver_line(
        "timing",
        r"\s*+(?P<layer>\S(?:.*\S)?)\s++(?P<direction>forward|backward): (?P<ms>VALUE) (?P<unit>ms|milliseconds|seconds)\.",
        "     conv1\tforward: 18.6238 ms.",
        "conv1\tforward: 0.021 seconds.",
        "conv1\tforward: 21 milliseconds.",
        "     conv1   forward: 3.25838 ms.",
        "res2a_res2a_relu_0_split\tbackward: 0.3052 ms.",
        columns=(
            name_number("layer"),
            word_number("direction", {"forward": 0, "backward": 1}),
            derived("ms", DECIMAL, ("ms", "unit"), lambda ms, unit: number(ms) * (1000 if unit == "seconds" else 1)),
            # until 2014 all iterations together, and not their mean
            derived("is_sum", WHOLE, ("unit",), lambda unit: int(unit != "ms")),
        ),
        mirrors="caffe.cpp",
        anywhere=True,
    ),
    # Intel Caffe, built to time its layers, prints each iteration's passes, and at the end the sums of all.
    solver_line(
        "layer_time",
        r"LAYER-(?P<layer_index>\d++) (?P<type>\S.*): (?P<direction>forward|backward|update)_time: (?P<ms>VALUE) ms",
        "LAYER-0 Data: forward_time: 1.636 ms",
        "LAYER-12 Convolution: backward_time: 0.588 ms",
        "LAYER-130 BatchNorm: update_time: 0.22 ms",
        columns=(
            whole_number("layer_index"),
            name_number("type"),
            word_number("direction", {"forward": 0, "backward": 1, "update": 2}),
            decimal_number("ms"),
        ),
        mirrors="net.cpp",
    ),
    # SkimCaffe times each multiplication of a convolution's forward pass, one image and one group at a time; `nnz` are
    # the weights that are not zero.
    solver_line(
        "product",
        r"(?P<layer>\S(?:.*\S)?)\s++group (?P<group>\d++): A\((?P<rows>\d++)x(?P<inner>\d++)(?: nnz:(?P<weights>\d++))?\)"
        r"\*B\(\d++x(?P<columns>\d++)\)=C\(\d++x\d++\) (?P<bytes>\d++) B/ (?P<us>VALUE) us = VALUE MB/s",
        "conv1\t group 0: A(96x363)*B(363x3025)=C(96x3025) 5693292 B/ 1211 us = 4701.31 MB/s",
        "conv2\t group 0: A(128x1200 nnz:35342)*B(1200x729)=C(128x729) 4396848 B/ 987 us = 4454.76 MB/s",
        columns=(
            name_number("layer"),
            whole_number("group"),
            derived("macs", DECIMAL, ("rows", "inner", "weights", "columns"), _macs, whole=True),
            decimal_number("bytes"),
            derived("ms", DECIMAL, ("us",), lambda us: number(us) / 1000),
        ),
        mirrors="base_conv_layer.cpp",
        anywhere=True,
    ),
)
SERIES: Final = tuple(line.pattern for line in SOLVER_LINES)
BY_PATTERN: Final[Mapping[str, SolverLine]] = {line.pattern.name: line for line in SOLVER_LINES}
# Series → its columns, the line's number first.
SERIES_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    line.series: ("line", *(column.name for column in line.columns)) for line in SOLVER_LINES
}
_KINDS: Final = {column.name: column.kind for line in SOLVER_LINES for column in line.columns}
NAME_COLUMNS: Final = frozenset(name for name, kind in _KINDS.items() if kind == NAME)
WHOLE_COLUMNS: Final = NAME_COLUMNS | {"line"} | {name for name, kind in _KINDS.items() if kind == WHOLE}
