"""cuDNN, cuBLAS and NCCL: versions that do not suit, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse import formats
from logparse.audit.diagnoses.entry import MEDIUM, Diagnosis

if TYPE_CHECKING:
    from logparse.audit.diagnoses.scene import Scene

_STATUS: Final = "F cudnn.hpp] Check failed: status == CUDNN_STATUS_SUCCESS "


def _first_convolution(scene: Scene) -> bool:
    """Whether no convolution had been set up before, in a net that is being set up."""
    net = scene.net_in_set_up
    layers = net.layers if net is not None else ()
    return net is not None and not any(one.type == "Convolution" for one in layers if one is not scene.layer)


OF_LIBRARIES: Final = (
    Diagnosis(
        "G11",
        "library_not_initialised",
        r"(?P<library>CUBLAS|CUDNN)_STATUS_NOT_INITIALIZED",
        "{library} could not start on the GPU: a full card, a driver that does not suit, or a broken cache",
        "It is the first call of this library. The log does not tell the causes apart.",
        "see whether another process holds the card; a driver that suits the toolkit; delete the cache ~/.nv.",
        (
            "F common.cpp] Check failed: status == CUBLAS_STATUS_SUCCESS (1 vs. 0)  CUBLAS_STATUS_NOT_INITIALIZED",
            _STATUS + "(1 vs. 0)  CUDNN_STATUS_NOT_INITIALIZED",
        ),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G12",
        "cudnn_versions_differ",
        r"CUDNN_STATUS_BAD_PARAM",
        "cuDNN refused the very first convolution: its header and its library are most likely of two versions",
        "The first convolution of a net is refused whatever its shape when the build's header and the library that is "
        "loaded differ.",
        "build against the cuDNN that is loaded (ldd shows which), `make clean` first; or `engine: CAFFE`.",
        (
            "I net.cpp] Creating Layer c\nI net.cpp] c <- data\nI net.cpp] c -> c\n"
            + _STATUS
            + "(3 vs. 0)  CUDNN_STATUS_BAD_PARAM",
        ),
        when=_first_convolution,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G12",
        "cudnn_refuses_layer",
        r"CUDNN_STATUS_BAD_PARAM",
        "cuDNN refused the shape of {layer}",
        "Others before it were taken, so that it is this one: a map of size 0, a kernel larger than the padded input, "
        "or more than two spatial axes.",
        "look at the bottoms' shapes; `engine: CAFFE` for this layer.",
        (_STATUS + "(3 vs. 0)  CUDNN_STATUS_BAD_PARAM",),
        when=lambda scene: not _first_convolution(scene),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G13",
        "card_too_old_for_cudnn",
        r"_STATUS_ARCH_MISMATCH",
        "{card} is too old for cuDNN",
        "cuDNN needs compute capability 3.0 or more.",
        "a build without USE_CUDNN, or a newer card.",
        (_STATUS + "(6 vs. 0)  CUDNN_STATUS_ARCH_MISMATCH",),
        words=lambda scene: {"card": next(iter(scene.attempt.devices), "") or "This card"},
    ),
    Diagnosis(
        "G14",
        "cudnn_does_not_support",
        r"CUDNN_STATUS_NOT_SUPPORTED",
        "cuDNN does not support what {layer} asks for",
        "An old cuDNN knows no groups, dilation or half precision in every algorithm, and no version knows every shape.",
        "`engine: CAFFE` for this layer, or a newer cuDNN.",
        (_STATUS + "(9 vs. 0)  CUDNN_STATUS_NOT_SUPPORTED",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G15",
        "cudnn_two_axes",
        r"CuDNNConvolution input must have 2 spatial axes",
        "{layer} has {b} spatial axes, and Caffe's cuDNN convolution knows only 2",
        "Where no engine is set, a build with cuDNN takes cuDNN.",
        "`engine: CAFFE` in this layer's convolution_param.",
        (
            "F cudnn_conv_layer.cpp] Check failed: 2 == this->num_spatial_axes_ (2 vs. 3) CuDNNConvolution input must have 2 spatial axes (e.g., height and width).",
        ),
        words=lambda scene: {"layer": formats.capitalised(scene.layer_text)},
    ),
    Diagnosis(
        "G16",
        "cudnn_not_dilated",
        r"CuDNN doesn't support the dilated (?P<what>convolution|deconvolution) at Layer (?P<named>.*)",
        "Layer {named!r} is dilated and asks for cuDNN, which this build does not dilate with",
        "`engine: CUDNN` stands in its definition.",
        "leave `engine` out of it, or `engine: CAFFE`.",
        ("F layer_factory.cpp] CuDNN doesn't support the dilated convolution at Layer conv6",),
    ),
    Diagnosis(
        "G16",
        "unknown_engine",
        r"Layer (?P<named>.*) has unknown engine",
        "Layer {named!r} asks for an engine that this build has not",
        "It is another fork's engine, or CUDNN in a build without it.",
        "leave `engine` out of the definition.",
        ("F layer_factory.cpp] Layer conv1 has unknown engine.",),
    ),
    Diagnosis(
        "G17",
        "nccl_cuda",
        r"ncclSuccess \(1 vs\. 0\)",
        "NCCL failed in CUDA: it was built for another CUDA, or the cards are too old for it",
        "It comes when several GPUs are joined; training on one of them is not affected.",
        "an NCCL that suits the toolkit and the cards; each card once in --gpu; else train on one GPU.",
        ("F parallel.cpp] Check failed: result == ncclSuccess (1 vs. 0)  unhandled cuda error",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G17",
        "nccl_system",
        r"ncclSuccess \((?!1 )\d+ vs\. 0\)",
        "NCCL could not join the GPUs: shared memory, permissions, sockets, or one card named twice",
        "NCCL's own words do not tell which.",
        "a larger /dev/shm (containers have 64 MB), NCCL_DEBUG=INFO for its reason, each card once in --gpu.",
        ("F parallel.cpp] Check failed: result == ncclSuccess (2 vs. 0)  unhandled system error",),
        confidence=MEDIUM,
    ),
    Diagnosis(
        "G18",
        "no_multi_gpu",
        r"Multi-GPU execution not available|USE_NCCL must be specified for multi-GPU|NCCL 2\.2 or higher is required",
        "This build cannot train on several GPUs",
        "It was compiled without NCCL, or with too old a one.",
        "a build with USE_NCCL, or one GPU.",
        (
            "F caffe.cpp] Multi-GPU execution not available - rebuild with USE_NCCL",
            "F parallel.cpp] USE_NCCL must be specified for multi-GPU mode",
        ),
    ),
)
