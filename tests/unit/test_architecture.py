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
from importlinter.cli import lint_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE: Final = Path(__file__).resolve().parents[2] / "logparse"
MODULES: Final = sorted(PACKAGE.rglob("*.py"))

CONTRACTS: Final = PACKAGE.parent / "pyproject.toml"  # its [tool.importlinter]

# What a room may use besides the standard library, the whole of it; rooms not named are free.
PACKAGES: Final[dict[str, set[str]]] = {
    "": set(),
    "errors": set(),
    "formats": set(),
    "rows": set(),
    "output": set(),
    "sums": set(),
    "reading": {"numpy", "zstandard"},
    "model": {"numpy"},
    "textproto": set(),
    "solver": set(),
    "assembling": {"numpy"},
    "derive": set(),
    "recover": set(),
    "cost": set(),
    "cli": set(),
}
# Tables of data may be longer than a screenful of code.
LONGEST: Final[dict[str, int]] = {}
FOLDERS: Final = sorted({path.parent for path in MODULES})
MOST_MODULES: Final = 14
# Public names that stand in several modules, each with its reason.
SAME_NAME: Final = {
    "NETS": "each kind of published nets lists its own, and register.py joins them",
    "TYPES": "each family of layer types lists its own rows, and layer_types.py joins them",
    "COLUMNS": "what every table's module has",
    "EXAMPLES": "what every verb's module has",
    "add_arguments": "what every verb's module has",
    "build": "what every section's and every table's module has",
    "run": "what every verb's module has",
}
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


def test_imports_flow_one_way_between_rooms_and_inside_them() -> None:
    kept = lint_imports(config_filename=str(CONTRACTS), no_cache=True) == 0
    assert kept, "an import goes against the flow, or a room has no floor: what is printed above names it"


def test_the_guard_of_the_flow_sees_an_import_against_it(tmp_path: Path) -> None:
    upside_down = tmp_path / "importlinter.toml"
    upside_down.write_text(
        '[tool.importlinter]\nroot_package = "logparse"\n[[tool.importlinter.contracts]]\n'
        'name = "upside down"\ntype = "layers"\ncontainers = ["logparse"]\nlayers = ["errors", "reading"]\n'
    )
    assert lint_imports(config_filename=str(upside_down), no_cache=True) != 0


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


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    modules = sorted(path.name for path in folder.glob("*.py"))
    assert len(modules) <= MOST_MODULES, f"{folder} holds {len(modules)} modules: a folder of its own for some of them"


def public_names(path: Path) -> set[str]:
    """The classes, functions and constants that a module defines at its top for others; not aliases for types."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Assign():
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return {name for name in names if not name.startswith("_")}


def homonyms() -> dict[str, list[str]]:
    """Public name → the modules that define it, where there are several."""
    defined: dict[str, list[str]] = {}
    for path in MODULES:
        for name in public_names(path):
            defined.setdefault(name, []).append(dotted(path))
    return {name: modules for name, modules in defined.items() if len(modules) > 1}


def test_a_public_name_means_one_thing_in_the_whole_house() -> None:
    two = {name: modules for name, modules in homonyms().items() if name not in SAME_NAME}
    assert not two, "one of each wants another name, or a reason in SAME_NAME"


def test_every_reason_for_a_name_that_stands_twice_is_needed() -> None:
    assert not SAME_NAME.keys() - homonyms().keys(), "these stand once: take them off SAME_NAME"


def test_the_guard_of_names_sees_what_a_module_defines(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("A: int = 1\nB = _C = 2\ndef d(): pass\nclass E: pass\nif True:\n    F = 3\n", encoding="utf-8")
    assert public_names(module) == {"A", "B", "d", "E"}


@pytest.mark.parametrize(
    "statement",
    [
        "import logparse",
        "from logparse import LogparseError, __version__",
        "from logparse.cli.main import main; main(['--help'])",
        "from logparse.cli.main import main; main(['--version'])",
        "from logparse.cli.main import main; main(['report', '--help'])",
        "from logparse.cli.main import main; main(['export', '--help'])",
        "from logparse.cli.main import main; main(['summary', '--help'])",
        "from logparse.cli.main import main; main(['compare', '--help'])",
        "from logparse.cli.main import main; main(['curve', '--help'])",
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
