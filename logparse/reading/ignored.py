"""Messages that are known and deliberately not used, each with its reason.

Read like patterns.py, whose type they share; a message that only states what other lines already say, or
what no table needs, stands here instead of being swallowed by a catch-all.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.patterns import make_pattern

_upgrade = partial(make_pattern, "ignored", mirrors="upgrade_proto.cpp", reason="upgrade of an old definition")
_reader = partial(make_pattern, "ignored", mirrors="data_reader.cpp", reason="data source being read")
_weights = partial(make_pattern, "ignored", mirrors="net.cpp", reason="weights being copied")

IGNORED: Final = (
    _upgrade(
        "upgrade_attempt",
        r"Attempting to upgrade .*",
        "Attempting to upgrade batch norm layers using deprecated params: a.prototxt",
    ),
    _upgrade(
        "upgrade_success",
        r"Successfully upgraded .*",
        "Successfully upgraded batch norm layers using deprecated params.",
    ),
    _upgrade(
        "upgrade_note",
        r"Note that future Caffe releases .*",
        "Note that future Caffe releases will only support 'type' field (string) for a solver's type.",
    ),
    _upgrade(
        "snapshot_prefix", r"snapshot_prefix was .*", "snapshot_prefix was not specified and is set to solvers/lenet_bn"
    ),
    _reader(
        "restarting_prefetch",
        r"RANKRestarting data (?:prefetching from start\.|pre-fetching)",
        "Restarting data prefetching from start.",
        "Restarting data pre-fetching",
    ),
    _reader("opened_db", r"Opened (?:lmdb|leveldb|LMDB) .*", "Opened lmdb examples/mnist/mnist_train_lmdb"),
    _weights("copying_source", r"Copying source layer .*", "Copying source layer conv1"),
    _weights("ignoring_source", r"Ignoring source layer .*", "Ignoring source layer ip2"),
    make_pattern(
        "ignored",
        "collecting_rates",
        r"Collecting Learning Rate and Weight Decay\.",
        "Collecting Learning Rate and Weight Decay.",
        reason="set-up step without a figure",
    ),
    make_pattern(
        "ignored",
        "average_header",
        r"Average time per layer: ?",
        "Average time per layer: ",
        mirrors="caffe.cpp",
        reason="heading of a table",
    ),
    make_pattern(
        "ignored",
        "performing",
        r"Performing (?:Forward|Backward)",
        "Performing Forward",
        mirrors="caffe.cpp",
        reason="heading of a table",
    ),
    make_pattern(
        "ignored",
        "testing_for",
        r"Testing for \d++ iterations\.",
        "Testing for 5 iterations.",
        mirrors="caffe.cpp",
        reason="heading of a table",
    ),
)
