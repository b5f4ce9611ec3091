"""SSL, SkimCaffe and Ristretto: sparsity and word lengths, printed while training or scoring."""

from __future__ import annotations

from functools import partial
from typing import Final

from logparse.reading.messages.patterns.pattern import make_pattern

_table = partial(make_pattern, "ignored", mirrors="sgd_solver.cpp", reason="sparsity of the parameters", continues=True)
_sparse = partial(make_pattern, "ignored", mirrors="base_conv_layer.cpp", reason="sparsity of a layer")
_words = partial(
    make_pattern, "ignored", mirrors="quantization.cpp", reason="Ristretto's analysis", only_from="quantization.cpp"
)

SPARSITY: Final = (
    # A row of tab-separated percentages follows, on the same line or on one without a header.
    _table(
        "sparsity_row",
        r"\s*+(?:(?:Element|Column|Row|Block|Winograd(?: fiber/slice)?|(?:OC|IC|kernel)-(?:fiber|slice)) )?"
        r"[Ss]parsity %:(?:\s++[\d.e+/-]++)*+\s*+",
        "    Element Sparsity %: ",
        "     Column Sparsity %: 0\t100\t61.25\t100\t",
        "        Row Sparsity %: 50\t100\t",
        "      Block Sparsity %: ",
        "     Winograd Sparsity %: ",
        "     Winograd fiber/slice sparsity %: ",
        "    OC-fiber Sparsity %: ",
        "    IC-fiber Sparsity %: ",
        "    kernel-fiber Sparsity %: ",
        "    OC-slice Sparsity %: ",
        "    IC-slice Sparsity %: ",
        "    kernel-slice Sparsity %: ",
        "    Sparsity %: 83.2 0 95.812 4 ",
    ),
    _table(
        "regularization",
        r"\s*+Total regularization terms: VALUE loss\+regular\. : VALUE",
        "    Total regularization terms: 0.0629691 loss+regular. : 1.31922",
        mirrors="solver.cpp",
    ),
    _table(
        "sparsity_settings",
        r"(?:prune_threshold|max_threshold_factor|winograd_sparsity_factor|winograd_adjust_threshold|measure_threshold) = VALUE"
        r"(?: measure_threshold = VALUE)?",
        "prune_threshold = 0 measure_threshold = 0.0001",
        "max_threshold_factor = 1",
        "winograd_sparsity_factor = 0",
        "winograd_adjust_threshold = 1",
        mirrors="solver.cpp",
    ),
    _sparse("layer_sparsity", r"layer\t.*\thas sparsity of VALUE", "layer\tconv1\thas sparsity of 0.0021809"),
    _sparse(
        "frozen_zeros",
        r"(?:all zero weights of|weights lying in all-zero groups of) .* are frozen",
        "all zero weights of conv2 are frozen",
        "weights lying in all-zero groups of ip1 are frozen",
    ),
    _sparse("column_sparsity", r"\S++ (?:column|row) sparsity: VALUE", "conv1 column sparsity: 0", anywhere=True),
    _sparse("conv_mode", r"ConvolutionParameter ConvMode: \w++", "ConvolutionParameter ConvMode: DEFAULT"),
    _sparse(
        "sparse_unsupported",
        r"Sparse (?:Math BLAS is unsupported without MKL|storage format of weights in GPU model).*",
        "Sparse Math BLAS is unsupported without MKL (when it's on CPU mode)!",
        "Sparse storage format of weights in GPU model  is unimplemented!",
    ),
    _words("ristretto_rule", r"-{10,}+", "------------------------------"),
    _words(
        "ristretto_heading",
        r"(?:Network accuracy analysis for|Convolutional \(CONV\) and fully|connected \(FC\) layers\.|Please fine-tune\."
        r"|(?:Dynamic fixed point|Minifloat|Integer Power of Two|\d++bit fixed point) (?:CONV|FC|net|activations|layer)[^:]*+:?)\s*+",
        "Network accuracy analysis for",
        "Convolutional (CONV) and fully",
        "connected (FC) layers.",
        "Dynamic fixed point CONV",
        "Minifloat net:",
        "Please fine-tune.",
    ),
    _words(
        "ristretto_figure",
        r"(?:Baseline 32bit float|Accuracy|weights|layer activations|\d++bit):\s*+(?:VALUE)?\s*+",
        "Baseline 32bit float: 0.5712",
        "weights: ",
        "16bit: \t0.5707",
        "Accuracy: 0.5689",
        anywhere=True,
    ),
)
