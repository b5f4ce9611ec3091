"""A run's frame: where it starts, on what, and its nets being announced (caffe.cpp, solver.cpp)."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_record = partial(make_pattern, "record")

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
        "solving",
        r"RANKSolving ?(?!environment)(?P<net>.*)",
        "Solving LeNet",
        "Solving ",
        "Solving",
        "[0.0] Solving LeNet Learning Rate Policy: inv",
        mirrors="solver.cpp",
    ),
    _record(
        "lr_policy",
        r"Learning Rate Policy: (?P<policy>.*)",
        "Learning Rate Policy: inv",
        mirrors="solver.cpp",
    ),
    _record(
        "device_query",
        r"Querying (?:GPUs? (?P<gpus>.*)|device(?: ID |_id) ?= ?(?P<gpu>\d++))",
        "Querying GPUs 0",
        "Querying device ID = 0",
        "Querying device_id=0",
        mirrors="caffe.cpp",
    ),
    _record(
        "device_name",
        r"Name:\s{2,}+(?P<name>.*)",
        "Name:                          NVIDIA H100 80GB HBM3",
        mirrors="common.cpp",
    ),
    _record(
        "test_command",
        r"Running (?:for )?(?P<iterations>\d++) ?[iI]terations\.",
        "Running for 30 iterations.",
        "Running 30Iterations.",
        mirrors="caffe.cpp",
    ),
    _record("time_command", r"\*\*\* Benchmark begins \*\*\*", "*** Benchmark begins ***", mirrors="caffe.cpp"),
    _record("time_done", r"\*\*\* Benchmark ends \*\*\*", "*** Benchmark ends ***", mirrors="caffe.cpp"),
    _record("test_done", r"Loss: (?P<loss>VALUE)", "Loss: 0.0232649", mirrors="caffe.cpp"),
)
