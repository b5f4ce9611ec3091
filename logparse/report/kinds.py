"""Kinds of layers, for people: what a reviewer compares is convolutions with fully connected layers and the rest."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from logparse import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "convolution": ("Convolution", "Deconvolution", "DepthwiseConvolution", "ConvolutionDepthwise", "Correlation"),
        "fully connected": ("InnerProduct",),
        "recurrent": ("LSTM", "RNN", "LSTMUnit", "Recurrent"),
        "embedding": ("Embed",),
        "normalisation": ("LRN", "BatchNorm", "BN", "CuDNNBatchNorm", "Scale", "Bias", "MVN", "Normalize"),
        "activation": (
            "ReLU", "PReLU", "ELU", "Sigmoid", "TanH", "BNLL", "AbsVal", "Power", "Exp", "Log", "Swish", "Clip",
            "Threshold", "ReLU6", "Dropout", "Softmax",
        ),
        "pooling": ("Pooling", "SPP", "ROIPooling", "PSROIPooling"),
        "joining": ("Eltwise", "Concat", "Slice", "Split", "Flatten", "Reshape", "Crop", "Tile", "Permute", "Axpy"),
        "data": (
            "Data", "Input", "DummyData", "HDF5Data", "MemoryData", "ImageData", "WindowData", "AnnotatedData",
            "VideoData", "Parameter",
        ),
        "loss": (
            "SoftmaxWithLoss", "EuclideanLoss", "HingeLoss", "ContrastiveLoss", "InfogainLoss", "MultiBoxLoss",
            "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss", "Accuracy",
        ),
    }
)  # fmt: skip
KIND: Final[Mapping[str, str]] = MappingProxyType({name: kind for kind, names in _TYPES.items() for name in names})

# The class that colours a kind: the two that the contrast is about, two more, and greys for all others.
CSS: Final[Mapping[str, str]] = MappingProxyType(
    {"convolution": "k-conv", "fully connected": "k-fc", "recurrent": "k-rec", "normalisation": "k-norm"}
)


def kind_of(type_: object) -> str:
    """The kind of a layer type; "unknown" where the type is not known, "other" where no kind has it."""
    return "unknown" if formats.is_na(type_) else KIND.get(str(type_), "other")


def css_of(kind: str) -> str:
    """The class of a kind's marks."""
    return CSS.get(kind, "k-other")
