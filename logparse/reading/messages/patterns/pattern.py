"""What a pattern is: the type of every row of the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# A value as any C library prints it: 0.5, 1e-05, nan, -nan, inf, 1.#QNAN (Windows), -1.#IND.
_VALUE: Final = r"[-+]?(?:\d[\d.]*+(?:[eE][-+]?\d++)?(?:\#[A-Z]++)?|\.\d++|nan(?:\([^)\s]*+\))?|inf(?:inity)?)"
# NVCaffe puts [device.rank] before a message of training, (device.rank) before one of testing.
RANK: Final = r"\s*+(?:[\[({](?:n\d++\.)?d?\d++(?:(?:\.r?| - )\d++)?[\])}]\s*+)?"


@dataclass(frozen=True)
class Pattern:
    """One kind of message: what reads it, what prints it, what it looks like, what becomes of it."""

    name: str
    source: str
    mirrors: str
    role: str
    samples: tuple[str, ...]
    reason: str = ""
    only_from: str = ""  # the form alone says too little: the header's file, where there is one, must contain this
    anywhere: bool = False  # starts with a name: its first word cannot be looked up
    continues: bool = False  # one message of several lines, of which only the first has a header

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression, compiled when a line first asks for it: most logs need few of the hundreds."""
        return re.compile(self.source, re.DOTALL)


def make_pattern(  # noqa: PLR0913 - the columns of a table
    role: str,
    name: str,
    regex: str,
    *samples: str,
    mirrors: str = "net.cpp",
    reason: str = "",
    only_from: str = "",
    anywhere: bool = False,
    continues: bool = False,
) -> Pattern:
    """One row of the table; VALUE and RANK in the regex stand for a number and for a rank prefix."""
    source = regex.replace("VALUE", _VALUE).replace("RANK", RANK)
    return Pattern(name, source, mirrors, role, samples, reason, only_from, anywhere, continues)
