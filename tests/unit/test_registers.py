"""What somebody wrote and forgot to list: sections, partials, colours, finders and verbs that nobody would ever see."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import logparse
from logparse import parse_log
from logparse.audit.finders import FINDERS
from logparse.cli.main import VERBS
from logparse.report.page import render
from logparse.report.templating import FOLDERS
from logparse.report.view import SECTIONS

PACKAGE: Final = Path(logparse.__file__).parent
TEMPLATES: Final = next(folder for folder in FOLDERS if folder.is_dir())
# Partials that the page prints by itself, and macros.
OF_THE_PAGE: Final = {"partials/head.html", "partials/macros.html"}
HEAD: Final = "head"  # the section that every log has: the page builds it by itself


def modules(folder: str) -> list[str]:
    return sorted(path.stem for path in (PACKAGE / folder).glob("*.py") if path.stem != "__init__")


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


# --- sections of the report --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", modules("report/sections"))
def test_a_section_that_is_written_is_printed(name: str) -> None:
    build = import_module(f"logparse.report.sections.{name}").build
    listed = {section.build for section in SECTIONS}
    assert name == HEAD or build in listed, f"list sections.{name}.build in SECTIONS of report/view.py"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_has_the_partial_that_it_names(section: object) -> None:
    partial = getattr(section, "partial", "")
    assert (TEMPLATES / partial).is_file(), f"write templates/{partial}, or name another one in SECTIONS"


def test_sections_have_anchors_of_their_own() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("partials/*.html")), ids=lambda path: path.stem)
def test_a_partial_is_printed_by_a_section(path: Path) -> None:
    used = OF_THE_PAGE | {section.partial for section in SECTIONS}
    assert f"partials/{path.name}" in used, f"no section of SECTIONS in report/view.py prints {path.name}"


@pytest.mark.parametrize("name", ["alexnet.log", "lenet_nan.log", "lstm.log", "siamese.log", "time_alexnet.log"])
def test_every_mark_of_a_chart_has_its_look(sample_logs: Path, name: str) -> None:
    charts = re.findall(
        r"<svg class=\"chart\".*?</svg>|<p class=\"key\">.*?</p>", render([parse_log(sample_logs / name)]), re.DOTALL
    )
    assert charts
    classes = {one for chart in charts for found in re.findall(r'class="([^"]*)"', chart) for one in found.split()}
    styled = set(re.findall(r"\.([a-z][a-z0-9-]*)", (TEMPLATES / "report.css").read_text(encoding="utf-8")))
    bare = sorted(classes - styled)
    assert not bare, f"templates/report.css has no rule for {', '.join(bare)}"


# --- finders -----------------------------------------------------------------------------------------------


def is_finder(function: ast.FunctionDef) -> bool:
    """Whether a function is one: from the log as finders see it to findings, and not for its module alone."""
    arguments = [ast.unparse(one.annotation) for one in function.args.args if one.annotation is not None]
    gives = "" if function.returns is None else ast.unparse(function.returns)
    return not function.name.startswith("_") and arguments == ["AuditedLog"] and gives == "Iterator[Finding]"


def audit_modules() -> list[str]:
    """All modules of audit, those in its folders too: `failures.causes`."""
    return [*modules("audit"), *(f"failures.{name}" for name in modules("audit/failures"))]


def audit_path(name: str) -> Path:
    return PACKAGE / "audit" / f"{name.replace('.', '/')}.py"


@pytest.mark.parametrize("name", audit_modules())
def test_a_finder_that_is_written_is_asked(name: str) -> None:
    written = [one for one, function in functions(audit_path(name)).items() if is_finder(function)]
    module = import_module(f"logparse.audit.{name}")
    forgotten = [one for one in written if getattr(module, one) not in FINDERS]
    assert not forgotten, f"list them in FINDERS of audit/finders.py: {name}.{', '.join(forgotten)}"


def test_the_guard_of_finders_knows_those_that_are_listed() -> None:
    known = {
        (f"logparse.audit.{name}", one)
        for name in audit_modules()
        for one, function in functions(audit_path(name)).items()
        if is_finder(function)
    }
    assert {(finder.__module__, finder.__name__) for finder in FINDERS} <= known


def test_no_finder_is_asked_twice() -> None:
    assert len(set(FINDERS)) == len(FINDERS)


# --- verbs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", modules("cli"))
def test_a_verb_that_is_written_can_be_used(name: str) -> None:
    has = functions(PACKAGE / "cli" / f"{name}.py").keys()
    assert name in VERBS or not {"add_arguments", "run"} & has, f"give {name} its line in VERBS of cli/main.py"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_listed_has_its_module(verb: str) -> None:
    path = PACKAGE / "cli" / f"{verb}.py"
    assert path.is_file(), f"VERBS of cli/main.py names {verb}, but there is no cli/{verb}.py"
    missing = {"add_arguments", "run"} - functions(path).keys()
    assert not missing, f"cli/{verb}.py lacks {', '.join(sorted(missing))}"
