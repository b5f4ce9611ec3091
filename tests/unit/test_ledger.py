"""The ledger in the making: what counts as one kind of line, how many kinds are kept, and in which order they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logparse import parse_log
from logparse.model import LedgerRow
from logparse.reading.messages.ledger import CLASSES, LedgerTally, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable

STAMP = "I1124 10:43:20.990321 23669 net.cpp:1] "


# Shapes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("Frobnicating 7 blobs", "Frobnicating # blobs"),
        ("a -3 b +4 c 1.5e-05 d 1,000", "a # b # c # d #"),
        ("at 10:20 or 3.", "at # or #"),
        ("layer 'conv 1' and \"pool 2\"", "layer # and #"),
        ("an 'unclosed name 5", "an 'unclosed name #"),
        ("it's 'a'", "it#a'"),
        ("  many    blanks\there ", "many blanks here"),
        ("one two three four five six seven eight nine ten", "one two three four five six seven eight"),
        ("", "(blank)"),
        ("   ", "(blank)"),
        ("w" * 100, "w" * 80),
        (f"{'w' * 39} {'x' * 39} {'y' * 39}", f"{'w' * 39} {'x' * 39} "),
        ("word", "word"),
    ],
)
def test_numbers_and_quoted_names_are_blanked_out(message: str, shape: str) -> None:
    """Of eight words and eighty letters."""
    assert shape_of(message) == shape


def test_an_address_is_a_number() -> None:
    assert shape_of("thread 0x7f592d1e6bb7 died") == "thread # died"


def test_only_the_first_four_hundred_letters_are_looked_at() -> None:
    """A blank run of 398 letters, then a word that is cut after two of its letters."""
    assert shape_of(f"{' ' * 398}abc") == "ab"


def test_lines_of_one_shape_are_one_row_and_others_are_not() -> None:
    text = [f"Frobnicating {number} blobs of 'l{number}'" for number in range(3)] + ["Humming"]
    rows = parse_log("".join(f"{STAMP}{one}\n" for one in [*text, "Use CPU."]).encode()).facts.ledger

    assert [row for row in rows if row.kind == "unknown"] == [
        LedgerRow("unknown", "Frobnicating # blobs of #", 3, 1, "Frobnicating 0 blobs of 'l0'"),
        LedgerRow("unknown", "Humming", 1, 4, "Humming"),
    ]


def words(count: int, start: int = 0) -> Iterable[str]:
    """Words without a figure, each another shape."""
    for number in range(start, start + count):
        yield "".join(chr(ord("a") + int(digit)) for digit in str(number))


@pytest.mark.parametrize(("shapes", "other"), [(400, 0), (401, 1), (450, 50)])
def test_four_hundred_shapes_are_kept_and_the_rest_counted_together(shapes: int, other: int) -> None:
    tally = LedgerTally()
    for line, word in enumerate(words(shapes), 1):
        tally.add_shape("unknown", line, word)

    rows = tally.rows()
    rest = [row for row in rows if row.reason == "other shapes"]

    assert len(rows) == min(shapes, 400) + (other > 0)
    assert [(row.lines, row.first_line) for row in rest] == ([(other, 401)] if other else [])
    assert sum(row.lines for row in rows) == shapes


def test_a_shape_that_is_kept_goes_on_being_counted() -> None:
    tally = LedgerTally()
    for line, word in enumerate(words(401), 1):
        tally.add_shape("unknown", line, word)
    tally.add_shape("unknown", 500, "a")

    assert {row.reason: row.lines for row in tally.rows()}["a"] == 2


def test_shapes_of_all_classes_share_the_bound() -> None:
    tally = LedgerTally()
    for line, word in enumerate(words(300), 1):
        tally.add_shape("unknown", line, word)
        tally.add_shape("foreign", line, word)

    kinds = [row.kind for row in tally.rows() if row.reason != "other shapes"]
    assert (len(kinds), kinds.count("unknown"), kinds.count("foreign")) == (400, 200, 200)


# Rows -----------------------------------------------------------------------------------------------------------------


def test_the_first_line_is_shown_whichever_was_counted_first() -> None:
    tally = LedgerTally()
    tally.add("recognised", "a", 5, "fifth")
    tally.add("recognised", "a", 9, "ninth", 3)
    tally.add("recognised", "a", 2, "second")
    tally.add("recognised", "a", 2, "another second")

    assert tally.rows() == (LedgerRow("recognised", "a", 6, 2, "second"),)


def test_an_example_has_a_hundred_and_sixty_letters() -> None:
    tally = LedgerTally()
    tally.add("recognised", "a", 5, "x" * 200)
    tally.add("recognised", "b", 5, "short")
    tally.add("recognised", "b", 4, "y" * 161)

    assert [row.example for row in tally.rows()] == ["y" * 160, "x" * 160]


def test_several_lines_at_once_count_as_many() -> None:
    tally = LedgerTally()
    tally.add("ignored", "blank line", 7, "", 40)

    assert tally.rows() == (LedgerRow("ignored", "blank line", 40, 7, ""),)


def test_classes_stand_in_a_fixed_order_and_the_frequent_first() -> None:
    tally = LedgerTally()
    for kind in reversed(CLASSES):
        tally.add(kind, "rare", 1, "")
        tally.add(kind, "often", 2, "", 2)

    assert CLASSES == ("recognised", "ignored", "dump", "foreign", "unknown")
    assert [(row.kind, row.reason) for row in tally.rows()] == [
        (kind, reason) for kind in CLASSES for reason in ("often", "rare")
    ]


def test_of_equally_many_the_earlier_stands_first_and_then_the_alphabet() -> None:
    tally = LedgerTally()
    tally.add("unknown", "c", 3, "")
    tally.add("unknown", "b", 1, "")
    tally.add("unknown", "a", 1, "")

    assert [row.reason for row in tally.rows()] == ["a", "b", "c"]


def test_every_line_of_a_log_is_counted_once() -> None:
    text = f"{STAMP}Use CPU.\n\n\n{STAMP}Frobnicating\nspeed: 3\n{STAMP}Initializing solver from parameters: \nlr: 1\n"
    log = parse_log(text.encode())

    assert sum(row.lines for row in log.facts.ledger) == log.facts.source.lines == 7
    assert [(row.kind, row.lines) for row in log.facts.ledger] == [
        ("recognised", 1),
        ("recognised", 1),
        ("ignored", 2),
        ("dump", 1),
        ("foreign", 1),
        ("unknown", 1),
    ]
