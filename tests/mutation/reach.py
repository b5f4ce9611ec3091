"""Which tests meet a line: those that ran it, and for what runs as modules load, those that use what it defines.

The first is measured (`record.py`). The second is read from the text: a table is met by every function that names
it, and by whatever is made of it as modules load, and so on. Names alone are compared, not what they stand for: a few
tests too many are run, none too few.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Masks = dict[str, dict[int, int]]  # file → line → the tests that ran it, a bit each
CLOCKS: Final = frozenset({"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "monotonic"})


class Piece(NamedTuple):
    """A function, or a statement outside of functions: its lines, the names that it gives and those that it uses."""

    path: str
    first: int
    last: int
    function: str | None
    gives: frozenset[str]
    uses: frozenset[str]


def _names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name in the nodes: of variables, attributes, arguments, imports; texts that could be one (`getattr`)."""
    found = set()
    for node in (below for top in nodes for below in ast.walk(top)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case ast.alias(name=name):
                found.update(name.split("."))
            case ast.Constant(value=str() as text) if text.isidentifier():
                found.add(text)
    return frozenset(found)


def _given(statement: ast.stmt) -> frozenset[str]:
    """The names that a statement binds."""
    found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    aliases = [node for node in ast.walk(statement) if isinstance(node, ast.alias)]
    return frozenset(found | {(one.asname or one.name).partition(".")[0] for one in aliases})


def _pieces(path: str, body: list[ast.stmt], owner: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """The pieces of a module, or of a class; what a class holds gives the class's name too."""
    for statement in body:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            continue
        if isinstance(statement, Function):
            first = min([first, *(one.lineno for one in statement.decorator_list)])
            own = owner | {statement.name}
            yield Piece(path, first, last, statement.name, own, _names([statement]) - {statement.name})
        elif isinstance(statement, ast.ClassDef):
            own = owner | {statement.name}
            head = [*statement.bases, *statement.keywords, *statement.decorator_list]
            yield Piece(path, first, first, None, own, _names(head))
            yield from _pieces(path, statement.body, own)
        else:
            yield Piece(path, first, last, None, owner | _given(statement), _names([statement]))


def pieces(root: Path, patterns: Iterable[str]) -> list[Piece]:
    """Every piece of every module that the patterns name."""
    files = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    texts = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}
    return [piece for path, text in texts.items() for piece in _pieces(path, ast.parse(text).body)]


def timed(pieces_: Iterable[Piece]) -> set[tuple[str, str]]:
    """File and name of the functions that look at a clock, themselves or by another one of their file."""
    known, found = list(pieces_), set[tuple[str, str]]()
    while True:
        new = {
            (piece.path, piece.function)
            for piece in known
            if piece.function and piece.uses & (CLOCKS | {name for path, name in found if path == piece.path})
        }
        if new == found:
            return found
        found = new


@dataclass
class Reach:
    """Answers which tests meet some lines, as a number with a bit for each test."""

    tests: list[str]
    masks: Masks
    loaded: dict[str, list[int]]  # file → the lines that run as modules load
    pieces: list[Piece] = field(default_factory=list)

    @cached_property
    def _using(self) -> dict[str, list[Piece]]:
        using = defaultdict(list)
        for piece in self.pieces:
            for name in piece.uses:
                using[name].append(piece)
        return using

    @cached_property
    def _tests_of(self) -> dict[tuple[str, str], int]:
        """File and function → its tests, of every parameter."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for number, test in enumerate(self.tests):
            path, *_, function = test.partition("[")[0].split("::")
            found[path, function] |= 1 << number
        return found

    def _ran(self, path: str, first: int, last: int) -> int:
        """The tests that ran one of these lines."""
        lines, total = self.masks.get(path, {}), 0
        for line in range(first, last + 1):
            total |= lines.get(line, 0)
        return total

    def _loads(self, piece: Piece) -> bool:
        """Whether the piece runs as modules load."""
        lines = self.loaded.get(piece.path, [])
        begins = piece.first + 1 if piece.function else piece.first
        return piece.function is None or any(begins <= line <= piece.last for line in lines)

    def _follow(self, start: Piece) -> int:
        """The tests that meet what the piece gives, at any remove."""
        total, seen, todo = 0, {start}, [start]
        while todo:
            for piece in [piece for name in todo.pop().gives for piece in self._using.get(name, ())]:
                if piece in seen:
                    continue
                seen.add(piece)
                tests = self._tests_of.get((piece.path, piece.function or ""), 0)
                total |= tests or self._ran(piece.path, piece.first, piece.last)
                if not tests and (self._loads(piece) or piece.path.startswith("tests/")):
                    todo.append(piece)
        return total

    def of(self, path: str, first: int, last: int) -> int:
        """The tests that meet these lines of one statement."""
        piece = next((one for one in self.pieces if one.path == path and one.first <= first <= one.last), None)
        total = self._ran(path, first, last)
        if piece is None:
            return total
        signature = piece.function is not None and first == piece.first
        if signature:
            total |= self._ran(path, piece.first, piece.last)
        if piece.function is None or signature or set(range(first, last + 1)) & set(self.loaded.get(path, [])):
            total |= self._follow(piece)
        return total
