"""The GPU, its driver and its libraries. A kernel's error is told by the next call that is checked, so that the layer
of such a trace is a place in time and no culprit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import DRIVER, END, EXCEPTION, MEDIUM, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene

# What a kernel that touched foreign memory leaves, under the numbers before and since CUDA 10.1, or in a library.
_ASTRAY: Final = (
    r"an illegal memory access|unspecified launch failure|misaligned address"
    r"|CUBLAS_STATUS_(?:MAPPING_ERROR|EXECUTION_FAILED|INTERNAL_ERROR)|CUDNN_STATUS_(?:EXECUTION_FAILED|MAPPING_ERROR)"
)
_LATER: Final = "The layer in the trace is only where the error was noticed. "
_LABELS: Final = (
    "see that labels go from 0 to the number of classes less 1 (not from 1), that what has none (255) is "
    "`ignore_label`, and that `num_output` is the number of classes; a debug build in CPU mode names the label"
)
_CUDNN_2015: Final = r"CUDNN_STATUS_EXECUTION_FAILED"
_BEFORE_APRIL_S: Final = 91 * 86_400  # seconds of January to March in the leap year that raw times are counted in
_STATUS: Final = "F cudnn.hpp] Check failed: status == CUDNN_STATUS_SUCCESS "
_CUDA: Final = "F math_functions.cu] Check failed: error == cudaSuccess "
_LOSS_NET: Final = (
    'I net.cpp] Initializing net from parameters: \nlayer { name: "ip" type: "InnerProduct" top: "ip" }\n'
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }\n'
    "I net.cpp] Creating Layer ip\nI net.cpp] ip -> ip\nI net.cpp] Setting up ip\nI net.cpp] Top shape: 4 10 (40)\n"
    "I net.cpp] Memory required for data: 160\nI net.cpp] Creating Layer loss\nI net.cpp] loss <- ip\n"
    "I net.cpp] loss <- label\nI net.cpp] loss -> loss\nI net.cpp] Setting up loss\nI net.cpp] Top shape: (1)\n"
    "I net.cpp] Memory required for data: 164\nI net.cpp] Network initialization done.\n"
)
_LONG: Final = "I solver.cpp] Iteration 0, loss = 2.3\nI solver.cpp] Iteration 5000, loss = 1.1\n"


def _before_april_2015(scene: Scene) -> bool:
    """Whether the run is of the weeks in which cuDNN's fastest algorithm was taken whatever memory it needs."""
    year, start_s = scene.attempt.year, scene.attempt.start_s
    return year is not None and (year < 2015 or (year == 2015 and start_s is not None and start_s < _BEFORE_APRIL_S))


def _astray(scene: Scene) -> bool:
    """Whether a kernel went astray for another reason than blobs too large, or the workspace of early 2015."""
    return scene.huge is None and not ("EXECUTION_FAILED" in scene.event.text and _before_april_2015(scene))


def _by_labels(scene: Scene) -> bool:
    return _astray(scene) and scene.fork_layer is None and bool(scene.label_layers) and not scene.trained


def _classes(scene: Scene) -> Mapping[str, str]:
    names = formats.enumerated([repr(layer.name) for layer in scene.label_layers])
    classes = scene.classes
    range_ = "the range of its classes" if classes is None else f"0 … {classes - 1}"
    return {"losses": names, "range": range_}


def _fork(scene: Scene) -> Mapping[str, str]:
    return {"fork": scene.fork_layer or ""}


def _reached(scene: Scene) -> Mapping[str, str]:
    return {"iteration": formats.count(scene.iterations[1]) if scene.iterations else ""}


