"""Argument types: the text of an option → its value, or a sentence that says what is expected."""

from __future__ import annotations

import argparse
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from logparse.errors import suggestion
from logparse.reading.line.years import YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_PROCESSES: Final = 4  # one reads and puts together what the others scan
_MOST_COUNT: Final = 2**31 - 1
_MANY_DIGITS: Final = 30  # more than one reads
_MOST_BYTES: Final = 2**63
_UNITS: Final[Mapping[str, int]] = {
    "": 1,
    "b": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate("kmgt", 1)},
}
_SIZE: Final = re.compile(r"(?P<number>[0-9]{1,18}(?:\.[0-9]{1,6})?) ?(?P<unit>(?:[kmgt]i?)?b|)", re.IGNORECASE)


def one_of(names: Sequence[str], what: str) -> Callable[[str], str]:
    """Make an argument type: one of these names; a misspelt one is answered with the nearest."""

    def name(text: str) -> str:
        if text in names:
            return text
        raise argparse.ArgumentTypeError(f"there is no {what} {text!r}; {suggestion(text, names)}")

    return name


def process_count(text: str) -> int:
    """Argument type: how many processes, from 1 to as many as are of use."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST_PROCESSES):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_PROCESSES}")
    return int(text)


def year(text: str) -> int:
    """Argument type: a year with four digits."""
    if not (text.isascii() and text.isdigit() and int(text) in YEARS):
        raise argparse.ArgumentTypeError(f"{text!r} is no year between {YEARS[0]} and {YEARS[-1]}")
    return int(text)


def size_bytes(text: str) -> int:
    """Argument type: a size in bytes, `8GiB`, `9.14MiB` or `600MB`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: give 8GiB, 594MiB or bytes")
    value = round(Fraction(found["number"]) * _UNITS[found["unit"].lower()])
    if value >= _MOST_BYTES:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 64 bits can address: give 8GiB, 594MiB or bytes")
    return value


def share(text: str) -> float:
    """Argument type: a share, `99%` or `0.99`."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: give 99% or 0.99")
    return value


def positive(text: str) -> int:
    """Argument type: a whole number from 1, that an int of Caffe's can hold."""
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    digits = text.lstrip("0")
    if len(digits) > len(str(_MOST_COUNT)) or int(digits) > _MOST_COUNT:
        shown = digits if len(digits) < _MANY_DIGITS else f"a number of {len(digits)} digits"
        raise argparse.ArgumentTypeError(f"{shown} is more than Caffe can count: an int of C++ ends at {_MOST_COUNT:,}")
    return int(digits)


def names(text: str) -> tuple[str, ...]:
    """Argument type: names with commas between them."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing: give names with commas between them")
    return found


MOST_POINTS: Final = 100  # of a sweep
_SWEEP: Final = re.compile(
    r"(?P<what>batch|test-batch)=(?:(?P<first>[0-9]+)\.\.(?P<last>[0-9]+)(?P<step>[x+][0-9]+)?|(?P<list>[0-9]+(?:,[0-9]+)*))"
)


def sweep(text: str) -> tuple[str, tuple[int, ...]]:
    """Argument type: `batch=1..512x2` (each twice the one before), `batch=8..64+8`, `batch=1,8,64`, or test-batch.

    Without a step each is twice the one before. Gives what is swept, and its values.
    """
    found = _SWEEP.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no sweep: give batch=1..512x2, batch=8..64+8 or batch=1,8,64")
    if found["list"]:
        values = [positive(number) for number in found["list"].split(",")]
    else:
        first, last = positive(found["first"]), positive(found["last"])
        values = _stepped(text, first, last, found["step"] or "x2")
    if len(values) > MOST_POINTS:
        raise argparse.ArgumentTypeError(f"{text!r} has more than {MOST_POINTS} points: give a larger step")
    return found["what"], tuple(dict.fromkeys(values))


def _stepped(text: str, first: int, last: int, step: str) -> list[int]:
    by = positive(step[1:])
    if last < first or (by == 1 and step[0] == "x"):
        raise argparse.ArgumentTypeError(f"{text!r} never ends: give a last one above the first, and a factor above 1")
    values = [first]
    while len(values) <= MOST_POINTS and values[-1] < last:
        values.append(values[-1] * by if step[0] == "x" else values[-1] + by)
    return [value for value in values if value <= last]
