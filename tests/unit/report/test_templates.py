"""A team's own templates: searched first, in a sandbox, escaped, told where they are wrong; the view's fields stay.

After a field has come: LOGPARSE_GOLD=write python -m pytest tests/unit/report/test_templates.py; read what git shows.
"""

from __future__ import annotations

import dataclasses
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse import parse_log, write_report
from logparse.cli.main import main
from logparse.errors import TeamTemplateError, UsageError, WrongTypeError
from logparse.report.page import render
from logparse.report.templating import FOLDERS
from logparse.report.view import VIEW_VERSION, page_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from logparse import Log

POLICY: Final = '<meta http-equiv="Content-Security-Policy" content="{{ policy }}">'
HOSTILE: Final = "</script><img src=x onerror=alert(1)>"
BEGINS: Final = "<!-- fields: made from the classes by tests/unit/report/test_templates.py -->\n"
SAMPLES: Final = ("alexnet", "lenet_nan", "lenet_excerpt", "lstm", "time_alexnet", "resnet18")


@cache
def lenet(root: Path) -> Log:
    return parse_log(root / "sample_logs" / "lenet_excerpt.log")


def folder(tmp_path: Path, **files: str) -> Path:
    """Templates by their names, with `__` for a slash and without `.html`."""
    made = tmp_path / "templates"
    for name, text in files.items():
        path = made / f"{name.replace('__', '/')}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return made


def rendered(root: Path, templates: Path) -> str:
    return render([lenet(root)], templates=templates)


# --- searched first ---------------------------------------------------------------------------------------------------


def test_a_header_of_the_team_stands_over_the_report(root: Path, tmp_path: Path) -> None:
    page = rendered(root, folder(tmp_path, partials__header="<p>Vision team</p>\n"))
    assert page.count("<p>Vision team</p>") == 1
    assert page.index('<main id="content">') < page.index("Vision team") < page.index("<article")
    assert page.replace("<p>Vision team</p>\n", "") == render([lenet(root)])


def test_a_partial_of_the_team_takes_the_place_of_ours(root: Path, tmp_path: Path) -> None:
    page = rendered(root, folder(tmp_path, partials__provenance="<p>{{ view is defined }} ours no more</p>"))
    assert "True ours no more" in page
    assert "SHA-256" in render([lenet(root)])
    assert "SHA-256" not in page


def test_ours_can_be_included_from_the_team_s(root: Path, tmp_path: Path) -> None:
    text = 'before {% include "logparse/partials/provenance.html" %} behind'
    page = rendered(root, folder(tmp_path, partials__provenance=text))
    assert page.index("before ") < page.index("SHA-256") < page.index(" behind")


def test_rules_of_the_team_stand_behind_ours_and_in_the_policy(root: Path, tmp_path: Path) -> None:
    made = folder(tmp_path, partials__footer="")
    (made / "team.css").write_text(".team { color: red }", encoding="utf-8")
    page = rendered(root, made)
    style = re.search("<style>(.*)</style>", page, re.DOTALL)
    assert style is not None
    assert style[1].endswith("\n.team { color: red }")
    assert policy_of(page) != policy_of(render([lenet(root)]))


def policy_of(page: str) -> str:
    found = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_the_command_takes_a_folder_of_templates(root: Path, tmp_path: Path) -> None:
    made, out = folder(tmp_path, partials__header="Vision team"), tmp_path / "r.html"
    log = root / "sample_logs" / "lenet_excerpt.log"
    assert main(["report", str(log), "-o", str(out), "--templates", str(made)]) == 0
    assert "Vision team" in out.read_text(encoding="utf-8")


# --- closed -----------------------------------------------------------------------------------------------------------


def test_text_is_escaped_and_control_characters_are_shown(root: Path, tmp_path: Path) -> None:
    made = folder(tmp_path, partials__header="{{ page.title }}")
    page = render([lenet(root)], f"{HOSTILE}\u202e", made)
    assert "<img" not in page
    assert "\u202e" not in page
    assert page.count("&lt;/script&gt;&lt;img src=x") >= 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ page.title | safe }}", "No filter named 'safe'"),
        ("{{ [page.title] | map('safe') | list }}", "No filter named 'safe'"),
        ("{% autoescape false %}{{ page.title }}{% endautoescape %}", "escaping cannot be turned off"),
        ("{{ page.__class__ }}", "unsafe"),
        ("{{ page.logs[0].head.__init__.__globals__ }}", "unsafe"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ self._TemplateReference__context }}", "unsafe"),
        ("{% set x = [] %}{{ x.append(1) }}", "attribute 'append' of 'list' object is unsafe"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
    ],
)
def test_what_a_sandbox_has_not_is_refused(root: Path, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TeamTemplateError, match=re.escape(told)):
        rendered(root, folder(tmp_path, partials__header=text))


