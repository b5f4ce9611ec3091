"""The table of solver lines: what an entry lacks is named, and so is where to add it."""

from __future__ import annotations

import math
import re
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

import pytest

from logparse.reading.fast.scan import CLOCK_COLUMNS
from logparse.reading.fast.scanner import SeriesScanner
from logparse.reading.fast.templates import TEMPLATES
from logparse.reading.input.blocks import TextBlock
from logparse.reading.messages.ignored import IGNORED_PATTERNS
from logparse.reading.messages.patterns.series import BY_PATTERN, SERIES_COLUMNS, SOLVER_LINES
from logparse.reading.messages.patterns.solver_line import DECIMAL, NAME, WHOLE
from tests.reference_reader import read_rows

if TYPE_CHECKING:
    from logparse.reading.messages.patterns.solver_line import SolverLine, Template

HEADER: Final = "I1124 10:43:20.990321 23669 solver.cpp:239] "
FILLINGS: Final = {"d": ("7", "12"), "f": ("0.5", "1e-05"), "s": ("loss", "acc/5"), "k": ("Layer c, top blob c data",)}
KIND_OF_FIELD: Final = {"d": WHOLE, "f": DECIMAL, "s": NAME, "k": NAME}
WITH_TEMPLATES: Final = [line for line in SOLVER_LINES if line.templates]
PAIRS: Final = [(line, template) for line in SOLVER_LINES for template in line.templates]
SAMPLES: Final = [(line, sample) for line in SOLVER_LINES for sample in line.pattern.samples]

entries = pytest.mark.parametrize("line", SOLVER_LINES, ids=lambda line: line.pattern.name)


def fields(template: Template) -> dict[str, str]:
    """Column → kind of field; a field may hold several columns, and what is passed over has no name."""
    found = {}
    for _, name, kind, _ in Formatter().parse(template.text):
        found.update(dict.fromkeys((name or "").split(","), kind or ""))
    found.pop("", None)
    return found


def told(template: Template) -> set[str]:
    return {*fields(template), *dict(template.constants)}


def row_of(line: SolverLine, message: str) -> tuple[list[str], dict[str, Any]]:
    """Names, and the columns as the pattern reads them."""
    names: list[str] = []

    def intern(name: str) -> int:
        names.extend([name] if name not in names else [])
        return names.index(name)

    match = line.pattern.regex.fullmatch(message)
    assert match is not None, f"{line.pattern.name}: its pattern does not match {message!r}, which its template takes"
    return names, dict(zip((column.name for column in line.columns), line.row(match, intern), strict=True))


def as_text(line: SolverLine, names: list[str] | tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    """Names in place of their numbers; None for NaN, so that rows can be compared."""
    kinds = {column.name: column.kind for column in line.columns}
    shown = {name: names[int(value)] if kinds[name] == NAME else value for name, value in row.items()}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in shown.items()}


# --- an entry agrees with itself -----------------------------------------------------------------------------


@entries
def test_every_column_is_read_from_the_pattern(line: SolverLine) -> None:
    for column in line.columns:
        missing = set(column.groups) - set(line.pattern.regex.groupindex)
        assert not missing, (
            f"{line.pattern.name}: column {column.name!r} is read from {missing}, which the pattern has not: "
            "add the group to its expression in patterns/series.py"
        )


@entries
def test_every_group_of_the_pattern_belongs_to_a_column(line: SolverLine) -> None:
    unread = set(line.pattern.regex.groupindex) - {group for column in line.columns for group in column.groups}
    assert not unread, (
        f"{line.pattern.name}: no column is read from {unread}: add it to the entry's `columns`, "
        "or do not name the group"
    )


@entries
def test_every_group_of_the_pattern_is_shown_by_a_sample(line: SolverLine) -> None:
    shown = set()
    for sample in line.pattern.samples:
        match = line.pattern.regex.fullmatch(sample)
        assert match is not None, f"{line.pattern.name}: its pattern does not match its sample {sample!r}"
        shown |= {group for group, text in match.groupdict().items() if text is not None}
    missing = set(line.pattern.regex.groupindex) - shown
    assert not missing, f"{line.pattern.name}: no sample prints {missing}: add a line that does"


