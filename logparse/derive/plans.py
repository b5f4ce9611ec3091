"""What a fork's memory plan comes to by the printed shapes.

Source: yjxiong/caffe, net.cpp, Net::MemoryOptimize of both versions; a replay of its rules gives every slot and total
of forty printed plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from logparse.derive.facts import NetFact
    from logparse.model import Blob, MemoryPlan, PlannedBlob

_LEAST_BYTES = 1  # of a slot


class Half(NamedTuple):
    """Data or diff of a blob: its name with `_data` or `_diff`, its slot (None: memory of its own), its bytes."""

    name: str
    slot: int | None
    bytes: int | None


class SlotFact(NamedTuple):
    """One slot: its printed bytes, those of the largest half in it, the halves in the order of the net's blobs."""

    slot: int
    bytes: int
    expected_bytes: int | None
    halves: tuple[str, ...]
    line: int


def own_blobs(fact: NetFact) -> list[Blob]:
    """The net's blobs in Caffe's order, each once: its inputs, then every top that is not written in place."""
    tops = (top for layer in fact.net.layers for top in layer.tops if not top.in_place)
    return [*fact.net.inputs, *tops]


def sum_if_known(values: Iterable[int | None]) -> int | None:
    """The sum, or None where one of the values is not known."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None


def slots_of(fact: NetFact, plan: MemoryPlan) -> list[SlotFact]:
    """The plan's slots."""
    halves: dict[int, list[Half]] = {}
    for half in halves_of(fact, plan):
        if half.slot is not None:
            halves.setdefault(half.slot, []).append(half)
    return [
        SlotFact(one.slot, one.bytes, _largest(held), tuple(half.name for half in held), one.line)
        for one in plan.slots
        for held in (halves.get(one.slot, []),)
    ]


def _largest(halves: Sequence[Half]) -> int | None:
    sizes = [half.bytes for half in halves]
    known = [size for size in sizes if size is not None]
    return max(known, default=_LEAST_BYTES) if halves and len(known) == len(sizes) else None


def raw_bytes(fact: NetFact) -> int | None:
    """`raw memory`: data and diff of every blob, each counted once, also where tops of Split share at run time."""
    values = sum_if_known(blob.count for blob in own_blobs(fact))
    return None if values is None else 2 * values * fact.element_bytes


def optimised_bytes(fact: NetFact, plan: MemoryPlan) -> int | None:
    """`opt memory`: the slots, and what has memory of its own."""
    if not plan.blobs or any(one.expected_bytes is None for one in slots_of(fact, plan)):
        return None
    slots = (one.expected_bytes for one in slots_of(fact, plan))
    return sum_if_known([*slots, *(half.bytes for half in halves_of(fact, plan) if half.slot is None)])


def halves_of(fact: NetFact, plan: MemoryPlan) -> Iterator[Half]:
    """Both halves of every blob of the plan."""
    sizes: dict[str, list[int | None]] = {}
    for blob in own_blobs(fact):
        sizes.setdefault(blob.name, []).append(None if blob.count is None else blob.count * fact.element_bytes)
    for planned, size in _sized(plan.blobs, sizes):
        yield Half(f"{planned.name}_data", planned.data_slot, size)
        yield Half(f"{planned.name}_diff", planned.diff_slot, size)


def _sized(
    blobs: Iterable[PlannedBlob], sizes: Mapping[str, list[int | None]]
) -> Iterator[tuple[PlannedBlob, int | None]]:
    """Each blob with its bytes; several of one name (`(automatic)`) in their order."""
    turns: dict[str, int] = {}
    for blob in blobs:
        turn = turns.get(blob.name, 0)
        turns[blob.name] = turn + 1
        known = sizes.get(blob.name, [])
        yield blob, known[turn] if turn < len(known) else None
