"""One small run, told in every dialect: whatever stands before the messages and however the bytes are stored, the
same is read. Then the dialects whose messages differ, each with what must be read from it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.api import Log

DUMP = """\
name: "tiny"
state {
  phase: TRAIN
}
layer {
  name: "data"
  type: "Data"
  top: "data"
  top: "label"
}
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  convolution_param {
    num_output: 2
    kernel_size: 3
  }
}
"""
# (source file, message, lines without a header that follow): a train net, a display, a test, the end.
Step = tuple[str, str, str]
RUN: list[Step] = [
    ("caffe.cpp", "Use CPU.", ""),
    ("solver.cpp", "Initializing solver from parameters: ", 'base_lr: 0.01\nmax_iter: 20\nlr_policy: "fixed"\n'),
    ("solver.cpp", "Creating training net from net file: net.prototxt", ""),
    (
        "net.cpp",
        "Initializing net from parameters: ",
        DUMP,
    ),
    ("layer_factory.hpp", "Creating layer data", ""),
    ("net.cpp", "Creating Layer data", ""),
    ("net.cpp", "data -> data", ""),
    ("net.cpp", "data -> label", ""),
    ("net.cpp", "Setting up data", ""),
    ("net.cpp", "Top shape: 4 3 8 8 (768)", ""),
    ("net.cpp", "Top shape: 4 (4)", ""),
    ("net.cpp", "Memory required for data: 3088", ""),
    ("layer_factory.hpp", "Creating layer conv1", ""),
    ("net.cpp", "Creating Layer conv1", ""),
    ("net.cpp", "conv1 <- data", ""),
    ("net.cpp", "conv1 -> conv1", ""),
    ("net.cpp", "Setting up conv1", ""),
    ("net.cpp", "Top shape: 4 2 6 6 (288)", ""),
    ("net.cpp", "Memory required for data: 4240", ""),
    ("net.cpp", "conv1 needs backward computation.", ""),
    ("net.cpp", "data does not need backward computation.", ""),
    ("net.cpp", "Network initialization done.", ""),
    ("solver.cpp", "Solver scaffolding done.", ""),
    ("caffe.cpp", "Starting Optimization", ""),
    ("solver.cpp", "Solving tiny", ""),
    ("solver.cpp", "Learning Rate Policy: fixed", ""),
    ("solver.cpp", "Iteration 0 (0 iter/s, 0.5s/10 iters), loss = 2.5", ""),
    ("solver.cpp", "    Train net output #0: loss = 2.5 (* 1 = 2.5 loss)", ""),
    ("sgd_solver.cpp", "Iteration 0, lr = 0.01", ""),
    ("solver.cpp", "Iteration 10, Testing net (#0)", ""),
    ("solver.cpp", "    Test net output #0: accuracy = 0.25", ""),
    ("solver.cpp", "Iteration 10 (20 iter/s, 0.5s/10 iters), loss = 1.25", ""),
    ("solver.cpp", "    Train net output #0: loss = 1.25 (* 1 = 1.25 loss)", ""),
    ("sgd_solver.cpp", "Iteration 10, lr = 0.01", ""),
    ("solver.cpp", "Optimization Done.", ""),
]


def told(header: Callable[[str, int], str], before: str = "", steps: list[Step] = RUN) -> str:
    """The run with a header before each message; `before` stands before every line, dumps too."""
    lines = []
    for second, (file, message, rest) in enumerate(steps):
        lines.append(before + header(file, second) + message)
        lines += [before + line for line in rest.splitlines()]
    return "\n".join(lines) + "\n"


def glog(file: str, second: int) -> str:
    return f"I1124 10:43:{second:02d}.250000 23669 {file}:101] "


def check_run(log: Log) -> None:
    """All that the run says."""
    [attempt] = log.facts.attempts
    [net] = attempt.nets
    assert [layer.name for layer in net.layers] == ["data", "conv1"]
    assert [layer.type for layer in net.layers] == ["Data", "Convolution"]
    assert [top.shape for layer in net.layers for top in layer.tops] == [(4, 3, 8, 8), (4,), (4, 2, 6, 6)]
    assert [layer.logged_bytes for layer in net.layers] == [3088, 4240]
    assert [layer.backward for layer in net.layers] == [False, True]
    assert (net.name, net.phase, net.done, net.element_bytes) == ("tiny", "TRAIN", True, 4)
    assert attempt.solver is not None
    assert attempt.solver.integer("max_iter", 0) == 20
    assert (attempt.command, attempt.mode, attempt.outcome) == ("train", "CPU", "done")
    assert log.train["iteration"].tolist() == [0, 10]
    assert log.train["loss"].tolist() == [2.5, 1.25]
    assert log.test["value"].tolist() == [0.25]
    assert log.lr["lr"].tolist() == [0.01, 0.01]
    assert log.parsed_share == 1.0


HEADERS = {
    "glog": glog,
    "glog 0.5, with the year": lambda file, s: f"I20261124 10:43:{s:02d}.250000 23669 {file}:101] ",
    "thread of six digits": lambda file, s: f"I1124 10:43:{s:02d}.250000 214968 {file}:101] ",
    "thread of three digits": lambda file, s: f"I1124 10:43:{s:02d}.250000   173 {file}:101] ",
    "thread of macOS": lambda file, s: f"I1124 10:43:{s:02d}.250000 1959801216 {file}:101] ",
    "path of a Windows build": lambda file, s: f"I1124 10:43:{s:02d}.250000  6156 C:\\app\\src\\caffe\\{file}:101] ",
    "application before it": lambda file, s: f"LogCaffe: I1124 10:43:{s:02d}.250000  6156 ..\\src\\{file}:101] ",
    "time dropped": lambda file, _s: f"I1124 12343 {file}:101] ",
    "time and thread dropped": lambda file, _s: f"I1124 {file}:101] ",
    "logger without a file": lambda _file, s: f"INFO - 10:43:{s:02d} - ",
    "logger of epoch seconds": lambda file, s: f"{1508138445 + s}  INFO: src/caffe/{file} : line 218 : ",
}


@pytest.mark.parametrize("name", HEADERS)
def test_whatever_the_header(name: str) -> None:
    check_run(parse_log(told(HEADERS[name]).encode()))


BEFORE = {
    "quoted in Markdown": "> ",
    "indented in Markdown": "    ",
    "rank of mpirun -l": "[0] ",
    "rank of Open MPI": "[1,0]<stderr>:",
    "time stamp of a pipe": "2018-01-16T15:15:02.123Z ",
    "container": "worker_1  | ",
    "name of grep": "train.log:",
}


@pytest.mark.parametrize("name", BEFORE)
def test_whatever_stands_before_it(name: str) -> None:
    check_run(parse_log(told(glog, BEFORE[name]).encode()))


def test_two_ranks_side_by_side_are_one_run() -> None:
    lines = told(glog).splitlines()
    both = "\n".join(f"[{rank}] {line}" for line in lines for rank in (0, 1)) + "\n"

    check_run(parse_log(both.encode()))


def coloured(text: str) -> str:
    return text.replace("Iteration", "\x1b[1;32m\x1b[KIteration\x1b[m")


def notebook(text: str) -> str:
    lines = [json.dumps(line + "\n") for line in text.splitlines()]
    return '{"cells": [{"outputs": [{"text": [\n' + ",\n".join(f"      {line}" for line in lines) + "\n]}]}]}\n"


def of_docker(text: str) -> str:
    lines = [json.dumps({"log": line + "\n", "stream": "stderr", "time": "x"}) for line in text.splitlines()]
    return "\n".join(line.replace('": "', '":"').replace('", "', '","') for line in lines) + "\n"


BYTES: dict[str, Callable[[str], bytes]] = {
    "CR LF": lambda text: text.replace("\n", "\r\n").encode(),
    "lone CR": lambda text: text.replace("\n", "\r").encode(),
    "UTF-8 with BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16 LE with BOM": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16 BE with BOM": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "UTF-16 with CR LF": lambda text: b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"),
    "ANSI colours": lambda text: coloured(text).encode(),
    "NUL bytes between lines": lambda text: text.replace("\n", "\n\x00\x00", 3).encode(),
    "no final line end": lambda text: text.rstrip("\n").encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "notebook": lambda text: notebook(text).encode(),
    "container's log file": lambda text: of_docker(text).encode(),
}


@pytest.mark.parametrize("name", BYTES)
def test_however_the_bytes_are_stored(name: str) -> None:
    check_run(parse_log(BYTES[name](told(glog))))


def test_zstandard() -> None:
    zstandard = pytest.importorskip("zstandard")

    check_run(parse_log(zstandard.ZstdCompressor().compress(told(glog).encode())))


def test_merge_markers_are_foreign() -> None:
    log = parse_log(f"<<<<<<< HEAD\n{told(glog)}=======\n>>>>>>> 04d0ef7e\n".encode())

    check_run(log)
    assert {row.example for row in log.facts.ledger if row.kind == "foreign"} == {
        "<<<<<<< HEAD",
        "=======",
        ">>>>>>> 04d0ef7e",
    }


def test_the_file_that_glog_writes_names_the_year() -> None:
    head = "Log file created at: 2015/11/24 10:42:59\nRunning on machine: vm\n"
    log = parse_log((head + told(glog)).encode())

    check_run(log)
    assert (log.facts.year, log.facts.year_origin) == (2015, "Log file created at, line 1")
    assert log.attempts["start"].tolist() == ["2015-11-24T10:43:00.250000"]
    assert log.attempts["duration_s"].tolist() == [34.0]


@pytest.mark.parametrize(
    "name", ["卷积1", "couche é", "layer/with slash", "a -> b", "1x1", "x: y", "50%", "'q'", "Iteration 5"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_whatever_a_layer_is_called(name: str, encoding: str) -> None:
    text = told(glog).replace("conv1", name)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("this name does not exist in that encoding")
    [attempt] = parse_log(data).facts.attempts

    second = attempt.nets[0].layers[1]
    assert second.bottoms == ("data",)
    assert second.tops[0].shape == (4, 2, 6, 6)
    assert second.logged_bytes == 4240
    assert second.backward
    assert second.type == "Convolution"
    assert second.name == (name if encoding == "utf-8" or name.isascii() else second.name)


@pytest.mark.parametrize("raw", [b"/data/\xd5\xc5\xc8\xfd/net.prototxt", b"/data/fran\xe7ais/net.prototxt"])
def test_a_path_in_another_encoding_stays_readable(raw: bytes) -> None:
    data = told(glog).encode().replace(b"net.prototxt", raw)

    check_run(parse_log(data))


def test_a_tail_begins_in_mid_line() -> None:
    text = told(glog)
    log = parse_log(text[text.index("Iteration 0 (") - 8 :].encode())

    assert log.train["iteration"].tolist() in ([0, 10], [10])
    assert log.test["value"].tolist() == [0.25]
    assert [attempt.outcome for attempt in log.facts.attempts] == ["done"]


def test_only_what_a_grep_left() -> None:
    lines = [line for line in told(glog).splitlines() if "Iteration" in line and "loss" in line]
    log = parse_log("\n".join(lines).encode())

    assert log.train["loss"].tolist() == [2.5, 1.25]
    assert len(log.facts.attempts) == 1
    assert log.parsed_share == 1.0


# --- messages that differ -----------------------------------------------------------------------------------


def read(*messages: str, file: str = "net.cpp") -> Log:
    """Each message behind a header, from the file named before a bar, else from `file`."""
    lines = []
    for second, message in enumerate(messages):
        origin, bar, rest = message.partition("|")
        place, text = (origin, rest) if bar and origin.endswith(("pp", "cu")) else (file, message)
        lines.append(text if place == "none.cpp" else glog(place, second % 60) + text)
    return parse_log("\n".join(lines).encode() + b"\n")


def test_2013_shapes_without_batch_and_count() -> None:
    log = read("Creating Layer conv1", "conv1 <- data", "conv1 -> conv1", "Top shape: 96 55 55")

    [layer] = log.facts.attempts[0].nets[0].layers
    assert layer.tops[0].shape == (96, 55, 55)
    assert log.parsed_share == 1.0


def test_2014_no_setting_up_and_flags_at_once() -> None:
    log = read(
        "train_net.cpp|Starting Optimization",
        "solver.cpp|Creating training net.",
        "Creating Layer data",
        "data -> data",
        "Top shape: 128 3 227 227 (19787136)",
        "data does not need backward computation.",
        "Creating Layer relu3",
        "relu3 <- conv3",
        "relu3 -> conv3 (in-place)",
        "Top shape: 128 384 13 13 (8306688)",
        "relu3 needs backward computation.",
        "Collecting Learning Rate and Weight Decay.",
        "Network initialization done.",
        "Memory required for Data 112375296",
        "solver.cpp|Creating testing net.",
        "Creating Layer data",
        "data -> data",
        "Top shape: 50 3 227 227 (7729350)",
        "Network initialization done.",
        "solver.cpp|Solver scaffolding done.",
        "solver.cpp|Iteration 0, Testing net",
        "solver.cpp|Test score #0: 0.00518",
        "solver.cpp|Test score #1: 6.9",
        "solver.cpp|Iteration 20, lr = 0.01",
        "solver.cpp|Iteration 20, loss = 6.91",
    )

    [attempt] = log.facts.attempts
    train, test = attempt.nets
    assert [layer.name for layer in train.layers] == ["data", "relu3"]
    assert [layer.backward for layer in train.layers] == [False, True]
    assert train.layers[1].tops[0].in_place
    assert (train.phase, train.total_bytes, test.phase) == ("TRAIN", 112375296, "TEST")
    assert log.test["value"].tolist() == [0.00518, 6.9]
    assert log.train["loss"].tolist() == [6.91]
    assert log.parsed_share == 1.0


def test_nvcaffe_says_types_phases_and_what_it_holds() -> None:
    log = read(
        "caffe.cpp|This is NVCaffe 0.17.0 started at Fri Nov 24 10:42:37 2017",
        "caffe.cpp|CuDNN version: 7600",
        "caffe.cpp|Use GPU with device ID 0",
        "solver.cpp|Initializing solver from parameters: ",
        "none.cpp|max_iter: 100",
        "net.cpp|Using FLOAT as default forward math type",
        "layer_factory.hpp|Creating layer 'cifar' of type 'Data'",
        "layer_factory.hpp|Layer's types are Ftype:FLOAT Btype:FLOAT Fmath:FLOAT Bmath:FLOAT",
        "Created Layer cifar (0)",
        "cifar -> data",
        "data_layer.cpp|[n0.d0.r0] Output data size: 34, 3, 32, 32",
        "Setting up cifar",
        "TRAIN Top shape for layer 0 'cifar' 34 3 32 32 (104448)",
        "layer_factory.hpp|Creating layer 'conv1' of type 'Convolution'",
        "Created Layer conv1 (1)",
        "conv1 <- data",
        "conv1 -> conv1",
        "cudnn_conv_layer.cpp|[n0.d0.r0] Conv Algos (F,BD,BF): 'conv1' with space 4.19M 1/1 -> [3464 6888 0] 1 1 0",
        "Setting up conv1",
        "TRAIN Top shape for layer 1 'conv1' 34 32 32 32 (1114112)",
        "conv1 needs backward computation.",
        "Top memory (TRAIN) required for data: 4874240 diff: 4874240",
        "Bottom memory (TRAIN) required for data: 417792 diff: 417792",
        "Shared (in-place) memory (TRAIN) by data: 0 diff: 0",
        "Parameters memory (TRAIN) required for data: 9728 diff: 9728",
        "Parameters shared memory (TRAIN) by data: 0 diff: 0",
        "Network initialization done.",
        "solver.cpp|Solver scaffolding done.",
        "solver.cpp|[0.0] Solving CIFAR10 Learning Rate Policy: fixed",
        "solver.cpp|    [0.0] Iteration 0 (1.04451 s), loss = 2.30",
        "solver.cpp|    [0.0] Iteration 40 (130.7 iter/s, 0.3059s/40 iter), 0.1/10.7ep, loss = 2.05",
        "solver.cpp|    [0.0]     Train net output #0: loss = 2.05 (* 1 = 2.05 loss)",
        "sgd_solver.cpp|[0.0] Iteration 40, lr = 0.001, m = 0.9, lrm = 0.1, wd = 0.004, gs = 1",
        "solver.cpp|    (0.0)    Test net output #0: accuracy = 0.25",
        "caffe.cpp|Solver performance on device 0: 130.7 * 34 = 4444 img/sec (40 itr in 0.3059 sec)",
        "caffe.cpp|Optimization Done in 5s",
    )

    [attempt] = log.facts.attempts
    [net] = attempt.nets
    assert [layer.type for layer in net.layers] == ["Data", "Convolution"]
    assert [layer.tops[0].shape for layer in net.layers] == [(34, 3, 32, 32), (34, 32, 32, 32)]
    assert net.phase == "TRAIN"
    assert net.total_bytes is None
    assert net.reported["Top memory (TRAIN) data"] == 4874240
    assert net.reported["Parameters memory (TRAIN) diff"] == 9728
    assert len(net.reported) == 10
    assert (log.facts.year, attempt.versions, attempt.outcome) == (2017, ("0.17.0",), "done")
    assert log.train["iteration"].tolist() == [0, 40]
    assert log.lr["lr"].tolist() == [0.001]
    assert log.test["value"].tolist() == [0.25]
    assert log.parsed_share == 1.0


def test_several_gpus_of_nvcaffe_are_one_run() -> None:
    ranks = [
        "solver.cpp|[0.0] Starting Optimization on GPU 0",
        "solver.cpp|[0.1] Starting Optimization on GPU 1",
        "solver.cpp|[0.0] Solving n Learning Rate Policy: fixed",
        "solver.cpp|[0.1] Solving n Learning Rate Policy: fixed",
    ]
    log = read("caffe.cpp|Using GPUs 0, 1", "solver.cpp|Initializing solver from parameters: ", *ranks)

    assert len(log.facts.attempts) == 1
    assert log.parsed_share == 1.0


def test_intel_prints_the_dump_behind_an_empty_header() -> None:
    log = read(
        "Initializing net from parameters: ",
        "",
        'none.cpp|name: "n"',
        'none.cpp|layer { name: "conv1" type: "Convolution" }',
        "layer_factory.hpp|Creating layer conv1",
        "Creating Layer conv1",
        "conv1 <- data",
        "conv1 -> conv1",
        "Setting up conv1",
        "Top shape: 4 2 6 6 (288)",
        "Memory required for data: 1152",
        "cpu_info.cpp|Total number of CPU cores: 56",
        "SetMinibatchSize 32",
        "Dropped layer: conv1/relu",
    )

    [net] = log.facts.attempts[0].nets
    assert (net.name, net.layers[0].type) == ("n", "Convolution")
    assert log.parsed_share == 1.0


def test_an_inner_net_does_not_end_the_outer_one() -> None:
    unrolled = "Initializing recurrent layer: assuming input batch contains 10 timesteps of 4 independent streams."
    log = read(
        "Creating Layer data",
        "data -> x",
        "Setting up data",
        "Top shape: 10 4 8 (320)",
        "Memory required for data: 1280",
        "Creating Layer lstm1",
        "lstm1 <- x",
        "lstm1 -> h",
        f"recurrent_layer.cpp|{unrolled}",
        "Initializing net from parameters: ",
        "Input 0 -> x",
        "Creating Layer lstm1_slice",
        "lstm1_slice <- x",
        "lstm1_slice -> x_1",
        "Setting up lstm1_slice",
        "Top shape: 1 4 8 (32)",
        "Memory required for data: 128",
        "Network initialization done.",
        "recurrent_layer.cpp|Adding parameter 0: W_xc",
        "Setting up lstm1",
        "Top shape: 10 4 16 (640)",
        "Memory required for data: 3840",
        "Network initialization done.",
    )

    outer, inner = log.facts.attempts[0].nets
    assert [layer.logged_bytes for layer in outer.layers] == [1280, 3840]
    assert (inner.nested, inner.parent, [blob.name for blob in inner.inputs]) == ("lstm1", 0, ["x"])
    assert [layer.name for layer in inner.layers] == ["lstm1_slice"]
    assert outer.done
    assert inner.done


def test_the_memory_optimiser_of_an_mpi_build_is_a_reported_figure() -> None:
    log = read(
        "common.cpp|Running parallel training with MPI support!",
        "Creating Layer data",
        "data -> data",
        "Setting up data",
        "Top shape: 44 2 8 224 224 (35323904)",
        "Network initialization done.",
        "raw memory 21769789368 opt memory 11137430840",
    )

    [net] = log.facts.attempts[0].nets
    assert net.layers[0].tops[0].shape == (44, 2, 8, 224, 224)
    assert net.reported == {"raw memory": 21769789368, "optimised memory": 11137430840}
    assert net.total_bytes is None


def test_a_zero_before_the_first_layer_belongs_to_its_net() -> None:
    log = read(
        "Initializing net from parameters: ", "Memory required for data: 0", "Creating Layer data", "data -> data"
    )

    [net] = log.facts.attempts[0].nets
    assert net.reported == {"Memory required before the first layer": 0}
    assert net.total_bytes is None


def test_caffe_time() -> None:
    log = read(
        "Use CPU.",
        "Performing Forward",
        "Initial loss: 7.2741",
        "*** Benchmark begins ***",
        "Testing for 5 iterations.",
        "Iteration: 1 forward-backward time: 1275 ms.",
        "Average time per layer: ",
        "     conv1\tforward: 18.6238 ms.",
        "     conv1\tbackward: 35.5 ms.",
        "Average Forward pass: 255.723 ms.",
        "Total Time: 4071 ms.",
        "*** Benchmark ends ***",
        file="caffe.cpp",
    )

    [attempt] = log.facts.attempts
    assert (attempt.command, attempt.outcome) == ("time", "done")
    assert log.timing["forward_ms"].tolist()[0] == 18.6238
    assert log.timing["backward_ms"].tolist()[0] == 35.5
    assert log.parsed_share == 1.0


def test_caffe_test() -> None:
    log = read(
        "Use GPU with device ID 0",
        "GPU device name: NVIDIA H100 80GB HBM3",
        "Running for 2 iterations.",
        "Batch 0, accuracy = 0.99",
        "Batch 1, accuracy = 0.97",
        "Loss: 0.0232649",
        "accuracy = 0.98",
        "loss = 0.0232649 (* 1 = 0.0232649 loss)",
        file="caffe.cpp",
    )

    [attempt] = log.facts.attempts
    assert (attempt.command, attempt.outcome, attempt.devices) == ("test", "done", ("NVIDIA H100 80GB HBM3",))
    assert log.parsed_share == 1.0


def test_device_query() -> None:
    log = read(
        "caffe.cpp|Querying GPUs 0",
        "common.cpp|Device id:                     0",
        "common.cpp|Name:                          NVIDIA H100 80GB HBM3",
        "common.cpp|Total global memory:           85017493504",
        "common.cpp|Kernel execution timeout:      No",
    )

    [attempt] = log.facts.attempts
    assert (attempt.command, attempt.outcome, attempt.devices) == ("device_query", "done", ("NVIDIA H100 80GB HBM3",))
    assert log.parsed_share == 1.0


def test_nan_to_the_end() -> None:
    lines = [f"Iteration {n}, loss = {'nan' if n else '2.3'}" for n in range(0, 50, 10)]
    log = read(*lines, "    Train net output #0: loss = -nan (* 1 = -nan loss)", file="solver.cpp")

    assert [math.isnan(loss) for loss in log.train["loss"]] == [False, True, True, True, True]
    assert log.parsed_share == 1.0


@pytest.mark.parametrize("value", ["1.#QNAN", "-1.#IND", "nan", "-nan", "inf", "1e-09", "87.3365", "3"])
def test_whatever_a_loss_is(value: str) -> None:
    log = read(f"Iteration 5, loss = {value}", file="solver.cpp")

    assert log.train["iteration"].tolist() == [5]
    assert log.parsed_share == 1.0


@pytest.mark.parametrize("name", ["loss: classfication-error", "loss: 50%-fire-rate", "a = b", "x (y)", "loss1/top-1"])
def test_whatever_an_output_is_called(name: str) -> None:
    log = read(
        "Iteration 5, loss = 1",
        f"    Train net output #0: {name} = 1.83148 (* 1 = 1.83148 loss)",
        "Iteration 5, Testing net (#0)",
        f"    Test net output #0: {name} = 0.5",
        file="solver.cpp",
    )

    assert log.train_outputs["output"].tolist() == [name]
    assert log.test["output"].tolist() == [name]


def test_the_remaining_time_behind_a_loss() -> None:
    log = read(
        "Iteration 11760 (1.36 iter/s, 14.65s/20 iters), loss = 0.364  [ 11760 / 350000 ] -> [ 6:25 (H:M) ]",
        file="solver.cpp",
    )

    assert log.train["loss"].tolist() == [0.364]


def test_sparsity_tables_belong_to_the_line_above() -> None:
    log = read(
        "solver.cpp|Iteration 0, loss = 6.9",
        "sgd_solver.cpp|    Element Sparsity %: ",
        "none.cpp|0/1.95312\t3.33252/0\t25.3011/0",
        "sgd_solver.cpp|     Column Sparsity %: 0\t100\t61.25",
        "solver.cpp|    Total regularization terms: 0.06 loss+regular. : 1.3",
    )

    assert log.parsed_share == 1.0
    assert not [row for row in log.facts.ledger if row.kind == "foreign"]


def test_detection_of_ssd() -> None:
    log = read(
        "solver.cpp|Iteration 16000, Testing net (#0)",
        "net.cpp|Ignoring source layer mbox_loss",
        "solver.cpp|Missing true_pos for label: 3",
        "solver.cpp|class1: 0.898755",
        "solver.cpp|    Test net output #0: detection_eval = 0.652016",
    )

    assert log.test["value"].tolist() == [0.652016]
    assert log.parsed_share == 1.0


def test_ristretto() -> None:
    log = read(
        "quantization.cpp|------------------------------",
        "quantization.cpp|Network accuracy analysis for",
        "quantization.cpp|Convolutional (CONV) and fully",
        "quantization.cpp|connected (FC) layers.",
        "quantization.cpp|Baseline 32bit float: 0.5712",
    )

    assert log.parsed_share == 1.0


def test_a_message_that_nobody_knows_is_unknown_even_in_a_layers_set_up() -> None:
    log = read("Creating Layer conv1", "frob_layer.cpp|Frobnicating at length", "net.cpp|Frobnicating the blobs")

    unknown = {row.example for row in log.facts.ledger if row.kind == "unknown"}
    assert unknown == {"Frobnicating at length", "Frobnicating the blobs"}
    assert log.parsed_share == pytest.approx(1 / 3)
    assert log.facts.attempts[0].nets[0].layers[0].chatter == ("Frobnicating at length",)


def test_a_line_with_a_header_is_never_foreign() -> None:
    log = read(*(f"{word} of no meaning" for word in ("Frob", "Iteration", "Top", "layer {", "@ 0x1", "Killed")))

    assert {row.kind for row in log.facts.ledger} == {"unknown"}


def test_a_lone_escape_behind_the_last_line_end_is_no_line() -> None:
    log = parse_log(told(glog).encode() + b"\x1b")

    check_run(log)
    assert sum(row.lines for row in log.facts.ledger) == log.facts.source.lines


def test_scores_without_names_need_no_names() -> None:
    log = read("Iteration 0, Testing net", "Test loss: 1.5", file="solver.cpp")

    assert log.test["value"].tolist() == [1.5]
