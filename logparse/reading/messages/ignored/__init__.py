"""Messages that are known and deliberately not used, each with its reason: one module a family.

They share the type of the patterns, whose rules they follow: a name, a reason, sample lines, no catch-all. A
message that only states what other lines already say, or what no table needs, stands here instead of being
swallowed. `continues` marks a message of several lines, of which only the first has a header.
"""

from __future__ import annotations

from typing import Final

from logparse.reading.messages.ignored.data import DATA
from logparse.reading.messages.ignored.forks import FORKS
from logparse.reading.messages.ignored.jacinto import JACINTO
from logparse.reading.messages.ignored.net import NET
from logparse.reading.messages.ignored.nvcaffe import NVCAFFE
from logparse.reading.messages.ignored.sparsity import SPARSITY
from logparse.reading.messages.ignored.tools import TOOLS

IGNORED_PATTERNS: Final = (*NET, *DATA, *NVCAFFE, *JACINTO, *FORKS, *SPARSITY, *TOOLS)

__all__ = ["IGNORED_PATTERNS"]
