"""The solver's lines, by the million: columns of numbers."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.form import make_pattern

_series = partial(make_pattern, "series", mirrors="solver.cpp")

SERIES: Final = (
    _series(
        "display",
        r"RANKIteration (?P<iteration>\d++)"
        r"(?: \((?:(?P<rate>VALUE) iter/s, (?P<seconds>VALUE)s/(?P<interval>VALUE) iters?|(?P<only_seconds>VALUE) s)\))?"
        r"(?:, (?P<epoch>VALUE)/VALUE ?ep)?, loss = ?(?P<loss>VALUE)(?:\s++\[ \d++ / \d++ \] -> \[[^\]]*+\])?",
        "Iteration 100, loss = 0.202821",
        "Iteration 100 (7.40631 iter/s, 13.502s/100 iters), loss = 0.202821",
        "Iteration 0 (-nan iter/s, 1.12452s/100 iters), loss = nan",
        "Iteration 0 (1.04451 s), loss = 6.91406",
        "    [0.0] Iteration 1000 (21.1608 iter/s, 4.72571s/100 iter), 1.1/10.7ep, loss = 0.012176",
        "Iteration 11760 (1.36 iter/s, 14.65s/20 iters), loss = 0.364  [ 11760 / 350000 ] -> [ 6:25 (H:M) ]",
    ),
    _series(
        "train_output",
        r"RANKTrain net output \#(?P<index>\d++): (?P<name>.*) = ?(?P<value>VALUE)"
        r"(?: ?\(\\?\* (?P<weight>VALUE) = (?P<weighted>VALUE) loss\))?",
        "    Train net output #0: loss = 2.40906 (* 1 = 2.40906 loss)",
        "    Train net output #1: loss: classfication-error = 1.83148 (* 1 = 1.83148 loss)",
        "    Train net output #0: accuracy = 0.28125",
        r"    Train net output #0: loss1/loss1_wpqr = 0.00497414 (\* 150 = 0.746121 loss)",
    ),
    _series(
        "test_output",
        r"RANKTest net output \#(?P<index>\d++): (?P<name>.*) = ?(?P<value>VALUE)"
        r"(?: ?\(\\?\* (?P<weight>VALUE) = (?P<weighted>VALUE) loss\))?",
        "    Test net output #0: accuracy = 0.0362",
        "    (0.0)    Test net output #0: accuracy = 0.08",
        "    Test net output #1: loss = 0.0219286 (* 1 = 0.0219286 loss)",
    ),
    _series("test_score", r"Test score \#(?P<index>\d++): (?P<value>VALUE)", "Test score #0: 0.00518"),
    _series(
        "test_start",
        r"RANK(?:Iteration (?P<iteration>\d++), )?Testing net(?: \(\#(?P<net>\d++)\))?",
        "Iteration 0, Testing net (#0)",
        "Iteration 2000, Testing net",
        "Testing net",
    ),
    _series("test_loss", r"RANKTest loss: (?P<loss>VALUE)", "Test loss: 11.1977"),
    _series(
        "lr",
        r"RANKIteration (?P<iteration>\d++), lr = (?P<lr>VALUE)(?:, m = (?P<momentum>VALUE))?(?:, lrm = VALUE)?"
        r"(?:, wd = (?P<decay>VALUE))?(?:, gs = (?P<scale>VALUE))?",
        "Iteration 0, lr = 0.01",
        "Iteration 100, lr = 0.996487, m = 0.9, wd = 0.0005, gs = 169.85",
        "[0.0] Iteration 0, lr = 0.01, m = 0.9, lrm = 0.1, wd = 0.0005, gs = 1",
        mirrors="sgd_solver.cpp",
    ),
    _series(
        "debug_blob",
        r"\s*+\[(?P<stage>Forward|Backward)\] (?P<where>Layer .*, (?:top|bottom|param) blob .* (?:data|diff)): (?P<value>VALUE)",
        "    [Forward] Layer conv1, top blob conv1 data: 0.242374",
        "    [Forward] Layer conv1, param blob 0 data: 0.17962",
        "    [Backward] Layer conv2, bottom blob pool1 diff: 0.000142823",
        mirrors="net.cpp",
    ),
    _series(
        "timing",
        r"\s*+(?P<layer>\S(?:.*\S)?)\s++(?P<direction>forward|backward): (?P<ms>VALUE) (?:ms|milliseconds)\.",
        "     conv1\tforward: 18.6238 ms.",
        "conv1\tforward: 21 milliseconds.",
        "     conv1   forward: 3.25838 ms.",
        "res2a_res2a_relu_0_split\tbackward: 0.3052 ms.",
        mirrors="caffe.cpp",
        anywhere=True,
    ),
    # SkimCaffe times each multiplication of a convolution, one image and one group at a time; `nnz` are the weights
    # that are not zero.
    _series(
        "product",
        r"(?P<layer>\S(?:.*\S)?)\s++group (?P<group>\d++): A\((?P<rows>\d++)x(?P<inner>\d++)(?: nnz:(?P<weights>\d++))?\)"
        r"\*B\(\d++x(?P<columns>\d++)\)=C\(\d++x\d++\) (?P<bytes>\d++) B/ (?P<us>VALUE) us = VALUE MB/s",
        "conv1\t group 0: A(96x363)*B(363x3025)=C(96x3025) 5693292 B/ 1211 us = 4701.31 MB/s",
        "conv2\t group 0: A(128x1200 nnz:35342)*B(1200x729)=C(128x729) 4396848 B/ 987 us = 4454.76 MB/s",
        mirrors="base_conv_layer.cpp",
        anywhere=True,
    ),
    _series(
        "clipping",
        r"Gradient clipping: scaling down gradients \(L2 norm (?P<norm>VALUE) > (?P<threshold>VALUE)\) by scale factor (?P<factor>VALUE)",
        "Gradient clipping: scaling down gradients (L2 norm 2.94716 > 2) by scale factor 0.678619",
        mirrors="sgd_solver.cpp",
    ),
    _series(
        "test_batch",
        r"Batch (?P<batch>\d++), (?P<name>.*) = (?P<value>VALUE)",
        "Batch 0, accuracy = 0.99",
        mirrors="caffe.cpp",
    ),
)
