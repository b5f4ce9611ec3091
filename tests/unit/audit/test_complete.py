"""Every finding speaks in one log and is silent in another: `cases.py` has both for each kind, or this tells of it."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from dataclasses import astuple, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log
from logparse.audit import finders
from logparse.audit.finders import FINDERS, SEVERITIES, find
from tests.unit.audit.cases import CASES
from tests.writing import cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.api import Log
    from logparse.audit.finders import Finding
    from tests.unit.audit.cases import Case

ROOM: Final = Path(inspect.getsourcefile(finders) or "").parent
ids = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])


@cache
def log_of(text: str) -> Log:
    return parse_log(text.encode())


def found(text: str) -> tuple[Finding, ...]:
    return find(log_of(text))


@ids
def test_it_speaks(case: Case) -> None:
    assert tuple(one for one in found(case.speaks) if one.kind == case.kind) == case.findings


@ids
def test_it_is_silent(case: Case) -> None:
    assert not [one for one in found(case.silent) if one.kind == case.kind]


@ids
def test_it_is_told_in_the_table_as_well(case: Case) -> None:
    table = log_of(case.speaks).findings
    names = [field.name for field in fields(case.findings[0])]

    rows = zip(*(cells(table[table["kind"] == case.kind])[name] for name in names), strict=True)

    assert [tuple(map(plain, row)) for row in rows] == [tuple(map(plain, astuple(one))) for one in case.findings]


def plain(value: object) -> object:
    """A list of evidence is a tuple in a finding."""
    return tuple(value) if isinstance(value, list) else value


def test_no_kind_has_two_cases() -> None:
    assert len({case.kind for case in CASES}) == len(CASES)


def stated_kinds() -> Iterator[ast.expr]:
    """The second argument of each `Finding(…)` in the room."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                named = [word.value for word in node.keywords if word.arg == "kind"]
                yield named[0] if named else node.args[1]


def words_of(kind: ast.expr) -> Iterator[str]:
    """What an expression may be, as regular expressions: its words, and f-strings with anything in their braces."""
    if isinstance(kind, ast.JoinedStr):
        yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in kind.values)
    elif isinstance(kind, ast.Constant):
        yield re.escape(str(kind.value))
    elif isinstance(kind, ast.IfExp):
        yield from words_of(kind.body)
        yield from words_of(kind.orelse)


def test_every_kind_that_the_source_states_has_a_case() -> None:
    kinds = [case.kind for case in CASES]
    stated = {word for expression in stated_kinds() for word in words_of(expression)}

    assert len(stated) > 20
    assert [word for word in stated if not any(re.fullmatch(word, kind) for kind in kinds)] == []


def test_every_finder_speaks_in_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = []
    for finder in FINDERS:
        monkeypatch.setattr(finders, "FINDERS", (finder,))
        kinds = ((case.kind, {one.kind for one in found(case.speaks)}) for case in CASES)
        if not any(kind in told for kind, told in kinds):
            silent.append(finder.__qualname__)

    assert silent == []


def test_every_finding_of_the_cases_names_its_severity_and_is_of_a_known_one() -> None:
    assert {one.severity for case in CASES for one in case.findings} == {*SEVERITIES}


def test_the_finders_of_a_module_are_all_listed() -> None:
    """A public generator of findings that `FINDERS` leaves out would never be asked."""
    listed = {finder.__name__ for finder in FINDERS}
    for module in {finder.__module__ for finder in FINDERS}:
        functions = inspect.getmembers(sys.modules[module], inspect.isfunction)
        own = {name for name, one in functions if one.__module__ == module and not name.startswith("_")}
        finders_of = {name for name in own if "Finding" in str(inspect.signature(getattr(sys.modules[module], name)))}
        assert finders_of <= listed
