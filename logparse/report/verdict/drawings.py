"""The cards' small drawings, drawn when the page is made: who prints the figures alone loads no matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Slice(NamedTuple):
    """One part of a whole: its class, its share (0 to 1), and what hovering tells."""

    css: str
    share: float
    title: str


@dataclass(frozen=True, slots=True, eq=False)
class LateDrawing:
    """A drawing that is not drawn yet; as markup it is."""

    draw: Callable[[], str]

    def __html__(self) -> str:
        """The drawing as SVG."""
        return self.draw()


def late_gauge(low: float, high: float | None, card: float | None, description: str) -> LateDrawing:
    """A range on a scale from 0, in the frame of a card."""
    return LateDrawing(partial(_drawn, "gauge", low, high, card, description))


def late_curve(x: Floats, y: Floats, marked: int | None, description: str) -> LateDrawing:
    """A line over its whole range; one of its points, by its place, is ringed."""
    return LateDrawing(partial(_drawn, "curve", x, y, marked, description))


def late_split(parts: Sequence[Slice], description: str) -> LateDrawing:
    """A bar cut into its parts."""
    return LateDrawing(partial(_drawn, "split", parts, description))


def _drawn(name: str, *arguments: Any) -> str:  # noqa: ANN401 - those of the function of that name
    from logparse.report.charts import sparks

    return str(getattr(sparks, name)(*arguments))
