"""How an attempt ended: a word, what the log says, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from logparse.building import AttemptBuilder
    from logparse.model import Event


_OUT_OF_MEMORY: Final = "out of memory"


def outcome_of(attempt: AttemptBuilder) -> tuple[str, str, int | None]:
    """The outcome word (see model.Attempt), its text and its line; the gravest event decides."""
    by_kind: dict[str, Event] = {}
    for event in attempt.events:
        by_kind.setdefault(event.kind, event)
    for kinds, word in _GRAVEST_FIRST:
        found = next((by_kind[kind] for kind in kinds if kind in by_kind), None)
        if found is not None:
            return _word(word, found), found.text, found.line
    return "unfinished", "The log ends without a word about the end.", None


def _word(word: str, event: Event) -> str:
    return "out_of_memory" if word == "fatal" and _OUT_OF_MEMORY in event.text.lower() else word


# A crash after "Optimization Done" (a corrupted heap at exit) does not undo the training.
_GRAVEST_FIRST: Final = (
    (("fatal",), "fatal"),
    (("stopped_early",), "stopped"),
    (("done", "time_done", "test_done"), "done"),
    (("exception",), "fatal"),
    (("signal",), "signal"),
    (("killed",), "killed"),
)
