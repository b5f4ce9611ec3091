"""The skeleton of a net: what is left when activations, normalisation, copies and measures are seen through.

A bone is a layer that weighs, pools, joins or normalises locally (LRN). Two nets of one family have the same skeleton
in whatever style they are written: in place or not, with BatchNorm or without, with biases or not, trained or
deployed, on images of any size. So padding, biases and map sizes are no layer of what bones are compared by.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Sizes: TypeAlias = tuple[int, ...]
Word: TypeAlias = tuple[object, ...]

CONV: Final = "convolution"
CHANNELWISE: Final = "depthwise convolution"
DECONV: Final = "deconvolution"
CONNECTED: Final = "fully connected layer"
POOLING: Final = "pooling"
SUM: Final = "sum"
CONCAT: Final = "concatenation"
LRN: Final = "LRN"
WEIGHTY: Final = frozenset({CONV, CHANNELWISE, DECONV, CONNECTED})
_CONVOLVES: Final = frozenset({CONV, CHANNELWISE, DECONV})

_PLAIN_GROUPS: Final = 2  # AlexNet's two cards: with two groups or one it is the same family


@dataclass(frozen=True, slots=True)
class Bone:
    """One layer of a skeleton. `above` are the bones that it reads (through all that is seen through), by place.

    `kind` is one of the words of this module, or a layer type that has none. `kernel` is empty where nothing tells
    it. `ins` and `outs` are channels. `size` is the map of its top, `method` how a pooling pools.
    """

    kind: str
    outs: int
    above: tuple[int, ...]
    ins: int = 0
    kernel: Sizes = ()
    stride: Sizes = ()
    dilation: Sizes = ()
    pad: Sizes = ()
    group: int = 1
    method: str = ""
    size: Sizes = ()

    @property
    def is_weighty(self) -> bool:
        """Whether it multiplies by weights."""
        return self.kind in WEIGHTY

    @property
    def weights(self) -> int:
        """Its weights without biases."""
        if not self.is_weighty:
            return 0
        return self.outs * self.ins // self.group * prod(self.kernel)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image, of whatever is not turned round."""
        return self.weights * prod(self.size)


@dataclass(frozen=True)
class Skeleton:
    """Bones in an order in which each stands behind all that it reads; `channels` and `size` are of the image.

    `beside` counts what is seen through and worth a word: types of layers.
    """

    bones: tuple[Bone, ...]
    channels: int | None = None
    size: Sizes = ()
    beside: tuple[str, ...] = ()

    @cached_property
    def weighty(self) -> tuple[int, ...]:
        """The bones with weights, by place."""
        return tuple(place for place, bone in enumerate(self.bones) if bone.is_weighty)

    @cached_property
    def heads(self) -> frozenset[int]:
        """The bones with weights behind which none other stands: their outputs are the task's."""
        return frozenset(set(self.weighty) - self._with_below(lambda bone: bone.is_weighty))

    @cached_property
    def _before_convolutions(self) -> set[int]:
        return self._with_below(lambda bone: bone.kind in _CONVOLVES)

    def _with_below(self, wanted: Callable[[Bone], bool]) -> set[int]:
        """The bones behind which one of these stands."""
        found: set[int] = set()
        for place in reversed(range(len(self.bones))):
            if place in found or wanted(self.bones[place]):
                found.update(self.bones[place].above)
        return found

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """What each bone is called when nets are compared: see the module."""
        return tuple(map(self._word, range(len(self.bones))))

    def _word(self, place: int) -> Word:
        bone = self.bones[place]
        if bone.kind in _CONVOLVES:
            outs = None if place in self.heads else bone.outs
            ins = bone.ins if bone.above else None
            group = 1 if bone.group <= _PLAIN_GROUPS or bone.kind == CHANNELWISE else bone.group
            return (bone.kind, bone.kernel, bone.stride, bone.dilation, group, ins, outs)
        if bone.kind == CONNECTED:
            return (bone.kind, None if place in self.heads else bone.outs)
        if bone.kind == POOLING:
            return (bone.kind, bone.stride if place in self._before_convolutions else "end")
        return (bone.kind, len(bone.above))

    @cached_property
    def alone(self) -> Counter[Word]:
        """The bag of words."""
        return Counter(self.words)

    @cached_property
    def weights(self) -> Counter[Word]:
        """The bag of words of what has weights."""
        return Counter(self.words[place] for place in self.weighty)

    @cached_property
    def wired_words(self) -> tuple[Word, ...]:
        """Of each bone its word with the words of what it reads."""
        return tuple(
            (word, *sorted((self.words[place] for place in bone.above), key=repr))
            for bone, word in zip(self.bones, self.words, strict=True)
        )

    @cached_property
    def rooted(self) -> tuple[int, ...]:
        """Of each bone a number for its word and those of all above it, up to the image; of this run of Python only."""
        found: list[int] = []
        for bone, word in zip(self.bones, self.words, strict=True):
            found.append(hash((word, *sorted(found[place] for place in bone.above))))
        return tuple(found)

    @cached_property
    def wired(self) -> Counter[Word]:
        """The bag of these."""
        return Counter(self.wired_words)
