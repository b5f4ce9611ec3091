"""Normalisation and per-channel scaling: batch_norm_layer.cpp, scale_layer.cpp, bias_layer.cpp, lrn_layer.cpp,
mvn_layer.cpp, and the normalisations of forks.

All of them work on each of the 7·3·5·11 values; what is counted per value stands beside each row.
"""

from __future__ import annotations

from typing import Final

from tests.truth.golden.row import NA, Row, bias, statistic, weight

BOTTOM: Final = (7, 3, 5, 11)
COUNT: Final = 7 * 3 * 5 * 11
STATISTICS: Final = (statistic(3), statistic(3), statistic(1))  # mean, variance, factor of the moving average

BATCH_NORM: Final = (
    Row(
        "BatchNorm",
        "training: mean, centre, square, variance, divide",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=STATISTICS,
        other_ops=COUNT * 5,
    ),
    Row(
        "BatchNorm",
        "testing: subtract the stored mean, divide by the stored deviation",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=STATISTICS,
        other_ops=COUNT * 2,
        phase="TEST",
    ),
    Row(
        "BatchNorm",
        "stored statistics in training, as for fine-tuning",
        "batch_norm_param { use_global_stats: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=STATISTICS,
        other_ops=COUNT * 2,
    ),
    Row(
        "BatchNorm",
        "the batch's own statistics at test",
        "batch_norm_param { use_global_stats: false }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=STATISTICS,
        other_ops=COUNT * 5,
        phase="TEST",
    ),
    Row(
        "BatchNorm",
        "one axis is one channel",
        bottoms=((7,),),
        tops=((7,),),
        blobs=(statistic(1), statistic(1), statistic(1)),
        other_ops=7 * 5,
    ),
    Row(
        "BatchNorm",
        "two axes: a channel per column",
        bottoms=((7, 3),),
        tops=((7, 3),),
        blobs=STATISTICS,
        other_ops=7 * 3 * 5,
    ),
    Row(
        "BatchNorm",
        "NVCaffe's scale and shift: two more operations",
        "batch_norm_param { scale_bias: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*STATISTICS, weight(3), bias(3)),
        other_ops=COUNT * (5 + 2),
        wrong="scale and shift of NVCaffe's BatchNorm are not counted: 5 operations instead of 7",
        differs=("other_ops",),
    ),
    Row(
        "BatchNorm",
        "no definition: the blobs could be three or five",
        None,
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
)

SCALE: Final = (
    Row("Scale", "a factor per channel", bottoms=(BOTTOM,), tops=(BOTTOM,), blobs=(weight(3),), other_ops=COUNT),
    Row(
        "Scale",
        "factor and shift per channel",
        "scale_param { bias_term: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(weight(3), bias(3)),
        other_ops=COUNT * 2,
    ),
    Row(
        "Scale",
        "two axes from axis 2 on",
        "scale_param { axis: 2 num_axes: 2 bias_term: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(weight(5, 11), bias(5, 11)),
        other_ops=COUNT * 2,
    ),
    Row(
        "Scale",
        "an axis counted from the end",
        "scale_param { axis: -2 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(weight(5),),
        other_ops=COUNT,
    ),
    Row(
        "Scale",
        "all axes from axis 1 on",
        "scale_param { num_axes: -1 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(weight(3, 5, 11),),
        other_ops=COUNT,
    ),
    Row(
        "Scale",
        "no axis: one factor for all",
        "scale_param { num_axes: 0 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(weight(),),
        other_ops=COUNT,
    ),
    Row(
        "Scale",
        "the factor is a second bottom",
        "scale_param { axis: 0 }",
        bottoms=(BOTTOM, (7, 3)),
        tops=(BOTTOM,),
        other_ops=COUNT,
    ),
    Row(
        "Scale",
        "the factor is a second bottom, the shift is its own and of that shape",
        "scale_param { axis: 0 bias_term: true }",
        bottoms=(BOTTOM, (7, 3)),
        tops=(BOTTOM,),
        blobs=(bias(7, 3),),
        other_ops=COUNT * 2,
    ),
)

BIAS: Final = (
    Row("Bias", "a shift per channel", bottoms=(BOTTOM,), tops=(BOTTOM,), blobs=(bias(3),), other_ops=COUNT),
    Row(
        "Bias",
        "two axes from axis 1 on",
        "bias_param { axis: 1 num_axes: 2 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(bias(3, 5),),
        other_ops=COUNT,
    ),
    Row(
        "Bias",
        "all axes from the last but one on",
        "bias_param { axis: -2 num_axes: -1 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(bias(5, 11),),
        other_ops=COUNT,
    ),
    Row("Bias", "the shift is a second bottom", bottoms=(BOTTOM, (3,)), tops=(BOTTOM,), other_ops=COUNT),
)

LRN: Final = (
    Row(
        "LRN",
        "over 5 channels by default: 5 squares, 5 sums, shift, power, multiply",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (2 * 5 + 3),
    ),
    Row(
        "LRN",
        "over 3 channels",
        "lrn_param { local_size: 3 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (2 * 3 + 3),
    ),
    Row(
        "LRN",
        "within a channel: square, 3·3 sums, average, scale, shift, power, multiply",
        "lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (1 + 3 * 3 + 5),
    ),
    Row(
        "LRN",
        "within a channel, 5 by default",
        "lrn_param { norm_region: WITHIN_CHANNEL }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (1 + 5 * 5 + 5),
    ),
    Row(
        "LRN",
        "the region as a number, which text format allows",
        "lrn_param { local_size: 3 norm_region: 1 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (1 + 3 * 3 + 5),
        wrong="an enum written as a number is not read: the region is taken as ACROSS_CHANNELS",
        differs=("other_ops",),
    ),
    Row(
        "LRN",
        "of 2013",
        'layer { type: "lrn" local_size: 3 alpha: 0.0001 beta: 0.75 }',
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * (2 * 3 + 3),
    ),
)

MVN: Final = (
    Row("MVN", "mean, centre, square, variance, divide", bottoms=(BOTTOM,), tops=(BOTTOM,), other_ops=COUNT * 5),
    Row(
        "MVN",
        "mean and centre alone",
        "mvn_param { normalize_variance: false across_channels: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * 2,
    ),
)

BN_BLOBS: Final = (weight(1, 3, 1, 1), bias(1, 3, 1, 1))
KEPT: Final = (statistic(1, 3, 1, 1), statistic(1, 3, 1, 1))

FORKS: Final = (
    Row(
        "BN",
        "PSPNet: slope, bias, running mean and variance; normalise (5), scale, shift",
        'bn_param { slope_filler { type: "constant" value: 1 } momentum: 0.95 }',
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*BN_BLOBS, *KEPT),
        other_ops=COUNT * (5 + 2),
    ),
    Row(
        "BN",
        "PSPNet's, told by `momentum` alone",
        "bn_param { momentum: 0.95 }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*BN_BLOBS, *KEPT),
        other_ops=COUNT * 7,
    ),
    Row(
        "BN",
        "PSPNet's, frozen: subtract, divide, scale, shift",
        "bn_param { frozen: true }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*BN_BLOBS, *KEPT),
        other_ops=COUNT * (2 + 2),
        wrong="a frozen BN is counted like a training one: 7 operations instead of 4",
        differs=("other_ops",),
    ),
    Row(
        "BN",
        "SegNet: scale and shift alone",
        'bn_param { scale_filler { type: "constant" value: 1 } }',
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=BN_BLOBS,
        other_ops=COUNT * 7,
        assumed=("no stored statistics, as in SegNet's BN",),
    ),
    Row(
        "BN",
        "SegNet's, told by the other filler",
        'bn_param { shift_filler { type: "constant" value: 0.001 } }',
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=BN_BLOBS,
        other_ops=COUNT * 7,
        assumed=("no stored statistics, as in SegNet's BN",),
    ),
    Row(
        "BN",
        "SegNet's for use: scale and shift",
        "bn_param { bn_mode: INFERENCE }",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=BN_BLOBS,
        other_ops=COUNT * 2,
        assumed=("no stored statistics, as in SegNet's BN",),
        wrong="SegNet's BN in mode INFERENCE is counted like a training one: 7 operations instead of 2",
        differs=("other_ops",),
    ),
    Row(
        "BN",
        "nothing tells of which fork",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=NA("a BN has 2 or 4 parameter blobs, by fork, and its definition does not tell which"),
        other_ops=COUNT * 7,
    ),
    Row(
        "CuDNNBatchNorm",
        "training: normalise (5), scale, shift",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*STATISTICS, weight(3), bias(3)),
        other_ops=COUNT * (5 + 2),
        assumed=("mean, variance, factor, scale and shift, as in NVIDIA's 0.15",),
    ),
    Row(
        "CuDNNBatchNorm",
        "testing: subtract, divide, scale, shift",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        blobs=(*STATISTICS, weight(3), bias(3)),
        other_ops=COUNT * (2 + 2),
        phase="TEST",
        assumed=("mean, variance, factor, scale and shift, as in NVIDIA's 0.15",),
        wrong="CuDNNBatchNorm is counted alike in training and testing: 7 operations instead of 4",
        differs=("other_ops",),
    ),
    Row(
        "L2Normalization",
        "square, sum, inverse root, multiply",
        bottoms=(BOTTOM,),
        tops=(BOTTOM,),
        other_ops=COUNT * 4,
    ),
    Row("L2Normalize", "square, sum, inverse root, multiply", bottoms=((7, 3),), tops=((7, 3),), other_ops=7 * 3 * 4),
    Row("L2Norm", "square, sum, inverse root, multiply", bottoms=((7, 3),), tops=((7, 3),), other_ops=7 * 3 * 4),
)

ROWS: Final = (*BATCH_NORM, *SCALE, *BIAS, *LRN, *MVN, *FORKS)
