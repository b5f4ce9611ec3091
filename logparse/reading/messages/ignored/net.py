"""Old definitions being upgraded, weights being copied, layers being chosen (BVLC and most forks)."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_ignored = partial(make_pattern, "ignored")
_upgrade = partial(_ignored, mirrors="upgrade_proto.cpp", reason="upgrade of an old definition")
_weights = partial(_ignored, mirrors="net.cpp", reason="weights being copied")
_engine = partial(_ignored, mirrors="layer_factory.cpp", reason="engine chosen for a layer")
_random = partial(_ignored, mirrors="common.cpp", reason="random numbers and libraries at start")

NET: Final = (
    _ignored(
        "empty_message",
        r"\s*+",
        "",
        "   ",
        mirrors="any file",
        reason="message without a word",
        anywhere=True,
    ),
    _upgrade(
        "upgrade_attempt",
        r"Attempting to upgrade (?:input file specified using deprecated|batch norm layers using deprecated) .*",
        "Attempting to upgrade batch norm layers using deprecated params: a.prototxt",
        "Attempting to upgrade input file specified using deprecated V1LayerParameter: models/a.caffemodel",
        "Attempting to upgrade input file specified using deprecated 'solver_type' field (enum)': solver.prototxt",
    ),
    _upgrade(
        "upgrade_success",
        r"Successfully upgraded (?:file specified using deprecated|batch norm layers using deprecated) .*",
        "Successfully upgraded batch norm layers using deprecated params.",
        "Successfully upgraded file specified using deprecated data transformation parameters.",
        "Successfully upgraded file specified using deprecated V0LayerParameter",
    ),
    _upgrade(
        "upgrade_note",
        r"Note that (?:future Caffe releases will (?:only|not) support|using deprecated) .*",
        "Note that future Caffe releases will only support 'type' field (string) for a solver's type.",
        "Note that future Caffe releases will not support V0NetParameter. Use ./build/tools/upgrade_net_proto_text",
    ),
    _upgrade(
        "upgrade_problems",
        r"Warning: had one or more problems upgrading .*",
        "Warning: had one or more problems upgrading V1LayerParameter (see above); continuing anyway.",
    ),
    _upgrade(
        "upgrade_unknown_parameter",
        r"Unknown parameter \w++ for layer type .*",
        "Unknown parameter pad for layer type relu",
    ),
    _upgrade(
        "upgrade_refused",
        r"(?:Refusing to upgrade inconsistent NetParameter input|Input NetParameter to be upgraded already specifies).*",
        "Refusing to upgrade inconsistent NetParameter input; the definition includes both 'layer' and 'layers' fields.",
        "Input NetParameter to be upgraded already specifies 'layer' fields; these will be ignored for the upgrade.",
    ),
    _upgrade(
        "snapshot_prefix",
        r"snapshot_prefix was (?:not specified and is set to|a directory and is replaced to) .*",
        "snapshot_prefix was not specified and is set to solvers/lenet_bn",
        "snapshot_prefix was a directory and is replaced to snapshots/lenet",
    ),
    _weights(
        "copying_source",
        r"Copying source layer .*",
        "Copying source layer conv1",
        "Copying source layer conv1 Type:Convolution #blobs=2",
    ),
    _weights("ignoring_source", r"Ignoring source layer .*", "Ignoring source layer ip2"),
    _ignored(
        "collecting_rates",
        r"Collecting Learning Rate and Weight Decay\.",
        "Collecting Learning Rate and Weight Decay.",
        reason="set-up step without a figure",
    ),
    _engine(
        "no_cudnn_pooling",
        r"(?:CUDNN|cuDNN|CuDNN) does not support (?:padding or )?multiple tops\. Using Caffe's own pooling layer\.",
        "CUDNN does not support padding or multiple tops. Using Caffe's own pooling layer.",
        "cuDNN does not support multiple tops. Using Caffe's own pooling layer.",
    ),
    _random(
        "no_cublas",
        r"Cannot create (?:Cublas handle\. Cublas|Curand generator\. Curand|cuDNN handle\. cuDNN) won't be available\.",
        "Cannot create Cublas handle. Cublas won't be available.",
        "Cannot create Curand generator. Curand won't be available.",
    ),
    _random(
        "no_curand_seed",
        r"Curand not available\. Skipping setting the curand seed\.",
        "Curand not available. Skipping setting the curand seed.",
    ),
    _random(
        "no_entropy",
        r"System entropy source not available, using fallback algorithm to generate seed instead\.",
        "System entropy source not available, using fallback algorithm to generate seed instead.",
    ),
    _ignored(
        "timer_misused",
        r"(?:Nothing has been recorded|Timer has never been run before reading time)\.",
        "Nothing has been recorded.",
        "Timer has never been run before reading time.",
        mirrors="benchmark.cpp",
        reason="warning of the timer",
    ),
    _ignored(
        "im2col_group",
        r"Grouping im2col at size \d++",
        "Grouping im2col at size 32",
        mirrors="conv_layer.cpp",
        reason="message of a layer's set-up that changes no figure",
    ),
    _ignored(
        "roi_scale",
        r"Spatial scale: VALUE",
        "Spatial scale: 0.0625",
        mirrors="roi_pooling_layer.cpp",
        reason="message of a layer's set-up that changes no figure",
    ),
    # The form alone says what it is: a name, a colon and a number, from a layer's own source file.
    _ignored(
        "debug_print",
        r"[A-Za-z_]\w{0,40}: ?VALUE",
        "g_cnt: 1",
        mirrors="sum_layer.cpp",
        reason="a variable printed by a layer's own code",
        only_from="_layer.",
        anywhere=True,
    ),
)
