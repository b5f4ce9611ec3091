"""What a layer's name says: the type it supports, a kernel it states, the role it plays in its net.

A name is evidence, never proof: a type that a name supports counts only with shapes that allow it, and
a stated kernel only where shapes and neighbours agree.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_LEAD: Final = r"(?:.*[_.-])?"  # a word begins the part, or stands behind _ . or -
_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("PReLU", r"prelu"),
    ("ReLU", r"relu"),
    ("Dropout", r"drop"),
    ("BatchNorm", r"(?:bn(?![a-z])|batch_?norm)"),
    ("Scale", r"scale"),
    ("LRN", r"(?:norm\d+|lrn\d*)\Z"),
    ("Accuracy", r"(?:acc(?:uracy)?|top-?\d)"),
    ("Concat", r"concat"),
    ("Flatten", r"flat"),
    ("Padding", r"pad\d*\Z"),
    ("Slice", r"slice"),
    ("Reshape", r"reshape"),
    ("PriorBox", r"prior_?box"),
    ("MultiBoxLoss", r"mbox_loss\Z"),
    ("DetectionOutput", r"detection_out"),
    ("DetectionEvaluate", r"detection_eval"),
    ("Permute", r"perm"),
    ("Tile", r"tile"),
    ("Crop", r"crop"),
    ("SPP", r"spp"),
    ("Embed", r"embed"),
    ("BNLL", r"bnll"),
    ("Sigmoid", r"(?:sigmoid|sigm?\d*\Z)"),
    ("TanH", r"tanh"),
    ("ELU", r"elu"),
    ("Eltwise", r"(?:eltwise|sum\Z)"),
    ("Silence", r"silence"),
    ("Deconvolution", r"(?:deconv|up_?score|up_?sample)"),
    ("Convolution", r"(?:proj|reduce|dw|sep|depthwise|pointwise|squeeze|expand|cccp)"),
    ("Pooling", r"(?:pool|gap)"),
    ("SoftmaxWithLoss", r"(?:\w*loss)"),
    ("Softmax", r"(?:prob|softmax)"),
    ("InnerProduct", r"(?:ip|fc|inner_?product|classifier|predict)[\d_-]*"),
    ("Convolution", r"(?:conv|res\d\w*_branch|branch\d|mbox_(?:loc|conf)\Z)"),
)
# Only these speak for a whole part that is nothing but the word
_BARE: Final = {"norm": "LRN"}
_TYPES: Final = tuple((kind, re.compile(_LEAD + word, re.IGNORECASE)) for kind, word in _WORDS)
_SPLIT: Final = re.compile(r".*_\d+_split\Z", re.DOTALL)


def named_type(name: str) -> str | None:
    """The type that a layer's name supports, or None; the part behind the last slash speaks first."""
    if _SPLIT.match(name):
        return "Split"
    for part in reversed(name.split("/")):
        found = _BARE.get(part) or next((kind for kind, pattern in _TYPES if pattern.match(part)), None)
        if found is not None:
            return found
    return None


class StatedKernel(NamedTuple):
    """A kernel that a name states: per axis, with the stride where the name has one too."""

    kernel: tuple[int, int]
    stride: int | None


_KERNEL: Final = re.compile(r"(?:.*[^\d])?(\d{1,2})x(\d{1,2})(?:_s(\d))?(_reduce)?\Z", re.IGNORECASE)


def stated_kernel(name: str) -> StatedKernel | None:
    """`inception_3a/5x5` → 5×5, `conv1/7x7_s2` → 7×7 at stride 2, `3x3_reduce` → 1×1 (it comes before the 3×3)."""
    match = _KERNEL.match(name.rsplit("/", 1)[-1])
    if match is None:
        return None
    if match[4]:
        return StatedKernel((1, 1), None)
    return StatedKernel((int(match[1]), int(match[2])), int(match[3]) if match[3] else None)


def reduced_name(name: str) -> str | None:
    """The layer that a `…_reduce` layer reduces for: its name without the suffix."""
    stem = name.removesuffix("_reduce")
    return stem if stem != name else None


_BLOCK: Final = re.compile(r"([A-Za-z_./-]*?)\d+(?:[a-z]\d*|_\d+)?(?=[/_.-][A-Za-z]|[/_.-]\d+x\d)")


class Place(NamedTuple):
    """Where a layer stands in its net: `block` ("inception_4e"), `part` of it ("/pool_proj"), and its role."""

    block: str
    part: str
    role: str

    @property
    def stage(self) -> str:
        """The block's first number: `inception_4e` and `conv4_2` are of stage 4."""
        match = re.search(r"\d+", self.block)
        return match[0] if match else ""


def place_of(name: str) -> Place | None:
    """The block and the part that a name tells; what has the same part in another block has the same role.

    `inception_4e/pool_proj` and `inception_4d/pool_proj` → `inception_#/pool_proj`; `res4b1_branch2a` →
    `res#_branch2a`. None for a bare name such as `conv5`: it has no part beside its number.
    """
    match = _BLOCK.match(name)
    if match is None:
        return None
    part = name[match.end() :]
    return Place(match[0], part, f"{match[1]}#{part}")


_OPTIONAL: Final = re.compile(
    r"branch1|shortcut|proj|downsample|skip|match|_split\Z|relu|drop|norm|bn|scale", re.IGNORECASE
)


def is_optional(part: str) -> bool:
    """A part that one block of a kind may have and another not: a shortcut's projection, an activation."""
    return _OPTIONAL.search(part) is not None


_SERIES: Final = re.compile(r"(.*[A-Za-z][_/.-])\d+\Z", re.DOTALL)


def series(name: str) -> str | None:
    """The name without its last number, where a separator stands before it: `lstm1_unit_30` → `lstm1_unit_`."""
    match = _SERIES.match(name)
    return None if match is None else match[1]
