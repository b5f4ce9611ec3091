"""Every regular expression that reads a Caffe message, with sample lines; nothing else.

A pattern reads the text behind a line's header and must match all of it. `mirrors` names the Caffe source
file that prints it; messages decide, never `file.cpp:NNN`, whose numbers differ in every build. Each sample
is claimed by exactly one pattern (tests/unit/test_patterns.py runs every sample through all of them).

`role` says what becomes of a line: a `record` (set-up, one object each), a row of a `series` (columns of
numbers), an `event`, or `ignored`, for the reason given. Where prose can be glued behind a number (a log
pasted into a web page), the group `glued` takes it.

No pattern can backtrack more than linearly: repeated parts are possessive (`++`, `*+`) or followed by
something they cannot match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

# A value as any C library prints it: 0.5, 1e-05, nan, -nan, inf, 1.#QNAN (Windows), -1.#IND.
_VALUE: Final = r"[-+]?(?:\d[\d.]*+(?:[eE][-+]?\d++)?(?:\#[A-Z]++)?|\.\d++|nan(?:\([^)\s]*+\))?|inf(?:inity)?)"
# NVCaffe puts [device.rank] before a message of training, (device.rank) before one of testing.
_RANK: Final = r"\s*+(?:[\[({](?:n\d++\.)?d?\d++(?:\.r?\d++)?[\])}]\s*+)?"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of message: what reads it, what prints it, what it looks like, what becomes of it."""

    name: str
    regex: re.Pattern[str]
    mirrors: str
    role: str
    samples: tuple[str, ...]
    reason: str = ""
    only_from: str = ""  # the form alone says too little: the header, where it names a file, must agree
    anywhere: bool = False  # starts with a name: its first word cannot be looked up


def make_pattern(
    role: str,
    name: str,
    regex: str,
    *samples: str,
    mirrors: str = "net.cpp",
    reason: str = "",
    only_from: str = "",
    anywhere: bool = False,
) -> Pattern:
    """One row of the table; VALUE and RANK in the regex stand for a number and for a rank prefix."""
    compiled = re.compile(regex.replace("VALUE", _VALUE).replace("RANK", _RANK), re.DOTALL)
    return Pattern(name, compiled, mirrors, role, samples, reason, only_from, anywhere)


_record = partial(make_pattern, "record")
_series = partial(make_pattern, "series", mirrors="solver.cpp")
_event = partial(make_pattern, "event", mirrors="solver.cpp")


# --- a net's set-up (net.cpp, layer_factory.hpp) ---------------------------------------------------------

