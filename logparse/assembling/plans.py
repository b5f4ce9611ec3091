"""The lines of a fork's memory plan → the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from logparse.model import MemoryPlan, PlannedBlob, PlannedSlot, PlanStep
from logparse.reading.messages import records as rec

if TYPE_CHECKING:
    from collections.abc import Mapping

PlanLine: TypeAlias = rec.PlanStepRecord | rec.PlannedBlobRecord | rec.PlannedSlotRecord
_OWN: Final = -1  # the printed slot of a half that has memory of its own
_FIRST_VERSION: Final = 1


@dataclass(slots=True)
class _Placed:
    """Where a blob's halves are said to end up, so far."""

    name: str
    line: int
    slots: dict[str, int] = field(default_factory=dict)  # "data" or "diff" → slot


@dataclass(slots=True)
class PlanBuilder:
    """A plan while its lines come in."""

    line: int
    version: int | None = None
    steps: list[PlanStep] = field(default_factory=list)
    slots: list[PlannedSlot] = field(default_factory=list)
    _taken: set[tuple[str | None, int | None]] = field(default_factory=set)  # half of a blob, slot
    _blobs: dict[int, _Placed] = field(default_factory=dict)  # by place: names may repeat

    def take(self, record: PlanLine) -> None:
        """A step, whose wording tells the version; where half a blob ends up; or a slot's size."""
        if isinstance(record, rec.PlannedBlobRecord):
            placed = self._blobs.setdefault(record.place, _Placed(record.blob, record.line))
            placed.slots[record.half] = record.slot
        elif isinstance(record, rec.PlannedSlotRecord):
            self.slots.append(PlannedSlot(record.slot, record.bytes, record.line))
        else:
            self.version = self.version or record.version
            self.steps.append(PlanStep(record.kind, record.blob, record.root, record.slot, record.layer, record.line))
            if record.kind == "taken":
                self._taken.add((record.blob, record.slot))

    def freeze(self) -> MemoryPlan:
        """The finished plan."""
        blobs = tuple(
            PlannedBlob(one.name, _place(one.slots, "data"), self._diff_slot(one), one.line)
            for _, one in sorted(self._blobs.items())
        )
        return MemoryPlan(self.version, tuple(self.steps), blobs, tuple(self.slots), self.line)

    def _diff_slot(self, one: _Placed) -> int | None:
        """Version 1 repeats the data's slot where the diff has none: its variable is not set anew for each half.

        That it is the diff's as well, only the step tells in which the diff took it.
        """
        found = _place(one.slots, "diff")
        if self.version != _FIRST_VERSION or found != one.slots.get("data"):
            return found
        return found if (f"{one.name}_diff", found) in self._taken else None


def _place(slots: Mapping[str, int], half: str) -> int | None:
    found = slots.get(half, _OWN)
    return None if found == _OWN else found
