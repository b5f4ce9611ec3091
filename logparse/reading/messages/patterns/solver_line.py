"""What an entry of the table of solver lines is: pattern, series, columns and templates of one kind of line, together.

A column is read from groups of the pattern; in a template the field of the same name holds it. So whoever adds a column
names it in the pattern, in `columns`, and in the templates that print it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from logparse.reading.line.values import NAN, integer, number
from logparse.reading.messages.patterns.pattern import make_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from logparse.reading.messages.patterns.pattern import Pattern

    Match = re.Match[str]
    Intern = Callable[[str], int]

WHOLE: Final = "whole number"
DECIMAL: Final = "decimal"
NAME: Final = "name"  # kept as a number: an index into Curves.names
MISSING: Final = -1  # a whole number that is not printed, or too large to be held; a decimal is NaN


class SeriesColumn(NamedTuple):
    """A column of a series: its kind, the pattern's groups that it is read from, and what reads it."""

    name: str
    kind: str
    groups: tuple[str, ...]
    read: Callable[[Match, Intern], float]
    whole_groups: tuple[str, ...] = ()  # of its groups, those whose text is read as a whole number


class Template(NamedTuple):
    """The text of a line with fields in braces; see fast/templates.py. `constants` are columns that its words tell."""

    text: str
    constants: tuple[tuple[str, int], ...] = ()


class SolverLine(NamedTuple):
    """One kind of solver line. `columns` stand behind the line's number; lines of one series have the same."""

    pattern: Pattern
    series: str
    columns: tuple[SeriesColumn, ...]
    templates: tuple[Template, ...]

    def row(self, match: Match, intern: Intern) -> tuple[float, ...]:
        """The columns of one line; `intern` gives a name its number."""
        return tuple([column.read(match, intern) for column in self.columns])


def solver_line(  # noqa: PLR0913 - the columns of a table
    name: str,
    regex: str,
    *samples: str,
    columns: tuple[SeriesColumn, ...],
    series: str | None = None,
    templates: tuple[str | Template, ...] = (),
    mirrors: str = "solver.cpp",
    anywhere: bool = False,
) -> SolverLine:
    """An entry; its series is called as it is, where no other is named."""
    pattern = make_pattern("series", name, regex, *samples, mirrors=mirrors, anywhere=anywhere)
    made = tuple(Template(one) if isinstance(one, str) else one for one in templates)
    return SolverLine(pattern, series or name, columns, made)


def whole_number(name: str) -> SeriesColumn:
    """A whole number, -1 where it is not printed, or larger than a column holds."""

    def read(match: Match, _intern: Intern) -> int:
        value = integer(match[name])
        return MISSING if value is None else value

    return SeriesColumn(name, WHOLE, (name,), read, (name,))


def decimal_number(name: str) -> SeriesColumn:
    """A number, NaN where it is not printed."""
    return SeriesColumn(name, DECIMAL, (name,), lambda match, _intern: number(match[name]))


def either(name: str, other: str) -> SeriesColumn:
    """A decimal that the pattern has in one of two groups."""
    return SeriesColumn(
        name,
        DECIMAL,
        (name, other),
        lambda match, _intern: number(match[other] if match[name] is None else match[name]),
    )


def blank(name: str) -> SeriesColumn:
    """A decimal of the series that this kind of line never prints."""
    return SeriesColumn(name, DECIMAL, (), lambda _match, _intern: NAN)


def name_number(name: str) -> SeriesColumn:
    """A name, as it stands."""
    return SeriesColumn(name, NAME, (name,), lambda match, intern: intern(match[name]))


def trimmed(name: str) -> SeriesColumn:
    """A name without the blanks around it."""
    return SeriesColumn(name, NAME, (name,), lambda match, intern: intern(match[name].strip()))


def called(name: str, text: str) -> SeriesColumn:
    """A name that the line does not print: always this one."""
    return SeriesColumn(name, NAME, (), lambda _match, intern: intern(text))


def word_number(name: str, words: Mapping[str, int]) -> SeriesColumn:
    """A whole number that a word stands for."""
    return SeriesColumn(name, WHOLE, (name,), lambda match, _intern: words[match[name]])


def derived(
    name: str, kind: str, groups: tuple[str, ...], of: Callable[..., float], *, whole: bool = False
) -> SeriesColumn:
    """A number that is worked out from what several groups hold, `whole` numbers or others."""
    return SeriesColumn(
        name, kind, groups, lambda match, _intern: of(*(match[group] for group in groups)), groups if whole else ()
    )
