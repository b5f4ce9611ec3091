"""What happens once in a while: snapshots, resumes, ends, speeds, figures of a tool."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_event = partial(make_pattern, "event", mirrors="solver.cpp")

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
        r"RANK(?:Resuming from|Restoring previous solver status from) (?P<path>.*)",
        "Resuming from snap/lenet_iter_500.solverstate",
        "Restoring previous solver status from snap/lenet_iter_500.solverstate",
        "[0.0]Restoring previous solver status from snap/lenet_iter_500.solverstate",
        mirrors="caffe.cpp",
    ),
    _event(
        "finetune",
        r"(?:Finetuning|Loading) from (?P<path>.*)",
        "Finetuning from snap/lenet.caffemodel",
        "Loading from snap/lenet.caffemodel",
    ),
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
    _event(
        "stopped_early",
        r"RANKOptimization stopped early\.",
        "Optimization stopped early.",
        "[0.0] Optimization stopped early.",
    ),
    _event(
        "done",
        r"RANKOptimization Done(?:[\s.,;(].*)?",
        "Optimization Done.",
        "Optimization Done in 48m 26s",
        "Optimization Done (3.8457 iter/s).",
    ),
    _event("test_interrupted", r"Test interrupted\.", "Test interrupted."),
    _event(
        "stall",
        r"(?:Waiting for (?:data|datum)|Data layer prefetch queue empty)",
        "Waiting for data",
        "Waiting for datum",
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
        "time_iterations",
        r"Testing for (?P<value>\d++) ?[iI]terations\.",
        "Testing for 5 iterations.",
        "Testing for 50Iterations.",
        mirrors="caffe.cpp",
    ),
    _event(
        "time_total",
        r"(?P<what>Average Forward pass|Average Backward pass|Average Forward-Backward|Average Initialization Forward/Backward pass|Total Time|Forward pass|Backward pass): (?P<value>VALUE) (?:ms|milliseconds|seconds)\.",
        "Average Forward pass: 255.723 ms.",
        "Average Initialization Forward/Backward pass: 512.9 ms.",
        "Total Time: 4071 ms.",
        "Forward pass: 255 milliseconds.",
        "Backward pass: 255 milliseconds.",
        "Total Time: 4.07 seconds.",
        mirrors="caffe.cpp",
    ),
    _event(
        "layer_time_total",
        r"(?P<what>TOTAL (?:FORWARD |BACKWARD |UPDATE |)TIME)(?: \(.*\))?: (?P<value>VALUE) (?:ms|sec)",
        "TOTAL BACKWARD TIME: 94.1 ms",
        "TOTAL TIME (Computation + Communication): 0.126519 sec",
        mirrors="net.cpp",
    ),
    _event(
        "time_iteration",
        r"(?:Iteration: (?P<iteration>\d++)|Iterations: \d++-\d++ average) forward-backward time: (?P<value>VALUE) (?:ms|milliseconds)\.",
        "Iteration: 1 forward-backward time: 1275 ms.",
        "Iterations: 1-10 average forward-backward time: 12.75 ms.",
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
        "test_accuracy",
        r"(?P<what>Test accuracy): ?(?P<value>VALUE)",
        "Test accuracy:0.57",
        "Test accuracy: 0.57",
        mirrors="test_net.cpp",
    ),
    _event(
        "no_peer_access",
        r"GPU \d++ does not have p2p access to GPU \d++",
        "GPU 0 does not have p2p access to GPU 1",
        mirrors="parallel.cpp",
    ),
    _event(
        "img_per_second",
        r"(?:RANK|\[\w++\] |Node \{\d++\} )(?P<what>(?:Overall )?multi-GPU performance|Overall performance): (?P<value>VALUE) img/sec.*",
        "Overall multi-GPU performance: 16861 img/sec",
        "multi-GPU performance: 16861 img/sec",
        "Node {0} multi-GPU performance: 16861 img/sec",
        "Overall performance: 33722 img/sec",
        mirrors="parallel.cpp",
    ),
    _event(
        "solver_speed",
        r"\s*+(?:Node \{\d++\}\s++)?(?P<what>(?:[Rr]oot )?Solver performance on device \d++): VALUE \* \d++ = (?P<value>VALUE) img/sec.*",
        "Root Solver performance on device 0: 124.2 * 34 = 4224 img/sec (40 itr in 0.3059 sec)",
        "     Solver performance on device 1: 122.9 * 34 = 4177 img/sec (40 itr in 0.3093 sec)",
        "Node {0} root Solver performance on device 0: 124.2 * 34 = 4224 img/sec (40 itr in 0.3059 sec)",
        mirrors="parallel.cpp",
    ),
    # What NVCaffe's convolutions take beside their blobs, and what the card had left.
    _event(
        "workspace",
        r"(?:RANK|(?:TRAIN|TEST) )(?P<what>Conv Algos)(?: by Get\*)? \(F,BD,BF\)(?: for layer|:) '.*' with space (?P<value>VALUE)\S*+ .*",
        "[n0.d0.r0] Conv Algos (F,BD,BF): 'conv1' with space 4.19M 1/1 -> [3464 6888 0] 1 1 0 \t(avail 1.58G, req 4.19M)\tt: 0 0 0.88",
        "[0] Conv Algos (F,BD,BF): 'conv1_1' with space 0.01G/1 1 4 3  (limit 12.33G, req 0G)",
        "TRAIN Conv Algos by Get* (F,BD,BF) for layer 'conv1' with space 8388608/1 1 0 1",
        mirrors="cudnn_conv_layer.cpp",
    ),
    _event(
        "device_memory",
        r"(?P<what>Total memory): (?P<value>\d++), Free: \d++, dev_info\[\d++\]: total=\d++ free=\d++",
        "Total memory: 2099904512, Free: 1766850560, dev_info[0]: total=2099904512 free=1766850560",
        mirrors="gpu_memory.cpp",
    ),
    # Which build it is: NVCaffe prints its libraries, layer_factory.cpp of a cuDNN build what cuDNN cannot do.
    _event(
        "library_version",
        r"(?P<what>CuDNN|CuBLAS|CUDA|CUDA driver|NCCL|cuDNN|cuBLAS) version: .*",
        "CuDNN version: 7600",
        "CuDNN version: USE_CUDNN is not defined",
        "CuBLAS version: 10200",
        "CUDA driver version: 11020",
        "NCCL version: 2.4",
        "cuDNN version: 7600",
        "cuBLAS version: 10200",
        mirrors="caffe.cpp",
    ),
    _event(
        "engine",
        r"(?:CUDNN|cuDNN|CuDNN) does not support (?:padding or )?multiple tops\. Using Caffe's own pooling layer\.",
        "CUDNN does not support padding or multiple tops. Using Caffe's own pooling layer.",
        "cuDNN does not support multiple tops. Using Caffe's own pooling layer.",
        mirrors="layer_factory.cpp",
    ),
    _event(
        "learnable_space",
        r"RANK(?P<what>Reserving|Already reserved) (?P<value>\d++) bytes of shared learnable space.*",
        "[0.0] Reserving 1725184 bytes of shared learnable space for type FLOAT",
        "[0.0] Already reserved 1725184 bytes of shared learnable space for type FLOAT",
        mirrors="net.cpp",
    ),
    _event(
        "device_property",
        r"(?P<what>Device (?:id|backend|vendor)|Backend details|Major revision number|Minor revision number"
        r"|Total (?:global memory|shared memory per block|registers per block|constant memory)|Warp size|Maximum memory pitch"
        r"|Maximum (?:threads per block|dimension of (?:block|grid))|Clock rate|Texture alignment"
        r"|Concurrent copy and execution|Number of multiprocessors|Kernel execution timeout):\s++(?P<property>.*)",
        "Device id:                     0",
        "Device backend:                OpenCL",
        "Backend details:               NVIDIA Corporation: OpenCL 1.2 CUDA 7.5.26",
        "Major revision number:         9",
        "Minor revision number:         0",
        "Total global memory:           85017493504",
        "Warp size:                     32",
        "Maximum dimension of block:    1024, 1024, 64",
        "Clock rate:                    1980000",
        "Texture alignment:             512",
        "Concurrent copy and execution: Yes",
        "Number of multiprocessors:     132",
        "Kernel execution timeout:      No",
        mirrors="common.cpp",
    ),
    _event(
        "tests_completed",
        r"RANK(?:\[MultiGPU\] )?Tests completed in (?P<value>VALUE)s",
        "Tests completed in 4.69379s",
        "[MultiGPU] Tests completed in 0.01903s",
    ),
    # Of a single iteration, whatever test_iter says.
    _event(
        "initial_test",
        r"RANK(?:\[MultiGPU\] )?Initial Test (?P<what>started\.\.\.|completed in (?P<value>VALUE)s)",
        "Initial Test started...",
        "[MultiGPU] Initial Test completed in 1.33002s",
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
