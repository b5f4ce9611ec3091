"""One side of a comparison: a log, one of its attempts, and the net that leads there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from logparse import formats
from logparse.audit.finding import AuditedLog
from logparse.audit.summary import leading_net
from logparse.errors import UsageError
from logparse.rows import lead_rank, net_name

if TYPE_CHECKING:
    from logparse.cost.structure.identity import Structure
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt
    from logparse.rows import TableRow
    from logparse.tables.table import LogLike


@dataclass(frozen=True)
class ComparedRun:
    """A log and the attempt that is compared; the one that the log is told by where none is named."""

    log: LogLike
    attempt: int
    named: bool

    @cached_property
    def audited(self) -> AuditedLog:
        """The log as finders see it."""
        return AuditedLog(self.log)

    @property
    def name(self) -> str:
        """The log's name, with the attempt where it was named: `train.log@2`."""
        source = self.log.facts.source.name
        return f"{source}@{self.attempt}" if self.named else source

    @cached_property
    def facts(self) -> Attempt:
        """The attempt as it was read."""
        return self.audited.attempt(self.attempt)

    @cached_property
    def nets(self) -> dict[tuple[str | None, int | None], int]:
        """Phase and number of a test net → its place among the attempt's nets; those inside a layer left out."""
        found: dict[tuple[str | None, int | None], int] = {}
        for place, fact in enumerate(self.log.derived.nets[self.attempt]):
            if fact.net.nested is None and fact.layers:
                found.setdefault((fact.net.phase, fact.net.test_index), place)
        return found

    @cached_property
    def lead(self) -> int | None:
        """The place of the net that leads: the training net with most layers, else the largest."""
        nets = self.log.derived.nets[self.attempt]

        def rank(place: int) -> tuple[bool, bool, int]:
            fact = nets[place]
            return lead_rank({"phase": fact.net.phase, "nested": fact.net.nested}, len(fact.layers))

        return max((place for place, fact in enumerate(nets) if fact.layers), key=rank, default=None)

    def net(self, place: int) -> NetFact:
        """A net with everything derived."""
        return self.log.derived.nets[self.attempt][place]

    def structure(self, place: int) -> Structure:
        """What the same net is, whatever its layers are called."""
        return self.log.derived.structures[self.attempt][place]

    def net_title(self, place: int) -> str:
        """`TRAIN net LeNet`."""
        net = self.net(place).net
        return f"{net_name(net.phase, net.test_index or None, net.nested)}{f' {net.name}' if net.name else ''}"

    def row(self, table: str) -> TableRow | None:
        """The attempt's row of a table that has one for each; None where it has none."""
        return next((row for row in self.audited.rows(table) if row["attempt"] == self.attempt), None)

    def rows(self, table: str) -> list[TableRow]:
        """The attempt's rows of a table."""
        return [row for row in self.audited.rows(table) if row["attempt"] == self.attempt]


def side_of(log: LogLike, attempt: int | None) -> ComparedRun:
    """The side of a log.

    Raises:
        UsageError: there is no such attempt, or none at all.

    """
    there = [one.index for one in log.facts.attempts]
    if attempt is None:
        _, row = leading_net(AuditedLog(log))
        if row is None:
            raise UsageError(f"{log.facts.source.name}: no start of Caffe is in the log, so nothing to compare")
        return ComparedRun(log, int(row["attempt"]), named=False)
    if attempt not in there:
        shown = formats.enumerated(list(map(str, formats.first_of(map(str, there)))))
        remedy = f"Attempts that it has: {shown}." if there else None
        raise UsageError(f"{log.facts.source.name}: there is no attempt {attempt}", remedy=remedy)
    return ComparedRun(log, attempt, named=True)
