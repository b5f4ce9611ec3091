"""Memory that ran out: the card's, the host's, the count of a blob's values; and what only looks like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.assembling.outcome import STAGE_WORDS
from logparse.audit.diagnoses.entry import EXCEPTION, MEDIUM, Diagnosis
from logparse.audit.diagnoses.scene import MOST_GPU_VALUES
from logparse.rows import int_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene
    from logparse.rows import TableRow

_OUT: Final = r"\(2 vs\. 0\)\s+out of memory"
_ASKED: Final = r"_STATUS_ALLOC(?:ATION)?_FAILED"
_SMALLER: Final = (
    "a smaller train batch, with `iter_size` to keep the effective one; cuDNN where the engine is CAFFE, whose "
    "convolutions hold a column buffer; nothing else on the card."
)
# What helps, by (stage of the trace or None, phase or None): the first row that agrees.
_BY_PLACE: Final = (
    (
        "parameter gradients",
        None,
        (
            "see what else holds the card's memory: no forward pass had begun, only parameters and their gradients were "
            "asked for. If nothing else does, the net has too many parameters for the card."
        ),
    ),
    (
        "update",
        None,
        (
            "a solver that keeps one copy of the parameters (SGD) in place of two (Adam, AdaDelta), or a smaller train "
            "batch."
        ),
    ),
    (None, "TEST", "a smaller test batch with a larger `test_iter`: it is the test net that found no room."),
    (None, None, _SMALLER),
)


def _row(scene: Scene) -> TableRow:
    rows = scene.log.rows("out_of_memory")
    return next((row for row in rows if row["attempt"] == scene.attempt.index), {})


def _fits_empty_card(scene: Scene) -> bool:
    fits: Any = _row(scene).get("run_fits_card")
    return not formats.is_na(fits) and bool(fits)


def _in_context(scene: Scene) -> bool:
    asked_by = scene.event.path or ""
    return scene.stage == "context" or (not scene.attempt.nets and asked_by.startswith(("benchmark.", "common.")))


def _place(scene: Scene) -> str:
    """Where it happened, in words that follow "was full"."""
    place = scene.attempt.out_of_memory
    words = "" if place is None or place.stage is None else f" {STAGE_WORDS[place.stage]}"
    if place is None or place.stage in (None, "init"):
        return words if scene.layer_name is None else f" while {scene.layer_text} was set up"
    more = [f"{place.phase} net" if place.phase else "", place.layer or place.layer_type or ""]
    return f"{words} ({', '.join(filter(None, more))})" if any(more) else words


def _remedy(scene: Scene) -> str:
    place = scene.attempt.out_of_memory
    stage, phase = (None, None) if place is None else (place.stage, place.phase)
    return next(text for one, net, text in _BY_PLACE if one in (None, stage) and net in (None, phase))


def _fitting(scene: Scene) -> str:
    """The batch that would fit the named card, in a sentence; empty where the card's memory is not known."""
    from logparse.cost.whatif.fit import fit
    from logparse.cost.whatif.resize import WhatIfError

    card = int_of(_row(scene).get("card_bytes"))
    run = scene.log.parsed.derived.runs.get(scene.attempt.index)
    if card is None or run is None or not run.nets:
        return ""
    try:
        batch = fit(run, card, terms=scene.log.parsed.terms).batch
    except WhatIfError:
        return ""
    own = run.nets[0].batch
    now = "" if own is None else f" (it is {formats.count(own)} in the first net)"
    said = f"a batch of {formats.count(batch)}" if batch else "not one image"
    return f" By the footprint {said} would fit the {formats.size(card)} of this card{now}."


def _full(scene: Scene) -> Mapping[str, str]:
    return {"place": _place(scene), "helps": _remedy(scene), "fitting": _fitting(scene)}