SETUP: Final = (
    _record(
        "net_parameters",
        r"Initializing net from parameters:\s*+(?P<glued>.*)",
        "Initializing net from parameters: ",
    ),
    _record(
        "creating_layer",
        r"Creating Layer (?P<layer>.*)",
        "Creating Layer conv1",
        "Creating Layer silent/odd name,with spaces -> and <- arrows",
        "Creating Layer ",
    ),
    # NVCaffe 0.16 prints it after the layer's constructor, with the layer's index.
    _record("created_layer", r"Created Layer (?P<layer>.*) \((?P<index>\d++)\)", "Created Layer relu1_1 (3)"),
    _record(
        "factory_layer",
        r"Creating layer (?!')(?!/ name=)(?P<layer>.*)",
        "Creating layer conv1",
        mirrors="layer_factory.hpp",
    ),
    _record(
        "factory_layer_typed",
        r"Creating layer (?:'(?P<quoted>.*)' of type '(?P<quoted_type>[^']*+)'|/ name=(?P<slashed>.*) / type=(?P<slashed_type>\S*+))",
        "Creating layer 'conv1' of type 'Convolution'",
        "Creating layer / name=data / type=HDF5Data",
        mirrors="layer_factory.hpp",
    ),
    _record(
        "net_input",
        r"Input (?P<index>\d++) -> (?P<blob>.*)",
        "Input 0 -> data",
    ),
    # Layer and blob names may hold arrows too: the reader splits at the layer's known name.
    _record(
        "wire",
        r"(?!Input \d++ -> |Creating [Ll]ayer |Setting up |.* backward computation\.\Z)(?P<wire>.* (?:<-|->) .*)",
        "conv1 <- data",
        "conv1 -> conv1",
        "relu1 -> ip1 (in-place)",
        "loss2 -> (automatic)",
        "odd -> name <- odd blob -> name",
        " <- data",
        only_from="net.cpp",
        anywhere=True,
    ),
    _record("setting_up", r"Setting up (?P<layer>.*)", "Setting up conv1", "Setting up "),
    _record(
        "top_shape",
        r"Top shape: ?(?P<dims>(?:-?\d++ )*+)\((?P<count>-?\d++)\)(?P<glued>.*)",
        "Top shape: 64 20 24 24 (737280)",
        "Top shape: 64 (64)",
        "Top shape: (1)",
        "Top shape: 64 500 (32000)all that follows was glued on by a web page",
    ),
    # 2013: channels, height, width, without the batch and without a count.
    _record("top_shape_2013", r"Top shape: (?P<dims>\d++(?: \d++)*+) ?", "Top shape: 96 55 55"),
    _record(
        "top_shape_phase",
        r"(?P<phase>TRAIN|TEST) Top shape for layer (?P<index>\d++) '(?P<layer>.*)' (?P<dims>(?:-?\d++ )*+)\((?P<count>-?\d++)\)",
        "TRAIN Top shape for layer 0 'cifar' 34 3 32 32 (104448)",
        "TEST Top shape for layer 12 'loss' (1)",
    ),
    _record(
        "loss_weight", r"\s*+with loss weight (?P<weight>VALUE)", "    with loss weight 1", "    with loss weight 0.3"
    ),
    _record(
        "memory",
        r"Memory  ?required for [dD]ata:? ?(?P<bytes>\d++)(?P<glued>.*)",
        "Memory required for data: 200960",
        "Memory required for Data 23790808",
        "Memory  required for Data 7225356",
        "Memory required for Data0",
        "Memory required for data: 3887360, said the caption that was glued on",
    ),
    _record(
        "memory_reported",
        r"(?P<label>(?:Top|Bottom|Shared \(in-place\)|Parameters|Parameters shared|Shared \(param\)) memory) \((?P<phase>TRAIN|TEST)\)"
        r" (?:required for|by) data: (?P<data>\d++) diff: (?P<diff>\d++)",
        "Top memory (TRAIN) required for data: 665681920 diff: 665681928",
        "Bottom memory (TRAIN) required for data: 665681920 diff: 665681928",
        "Shared (in-place) memory (TRAIN) by data: 332840960 diff: 332840960",
        "Parameters memory (TEST) required for data: 9330816 diff: 9330816",
        "Parameters shared memory (TEST) by data: 0 diff: 0",
    ),
    _record(
        "memory_optimised",
        r"raw memory (?P<raw>\d++) opt memory (?P<optimised>\d++)",
        "raw memory 21769789368 opt memory 11137430840",
    ),
    _record(
        "sharing_parameters",
        r"Sharing parameters '(?P<param>.*)' owned by layer '(?P<owner>.*)', param index (?P<index>\d++)",
        "Sharing parameters 'conv1_w' owned by layer 'conv1', param index 0",
    ),
    _record(
        "backward_flag",
        r"(?P<layer>.*?) ?(?P<flag>(?:needs|does not need) backward computation)\.",
        "loss needs backward computation.",
        "mnist does not need backward computation.",
        " does not need backward computation.",
        "odd -> name needs backward computation.",
        anywhere=True,
    ),
    _record(
        "net_output",
        r"This network produces output (?P<blob>.*)",
        "This network produces output loss",
        "This network produces output loss: classfication-error",
    ),
    _record("net_done", r"Network initialization done\.", "Network initialization done."),
    _record(
        "filtered_layer",
        r"The NetState (?:phase|level|did not contain|contained).* rule in layer (?P<layer>.*)",
        "The NetState phase (0) differed from the phase (1) specified by a rule in layer mnist",
        "The NetState did not contain stage 'test-on-test' specified by a rule in layer data",
        "The NetState contained a not_stage 'x' specified by a rule in layer data",
    ),
    _record("dropped_layer", r"Dropped [lL]ayer: (?P<layer>.*)", "Dropped layer: conv0/relu"),
    _record(
        "recurrent_start",
        r"Initializing recurrent layer: assuming input batch contains (?P<steps>\d++) timesteps of (?P<streams>\d++) independent streams\.",
        "Initializing recurrent layer: assuming input batch contains 10 timesteps of 4 independent streams.",
        mirrors="recurrent_layer.cpp",
    ),
    _record(
        "recurrent_parameter",
        r"Adding parameter (?P<index>\d++): (?P<param>.*)",
        "Adding parameter 0: W_xc",
        mirrors="recurrent_layer.cpp",
    ),
    _record(
        "data_size",
        r"RANK[oO]utput data size: (?P<dims>\d++(?:, ?\d++)*+)",
        "output data size: 64,1,28,28",
        "[n0.d0.r0] Output data size: 34, 3, 32, 32",
        mirrors="data_layer.cpp",
    ),
)

