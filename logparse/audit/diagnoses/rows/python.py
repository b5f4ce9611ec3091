"""Python around Caffe, and layers that are written in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.audit.diagnoses.entry import EXCEPTION, FATAL, MEDIUM, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.audit.diagnoses.scene import Scene


def _place(scene: Scene) -> Mapping[str, str]:
    """The last place of the traceback before the exception."""
    place = scene.earlier("traceback")
    found = re.search(r'File "(?P<file>[^"]+)", line (?P<line>\d+)', place.text) if place is not None else None
    return {"at": f" at {found['file']}, line {found['line']}" if found else ""}


OF_PYTHON: Final = (
    Diagnosis(
        "P2",
        "module_missing",
        r"(?:ImportError|ModuleNotFoundError): No module named '?(?P<module>[\w.]+)'?",
        "Python found no module {module!r}{at}",
        "A Python layer's module must be on the path of the process that runs caffe, and its own imports must be too.",
        "add its folder to PYTHONPATH; caffe's own is CAFFE/python.",
        (
            'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\nImportError: No module named rpn.proposal_layer',
        ),
        kinds=EXCEPTION,
        words=_place,
    ),
    Diagnosis(
        "P3",
        "no_converter",
        r"No to_python \(by-value\) converter found for C\+\+ type: (?P<type>.*)",
        "Boost.Python does not fit this build",
        "It was linked statically, or is of a version that no longer registers shared pointers by itself.",
        "a dynamic Boost.Python of the version that the build was made with.",
        ("TypeError: No to_python (by-value) converter found for C++ type: class caffe::LayerParameter",),
        kinds=EXCEPTION,
    ),
    Diagnosis(
        "P4",
        "library_missing",
        r"(?P<library>lib\w[\w.+-]*\.so[\w.]*): cannot open shared object file",
        "The library {library} was not found",
        "The loader's path has no such file, or another version of it.",
        "add its folder to LD_LIBRARY_PATH or ldconfig; build against the version that is there.",
        (
            "caffe: error while loading shared libraries: libcudnn.so.5: cannot open shared object file: No such file",
            "ImportError: libcudart.so.8.0: cannot open shared object file: No such file or directory",
        ),
        kinds=EXCEPTION,
    ),
    Diagnosis(
        "P5",
        "python_on_many_gpus",
        r"PythonLayer does not support CLI Multi-GPU",
        "Python layers cannot train on several GPUs from the command",
        "The command's threads share one interpreter.",
        "python/train.py, or one GPU.",
        ("F python_layer.hpp] PythonLayer does not support CLI Multi-GPU, use train.py",),
        kinds=FATAL,
    ),
    Diagnosis(
        "P7",
        "input_shape",
        r"^(?P<error>\w+): (?:.*[Cc]ould not broadcast|Input blob arguments do not match net inputs|Mean shape incompatible with input shape)",
        "What was given to the net has another shape or name than its inputs{at}",
        "The wrapper compares inputs, mean and blobs before it runs the net.",
        "the shapes of the net's inputs; the names of its input blobs; a mean of that size.",
        (
            "ValueError: could not broadcast input array from shape (3,227,227) into shape (3,224,224)",
            "Exception: Input blob arguments do not match net inputs.",
        ),
        kinds=EXCEPTION,
        words=_place,
    ),
    Diagnosis(
        "S11",
        "box_wrapped",
        r"AssertionError|boxes\[:, 2\] >= boxes\[:, 0\]",
        "Boxes whose right edge is left of their left one: annotations that count from 0",
        "py-faster-rcnn takes 1 from each coordinate, so that a 0 wraps around to 65535.",
        "count from 1 in the annotations, or leave the subtraction out; delete the cached roidb.",
        (
            '  File "imdb.py", line 9, in append_flipped_images\nassert (boxes[:, 2] >= boxes[:, 0]).all()\nAssertionError: boxes',
        ),
        kinds=EXCEPTION,
        when=lambda scene: (place := scene.earlier("traceback")) is not None and "flipped" in place.text,
        confidence=MEDIUM,
    ),
    Diagnosis(
        "P6",
        "python_exception",
        r"^(?P<error>(?:\w+\.)*\w+(?:Error|ption)):",
        "Python ended the run with {error}{at}",
        "It is an error of the script or of a Python layer; what C++ prints behind it is a consequence.",
        "the traceback's last lines name the place.",
        (
            "Traceback (most recent call last):\n  File \"layer.py\", line 30, in forward\nKeyError: 'chair'\nterminate called after throwing an instance of 'boost::python::error_already_set'",
        ),
        near=("RuntimeWarning: to-Python converter for class already registered\nI solver.cpp] Optimization Done.",),
        kinds=EXCEPTION,
        words=_place,
        otherwise=True,
    ),
    Diagnosis(
        "P2",
        "python_layer_raised",
        r"boost::python::error_already_set",
        "A Python layer raised an exception, and its traceback is not in this log",
        "C++ says only that Python did; Python's own lines go to standard error.",
        "look there; the module of python_param must be on PYTHONPATH, and its own imports must work.",
        ("terminate called after throwing an instance of 'boost::python::error_already_set'",),
        kinds=EXCEPTION,
        otherwise=True,
    ),
)
