"""The program as pieces that give names and use names: read from its text, imports followed to where they lead.

A key is a name with the file that gives it. What is used as an attribute of something that is no module may come from
any class or table: its key has `*` for the file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTED: Final = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
ANYWHERE: Final = "*"
CLOCKS: Final = frozenset({"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "monotonic"})


class Key(NamedTuple):
    """A name, and the file that gives it."""

    path: str
    name: str


class Piece(NamedTuple):
    """A function, or a statement outside of functions: its lines, and what it gives and uses.

    `body` is the first line below a function's head.
    """

    path: str
    first: int
    body: int
    last: int
    function: str | None
    gives: frozenset[Key]
    uses: frozenset[Key]


def _given(statement: ast.AST) -> Iterator[str]:
    """The names that a statement binds where it stands."""
    if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
        yield statement.id
    elif isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.alias):
        yield (statement.asname or statement.name).partition(".")[0]
    elif not isinstance(statement, NESTED):
        for child in ast.iter_child_nodes(statement):
            yield from _given(child)


class _Module:
    """One module, taken apart; `files` gives the path of each module of the checkout by its dotted name."""

    def __init__(self, path: str, text: str, files: Mapping[str, str]) -> None:
        self.path, self.tree = path, ast.parse(text)
        self._modules: dict[str, str] = {}  # the name of a module here → its file
        self._meant = {name: Key(path, name) for name in _given(self.tree)}  # any other name here → what it means
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                self._import(node, files)

    def _import(self, node: ast.ImportFrom, files: Mapping[str, str]) -> None:
        module = node.module or ""
        for alias in node.names:
            here, whole = alias.asname or alias.name, f"{module}.{alias.name}"
            if whole in files:
                self._modules[here] = files[whole]
            elif module in files:
                self._meant[here] = Key(files[module], alias.name)

    def _uses(self, nodes: Iterable[ast.AST]) -> Iterator[Key]:
        """The keys of the names in the nodes that mean something outside of them."""
        for node in (below for top in nodes for below in ast.walk(top)):
            match node:
                case ast.Name(id=name) if name in self._meant:
                    yield self._meant[name]
                case ast.Attribute(value=ast.Name(id=module), attr=name) if module in self._modules:
                    yield Key(self._modules[module], name)
                case ast.Attribute(attr=name):
                    yield Key(ANYWHERE, name)
                case ast.ImportFrom():
                    yield from (self._meant[name] for name in _given(node) if name in self._meant)

    def _gives(self, statement: ast.stmt, owner: frozenset[Key]) -> frozenset[Key]:
        """What a statement gives; a table or what stands in a class may be met as an attribute too."""
        names = set(_given(statement))
        keys = owner | {Key(self.path, name) for name in names}
        table = not isinstance(statement, Function | ast.ClassDef | ast.Import | ast.ImportFrom)
        return keys | {Key(ANYWHERE, name) for name in names if table or owner}

    def pieces(self, body: list[ast.stmt], owner: frozenset[Key] = frozenset()) -> Iterator[Piece]:
        """The pieces of the module, or of a class; what a class holds gives the class's name too."""
        for statement in body:
            first, last = statement.lineno, statement.end_lineno or statement.lineno
            gives = self._gives(statement, owner)
            if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
                continue
            if isinstance(statement, Function):
                first = min([first, *(one.lineno for one in statement.decorator_list)])
                uses = frozenset(self._uses([statement])) - {Key(self.path, statement.name)}
                yield Piece(self.path, first, statement.body[0].lineno, last, statement.name, gives, uses)
            elif isinstance(statement, ast.ClassDef):
                head = [*statement.bases, *statement.keywords, *statement.decorator_list]
                yield Piece(self.path, first, first, first, None, gives, frozenset(self._uses(head)))
                yield from self.pieces(statement.body, gives)
            else:
                yield Piece(self.path, first, first, last, None, gives, frozenset(self._uses([statement])))


def pieces(root: Path, patterns: Iterable[str]) -> list[Piece]:
    """Every piece of every module that the patterns name."""
    paths = [path.relative_to(root) for pattern in patterns for path in sorted(root.glob(pattern))]
    files = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path.as_posix() for path in paths}
    texts = {path.as_posix(): (root / path).read_text(encoding="utf-8") for path in paths}
    modules = [_Module(path, text, files) for path, text in texts.items()]
    return [piece for module in modules for piece in module.pieces(module.tree.body)]


def timed(pieces_: Iterable[Piece]) -> set[tuple[str, str]]:
    """File and name of the functions that look at a clock, themselves or by another one of their file."""
    known, found = list(pieces_), set[Key]()
    clocks = {Key(ANYWHERE, name) for name in CLOCKS}
    while True:
        new = {Key(piece.path, piece.function) for piece in known if piece.function and piece.uses & (clocks | found)}
        if new == found:
            return {(key.path, key.name) for key in found}
        found = new
