"""SSD, R-CNN, YOLO, DeepLab, FlowNet: detection and dense prediction, from each fork's own layer."""

from __future__ import annotations

from typing import Final

from tests.truth.golden.row import NA, NOT_TOLD, Row, weight

MAP: Final = (7, 3, 5, 11)
COUNT: Final = 7 * 3 * 5 * 11
IMAGE: Final = (7, 3, 50, 110)

NORMALIZE: Final = (
    Row(
        "Normalize",
        "square, sum, inverse root, two multiplies; one factor for all by default",
        "norm_param { }",
        bottoms=(MAP,),
        tops=(MAP,),
        blobs=(weight(),),
        other_ops=COUNT * 5,
    ),
    Row(
        "Normalize",
        "a factor per channel",
        "norm_param { across_spatial: false channel_shared: false }",
        bottoms=(MAP,),
        tops=(MAP,),
        blobs=(weight(3),),
        other_ops=COUNT * 5,
    ),
)


SCALED_OR_NOT: Final = NA(
    "a Normalize has scales (SSD) or none (forks for faces), and its definition does not tell which"
)
UNTOLD_NORM: Final = (
    Row(
        "Normalize",
        "no settings: SSD's, which scales, or that of forks for faces, which does not",
        bottoms=(MAP,),
        tops=(MAP,),
        blobs=SCALED_OR_NOT,
        other_ops=SCALED_OR_NOT,
    ),
)


def priors(about: str, per_cell: int, settings: str) -> Row:
    """Boxes on a map of 5·11 cells: four corners each, and a variance for each corner."""
    return Row(
        "PriorBox",
        about,
        f"prior_box_param {{ {settings} }}",
        bottoms=(MAP, IMAGE),
        tops=((1, 2, 5 * 11 * per_cell * 4),),
    )


PRIOR_BOX: Final = (
    priors("one size, square", 1, "min_size: 30"),
    priors("a ratio and its inverse", 1 * 3, "min_size: 30 aspect_ratio: 2"),
    priors("one more box for a largest size", 1 * 3 + 1, "min_size: 30 max_size: 60 aspect_ratio: 2"),
    priors(
        "ratios for each smallest size",
        2 * 5 + 2,
        "min_size: 30 min_size: 40 max_size: 60 max_size: 80 aspect_ratio: 2 aspect_ratio: 3",
    ),
    priors("ratios are not turned", 1 * 3, "min_size: 30 aspect_ratio: 2 aspect_ratio: 3 flip: false"),
    priors("a ratio of one is there already", 1 * 3, "min_size: 30 aspect_ratio: 1 aspect_ratio: 2"),
    priors("an inverse that stands is not put in twice", 1 * 3, "min_size: 30 aspect_ratio: 2 aspect_ratio: 0.5"),
)

BY_BOXES: Final = NA("the work depends on how many boxes match")
SSD: Final = (
    Row(
        "MultiBoxLoss",
        "one number; its work depends on the boxes",
        bottoms=((7, 40), (7, 30), (1, 2, 40), (1, 1, 5, 8)),
        tops=((),),
        other_ops=BY_BOXES,
    ),
    Row(
        "DetectionOutput",
        "as many rows as are found",
        bottoms=((7, 40), (7, 30), (1, 2, 40)),
        tops=NOT_TOLD,
        printed=((1, 1, 1, 7),),
        other_ops=BY_BOXES,
    ),
    Row(
        "DetectionEvaluate",
        "as many rows as are found",
        bottoms=((1, 1, 1, 7), (1, 1, 5, 8)),
        tops=NOT_TOLD,
        printed=((1, 1, 2, 5),),
        other_ops=BY_BOXES,
    ),
)

BY_REGION: Final = NA("the work depends on the size of the regions")
REGIONS: Final = (
    Row(
        "ROIPooling",
        "a map of the stated size per region",
        "roi_pooling_param { pooled_h: 2 pooled_w: 6 spatial_scale: 0.0625 }",
        bottoms=(MAP, (13, 5)),
        tops=((13, 3, 2, 6),),
        other_ops=BY_REGION,
    ),
    Row(
        "ROIAlign",
        "a map of the stated size per region",
        "roi_align_param { pooled_h: 2 pooled_w: 6 }",
        bottoms=(MAP, (13, 5)),
        tops=((13, 3, 2, 6),),
        other_ops=BY_REGION,
    ),
    Row(
        "PSROIPooling",
        "R-FCN: a cell of the grid per group of channels",
        "psroi_pooling_param { output_dim: 2 group_size: 3 }",
        bottoms=((7, 2 * 3 * 3, 5, 11), (13, 5)),
        tops=((13, 2, 3, 3),),
        other_ops=BY_REGION,
    ),
    Row(
        "PSROIAlign",
        "its own message",
        "psroi_align_param { output_dim: 2 group_size: 3 sample_num: 4 }",
        bottoms=((7, 2 * 3 * 3, 5, 11), (13, 5)),
        tops=((13, 2, 3, 3),),
        other_ops=BY_REGION,
    ),
)

