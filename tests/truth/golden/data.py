"""Layers that bring data in or take it out: input_layer.cpp, dummy_data_layer.cpp, memory_data_layer.cpp, … They
compute nothing; what comes out of a file has the file's shape."""

from __future__ import annotations

from typing import Final

from tests.truth.golden.row import NA, NOT_TOLD, Row, weight

IMAGES: Final = (7, 3, 5, 11)

FROM_FILES: Final = tuple(
    Row(kind, "its tops come from the data", "data_param { batch_size: 7 }", tops=NOT_TOLD, printed=(IMAGES, (7,)))
    for kind in (
        "Data",
        "ImageData",
        "HDF5Data",
        "WindowData",
        "AnnotatedData",
        "VideoData",
        "ImageSegData",
        "DenseImageData",
        "ImageLabelData",
        "MultiImageData",
        "CustomData",
        "CPMData",
    )
)

STATED: Final = (
    Row("HDF5Output", "writes, has no top", "", bottoms=(IMAGES, (7,)), tops=NOT_TOLD),
    Row(
        "Input", "a shape for each top", "input_param { shape { dim: 7 dim: 3 } shape { dim: 5 } }", tops=((7, 3), (5,))
    ),
    Row("Input", "one shape for every top", "input_param { shape { dim: 7 dim: 3 } }", tops=((7, 3), (7, 3))),
    Row(
        "DummyData",
        "a shape for each top",
        "dummy_data_param { shape { dim: 7 dim: 3 } shape { dim: 5 } }",
        tops=((7, 3), (5,)),
    ),
    Row(
        "DummyData",
        "as of old: parallel lists",
        "dummy_data_param { num: 7 num: 5 channels: 3 channels: 2 height: 11 height: 13 width: 17 width: 19 }",
        tops=((7, 3, 11, 17), (5, 2, 13, 19)),
    ),
    Row(
        "DummyData",
        "as of old: one of each for every top",
        "dummy_data_param { num: 7 channels: 3 height: 11 width: 17 }",
        tops=((7, 3, 11, 17), (7, 3, 11, 17)),
    ),
    Row(
        "DummyData",
        "as of old: what is stated once holds for every top",
        "dummy_data_param { num: 7 channels: 3 channels: 2 height: 11 width: 17 }",
        tops=((7, 3, 11, 17), (7, 2, 11, 17)),
    ),
    Row(
        "MemoryData",
        "a batch of images and a label for each",
        "memory_data_param { batch_size: 7 channels: 3 height: 5 width: 11 }",
        tops=(IMAGES, (7,)),
    ),
    Row(
        "Parameter",
        "its top is its one blob",
        "parameter_param { shape { dim: 7 dim: 3 } }",
        tops=((7, 3),),
        blobs=(weight(7, 3),),
    ),
    Row("Parameter", "no definition: the printed top tells the blob", None, printed=((7, 3),), blobs=(weight(7, 3),)),
)

IN_A_MODULE: Final = NA("a Python layer's work stands in its module, not in the log")
CODE: Final = (
    Row(
        "Python",
        "what it does stands in its module",
        'python_param { module: "m" layer: "L" }',
        bottoms=(IMAGES,),
        tops=NOT_TOLD,
        printed=((7,),),
        blobs=IN_A_MODULE,
        macs=IN_A_MODULE,
        backward_macs=IN_A_MODULE,
        other_ops=IN_A_MODULE,
    ),
)

ROWS: Final = (*FROM_FILES, *STATED, *CODE)
