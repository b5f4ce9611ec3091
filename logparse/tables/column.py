"""What the catalogue says about one column, short ways to say it, and the columns that several tables have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    `dtype` is a pandas dtype ("object" for lists), `unit` a suffix-free word or "". `items` is what a list holds, a
    form of `formats`: "text", "shape" (whole numbers), "shapes", "counts" or "flags"; "" for all other columns.
    `nan_is_value` says that a NaN is what the log printed: among numpy's plain numbers, which know no NA, it is a gap
    everywhere else.
    """

    name: str
    dtype: str
    title: str
    meaning: str
    unit: str = ""
    items: str = ""
    nan_is_value: bool = False


def whole(name: str, title: str, meaning: str, unit: str = "") -> Column:
    """A column of whole numbers."""
    return Column(name, "Int64", title, meaning, unit)


def decimal(name: str, title: str, meaning: str, unit: str = "") -> Column:
    """A column of decimal numbers."""
    return Column(name, "Float64", title, meaning, unit)


def printed(name: str, title: str, meaning: str) -> Column:
    """A column of decimal numbers in which the log may print nan, as a diverged loss does."""
    return Column(name, "Float64", title, meaning, nan_is_value=True)


def text(name: str, title: str, meaning: str) -> Column:
    """A column of text."""
    return Column(name, "string", title, meaning)


def truth(name: str, title: str, meaning: str) -> Column:
    """A column of truth values."""
    return Column(name, "boolean", title, meaning)


def listed(name: str, title: str, meaning: str, items: str = "text") -> Column:
    """A column of lists; `items` is what they hold."""
    return Column(name, "object", title, meaning, items=items)


def moment(name: str, title: str, meaning: str) -> Column:
    """A column of dates with their clock time, without a zone."""
    return Column(name, "datetime64[us]", title, meaning)


ATTEMPT: Final = whole("attempt", "Attempt", "One start of the solver, counted from 1.")
LINE: Final = whole("line", "Line", "The line of the log that it comes from, counted from 1.")

ITERATION: Final = whole("iteration", "Iteration", "As printed.")
FILED: Final = whole(
    "iteration",
    "Iteration",
    "Of the line that begins the group it stands in; NA where that line is not in the log.",
)
ELAPSED: Final = decimal("elapsed_s", "Elapsed", "Since the attempt's first line, by the lines' own time stamps.", "s")
TIME: Final = moment("time", "Time", "By the machine's clock, its zone unknown; NA where nothing tells the year.")
SUPERSEDED: Final = truth("superseded", "Superseded", "Whether a later attempt went over this iteration again.")
ELEMENT: Final = whole(
    "element", "Element", "The place of the value in its blob, from 0: an output that is a vector has a line for each."
)
WEIGHTED: Final = (
    decimal("loss_weight", "Loss weight", "The weight with which it enters the loss; NA where it does not."),
    decimal("weighted_loss", "Weighted", "Value times weight, as printed."),
)
