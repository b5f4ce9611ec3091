"""What is open while records are filed: the attempt, the nets being set up, and what a line to come will need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logparse.assembling.builders import AttemptBuilder, NetBuilder
from logparse.errors import Note

if TYPE_CHECKING:
    from logparse.reading.messages import records as rec


@dataclass(slots=True)
class State:
    """What is open as the records come, and what waits for what comes next."""

    attempts: list[AttemptBuilder] = field(default_factory=list)
    stack: list[NetBuilder] = field(default_factory=list)  # nets being set up, the innermost last
    last_done: NetBuilder | None = None  # a total printed after "done" is this net's
    announced: rec.CreatingNet | None = None
    factory: rec.FactoryLayer | None = None
    dropped: list[str] = field(default_factory=list)  # printed before the net whose rules filtered them
    early_chatter: list[str] = field(default_factory=list)  # a layer's constructor speaks before its first line
    early_size: rec.DataSize | None = None
    lost_flags: list[rec.BackwardFlag] = field(default_factory=list)  # the first few
    lost_flag_count: int = 0

    def all_notes(self) -> tuple[Note, ...]:
        """What was odd about the lines."""
        meaning = "The flag is of no layer that was set up; it is left out."
        more = self.lost_flag_count - len(self.lost_flags)
        notes = [
            Note(flag.line, f"backward flag of an unknown layer {flag.layer!r}", meaning) for flag in self.lost_flags
        ]
        notes += [Note(None, f"{more} more backward flags of unknown layers", meaning)] if more else []
        return tuple(notes)

    def attempt(self, line: int) -> AttemptBuilder:
        """The open attempt; an excerpt opens one without any start line."""
        if not self.attempts:
            self.begin_attempt(line)
        return self.attempts[-1]

    def begin_attempt(self, line: int) -> AttemptBuilder:
        """Open another attempt; nothing of the one before stays open."""
        self.stack.clear()
        self.last_done, self.announced, self.factory = None, None, None
        self.forget_early()
        self.attempts.append(AttemptBuilder(len(self.attempts) + 1, line))
        return self.attempts[-1]

    def net(self, line: int) -> NetBuilder:
        """The innermost open net; lines without a net open one."""
        return self.stack[-1] if self.stack else self.begin_net(line)

    def begin_net(self, line: int) -> NetBuilder:
        """Open a net, inside a layer of another or by itself."""
        outer = self._enclosing()
        attempt = self.attempt(line)
        if attempt.over and outer is None and self.announced is None:  # another program's, or a script's afterwards
            attempt = self.begin_attempt(line)
        attempt.begun = True
        if outer is None:
            self.stack.clear()
        net = NetBuilder(len(attempt.nets), line)
        if outer is not None and outer.current is not None:
            net.nested, net.parent, net.phase = outer.current.name, outer.index, outer.phase
        elif self.announced is not None:
            net.phase, net.test_index = self.announced.phase, self.announced.test_index
        self.announced = None
        net.dropped, self.dropped = self.dropped, []
        attempt.nets.append(net)
        self.stack.append(net)
        return net

    def is_nested(self) -> bool:
        """Whether a net that begins now is inside a layer of another."""
        return self._enclosing() is not None

    def forget_early(self) -> None:
        """What a constructor said was of another layer."""
        self.early_chatter.clear()
        self.early_size = None

    def planned_net(self) -> NetBuilder | None:
        """The net that a plan is of: it is printed when its net is done, whose last line may be lost."""
        nets = [*self.stack[-1:], *([self.last_done] if self.last_done is not None else [])]
        return max(nets, key=lambda net: net.index, default=None)

    def _enclosing(self) -> NetBuilder | None:
        """A net is nested if one is open whose layer has begun its set-up and has no shape yet."""
        outer = self.stack[-1] if self.stack else None
        layer = outer.current if outer is not None else None
        if layer is None or layer.closed or layer.shapes or not (layer.bottoms or layer.tops):
            return None
        return outer
