"""A solver's or net's dump: one message of many lines, with a header on the first only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from logparse.reading.messages import records as rec

# glog cuts a message at 29,999 bytes; other loggers do not, and a longer text is no definition.
LONGEST_DUMP: Final = 8 << 20
DUMPS: Final = {"solver_parameters": "solver dump", "net_parameters": "net dump"}


@dataclass(slots=True)
class OpenDump:
    """A dump while it is being collected."""

    kind: str
    line: int
    time_s: float | None
    lines: list[str] = field(default_factory=list)
    size: int = 0
    end_line: int = 0
    thread: int | None = None

    @property
    def reason(self) -> str:
        """What the ledger calls its lines."""
        return DUMPS[self.kind]

    @property
    def is_full(self) -> bool:
        """Whether it is longer than any definition."""
        return self.size > LONGEST_DUMP

    def has_room(self, text: str) -> bool:
        """Whether it will not be full with this text."""
        return self.size + len(text) + 1 <= LONGEST_DUMP

    def add(self, text: str, end_line: int) -> None:
        """Take one more line, or several; `end_line` is the last one's number."""
        self.lines.append(text)
        self.size += len(text) + 1
        self.end_line = end_line

    def record(self) -> rec.Record:
        """What it says, once it has ended."""
        text = "\n".join(self.lines)
        if self.kind == "solver_parameters":
            return rec.SolverParameters(self.line, self.time_s, text, self.thread)
        return rec.NetParameters(self.line, self.time_s, text, self.end_line, self.thread)