OF_GPU: Final = (
    Diagnosis(
        "G1",
        "label_out_of_range",
        _ASTRAY,
        "A kernel touched foreign memory: most likely a label outside {range} at {losses}",
        _LATER + "The run died before its second display, in a net whose losses take class indices, which release "
        "builds do not check: that is the commonest cause by far. An own layer or faulty hardware would look alike.",
        _LABELS + ".",
        (
            _LOSS_NET + _CUDA + "(700 vs. 0)  an illegal memory access was encountered",
            _LOSS_NET + _CUDA + "(4 vs. 0)  unspecified launch failure",
            _LOSS_NET
            + "F math_functions.cu] Check failed: status == CUBLAS_STATUS_SUCCESS (14 vs. 0)  CUBLAS_STATUS_INTERNAL_ERROR",
            _LOSS_NET + _STATUS + "(8 vs. 0)  CUDNN_STATUS_EXECUTION_FAILED",
        ),
        near=(_LOSS_NET + _CUDA + "(4 vs. 0)  a text of no known error",),
        when=_by_labels,
        words=_classes,
    ),
    Diagnosis(
        "G1",
        "fork_layer_astray",
        _ASTRAY,
        "A kernel touched foreign memory, at or before a {fork} layer",
        "The trace names a layer that is not Caffe's own. Errors of kernels are told late, so that this is a strong "
        "hint and no proof.",
        "look at that layer's inputs (boxes, indices, sizes); run once with CUDA_LAUNCH_BLOCKING=1, which tells at the "
        "right place.",
        (
            _CUDA
            + "(77 vs. 0)  an illegal memory access was encountered\n    @ 0x7f1 caffe::ROIPoolingLayer<>::Forward_gpu()",
        ),
        when=lambda scene: _astray(scene) and scene.fork_layer is not None,
        words=_fork,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G1",
        "astray_in_mid_run",
        _ASTRAY,
        "A kernel touched foreign memory after iteration {iteration}: a single bad record, or hardware",
        _LATER
        + "Iterations had been shown before it, so that the definition is sound as a whole. A label out of range in one record and a card that is too hot or faulty look alike here.",
        "start again from the last snapshot: if it dies at the same iteration it is the data, else the card; "
        + _LABELS
        + ".",
        (_LONG + _CUDA + "(719 vs. 0)  unspecified launch failure",),
        when=lambda scene: _astray(scene) and scene.fork_layer is None and scene.trained,
        words=_reached,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G1",
        "kernel_astray",
        _ASTRAY,
        "A kernel touched foreign memory: a label out of range, a layer of one's own, or hardware",
        _LATER + "The log does not tell these causes apart. It is not out of memory.",
        _LABELS + "; CUDA_LAUNCH_BLOCKING=1 tells the error at the right place.",
        (_CUDA + "(716 vs. 0)  misaligned address",),
        when=lambda scene: _astray(scene) and not (_by_labels(scene) or scene.trained or scene.fork_layer),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G1",
        "label_out_of_range_on_cpu",
        r"\*\*\* SIG(?:SEGV|ABRT|BUS)|double free|free\(\): |malloc\(\): |corrupted ",
        "A layer that takes labels touched foreign memory: most likely a label out of range",
        "The trace names {label_frame}, which uses each label as an index and checks none in a release build.",
        _LABELS + ".",
        (
            (
                "*** SIGSEGV (@0x0) received by PID 42 (TID 0x7f) from PID 0; stack trace: ***\n"
                "    @ 0x7f1 caffe::SoftmaxWithLossLayer<>::Forward_cpu()"
            ),
        ),
        kinds=END | EXCEPTION,
        when=lambda scene: _label_frame(scene) != "",
        words=lambda scene: {"label_frame": _label_frame(scene)},
    ),
    Diagnosis(
        "M8",
        "workspace_of_2015",
        _CUDNN_2015,
        "cuDNN could not run a convolution: in builds of early 2015 that is a lack of memory",
        "Until the end of March 2015 Caffe took cuDNN's fastest algorithm however large its workspace, and met the "
        "lack of it only when it ran.",
        "a later Caffe, which limits the workspace; else a smaller batch.",
        (
            "Log file created at: 2015/03/01 10:00:00\nF0301 10:00:00.000000 1 cudnn_conv_layer.cu:53] Check failed: status == CUDNN_STATUS_SUCCESS (8 vs. 0)  CUDNN_STATUS_EXECUTION_FAILED",
        ),
        when=lambda scene: scene.huge is None and _before_april_2015(scene),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G2",
        "device_assert",
        r"device-side assert triggered",
        "A check inside a GPU kernel failed: almost always a label out of range",
        "Only forks have such checks, and nearly all of them stand in losses.",
        _LABELS + ".",
        (_CUDA + "(59 vs. 0)  device-side assert triggered", _CUDA + "(710 vs. 0)  device-side assert triggered"),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G3",
        "no_code_for_card",
        r"invalid device function|no kernel image is available",
        "This build holds no code for {card}",
        "Caffe, or an own layer's library, was compiled for other compute capabilities: a newer card than the newest of "
        "them, or an older one than the oldest. It shows at the first kernel that runs.",
        "put the card's compute capability into CUDA_ARCH (Makefile.config, and setup.py of own layers), "
        "`make clean`, build again.",
        (
            "F im2col.cu] Check failed: error == cudaSuccess (8 vs. 0)  invalid device function",
            "F relu_layer.cu] Check failed: error == cudaSuccess (209 vs. 0)  no kernel image is available for execution on the device",
        ),
        words=lambda scene: {"card": next(iter(scene.attempt.devices), "") or "this card"},
    ),
    Diagnosis(
        "G4",
        "no_driver",
        r"CUDA driver version is insufficient",
        "No driver that suits the CUDA of this build: it is too old, or there is none at all",
        "CUDA says the same of both. A container without access to the GPU has none.",
        "see whether nvidia-smi works here. A newer driver; in a container `--gpus all`; without a GPU a build with "
        "CPU_ONLY.",
        (
            "F common.cpp] Check failed: error == cudaSuccess (35 vs. 0)  CUDA driver version is insufficient for CUDA runtime version",
        ),
        when=lambda scene: scene.attempt.mode != "CPU",
    ),
    Diagnosis(
        "G4",
        "no_driver_in_cpu_mode",
        r"CUDA driver version is insufficient",
        "A CUDA build asks for the driver even in CPU mode, and there is none that suits",
        "Threads that load data ask for the current device, in {layer} as everywhere. Nets without such layers run.",
        "a build with CPU_ONLY; or a driver that suits; in a container `--gpus all`.",
        (
            (
                "I caffe.cpp] Use CPU.\n"
                "F internal_thread.cpp] Check failed: error == cudaSuccess (35 vs. 0)  CUDA driver version is insufficient for CUDA runtime version"
            ),
        ),
        when=lambda scene: scene.attempt.mode == "CPU",
    ),
    Diagnosis(
        "G5",
        "no_such_gpu",
        r"invalid device ordinal",
        "There is no GPU with the number that was asked for",
        "Numbers begin at 0, and CUDA_VISIBLE_DEVICES numbers the cards that it lets through anew.",
        "a smaller number for --gpu or device_id; nvidia-smi -L lists the cards.",
        (
            "F common.cpp] Check failed: error == cudaSuccess (101 vs. 0)  invalid device ordinal",
            "F common.cpp] Check failed: error == cudaSuccess (10 vs. 0)  invalid device ordinal",
        ),
    ),
    Diagnosis(
        "G6",
        "no_gpu",
        r"no CUDA-capable device is detected",
        "CUDA sees no GPU",
        "The driver is not loaded, CUDA_VISIBLE_DEVICES hides every card, or the container was given none.",
        "see whether nvidia-smi lists the card; load the driver; set CUDA_VISIBLE_DEVICES.",
        (
            _CUDA + "(38 vs. 0)  no CUDA-capable device is detected",
            _CUDA + "(100 vs. 0)  no CUDA-capable device is detected",
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G6",
        "cuda_after_fork",
        r"\(3 vs\. 0\)\s+initialization error",
        "CUDA could not be initialised: usually a process that was forked after CUDA had begun",
        "It is common where Python starts its workers by fork; a driver that is not loaded says the same.",
        "start workers by `spawn`, or before the first call that touches the GPU.",
        (_CUDA + "(3 vs. 0)  initialization error",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G6",
        "driver_wedged",
        r"\((?:30|999) vs\. 0\)\s+unknown error",
        "The GPU's driver is in a bad state",
        "CUDA has no better word: it follows a suspend, a crash of another process, or a missing /dev/nvidia-uvm.",
        "nvidia-modprobe -u, run once as root, load the driver again, or reboot.",
        (_CUDA + "(30 vs. 0)  unknown error", _CUDA + "(999 vs. 0)  unknown error"),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G6",
        "gpu_busy",
        r"all CUDA-capable devices are busy or unavailable",
        "Another process has the GPU to itself",
        "The card is in exclusive compute mode, or was lost to the driver.",
        "end the other process, or nvidia-smi -c DEFAULT.",
        (_CUDA + "(46 vs. 0)  all CUDA-capable devices are busy or unavailable",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G7",
        "display_watchdog",
        r"the launch timed out and was terminated",
        "A kernel ran longer than the display's watchdog allows",
        "The card drives a monitor, and the system ends kernels of more than a few seconds.",
        "a card without a monitor; on Windows a longer TDR delay; a smaller batch makes shorter kernels.",
        (
            _CUDA + "(6 vs. 0)  the launch timed out and was terminated",
            _CUDA + "(702 vs. 0)  the launch timed out and was terminated",
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G8",
        "gpu_hardware",
        r"uncorrectable ECC error",
        "The GPU's memory is faulty: an error that ECC could not correct",
        "It is hardware. What was computed shortly before cannot be trusted.",
        "another card; go on from a snapshot before the error.",
        (
            _CUDA + "(39 vs. 0)  uncorrectable ECC error encountered",
            _CUDA + "(214 vs. 0)  uncorrectable ECC error encountered",
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G8",
        "gpu_lost",
        r"fallen off the bus|GPU is lost|NVRM: Xid \([^)]*\): (?:48|61|62|63|64|74|79|94|95)\b",
        "The driver lost the GPU, or reports it as faulty",
        "It is hardware, power or heat: no program does this.",
        "power supply, cooling, the card's seat; another card; go on from the last snapshot.",
        ("[ 1234.567890] NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.",),
        near=("[ 1234.567890] NVRM: Xid (PCI:0000:02:00): 13, Graphics Exception",),
        kinds=DRIVER,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G9",
        "gpu_in_cpu_build",
        r"Cannot use GPU in CPU-only Caffe",
        "This build has no GPU code, and the GPU was asked for",
        "It was compiled with CPU_ONLY. `solver_mode: GPU` (the default), --gpu or set_mode_gpu asks for the GPU.",
        "`solver_mode: CPU` and no --gpu, or a build without CPU_ONLY.",
        ("F common.cpp] Cannot use GPU in CPU-only Caffe: check mode.",),
    ),
)


def _label_frame(scene: Scene) -> str:
    names = ("SoftmaxWithLossLayer", "AccuracyLayer", "InfogainLossLayer", "MultinomialLogisticLossLayer")
    return next((name for name in names if scene.traced(rf"\b{name}(?:<.*>)?::")), "")