@pytest.mark.parametrize(("line", "template"), PAIRS, ids=lambda value: getattr(value, "text", ""))
def test_every_field_of_a_template_is_a_column_of_its_kind(line: SolverLine, template: Template) -> None:
    kinds = {column.name: column.kind for column in line.columns}
    for name, kind in fields(template).items():
        assert name in kinds, (
            f"{line.pattern.name}: {template.text!r} has a field {name!r} that is no column: "
            "add it to the entry's `columns`, or leave the field without a name"
        )
        assert kinds[name] == KIND_OF_FIELD[kind], (
            f"{line.pattern.name}: {template.text!r} reads {name!r} as {kind!r}, its column is a {kinds[name]}"
        )


@pytest.mark.parametrize(("line", "template"), PAIRS, ids=lambda value: getattr(value, "text", ""))
def test_every_template_tells_all_whole_numbers_and_names(line: SolverLine, template: Template) -> None:
    """Only a decimal can be filled up with NaN."""
    missing = {column.name for column in line.columns if column.kind != DECIMAL} - told(template)
    assert not missing, (
        f"{line.pattern.name}: {template.text!r} does not tell {missing}: add the field, or take the template away"
    )


@pytest.mark.parametrize("line", WITH_TEMPLATES, ids=lambda line: line.pattern.name)
def test_every_column_is_told_by_a_template(line: SolverLine) -> None:
    missing = {column.name for column in line.columns} - set().union(*map(told, line.templates))
    assert not missing, (
        f"{line.pattern.name}: no template tells {missing}: lines that print it are read one by one, thirty times "
        "slower; add a template with the field"
    )


@entries
def test_all_lines_of_a_series_have_the_same_columns(line: SolverLine) -> None:
    for other in SOLVER_LINES:
        if other.series == line.series:
            mine, theirs = ([(column.name, column.kind) for column in one.columns] for one in (line, other))
            assert mine == theirs, f"{line.pattern.name} and {other.pattern.name} are lines of one series"


def test_a_column_is_of_one_kind_wherever_it_stands() -> None:
    kinds: dict[str, str] = {}
    for line in SOLVER_LINES:
        for column in line.columns:
            assert kinds.setdefault(column.name, column.kind) == column.kind, (
                f"{line.pattern.name}: column {column.name!r} is a {column.kind} here, a {kinds[column.name]} elsewhere"
            )


def test_no_column_is_called_like_the_line_or_its_time() -> None:
    for series, columns in SERIES_COLUMNS.items():
        assert len({*columns, *CLOCK_COLUMNS}) == len(columns) + len(CLOCK_COLUMNS), series


# --- both ways of reading it, and the reference, agree -------------------------------------------------------


@pytest.mark.parametrize("filling", [0, 1])
@pytest.mark.parametrize(("line", "template"), PAIRS, ids=lambda value: getattr(value, "text", ""))
def test_a_template_gives_the_row_of_its_pattern(line: SolverLine, template: Template, filling: int) -> None:
    message = re.sub(
        r"\{[\w,]*:(.)\}", lambda field: FILLINGS[field[1]][filling % len(FILLINGS[field[1]])], template.text
    )
    found = SeriesScanner().scan(TextBlock(f"{HEADER}{message}\n".encode(), 1))
    assert found.counts.keys() == {line.pattern.name}, message
    columns = found.columns[line.series]
    scanned = {name: columns[name][0].item() for name in SERIES_COLUMNS[line.series] if name != "line"}
    assert as_text(line, found.names, scanned) == as_text(line, *row_of(line, message))


@pytest.mark.parametrize(("line", "sample"), SAMPLES, ids=[f"{line.pattern.name}:{s[:40]}" for line, s in SAMPLES])
def test_a_sample_gives_the_row_that_the_reference_reads(line: SolverLine, sample: str) -> None:
    read = list(read_rows(f"{HEADER}{sample}\n".encode()))
    where = f"{line.pattern.name}: {sample!r}: tests/reference_reader.py"
    assert [row.series for row in read] == [line.series], f"{where} does not read it: add it to MESSAGES and _VALUES"
    missing = set(SERIES_COLUMNS[line.series]) - {"line", *read[0].cells}
    assert not missing, f"{where} reads no {missing}: add it to MESSAGES and to its function in _VALUES"
    mine = as_text(line, *row_of(line, sample))
    theirs = {name: None if value != value else value for name, value in read[0].cells.items()}  # noqa: PLR0124 - NaN
    assert mine == {name: theirs[name] for name in mine}


def test_a_template_is_of_a_solver_line_or_of_an_ignored_message() -> None:
    ignored = {pattern.name: pattern for pattern in IGNORED_PATTERNS}
    for name, templates in TEMPLATES.items():
        if name not in BY_PATTERN:
            assert all(ignored[name].regex.fullmatch(template.text) for template in templates), name
