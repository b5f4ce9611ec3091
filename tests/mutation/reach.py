"""Which tests meet a line: those that ran it, and for what runs as modules load, those that use what it gives.

The first is measured (`record.py`). The second is read from the text (`names.py`): a table is met by every function
that names it, and by whatever is made of it as modules load, and so on. A few tests too many are run, none too few.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutation.names import Key, Piece


@dataclass
class Reach:
    """Answers which tests meet some lines, as a number with a bit for each test."""

    tests: list[str]
    masks: dict[str, dict[int, int]]  # file → line → the tests that ran it
    loaded: dict[str, list[int]]  # file → the lines that run as modules load
    pieces: list[Piece]

    @cached_property
    def _using(self) -> dict[Key, list[Piece]]:
        using = defaultdict(list)
        for piece in self.pieces:
            for key in piece.uses:
                using[key].append(piece)
        return using

    def _ran(self, path: str, first: int, last: int) -> int:
        """The tests that ran one of these lines."""
        lines, total = self.masks.get(path, {}), 0
        for line in range(first, last + 1):
            total |= lines.get(line, 0)
        return total

    def _loads(self, path: str, first: int, last: int) -> bool:
        """Whether one of these lines runs as modules load."""
        return any(first <= line <= last for line in self.loaded.get(path, ()))

    def _follow(self, start: Piece) -> int:
        """The tests that meet what the piece gives, at any remove."""
        total, seen, todo = 0, {start}, [start]
        while todo:
            for piece in [piece for key in todo.pop().gives for piece in self._using.get(key, ())]:
                if piece in seen:
                    continue
                seen.add(piece)
                total |= self._ran(piece.path, piece.first, piece.last)
                if piece.function is None or self._loads(piece.path, piece.body, piece.last):
                    todo.append(piece)
        return total

    def of(self, path: str, first: int, last: int) -> int:
        """The tests that meet these lines of one statement."""
        total = self._ran(path, first, last)
        piece = next((one for one in self.pieces if one.path == path and one.first <= first <= one.last), None)
        if piece is None:
            return total
        if piece.function is not None and first < piece.body:
            total |= self._ran(path, piece.body, piece.last) | self._follow(piece)  # its defaults
        elif piece.function is None or self._loads(path, first, last):
            total |= self._follow(piece)
        return total
