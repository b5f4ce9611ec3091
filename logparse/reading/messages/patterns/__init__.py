"""Every regular expression that reads a Caffe message, with sample lines; nothing else.

A pattern reads the text behind a line's header and must match all of it. `mirrors` names the Caffe source
file that prints it; messages decide, never `file.cpp:NNN`, whose numbers differ in every build. Each sample
is claimed by exactly one pattern (tests/unit/test_patterns.py runs every sample through all of them).

`role` says what becomes of a line: a `record` (set-up, one object each), a row of a `series` (columns of
numbers), an `event`, or `ignored`, for the reason given. Where prose can be glued behind a number (a log
pasted into a web page), the group `glued` takes it.

No pattern can backtrack more than linearly: repeated parts are possessive (`++`, `*+`) or followed by
something they cannot match.
"""

from __future__ import annotations

from typing import Final

from logparse.reading.messages.patterns.events import EVENTS
from logparse.reading.messages.patterns.pattern import RANK, Pattern, make_pattern
from logparse.reading.messages.patterns.plans import PLANS
from logparse.reading.messages.patterns.run import RUN
from logparse.reading.messages.patterns.series import SERIES
from logparse.reading.messages.patterns.setup import SETUP_LINES

PATTERNS: Final[tuple[Pattern, ...]] = (*SETUP_LINES, *PLANS, *RUN, *SERIES, *EVENTS)
BY_NAME: Final = {pattern.name: pattern for pattern in PATTERNS}

__all__ = ["BY_NAME", "EVENTS", "PATTERNS", "PLANS", "RANK", "RUN", "SERIES", "SETUP_LINES", "Pattern", "make_pattern"]
