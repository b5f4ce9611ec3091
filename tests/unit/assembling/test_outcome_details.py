"""How a run ended, in detail: each frame that tells a stage, each base class that is no layer, each word for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse import parse_log
from logparse.assembling.outcome import command_of, frames_of, out_of_memory_place
from logparse.model import Event

if TYPE_CHECKING:
    from logparse.model import Attempt, OutOfMemory

OUT = "Check failed: error == cudaSuccess (2 vs. 0)  out of memory"
SOLVER = "I1124 11:39:00.000000   531 solver.cpp:45] Initializing solver from parameters: \nmax_iter: 5\n"


def events(text: str, *frames: str, kind: str = "fatal") -> list[Event]:
    return [Event(10, kind, text), *(Event(12, "stack", f"@     0x7f592d1e6bb7  {frame}") for frame in frames)]


def place(*frames: str) -> OutOfMemory:
    found = out_of_memory_place(events(OUT, *frames))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("frame", "stage"),
    [
        ("caffe::Net<>::Init()", "init"),
        ("caffe::Net<float>::Init()", "init"),
        ("caffe::PoolingLayer<>::Backward_gpu()", "backward"),
        ("caffe::Net<>::BackwardFromTo()", "backward"),
        ("caffe::Layer<>::Forward()", "forward"),
        ("caffe::LRNLayer<>::CrossChannelForward_gpu()", "forward"),
        ("caffe::Net<>::ClearParamDiffs()", "parameter gradients"),
        ("caffe::AdamSolver<>::ComputeUpdateValue()", "update"),
        ("caffe::SGDSolver<>::ApplyUpdate()", "update"),
        ("caffe::SGDSolver<>::ClipGradients()", "update"),
        ("caffe::SGDSolver<>::Normalize()", "update"),
        ("caffe::SGDSolver<>::Regularize()", "update"),
        ("caffe::SGDSolver<>::PreSolve()", "update"),
        ("caffe::DataLayer<>::load_batch()", "prefetch"),
        ("caffe::BasePrefetchingDataLayer<>::InternalThreadEntry()", "prefetch"),
        ("caffe::BasePrefetchingDataLayer<>::PrefetchBatch()", "prefetch"),
        ("caffe::Solver<>::Snapshot()", "snapshot"),
        ("caffe::SGDSolver<>::SnapshotSolverStateToBinaryProto()", "snapshot"),
        ("caffe::Timer::Init()", "context"),
        ("caffe::Caffe::SetDevice()", "context"),
        ("caffe::Caffe::Get()", "context"),
        ("caffe::Caffe::Caffe()", "context"),
        ("caffe::Solver<>::Init()", None),
        ("train()", None),
    ],
)
def test_a_frame_tells_the_stage(frame: str, stage: str | None) -> None:
    assert place(frame).stage == stage


def test_the_innermost_frame_that_tells_anything_counts() -> None:
    assert place("a()", "caffe::Net<>::Init()", "caffe::Layer<>::Forward()").stage == "init"
    assert place("caffe::Layer<>::Forward()", "caffe::Net<>::Init()").stage == "forward"


@pytest.mark.parametrize(
    ("frame", "phase"),
    [
        ("caffe::Solver<>::Test()", "TEST"),
        ("caffe::Solver<>::TestAll()", "TEST"),
        ("caffe::Solver<>::InitTestNets()", "TEST"),
        ("test()", "TEST"),
        ("caffe::Solver<>::InitTrainNet()", "TRAIN"),
        ("caffe::Solver<>::Step()", "TRAIN"),
        ("caffe::Solver<>::Solve()", "TRAIN"),
        ("latest()", None),
    ],
)
def test_a_frame_tells_the_phase(frame: str, phase: str | None) -> None:
    assert place(frame).phase == phase


@pytest.mark.parametrize(
    ("frame", "layer_type"),
    [
        ("caffe::PoolingLayer<>::Forward_gpu()", "Pooling"),
        ("caffe::PoolingLayer<float>::Forward_gpu()", "Pooling"),
        ("caffe::PoolingLayer::Forward_gpu()", "Pooling"),
        ("caffe::CuDNNReLULayer<>::Forward_gpu()", "ReLU"),
        ("caffe::MKLDNNConvolutionLayer<>::Forward_cpu()", "Convolution"),
        ("caffe::MKLPoolingLayer<>::Forward_cpu()", "Pooling"),
        ("caffe::inner::SplitLayer<>::Forward_gpu()", "Split"),
        ("caffe::BaseConvolutionLayer<>::forward_gpu_gemm()", "Convolution"),
        ("caffe::BaseLayer<>::Forward()", None),
        ("caffe::LossLayer<>::Reshape()", None),
        ("caffe::NeuronLayer<>::Reshape()", None),
        ("caffe::BaseDataLayer<>::LayerSetUp()", None),
        ("caffe::BasePrefetchingDataLayer<>::LayerSetUp()", None),
        ("caffe::Layer<>::Forward()", None),
        ("other::PoolingLayer<>::Forward_gpu()", None),
    ],
)
def test_a_frame_tells_the_layers_type_without_its_engine(frame: str, layer_type: str | None) -> None:
    assert place(frame).layer_type == layer_type


def test_a_base_class_is_passed_over_for_the_class_above_it() -> None:
    assert place("caffe::NeuronLayer<>::Reshape()", "caffe::ReLULayer<>::Reshape()").layer_type == "ReLU"


# What allocators say --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("host allocation of size 12 failed", "host"),
        ("std::bad_alloc", "host"),
        ("Cannot allocate memory", "host"),
        ("Failed to allocate 12 bytes on device 0", "device"),
        ("out of memory", "device"),
        ("CUDNN_STATUS_ALLOC_FAILED", "device"),
        ("CL_MEM_OBJECT_ALLOCATION_FAILURE", "device"),
        ("CL_OUT_OF_RESOURCES", "device"),
    ],
)
@pytest.mark.parametrize("kind", ["fatal", "exception"])
def test_each_allocator_says_it_in_its_own_words(text: str, side: str, kind: str) -> None:
    found = out_of_memory_place(events(f"Check failed: {text}", kind=kind))

    assert found is not None
    assert (found.side, found.text, found.line) == (side, f"Check failed: {text}", 10)


def test_what_no_failure_says_is_none() -> None:
    assert out_of_memory_place(events("out of memory", kind="stall")) is None


def test_only_the_frames_behind_the_failure_are_its() -> None:
    before = Event(5, "stack", "@ 0x1 caffe::Layer<>::Forward()")
    other = Event(11, "snapshot", "x")
    found = out_of_memory_place([before, *events(OUT, "caffe::Net<>::Init()"), other, Event(14, "stack", "@ 0x1 main")])

    assert found is not None
    assert found.frames == ("caffe::Net<>::Init()",)


def test_a_first_failure_of_another_kind_does_not_hide_the_lack_of_memory() -> None:
    found = out_of_memory_place([Event(3, "fatal", "Check failed: other"), *events(OUT, "main")])

    assert found is not None
    assert found.line == 10


def test_frames_without_an_address_and_lines_that_are_none() -> None:
    assert frames_of([Event(1, "stack", "    @              (nil)  (unknown)"), Event(2, "stack", "garbage")]) == (
        "(unknown)",
        "garbage",
    )


@pytest.mark.parametrize("word", ["train", "test", "time", "device_query"])
def test_the_frame_above_main_is_the_command(word: str) -> None:
    assert command_of(events("x", "caffe::Solver<>::Solve()", f"{word}()", "main")) == word


def test_a_line_that_is_no_frame_names_no_command() -> None:
    assert command_of([Event(1, "stack", "garbage"), Event(2, "fatal", "@ 0x1 train()")]) is None


# Which layer, and in which words --------------------------------------------------------------------------------------


def line(message: str, file: str = "net.cpp", severity: str = "I") -> str:
    return f"{severity}1124 11:39:01.000000   531 {file}:1] {message}\n"


def layer(name: str, type_: str) -> str:
    factory = line(f"Creating layer '{name}' of type '{type_}'", "layer_factory.hpp")
    wires = line(f"Creating Layer {name}") + line(f"{name} <- x") + line(f"{name} -> {name}")
    return factory + wires + line(f"Setting up {name}") + line("Top shape: 2 3 (6)")


DONE = line("Network initialization done.")
TRAIN = line("Creating training net from net file: a", "solver.cpp")
TEST = line("Creating test net (#0) specified by net file: a", "solver.cpp")
FAILED = line(OUT, "syncedmem.cpp", "F")


def ended(*parts: str, frames: tuple[str, ...]) -> Attempt:
    trace = "".join(f"    @     0x7f592d1e6bb7  {frame}\n" for frame in frames)
    text = "".join([SOLVER, *parts, FAILED, "*** Check failure stack trace: ***\n", trace])
    (attempt,) = parse_log(text.encode()).facts.attempts
    return attempt


FORWARD = ("caffe::PoolingLayer<>::Forward_gpu()", "caffe::Solver<>::Step()")
IN_TEST = ("caffe::PoolingLayer<>::Forward_gpu()", "caffe::Solver<>::Test()")
POOL, RELU, AGAIN = layer("pool", "Pooling"), layer("relu", "ReLU"), layer("again", "Pooling")


def test_the_only_layer_of_its_type_is_named() -> None:
    attempt = ended(TRAIN, POOL, RELU, DONE, frames=FORWARD)

    assert attempt.outcome_text == f"{OUT}; in the forward pass, layer 'pool', TRAIN net"


def test_of_two_layers_of_a_type_none_is_named() -> None:
    attempt = ended(TRAIN, POOL, AGAIN, DONE, frames=FORWARD)

    assert attempt.outcome_text == f"{OUT}; in the forward pass, layer type Pooling, TRAIN net"


def test_only_the_net_of_the_phase_is_looked_at() -> None:
    nets = (TRAIN, POOL, AGAIN, DONE, TEST, POOL, DONE)

    assert ended(*nets, frames=IN_TEST).outcome_text == f"{OUT}; in the forward pass, layer 'pool', TEST net"
    without_phase = ended(*nets, frames=("caffe::PoolingLayer<>::Forward_gpu()",))
    assert without_phase.outcome_text == f"{OUT}; in the forward pass, layer type Pooling"


def test_a_trace_without_a_layers_type_names_no_layer_though_one_has_none() -> None:
    untyped = line("Creating Layer a") + line("a <- x") + line("a -> y") + line("Top shape: 2 3 (6)")
    attempt = ended(TRAIN, untyped, DONE, frames=("caffe::Net<>::ForwardFromTo()", "caffe::Solver<>::Step()"))

    assert attempt.outcome_text == f"{OUT}; in the forward pass, TRAIN net"


SETTING_UP = ("caffe::PoolingLayer<>::Reshape()", "caffe::Net<>::Init()")


def test_while_a_net_is_set_up_its_last_layer_is_meant_and_its_phase() -> None:
    attempt = ended(TRAIN, POOL, RELU, DONE, TEST, POOL, RELU, frames=SETTING_UP)

    assert attempt.outcome_text == f"{OUT}; while the net was set up, layer 'relu', TEST net"


def test_where_every_net_is_set_up_no_layer_is_meant() -> None:
    attempt = ended(TRAIN, POOL, DONE, frames=SETTING_UP)

    assert attempt.outcome_text == f"{OUT}; while the net was set up, layer type Pooling"


def test_an_open_net_without_layers_is_passed_over() -> None:
    attempt = ended(TRAIN, POOL, TEST, line("Initializing net from parameters: "), frames=SETTING_UP)

    assert attempt.outcome_text == f"{OUT}; while the net was set up, layer 'pool', TRAIN net"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("caffe::Net<>::BackwardFromTo()", "in the backward pass"),
        ("caffe::Net<>::ClearParamDiffs()", "when the parameters' gradients were allocated"),
        ("caffe::SGDSolver<>::ApplyUpdate()", "in the update of the parameters"),
        ("caffe::DataReader::Prefetch::load_batch()", "while data were fetched ahead"),
        ("caffe::Solver<>::Snapshot()", "while a snapshot was taken"),
        ("caffe::Timer::Init()", "when the device's context was made"),
    ],
)
def test_each_stage_has_its_words(frame: str, words: str) -> None:
    assert ended(frames=(frame,)).outcome_text == f"{OUT}; {words}"


def test_a_trace_that_tells_nothing_adds_nothing() -> None:
    assert ended(frames=("main",)).outcome_text == OUT


def test_a_lack_of_memory_behind_another_fatal_line_is_not_that_lines() -> None:
    text = SOLVER + line("Check failed: other", "a.cpp", "F") + FAILED
    (attempt,) = parse_log(text.encode()).facts.attempts

    assert (attempt.outcome, attempt.outcome_text) == ("fatal", "Check failed: other")
    assert attempt.out_of_memory is not None
    assert attempt.out_of_memory.line == 4


# What looks like it and is not ----------------------------------------------------------------------------------------

ILLEGAL = "Check failed: error == cudaSuccess (700 vs. 0)  an illegal memory access was encountered"


def told(message: str, *shapes: str) -> str:
    layers = "".join(
        line(f"Creating Layer l{place}") + line(f"l{place} -> t{place}") + line(f"Top shape: {shape}")
        for place, shape in enumerate(shapes)
    )
    text = SOLVER + TRAIN + layers + line(message, "a.cpp", "F")
    (attempt,) = parse_log(text.encode()).facts.attempts
    assert attempt.outcome == "fatal"
    return attempt.outcome_text.removeprefix(message)


def test_a_blob_of_more_values_than_an_int_counts() -> None:
    assert told("Check failed: shape[i] <= 0x7fffffff / count_ (9 vs. 1) blob size exceeds INT_MAX") == (
        "; not out of memory: a blob would have more than 2^31 - 1 values"
    )


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (("1073741825 (1073741825)",), "'l0' has 1073741825"),
        (("1073741825 (1073741825)", "1073741827 (1073741827)", "1073741826 (1073741826)"), "'l1' has 1073741827"),
        (("1073741824 (1073741824)",), ""),
        (("96 55 55",), ""),
        ((), ""),
    ],
)
def test_a_blob_of_more_values_than_the_kernels_count(shapes: tuple[str, ...], words: str) -> None:
    expected = f"; not out of memory: a blob of layer {words} values, and Caffe's kernels count up to 2^30"

    assert told(ILLEGAL, *shapes) == (expected if words else "")


def test_another_failure_says_nothing_about_memory() -> None:
    assert told("Check failed: no", "1073741825 (1073741825)") == ""
