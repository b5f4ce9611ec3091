"""What a diagnosis is: the type of every row of the table.

A row says by which words it knows its cause, what else must be there, what it means and what helps. Its samples are
small logs that it claims; its near misses are logs as like them as can be that no row may claim. In both a line
`F file.cpp] text` stands for one with a whole header.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logparse.audit.diagnoses.scene import Scene

    Condition = Callable[[Scene], bool]
    Words = Callable[[Scene], Mapping[str, str]]

FATAL: Final = frozenset({"fatal"})
EXCEPTION: Final = frozenset({"exception", "complaint"})  # of C++; of Python, HDF5 and the loader
DRIVER: Final = frozenset({"driver"})
END: Final = frozenset({"killed", "signal"})
STOPPED: Final = frozenset({"stopped_early"})
SILENCE: Final = frozenset({"stall", "snapshot"})  # the last that is said of a run without an end
# Which kinds of events are asked first; what a later kind says is a consequence of the earlier one.
TIERS: Final = (FATAL, EXCEPTION, DRIVER, END, STOPPED, SILENCE)

HIGH: Final = "high"
MEDIUM: Final = "medium"


class Diagnosis(NamedTuple):
    """One cause. `row` is its number in the catalogue of failures, `name` the word of its findings' kind.

    `pattern` is searched in the deciding line, an event of one of `kinds`; `file` in the name of the source file that
    printed it, where the header names one; `before` in what protobuf or HDF5 said before it, `status` in the line that
    a store said after it. `when` is what else must be there. `title`, `meaning` and `remedy` are templates: `{a}` and
    `{b}` are the two numbers of a failed check, and `words` fills what the row's own groups do not. An entry that
    is `otherwise` speaks only where no other does.
    """

    row: str
    name: str
    pattern: str
    title: str
    meaning: str
    remedy: str
    samples: tuple[str, ...]
    near: tuple[str, ...] = ()
    kinds: frozenset[str] = FATAL
    file: str = ""
    before: str = ""
    status: str = ""
    when: Condition | None = None
    words: Words | None = None
    otherwise: bool = False
    severity: str = "error"
    confidence: str = HIGH


@cache
def expression(source: str) -> re.Pattern[str]:
    """A row's expression, compiled when a log first asks for it."""
    return re.compile(source, re.DOTALL)
