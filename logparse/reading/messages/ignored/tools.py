"""Headings of `caffe time` and the lines of the tools beside `caffe`."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_heading = partial(make_pattern, "ignored", mirrors="caffe.cpp", reason="heading of a table")
_convert = partial(make_pattern, "ignored", mirrors="convert_imageset.cpp", reason="a data set being made")
_mean = partial(make_pattern, "ignored", mirrors="compute_image_mean.cpp", reason="a mean being computed")
_features = partial(make_pattern, "ignored", mirrors="extract_features.cpp", reason="features being extracted")
_usage = partial(make_pattern, "ignored", mirrors="caffe.cpp", reason="how a tool is called")
_dump = partial(make_pattern, "ignored", mirrors="dump_network.cpp", reason="blobs being written")
_upgrade = partial(make_pattern, "ignored", mirrors="upgrade_net_proto_text.cpp", reason="upgrade of an old definition")

TOOLS: Final = (
    make_pattern(
        "ignored",
        "usage",
        r"(?:Usage: .*|This program takes in .*|(?:net_speed_benchmark|test_net|device_query|train_net|finetune_net) .*\[.*)",
        "Usage: finetune_net solver_proto_file pretrained_net",
        "This program takes in a trained network and an input data layer, and then",
        "net_speed_benchmark net_proto [iterations=50] [CPU/GPU] [Device_id=0]",
        "test_net net_proto pretrained_net_proto iterations [CPU/GPU]",
        "device_query [device_id=0]",
        mirrors="extract_features.cpp",
        reason="how a tool is called",
        continues=True,
    ),
    _usage("actions", r"Available caffe actions:", "Available caffe actions:"),
    _usage("action", r"\t\w++", "\ttrain", only_from="caffe.cpp", anywhere=True),
    _usage(
        "one_gpu_only",
        r"Not using GPU \#\d++ for single-GPU function",
        "Not using GPU #1 for single-GPU function",
    ),
    _dump("dumping", r"Dumping .*", "Dumping conv1", only_from="dump_network"),
    _heading("average_header", r"Average time per layer: ?", "Average time per layer: "),
    _heading(
        "performing",
        r"(?:Performing (?:Forward|Backward|initial Forward/Backward)|Initial Forward/Backward complete|\*\*\* Stats \*\*\*)",
        "Performing Forward",
        "Performing initial Forward/Backward",
        "Initial Forward/Backward complete",
        "*** Stats ***",
    ),
    _heading("initialization_for", r"Initialization for \d++ iterations\.", "Initialization for 5 iterations."),
    _convert("processed", r"Processed \d++ files\.", "Processed 1000 files."),
    _convert("no_encoding", r"Failed to guess the encoding of .*", "Failed to guess the encoding of a.dat"),
    _convert("decoding", r"Decoding Datum", "Decoding Datum", mirrors="compute_image_mean.cpp"),
    _convert("rows_columns", r"Rows: \d++ Cols: \d++", "Rows: 28 Cols: 28", mirrors="convert_mnist_data.cpp"),
    _convert(
        "writing_data",
        r"(?:Writing (?:Training|Testing) data|Training Batch \d++)",
        "Writing Training data",
        "Training Batch 1",
        mirrors="convert_cifar_data.cpp",
    ),
    _mean("starting_iteration", r"Starting [iI]teration", "Starting iteration", "Starting Iteration"),
    _mean("write_to", r"Write to .*", "Write to mean.binaryproto"),
    _mean("channels", r"Number of channels: \d++", "Number of channels: 3"),
    _mean("mean_value", r"mean_value channel \[\d++\]: ?VALUE", "mean_value channel [0]: 104.007"),
    _features("using_device", r"Using (?:CPU|GPU|Device_id=\d++)", "Using CPU", "Using GPU", "Using Device_id=0"),
    _features("extracting", r"Extr?acting Features", "Extracting Features", "Extacting Features"),
    _features(
        "extracted",
        r"Extracted features of \d++ query images(?: for feature blob .*|\.)?",
        "Extracted features of 500 query images for feature blob fc7",
        "Extracted features of 500 query images.",
    ),
    _features("features_done", r"Successfully extracted the features!", "Successfully extracted the features!"),
    _upgrade(
        "upgraded_file",
        r"Wrote upgraded (?:Net|Solver)Parameter (?:text|binary) proto to .*",
        "Wrote upgraded NetParameter text proto to new.prototxt",
    ),
    _upgrade(
        "already_upgraded",
        r"File already in (?:latest|V1) proto format: .*",
        "File already in latest proto format: new.prototxt",
    ),
    _upgrade(
        "upgrade_unreadable",
        r"Failed to parse input (?:text|binary) file as \w++: .*",
        "Failed to parse input text file as NetParameter: old.prototxt",
    ),
    _upgrade(
        "upgrade_errors",
        r"Encountered (?:one or more problems|error\(s\)|errors?) while upgrading .*",
        "Encountered error(s) while upgrading prototxt; see details above.",
    ),
)