BY_CONTENT: Final = NA("the work depends on the content")
CONTENT: Final = tuple(
    Row(
        kind,
        "its work depends on the content",
        bottoms=(MAP, (7,)),
        tops=NOT_TOLD,
        printed=((1,),),
        other_ops=BY_CONTENT,
    )
    for kind in (
        "Proposal",
        "BoxAnnotatorOHEM",
        "CtcLoss",
        "CTCLoss",
        "WarpCTC",
        "Region",
        "Yolov3",
        "SegAccuracy",
    )
)


def interp(about: str, settings: str, tall: int, wide: int) -> Row:
    """Four products and three additions for each output, between the four nearest inputs."""
    return Row(
        "Interp",
        about,
        f"interp_param {{ {settings} }}",
        bottoms=(MAP,),
        tops=((7, 3, tall, wide),),
        other_ops=7 * 3 * tall * wide * (4 + 3),
    )


INTERP: Final = (
    interp("zoomed: corners stay corners", "zoom_factor: 4", 5 + 4 * 3, 11 + 10 * 3),
    interp("shrunk", "shrink_factor: 4", 4 // 4 + 1, 10 // 4 + 1),
    interp("shrunk, then zoomed", "shrink_factor: 4 zoom_factor: 3", 2 + 1 * 2, 3 + 2 * 2),
    interp("a cropped border counts before", "zoom_factor: 4 pad_beg: -1 pad_end: -2", 2 + 1 * 3, 8 + 7 * 3),
    interp("to a stated size", "height: 13 width: 17", 13, 17),
    Row(
        "Interp",
        "to the size of a second bottom",
        bottoms=(MAP, (2, 19, 13, 17)),
        tops=((7, 3, 13, 17),),
        other_ops=7 * 3 * 13 * 17 * 7,
    ),
)

PAIR: Final = (7, 3, 20, 31)
CORRELATION: Final = (
    Row(
        "Correlation",
        "FlowNet: a grid of displacements, patches of 3·3, every step",
        "correlation_param { pad: 4 kernel_size: 3 max_displacement: 4 stride_1: 1 stride_2: 2 }",
        bottoms=(PAIR, PAIR),
        # radius 4 // 2 → 2·2 + 1 = 5 each way; border 4 + (3 − 1) / 2 = 5: 20 + 2·4 − 2·5, 31 + 2·4 − 2·5
        tops=((7, 5 * 5, 18, 29),),
        other_ops=7 * 25 * 18 * 29 * 2 * (3 * 3 * 3),  # multiply and add over 3 channels and 3·3 places
    ),
    Row(
        "Correlation",
        "every second place, rounded up",
        "correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 stride_1: 2 }",
        bottoms=(PAIR, PAIR),
        tops=((7, 9 * 9, 10, 16),),  # (20 + 8 − 8) / 2, ceil((31 + 8 − 8) / 2)
        other_ops=7 * 81 * 10 * 16 * 2 * 3,
    ),
    Row(
        "Correlation",
        "nothing around the maps, one place",
        "correlation_param { kernel_size: 1 }",
        bottoms=(PAIR, PAIR),
        tops=((7, 1, 20, 31),),
        other_ops=7 * 20 * 31 * 2 * 3,
    ),
    Row(
        "Correlation1D",
        "DispNet: a line of displacements; the rows lose half a kernel alone",
        "correlation_param { pad: 4 kernel_size: 3 max_displacement: 4 }",
        bottoms=(PAIR, PAIR),
        tops=((7, 9, 18, 29),),  # 20 − 2·1, 31 + 2·4 − 2·(4 + 1)
        other_ops=7 * 9 * 18 * 29 * 2 * (3 * 3 * 3),
    ),
    Row(
        "Correlation1D",
        "in one direction: half the line and its middle",
        "correlation_param { pad: 4 kernel_size: 1 max_displacement: 4 stride_2: 2 single_direction: -1 }",
        bottoms=(PAIR, PAIR),
        tops=((7, 3, 20, 31),),
        other_ops=7 * 3 * 20 * 31 * 2 * 3,
    ),
)

ROWS: Final = (*NORMALIZE, *UNTOLD_NORM, *PRIOR_BOX, *SSD, *REGIONS, *CONTENT, *INTERP, *CORRELATION)
