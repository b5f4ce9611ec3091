"""Text format as it is written: values, escapes, comments; whatever a name holds, it stays a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.recover.textprint import comment, field_lines, quoted, same, value_text
from logparse.textproto import Identifier, Octets, parse

if TYPE_CHECKING:
    from logparse.textproto import Message


def back(text: str) -> Message:
    document = parse(text)
    assert document.errors == ()
    assert not document.cut
    return document.root


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("conv1", '"conv1"'),
        ('a "b" \\ c', r'"a \"b\" \\ c"'),
        ("two\nlines\r\t", r'"two\nlines\r\t"'),
        ("é", r'"\303\251"'),
        ("卷积", r'"\345\215\267\347\247\257"'),
        ("\x1b[0m", r'"\033[0m"'),
        ("# no comment", '"# no comment"'),
        (Octets("é"), r'"\351"'),
        ("", '""'),
    ],
)
def test_a_string_is_written_as_protobuf_prints_it(text: str, written: str) -> None:
    assert quoted(text) == written
    assert back(f"name: {written}").all("name") == [text]


@given(st.text())
def test_any_string_reads_back(text: str) -> None:
    assert back(f"name: {quoted(text)}").all("name") == [text]
    assert quoted(text).isascii()
    assert "\n" not in quoted(text)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Identifier("MAX"), "MAX"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (-1, "-1"),
        (0.00390625, "0.00390625"),
        (1e-05, "1e-05"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_value_is_written_with_all_its_digits(value: Identifier | float, written: str) -> None:
    assert value_text(value) == written


def test_bytes_that_are_no_utf8_stay_what_they_are() -> None:
    [name] = back(r'name: "\377caf\351"').all("name")
    assert isinstance(name, Octets)
    assert quoted(name) == r'"\377caf\351"'


def test_words_and_strings_are_told_apart() -> None:
    message = back('pool: MAX type: "MAX"')
    assert list(field_lines("layer", message)) == ["layer {", "  pool: MAX", '  type: "MAX"', "}"]


def test_a_message_is_written_however_deep_it_is() -> None:
    depth = 5000
    message = back("a {" * depth + "b: 1" + "}" * depth)
    lines = list(field_lines("layer", message))
    assert len(lines) == 2 * depth + 3
    assert same(message) == same(back("a {" * depth + "b: 1" + "}" * depth))


@given(st.text())
def test_no_name_ends_a_comment(text: str) -> None:
    lines = list(comment(f"layer {text} {{"))
    assert all(line.startswith("#") and line.isascii() for line in lines)
    assert not any(mark in line for line in lines for mark in "\n\r\x0b\x0c")
    assert not back("\n".join(lines)).fields


def test_messages_are_the_same_in_any_order_of_their_fields() -> None:
    assert same(back("a: 1 b: 2 b: 3")) == same(back("b: 2 b: 3 a: 1"))
    assert same(back("b: 2 b: 3")) != same(back("b: 3 b: 2"))
    assert same(back("a: MAX")) != same(back('a: "MAX"'))
    assert same(back("a {}")) != same(back(""))
