"""The house stands as drawn: imports flow one way, heavy packages come late, every module explains itself."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE: Final = Path(__file__).resolve().parents[2] / "logparse"
MODULES: Final = sorted(PACKAGE.rglob("*.py"))

# A room imports from earlier tiers and from itself; two rooms of one tier do not know each other. The model stands
# before those who fill it, and the cost rules before the assembling, which asks them for the names of layer types.
TIERS: Final = (
    {"errors", "formats", "sums"},
    {""},  # logparse/__init__.py, whose own imports are lazy
    {"output", "textproto"},
    {"model", "solver"},
    {"reading"},
    {"cost"},
    {"assembling"},
    {"derive"},
    {"tables"},
    {"audit"},
    {"report", "export"},
    {"api"},
    {"cli"},
    {"__main__"},
)
TIER_OF: Final = {room: number for number, tier in enumerate(TIERS) for room in tier}

# What a room may use besides the standard library, the whole of it; rooms not named are free.
PACKAGES: Final[dict[str, set[str]]] = {
    "": set(),
    "errors": set(),
    "formats": set(),
    "output": set(),
    "sums": set(),
    "reading": {"numpy", "zstandard"},
    "model": {"numpy"},
    "textproto": set(),
    "solver": set(),
    "assembling": {"numpy"},
    "derive": set(),
    "cost": set(),
    "cli": set(),
}
# Tables of data may be longer than a screenful of code.
LONGEST: Final[dict[str, int]] = {}
HEAVY: Final = ("jinja2", "matplotlib", "numpy", "pandas", "pyarrow")


@dataclass(frozen=True)
class Import:
    """One import statement's module: where it stands, whether it happens as the module loads."""

    module: str
    line: int
    at_load: bool


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(node: ast.AST, *, at_load: bool = True) -> Iterator[Import]:
    """Every import below the node that can happen at run time; those for type checkers only are none."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are written in full"
            base = child.module or ""
            yield from (Import(f"{base}.{alias.name}", child.lineno, at_load) for alias in child.names)
        elif not is_type_checking(child):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(child, at_load=at_load and not inside)


@cache
def imports_of(path: Path) -> list[Import]:
    return list(imports(ast.parse(path.read_text(encoding="utf-8"))))


OURS: Final = frozenset(map(dotted, MODULES))


def known_module(name: str) -> str:
    """`logparse.errors.LogparseError` → `logparse.errors`: the part of the name that is a module of ours."""
    while name not in OURS and "." in name:
        name = name.rpartition(".")[0]
    return name


def test_there_is_a_house_to_walk() -> None:
    assert len(MODULES) > 10


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_every_room_has_its_place(path: Path) -> None:
    assert room(dotted(path)) in TIER_OF


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_data_flows_one_way(path: Path) -> None:
    own = room(dotted(path))
    for found in imports_of(path):
        if found.module.split(".")[0] != "logparse":
            continue
        other = room(known_module(found.module))
        backwards = f"{path}:{found.line} imports {found.module} against the flow"
        assert other == own or TIER_OF[other] < TIER_OF[own], backwards


def test_no_two_modules_import_each_other_as_they_load() -> None:
    graph = {
        dotted(path): {
            known_module(found.module)
            for found in imports_of(path)
            if found.at_load and found.module.startswith("logparse")
        }
        - {dotted(path)}
        for path in MODULES
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_room_uses_only_its_packages(path: Path) -> None:
    allowed = PACKAGES.get(room(dotted(path)))
    roots = {found.module.split(".")[0] for found in imports_of(path)}
    foreign = roots - sys.stdlib_module_names - {"logparse"}
    assert allowed is None or foreign <= allowed


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_explains_itself_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module says what it is for"
    assert len(text.splitlines()) <= LONGEST.get(dotted(path), 400)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 45, f"{path}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize(
    "statement",
    [
        "import logparse",
        "from logparse import LogparseError, __version__",
        "from logparse.cli.main import main; main(['--help'])",
        "from logparse.cli.main import main; main(['--version'])",
        "from logparse.cli.main import main; main(['report', '--help'])",
        "from logparse.cli.main import main; main(['export', '--help'])",
        "from logparse.cli.main import main; main(['export', 'LOG', '--table', 'laeyrs'])",
    ],
)
def test_what_needs_no_table_imports_no_table_package(
    statement: str, fresh_modules: Callable[[str, tuple[str, ...]], set[str]]
) -> None:
    # argparse writes its own words to standard error too: only the names of modules count.
    assert not fresh_modules(statement, HEAVY) & set(HEAVY)


def test_the_guard_sees_a_heavy_import(fresh_modules: Callable[[str, tuple[str, ...]], set[str]]) -> None:
    assert "numpy" in fresh_modules("import numpy", HEAVY)
