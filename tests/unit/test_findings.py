"""What a reviewer is told to look at: from logs written here, one defect each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from logparse import parse_log
from logparse.audit.finders import FINDERS, SEVERITIES, find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from logparse.api import Log
    from logparse.audit.finders import Finding


@dataclass(frozen=True)
class Layer:
    """A layer of a log that is written here; all blobs have one shape unless told otherwise."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    more: str = ""
    shape: str = "2 3 4 4 (96)"


def header(text: str) -> str:
    return f"I1124 10:43:20.990734 23669 net.cpp:53] {text}\n"


def log_of(layers: Sequence[Layer], tail: str = "") -> bytes:
    """A log of one training net, as BVLC Caffe prints it, with its definition."""
    quoted = [
        f'layer {{ name: "{one.name}" type: "{one.type}" '
        + " ".join([f'bottom: "{b}"' for b in one.bottoms] + [f'top: "{t}"' for t in one.tops])
        + f" {one.more} }}\n"
        for one in layers
    ]
    text = header("Initializing net from parameters: ") + 'name: "N"\nstate { phase: TRAIN }\n' + "".join(quoted)
    running = 0
    for one in layers:
        text += header(f"Creating Layer {one.name}")
        text += "".join(header(f"{one.name} <- {bottom}") for bottom in one.bottoms)
        text += "".join(header(f"{one.name} -> {t}{' (in-place)' * (t in one.bottoms)}") for t in one.tops)
        text += header(f"Setting up {one.name}")
        for _ in one.tops:
            text += header(f"Top shape: {one.shape}")
            running += 4 * int(one.shape.rpartition("(")[2].rstrip(")"))
        text += header(f"Memory required for data: {running}")
    return (text + header("Network initialization done.") + tail).encode()


DATA = Layer("data", "Input", (), ("data",), "input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }")


def conv(bottom: str = "data") -> Layer:
    return Layer("conv", "Convolution", (bottom,), ("conv",), "convolution_param { num_output: 3 kernel_size: 1 }")


def found(log: Log | bytes, kind: str) -> list[Finding]:
    read = parse_log(log) if isinstance(log, bytes) else log
    return [one for one in find(read) if one.kind == kind]


def test_there_are_finders() -> None:
    assert len(FINDERS) > 10


def test_a_relu_of_its_own_top_could_work_in_place() -> None:
    (one,) = found(log_of([DATA, conv(), Layer("relu", "ReLU", ("conv",), ("relu",))]), "in_place")
    assert (one.severity, one.saves_bytes, one.layer_index) == ("hint", 384, 2)
    assert "384 B" in one.title


def test_a_relu_in_place_is_no_finding() -> None:
    assert not found(log_of([DATA, conv(), Layer("relu", "ReLU", ("conv",), ("conv",))]), "in_place")


def test_a_blob_that_somebody_else_reads_is_not_overwritten() -> None:
    split = Layer("conv_split", "Split", ("conv",), ("a", "b"))
    assert not found(log_of([DATA, conv(), split, Layer("relu", "ReLU", ("a",), ("relu",))]), "in_place")


def test_a_second_reader_without_a_split_forbids_it_too() -> None:
    other = Layer("pool", "Pooling", ("conv",), ("pool",), "pooling_param { kernel_size: 1 }")
    assert not found(log_of([DATA, conv(), Layer("relu", "ReLU", ("conv",), ("relu",)), other]), "in_place")


@pytest.mark.parametrize("type_", ["LRN", "Sigmoid", "TanH", "ELU"])
def test_what_the_layer_before_needs_for_its_backward_pass_is_not_overwritten(type_: str) -> None:
    layers = [DATA, conv(), Layer("act", type_, ("conv",), ("act",)), Layer("drop", "Dropout", ("act",), ("drop",))]
    assert [one.layer_index for one in found(log_of(layers), "in_place")] == ([] if type_ == "LRN" else [2])


def test_a_batch_of_a_data_layer_is_not_overwritten() -> None:
    assert not found(log_of([DATA, Layer("drop", "Dropout", ("data",), ("drop",))]), "in_place")


def test_a_dropout_after_a_relu_in_place_could_work_in_place() -> None:
    layers = [DATA, conv(), Layer("relu", "ReLU", ("conv",), ("conv",)), Layer("drop", "Dropout", ("conv",), ("drop",))]
    assert [one.layer_index for one in found(log_of(layers), "in_place")] == [3]


