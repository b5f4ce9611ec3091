"""The templates of the page: our own, and a team's, which are searched first."""

from __future__ import annotations

import re
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from logparse import formats
from logparse.errors import TeamTemplateError, UsageError, WrongTypeError, suggestion

HERE: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = (HERE / "templates", HERE.parent / "templates")  # in a wheel; in a checkout
# What a team may add beside what it may replace: partials over and under the report, rules behind our style sheet.
_ADDED: Final = ("partials/header.html", "partials/footer.html", "team.css")
_STYLES: Final = ("report.css", "team.css")
_SCRIPTS: Final = ("report.js", "net.js")
_LINE_COMMENT: Final = re.compile(r"//.*")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_MARKS: Final = re.compile(r"\s*([{};,])\s*")  # of a style sheet, about which blanks mean nothing
_ENDS: Final = re.compile(r"</(?:style|script)|<!--", re.IGNORECASE)  # what a style sheet or a script would be over at


def _shown(value: object) -> object:
    """A stranger's text as a person may be shown it; our own markup as it is."""
    return formats.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_SETTINGS: Final[dict[str, Any]] = {  # more than one type of value
    "autoescape": True,
    "finalize": _shown,
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}


class Templates:
    """Where the page's templates, style sheet and scripts come from: a team's folder, then our own."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def page(self, **context: object) -> str:
        """The page of what a template is given.

        Raises:
            TeamTemplateError: a team's template is wrong; it names the file, the line and what is wrong.

        """
        if self._folder is None:
            return _own().get_template("report.html").render(**context)
        from logparse.report.sandbox import filled

        return filled(self._folder, FileSystemLoader(FOLDERS), _SETTINGS, context)

    @property
    def style(self) -> str:
        """The style sheet."""
        return "\n".join(filter(None, map(self._asset, _STYLES)))

    @property
    def script(self) -> str:
        """The scripts."""
        return "\n".join(map(self._asset, _SCRIPTS))

    def _asset(self, name: str) -> str:
        path = None if self._folder is None else self._folder / name
        if path is None or not path.is_file():
            return "" if name in _ADDED else _packed(name)
        text = _read(path)
        if found := _ENDS.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise TeamTemplateError(f"{path}:{line}: {found[0]} would end it in the middle of the page")
        return text


def team_templates(folder: str | PathLike[str] | None) -> Templates:
    """The templates of a folder before our own; our own alone where there is none.

    Raises:
        UsageError: there is no such folder, or nothing in it would be read.

    """
    if folder is None:
        return Templates()
    given: object = folder
    if not isinstance(given, str | PathLike):
        raise WrongTypeError(f"templates is the path of a folder, not {type(given).__name__}")
    path = Path(folder)
    if not path.is_dir():
        raise UsageError(f"there is no folder {path} of templates")
    names = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file())
    known = (*_ADDED, *_own_names())
    if not set(names) & set(known):
        told = f"{names[0]}: {suggestion(names[0], known)}" if names else f"they are named {', '.join(known)}"
        raise UsageError(f"nothing in {path} is a template that the report reads; {told}")
    return Templates(path)


@cache
def _own_names() -> tuple[str, ...]:
    """All that the report reads of ours, and a team may replace."""
    folder = next(one for one in FOLDERS if one.is_dir())
    return tuple(sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*.*") if one.is_file()))


@cache
def _own() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDERS), **_SETTINGS)  # noqa: S701 - autoescape is set


@cache
def _packed(name: str) -> str:
    """A style sheet or script of ours without indents and comments, which only its editor needs.

    No text in these files spans lines, and no text of the style sheet has one of `_MARKS` in it.
    """
    source = _read(next(path for folder in FOLDERS if (path := folder / name).is_file()))
    if name.endswith(".css"):
        return _MARKS.sub(r"\1", _COMMENT.sub("", source)).strip()
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not _LINE_COMMENT.fullmatch(line))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TeamTemplateError(f"{path}: cannot be read as UTF-8 text: {error}") from error