def _huge(scene: Scene) -> Mapping[str, str]:
    top = scene.huge
    count, blob, images = (0, "", 0) if top is None else (top.count or 0, top.name, (top.shape or (0,))[0])
    batch = MOST_GPU_VALUES // (count // images) if images and count % images == 0 else 0
    helps = f"a batch of at most {formats.count(batch)}: with it this blob stays within" if batch else "a smaller batch"
    return {"blob": blob, "count": formats.count(count), "most": formats.count(MOST_GPU_VALUES), "helps": helps}


def _refused(scene: Scene) -> Mapping[str, str]:
    both = scene.whole_numbers
    a, b = (formats.count(one) for one in both) if both else scene.numbers
    return {"a": a, "b": b}


def _bytes(name: str) -> Any:  # noqa: ANN401 - a row's `words`
    return lambda scene: {name: formats.exact_bytes(int(scene.match[name])) if scene.match[name] else ""}


def _reads_hdf5(scene: Scene) -> bool:
    return scene.layer_type == "HDF5Data" or scene.traced("hdf5_load|HDF5DataLayer")


_CUDA_OUT: Final = "F syncedmem.cpp] Check failed: error == cudaSuccess (2 vs. 0)  out of memory\n"
_NET: Final = (
    "I net.cpp] Creating Layer data\nI net.cpp] data -> data\nI net.cpp] Setting up data\n"
    "I net.cpp] Top shape: 2 3 4 4 (96)\nI net.cpp] Memory required for data: 384\n"
    "I net.cpp] Network initialization done.\n"
)

