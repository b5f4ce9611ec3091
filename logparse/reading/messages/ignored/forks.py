"""Intel Caffe, OpenCL builds, MPI, SSD and YOLO: what only they print."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_intel = partial(make_pattern, "ignored", mirrors="net.cpp", reason="Intel Caffe's own report")
_cpu = partial(make_pattern, "ignored", mirrors="cpu_info.cpp", reason="processor and OpenMP set-up")
_opencl = partial(make_pattern, "ignored", mirrors="device.cpp", reason="OpenCL device")
_mpi = partial(make_pattern, "ignored", mirrors="common.cpp", reason="processes being joined")
_detection = partial(make_pattern, "ignored", mirrors="solver.cpp", reason="detail of a detection test")

FORKS: Final = (
    _cpu(
        "cpu_counts",
        r"(?:Processor speed \[MHz\]|Total number of (?:sockets|CPU cores|processors)|Number of OpenMP threads): \d++",
        "Processor speed [MHz]: 2300",
        "Total number of sockets: 1",
        "Total number of CPU cores: 56",
        "Total number of processors: 4",
        "Number of OpenMP threads: 2",
    ),
    _cpu(
        "cpu_answers",
        r"(?:GPU is used|OpenMP environmental variables are specified|OpenMP thread bind allowed): (?:yes|no)",
        "GPU is used: no",
        "OpenMP environmental variables are specified: no",
        "OpenMP thread bind allowed: yes",
    ),
    _intel(
        "bottom_sizes",
        r"InitNet: check bottom sizes for layer .*, layer_id \d++, bottom_id \d++, calculated bottom_size \d++, real bottom_size \d++",
        "InitNet: check bottom sizes for layer ReLU, layer_id 3, bottom_id 0, calculated bottom_size 128, real bottom_size 128",
    ),
    make_pattern(
        "ignored",
        "layer_engine",
        r"Layer .* is using \w++ engine\.",
        "Layer bn_conv1 is using CAFFE engine.",
        mirrors="layer_factory.cpp",
        reason="engine chosen for a layer",
    ),
    _intel("minibatch_size", r"SetMinibatchSize:? \d++", "SetMinibatchSize 32"),
    _intel("hash_line", r"\#{10,}+", "####################################################"),
    _intel(
        "delta_time",
        r"DELTA (?:FORWARD |BACKWARD |UPDATE |)TIME(?: \(.*\))?: VALUE (?:ms|sec)",
        "DELTA FORWARD TIME: 41.628 ms",
        "DELTA TIME (Computation + Communication): 0.126519 sec",
    ),
    _intel(
        "iteration_time",
        r"iter \d++, forward_backward_update_time: VALUE ms",
        "iter 22, forward_backward_update_time: 126 ms",
        mirrors="solver.cpp",
    ),
    _mpi(
        "mpi_mode",
        r"(?:Running parallel training with MPI support!|You are running caffe compiled with MPI support\. .*)",
        "Running parallel training with MPI support!",
        "You are running caffe compiled with MPI support. Now it's running in non-parallel model",
    ),
    _mpi(
        "multinode",
        r"(?:Configuring multinode setup|Starting Multi-node Optimization in MLSL environment)",
        "Configuring multinode setup",
        "Starting Multi-node Optimization in MLSL environment",
        mirrors="caffe.cpp",
    ),
    _mpi(
        "multi_sync",
        r"(?:RUN: (?:PER LAYER TIMINGS ARE|SINGLE DB SPLITTING IS) .*|synchronize_params: bcast\s*+)",
        "RUN: PER LAYER TIMINGS ARE ENABLED, SINGLE DB SPLITTING IS DISABLED",
        "synchronize_params: bcast ",
        mirrors="multi_sync.hpp",
    ),
    _opencl(
        "opencl_counts",
        r"(?:Number of (?:platforms|devices) found|Total devices|(?:CUDA|OpenCL) devices): ?\d++",
        "Number of platforms found:1",
        "Number of devices found:1",
        "Total devices: 2",
        "CUDA devices: 0",
        "OpenCL devices: 2",
    ),
    _opencl(
        "opencl_property",
        r"\s*+CL_[A-Z_]++:?\s.*",
        "\tCL_PLATFORM_NAME\tAMD Accelerated Parallel Processing",
        "\t CL_DEVICE_QUEUE_PROPERTIES:\tCL_QUEUE_PROFILING_ENABLE",
        "CL_DEVICE_HOST_UNIFIED_MEMORY: 1",
        only_from="device.cpp",
        anywhere=True,
    ),
    _opencl(
        "opencl_device",
        r"\s*+(?:DeviceID|Device Type|Is it integrated GPU\?|Max clock frequency MHz|Host-Device unified mem|ECC support"
        r"|Endian little|Max compute units|Max work group size|Max work item (?:dimensions|sizes)|Max mem alloc size"
        r"|Global mem size|Local mem size):\s++\S++",
        "\tDeviceID:\t0x2171230",
        "\t Device Type:\tCL_DEVICE_TYPE_GPU",
        "\tIs it integrated GPU?:\t0",
        "\tMax clock frequency MHz:\t930",
        "\tHost-Device unified mem:\t0",
        "\tECC support:\t0",
        "\tEndian little:\t1",
        "\tMax compute units:\t44",
        "\tMax work group size:\t256",
        "\tGlobal mem size:\t16878927872",
        "\tLocal mem size:\t32768",
    ),
    _opencl("opencl_picked", r"Picked device type : \w++ \d++", "Picked device type : GPU 0"),
    _opencl("opencl_build", r"Build Program", "Build Program"),
    _detection(
        "missing_label",
        r"Missing (?:true_pos|false_pos|num_pos) for label: \d++",
        "Missing true_pos for label: 3",
        "Missing num_pos for label: 12",
    ),
    _detection("class_precision", r"class(?: AP)? ?\d++: VALUE", "class1: 0.898755", "class AP 1: 0.565804"),
    _detection(
        "no_directory",
        r"Failed to create directory: .*",
        "Failed to create directory: results/VOC2007/Main",
        mirrors="detection_output_layer.cpp",
    ),
    make_pattern(
        "ignored",
        "yolo_scores",
        r"(?:avg_)?noobj: VALUE (?:avg_)?obj: VALUE (?:avg_)?iou: VALUE (?:avg_)?cat: VALUE recall: VALUE(?: recall75: VALUE)?"
        r" (?:class_)?count: \d++",
        "noobj: 0.00119918 obj: 0.0804991 iou: 0.583229 cat: 0.948968 recall: 0.777778 recall75: 0.148148 count: 2",
        "avg_noobj: 0.0033 avg_obj: 0.0115 avg_iou: 0.659 avg_cat: 0.217 recall: 0.875 class_count: 8",
        mirrors="yolov3_layer.cpp",
        reason="scores printed by a YOLO loss",
    ),
    make_pattern(
        "ignored",
        "sample_cost",
        r"Data: .*",
        "Data: 00000000_n02981792/n02981792_6154.JPEG, Cost: 0",
        mirrors="solver.cpp",
        reason="samples and weights printed by a solver of its own",
        only_from="solver.cpp",
        continues=True,
    ),
    make_pattern(
        "ignored",
        "sample_weights",
        r"Weight: .*",
        "Weight: ",
        mirrors="solver.cpp",
        reason="samples and weights printed by a solver of its own",
        only_from="solver.cpp",
        continues=True,
    ),
)
