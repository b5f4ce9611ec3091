"""Several processes of one training in one log: whose lines make its curves.

A launcher puts each process's number before its lines. All set up the same net and print the same kinds of lines side
by side, so one of them is read: rank 0, or the lowest that is there. Which is the lowest is known at the end only, so
the first one is read until a lower one speaks; then what was read of it is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_MOST_RANKS: Final = 4096  # a hostile log numbers its lines


@dataclass(slots=True)
class Ranks:
    """The ranks met so far, with how many lines each printed; `read` is the one that is read, from line `since` on."""

    read: int | None = None
    since: int = 0
    lines: dict[int, int] = field(default_factory=dict)

    def count(self, rank: int) -> None:
        """Count one line."""
        if rank in self.lines or len(self.lines) < _MOST_RANKS:
            self.lines[rank] = self.lines.get(rank, 0) + 1

    def is_lower(self, rank: int) -> bool:
        """Whether this rank is to be read instead."""
        return self.read is None or rank < self.read

    def rows(self) -> tuple[tuple[int, int], ...]:
        """Rank and lines, the one that is read first; nothing where no launcher numbered the lines."""
        return tuple(sorted(self.lines.items()))
