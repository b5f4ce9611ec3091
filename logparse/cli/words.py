"""Words to the user, on standard error: standard output is for data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logparse.errors import LogparseError

# How the library names an argument in a remedy → the option that gives it.
_OPTIONS: Final[Mapping[str, str]] = {
    "force=True": "--force",
    "prototxt=FILE": "--prototxt FILE",
    "raise the limit with max_bytes=N": "unpack it first, or read it from Python with max_bytes=N,",
}


def printable(text: str) -> str:
    """The text as a terminal may print it: a stranger's control characters stay text."""
    from logparse import formats

    return formats.shown("".join(mark if mark.isprintable() or mark == "\n" else repr(mark)[1:-1] for mark in text))


def say(text: str) -> None:
    """Words go to standard error: standard output is for data."""
    if sys.stderr is not None:  # a process may be started without
        sys.stderr.write(f"logparse: {printable(text)}\n")


def say_error(error: LogparseError) -> None:
    """What went wrong, and what to do about it in terms of the command."""
    remedy = error.remedy
    for argument, option in _OPTIONS.items():
        remedy = remedy and remedy.replace(argument, option)
    say(error.message if remedy is None else f"{error.message}\n  {remedy}")
