"""Messages → protobuf's text format, as protobuf itself prints it (google/protobuf/text_format.cc); comments.

The text is plain ASCII: what a name holds beyond that, and every control character, is written as an escape, in
comments too, so that no name can end a comment or a string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from logparse.textproto import Identifier, Message, Octets, is_unheld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.textproto import Scalar, Value

_FIELD: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WIDTH: Final = 2  # blanks of one level
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "'": "\\'", "\\": "\\\\"}
_LONGEST: Final = 110  # columns of a comment
_TYPED: Final = {"×": "x", "–": "-", "…": "..."}  # of our own words
_AS_THEY_ARE: Final = frozenset("\"'\\")  # in a comment


def quoted(text: str) -> str:
    """A string between quotes; beyond ASCII its bytes of UTF-8 in octal."""
    encoding = "latin-1" if isinstance(text, Octets) else "utf-8"
    return '"' + "".join(_escaped(mark, encoding) for mark in text) + '"'


def _escaped(mark: str, encoding: str = "utf-8") -> str:
    if mark in _ESCAPES:
        return _ESCAPES[mark]
    if mark.isascii() and mark.isprintable():
        return mark
    return "".join(f"\\{byte:03o}" for byte in mark.encode(encoding, "surrogatepass"))


def value_text(value: Scalar) -> str:
    """One value as text format has it: an enum's word bare, a string between quotes, a number with all its digits."""
    if isinstance(value, Identifier):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def field_lines(name: str, value: Value, depth: int = 0) -> Iterator[str]:
    """The lines of one field. Hostile nesting is met with a stack, not with recursion."""
    stack: list[Iterator[tuple[str, Value]]] = [iter([(name, value)])]
    while stack:
        blanks = " " * _WIDTH * (depth + len(stack) - 1)
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            if stack:
                yield f"{blanks[_WIDTH:]}}}"
        elif isinstance(following[1], Message):
            yield f"{blanks}{following[0]} {{"
            stack.append(_fields(following[1]))
        else:
            yield f"{blanks}{following[0]}: {value_text(following[1])}"


def _fields(message: Message) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, values in message.fields.items() for value in values)


def is_writable(value: Value) -> bool:
    """Whether a value can be written so that it reads back: not with a damaged dump's fields without a name, say."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, Message):
            if not one.complete or not all(map(_FIELD.fullmatch, one.fields)):
                return False
            stack += (each for values in one.fields.values() for each in values)
        elif isinstance(one, Identifier) and is_unheld(one):
            return False
    return True


def writable(message: Message) -> tuple[Message, tuple[str, ...]]:
    """The fields of a message that can be written, and the names of those that cannot, as far as they have one."""
    kept = {name: [one for one in values if is_writable(one)] for name, values in message.fields.items()}
    lost = [name for name, values in kept.items() if len(values) < len(message.fields[name])]
    lost += [name for name in kept if not _FIELD.fullmatch(name)]
    fields = {name: values for name, values in kept.items() if values and _FIELD.fullmatch(name)}
    return Message(fields, line=message.line), tuple(dict.fromkeys(lost))


def same(message: Message) -> object:
    """A value that is equal for messages of equal fields, in whatever order these stand."""
    return frozenset(
        (name, place, "\n".join(field_lines(name, value)))
        for name, values in message.fields.items()
        for place, value in enumerate(values)
    )


def comment(text: str, depth: int = 0) -> Iterator[str]:
    """The text as lines of a comment, broken between words."""
    from textwrap import wrap

    blanks = " " * _WIDTH * depth
    plain = "".join(_TYPED.get(mark) or (mark if mark in _AS_THEY_ARE else _escaped(mark)) for mark in text)
    for line in wrap(plain, _LONGEST, break_long_words=False, break_on_hyphens=False) or [""]:
        yield f"{blanks}# {line}".rstrip()