# --- a run's frame (caffe.cpp, solver.cpp) -----------------------------------------------------------------

RUN: Final = (
    _record(
        "solver_parameters",
        r"Initializing solver from parameters:\s*+(?P<glued>.*)",
        "Initializing solver from parameters: ",
        mirrors="solver.cpp",
    ),
    _record(
        "creating_train_net",
        r"Creating training net(?: from (?:net|train_net) file: (?P<path>.*)| specified in (?P<field>\w++)\.?|\.)",
        "Creating training net from net file: examples/lenet.prototxt",
        "Creating training net from train_net file: train.prototxt",
        "Creating training net specified in net_param.",
        "Creating training net.",
        mirrors="solver.cpp",
    ),
    _record(
        "creating_test_net",
        r"Creating (?:test(?:ing)? net(?: \(\#(?P<index>\d++)\))? specified by (?:(?:net|test_net) file: (?P<path>.*)|(?P<field>\w++))|testing net\.)",
        "Creating test net (#0) specified by net file: resnet-20/trainval.prototxt",
        "Creating test net (#1) specified by test_net_param",
        "Creating testing net.",
        mirrors="solver.cpp",
    ),
    _record("scaffolding_done", r"Solver scaffolding done\.", "Solver scaffolding done.", mirrors="solver.cpp"),
    _record("use_cpu", r"Use CPU\.?", "Use CPU.", mirrors="caffe.cpp"),
    _record("using_gpus", r"Using GPUs (?P<gpus>[\d, ]++)", "Using GPUs 0, 1, 2, 3", mirrors="caffe.cpp"),
    _record(
        "use_gpu",
        r"Use GPU with device ID (?P<gpu>\d++)",
        "Use GPU with device ID 0",
        mirrors="caffe.cpp",
    ),
    _record(
        "gpu_name",
        r"(?:GPU (?P<gpu>\d++): (?P<name>.*)|GPU device name: (?P<device>.*)|GPU (?P<nv_gpu>\d++) '(?P<nv_name>.*)' has compute capability .*)",
        "GPU 0: GeForce GTX 1060 6GB",
        "GPU 7: ",
        "GPU device name: NVIDIA H100 80GB HBM3",
        "GPU 0 'NVIDIA GeForce GTX 1080 Ti' has compute capability 6.1",
        mirrors="caffe.cpp",
    ),
    _record(
        "nvcaffe_banner",
        r"This is NVCaffe (?P<version>\S++) started at (?P<when>.*)",
        "This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018",
        mirrors="caffe.cpp",
    ),
    _record("starting_optimization", r"Starting Optimization", "Starting Optimization", mirrors="caffe.cpp"),
    _record(
        "solving", r"Solving ?(?!environment)(?P<net>.*)", "Solving LeNet", "Solving ", "Solving", mirrors="solver.cpp"
    ),
    _record(
        "lr_policy",
        r"Learning Rate Policy: (?P<policy>.*)",
        "Learning Rate Policy: inv",
        mirrors="solver.cpp",
    ),
    _record(
        "device_query",
        r"Querying (?:GPUs? (?P<gpus>.*)|device ID = (?P<gpu>\d++))",
        "Querying GPUs 0",
        "Querying device ID = 0",
        mirrors="caffe.cpp",
    ),
    _record(
        "test_command",
        r"Running for (?P<iterations>\d++) iterations\.",
        "Running for 30 iterations.",
        mirrors="caffe.cpp",
    ),
    _record("time_command", r"\*\*\* Benchmark begins \*\*\*", "*** Benchmark begins ***", mirrors="caffe.cpp"),
    _record("time_done", r"\*\*\* Benchmark ends \*\*\*", "*** Benchmark ends ***", mirrors="caffe.cpp"),
    _record("test_done", r"Loss: (?P<loss>VALUE)", "Loss: 0.0232649", mirrors="caffe.cpp"),
)

