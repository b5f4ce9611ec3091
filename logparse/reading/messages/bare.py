"""What a kind of headerless line is: the type of the rows of headerless.py and system.py."""

from __future__ import annotations

import re
from typing import NamedTuple


class BareKind(NamedTuple):
    """One kind of headerless line: class and reason for the ledger, the event it makes, samples."""

    name: str
    regex: re.Pattern[str]
    kind: str
    reason: str
    event: str | None
    samples: tuple[str, ...]


def make_bare(name: str, regex: str, kind: str, reason: str, *samples: str, event: str | None = None) -> BareKind:
    """One row."""
    return BareKind(name, re.compile(regex, re.DOTALL), kind, reason, event, samples)


__all__ = ["BareKind", "make_bare"]