def without(log: bytes, first: str, last: str) -> bytes:
    """The log without the lines from the one that ends in `first` to the next that holds `last`."""
    lines = log.decode().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.rstrip().endswith(first))
    end = next(number for number, line in enumerate(lines) if number >= start and last in line)
    return "".join(lines[:start] + lines[end + 1 :]).encode()


def test_bytes_that_no_shape_explains_are_missing_where_they_are_missing() -> None:
    log = log_of([DATA, conv(), Layer("relu", "ReLU", ("conv",), ("conv",))])
    (one,) = found(without(log, "Creating Layer conv", "Memory required"), "missing_bytes")
    assert one.title == "384 B are missing between data and relu"
    assert one.layer_index == 1


def test_a_shape_line_that_is_lost_is_told_with_the_bytes_that_it_had() -> None:
    log = without(log_of([DATA, conv()]), "Setting up conv", "Top shape")
    (one,) = found(log, "missing_shape")
    assert "conv" in one.title
    assert "384 B" in one.text


def test_the_missing_bytes_of_the_excerpt(sample_logs: Path) -> None:
    (one,) = found(parse_log(sample_logs / "lenet_excerpt.log"), "missing_bytes")
    assert "819,200 B" in one.title
    assert "204,800 values" in one.text
    assert one.line == 22


def test_what_is_counted_twice_adds_up(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "alexnet.log")
    (one,) = found(log, "counted_twice")
    assert "10.7 MB" in one.title  # 33,276,996 - 22,613,572 = 10,663,424
    assert "10,663,424 B" in one.evidence[0]


def test_nan_is_found_where_it_begins(sample_logs: Path) -> None:
    log = parse_log(sample_logs / "lenet_nan.log")
    (one,) = found(log, "not_a_number")
    text = (sample_logs / "lenet_nan.log").read_text().splitlines()
    first = next(number for number, line in enumerate(text, 1) if "loss = nan" in line or "loss = -nan" in line)
    assert (one.severity, one.line) == ("error", first)
    assert any(piece.startswith("learning rate before it: 50") for piece in one.evidence)


SOLVER = "I1124 10:43:21.9 1 solver.cpp:239] "


def test_a_finite_loss_is_no_finding() -> None:
    tail = f"{SOLVER}Iteration 0, loss = 2.3\n{SOLVER}Iteration 10, loss = 2.1\n"
    log = log_of([DATA, conv()], tail)
    assert not found(log, "not_a_number")
    assert not found(log, "saturated")


def test_a_saturated_loss_is_found() -> None:
    tail = (
        f"{SOLVER}Iteration 0, loss = 2.3\n{SOLVER}Iteration 10, loss = 87.3365\n{SOLVER}Iteration 20, loss = 87.3365\n"
    )
    (one,) = found(log_of([DATA, conv()], tail), "saturated")
    assert "iteration 10" in one.title


def test_a_fatal_line_is_an_error_with_its_line() -> None:
    tail = "F1124 10:43:22.000000 1 layer.cpp:9] Check failed: a == b (1 vs. 2) the message\n"
    log = log_of([DATA, conv()], tail)
    (one,) = found(log, "fatal")
    assert (one.severity, one.line) == ("error", log.count(b"\n"))
    assert "the message" in one.evidence[0]


def test_a_layer_of_unknown_type_is_named_with_the_reason() -> None:
    (one,) = found(log_of([DATA, Layer("odd", "NobodyKnowsThis", ("data",), ("odd",))]), "not_derived")
    assert "1 layer of the TRAIN net" in one.title
    assert "odd" in one.evidence[0]


def test_findings_come_worst_first(sample_logs: Path) -> None:
    for name in ("lenet_nan.log", "lenet_excerpt.log"):
        order = [SEVERITIES.index(severity) for severity in parse_log(sample_logs / name).findings["severity"]]
        assert order == sorted(order)
        assert order


def test_an_equal_net_of_a_later_attempt_says_nothing_new() -> None:
    log = log_of([DATA, conv(), Layer("relu", "ReLU", ("conv",), ("relu",))])
    start = b"I1124 10:43:20.990155 23669 solver.cpp:45] Initializing solver from parameters: \nbase_lr: 0.01\n"
    twice = start + log + start + log
    assert len(parse_log(twice).attempts) == 2
    assert len(found(twice, "in_place")) == 1
