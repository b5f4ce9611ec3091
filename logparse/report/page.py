"""The report as one HTML file: templates filled, style and script inside, closed to the network.

The content security policy names the style sheet and the script by their digests and allows nothing else: whatever
a log's text might smuggle in, a browser neither runs nor fetches it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from logparse import formats
from logparse.errors import UsageError, WrongTypeError
from logparse.output import check_target, write
from logparse.report.view import page_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logparse.tables.table import LogLike

HERE: Final = Path(__file__).resolve().parent.parent
_LINE_COMMENT: Final = re.compile(r"//.*")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_MARKS: Final = re.compile(r"\s*([{};,])\s*")  # of a style sheet, about which blanks mean nothing
FOLDERS: Final = (HERE / "templates", HERE.parent / "templates")  # in a wheel; in a checkout


def write_report(
    logs: LogLike | list[LogLike] | tuple[LogLike, ...],
    path: str | Path,
    *,
    title: str | None = None,
    force: bool = False,
) -> None:
    """Write the report of one or several logs to a file, or to standard output where the path is "-".

    The file is written whole or not at all.

    Raises:
        UsageError: there is no log, or the file exists and `force` is not set, or it cannot be written; where an
            argument is of a type that has no meaning, a WrongTypeError.

    """
    several = list(logs) if isinstance(logs, list | tuple) else [logs]
    for log in several:
        if not hasattr(log, "facts"):
            raise WrongTypeError(f"a report is of what parse_log gave, not of {type(log).__name__}")
    if not (title is None or isinstance(title, str)):
        raise WrongTypeError(f"a title is a str, not {type(title).__name__}")
    check_target(path, force=force)
    write(path, [render(several, title).encode("utf-8", "backslashreplace")], force=force)


def render(logs: Sequence[LogLike], title: str | None = None) -> str:
    """The report of the logs as HTML. The same logs and version give the same text."""
    if not logs:
        raise UsageError("a report needs at least one log")
    style, script = _asset("report.css"), "\n".join(map(_asset, ("report.js", "net.js")))
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template("report.html")
    return template.render(page=page_view(logs, title), policy=policy, style=Markup(style), script=Markup(script))  # noqa: S704 - our own files


def _shown(value: object) -> object:
    """A stranger's text as a person may be shown it; our own markup as it is."""
    return formats.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDERS),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _asset(name: str) -> str:
    """A style sheet or script without indents and comments, which only its editor needs.

    No text in these files spans lines, and no text of the style sheet has one of `_MARKS` in it.
    """
    environment = _environment()
    if environment.loader is None:
        raise AssertionError
    source, _, _ = environment.loader.get_source(environment, name)
    if name.endswith(".css"):
        return _MARKS.sub(r"\1", _COMMENT.sub("", source)).strip()
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not _LINE_COMMENT.fullmatch(line))


def _digest(text: str) -> str:
    """A source expression of a content security policy: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