OF_MEMORY: Final = (
    Diagnosis(
        "M1",
        "gpu_memory_full",
        _OUT,
        "The GPU's memory was full{place}",
        "Caffe frees nothing during a run: the request that failed is the first that did not fit, and not the "
        "culprit.{fitting}",
        "{helps}",
        (
            _NET + _CUDA_OUT + "    @ 0x7f1 caffe::SyncedMemory::to_gpu()\n    @ 0x7f2 caffe::Net<>::ClearParamDiffs()",
            _NET + _CUDA_OUT + "    @ 0x7f1 caffe::PoolingLayer<>::Forward_gpu()\n    @ 0x7f2 caffe::Solver<>::Test()",
        ),
        near=("I syncedmem.cpp] out of memory\nI solver.cpp] Optimization Done.",),
        when=lambda scene: not _in_context(scene) and not _fits_empty_card(scene),
        words=_full,
    ),
    Diagnosis(
        "M2",
        "card_held_by_others",
        _OUT,
        "The GPU's memory was full{place}, though this run would fit the empty card",
        "Something else held its memory: another process, a desktop, or it was another card than meant (CUDA's order "
        "is not that of nvidia-smi).",
        "free the card (nvidia-smi lists who is on it), or choose another one; CUDA_DEVICE_ORDER=PCI_BUS_ID makes both "
        "orders one.",
        (
            "I caffe.cpp] Using GPUs 0\nI caffe.cpp] GPU 0: Invented 80GB\n"
            "I solver.cpp] Initializing solver from parameters: \nbase_lr: 0.1\n"
            'I net.cpp] Initializing net from parameters: \nname: "N"\n'
            'layer { name: "data" type: "DummyData" top: "data" }\n'
            + _NET
            + _CUDA_OUT
            + "    @ 0x7f2 caffe::Net<>::ClearParamDiffs()",
        ),
        when=lambda scene: not _in_context(scene) and _fits_empty_card(scene),
        words=_full,
    ),
    Diagnosis(
        "M3",
        "no_room_for_context",
        _OUT,
        "The GPU had no room even for CUDA itself",
        "No net had been set up: the context of the process, some hundred MiB, found no room. The size of the net "
        "plays no part.",
        "free the card (nvidia-smi lists who is on it) or choose another one; exclusive compute mode lets only one "
        "process in.",
        (
            "F benchmark.cpp] Check failed: error == cudaSuccess (2 vs. 0)  out of memory\n    @ 0x7f1 caffe::Timer::Init()",
            "F common.cpp] Check failed: error == cudaSuccess (2 vs. 0)  out of memory",
        ),
        when=_in_context,
    ),
    Diagnosis(
        "M4",
        "gpu_memory_full_sized",
        r"(?:Out of memory: failed|Failed) to allocate (?P<asked>\d+) bytes on device (?P<device>\d+)"
        r"(?:\. Total memory: \d+, Free: (?P<free>\d+))?",
        "The GPU's memory was full: a last request of {asked} found no room on device {device}",
        "The figure is that of the last request alone, not what the run needs.{left}{fitting}",
        "{helps} NVCaffe's convolutions take what is left as workspace: `cudnn_convolution_algo_seeker: GET` lets them "
        "take less.",
        (
            "F gpu_memory.hpp] Out of memory: failed to allocate 1048576 bytes on device 0",
            "F gpu_memory.hpp] Failed to allocate 1048576 bytes on device 0. Total memory: 4000000000, Free: 1000, x",
        ),
        words=lambda scene: {
            **_full(scene),
            **_bytes("asked")(scene),
            "left": f" {formats.exact_bytes(int(scene.match['free']))} were free." if scene.match["free"] else "",
        },
    ),
    Diagnosis(
        "M4",
        "workspace_without_room",
        r"Out of memory in safe_reserve: (?P<asked>\d+) > (?P<had>\d+) \+ (?P<free>\d+) on device (?P<device>\d+)",
        "The GPU's memory was full: a convolution's workspace of {asked} found no room on device {device}",
        "It had {had} and {free} were free.{fitting}",
        "{helps} `cudnn_convolution_algo_seeker: GET` chooses algorithms that need less workspace.",
        ("F gpu_memory.cpp] Out of memory in safe_reserve: 3000 > 1000 + 500 on device 0",),
        words=lambda scene: {
            **_full(scene),
            **{name: formats.exact_bytes(int(scene.match[name])) for name in ("asked", "had", "free")},
        },
    ),
    Diagnosis(
        "M5",
        "no_algorithm_fits",
        r"Can't find (?P<what>forward|backward data|backward filter) algorithm with memory limit (?P<limit>\d+) bytes",
        "The GPU's memory was full: no algorithm of cuDNN for the {what} pass of {layer} fits into the {limit} left",
        "It is a lack of memory in disguise: the limit is what the card had left.{fitting}",
        "{helps}",
        ("F cudnn_conv_layer.cpp] Can't find backward filter algorithm with memory limit 8388608 bytes per group",),
        words=lambda scene: {**_full(scene), **_bytes("limit")(scene)},
    ),
    Diagnosis(
        "M6",
        "cudnn_handles",
        r"CUDNN_STATUS_INTERNAL_ERROR",
        "cuDNN could not make its handles at {layer}, most likely for lack of memory on the card",
        "Each cuDNN convolution makes three handles a group, each with memory of its own, and {before} convolutions "
        "stood before this one. A broken context would have shown at the first.",
        "`engine: CAFFE` in convolutions with many groups (depthwise ones); free the card.",
        (
            (
                "I net.cpp] Initializing net from parameters: \n"
                'layer { name: "a" type: "Convolution" top: "a" }\nlayer { name: "b" type: "Convolution" bottom: "a" top: "b" }\n'
                "I net.cpp] Creating Layer a\nI net.cpp] a -> a\nI net.cpp] Setting up a\nI net.cpp] Top shape: 1 2 3 4 (24)\n"
                "I net.cpp] Memory required for data: 96\nI net.cpp] Creating Layer b\nI net.cpp] b <- a\nI net.cpp] b -> b\n"
                "F cudnn_conv_layer.cpp] Check failed: status == CUDNN_STATUS_SUCCESS (4 vs. 0)  CUDNN_STATUS_INTERNAL_ERROR"
            ),
        ),
        when=lambda scene: _convolutions_before(scene) > 0,
        words=lambda scene: {"before": formats.count(_convolutions_before(scene))},
        confidence=MEDIUM,
    ),
    Diagnosis(
        "M6",
        "cudnn_first_handle",
        r"CUDNN_STATUS_INTERNAL_ERROR",
        "cuDNN could not start: the card was full, or the context, the driver or its cache is broken",
        "It is the first layer that asks for cuDNN, so that the net plays no part. The log does not tell the two "
        "causes apart.",
        "see whether another process holds the card; else a driver that suits the toolkit, delete the cache ~/.nv, "
        "run once as root.",
        (
            (
                "I net.cpp] Creating Layer a\nI net.cpp] a <- x\nI net.cpp] a -> a\n"
                "F cudnn_conv_layer.cpp] Check failed: status == CUDNN_STATUS_SUCCESS (4 vs. 0)  CUDNN_STATUS_INTERNAL_ERROR"
            ),
        ),
        when=lambda scene: scene.net_in_set_up is not None and not _convolutions_before(scene),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "M7",
        "library_out_of_memory",
        r"(?P<library>CUDNN|CUBLAS|CURAND)"
        + _ASKED
        + r"|(?P<opencl>CL)_(?:MEM_OBJECT_ALLOCATION_FAILURE|OUT_OF_RESOURCES)",
        "The GPU's memory was full: {asker} asked for more than was left{of_net}",
        "The library says it plainly.{fitting}",
        "{helps}",
        (
            "F x.cpp] Check failed: status == CUBLAS_STATUS_SUCCESS (3 vs. 0)  CUBLAS_STATUS_ALLOC_FAILED",
            "F cudnn.hpp] Check failed: status == CUDNN_STATUS_SUCCESS (2 vs. 0)  CUDNN_STATUS_ALLOC_FAILED",
            "F common.cpp] Check failed: status == CURAND_STATUS_SUCCESS (102 vs. 0)  CURAND_STATUS_ALLOCATION_FAILED",
            "F syncedmem.cpp] Check failed: err == 0 CL_MEM_OBJECT_ALLOCATION_FAILURE",
        ),
        words=lambda scene: {**_full(scene), "asker": scene.match["library"] or "OpenCL"},
    ),
    Diagnosis(
        "M9",
        "host_memory",
        r"host allocation of size (?P<asked>\d+) failed",
        "The host's memory (RAM) was not enough for {asked} in one piece",
        "It is not the GPU's memory: a blob's copy in the host's memory found no room, or the limit on pinned memory "
        "was reached.",
        "a smaller net or batch; more RAM, or a higher limit for the container or the job.",
        ("F syncedmem.hpp] Check failed: *ptr host allocation of size 172800 failed",),
        words=_bytes("asked"),
    ),
    Diagnosis(
        "M9",
        "host_memory_of_mlsl",
        r"is NULL after MLSL::Alloc",
        "The host's memory (RAM) was not enough: Intel's MLSL got none",
        "Intel Caffe asks MLSL for the memory that several machines share.",
        "a smaller batch a machine; a higher limit on locked memory.",
        ("F syncedmem.cpp] Check failed: internal_ptr internal_ptr is NULL after MLSL::Alloc",),
    ),
    Diagnosis(
        "M6",
        "cudnn_internal_error",
        r"CUDNN_STATUS_INTERNAL_ERROR",
        "cuDNN failed while the net ran: a full card, a broken context, or an error of an earlier kernel",
        "cuDNN's word does not tell which, and the layer in the trace is only where it was noticed.",
        "see whether another process holds the card; a smaller batch; CUDA_LAUNCH_BLOCKING=1 tells a kernel's error at "
        "the right place.",
        ("F cudnn_conv_layer.cu] Check failed: status == CUDNN_STATUS_SUCCESS (4 vs. 0)  CUDNN_STATUS_INTERNAL_ERROR",),
        otherwise=True,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "M10",
        "bad_alloc",
        r"std::bad_alloc",
        "The host's memory (RAM) was not enough, or an absurd size was asked for",
        "std::bad_alloc says only that an allocation failed. With plausible shapes above it is the RAM; a corrupt file "
        "or another fork's definition asks for sizes that no machine has.",
        "compare the last shapes with the RAM; then look at the file that was read last.",
        ("terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",),
        near=("I x.cpp] caught std::bad_alloc\nI solver.cpp] Optimization Done.",),
        kinds=EXCEPTION,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "M12",
        "blob_too_large",
        r"shape\[i\] <= (?:2147483647|0x7fffffff|INT_MAX) / count_",
        "{layer} asks for a blob of more than 2^31 − 1 values: its next dimension is {a}, and only {b} would be left",
        "It is not out of memory: Caffe counts a blob's values in 32 bits and refuses more.",
        "a smaller batch, crop or image.",
        (
            (
                "I net.cpp] Creating Layer c\nI net.cpp] c <- data\nI net.cpp] c -> c\n"
                "F blob.cpp] Check failed: shape[i] <= 2147483647 / count_ (224 vs. 146) blob size exceeds INT_MAX"
            ),
        ),
        when=lambda scene: not _reads_hdf5(scene),
        words=lambda scene: {**_refused(scene), "layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "M12",
        "hdf5_file_too_large",
        r"shape\[i\] <= (?:2147483647|0x7fffffff|INT_MAX) / count_",
        "An HDF5 file holds more than 2^31 − 1 values: its next dimension is {a}, and only {b} would be left",
        "HDF5Data reads a whole file into one blob, so that its size counts, not the batch.",
        "split the file into several, all listed in the layer's source.",
        (
            (
                "F blob.cpp] Check failed: shape[i] <= 2147483647 / count_ (9000 vs. 42) blob size exceeds INT_MAX\n"
                "    @ 0x7f1 caffe::hdf5_load_nd_dataset_helper<>()"
            ),
        ),
        when=_reads_hdf5,
        words=_refused,
    ),
    Diagnosis(
        "M13",
        "hdf5_file_overflows",
        r"Check failed: data_\s*$",
        "An HDF5 file has no rows, or more values than Caffe can count",
        "HDF5Data reads a whole file into one blob; in this build a count that overflows shows only here.",
        "split the file into several, all listed in the layer's source; see that no dataset is empty.",
        ("F blob.cpp] Check failed: data_ \n    @ 0x7f1 caffe::hdf5_load_nd_dataset<>()",),
        near=("F blob.cpp] Check failed: data_ \n    @ 0x7f1 caffe::Blob<>::cpu_data()",),
        when=lambda scene: scene.traced("hdf5_load_nd_dataset"),
    ),
    Diagnosis(
        "M14",
        "kernel_counts_overflow",
        r"\((?:77|700) vs\. 0\)\s+an illegal memory access",
        "Blob {blob} has {count} values, more than the {most} that Caffe's GPU kernels count to",
        "It is not out of memory: the 32-bit counter of an elementwise kernel overflows, and the kernel writes to "
        "foreign memory. The place in the trace is only the next call that was checked.",
        "{helps}.",
        (
            (
                "I net.cpp] Creating Layer c\nI net.cpp] c -> c\nI net.cpp] Setting up c\n"
                "I net.cpp] Top shape: 340 64 224 224 (1091829760)\nI net.cpp] Memory required for data: 4367319040\n"
                "I net.cpp] Network initialization done.\n"
                "F math_functions.cu] Check failed: error == cudaSuccess (700 vs. 0)  an illegal memory access was encountered"
            ),
        ),
        when=lambda scene: scene.huge is not None,
        words=_huge,
    ),
)


def _convolutions_before(scene: Scene) -> int:
    net = scene.net_in_set_up
    before = net.layers if net is not None else ()
    return sum(one.type in ("Convolution", "Deconvolution") for one in before if one is not scene.layer)
