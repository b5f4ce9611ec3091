"""Arguments of the library's calls: what is refused, and what a path stands for."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from logparse.assembling.definitions import read_prototxt
from logparse.errors import DefinitionError, UsageError, WrongTypeError

if TYPE_CHECKING:
    from logparse.textproto import Message


def check_whole(name: str, value: object, known: range) -> None:
    """Refuse what is neither None nor a whole number of the range."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongTypeError(f"{name} is a whole number, not {value!r}")
    if value not in known:
        most = f" to {known[-1]}" if known.stop < 2**63 else ""
        raise UsageError(f"{name} is a whole number from {known[0]}{most}, not {value}")


def prototxt_path(prototxt: object) -> Path:
    """The path of a definition, which must be given as one."""
    if not isinstance(prototxt, str | PathLike):
        raise WrongTypeError(f"prototxt is the path of a network definition, not {type(prototxt).__name__}")
    if "\n" in str(prototxt):
        raise UsageError("prototxt is the path of a network definition, and not its text")
    return Path(prototxt)


def load_prototxt(path: Path) -> Message:
    """Read a network definition from a file.

    Raises:
        DefinitionError: it cannot be read, or is none.

    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # a ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise DefinitionError(f"{path}: {reason}", remedy="Give the path of a .prototxt file.") from error
    return read_prototxt(data.decode("utf-8-sig", "backslashreplace"), str(path))
