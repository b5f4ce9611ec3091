"""Fully connected layers with a margin between classes, of forks for faces (SphereFace, L-Softmax)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import FORWARD, Need, no_buffers
from logparse.cost.fields import Choice
from logparse.cost.rules.dense import dense_rule
from logparse.cost.traits import Base, Family, InPlace, LayerKind, LayerType, Traits, reads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from logparse.cost.buffer import BufferRule
    from logparse.cost.rule import View

_MARGIN_BLOBS: Final[Mapping[str, int]] = {"SINGLE": 2, "DOUBLE": 3, "TRIPLE": 6, "QUADRUPLE": 7}
_MARGIN: Final = Choice("type", tuple(_MARGIN_BLOBS), "SINGLE")


def _margin_buffers(name: str, *, of_weights: bool) -> BufferRule:
    """Norms, and powers of the angle by the margin's type; L-Softmax keeps the norms of the weights too."""

    def rule(layer: View, _: str) -> Iterator[Need]:
        blobs = _MARGIN_BLOBS[_MARGIN.of(layer.param(name))]
        yield Need("norms of the rows", FORWARD, layer.bottom()[:1])
        for place in range(blobs):
            yield Need(f"angles and signs {place + 1}", FORWARD, layer.top())
        if of_weights:
            yield Need("norms of the weights", FORWARD, layer.top()[1:])

    return rule


_DENSE: Final = Traits(
    kind=LayerKind.FULLY_CONNECTED,
    base=Base.LAYER,
    family=Family.FULLY_CONNECTED,
    buffers=no_buffers,
    backward_reads=reads(bottoms="all", private=True),
    in_place=InPlace.NEVER,
)


TYPES: Final[Mapping[str, LayerType]] = {
    "MarginInnerProduct": LayerType(
        dense_rule("margin_inner_product_param", "SphereFace margin_inner_product_layer.cpp", has_bias=False),
        _DENSE._replace(buffers=_margin_buffers("margin_inner_product_param", of_weights=False)),
    ),
    "LargeMarginInnerProduct": LayerType(
        dense_rule("largemargin_inner_product_param", "L-Softmax largemargin_inner_product_layer.cpp", has_bias=False),
        _DENSE._replace(buffers=_margin_buffers("largemargin_inner_product_param", of_weights=True)),
    ),
}
