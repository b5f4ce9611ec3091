"""All that is derived of one log: every net once, every run once, kept for whoever asks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from logparse.derive.nets import facts_of
from logparse.derive.runs import run_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from logparse.cost.memory.holdings import Run
    from logparse.cost.structure.identity import Structure
    from logparse.derive.facts import NetFact
    from logparse.derive.family import Kinship
    from logparse.model import LogFacts


class DerivedLog:
    """What follows from a log's facts by the cost rules; worked out at the first question and kept."""

    def __init__(self, facts: LogFacts) -> None:
        self.facts = facts

    @cached_property
    def nets(self) -> Mapping[int, Sequence[NetFact]]:
        """Attempt → its nets with everything derived."""
        return {attempt.index: facts_of(attempt.nets) for attempt in self.facts.attempts}

    @cached_property
    def runs(self) -> Mapping[int, Run]:
        """Attempt → what it allocates, as the memory rules see it."""
        return {one.index: run_of(one, self.nets[one.index]) for one in self.facts.attempts}

    @cached_property
    def structures(self) -> Mapping[int, Sequence[Structure]]:
        """Attempt → what each of its nets is, whatever its layers are called."""
        from logparse.derive.structure import net_structure

        return {attempt: [*map(net_structure, nets)] for attempt, nets in self.nets.items()}

    @cached_property
    def kinships(self) -> Mapping[int, Sequence[Kinship]]:
        """Attempt → the published net that each of its nets is or is near."""
        from logparse.derive.family import kinships

        return {attempt: kinships(nets, self.structures[attempt]) for attempt, nets in self.nets.items()}
