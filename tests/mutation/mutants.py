"""What is mutated: every module of the rooms whole, its tables as well as its functions.

The changes are mutmut's (`mutmut.mutation.mutators`); mutmut itself applies them inside undecorated functions only.
Four are added here, for what these rooms are made of: a row less, an argument less, a bare condition turned round, a
statement left out. Nothing that only types or documents is a mutant: annotations, `if TYPE_CHECKING`, type aliases and
type variables, the type in a `cast`, docstrings, `__all__`, imports; nor is the `strict` of a zip, which only guards.
Decorators stay as they are, as in mutmut.
"""

from __future__ import annotations

import ast
import difflib
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


class Mutant(NamedTuple):
    """One change: the `number`-th of its file, within the statement of lines `first` to `last`."""

    path: str
    number: int
    kind: str
    line: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """What tells it from every other mutant of the same checkout."""
        return f"{self.path}#{self.number}"


class Site(NamedTuple):
    """Where a node can be replaced: by what, and the lines of the statement that it stands in."""

    node: cst.CSTNode
    replacement: cst.CSTNode
    kind: str
    line: int
    lines: tuple[int, int]


def _one_string(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
    """The first of mutmut's three: lower and upper case meet the same tests with the same end."""
    return list(mutators.operator_string(node))[:1]


def _dropped(node: cst.Tuple | cst.List | cst.Set | cst.Dict) -> Iterator[cst.CSTNode]:
    """The display with one element less, for each element."""
    for index in range(len(node.elements)):
        rest = [element for place, element in enumerate(node.elements) if place != index]
        if isinstance(node, cst.Tuple) and len(rest) == 1:
            rest = [rest[0].with_changes(comma=cst.Comma())]
        if rest or not isinstance(node, cst.Set):
            yield node.with_changes(elements=rest)


def _fewer_arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """The call without one of its keyword arguments, so that the default holds."""
    for index, argument in enumerate(node.args):
        if argument.keyword is not None and not _guards(node, argument):
            yield node.with_changes(args=[*node.args[:index], *node.args[index + 1 :]])


def _turned(node: cst.If | cst.While | cst.CompIf) -> Iterator[cst.CSTNode]:
    """The opposite of a condition that no other change reaches."""
    if not isinstance(node.test, cst.Comparison | cst.BooleanOperation | cst.UnaryOperation):
        held = node.test if node.test.lpar else node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(operator=cst.Not(), expression=held))


