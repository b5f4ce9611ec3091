"""A finding, and what the finders see of a log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

from logparse.rows import grouped, net_key, rows_of
from logparse.tables.table import kept_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from logparse.derive.facts import LayerFact
    from logparse.model import Attempt, LogFacts, Net
    from logparse.rows import NetWithLayers, TableRow
    from logparse.tables.table import LogLike

_T = TypeVar("_T")
SEVERITIES: Final = ("error", "warning", "hint", "note")  # worst first
WHAT_HELPS: Final = "What helps: "  # in a finding's text, before what to do


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    `severity` is one of SEVERITIES; `kind` a fixed word; `title` one sentence with the figures, `text` what it means
    and, behind "What helps: ", what can be done; `evidence` what it rests on. Where it is: `attempt`, `net_index`,
    `layer_index`, `line` (from 1; None where it is about the whole log). `saves_bytes`: distinct data bytes that the
    change would save in one net.
    """

    severity: str
    kind: str
    title: str
    text: str
    evidence: tuple[str, ...] = ()
    attempt: int | None = None
    net_index: int | None = None
    layer_index: int | None = None
    line: int | None = None
    saves_bytes: int | None = None

    @property
    def meaning(self) -> str:
        """The text without what can be done."""
        return self.text.partition(WHAT_HELPS)[0].rstrip()

    @property
    def remedy(self) -> str:
        """What can be done, as a sentence; empty where the text names nothing."""
        words = self.text.partition(WHAT_HELPS)[2]
        return f"{words[:1].upper()}{words[1:]}"


def frame_of(log: LogLike, name: str) -> pd.DataFrame | None:
    """A table of a log, or None where it is empty."""
    found = kept_by(log).table(name)
    return None if found.empty else found


@dataclass(frozen=True)
class AuditedLog:
    """What a finder sees of one log: the facts, and its tables as frames or as rows."""

    parsed: LogLike
    _rows: dict[str, list[TableRow]] = field(default_factory=dict)
    _kept: dict[object, tuple[object, ...]] = field(default_factory=dict)

    @property
    def facts(self) -> LogFacts:
        """What was read."""
        return self.parsed.facts

    def frame(self, name: str) -> pd.DataFrame | None:
        """A table, or None where it is empty."""
        return frame_of(self.parsed, name)

    def rows(self, name: str) -> list[TableRow]:
        """A table's rows; for tables of layers and nets, not for curves."""
        if name not in self._rows:
            frame = self.frame(name)
            self._rows[name] = [] if frame is None else rows_of(frame)
        return self._rows[name]

    def once(self, work: Callable[[AuditedLog], Iterator[_T]]) -> tuple[_T, ...]:
        """What is worked out of this log, and kept: several finders ask for the same."""
        if work not in self._kept:
            self._kept[work] = tuple(work(self))
        return cast("tuple[_T, ...]", self._kept[work])

    def nets(self) -> Iterator[NetWithLayers]:
        """Every net with its layers in order."""
        layers = grouped(self.rows("layers"), net_key)
        for net in self.rows("nets"):
            yield net, layers.get(net_key(net), [])

    def derived(self, row: TableRow) -> LayerFact:
        """What is derived of a row's layer."""
        return self.parsed.derived.nets[row["attempt"]][row["net_index"]].layers[row["layer_index"]]

    def net(self, row: TableRow) -> Net:
        """What was read of a row's net."""
        return self.parsed.derived.nets[row["attempt"]][row["net_index"]].net

    def attempt(self, index: int) -> Attempt:
        """The attempt of a number."""
        return next(attempt for attempt in self.facts.attempts if attempt.index == index)