# --- the solver's lines, by the million ---------------------------------------------------------------------

SERIES: Final = (
    _series(
        "display",
        r"RANKIteration (?P<iteration>\d++)"
        r"(?: \((?:(?P<rate>VALUE) iter/s, (?P<seconds>VALUE)s/(?P<interval>VALUE) iters?|(?P<only_seconds>VALUE) s)\))?"
        r"(?:, (?P<epoch>VALUE)/VALUE ?ep)?, loss = ?(?P<loss>VALUE)",
        "Iteration 100, loss = 0.202821",
        "Iteration 100 (7.40631 iter/s, 13.502s/100 iters), loss = 0.202821",
        "Iteration 0 (-nan iter/s, 1.12452s/100 iters), loss = nan",
        "Iteration 0 (1.04451 s), loss = 6.91406",
        "    [0.0] Iteration 1000 (21.1608 iter/s, 4.72571s/100 iter), 1.1/10.7ep, loss = 0.012176",
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
        r"\s*+(?P<layer>\S.*?)\s++(?P<direction>forward|backward): (?P<ms>VALUE) (?:ms|milliseconds)\.",
        "     conv1\tforward: 18.6238 ms.",
        "conv1\tforward: 21 milliseconds.",
        "     conv1   forward: 3.25838 ms.",
        "res2a_res2a_relu_0_split\tbackward: 0.3052 ms.",
        mirrors="caffe.cpp",
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

# --- what happens once in a while -----------------------------------------------------------------------------

EVENTS: Final = (
    _event(
        "snapshot",
        r"Snapshotting (?!solver state)(?:to (?:binary proto file |HDF5 file )?)(?P<path>.*)",
        "Snapshotting to binary proto file snap/lenet_iter_5000.caffemodel",
        "Snapshotting to HDF5 file snap/lenet_iter_5000.caffemodel.h5",
        "Snapshotting to caffe_dishll_train_iter_200",
    ),
    _event(
        "solverstate",
        r"Snapshotting solver state to (?:binary proto file |HDF5 file )?(?P<path>.*)",
        "Snapshotting solver state to binary proto file snap/lenet_iter_5000.solverstate",
        "Snapshotting solver state to HDF5 file lenet_iter_40.solverstate.h5",
        "Snapshotting solver state to snapshots_iter_5000.solverstate",
        mirrors="sgd_solver.cpp",
    ),
    _event(
        "resume",
        r"(?:Resuming from|Restoring previous solver status from) (?P<path>.*)",
        "Resuming from snap/lenet_iter_500.solverstate",
        "Restoring previous solver status from snap/lenet_iter_500.solverstate",
        mirrors="caffe.cpp",
    ),
    _event("finetune", r"Finetuning from (?P<path>.*)", "Finetuning from snap/lenet.caffemodel"),
    _event(
        "restoring_history",
        r"\w*Solver: restoring (?P<what>history)",
        "SGDSolver: restoring history",
        mirrors="sgd_solver.cpp",
        anywhere=True,
    ),
    _event(
        "multistep",
        r"MultiStep Status: Iteration (?P<iteration>\d++), step = (?P<value>\d++)",
        "MultiStep Status: Iteration 60, step = 1",
        mirrors="sgd_solver.cpp",
    ),
    _event("stopped_early", r"Optimization stopped early\.", "Optimization stopped early."),
    _event(
        "done",
        r"Optimization Done(?: in .*)?\.?",
        "Optimization Done.",
        "Optimization Done in 48m 26s",
    ),
    _event("test_interrupted", r"Test interrupted\.", "Test interrupted."),
    _event(
        "stall",
        r"(?:Waiting for data|Data layer prefetch queue empty)",
        "Waiting for data",
        "Data layer prefetch queue empty",
        mirrors="blocking_queue.cpp",
    ),
    _event(
        "initial_loss",
        r"Initial loss: (?P<value>VALUE)",
        "Initial loss: 7.2741",
        mirrors="caffe.cpp",
    ),
    _event(
        "time_total",
        r"(?P<what>Average Forward pass|Average Backward pass|Average Forward-Backward|Total Time|Forward pass|Backward pass): (?P<value>VALUE) (?:ms|milliseconds)\.",
        "Average Forward pass: 255.723 ms.",
        "Total Time: 4071 ms.",
        "Forward pass: 255 milliseconds.",
        "Backward pass: 255 milliseconds.",
        mirrors="caffe.cpp",
    ),
    _event(
        "time_iteration",
        r"Iteration: (?P<iteration>\d++) forward-backward time: (?P<value>VALUE) (?:ms|milliseconds)\.",
        "Iteration: 1 forward-backward time: 1275 ms.",
        mirrors="caffe.cpp",
    ),
    _event(
        "test_result",
        r"(?!Batch |Iteration |Querying |MultiStep )(?P<what>[^\s=:\[]\S*+(?: \S++)*?) = (?P<value>VALUE)(?: \(\* VALUE = VALUE loss\))?",
        "loss = 0.0232649 (* 1 = 0.0232649 loss)",
        "accuracy = 0.99",
        mirrors="caffe.cpp",
        only_from="caffe.cpp",
        anywhere=True,
    ),
    _event(
        "img_per_second",
        r"(?:RANK|\[\w++\] )(?P<what>Overall multi-GPU performance|multi-GPU performance): (?P<value>VALUE) img/sec.*",
        "Overall multi-GPU performance: 16861 img/sec",
        "multi-GPU performance: 16861 img/sec",
        mirrors="parallel.cpp",
    ),
    _event(
        "tests_completed",
        r"RANK(?:\[MultiGPU\] )?Tests completed in (?P<value>VALUE)s",
        "Tests completed in 4.69379s",
        "[MultiGPU] Tests completed in 0.01903s",
    ),
    _event(
        "debug_norms",
        r"\s*+\[(?:Backward|Update)\] (?P<what>All net params) \(data, diff\): L1 norm = \(VALUE, VALUE\); L2 norm = \(VALUE, (?P<value>VALUE)\)",
        "    [Backward] All net params (data, diff): L1 norm = (13502, 939.161); L2 norm = (24.1154, 2.94716)",
        mirrors="net.cpp",
    ),
    _event(
        "debug_update",
        r"\s*+\[Update\] (?P<what>Layer .*, param .*) (?:data: VALUE; )?diff: (?P<value>VALUE)",
        "    [Update] Layer conv1, param 0 data: 0.179042; diff: 1.69144e-06",
        "    [Update] Layer conv1_p, param blob conv1_w (owned by layer conv1, param conv1_w) diff: 8.95026e-08",
        mirrors="net.cpp",
    ),
)

PATTERNS: Final[tuple[Pattern, ...]] = (*SETUP, *RUN, *SERIES, *EVENTS)
BY_NAME: Final = {pattern.name: pattern for pattern in PATTERNS}
