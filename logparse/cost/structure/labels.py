"""What a layer of a graph is called by what it is: alone, with its neighbours, and with all above and below it.

Labels are digests of text: the same for the same layer in every net and in every run of Python. The refinement is that
of Weisfeiler and Lehman (1968), carried once down and once up the graph, which for one without circles reaches
everything that is joined to a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from logparse.cost.rule import Missing
from logparse.cost.structure.part import is_source, without_ones
from logparse.cost.structure.settings import settings_of
from logparse.cost.structure.wiring import shape_of_image
from logparse.cost.traits import Base

if TYPE_CHECKING:
    from logparse.cost.structure.part import Part
    from logparse.cost.structure.wiring import Graph


@dataclass(frozen=True)
class Labels:
    """The labels of the kept layers, in the graph's order.

    `far` is with all that a layer is joined to; `own` (alone) and `near` (with what it reads) leave sizes of maps out,
    so that a net at another input size is near itself. `gaps` are layers of which something is not known, with the
    reason.
    """

    graph: Graph
    words: tuple[str, ...]
    far: tuple[str, ...]
    gaps: tuple[str, ...]

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Each layer alone."""
        return tuple(map(_digest, self.words))

    @cached_property
    def near(self) -> tuple[str, ...]:
        """Each with what it reads, in order."""
        return tuple(
            _digest(" ".join([label, *("-" if wire is None else self.own[wire[0]] for wire in node.wires)]))
            for node, label in zip(self.graph.nodes, self.own, strict=True)
        )


def labels_of(graph: Graph, batch: int | None) -> Labels:
    """The labels of a net of so many images, or streams, a pass."""
    streams = batch if any(_is_recurrent(node.part) for node in graph.nodes) else None
    gaps: list[str] = []
    words, sized = [], []
    for node in graph.nodes:
        words.append(repr(_words(node.part, gaps)))
        sized.append(f"{words[-1]}{_shapes(node.part, streams, gaps)}")
    gaps += [f"{_called(node.part)}: nothing in the log makes its bottom" for node in graph.nodes if None in node.wires]
    return Labels(graph, tuple(words), tuple(_far(graph, sized)), tuple(gaps))


def _is_recurrent(part: Part) -> bool:
    traits = part.traits
    return traits is not None and traits.base is Base.RECURRENT


def _words(part: Part, gaps: list[str]) -> object:
    """Type, settings and the shapes of parameters."""
    if is_source(part):
        return ("input",)
    if part.kind is None:
        gaps.append(f"{_called(part)}: nothing tells its type")
        return ("unknown",)
    try:
        settings = settings_of(part)
    except Missing as missing:
        gaps.append(f"{_called(part)}: {missing}")
        settings = ()
    except (IndexError, ValueError, ZeroDivisionError):
        gaps.append(f"{_called(part)}: its definition and its shapes do not fit each other")
        settings = ()
    params = None if part.params is None else tuple((blob.kind[0], without_ones(blob.shape)) for blob in part.params)
    return (part.kind, settings, params, tuple(owner is not None for owner in part.owners))


def _shapes(part: Part, streams: int | None, gaps: list[str]) -> object:
    shapes = tuple(shape_of_image(shape, streams) for shape in part.spec.tops)
    if None in shapes:
        gaps.append(f"{_called(part)}: the shape of its top is not in the log")
    return tuple(shape and without_ones(shape) for shape in shapes)


def _called(part: Part) -> str:
    return part.spec.label


def _far(graph: Graph, sized: list[str]) -> list[str]:
    """Down the graph: each with all above it; then up: with all below it too."""
    down: list[str] = []
    for node, label in zip(graph.nodes, sized, strict=True):
        above = ("-" if wire is None else f"{down[wire[0]]}{wire[1]}" for wire in node.wires)
        down.append(_digest(" ".join([label, *above])))
    below: list[list[str]] = [[] for _ in down]
    far = down.copy()
    for number in reversed(range(len(down))):
        far[number] = _digest(" ".join([down[number], *sorted(below[number])]))
        for place, wire in enumerate(graph.nodes[number].wires):
            if wire is not None:
                below[wire[0]].append(f"{far[number]}{place} {wire[1]}")
    return far


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
