"""Layers that move, cut, join or reshape data and compute nothing: split_layer.cpp, concat_layer.cpp, slice_layer.cpp,
reshape_layer.cpp, flatten_layer.cpp, crop_layer.cpp, tile_layer.cpp, batch_reindex_layer.cpp, filter_layer.cpp,
silence_layer.cpp, and those of forks. Only their shapes have anything to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.truth.golden.row import NOT_TOLD, Row

if TYPE_CHECKING:
    from tests.truth.golden.row import Shapes

BOTTOM: Final = (7, 3, 5, 11)


def moved(kind: str, about: str, text: str, bottoms: Shapes, *tops: tuple[int, ...]) -> Row:
    """A layer that gives these tops and computes nothing."""
    return Row(kind, about, text, bottoms=bottoms, tops=tops)


def untold(kind: str, about: str, text: str, bottoms: Shapes, *printed: tuple[int, ...]) -> Row:
    """A layer whose tops the definition does not give."""
    return Row(kind, about, text, bottoms=bottoms, tops=NOT_TOLD, printed=printed)


JOINING: Final = (
    moved("Split", "a copy for each reader", "", (BOTTOM,), BOTTOM, BOTTOM, BOTTOM),
    moved("Concat", "channels add up", "", ((7, 3, 5, 11), (7, 2, 5, 11)), (7, 5, 5, 11)),
    moved("Concat", "of three", "", ((7, 3, 5), (7, 2, 5), (7, 13, 5)), (7, 18, 5)),
    moved("Concat", "along axis 2", "concat_param { axis: 2 }", ((7, 3, 5, 11), (7, 3, 2, 11)), (7, 3, 7, 11)),
    moved("Concat", "axis from the end", "concat_param { axis: -1 }", ((7, 3, 5, 11), (7, 3, 5, 2)), (7, 3, 5, 13)),
    moved("Concat", "along the batch, as of old", "concat_param { concat_dim: 0 }", ((7, 3), (2, 3)), (9, 3)),
    moved("Concat", "of one", "", (BOTTOM,), BOTTOM),
    moved("concat", "of 2013", 'layer { type: "concat" concat_dim: 0 }', ((7, 3), (2, 3)), (9, 3)),
    moved("Slice", "into equal parts", "", ((7, 6, 5, 11),), (7, 2, 5, 11), (7, 2, 5, 11), (7, 2, 5, 11)),
    moved(
        "Slice",
        "at stated points",
        "slice_param { slice_point: 2 slice_point: 7 }",
        ((7, 13, 5),),
        (7, 2, 5),
        (7, 5, 5),
        (7, 6, 5),  # 13 − 7
    ),
    moved("Slice", "along axis 2", "slice_param { axis: 2 slice_point: 4 }", (BOTTOM,), (7, 3, 4, 11), (7, 3, 1, 11)),
    moved(
        "Slice", "axis from the end", "slice_param { axis: -1 slice_point: 4 }", (BOTTOM,), (7, 3, 5, 4), (7, 3, 5, 7)
    ),
    moved(
        "Slice", "along the batch, as of old", "slice_param { slice_dim: 0 slice_point: 2 }", ((7, 3),), (2, 3), (5, 3)
    ),
)

RESHAPING: Final = (
    moved("Flatten", "all but the batch", "", (BOTTOM,), (7, 3 * 5 * 11)),
    moved("Flatten", "from axis 2 on", "flatten_param { axis: 2 }", (BOTTOM,), (7, 3, 5 * 11)),
    moved("Flatten", "a stretch in the middle", "flatten_param { axis: 1 end_axis: 2 }", (BOTTOM,), (7, 3 * 5, 11)),
    moved("Flatten", "the batch too", "flatten_param { axis: 0 end_axis: -2 }", (BOTTOM,), (7 * 3 * 5, 11)),
    moved("Flatten", "axes from the end", "flatten_param { axis: -2 end_axis: -1 }", (BOTTOM,), (7, 3, 5 * 11)),
    moved(
        "Reshape",
        "0 copies, −1 takes what is left",
        "reshape_param { shape { dim: 0 dim: 5 dim: -1 } }",
        ((7, 15, 11),),
        (7, 5, 3 * 11),
    ),
    moved(
        "Reshape",
        "from axis 1 on: 0 copies the dim of its own place",
        "reshape_param { axis: 1 shape { dim: 3 dim: 0 dim: -1 } }",
        ((7, 6, 5, 11),),
        (7, 3, 5, 2 * 11),
    ),
    moved(
        "Reshape",
        "one axis into two",
        "reshape_param { axis: 1 num_axes: 1 shape { dim: 3 dim: 5 } }",
        ((7, 15, 11),),
        (7, 3, 5, 11),
    ),
    moved(
        "Reshape",
        "two axes into one",
        "reshape_param { axis: 1 num_axes: 2 shape { dim: -1 } }",
        (BOTTOM,),
        (7, 15, 11),
    ),
    moved(
        "Reshape",
        "no axis: a dim of one is put in",
        "reshape_param { axis: 1 num_axes: 0 shape { dim: 1 } }",
        ((7, 3),),
        (7, 1, 3),
    ),
    moved(
        "Reshape", "axis −1 is behind the last", "reshape_param { axis: -1 shape { dim: 1 } }", ((7, 15),), (7, 15, 1)
    ),
    moved(
        "Reshape",
        "axis −3 is the second of three",
        "reshape_param { axis: -3 shape { dim: -1 dim: 5 } }",
        ((7, 15, 11),),
        (7, 3 * 11, 5),
    ),
    moved("Reshape", "all into one", "reshape_param { shape { dim: -1 } }", (BOTTOM,), (7 * 3 * 5 * 11,)),
    moved("Reshape", "stated in full", "reshape_param { shape { dim: 3 dim: 7 } }", ((7, 3),), (3, 7)),
    untold("Reshape", "values would be lost", "reshape_param { shape { dim: 2 dim: 7 } }", ((7, 3),), (2, 7)),
    untold(
        "Reshape", "what is left is no whole number", "reshape_param { shape { dim: 2 dim: -1 } }", ((7, 3),), (2, 10)
    ),
    untold("Reshape", "0 beyond the bottom", "reshape_param { shape { dim: 0 dim: 0 dim: 0 } }", ((7, 3),), (7, 3, 1)),
    untold("Reshape", "no shape stated", "reshape_param { axis: 1 }", ((7, 3),), (7, 3)),
)

CUTTING: Final = (
    moved("Crop", "the map by default", "", ((7, 3, 13, 17), (2, 19, 5, 11)), (7, 3, 5, 11)),
    moved(
        "Crop", "from axis 1 on", "crop_param { axis: 1 offset: 4 }", ((7, 23, 13, 17), (2, 19, 5, 11)), (7, 19, 5, 11)
    ),
    moved("Crop", "the last axis alone", "crop_param { axis: -1 }", ((7, 3, 13, 17), (2, 19, 5, 11)), (7, 3, 13, 11)),
    moved("Tile", "along the channels", "tile_param { tiles: 4 }", (BOTTOM,), (7, 12, 5, 11)),
    moved("Tile", "along the last axis", "tile_param { axis: -1 tiles: 2 }", (BOTTOM,), (7, 3, 5, 22)),
    moved("BatchReindex", "as many as there are indices", "", ((7, 3, 5), (13,)), (13, 3, 5)),
    moved("Filter", "at set-up nothing is left out", "", ((7, 3, 5), (7, 11), (7,)), (7, 3, 5), (7, 11)),
    untold("Padding", "of 2013: its field is not read", 'layer { type: "padding" pad: 2 }', (BOTTOM,), (7, 3, 9, 15)),
    untold("Silence", "has no top", "", (BOTTOM, (7,))),
)

FORKS: Final = (
    moved(
        "Permute",
        "SSD: the batch stays, the channels go last",
        "permute_param { order: 0 order: 2 order: 3 order: 1 }",
        (BOTTOM,),
        (7, 5, 11, 3),
    ),
    moved(
        "Permute",
        "axes that are not named follow in order",
        "permute_param { order: 2 order: 0 }",
        (BOTTOM,),
        (5, 7, 3, 11),
    ),
    moved("Permute", "none named", "", (BOTTOM,), BOTTOM),
    untold("Permute", "an axis that is not there", "permute_param { order: 4 }", (BOTTOM,), BOTTOM),
    moved(
        "Transpose",
        "CRNN: every axis named",
        "transpose_param { dim: 3 dim: 2 dim: 0 dim: 1 }",
        (BOTTOM,),
        (11, 5, 7, 3),
    ),
    untold("Transpose", "not every axis named", "transpose_param { dim: 1 dim: 0 }", (BOTTOM,), (3, 7, 5, 11)),
    moved("Reverse", "keeps its shape", "reverse_param { axis: 1 }", (BOTTOM,), BOTTOM),
    moved("ShuffleChannel", "keeps its shape", "shuffle_channel_param { group: 3 }", (BOTTOM,), BOTTOM),
    moved("Reorg", "YOLO: space to depth", "reorg_param { stride: 3 }", ((7, 2, 15, 21),), (7, 2 * 3 * 3, 5, 7)),
    moved("Reorg", "what is left over is lost", "reorg_param { stride: 3 }", ((7, 2, 16, 22),), (7, 2 * 3 * 3, 5, 7)),
    moved("Reorg", "steps of two by default", "", ((7, 3, 10, 22),), (7, 3 * 2 * 2, 5, 11)),
    Row(
        "Reorg",
        "reversed: depth to space",
        "reorg_param { stride: 3 reverse: true }",
        bottoms=((7, 18, 5, 7),),
        tops=((7, 18 // 9, 5 * 3, 7 * 3),),
    ),
    moved("Upsample", "by a factor", "upsample_param { scale: 3 }", (BOTTOM,), (7, 3, 15, 33)),
    moved(
        "Upsample", "by a factor for each axis", "upsample_param { scale_h: 2 scale_w: 3 }", (BOTTOM,), (7, 3, 10, 33)
    ),
    moved("Upsample", "SegNet: a row less", "upsample_param { scale: 2 pad_out_h: true }", (BOTTOM,), (7, 3, 9, 22)),
    moved(
        "Upsample", "SegNet: a column less", "upsample_param { scale: 2 pad_out_w: true }", (BOTTOM,), (7, 3, 10, 21)
    ),
    moved(
        "Upsample",
        "to a stated size",
        "upsample_param { scale: 2 upsample_h: 9 upsample_w: 21 }",
        (BOTTOM,),
        (7, 3, 9, 21),
    ),
    moved("Upsample", "half a size is none", "upsample_param { scale: 2 upsample_h: 9 }", (BOTTOM,), (7, 3, 10, 22)),
    untold("Upsample", "no factor: forks differ in the default", "", (BOTTOM,), (7, 3, 10, 22)),
)

ROWS: Final = (*JOINING, *RESHAPING, *CUTTING, *FORKS)
