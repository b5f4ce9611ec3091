"""Of the tools that Caffe ships no line is unknown: what each prints beside nets and solver lines, from its source."""

from __future__ import annotations

from typing import Final

import pytest

from tests.writing import line, read

TOOLS: Final = {
    "train_net": ("Usage: train_net solver_proto_file [resume_point_file]", "Starting Optimization",
        "Resuming from a.solverstate", "Optimization Done."),
    "finetune_net": ("Usage: finetune_net solver_proto_file pretrained_net", "Starting Optimization",
        "Loading from a.caffemodel", "Optimization Done."),
    "test_net": ("test_net net_proto pretrained_net_proto iterations [CPU/GPU]", "Using CPU", "Running 50Iterations.",
        "Batch 0, accuracy: 0.51", "Test accuracy:0.57"),
    "net_speed_benchmark": ("net_speed_benchmark net_proto [iterations=50] [CPU/GPU] [Device_id=0]",
        "Testing for 50Iterations.", "Using GPU", "Using Device_id=1", "Performing Forward", "Performing Backward",
        "Initial loss: 6.9", "*** Benchmark begins ***", "conv1\tforward: 0.02 seconds.", "Forward pass: 0.2 seconds.",
        "conv1\tbackward: 0.04 seconds.", "Backward pass: 0.4 seconds.", "Total Time: 0.6 seconds.",
        "*** Benchmark ends ***"),
    "device_query": ("device_query [device_id=0]", "Querying device_id=0", "Querying device ID = 0",
        "Querying GPUs all",
        "Device id:                     0", "Major revision number:         3", "Minor revision number:         5",
        "Name:                          Tesla K40c", "Total global memory:           12079136768",
        "Total shared memory per block: 49152", "Total registers per block:     65536",
        "Warp size:                     32", "Maximum memory pitch:          2147483647",
        "Maximum threads per block:     1024", "Maximum dimension of block:    1024, 1024, 64",
        "Maximum dimension of grid:     2147483647, 65535, 65535", "Clock rate:                    745000",
        "Total constant memory:         65536", "Texture alignment:             512",
        "Concurrent copy and execution: Yes", "Number of multiprocessors:     15",
        "Kernel execution timeout:      No"),
    "dump_network": ("Performing Forward", "Performing Backward", "Dumping conv1"),
    "extract_features": ("Using CPU", "Using GPU", "Using Device_id=0", "Opening dataset features",
        "Opening leveldb features", "Extacting Features", "Extracting Features",
        "Extracted features of 1000 query images for feature blob fc7", "Extracted features of 1000 query images.",
        "Successfully extracted the features!"),
    "convert_imageset": ("Shuffling data", "A total of 50000 images.", "Opening lmdb train_lmdb",
        "Opening leveldb train_leveldb", "Failed to guess the encoding of 'a.dat'",
        "Could not open or find file images/a.jpg", "Processed 1000 files.", "Processed 50000 files."),
    "compute_image_mean": ("Usage: compute_image_mean input_leveldb output_file", "Opening lmdb train_lmdb",
        "Decoding Datum", "Starting Iteration", "Starting iteration", "Processed 10000 files.",
        "Write to mean.binaryproto",
        "Number of channels: 3", "mean_value channel [0]:104.007", "mean_value channel [1]: 116.669"),
    "upgrade_net_proto_text": ("Usage: upgrade_net_proto_text v0_net_proto_file_in net_proto_file_out",
        "Failed to parse input text file as NetParameter: a.prototxt",
        "File already in latest proto format: a.prototxt",
        "File already in V1 proto format: a.prototxt",
        "Encountered error(s) while upgrading prototxt; see details above.",
        "Wrote upgraded NetParameter text proto to b.prototxt"),
    "upgrade_net_proto_binary": ("Failed to parse input binary file as NetParameter: a.caffemodel",
        "Wrote upgraded NetParameter binary proto to b.caffemodel"),
    "upgrade_solver_proto_text": ("Failed to parse input text file as SolverParameter: s.prototxt",
        "Wrote upgraded SolverParameter text proto to s.prototxt"),
    "caffe": ("Available caffe actions:", "\ttrain", "\tdevice_query", "Not using GPU #1 for single-GPU function",
        "Use CPU.", "Use GPU with device ID 0", "Using GPUs 0, 1", "GPU 0: Tesla K40c", "GPU device name: Tesla K40c",
        "Finetuning from a.caffemodel", "Resuming from a.solverstate", "Running for 50 iterations.",
        "Batch 0, accuracy = 0.5", "Loss: 0.4", "accuracy = 0.57", "loss = 0.4 (* 1 = 0.4 loss)",
        "Testing for 50 iterations.", "Iteration: 1 forward-backward time: 12 ms.", "Average time per layer: ",
        "     conv1\tforward: 1.5 ms.", "Average Forward pass: 5.5 ms.", "Average Backward pass: 9.5 ms.",
        "Average Forward-Backward: 15.5 ms.", "Total Time: 775 ms.", "*** Benchmark ends ***"),
}  # fmt: skip
SAID: Final = [(tool, message) for tool, messages in TOOLS.items() for message in messages]


@pytest.mark.parametrize(("tool", "message"), SAID, ids=[f"{tool}: {message[:30]}" for tool, message in SAID])
def test_no_line_of_a_tool_is_unknown(tool: str, message: str) -> None:
    log = read(line(message, f"{tool}.cpp"))

    assert [row.example for row in log.facts.ledger if row.kind == "unknown"] == []


def test_how_a_tool_is_called_may_take_several_lines() -> None:
    usage = line(
        "This program takes in a trained network and an input data layer, and then", "extract_features.cpp", "E"
    )
    log = read(usage, "Usage: extract_features  pretrained_net_param\n", "Note: you can extract several features.\n")

    assert {(row.kind, row.reason) for row in log.facts.ledger} == {
        ("ignored", "how a tool is called"),
        ("ignored", "how a tool is called (lines that follow)"),
    }
