"""Which pattern claims a message: looked up by the message's first word, then tried in the table's order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.reading.messages.patterns.form import RANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.reading.messages.patterns import Pattern

_RANK: Final = re.compile(RANK)
_WORD: Final = re.compile(r"[^\s:]*+")
_FIGURE: Final = re.compile(r"\d[\d.]*+")
# No message of Caffe's that we read is longer; the list of all layer types is, but it is a fatal line.
LONGEST_MESSAGE: Final = 1 << 16


def first_word(message: str) -> str:
    """The first word behind blanks and a rank prefix, without a colon."""
    start = _RANK.match(message)
    word = _WORD.match(message, start.end() if start else 0)
    return word.group() if word else ""


class Dispatcher:
    """An index over patterns; `find` gives the one that claims a message, and its match."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_word: dict[str, list[Pattern]] = {}
        self._anywhere: list[Pattern] = []
        self._samples: list[str] = []
        for pattern in patterns:
            self._samples += [_without_figures(sample) for sample in pattern.samples]
            if pattern.anywhere:
                self._anywhere.append(pattern)
                continue
            for word in {first_word(sample) for sample in pattern.samples}:
                self._by_word.setdefault(word, []).append(pattern)

    def find(self, message: str, file: str | None) -> tuple[Pattern, re.Match[str]] | None:
        """The first pattern that matches all of `message`; `file` is the header's source file, if any."""
        if len(message) > LONGEST_MESSAGE:
            return None
        for group in (self._by_word.get(first_word(message), ()), self._anywhere):
            for pattern in group:
                if pattern.only_from and file is not None and pattern.only_from not in file:
                    continue
                match = pattern.regex.fullmatch(message)
                if match is not None:
                    return pattern, match
        return None

    def begins(self, message: str) -> bool:
        """Whether the message is the beginning of one that we know: the log may end in mid-line."""
        start = _without_figures(message)
        return bool(start.strip()) and any(sample.startswith(start) for sample in self._samples)


def _without_figures(text: str) -> str:
    return _FIGURE.sub("0", text[:LONGEST_MESSAGE])
