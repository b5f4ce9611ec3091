"""What can go wrong, told so that a user can act: what, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class LogparseError(Exception):
    """Base of every error that a user's input can cause; `exit_code` is what the command returns.

    A remedy speaks to who calls the library (`force=True`); the command turns it into its options.
    """

    exit_code = 3

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """The message, and the remedy after it where one is known."""
        return self.message if self.remedy is None else f"{self.message}\n  {self.remedy}"


class UsageError(LogparseError):
    """The call itself is wrong: an unknown option, a file that would be overwritten."""

    exit_code = 2


class WrongTypeError(UsageError, TypeError):
    """An argument is of a type that has no meaning here."""


class UnknownTableError(UsageError, KeyError):
    """There is no table of that name."""


class UnknownFigureError(UsageError, KeyError):
    """There is no figure of that name, or the log does not give it."""


class UnreadableError(LogparseError):
    """The input cannot be read: missing, a folder, no permission, a broken archive."""

    exit_code = 3


class NothingRecognisedError(LogparseError):
    """The input was read, but nothing in it is a line of Caffe's."""

    exit_code = 4


class GateError(LogparseError):
    """A limit that the caller of the command set was not met (`--min-parsed`, `--strict`)."""

    exit_code = 1


class DefinitionError(LogparseError):
    """A network definition (prototxt) cannot be read: not text format, or not a net."""

    exit_code = 3


class TeamTemplateError(LogparseError):
    """A template of the caller's own is wrong; the message names its file, the line and what is wrong."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Note:
    """A problem that did not stop the parse: where it is, what it is, what it means for the result."""

    line: int | None
    what: str
    meaning: str


def suggestion(text: str, names: Sequence[str]) -> str:
    """Name the closest match to a misspelt word, or else everything there is."""
    from difflib import get_close_matches

    close = get_close_matches(text.lower(), names, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
