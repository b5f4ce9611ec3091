"""A net as a graph: which layer reads which, by position, with what names, batches and phases bring left out.

A blob's maker is the last layer before its reader that wrote it, as in Caffe: a layer in place is one more link of the
chain. Split and Dropout hand on what they read. What only measures is left out, and so is what stands between it and
the net (a Softmax, a Reshape), so that training, testing and deployed net are the same as far as they compute the
same. A blob from outside is its shape for one image, and none where only measures read it (labels).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """The graph of a net's layers, which stand in the order of the log.

    Each blob from outside that the net reads is a node of its own, however many of them one layer gives.
    """
    wires = _wires(parts)
    kept, used = _kept(parts, wires)
    nodes: list[Node] = []
    numbers: dict[Wire, Wire] = {}
    for place, part in enumerate(parts):
        if not kept[place]:
            continue
        if is_source(part):
            for top in sorted(used[place]):
                numbers[place, top] = len(nodes), 0
                nodes.append(Node(place, _one_top(part, top), ()))
        else:
            numbers.update({(place, top): (len(nodes), top) for top in range(len(part.tops))})
            nodes.append(Node(place, part, tuple(wire and numbers.get(wire) for wire in wires[place])))
    return Graph(tuple(parts), tuple(nodes))


def _one_top(part: Part, top: int) -> Part:
    shape = part.spec.tops[top] if top < len(part.spec.tops) else None
    return replace(part, spec=part.spec.with_shapes((), (shape,)), tops=part.tops[top : top + 1])


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


def _kept(parts: Sequence[Part], wires: Sequence[tuple[Wire | None, ...]]) -> tuple[list[bool], list[set[int]]]:
    """Whether a layer is part of the structure, and which of its tops kept layers read: told from the last layer on."""
    kept, lost = [False] * len(parts), [False] * len(parts)
    used: list[set[int]] = [set() for _ in parts]
    for place in reversed(range(len(parts))):
        part = parts[place]
        kept[place] = _is_kept(part, is_read=bool(used[place]), meets_loss=lost[place])
        for wire in wires[place]:
            if wire is None:
                continue
            if kept[place]:
                used[wire[0]].add(wire[1])
            elif not passes(part):
                lost[wire[0]] |= part.kind is not None and part.kind.endswith("Loss")
    return kept, used


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
