"""All diagnoses, in the order in which they are told where several words of an attempt speak; and what is harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.audit.diagnoses.rows.data import OF_DATA
from logparse.audit.diagnoses.rows.definition import OF_DEFINITION
from logparse.audit.diagnoses.rows.detection import OF_DETECTION
from logparse.audit.diagnoses.rows.ends import OF_ENDS
from logparse.audit.diagnoses.rows.gpu import OF_GPU
from logparse.audit.diagnoses.rows.layers import OF_LAYERS
from logparse.audit.diagnoses.rows.libraries import OF_LIBRARIES
from logparse.audit.diagnoses.rows.memory import OF_MEMORY
from logparse.audit.diagnoses.rows.python import OF_PYTHON
from logparse.audit.diagnoses.rows.weights import OF_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping

DIAGNOSES: Final = (
    *OF_MEMORY,
    *OF_GPU,
    *OF_LIBRARIES,
    *OF_DEFINITION,
    *OF_LAYERS,
    *OF_WEIGHTS,
    *OF_DATA,
    *OF_DETECTION,
    *OF_PYTHON,
    *OF_ENDS,
)

# Rows of the catalogue that are no failure: lines that look like one, and that no diagnosis may blame.
HARMLESS: Final[Mapping[str, tuple[str, ...]]] = {
    "D15": (
        "I upgrade_proto.cpp] Attempting to upgrade input file specified using deprecated V1LayerParameter: a.prototxt",
        "W upgrade_proto.cpp] Note that future Caffe releases will only support input_layer in the future.",
        "E upgrade_proto.cpp] Warning: had one or more problems upgrading V1LayerParameter.",
    ),
    "G10": (
        "E common.cpp] Cannot create Cublas handle. Cublas won't be available.",
        "E common.cpp] Cannot create Curand generator. Curand won't be available.",
    ),
    "W3": (
        "[libprotobuf WARNING google/protobuf/io/coded_stream.cc:537] Reading dangerously large protocol message.",
        "[libprotobuf WARNING google/protobuf/io/coded_stream.cc:78] The total number of bytes read was 553432430",
    ),
    "W11": ("I net.cpp] Ignoring source layer fc8",),
    "A10": ("I data_layer.cpp] Restarting data prefetching from start.",),
    "S7": ("I detection_output_layer.cpp] Couldn't find any detections",),
    "S8": ("W solver.cpp] Missing true_pos for label: 3",),
    "E15": ("caffe.exe : I0101 10:00:00.000000  42 caffe.cpp:1] x",),
    "P8": ("RuntimeWarning: to-Python converter for class already registered; second conversion method ignored.",),
}

# Rows that no error line tells: which findings tell them.
TOLD_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "G19": ("no_peer_access",),
    "W7": ("diagnosis_resume_did_not_take", "diagnosis_restarted_from_weights"),
    "W12": ("diagnosis_fine_tuning_lost", "saturated"),
    "N1": ("not_a_number", "diagnosis_lost_growing", "diagnosis_lost_suddenly", "diagnosis_lost_from_start"),
    "N2": ("saturated",),
    "N3": ("no_progress",),
    "N4": ("diagnosis_high_start", "summed_loss"),
    "N5": ("zero",),
    "N7": ("diagnosis_negative_loss",),
    "N8": ("diagnosis_rate_rose", "diverged"),
    "N9": ("overfitting",),
    "E3": ("unfinished",),
}
# Rows that no finding tells, and why.
NOT_TOLD: Final[Mapping[str, str]] = {
    "A11": "a net that learns nothing prints the same accuracies; transforms of both phases stand in the dumps",
    "N6": "an accuracy may be constant for good: which share of the test set it is needs the test set",
    "N10": "no failure: batch, iter_size and GPUs stand with the attempt",
    "N11": "no failure: how often gradients were clipped stands among the events",
    "S10": "the same as M1 in a test net, and claimed there",
    "E16": "a machine that loses its power writes nothing",
}
