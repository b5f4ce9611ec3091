"""What the registry says about one column, and short ways to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `dtype` is a pandas dtype ("object" for lists), `unit` a suffix-free word or ""."""

    name: str
    dtype: str
    title: str
    meaning: str
    unit: str = ""


def whole(name: str, title: str, meaning: str, unit: str = "") -> Column:
    """A column of whole numbers."""
    return Column(name, "Int64", title, meaning, unit)


def decimal(name: str, title: str, meaning: str, unit: str = "") -> Column:
    """A column of decimal numbers."""
    return Column(name, "Float64", title, meaning, unit)


def text(name: str, title: str, meaning: str) -> Column:
    """A column of text."""
    return Column(name, "string", title, meaning)


def truth(name: str, title: str, meaning: str) -> Column:
    """A column of truth values."""
    return Column(name, "boolean", title, meaning)


def listed(name: str, title: str, meaning: str) -> Column:
    """A column of lists."""
    return Column(name, "object", title, meaning)


def moment(name: str, title: str, meaning: str) -> Column:
    """A column of dates with their clock time, without a zone."""
    return Column(name, "datetime64[us]", title, meaning)


ATTEMPT: Final = whole("attempt", "Attempt", "One start of the solver, counted from 1.")
LINE: Final = whole("line", "Line", "The line of the log that it comes from, counted from 1.")
