"""Layers of forks that propose, choose and read out boxes; their work depends on what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.buffer import CPU, no_buffers, unknown_buffers
from logparse.cost.rule import Rule, no_shapes, not_told
from logparse.cost.traits import (
    NO_BACKWARD,
    READS_NOTHING,
    Base,
    InPlace,
    LayerKind,
    LayerType,
    Side,
    Traits,
    first_bottom,
    only_on,
    touched_at,
    unknown_reads,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.cost.buffer import BufferRule


def _by_fork(what: str) -> BufferRule:
    return unknown_buffers(f"what a {what} keeps differs from fork to fork")


_UNREAD: Final = "what its backward pass reads differs from fork to fork"


_UNTOLD: Final = "the work depends on the content"


_BOXES: Final = Traits(LayerKind.DETECTION, Base.LAYER, no_buffers, READS_NOTHING, InPlace.NEVER)


def _by_content(name: str, traits: Traits) -> LayerType:
    return LayerType(Rule(f"{name} of forks", no_shapes, other_ops=not_told(_UNTOLD)), traits)


_ON_HOST: Final = _BOXES._replace(
    backward_reads=NO_BACKWARD, writes_at=touched_at(Side.HOST), reads_at=touched_at(Side.HOST)
)


TYPES: Final[Mapping[str, LayerType]] = {
    # Detections of a trained net: the loss is another type (RegionLoss)
    "Region": _by_content("Region", _BOXES._replace(asks_diff=only_on(CPU, first_bottom))),
    "Proposal": _by_content(
        "Proposal", _BOXES._replace(buffers=_by_fork("Proposal"), backward_reads=unknown_reads(_UNREAD))
    ),
    "BoxAnnotatorOHEM": _by_content("BoxAnnotatorOHEM", _ON_HOST),
}
