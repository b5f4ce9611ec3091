"""Fully connected layers and Embed: inner_product_layer.cpp, embed_layer.cpp, and two forks of the first.

With M = the product of the dims before `axis` and K = that of the dims from it on, a layer of N outputs has N·K
weights and makes M·K·N products.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.truth.golden.row import NA, Row, bias, weight

BOTTOM: Final = (7, 2, 3, 5)

PLAIN: Final = Row(
    "InnerProduct",
    "all axes but the batch",
    "inner_product_param { num_output: 11 }",
    bottoms=(BOTTOM,),
    tops=((7, 11),),
    blobs=(weight(11, 2 * 3 * 5), bias(11)),
    macs=7 * (2 * 3 * 5) * 11,
    backward_macs=2 * 7 * (2 * 3 * 5) * 11,
    other_ops=7 * 11,  # bias additions
)

INNER_PRODUCT: Final = (
    PLAIN,
    replace(PLAIN, about="first", needs_grad=(False,), backward_macs=7 * (2 * 3 * 5) * 11),
    replace(PLAIN, about="in a TEST net", phase="TEST", backward_macs=0),
    Row(
        "InnerProduct",
        "frozen weights",
        "param { lr_mult: 0 } inner_product_param { num_output: 11 }",
        bottoms=(BOTTOM,),
        tops=((7, 11),),
        blobs=(weight(11, 30), bias(11)),
        macs=7 * 30 * 11,
        backward_macs=7 * 30 * 11,
        other_ops=7 * 11,
    ),
    Row(
        "InnerProduct",
        "no bias, weights transposed",
        "inner_product_param { num_output: 11 bias_term: false transpose: true }",
        bottoms=(BOTTOM,),
        tops=((7, 11),),
        blobs=(weight(2 * 3 * 5, 11),),
        macs=7 * 30 * 11,
        backward_macs=2 * 7 * 30 * 11,
    ),
    Row(
        "InnerProduct",
        "from axis 2: the axes before are rows",
        "inner_product_param { num_output: 11 axis: 2 }",
        bottoms=(BOTTOM,),
        tops=((7, 2, 11),),
        blobs=(weight(11, 3 * 5), bias(11)),
        macs=7 * 2 * (3 * 5) * 11,
        backward_macs=2 * 7 * 2 * (3 * 5) * 11,
        other_ops=7 * 2 * 11,
    ),
    Row(
        "InnerProduct",
        "the last axis alone, counted from the end",
        "inner_product_param { num_output: 11 axis: -1 }",
        bottoms=(BOTTOM,),
        tops=((7, 2, 3, 11),),
        blobs=(weight(11, 5), bias(11)),
        macs=7 * 2 * 3 * 5 * 11,
        backward_macs=2 * 7 * 2 * 3 * 5 * 11,
        other_ops=7 * 2 * 3 * 11,
    ),
    Row(
        "InnerProduct",
        "axis 0: one product over all there is",
        "inner_product_param { num_output: 11 axis: 0 }",
        bottoms=((3, 5),),
        tops=((11,),),
        blobs=(weight(11, 3 * 5), bias(11)),
        macs=1 * 15 * 11,
        backward_macs=2 * 15 * 11,
        other_ops=11,
    ),
    Row(
        "InnerProduct",
        "blobs of an old release, padded with ones",
        "inner_product_param { num_output: 11 }",
        bottoms=((7, 30, 1, 1),),
        tops=((7, 11),),
        printed=((7, 11, 1, 1),),
        blobs=(weight(11, 30), bias(11)),
        macs=7 * 30 * 11,
        backward_macs=2 * 7 * 30 * 11,
        other_ops=7 * 11,
    ),
    Row(
        "innerproduct",
        "of 2013, nested, without bias",
        'layer { type: "innerproduct" num_output: 11 biasterm: false blobs_lr: 0 }',
        bottoms=(BOTTOM,),
        tops=((7, 11),),
        blobs=(weight(11, 30),),
        macs=7 * 30 * 11,
        backward_macs=7 * 30 * 11,  # its one blob is frozen
    ),
    Row(
        "InnerProduct",
        "no definition: shapes give the products, not the bias",
        None,
        bottoms=(BOTTOM,),
        printed=((7, 11),),
        blobs=NA("the layer's definition is missing"),
        macs=7 * 30 * 11,
        backward_macs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
    Row(
        "InnerProduct",
        "no definition, a row per step and stream",
        None,
        bottoms=((7, 3, 5),),
        printed=((7, 3, 11),),
        blobs=NA("the layer's definition is missing"),
        macs=7 * 3 * 5 * 11,
        backward_macs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
    Row(
        "InnerProduct",
        "no definition, printed tops padded with ones: axis 1, as ever then",
        None,
        bottoms=((7, 2, 3, 5),),
        printed=((7, 11, 1, 1),),
        blobs=NA("the layer's definition is missing"),
        macs=7 * 30 * 11,
        backward_macs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
    Row(
        "InnerProduct",
        "an axis that the bottom has not",
        "inner_product_param { num_output: 11 axis: 5 }",
        bottoms=(BOTTOM,),
        printed=((7, 11),),
        blobs=NA("axis 5 does not exist in a blob of 4 axes"),
        macs=NA("axis 5 does not exist in a blob of 4 axes"),
        backward_macs=NA("axis 5 does not exist in a blob of 4 axes"),
        other_ops=7 * 11,  # the printed top tells the bias additions all the same
    ),
    Row(
        "InnerProduct",
        "an axis behind the last one (Blob::CanonicalAxisIndex refuses it)",
        "inner_product_param { num_output: 11 axis: 4 bias_term: false }",
        bottoms=(BOTTOM,),
        printed=((7, 11),),
        blobs=NA("axis 4 does not exist in a blob of 4 axes"),
        macs=NA("axis 4 does not exist in a blob of 4 axes"),
        backward_macs=NA("axis 4 does not exist in a blob of 4 axes"),
    ),
    Row(
        "InnerProduct",
        "a negative axis that the bottom has not",
        "inner_product_param { num_output: 11 axis: -5 bias_term: false }",
        bottoms=(BOTTOM,),
        printed=((7, 11),),
        blobs=NA("axis -5 does not exist in a blob of 4 axes"),
        macs=NA("axis -5 does not exist in a blob of 4 axes"),
        backward_macs=NA("axis -5 does not exist in a blob of 4 axes"),
    ),
    Row(
        "InnerProduct",
        "its bottom's shape is not known",
        "inner_product_param { num_output: 11 }",
        bottoms=(None,),
        printed=((7, 11),),
        blobs=NA("the shape of bottom 0 is not known"),
        macs=NA("the shape of bottom 0 is not known"),
        backward_macs=NA("the shape of bottom 0 is not known"),
        other_ops=7 * 11,
    ),
)

EMBED: Final = (
    Row(
        "Embed",
        "a lookup: no product of matrices, one bias addition per value",
        "embed_param { input_dim: 13 num_output: 5 }",
        bottoms=((7, 3),),
        tops=((7, 3, 5),),
        blobs=(weight(13, 5), bias(5)),
        other_ops=7 * 3 * 5,
    ),
    Row(
        "Embed",
        "without bias nothing is computed",
        "embed_param { input_dim: 13 num_output: 5 bias_term: false }",
        bottoms=((7, 3),),
        tops=((7, 3, 5),),
        blobs=(weight(13, 5),),
    ),
    Row(
        "Embed",
        "no definition: only that it multiplies no matrices is known",
        None,
        bottoms=((7, 3),),
        printed=((7, 3, 5),),
        blobs=NA("the layer's definition is missing"),
        other_ops=NA("the layer's definition is missing"),
    ),
)

FORKS: Final = (
    Row(
        "MarginInnerProduct",
        "SphereFace: no bias",
        "margin_inner_product_param { num_output: 11 }",
        bottoms=((7, 13), (7,)),
        tops=((7, 11),),
        blobs=(weight(11, 13),),
        macs=7 * 13 * 11,
        backward_macs=2 * 7 * 13 * 11,
        needs_grad=(True, False),
    ),
    Row(
        "LargeMarginInnerProduct",
        "L-Softmax: no bias, over a map",
        "largemargin_inner_product_param { num_output: 11 }",
        bottoms=((7, 2, 3, 5), (7,)),
        tops=((7, 11),),
        blobs=(weight(11, 2 * 3 * 5),),
        macs=7 * 30 * 11,
        backward_macs=7 * 30 * 11,
        needs_grad=(False, False),
    ),
)

ROWS: Final = (*INNER_PRODUCT, *EMBED, *FORKS)
