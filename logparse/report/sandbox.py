"""A team's templates, run in a sandbox.

A template reaches the view and nothing else: no attribute that begins with an underscore, no change of what it is given
(https://jinja.palletsprojects.com/en/stable/sandbox/). Text stays escaped whatever a template says: the filter `safe`
and the tag `autoescape`, which would turn a log's text into markup, are not there.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from logparse.errors import TeamTemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import BaseLoader

_OWN: Final = "logparse"  # the folder under which a team's template finds ours, to extend or to include them


def filled(folder: Path, own: BaseLoader, settings: Mapping[str, Any], context: Mapping[str, object]) -> str:
    """The page, by the team's templates where the folder has them, else by our own.

    Raises:
        TeamTemplateError: a team's template is wrong; it names the file, the line and what is wrong.

    """
    sandbox = _Sandbox(loader=ChoiceLoader([FileSystemLoader(folder), own, PrefixLoader({_OWN: own})]), **settings)
    try:
        return sandbox.get_template("report.html").render(**context)
    except Exception as error:
        fault = _fault(error, folder)
        if fault is None:  # not of the team's making
            raise
        raise fault from error


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which text cannot be declared to be markup."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - what an environment takes
        super().__init__(**settings)
        del self.filters["safe"]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for kind in (nodes.EvalContextModifier, nodes.ScopedEvalContextModifier):
            for node in tree.find_all(kind):
                raise TemplateSyntaxError("escaping cannot be turned off", node.lineno, name, filename)
        return tree


def _fault(error: Exception, folder: Path) -> TeamTemplateError | None:
    """What is wrong in a team's template, where it is wrong there."""
    if isinstance(error, TemplateSyntaxError):
        return TeamTemplateError(f"{error.filename or error.name}:{error.lineno}: {error.message}")
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    if isinstance(error, UnicodeDecodeError):
        return TeamTemplateError(f"{folder}: a template is not UTF-8 text: {error}")
    if not places and not isinstance(error, TemplateError):
        return None
    where = f"{places[-1].filename}:{places[-1].lineno}" if places else str(folder)
    return TeamTemplateError(f"{where}: {_what(error)}")


def _what(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error}"
    if isinstance(error, SecurityError):
        return f"the sandbox does not allow it: {error}"
    return f"{error}" if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
