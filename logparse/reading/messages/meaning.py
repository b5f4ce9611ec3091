"""What becomes of the lines that a pattern claims: their place in the ledger, and what they are read into."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.messages import ledger
from logparse.reading.messages.convert import CONVERTERS, WHOLE_GROUPS, event
from logparse.reading.messages.dispatch import Dispatcher
from logparse.reading.messages.ignored import IGNORED_PATTERNS
from logparse.reading.messages.patterns import PATTERNS
from logparse.reading.messages.patterns.series import BY_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.reading.messages.convert import Convert
    from logparse.reading.messages.patterns import Pattern

# From these on a layer's own messages are evidence about it; after those its set-up is over.
_OPENS_LAYER: Final = frozenset(
    {"factory_layer", "factory_layer_typed", "creating_layer", "created_layer", "setting_up"}
)
_CLOSES_LAYER: Final = frozenset({"memory", "backward_flag", "net_done", "scaffolding_done", "display"})


# Messages that begin a log which has lost its headers: nobody but Caffe prints them.
OPENS_HEADERLESS: Final = frozenset(
    {
        "solver_parameters", "net_parameters", "creating_train_net", "creating_test_net", "factory_layer",
        "factory_layer_typed", "creating_layer", "created_layer", "top_shape", "top_shape_phase", "memory",
        "memory_reported", "backward_flag", "net_done", "display", "lr", "train_output", "test_output", "test_start",
        "test_score", "debug_blob", "timing", "time_command", "device_query", "device_property",
    }
)  # fmt: skip
OF_A_QUERY: Final = frozenset({"device_query", "device_name", "device_property"})


class Meaning(NamedTuple):
    """What a pattern means to the reader. `kind` and `reason` are the ledger's; `convert` makes a record or an event
    of a match, and where it is None `role` says what is done instead."""

    name: str
    role: str
    kind: str
    reason: str
    convert: Convert | None
    opens_layer: bool
    names_layer: bool
    closes_layer: bool
    continued: str | None  # why the lines behind the header are counted as its message's
    bears_on_next: bool  # it says something about the lines that follow: any of the four above
    whole_groups: tuple[str, ...]  # groups whose text is read as a whole number, which may be too large


@cache
def dispatcher() -> Dispatcher:
    """The index over all patterns, made when a log first needs it."""
    return Dispatcher((*PATTERNS, *IGNORED_PATTERNS))


@cache
def meanings() -> Mapping[str, Meaning]:
    """The meaning of every pattern, by its name."""
    return {pattern.name: _meaning(pattern) for pattern in (*PATTERNS, *IGNORED_PATTERNS)}


def class_and_reason(name: str) -> tuple[str, str]:
    """Class and reason in the ledger of the lines that the pattern of this name claims."""
    meaning = meanings().get(name)
    return (ledger.RECOGNISED, name) if meaning is None else (meaning.kind, meaning.reason)


def _meaning(pattern: Pattern) -> Meaning:
    opens, closes = pattern.name in _OPENS_LAYER, pattern.name in _CLOSES_LAYER
    return Meaning(
        pattern.name,
        pattern.role,
        kind=ledger.IGNORED if pattern.role == "ignored" else ledger.RECOGNISED,
        reason=pattern.reason or pattern.name,
        convert=event(pattern.name) if pattern.role == "event" else CONVERTERS.get(pattern.name),
        opens_layer=opens,
        names_layer="(?P<layer>" in pattern.source,
        closes_layer=closes,
        continued=f"{pattern.reason} (lines that follow)" if pattern.continues else None,
        bears_on_next=opens or closes or pattern.continues,
        whole_groups=_whole_groups(pattern),
    )


def _whole_groups(pattern: Pattern) -> tuple[str, ...]:
    if pattern.role == "event":
        return ("iteration",) if "(?P<iteration>" in pattern.source else ()
    if pattern.role == "series":
        return tuple(group for column in BY_PATTERN[pattern.name].columns for group in column.whole_groups)
    return WHOLE_GROUPS.get(pattern.name, ())
