"""A log, parsed once for the tests over it: several walk over the corpus, and parsing it is most of their time.

Tests over the same log run one after the other (tests/conftest.py gives the logs as arguments of the whole session),
so one log is all that is kept. Who uses it only reads.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from logparse.api import parse_log

if TYPE_CHECKING:
    from pathlib import Path

    from logparse.api import Log


@lru_cache(maxsize=1)
def parsed(path: Path) -> Log:
    """The log of this path, as everybody gets it."""
    return parse_log(path)
