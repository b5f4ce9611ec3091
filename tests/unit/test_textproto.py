"""The text format is read without a schema, whole or cut anywhere."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logparse.textproto import Message, _Reader, parse


def test_fields_repeat_and_keep_their_order() -> None:
    root = parse('name: "net" layer { name: "a" } layer { name: "b" top: "x" top: "y" }').root
    assert root.text("name") == "net"
    assert [layer.text("name") for layer in root.children("layer")] == ["a", "b"]
    assert root.children("layer")[1].texts("top") == ("x", "y")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 5", 5),
        ("a: -5", -5),
        ("a: 0x1F", 31),
        ("a: 1e-05", 1e-05),
        ("a: .5", 0.5),
        ("a: 0.5f", 0.5),
        ("a: true", True),
        ("a: MAX", "MAX"),
        ('a: "x\\ny"', "x\ny"),
        ('a: "\\347\\232\\204"', "的"),
        ("a: 'single'", "single"),
        ('a: "one" "two"', "onetwo"),
        ("a: 1;", 1),
    ],
)
def test_a_scalar(text: str, value: object) -> None:
    assert parse(text).root.last("a") == value


def test_short_repeated_form_comments_and_angle_brackets() -> None:
    root = parse("# a comment\ndim: [1, 2, 3]\nsub < x: 1 >\nother: { y: 2 }").root
    assert root.integers("dim") == (1, 2, 3)
    assert root.child("sub").last("x") == 1
    assert root.child("other").last("y") == 2


def test_special_floats() -> None:
    assert parse("a: inf").root.last("a") == float("inf")
    assert str(parse("a: nan").root.last("a")) == "nan"


def test_a_cut_text_keeps_what_is_whole_and_marks_what_is_not() -> None:
    document = parse('layer { name: "a" }\nlayer {\n  name: "b"\n  num_output: 25', cut=True)
    first, second = document.root.children("layer")
    assert document.cut
    assert first.complete
    assert not second.complete
    assert not second.has("num_output"), "25 may have been 256"


def test_errors_carry_their_line() -> None:
    document = parse('a: 1\nb: }\nc: "x')
    assert [line for line, _ in document.errors] == [2, 2, 3]


def test_a_text_may_hold_what_looks_like_a_log_line() -> None:
    root = parse('name: "Iteration 1, loss = 2"\nlayer { name: "I1124 10:43:20.9 1 net.cpp:1] x" }').root
    assert root.text("name") == "Iteration 1, loss = 2"


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_read_without_an_error(text: str, cut: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    assert isinstance(parse(text, cut=cut).root, Message)


PRINTED: Final = ("layer {", '  name: "a"', "  k: 1e-05", "  p: MAX", "}", "", "  stride: 007", '  top: "x y"')
WRITTEN: Final = (
    "a: [1,",
    " 2]",
    '"more"',
    "b",
    ":",
    "5",
    "{",
    "} }",
    'c: "x\\',
    'y"',
    "'",
    "# layer {",
    "d: 1 # e",
    "[f.g] {",
    "h < i: 1 >",
    "j: 2;",
    "\x85k: 3",
    "é: 4",
)


@given(st.lists(st.sampled_from(PRINTED + WRITTEN), max_size=20).map("\n".join))
def test_a_line_at_a_time_reads_what_a_token_at_a_time_reads(text: str) -> None:
    by_line, by_token = _Reader(), _Reader()
    by_line.read(text)
    by_token._tokens(text, 1)
    assert by_line.root == by_token.root
    assert by_line.errors == by_token.errors
    assert [message.line for message in by_line.stack] == [message.line for message in by_token.stack]


@given(st.integers(min_value=0, max_value=200))
def test_a_prefix_gives_a_prefix_of_the_layers(length: int) -> None:
    text = "".join(f'layer {{ name: "l{i}" top: "t{i}" p {{ k: {i} }} }}\n' for i in range(5))
    whole = parse(text).root.children("layer")
    part = [layer for layer in parse(text[:length], cut=True).root.children("layer") if layer.complete]
    assert part == whole[: len(part)]


def test_deep_nesting_needs_no_recursion() -> None:
    depth = 20_000
    document = parse("a { " * depth + "x: 1" + " }" * depth)
    assert not document.cut