@pytest.mark.parametrize(
    "text",
    [
        "<html>{{ page.title }}</html>",
        f"<html><head><script>1</script>{POLICY}</head></html>",
        f"<html><head><!-- {POLICY} --></head></html>",
        f"<html><head><title>{POLICY}</title></head></html>",
        f"<body></body>{POLICY}",
        "<!-- {{ policy }} -->",
    ],
)
def test_a_page_without_its_policy_is_not_written(root: Path, tmp_path: Path, text: str) -> None:
    made, out = folder(tmp_path, report=text), tmp_path / "r.html"
    with pytest.raises(TeamTemplateError, match="content security policy"):
        write_report(lenet(root), out, templates=made)
    assert not out.exists()


def test_a_page_of_the_team_with_its_policy_is_written(root: Path, tmp_path: Path) -> None:
    head, style = f"<head>{POLICY}</head>", "<style>{{ style }}</style>"
    page = rendered(root, folder(tmp_path, report=f"<html>{head}{style}{{{{ page.title }}}}</html>"))
    assert page.startswith("<html><head><meta")


@pytest.mark.parametrize("name", ["team.css", "report.js"])
def test_a_style_sheet_that_would_end_in_the_middle_of_the_page_is_refused(
    root: Path, tmp_path: Path, name: str
) -> None:
    made = folder(tmp_path, partials__footer="")
    (made / name).write_text("a\nb </Script> c", encoding="utf-8")
    with pytest.raises(TeamTemplateError, match=re.escape(f"{name}:2: </Script would end it")):
        rendered(root, made)


# --- told where it is wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("one\n{% if %}\n", 2, "Expected an expression"),
        ("one\n\n{% for log in page.logs %}\n", 3, "Unexpected end of template"),
        ("one\n{{ page.titel }}\n", 2, "has no attribute 'titel'"),
        ("{{ nothing }}", 1, "'nothing' is undefined"),
        ("\n\n\n{{ page.title + 1 }}", 4, "TypeError"),
        ('\n{% include "partials/nowhere.html" %}', 2, "there is no template partials/nowhere.html"),
        ("\n{{ page.title | bold }}", 2, "No filter named 'bold'"),
        ('{% import "logparse/partials/macros.html" as m %}\n\n{{ m.table(3) }}', 3, "has no attribute 'caption'"),
    ],
)
def test_an_error_names_the_file_the_line_and_what_is_wrong(
    root: Path, tmp_path: Path, text: str, line: int, told: str
) -> None:
    made = folder(tmp_path, partials__header=text)
    with pytest.raises(TeamTemplateError, match=re.escape(told)) as caught:
        rendered(root, made)
    assert str(caught.value).startswith(f"{made / 'partials/header.html'}:{line}: ")


def test_the_command_tells_it_in_a_line_and_writes_nothing(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, out = folder(tmp_path, partials__header="{{ x }}"), tmp_path / "r.html"
    log = root / "sample_logs" / "lenet_excerpt.log"
    assert main(["report", str(log), "-o", str(out), "--templates", str(made), "--figures", str(tmp_path / "f")]) == 3
    assert f"{made / 'partials/header.html'}:1: 'x' is undefined" in capsys.readouterr().err
    assert not out.exists()
    assert not (tmp_path / "f").exists()


def test_a_template_that_is_no_text_is_told(root: Path, tmp_path: Path) -> None:
    made = folder(tmp_path, partials__header="")
    (made / "partials/header.html").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TeamTemplateError, match="not UTF-8"):
        rendered(root, made)


