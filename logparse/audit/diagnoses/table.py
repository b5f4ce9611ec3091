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
