"""The package's public face, and that the papers beside it say the same as the code."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

import logparse

if TYPE_CHECKING:
    from pathlib import Path


def test_the_public_names_are_these_and_all_can_be_had() -> None:
    assert set(logparse.__all__) == {
        "Log",
        "LogparseError",
        "__version__",
        "parse_log",
        "parse_logs",
        "write_figures",
        "write_report",
    }
    for name in logparse.__all__:
        assert getattr(logparse, name) is not None
        assert name in dir(logparse)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'parse_all'"):
        _ = logparse.parse_all


def test_the_version_is_the_same_everywhere(root: Path) -> None:
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {logparse.__version__}\n" in citation
    heads = re.findall(r"^## (\S+)", changelog, re.MULTILINE)
    assert logparse.__version__ in heads[:2]


def test_every_sample_log_has_a_row(root: Path) -> None:
    rows = re.findall(r"^\| `(\S+)` \| ([\d,]+) \|", (root / "sample_logs/README.md").read_text("utf-8"), re.MULTILINE)
    logs = {path.name: path.read_bytes().count(b"\n") for path in (root / "sample_logs").glob("*.log")}
    assert {name: int(lines.replace(",", "")) for name, lines in rows} == logs


def test_no_dependency_is_asked_for_that_nothing_imports(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in (root / "logparse").rglob("*.py"))
    asked = [*project["dependencies"], *project["optional-dependencies"]["parquet"]]
    for requirement in [*asked, *project["optional-dependencies"]["zstd"]]:
        name = re.split(r"[<>=]", requirement)[0]
        used = rf"""^\s*(import|from) {name}\b|import_module\("{name}"\)"""
        assert re.search(used, text, re.MULTILINE), f"{name} is not used"


def version(text: str) -> tuple[int, ...]:
    """`2.0` and `2.0.0` are one version."""
    numbers = tuple(map(int, text.split(".")))
    return (*numbers, *(0,) * (3 - len(numbers)))


def test_what_is_promised_of_dependencies_is_what_is_tested(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    promised = dict(one.split(">=") for one in (*project["dependencies"], *extras["parquet"], *extras["zstd"]))
    constraints = (root / ".ci/lowest.txt").read_text(encoding="utf-8")
    tested = dict(re.findall(r"^(\w+)==([\d.]+)$", constraints, re.MULTILINE))
    assert {name: version(tested[name]) for name in promised} == {name: version(promised[name]) for name in promised}


def test_the_pythons_that_are_promised_are_the_ones_that_are_tested(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = re.findall(r"Python :: (\d\.\d+)", "\n".join(project["classifiers"]))
    script = (root / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"^pythons='(.*)'$", script, re.MULTILINE) == [" ".join(promised)]
    assert project["requires-python"] == f">={promised[0]}"


def test_the_top_level_holds_what_a_newcomer_expects(root: Path) -> None:
    shown = {path.name for path in root.iterdir() if not path.name.startswith(".")}
    made = {"build", "dist", "report.html"}  # by whoever works here; .gitignore knows them
    assert shown - made == {
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "logparse",
        "pyproject.toml",
        "sample_logs",
        "templates",
        "tests",
    }