def _nothing(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """No statement in place of a call, a yield or a raise."""
    if len(node.body) == 1 and isinstance(node.body[0], cst.Expr | cst.Raise):
        yield node.with_changes(body=[cst.Pass()])


Change = tuple[str, Any, "Callable[[Any], Iterable[cst.CSTNode]]"]

# mutmut's changes of an assignment (None in place of any value) and of each positional argument are left out: they are
# two fifths of all and hardly ever do more than stop the program at once.
CHANGES: Final[tuple[Change, ...]] = (
    ("number", cst.BaseNumber, mutators.operator_number),
    ("string", cst.SimpleString, _one_string),
    ("true, false", cst.Name, mutators.operator_name),
    ("operator", cst.CSTNode, mutators.operator_swap_op),
    ("is, in, break", cst.CSTNode, mutators.operator_keywords),
    ("condition", cst.UnaryOperation, mutators.operator_remove_unary_ops),
    ("condition", cst.IfExp, mutators.operator_if_exp),
    ("condition", cst.If | cst.While | cst.CompIf, _turned),
    ("operator", cst.AugAssign, mutators.operator_augmented_assignment),
    ("function", cst.Lambda, mutators.operator_lambda),
    ("function", cst.Call, mutators.operator_symmetric_string_methods_swap),
    ("function", cst.Call, mutators.operator_unsymmetrical_string_methods_swap),
    ("case", cst.Match, mutators.operator_match),
    ("argument", cst.Call, _fewer_arguments),
    ("row", cst.List | cst.Set | cst.Dict, _dropped),
    ("statement", cst.SimpleStatementLine, _nothing),
)
# A tuple in a function has its length for good; outside it is a table.
TABLE_CHANGES: Final[tuple[Change, ...]] = (*CHANGES, ("row", cst.Tuple, _dropped))

TYPING_CALLS: Final = frozenset({"TypeVar", "ParamSpec", "NewType", "TypeAliasType"})
UNTOUCHED: Final = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
STRINGS: Final = (cst.SimpleString, cst.ConcatenatedString)


def _named(node: cst.CSTNode, names: Iterable[str]) -> bool:
    return isinstance(node, cst.Name) and node.value in names


def _says_nothing(node: cst.CSTNode) -> bool:
    """Whether the node has no meaning when the program runs."""
    if isinstance(node, cst.If):
        return _named(node.test, {"TYPE_CHECKING"})
    if isinstance(node, cst.AnnAssign):
        return node.value is None or _named(node.annotation.annotation, {"TypeAlias"})
    if isinstance(node, cst.Assign):
        return _named(node.targets[0].target, {"__all__"})
    if isinstance(node, cst.Call):
        return _named(node.func, TYPING_CALLS)
    if isinstance(node, cst.SimpleStatementLine):
        return isinstance(node.body[0], cst.Expr) and isinstance(node.body[0].value, STRINGS)
    return isinstance(node, UNTOUCHED)


def _guards(node: cst.Call, argument: cst.Arg) -> bool:
    """Whether this is the `strict` of a zip."""
    return _named(node.func, {"zip"}) and argument.keyword is not None and argument.keyword.value == "strict"


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The parts of a node that may be changed; of a text over several lines the first only."""
    if isinstance(node, cst.Call):
        arguments = node.args[1:] if _named(node.func, {"cast"}) else node.args
        return [node.func, *(argument for argument in arguments if not _guards(node, argument))]
    if isinstance(node, cst.ConcatenatedString):
        return [node.left] if isinstance(node.right, cst.SimpleString) else [node.left, node.right]
    return list(node.children)


class _Walk:
    """All sites of one module, in the order of its text."""

    def __init__(self, text: str) -> None:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        self.module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)

    def _line(self, node: cst.CSTNode, lines: tuple[int, int]) -> int:
        """Where the node begins; libcst does not tell it of every operator."""
        place = self._positions.get(node)
        return int(place.start.line) if place else lines[0]

    def _lines(self, node: cst.CSTNode) -> tuple[int, int] | None:
        """The lines of a statement, of a compound one those before its body; nothing else has lines of its own."""
        place, body = self._positions.get(node), getattr(node, "body", None)
        if isinstance(node, cst.SimpleStatementLine):
            return place.start.line, place.end.line
        if isinstance(body, cst.BaseSuite):
            inner = self._positions[body.body[0]]
            return place.start.line, max(place.start.line, inner.start.line - 1)
        return None

    def sites(self, node: cst.CSTNode, lines: tuple[int, int], changes: tuple[Change, ...]) -> Iterator[Site]:
        """Every site of the node and of what stands in it."""
        if _says_nothing(node):
            return
        lines = self._lines(node) or lines
        for kind, kinds, change in changes:
            if isinstance(node, kinds):
                yield from (Site(node, other, kind, self._line(node, lines), lines) for other in change(node))
        below = CHANGES if isinstance(node, cst.FunctionDef | cst.Lambda) else changes
        for part in _inside(node):
            yield from self.sites(part, lines, below)


@cache
def _read(path: Path) -> tuple[str, _Walk, list[Site]]:
    text = path.read_text(encoding="utf-8")
    walk = _Walk(text)
    return text, walk, list(walk.sites(walk.module, (1, 1), TABLE_CHANGES))


def mutants(root: Path, path: Path) -> Iterator[Mutant]:
    """Every mutant of one module."""
    _, _, sites = _read(path)
    for number, site in enumerate(sites):
        yield Mutant(path.relative_to(root).as_posix(), number, site.kind, site.line, *site.lines)


def source(root: Path, mutant: Mutant) -> str | None:
    """The module's text with the change; None where Python reads the same program in it, or none."""
    text, walk, sites = _read(root / mutant.path)
    site = sites[mutant.number]
    changed: str = walk.module.deep_replace(site.node, site.replacement).code
    try:
        same = ast.dump(ast.parse(changed)) == ast.dump(ast.parse(text))
    except SyntaxError:
        return None
    return None if same else changed


def difference(root: Path, mutant: Mutant) -> str:
    """What the change changes, as a diff without context."""
    before = (root / mutant.path).read_text(encoding="utf-8").splitlines()
    after = (source(root, mutant) or "").splitlines()
    return "\n".join([*difflib.unified_diff(before, after, lineterm="", n=0)][2:])
