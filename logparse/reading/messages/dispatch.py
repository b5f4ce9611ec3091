"""Which pattern claims a message: looked up by the message's first word, then tried in the table's order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.reading.messages.patterns.pattern import RANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from logparse.reading.messages.patterns import Pattern

_RANK: Final = re.compile(RANK)
_WORD: Final = re.compile(r"[^\s:]*+")
_RANK_MARKS: Final = ("[", "(", "{")
_MOST_WORDS: Final = 4096  # names of layers are first words too
_FIGURE: Final = re.compile(r"\d[\d.]*+")
# No message of Caffe's that we read is longer; the list of all layer types is, but it is a fatal line.
LONGEST_MESSAGE: Final = 1 << 16


def first_word(message: str) -> str:
    """The first word behind blanks and a rank prefix, without a colon; its figures, which differ from line to line,
    are all 0."""
    start = _RANK.match(message)
    word = _WORD.match(message, start.end() if start else 0)
    return _FIGURE.sub("0", word.group()) if word else ""


class Dispatcher:
    """An index over patterns; `find` gives the one that claims a message, and its match."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_word: dict[str, list[Pattern]] = {}
        self._anywhere: list[Pattern] = []
        self._patterns = tuple(patterns)
        self._candidates: dict[tuple[str, str | None], tuple[Pattern, ...]] = {}
        for pattern in self._patterns:
            if pattern.anywhere:
                self._anywhere.append(pattern)
                continue
            for word in {first_word(sample) for sample in pattern.samples}:
                self._by_word.setdefault(word, []).append(pattern)

    def find(self, message: str, file: str | None) -> tuple[Pattern, re.Match[str]] | None:
        """The first pattern that matches all of `message`; `file` is the header's source file, if any."""
        if len(message) > LONGEST_MESSAGE:
            return None
        word = (message.split(None, 1) or ("",))[0]
        candidates = self._candidates.get((word, file)) or self._look_up(message, word, file)
        for pattern in candidates:
            match = pattern.regex.fullmatch(message)
            if match is not None:
                return pattern, match
        return None

    def _look_up(self, message: str, word: str, file: str | None) -> tuple[Pattern, ...]:
        """The patterns that may claim a message, remembered for all that begin alike; `word` is what ends at its first
        blank, which tells as much, unless it may be but the beginning of a rank."""
        if len(self._candidates) > _MOST_WORDS:
            self._candidates.clear()
        key = first_word(message), file
        found = self._candidates.get(key) or self._candidates_for(*key)
        self._candidates[key] = found
        if not word.startswith(_RANK_MARKS):
            self._candidates[word, file] = found
        return found

    def _candidates_for(self, word: str, file: str | None) -> tuple[Pattern, ...]:
        return tuple(
            pattern
            for pattern in (*self._by_word.get(word, ()), *self._anywhere)
            if not pattern.only_from or file is None or pattern.only_from in file
        )

    def begins(self, message: str) -> bool:
        """Whether the message is the beginning of one that we know: the log may end in mid-line."""
        start = _without_figures(message)
        return bool(start.strip()) and any(
            _without_figures(sample).startswith(start) for pattern in self._patterns for sample in pattern.samples
        )


def _without_figures(text: str) -> str:
    return _FIGURE.sub("0", text[:LONGEST_MESSAGE])
