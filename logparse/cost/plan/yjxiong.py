"""What the memory plan of the fork yjxiong/caffe (version 2) would do with a net: its code, replayed by its rules.

It gives each data and each diff a slot, forward through all layers and then backward, as if everything went backward;
sizes play no part. In a TRAIN net the data of a layer that goes backward keep their slots. What is excluded, and what
never gets a slot, keeps memory of its own. Source: net.cpp of that fork (MemoryOptimize); checked against the totals
that real runs printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from logparse.cost.rule import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logparse.cost.memory.holdings import NetMemory
    from logparse.cost.memory.layer import LayerMemory

_SHARES_DATA: Final = frozenset({"Split", "Flatten", "Reshape"})  # Split: every top with bottom 0
_SHARES_DIFF: Final = frozenset({"Flatten", "Reshape"})


def opt_bytes(net: NetMemory, left_alone: frozenset[str] = frozenset()) -> int:
    """Bytes of all data and diffs under the plan; `left_alone` are the blobs of `mem_param { exclude_blob }`.

    Raises:
        Missing: the count of a blob is not known, or whether a layer goes backward.

    """
    sizes = dict(_sizes(net))
    data, diff = _Half(*_roots(net.layers, of_data=True)), _Half(*_roots(net.layers, of_data=False))
    slots = _Slots()
    alone = left_alone | set(_outputs(net.layers)) | set(_own(net.layers))
    data.leave_alone(alone)
    diff.leave_alone(alone)
    for layer in net.layers:
        if layer.backward is None:
            raise Missing(f"the log does not say whether {layer.spec.label} goes backward")
        slots.step(data, layer.tops, layer.bottoms, keeps=bool(layer.backward))
    for layer in reversed(net.layers):
        slots.step(diff, layer.bottoms, layer.tops, keeps=False)
    return _total(sizes, (data, diff))


def _sizes(net: NetMemory) -> Iterator[tuple[str, int]]:
    """Each blob and its bytes; at least 1, as a slot is."""
    for layer in net.layers:
        for name, count in zip(layer.tops, layer.counts, strict=True):
            if count is None:
                raise Missing(f"the count of {name} is not printed")
            yield name, count * net.element_bytes


def _outputs(layers: Sequence[LayerMemory]) -> Iterator[str]:
    """What no layer reads: the net's outputs."""
    made: dict[str, None] = {}
    for layer in layers:
        for name in layer.bottoms:
            made.pop(name, None)
        made.update(dict.fromkeys(layer.tops))
    yield from made


def _own(layers: Sequence[LayerMemory]) -> Iterator[str]:
    """What keeps its memory: what a data layer gives, and losses."""
    for layer in layers:
        yield from (
            name for name, is_loss in zip(layer.tops, layer.losses, strict=True) if is_loss or not layer.bottoms
        )


def _roots(layers: Sequence[LayerMemory], *, of_data: bool) -> tuple[dict[str, str], list[str]]:
    """(blob → its root, all blobs): of data the bottom's root, of diffs the top, and not that one's own root."""
    roots: dict[str, str] = {}
    for layer in layers:
        for name in (*layer.bottoms, *layer.tops):
            roots.setdefault(name, name)
        pairs = zip(layer.bottoms * (len(layer.tops) if layer.kind == "Split" else 1), layer.tops, strict=False)
        for bottom, top in pairs:
            if bottom == top:
                continue
            if of_data and layer.kind in _SHARES_DATA:
                roots[top] = roots[bottom]
            elif not of_data and layer.kind in _SHARES_DIFF:
                roots[bottom] = roots[top]
    return roots, list(roots)


@dataclass(slots=True)
class _Half:
    """All data or all diffs: who shares whose memory, who is left alone, and the slot of each."""

    roots: Mapping[str, str]
    names: Iterable[str]
    alone: set[str] = field(default_factory=set)  # roots
    slot_of: dict[str, int] = field(default_factory=dict)

    def leave_alone(self, names: Iterable[str]) -> None:
        """Blobs keep memory of their own, and with them all that share it."""
        self.alone.update(self.roots.get(name, name) for name in names)


@dataclass(slots=True)
class _Slots:
    """Slots by number: who holds each, by half and name, and how often it is asked for."""

    holders: list[tuple[int, str] | None] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def step(self, half: _Half, made: Iterable[str], read: Iterable[str], *, keeps: bool) -> None:
        """One layer in one direction: what it makes gets a slot; what it reads gives one back, unless it `keeps`."""
        for name in made:
            if half.roots[name] not in half.alone:
                self._take(half, name)
        for name in read:
            root = half.roots[name]
            if root in half.alone or keeps:
                continue
            slot = self._held(half, root)
            if slot is not None:
                self.counts[slot] -= 1
                if not self.counts[slot]:
                    self.holders[slot] = None

    def _held(self, half: _Half, name: str) -> int | None:
        holder = id(half), name
        return self.holders.index(holder) if holder in self.holders else None

    def _take(self, half: _Half, name: str) -> None:
        slot, root = self._held(half, name), half.roots[name]
        if slot is not None:
            self.counts[slot] += 1
            return
        if root != name:
            slot = half.slot_of.get(root)  # whatever holds it by now
            if slot is not None:
                self.counts[slot] += 1
                half.slot_of[name] = slot
            return
        free = self.holders.index(None) if None in self.holders else len(self.holders)
        if free == len(self.holders):
            self.holders.append(None)
            self.counts.append(0)
        self.holders[free], self.counts[free] = (id(half), name), 1
        half.slot_of[name] = free


def _total(sizes: Mapping[str, int], halves: Sequence[_Half]) -> int:
    """Each slot as large as its largest blob, and what has none."""
    slots: dict[int, int] = {}
    alone = 0
    for half in halves:
        for name in half.names:
            slot, size = half.slot_of.get(name), sizes.get(name, 0)
            if slot is None:
                alone += size
            else:
                slots[slot] = max(slots.get(slot, 1), size)
    return alone + sum(slots.values())
