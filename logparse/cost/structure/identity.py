"""The structure of a net as a value: its hash, its basis, and the labels by which two of them are compared.

The hash is over the whole graph, written down in an order that follows from the graph alone: two nets of one hash
have the same layers on the same edges. Nets that only names, batch, order of writing, fillers, rates or sources tell
apart have one hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from logparse.cost.spec import Basis
from logparse.cost.structure.labels import labels_of
from logparse.cost.structure.wiring import graph_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.structure.labels import Labels
    from logparse.cost.structure.net_layer import NetLayer
    from logparse.cost.structure.wiring import Graph

_DIGITS: Final = 16  # of a sha256: two of a million nets are alike by chance once in 37 million sets
_MOST_NAMED: Final = 3  # layers that a reason names


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """What a net is. `digest` is None where something of it is not known, which `reason` tells.

    `basis` is how the figures came about: by definitions, or with something inferred.
    """

    graph: Graph
    labels: Labels
    digest: str | None
    basis: Basis
    reason: str = ""


def structure_of(layers: Sequence[NetLayer], batch: int | None, *, missing: str = "") -> Structure:
    """The structure of a net's layers; `missing` says what of the net is not in the log at all."""
    graph = graph_of(layers)
    labels = labels_of(graph, batch)
    reason = missing or _told(labels.gaps) or ("" if graph.vertices else "no layer of the net is in the log")
    if reason:
        return Structure(graph, labels, None, Basis.UNKNOWN, reason)
    assumed = any(vertex.layer.assumed and vertex.edges for vertex in graph.vertices)  # sources are their shapes
    digest = sha256(repr(_written(graph, labels)).encode()).hexdigest()[:_DIGITS]
    return Structure(graph, labels, digest, Basis.INFERRED if assumed else Basis.DEFINITION)


def _told(gaps: tuple[str, ...]) -> str:
    shown = "; ".join(gaps[:_MOST_NAMED])
    return f"{shown}; {len(gaps) - _MOST_NAMED} more" if len(gaps) > _MOST_NAMED else shown


def _written(graph: Graph, labels: Labels) -> list[tuple[object, ...]]:
    """The graph row by row: label, edges and owners of parameters, by the rows' own numbers.

    Of the layers that may come next the one with the smallest label comes, then the one that reads the earliest rows.
    Where both are equal the layers can change places, or differ by nothing that their neighbours show.
    """
    waiting = [len({edge[0] for edge in vertex.edges if edge is not None}) for vertex in graph.vertices]
    readers: list[set[int]] = [set() for _ in graph.vertices]
    for number, vertex in enumerate(graph.vertices):
        for edge in vertex.edges:
            if edge is not None:
                readers[edge[0]].add(number)
    rows: dict[int, int] = {}
    owners = {vertex.layer.spec.name: number for number, vertex in enumerate(graph.vertices)}

    def entry(number: int) -> tuple[str, list[tuple[int, int]], int]:
        edges = [(rows[edge[0]], edge[1]) for edge in graph.vertices[number].edges if edge is not None]
        return labels.far[number], edges, number

    ready = [entry(number) for number, count in enumerate(waiting) if not count]
    heapify(ready)
    while ready:
        _, _, number = heappop(ready)
        rows[number] = len(rows)
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, entry(reader))
    numbered = {name: rows[number] for name, number in owners.items()}
    shared = [[owner and numbered.get(owner, "left out") for owner in one.layer.owners] for one in graph.vertices]
    return [(*entry(number)[:2], shared[number]) for number in sorted(rows, key=rows.__getitem__)]