def test_a_folder_in_which_nothing_would_be_read_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"did you mean partials/header\.html"):
        rendered(root, folder(tmp_path, partials__headr="x"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"partials/header\.html, .*report\.html"):
        rendered(root, tmp_path / "empty")
    with pytest.raises(UsageError, match="there is no folder"):
        rendered(root, tmp_path / "nowhere")
    with pytest.raises(WrongTypeError):
        rendered(root, 3)  # type: ignore[arg-type]


# --- what templates are given -----------------------------------------------------------------------------------------


def test_the_sample_of_the_documentation_does_what_it_says(root: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```\w+\n(?:\{#|/\*) (\S+) (?:#\}|\*/)\n(.*?)```", document(root), re.DOTALL)
    assert [name for name, _ in blocks] == ["partials/header.html", "team.css"]
    made = folder(tmp_path, partials__footer="")
    for name, text in blocks:
        (made / name).write_text(text, encoding="utf-8")
    page = rendered(root, made)
    assert "<p><b>Vision team</b>, review of" in page
    assert "lenet_excerpt.log</a>: " in page
    assert "This header was made for" not in page
    assert ".team { border-left" in page


def document(root: Path) -> str:
    return (root / "templates" / "README.md").read_text(encoding="utf-8")


def fields_of(one: object) -> dict[str, str]:
    """The fields of a dataclass or a named tuple with their types."""
    names = getattr(type(one), "_fields", None) or tuple(field.name for field in dataclasses.fields(one))  # type: ignore[arg-type]
    return {name: str(type(one).__annotations__[name]) for name in names}


def is_view(one: object) -> bool:
    return type(one).__module__.startswith("logparse.report.") and (
        dataclasses.is_dataclass(one) or hasattr(type(one), "_fields")
    )


def views(one: object) -> Iterator[object]:
    """A view and all that it holds, itself first."""
    if is_view(one):
        yield one
        for name in fields_of(one):
            yield from views(getattr(one, name))
    elif isinstance(one, tuple):
        for each in one:
            yield from views(each)


@cache
def classes(root: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Class → what it is, and its fields, of all that templates are given for the samples."""
    logs = [parse_log(root / "sample_logs" / f"{name}.log") for name in SAMPLES]
    found: dict[str, Any] = {}
    for one in views(page_view(logs, None)):
        told = " ".join((type(one).__doc__ or "").split())
        found.setdefault(type(one).__name__, (told, fields_of(one)))
    return found


def described(root: Path) -> str:
    parts = [f"Version {VIEW_VERSION}.\n"]
    for name, (told, fields) in classes(root).items():
        rows = "\n".join(f"| `{field}` | `{kind.replace('|', chr(92) + '|')}` |" for field, kind in fields.items())
        parts.append(f"### {name}\n\n{told}\n\n| field | type |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def documented(text: str) -> tuple[int, set[tuple[str, str]]]:
    """The version of what is documented, and each class with each of its fields."""
    version = re.search(r"^Version (\d+)\.$", text, re.MULTILINE)
    heads = re.split("^### ", text, flags=re.MULTILINE)[1:]
    fields = {
        (part.split("\n", 1)[0], field) for part in heads for field in re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
    }
    return (int(version[1]) if version else 0), fields


def gone(before: str, now: str) -> set[tuple[str, str]]:
    """Fields that templates may read and that are no more, though the version is the same."""
    (old, fields), (new, left) = documented(before), documented(now)
    return fields - left if old == new else set()


def test_a_field_that_goes_wants_a_new_version(root: Path) -> None:
    assert not gone(document(root), described(root)), "raise VIEW_VERSION of report/view.py, or give the field its name"


def test_the_fields_are_documented_as_they_are(root: Path) -> None:
    before, found, old = document(root).partition(BEGINS)
    assert found
    if os.environ.get("LOGPARSE_GOLD") == "write":
        assert not gone(old, described(root))
        (root / "templates" / "README.md").write_text(f"{before}{BEGINS}\n{described(root)}", encoding="utf-8")
    assert described(root) in document(root)


def test_the_guard_of_fields_sees_one_that_goes(root: Path) -> None:
    now = described(root)
    assert ("PageView", "title") in documented(now)[1]
    without = now.replace("| `short_title` | `str` |\n", "")
    assert gone(now, without) == {("PageView", "short_title")}
    assert gone(now, without.replace(f"Version {VIEW_VERSION}.", f"Version {VIEW_VERSION + 1}.")) == set()
    assert gone(without, now) == set()


def test_templates_are_given_the_version(root: Path, tmp_path: Path) -> None:
    page = rendered(root, folder(tmp_path, partials__header="version {{ view_version }} of the view"))
    assert f"version {VIEW_VERSION} of the view" in page


def test_every_field_that_our_own_templates_name_is_documented(root: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in next(f for f in FOLDERS if f.is_dir()).rglob("*.html"))
    used = set(re.findall(r"\b(?:view|page|log|section|chart|one|card)\.(\w+)", text))
    known = {field for _, field in documented(described(root))[1]}
    assert used - known <= {"lines", "rows", "startswith"}
