"""The report as one HTML file: templates filled, style and script inside, closed to the network.

The content security policy names the style sheet and the script by their digests and allows nothing else: whatever
a log's text might smuggle in, a browser neither runs nor fetches it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from logparse.errors import TeamTemplateError, UsageError, WrongTypeError
from logparse.output import check_target, write
from logparse.report.templating import team_templates
from logparse.report.view import VIEW_VERSION, page_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from pathlib import Path

    from logparse.report.templating import Templates
    from logparse.report.view import PageView
    from logparse.tables.table import LogLike

# All that may stand before the policy: whatever else does would be out of its reach, or would hide it.
_BEFORE: Final = r"\s*(?:<!doctype html>\s*)?<html[^<>]*>\s*<head[^<>]*>\s*(?:<meta[^<>]*>\s*)*?"


def write_report(
    logs: LogLike | list[LogLike] | tuple[LogLike, ...],
    path: str | Path,
    *,
    title: str | None = None,
    force: bool = False,
    templates: str | PathLike[str] | None = None,
) -> None:
    """Write the report of one or several logs to a file, or to standard output where the path is "-".

    The file is written whole or not at all. `templates` is a folder of templates that are taken in the place of ours.

    Raises:
        UsageError: there is no log, or the file exists and `force` is not set, or it cannot be written; where an
            argument is of a type that has no meaning, a WrongTypeError.
        TeamTemplateError: a template of the folder is wrong.

    """
    several = list(logs) if isinstance(logs, list | tuple) else [logs]
    for log in several:
        if not hasattr(log, "facts"):
            raise WrongTypeError(f"a report is of what parse_log gave, not of {type(log).__name__}")
    if not (title is None or isinstance(title, str)):
        raise WrongTypeError(f"a title is a str, not {type(title).__name__}")
    check_target(path, force=force)
    some = team_templates(templates)
    write(path, [page_bytes(report_view(several, title), some)], force=force)


def render(logs: Sequence[LogLike], title: str | None = None, templates: str | PathLike[str] | None = None) -> str:
    """The report of the logs as HTML. The same logs, templates and version give the same text."""
    return _filled(report_view(logs, title), team_templates(templates))


def report_view(logs: Sequence[LogLike], title: str | None) -> PageView:
    """The page of the logs as data."""
    if not logs:
        raise UsageError("a report needs at least one log")
    return page_view(logs, title)


def page_bytes(page: PageView, templates: Templates) -> bytes:
    """The file of a page."""
    return _filled(page, templates).encode("utf-8", "backslashreplace")


def _filled(page: PageView, templates: Templates) -> str:
    style, script = templates.style, templates.script
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    text = templates.page(
        page=page,
        view_version=VIEW_VERSION,
        policy=policy,
        style=Markup(style),  # noqa: S704 - files, not a log's text
        script=Markup(script),  # noqa: S704 - as above
    )
    _check_policy(text, policy)
    return text


def _check_policy(text: str, policy: str) -> None:
    """A page without its policy is not written: our own template has it, one in its place must have it too."""
    tag = re.escape(f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">')
    if re.match(_BEFORE + tag, text, re.IGNORECASE) is None:
        raise TeamTemplateError(
            "report.html: the content security policy does not stand before all that it is about",
            remedy='Write <meta http-equiv="Content-Security-Policy" content="{{ policy }}"> first in <head>.',
        )


def _digest(text: str) -> str:
    """A source expression of a content security policy: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
