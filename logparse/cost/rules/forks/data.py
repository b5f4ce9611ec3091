"""Data layers of forks: segmentation, flow, poses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import no_buffers, unknown_buffers
from logparse.cost.rule import Rule, no_shapes
from logparse.cost.traits import NO_BACKWARD, Base, InPlace, LayerKind, LayerType, Side, Traits, touched_at

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE: Final = Traits(LayerKind.DATA, Base.DATA, no_buffers, NO_BACKWARD, InPlace.NEVER)

_ONE_OR_MORE: Final = unknown_buffers("its fork's base class keeps one batch ready or several, by release")

_DATA: Final[Mapping[str, Traits]] = {
    "ImageSegData": _SOURCE._replace(buffers=_ONE_OR_MORE),
    "DenseImageData": _SOURCE._replace(buffers=_ONE_OR_MORE),
    "ImageLabelData": _SOURCE._replace(
        base=Base.PREFETCHING,
        buffers=unknown_buffers("one image's label has the size of the crop, which the log does not tell"),
    ),
    "MultiImageData": _SOURCE._replace(base=Base.PREFETCHING),
    "CustomData": _SOURCE._replace(
        base=Base.LAYER,
        buffers=unknown_buffers("its mean has the size of the stored data, which the log does not tell"),
        writes_at=touched_at(Side.HOST),
    ),
    "CPMData": _SOURCE._replace(base=Base.PREFETCHING),
}

TYPES: Final[Mapping[str, LayerType]] = {
    name: LayerType(Rule(f"{name} layer: shapes come from the data", no_shapes), traits)
    for name, traits in _DATA.items()
}
