"""Words to the user, on standard error: standard output is for data."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def say(text: str) -> None:
    """Words go to standard error: standard output is for data. A stranger's control characters stay text."""
    shown = "".join(mark if mark.isprintable() or mark == "\n" else repr(mark)[1:-1] for mark in text)
    sys.stderr.write(f"logparse: {shown}\n")


def suggestion(text: str, names: Sequence[str]) -> str:
    """Name the closest match to a misspelt word, or else everything there is."""
    close = get_close_matches(text.lower(), names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
