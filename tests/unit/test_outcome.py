"""How a run ended, and where memory ran out: told from the fatal line and the frames behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse.api import parse_log
from logparse.assembling.outcome import command_of, frames_of, out_of_memory_place
from logparse.model import Event

if TYPE_CHECKING:
    from logparse.model import Attempt

FATAL = "F1124 11:39:13.387531   531 syncedmem.cpp:71] Check failed: error == cudaSuccess (2 vs. 0)  out of memory\n"
START = (
    "I1124 11:39:00.000000   531 caffe.cpp:1] Use CPU.\n"
    "I1124 11:39:00.000000   531 solver.cpp:45] Initializing solver from parameters: \nmax_iter: 5\n"
)
LOGGED = (
    "google::LogMessage::Fail()",
    "google::LogMessage::SendToLog()",
    "google::LogMessageFatal::~LogMessageFatal()",
)
TAKEN = ("caffe::SyncedMemory::to_gpu()", "caffe::SyncedMemory::mutable_gpu_data()")
TRAINING = ("caffe::Solver<>::Step()", "caffe::Solver<>::Solve()", "train()", "main", "__libc_start_main")
TESTING = ("caffe::Net<>::Forward()", "caffe::Solver<>::Test()", *TRAINING)
SETTING_UP = ("caffe::Net<>::Init()", "caffe::Net<>::Net()")
IN_SOLVER = ("caffe::Solver<>::Init()", "caffe::Solver<>::Solver()", "caffe::Creator_SGDSolver<>()", "train()", "main")
OUT = "Check failed: error == cudaSuccess (2 vs. 0)  out of memory"


def line(message: str, file: str = "solver.cpp", second: int = 1) -> str:
    return f"I1124 11:39:{second:02d}.000000   531 {file}:1] {message}\n"


def trace(*frames: str) -> str:
    return "*** Check failure stack trace: ***\n" + "".join(f"    @     0x7f592d1e6bb7  {frame}\n" for frame in frames)


def events(text: str, *frames: str, kind: str = "fatal") -> list[Event]:
    return [Event(10, kind, text), *(Event(12, "stack", f"@     0x7f592d1e6bb7  {frame}") for frame in frames)]


def only(text: str) -> Attempt:
    [attempt] = parse_log(text.encode()).facts.attempts
    return attempt


PLACES = {
    "forward": (
        (*TAKEN, "caffe::BatchNormLayer<>::Forward_gpu()", "caffe::Net<>::ForwardFromTo()", *TRAINING),
        "TRAIN",
        "BatchNorm",
    ),
    "forward of LRN in a test": ((*TAKEN, "caffe::LRNLayer<>::CrossChannelForward_gpu()", *TESTING), "TEST", "LRN"),
    "backward": ((*TAKEN, "caffe::CuDNNConvolutionLayer<>::Backward_gpu()", *TRAINING), "TRAIN", "Convolution"),
    "parameter gradients": ((*TAKEN, "caffe::Net<>::ClearParamDiffs()", *TRAINING), "TRAIN", None),
    "init": (
        ("caffe::CuDNNConvolutionLayer<>::Reshape()", *SETTING_UP, "caffe::Solver<>::InitTrainNet()", *IN_SOLVER),
        "TRAIN",
        "Convolution",
    ),
    "init of the test net": ((*SETTING_UP, "caffe::Solver<>::InitTestNets()", *IN_SOLVER), "TEST", None),
    "update": (
        (*TAKEN, "caffe::SGDSolver<>::ComputeUpdateValue()", "caffe::SGDSolver<>::ApplyUpdate()", *TRAINING),
        "TRAIN",
        None,
    ),
    "context": (("caffe::Timer::Init()", "caffe::Solver<>::Solver()", "train()", "main"), None, None),
    "prefetch": (
        ("caffe::DataLayer<>::load_batch()", "caffe::BasePrefetchingDataLayer<>::InternalThreadEntry()"),
        None,
        "Data",
    ),
}


@pytest.mark.parametrize("stage", PLACES)
def test_the_frames_tell_where_memory_ran_out(stage: str) -> None:
    frames, phase, layer_type = PLACES[stage]
    place = out_of_memory_place(events(OUT, *LOGGED, *frames))

    assert place is not None
    assert place.stage == stage.partition(" of ")[0]
    assert (place.phase, place.layer_type, place.side) == (phase, layer_type, "device")
    assert place.frames == frames
    assert place.line == 10


def test_a_layer_set_up_within_the_forward_pass_is_in_the_forward_pass() -> None:
    frames = ("caffe::ConvolutionLayer<>::Reshape()", "caffe::Layer<>::Forward()", *TESTING)
    place = out_of_memory_place(events(OUT, *frames))

    assert place is not None
    assert (place.stage, place.phase, place.layer_type) == ("forward", "TEST", "Convolution")


MESSAGES = {
    OUT: ("device", None, None),
    "Failed to allocate 49152000 bytes on device 2. Total memory: 12799574016, Free: 21430272, dev_info[2]: total=1": (
        "device",
        49152000,
        21430272,
    ),
    "Check failed: *ptr host allocation of size 1234 failed": ("host", 1234, None),
    "Check failed: status == CUBLAS_STATUS_SUCCESS (3 vs. 0)  CUBLAS_STATUS_ALLOC_FAILED": ("device", None, None),
    "Check failed: status == CUDNN_STATUS_SUCCESS (2 vs. 0)  CUDNN_STATUS_ALLOC_FAILED": ("device", None, None),
    "Check failed: mdb_status == 0 (12 vs. 0) Cannot allocate memory": ("host", None, None),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_what_allocators_say(text: str) -> None:
    side, requested, free = MESSAGES[text]
    place = out_of_memory_place(events(text))

    assert place is not None
    assert (place.side, place.requested_bytes, place.free_bytes) == (side, requested, free)
    assert (place.stage, place.phase, place.layer_type, place.layer) == (None, None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "Check failed: error == cudaSuccess (700 vs. 0)  an illegal memory access was encountered",
        "Check failed: shape[i] <= 0x7fffffff / count_ (224 vs. 146) blob size exceeds INT_MAX",
        "Check failed: error == cudaSuccess (101 vs. 0)  invalid device ordinal",
    ],
)
def test_what_is_not_about_memory(text: str) -> None:
    assert out_of_memory_place(events(text)) is None


def test_new_that_fails_is_the_hosts_memory() -> None:
    text = "terminate called after throwing an instance of 'std::bad_alloc'"
    attempt = only(START + text + "\n  what():  std::bad_alloc\n")

    assert attempt.outcome == "out_of_memory"
    assert attempt.out_of_memory is not None
    assert attempt.out_of_memory.side == "host"


def test_frames_end_with_the_trace() -> None:
    found = frames_of([Event(1, "stack", "@ 0x1 main"), Event(2, "snapshot", "x"), Event(3, "stack", "@ 0x1 train()")])

    assert found == ("main",)


def test_the_frame_above_main_names_the_command_of_a_failed_start() -> None:
    assert command_of(events("x", "caffe::Caffe::SetDevice()", "device_query()", "main")) == "device_query"
    assert command_of(events("x", "(unknown)")) is None


def test_the_layer_being_set_up_is_named() -> None:
    text = (
        START + line("Creating training net from net file: a") + line("Initializing net from parameters: ", "net.cpp")
    )
    text += 'layer { name: "c1" type: "Convolution" }\n'
    for name in ("c1", "c2"):
        text += (
            line(f"Creating Layer {name}", "net.cpp")
            + line(f"{name} <- data", "net.cpp")
            + line(f"{name} -> {name}", "net.cpp")
        )
    attempt = only(text + FATAL + trace(*LOGGED, *PLACES["init"][0]))

    assert attempt.outcome == "out_of_memory"
    assert attempt.out_of_memory is not None
    assert attempt.out_of_memory.layer == "c2"
    assert attempt.outcome_text == f"{OUT}; while the net was set up, layer 'c2', TRAIN net"


def test_too_many_values_are_told_apart_from_too_little_memory() -> None:
    text = START + line("Initializing net from parameters: ", "net.cpp") + line("Creating Layer big", "net.cpp")
    text += line("big -> big", "net.cpp") + line("Top shape: 340 64 224 224 (1091829760)", "net.cpp")
    attempt = only(
        text + FATAL.replace("(2 vs. 0)  out of memory", "(700 vs. 0)  an illegal memory access was encountered")
    )

    assert attempt.outcome == "fatal"
    assert "not out of memory: a blob of layer 'big' has 1091829760 values" in attempt.outcome_text


TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 30, in <module>
    solver.step(1)
KeyError: 'chair'
"""
ENDS = {
    "done": (line("Optimization Done."), "done", "Optimization Done."),
    "stopped": (
        line("Optimization stopped early.") + line("Optimization Done.", "caffe.cpp"),
        "stopped",
        "Optimization stopped early.",
    ),
    "fatal": (
        "F1124 11:39:01.000000   531 io.cpp:36] Check failed: fd != -1 (-1 vs. -1) File not found: a\n",
        "fatal",
        "File not found: a",
    ),
    "signal": (
        '*** Aborted at 1795517418 (unix time) try "date -d @1795517418"\n*** SIGTERM (@0x2360) received ***\n',
        "signal",
        "SIGTERM",
    ),
    "killed": ("Killed\n", "killed", "Killed"),
    "exception": ("terminate called after throwing an instance of 'x'\n", "fatal", "terminate called"),
    "exception of Python": (line("Iteration 5, loss = 1") + TRACEBACK, "fatal", "KeyError: 'chair'"),
    "exception of Python after the end": (line("Optimization Done.") + TRACEBACK, "done", "Optimization Done."),
    "exception of Python that was caught": (
        TRACEBACK + line("Iteration 5, loss = 1"),
        "unfinished",
        "the last line is 8: I1124",
    ),
    "exception of Python that was caught and told": (
        TRACEBACK + line("Snapshotting to binary proto file a_iter_5.caffemodel"),
        "unfinished",
        "the last line is 8: I1124",
    ),
    "exception of Python without its traceback": ("KeyError: 'chair'\n", "unfinished", "the last line is 4: KeyError"),
    "heap broken after the end": (
        line("Optimization Done.") + "double free or corruption (out)\n",
        "done",
        "Optimization Done.",
    ),
    "still running": (line("Iteration 5, loss = 1"), "unfinished", "the last line is 4: I1124"),
    "cut": (
        line("Iteration 5, loss = 1") + "I1124 11:39:02.000000   531 solver.cpp:1] Iterat",
        "unfinished",
        "cut in the middle of line 5: I1124",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end(name: str) -> None:
    text, word, told = ENDS[name]
    attempt = only(START + text)

    assert attempt.outcome == word
    assert told in attempt.outcome_text


def test_a_cut_line_is_neither_unknown_nor_foreign() -> None:
    log = parse_log((START + ENDS["cut"][0]).encode())

    assert log.parsed_share == 1.0
    assert "line cut at the end of the log" in {row.reason for row in log.facts.ledger}
