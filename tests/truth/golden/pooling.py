"""Pooling and spatial pyramids: pooling_layer.cpp, spp_layer.cpp.

A pooling rounds up: ceil((i + 2·pad − k) / stride) + 1; with a pad on any axis the last window must start inside the
map or its pad, (o − 1)·stride < i + pad. Per output: MAX k − 1 compares, AVE k sums and a division, STOCHASTIC k
sums and k steps of the search, windows at the border taken as whole.
"""

from __future__ import annotations

from typing import Final

from tests.truth.golden.row import NA, Row

BOTTOM: Final = (7, 3, 11, 14)

POOLING: Final = (
    Row(
        "Pooling",
        "MAX by default, rounded up on one axis",
        "pooling_param { kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),  # ceil(8 / 2) + 1, ceil(11 / 2) + 1
        other_ops=7 * 3 * 5 * 7 * (3 * 3 - 1),
    ),
    Row(
        "Pooling",
        "AVE",
        "pooling_param { pool: AVE kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (3 * 3 + 1),
    ),
    Row(
        "Pooling",
        "STOCHASTIC",
        "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (2 * 3 * 3),
    ),
    Row(
        "Pooling",
        "methods as numbers: 0 is MAX",
        "pooling_param { pool: 0 kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (3 * 3 - 1),
    ),
    Row(
        "Pooling",
        "methods as numbers: 1 is AVE",
        "pooling_param { pool: 1 kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (3 * 3 + 1),
    ),
    Row(
        "Pooling",
        "methods as numbers: 2 is STOCHASTIC",
        "pooling_param { pool: 2 kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (2 * 3 * 3),
    ),
    Row(
        "Pooling",
        "rectangular, the padded axis clipped",
        "pooling_param { kernel_h: 2 kernel_w: 5 stride_h: 3 stride_w: 2 pad_h: 1 pad_w: 0 }",
        bottoms=(BOTTOM,),
        # ceil((11 + 2 − 2) / 3) + 1 = 5, whose last window starts at 12 ≥ 11 + 1: 4; ceil((14 − 5) / 2) + 1 = 6
        tops=((7, 3, 4, 6),),
        other_ops=7 * 3 * 4 * 6 * (2 * 5 - 1),
    ),
    Row(
        "Pooling",
        "padded, the last window starts just inside",
        "pooling_param { kernel_size: 3 stride: 2 pad: 1 }",
        bottoms=((7, 3, 10, 15),),
        tops=((7, 3, 6, 8),),  # ceil(9 / 2) + 1 = 6, starting at 10 < 11; 14 / 2 + 1
        other_ops=7 * 3 * 6 * 8 * 8,
    ),
    Row(
        "Pooling",
        "without a pad nothing is clipped, though the last window starts outside",
        "pooling_param { kernel_size: 1 stride: 3 }",
        bottoms=((7, 3, 5, 8),),
        tops=((7, 3, 3, 4),),  # ceil(4 / 3) + 1, ceil(7 / 3) + 1
        other_ops=0,  # 1 − 1 compares
    ),
    Row(
        "Pooling",
        "a pad on one axis clips the other too",
        "pooling_param { kernel_h: 2 kernel_w: 1 stride: 3 pad_h: 1 pad_w: 0 }",
        bottoms=((7, 3, 11, 5),),
        # ceil((5 − 1) / 3) + 1 = 3, whose last window starts at 6 ≥ 5; pooling_layer.cpp: if (pad_h_ || pad_w_)
        tops=((7, 3, 4, 2),),
        other_ops=7 * 3 * 4 * 2 * (2 * 1 - 1),
    ),
    Row(
        "Pooling",
        "rounded down by name",
        "pooling_param { kernel_size: 3 stride: 2 round_mode: FLOOR }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 6),),
        other_ops=7 * 3 * 5 * 6 * 8,
    ),
    Row(
        "Pooling",
        "rounded down by number",
        "pooling_param { kernel_size: 3 stride: 2 round_mode: 1 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 6),),
        other_ops=7 * 3 * 5 * 6 * 8,
    ),
    Row(
        "Pooling",
        "rounded up by name",
        "pooling_param { kernel_size: 3 stride: 2 round_mode: CEIL }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * 8,
    ),
    Row(
        "Pooling",
        "rounded down by a fork's flag",
        "pooling_param { kernel_size: 3 stride: 2 ceil_mode: false }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 6),),
        other_ops=7 * 3 * 5 * 6 * 8,
    ),
    Row(
        "Pooling",
        "rounded up by a fork's flag",
        "pooling_param { kernel_size: 3 stride: 2 ceil_mode: true }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * 8,
    ),
    Row(
        "Pooling",
        "global: the window is the map",
        "pooling_param { pool: AVE global_pooling: true }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 1, 1),),
        other_ops=7 * 3 * (11 * 14 + 1),
    ),
    Row(
        "Pooling",
        "a second top for the indices",
        "pooling_param { kernel_size: 3 stride: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7), (7, 3, 5, 7)),
        other_ops=7 * 3 * 5 * 7 * 8,
    ),
    Row(
        "pool",
        "of 2013, nested",
        'layer { type: "pool" pool: AVE kernelsize: 3 stride: 2 }',
        bottoms=(BOTTOM,),
        tops=((7, 3, 5, 7),),
        other_ops=7 * 3 * 5 * 7 * (3 * 3 + 1),
    ),
    Row(
        "Pooling",
        "no kernel and not global",
        bottoms=(BOTTOM,),
        printed=((7, 3, 5, 7),),
        other_ops=NA("the definition states no kernel"),
    ),
    Row(
        "Pooling",
        "no definition: parameters and products are known, operations are not",
        None,
        bottoms=(BOTTOM,),
        printed=((7, 3, 5, 7),),
        other_ops=NA("the layer's definition is missing"),
    ),
)

SPP: Final = (
    Row(
        "SPP",
        "three levels: 1 + 4 + 16 bins a channel, each level sweeps the map",
        "spp_param { pyramid_height: 3 }",
        bottoms=(BOTTOM,),
        tops=((7, 3 * (1 + 2 * 2 + 4 * 4)),),
        other_ops=7 * 3 * 11 * 14 * 3,
    ),
    Row(
        "SPP",
        "two levels",
        "spp_param { pyramid_height: 2 pool: AVE }",
        bottoms=(BOTTOM,),
        tops=((7, 3 * (1 + 2 * 2)),),
        other_ops=7 * 3 * 11 * 14 * 2,
    ),
    Row(
        "SPP",
        "one level is a pooling and is not flattened",
        "spp_param { pyramid_height: 1 }",
        bottoms=(BOTTOM,),
        tops=((7, 3, 1, 1),),
        other_ops=7 * 3 * 11 * 14,
    ),
)

ROWS: Final = (*POOLING, *SPP)
