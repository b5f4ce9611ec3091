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
from logparse.cost.structure.net_layer import is_source, without_ones
from logparse.cost.structure.settings import structural_settings
from logparse.cost.structure.wiring import shape_of_image
from logparse.cost.traits import Base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.structure.net_layer import NetLayer
    from logparse.cost.structure.wiring import Graph


@dataclass(frozen=True)
class Labels:
    """The labels of the kept layers, in the graph's order.

    `far` is with all that a layer is joined to; the others leave sizes of maps out, so that a net at another input size
    is near itself. `gaps` are layers of which something is not known, with the
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
            _digest(" ".join([label, *("-" if edge is None else self.own[edge[0]] for edge in vertex.edges)]))
            for vertex, label in zip(self.graph.vertices, self.own, strict=True)
        )

    @cached_property
    def above(self) -> tuple[str, ...]:
        """Each with all above it; what an edit below it does not change."""
        return tuple(_down(self.graph, self.words))

    @cached_property
    def below(self) -> tuple[str, ...]:
        """Each with all below it; what an edit above it does not change."""
        return tuple(_up(self.graph, self.words))


def labels_of(graph: Graph, batch: int | None) -> Labels:
    """The labels of a net of so many images, or streams, a pass."""
    streams = batch if any(_is_recurrent(vertex.layer) for vertex in graph.vertices) else None
    gaps: list[str] = []
    words, sized = [], []
    for vertex in graph.vertices:
        words.append(repr(_words(vertex.layer, gaps)))
        sized.append(f"{words[-1]}{_shapes(vertex.layer, streams, gaps)}")
    loose = [vertex.layer for vertex in graph.vertices if None in vertex.edges]
    gaps += [f"{_called(layer)}: nothing in the log makes its bottom" for layer in loose]
    return Labels(graph, tuple(words), tuple(_up(graph, _down(graph, sized))), tuple(gaps))


def _is_recurrent(layer: NetLayer) -> bool:
    traits = layer.traits
    return traits is not None and traits.base is Base.RECURRENT


def _words(layer: NetLayer, gaps: list[str]) -> object:
    """Type, settings and the shapes of parameters."""
    if is_source(layer):
        return ("input",)
    if layer.kind is None:
        gaps.append(f"{_called(layer)}: nothing tells its type")
        return ("unknown",)
    try:
        settings = structural_settings(layer)
    except Missing as missing:
        gaps.append(f"{_called(layer)}: {missing}")
        settings = ()
    except (IndexError, ValueError, ZeroDivisionError):
        gaps.append(f"{_called(layer)}: its definition and its shapes do not fit each other")
        settings = ()
    params = None if layer.params is None else tuple((blob.kind[0], without_ones(blob.shape)) for blob in layer.params)
    return (layer.kind, settings, params, tuple(owner is not None for owner in layer.owners))


def _shapes(layer: NetLayer, streams: int | None, gaps: list[str]) -> object:
    shapes = tuple(shape_of_image(shape, streams) for shape in layer.spec.tops)
    if None in shapes:
        gaps.append(f"{_called(layer)}: the shape of its top is not in the log")
    return tuple(shape and without_ones(shape) for shape in shapes)


def _called(layer: NetLayer) -> str:
    return layer.spec.label


def _down(graph: Graph, texts: Sequence[str]) -> list[str]:
    """Each with all above it."""
    found: list[str] = []
    for vertex, text in zip(graph.vertices, texts, strict=True):
        above = ("-" if edge is None else f"{found[edge[0]]}{edge[1]}" for edge in vertex.edges)
        found.append(_digest(" ".join([text, *above])))
    return found


def _up(graph: Graph, texts: Sequence[str]) -> list[str]:
    """Each with all below it."""
    below: list[list[str]] = [[] for _ in texts]
    found = [*texts]
    for number in reversed(range(len(texts))):
        found[number] = _digest(" ".join([texts[number], *sorted(below[number])]))
        for place, edge in enumerate(graph.vertices[number].edges):
            if edge is not None:
                below[edge[0]].append(f"{found[number]}{place} {edge[1]}")
    return found


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
