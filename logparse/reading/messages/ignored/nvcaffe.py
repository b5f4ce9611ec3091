"""NVCaffe 0.14 to 0.17: threads, streams, numeric types, workspaces, several GPUs."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_thread = partial(make_pattern, "ignored", mirrors="internal_thread.cpp", reason="threads and streams of NVCaffe")
_types = partial(make_pattern, "ignored", mirrors="net.cpp", reason="numeric types of NVCaffe")
_space = partial(make_pattern, "ignored", mirrors="cudnn_conv_layer.cpp", reason="workspace being sought by NVCaffe")
_parallel = partial(make_pattern, "ignored", mirrors="parallel.cpp", reason="several GPUs being joined")

NVCAFFE: Final = (
    _thread(
        "starting_threads",
        r"(?:Starting|Restarting) \d++ internal thread\(s\) on device \d++",
        "Starting 1 internal thread(s) on device 0",
        "Restarting 4 internal thread(s) on device 0",
    ),
    _thread(
        "started_thread",
        r"Started internal thread \d++ on device \d++, rank \d++",
        "Started internal thread 10046 on device 0, rank 0",
    ),
    _thread(
        "named_thread",
        r"InternalThread \d++: .*",
        "InternalThread 10017: DataReader of local solver rank 0, parser threads 1, transf threads 1",
    ),
    _thread(
        "batch_transformer",
        r"Started BatchTransformer thread \d++",
        "Started BatchTransformer thread 10046",
        mirrors="batch_transformer.cpp",
    ),
    _thread(
        "caffe_instance",
        r"RANK(?:New Caffe instance 0x\w++, count \d++|Caffe instance 0x\w++ deleted, count \d++), thread \d++",
        "[0] New Caffe instance 0x7fd9e5997750, count 1, thread 10017",
        "[0] Caffe instance 0x7fd9c0ba4610 deleted, count 2, thread 10047",
        mirrors="common.cpp",
    ),
    _thread(
        "new_stream",
        r"New (?:high priority )?stream 0x\w++, (?:device \d++, )?thread \d++",
        "New stream 0x560f08863690, device 0, thread 10017",
        "New high priority stream 0x7fb047f6faf0, device 2, thread 215055",
        mirrors="common.cpp",
    ),
    _thread(
        "nvml",
        r"RANKNVML (?:initialized(?:, thread| on thread) \d++|(?:succeeded|failed) to set CPU affinity.*)",
        "NVML initialized, thread 10093",
        "NVML initialized on thread 140132158007040",
        "{0} NVML succeeded to set CPU affinity",
        "NVML succeeded to set CPU affinity on device 0",
        mirrors="common.cpp",
    ),
    _thread(
        "reader_threads",
        r"(?:Sample )?Data Reader threads: \d++, out queues: \d++, depth: \d++",
        "Data Reader threads: 1, out queues: 1, depth: 100",
        "Sample Data Reader threads: 1, out queues: 1, depth: 64",
        mirrors="data_reader.cpp",
    ),
    _thread(
        "parser_threads",
        r"RANK(?:Parser|Transformer) threads: \d++(?: \(auto\))?",
        "[n0.d0.r0] Parser threads: 3 (auto)",
        "Transformer threads: 4 (auto)",
        mirrors="data_layer.cpp",
    ),
    _thread(
        "reshape_prefetch",
        r"RANKReshapePrefetch \d++(?:, \d++)*+",
        "ReshapePrefetch 4, 3, 300, 300",
        "[0] ReshapePrefetch 32, 3, 32, 32",
        mirrors="data_layer.cpp",
    ),
    _types(
        "default_math",
        r"Using \w++ as default (?:forward|backward) (?:math )?type",
        "Using FLOAT as default forward math type",
        "Using FLOAT16 as default backward math type",
    ),
    _types("setting_types", r"Setting types for Layer .*", "Setting types for Layer conv1"),
    _types(
        "layer_types",
        r"Layer's types are Ftype:\w++ Btype:\w++ Fmath:\w++ Bmath:\w++",
        "Layer's types are Ftype:FLOAT Btype:FLOAT Fmath:FLOAT Bmath:FLOAT",
        mirrors="layer_factory.hpp",
    ),
    _types("solver_type", r"Solver data type: \w++", "Solver data type: FLOAT", mirrors="solver.cpp"),
    _types("serializing", r"Serializing \d++ layers", "Serializing 9 layers"),
    _thread(
        "reduce_thread",
        r"RANK(?:Entering|Leaving) ReduceAndUpdate thread \d++",
        "[0.0] Leaving ReduceAndUpdate thread 10093",
        "[0] Entering ReduceAndUpdate thread 10093",
        mirrors="net.cpp",
    ),
    _space(
        "trying_workspace",
        r"RANKAllocate(?:FindEx)?Workspace trying to allocate \d++ bytes(?: for layer .*)?",
        "[n0.d0.r0] AllocateWorkspace trying to allocate 4194304 bytes for layer conv1",
        "[n0.d0.r0] AllocateFindExWorkspace trying to allocate 978649088 bytes",
    ),
    _space(
        "retrying_workspace",
        r"RANKRetrying to allocate \d++ bytes, attempts left: \d++",
        "[0] Retrying to allocate 978649088 bytes, attempts left: 2",
    ),
    _space("releasing_workspace", r"RANKFindEx to release \d++ bytes", "[n0.d0.r0] FindEx to release 978649088 bytes"),
    _space(
        "memory_manager",
        r"GPUMemory::Manager initialized(?: with .*)?",
        "GPUMemory::Manager initialized",
        "GPUMemory::Manager initialized with Caching (CUB) GPU Allocator",
        mirrors="gpu_memory.cpp",
    ),
    _parallel("gpu_pairs", r"GPUs pairs [\d:, ]++", "GPUs pairs 6:7", "GPUs pairs 0:1, 2:3, 0:2"),
    _parallel(
        "no_peer_access",
        r"GPU \d++ does not have p2p access to GPU \d++",
        "GPU 0 does not have p2p access to GPU 1",
    ),
    _parallel("p2p_manager", r"P2PManager::Init @ \S*+", "P2PManager::Init @ node07"),
    _parallel(
        "p2p_callback",
        r"RANKP2[pP]Sync add(?:ing|ed) callback",
        "[0 - 0] P2pSync adding callback",
        "[2 - 2] P2PSync added callback",
    ),
    _parallel(
        "starting_sync",
        r"Starting sync \d++ \(of total \d++\).*",
        "Starting sync 0 (of total 3), {0.3}",
    ),
    _parallel(
        "leaving_sync",
        r"\s*+Leaving P2PSync thread \d++ '.*'",
        " Leaving P2PSync thread 215053 'P2PSync of rank 0 out of 3'",
    ),
    _parallel(
        "batch_adjusted",
        r"Batch size must be divisible by the number of solvers \(GPUs\): it's been adjusted from \d++ to \d++",
        "Batch size must be divisible by the number of solvers (GPUs): it's been adjusted from 100 to 102",
    ),
    _parallel(
        "starting_on_gpu",
        r"RANKStarting Optimization on GPU \d++",
        "[0.0] Starting Optimization on GPU 0",
        mirrors="solver.cpp",
    ),
    make_pattern(
        "ignored",
        "initial_test",
        r"RANK(?:\[MultiGPU\] )?Initial Test (?:started\.\.\.|completed in VALUEs)",
        "Initial Test started...",
        "[MultiGPU] Initial Test completed in 1.33002s",
        mirrors="solver.cpp",
        reason="frame of a test",
    ),
    make_pattern(
        "ignored",
        "update_norms",
        r"SGD_update .* W=VALUE\s++dW=VALUE\s++H=VALUE",
        "SGD_update conv3.0 W=2.2645 \tdW=0.0360204 \tH=0",
        mirrors="sgd_solver.cpp",
        reason="norms printed at an update",
    ),
    make_pattern(
        "ignored",
        "arguments",
        r"Arguments: ?.*",
        "Arguments: ",
        mirrors="caffe.cpp",
        reason="arguments of the command",
        continues=True,
    ),
)
