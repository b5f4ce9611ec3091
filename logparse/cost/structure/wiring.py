"""A net as a graph: which layer reads which, by position, with what names, batches and phases bring left out.

A blob's maker is the last layer before its reader that wrote it, as in Caffe: a layer in place is one more link of the
chain. Split and Dropout hand on what they read. What only measures is left out, and so is what stands between it and
the net (a Softmax, a Reshape), so that training, testing and deployed net are the same as far as they compute the
same. A blob from outside is its shape for one image, and none where only measures read it (labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from logparse.cost.structure.part import ends, is_source, measures_only, passes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.cost.spec import Shape
    from logparse.cost.structure.part import Part

Wire: TypeAlias = tuple[int, int]  # a node, and which of its tops


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One layer of the graph: its place among the parts, and per bottom the wire that it hangs on.

    A wire of None is a blob that nothing in the log makes.
    """

    place: int
    part: Part
    wires: tuple[Wire | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The kept layers of a net in their order; wires count them. `parts` are all of its layers."""

    parts: tuple[Part, ...]
    nodes: tuple[Node, ...]


def graph_of(parts: Sequence[Part]) -> Graph:
    """The graph of a net's layers, which stand in the order of the log."""
    wires = _wires(parts)
    kept = _kept(parts, wires)
    numbers = {place: number for number, place in enumerate(place for place in range(len(parts)) if kept[place])}
    nodes = (
        Node(place, parts[place], tuple(wire and (numbers[wire[0]], wire[1]) for wire in wires[place]))
        for place in numbers
    )
    return Graph(tuple(parts), tuple(nodes))


def _wires(parts: Sequence[Part]) -> list[tuple[Wire | None, ...]]:
    """Per layer: who made each of its bottoms, those that only hand on seen through."""
    makers: dict[str, Wire | None] = {}
    found = []
    for place, part in enumerate(parts):
        wires = tuple(makers.get(name) for name in part.bottoms)
        found.append(wires)
        through = passes(part) and len(wires) == 1
        for top, name in enumerate(part.tops):
            makers[name] = wires[0] if through else (place, top)
    return found


def _kept(parts: Sequence[Part], wires: Sequence[tuple[Wire | None, ...]]) -> list[bool]:
    """Whether a layer is part of the structure: told from the last layer to the first, by who reads it."""
    kept, read, lost = [False] * len(parts), [False] * len(parts), [False] * len(parts)
    for place in reversed(range(len(parts))):
        part = parts[place]
        kept[place] = _is_kept(part, is_read=read[place], meets_loss=lost[place])
        for wire in wires[place]:
            if wire is None:
                continue
            if kept[place]:
                read[wire[0]] = True
            elif not passes(part):
                lost[wire[0]] |= part.kind is not None and part.kind.endswith("Loss")
    return kept


def _is_kept(part: Part, *, is_read: bool, meets_loss: bool) -> bool:
    if passes(part) or measures_only(part):
        return False
    if is_read:
        return True
    return not (is_source(part) or ends(part, meets_loss=meets_loss))


def shape_of_image(shape: Shape | None, streams: int | None) -> Shape | None:
    """A shape without its batch: the first axis, and of a recurrent net's steps × streams both."""
    if shape is None:
        return None
    lead = 2 if streams is not None and len(shape) > 1 and shape[1] == streams else 1
    return shape[lead:]
