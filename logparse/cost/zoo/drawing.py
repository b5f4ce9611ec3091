"""Drawing a published net: each call adds a bone on top of the one before, or of a blob that is named."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.fields import window_count
from logparse.cost.zoo.bones import CHANNELWISE, CONCAT, CONNECTED, CONV, DECONV, LRN, POOLING, SUM, Bone, Skeleton

if TYPE_CHECKING:
    from logparse.cost.zoo.bones import Sizes


class Spot(NamedTuple):
    """A blob of a drawing: the bone that makes it (None: the image), its channels, its map."""

    bone: int | None
    channels: int
    size: Sizes


class Drawing:
    """A net in the making; `top` is the blob that the next call reads."""

    def __init__(self, channels: int, size: int) -> None:
        self._bones: list[Bone] = []
        self._image = self.top = Spot(None, channels, (size, size))

    @property
    def skeleton(self) -> Skeleton:
        """What has been drawn."""
        return Skeleton(tuple(self._bones), self._image.channels, self._image.size)

    def conv(  # noqa: PLR0913 - a convolution has so many settings
        self,
        outs: int,
        kernel: int | Sizes,
        stride: int = 1,
        pad: int | Sizes | None = None,
        *,
        group: int = 1,
        dilation: int = 1,
        of: Spot | None = None,
    ) -> Spot:
        """A convolution; without a padding that is stated it keeps the map's size at stride 1."""
        spot = of or self.top
        windows = (kernel, kernel) if isinstance(kernel, int) else kernel
        around = tuple(dilation * (one // 2) for one in windows) if pad is None else pad
        pads = (around, around) if isinstance(around, int) else around
        sides = zip(spot.size, windows, pads, strict=True)
        size = tuple(window_count(side, one, stride, ring, dilation) for side, one, ring in sides)
        kind = CHANNELWISE if 1 < group == spot.channels else CONV
        facts = Bone(
            kind, outs, _above(spot), spot.channels, windows, (stride,) * 2, (dilation,) * 2, pads, group, size=size
        )
        return self._add(facts)

    def depthwise(self, stride: int = 1) -> Spot:
        """A 3×3 for each channel by itself."""
        return self.conv(self.top.channels, 3, stride, group=self.top.channels)

    def deconv(self, outs: int, kernel: int, stride: int) -> Spot:
        """A deconvolution without padding."""
        size = tuple(stride * (side - 1) + kernel for side in self.top.size)
        windows = (kernel, kernel)
        facts = Bone(
            DECONV, outs, _above(self.top), self.top.channels, windows, (stride,) * 2, (1, 1), (0, 0), 1, size=size
        )
        return self._add(facts)

    def dense(self, outs: int, *, of: Spot | None = None) -> Spot:
        """A fully connected layer: its weights see the whole map."""
        spot = of or self.top
        return self._add(Bone(CONNECTED, outs, _above(spot), spot.channels * _area(spot.size), size=(1, 1)))

    def pool(self, kernel: int, stride: int, pad: int = 0, method: str = "MAX", *, of: Spot | None = None) -> Spot:
        """A pooling, rounded up as Caffe does it."""
        spot = of or self.top
        size = tuple(_pooled(side, kernel, stride, pad) for side in spot.size)
        return self._pool(spot, (kernel,) * 2, stride, (pad,) * 2, method, size)

    def mean(self) -> Spot:
        """The mean of each channel's map."""
        return self._pool(self.top, self.top.size, 1, (0, 0), "AVE", (1, 1))

    def _pool(self, spot: Spot, kernel: Sizes, stride: int, pad: Sizes, method: str, size: Sizes) -> Spot:
        outs, above = spot.channels, _above(spot)
        return self._add(Bone(POOLING, outs, above, outs, kernel, (stride,) * 2, (1, 1), pad, 1, method, size))

    def lrn(self) -> Spot:
        """Local response normalisation."""
        return self._add(Bone(LRN, self.top.channels, _above(self.top), size=self.top.size))

    def sum(self, *spots: Spot) -> Spot:
        """Blobs added value by value."""
        return self._add(Bone(SUM, spots[0].channels, _above(*spots), size=spots[0].size))

    def concat(self, *spots: Spot) -> Spot:
        """Blobs side by side, channel behind channel."""
        return self._add(Bone(CONCAT, sum(spot.channels for spot in spots), _above(*spots), size=spots[0].size))

    def _add(self, bone: Bone) -> Spot:
        self._bones.append(bone)
        self.top = Spot(len(self._bones) - 1, bone.outs, bone.size)
        return self.top


def _above(*spots: Spot) -> tuple[int, ...]:
    return tuple(spot.bone for spot in spots if spot.bone is not None)


def _area(size: Sizes) -> int:
    return size[0] * size[1]


def _pooled(side: int, kernel: int, stride: int, pad: int) -> int:
    """Windows along a side, the last one beginning inside the map (pooling_layer.cpp)."""
    found = ceil((side + 2 * pad - kernel) / stride) + 1
    return found - 1 if pad and (found - 1) * stride >= side + pad else found
