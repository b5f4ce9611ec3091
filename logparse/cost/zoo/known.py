"""One published net: its name, how it is drawn, and what tells cheaply that another net is not it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from logparse.cost.zoo.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Callable

    from logparse.cost.zoo.bones import Skeleton


class Known(NamedTuple):
    """One row. `draw` draws the net into a drawing that holds its image of `channels` and `size`.

    `weighty` is how many bones have weights, so that the net is drawn only for one that has about as many; a test
    counts them. `classes` are the published net's (None: it has none). `normed` says that BatchNorm is part of it,
    `style` how this drawing differs from the net's first form. `is_trunk` says that other nets are built on its
    convolutions, `free_size` that it runs on images of any size.
    """

    name: str
    draw: Callable[[Drawing], object]
    weighty: int
    source: str
    size: int = 224
    channels: int = 3
    classes: int | None = 1000
    normed: bool = False
    style: str = ""
    is_trunk: bool = False
    free_size: bool = False

    @property
    def skeleton(self) -> Skeleton:
        """The net's bones; drawn once."""
        return _drawn(self)


@cache
def _drawn(known: Known) -> Skeleton:
    drawing = Drawing(known.channels, known.size)
    known.draw(drawing)
    return drawing.skeleton
