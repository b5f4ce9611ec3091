"""Protobuf text format, read without a schema.

Format: https://protobuf.dev/reference/protobuf/textformat-spec/. Caffe dumps its solver and net
parameters in it (google/protobuf/text_format.cc) and users write prototxt files in it. glog cuts a
message at 29,999 bytes, so a dump may end inside a word: whatever stands before the cut is kept, and
every message that the cut left open is marked `complete = False`. So is a message with a whole number that
protobuf itself cannot hold: whoever reads it must not take the field's default instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = "Scalar | Message"


class Identifier(str):
    """An enum's word (`MAX`), which stands without quotes; as a value it is its text."""

    __slots__ = ()


class Octets(str):
    """A string whose escapes are no UTF-8: each character stands for one byte."""

    __slots__ = ()


@dataclass(slots=True)
class Message:
    """One message: field names in order of first appearance, every field repeatable.

    `complete` is False where the text ended before the closing brace, or a number within could not be held; `line` is
    the 1-based line of the opening brace within the text.
    """

    fields: dict[str, list[Value]] = field(default_factory=dict)
    complete: bool = True
    line: int = 1

    def all(self, name: str) -> list[Value]:
        """Every value of the field, in order; empty where it is not set."""
        return self.fields.get(name, [])

    def last(self, name: str) -> Value | None:
        """The last value of the field (protobuf: the last one wins), or None."""
        values = self.fields.get(name)
        return values[-1] if values else None

    def text(self, name: str, default: str = "") -> str:
        """The field as text: a string, or an enum's identifier."""
        value = self.last(name)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: float) -> float:
        """The field as a number; `default` where it is not set or is no number."""
        value = self.last(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else default

    def integer(self, name: str, default: int) -> int:
        """The field as a whole number; `default` where it is not set or is none."""
        value = self.last(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def flag(self, name: str, *, default: bool) -> bool:
        """The field as a truth value; text format also allows 0, 1, t and f."""
        return _TRUTH.get(str(self.last(name)).lower(), default)

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a repeated string field."""
        return tuple(value for value in self.all(name) if isinstance(value, str))

    def integers(self, name: str) -> tuple[int, ...]:
        """Every value of a repeated integer field."""
        return tuple(v for v in self.all(name) if isinstance(v, int) and not isinstance(v, bool))

    def numbers(self, name: str) -> tuple[float, ...]:
        """Every value of a repeated number field."""
        return tuple(v for v in self.all(name) if isinstance(v, int | float) and not isinstance(v, bool))

    def child(self, name: str) -> Message:
        """The sub-message; an empty one where it is not set (protobuf's default instance).

        Several occurrences of a message field that is not repeated are merged, as protobuf does.
        """
        found = [value for value in self.all(name) if isinstance(value, Message)]
        if len(found) == 1:
            return found[0]
        merged = Message()
        for one in found:
            for key, values in one.fields.items():
                merged.fields.setdefault(key, []).extend(values)
        return merged

    def children(self, name: str) -> list[Message]:
        """Every sub-message of a repeated message field."""
        return [value for value in self.all(name) if isinstance(value, Message)]

    def has(self, name: str) -> bool:
        """Whether the field is set."""
        return name in self.fields

    def __bool__(self) -> bool:
        """An empty message is false."""
        return bool(self.fields)


_TRUTH: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}

# Tokens overlap in no way that backtracking could explore: each alternative starts with its own bytes.
_TOKEN: Final = re.compile(
    r"""(?P<blank>[\s,;]+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<open>[{<])
      | (?P<close>[}>])
      | (?P<mark>[:\[\]])
      | (?P<word>[-+\w.]+)
      | (?P<broken>.)""",
    re.VERBOSE | re.DOTALL,
)
# A match a line: as protobuf prints them (`name: "text"`, `name: word`, `name {`, `}`, nothing) or, last, any other.
_LINE: Final = re.compile(
    r"""^[ ]*+ (?: ([A-Za-z_]\w*+) (?: :[ ](?: ("[^"\\\n]*+") | ([-+\w.]++) ) | ([ ]\{) ) | (\}) )?$ | ^(.+)$""",
    re.VERBOSE | re.MULTILINE,
)
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fF]?\Z")
_WHOLE: Final = re.compile(r"[-+]?(?:\d+[fF]?|0[xX][0-9a-fA-F]+)\Z")
_SHORT: Final = 15  # no whole number of so few characters is too large
_HEX: Final = re.compile(r"[-+]?0[xX][0-9a-fA-F]+\Z")
_ESCAPE: Final = re.compile(r"\\(?:[0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|.)", re.DOTALL)
_PLAIN_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_SPECIAL_FLOATS: Final = {"inf": "inf", "infinity": "inf", "nan": "nan", "-inf": "-inf", "-nan": "nan"}
LARGEST_WHOLE: Final = (
    2**63 - 1
)  # of protobuf's whole numbers (its unsigned ones apart, whose upper half Caffe never uses)
_WORD_LIMIT: Final = 400  # no number is longer; int() on a giant word would take quadratic time


def _unescape_one(match: re.Match[str]) -> str:
    body = match.group()[1:]
    if body[0] in "01234567":
        return chr(int(body, 8) & 0xFF)
    if body[0] in "xX" and len(body) > 1:
        return chr(int(body[1:], 16))
    return _PLAIN_ESCAPES.get(body, body)


def _unquote(text: str) -> str:
    """A quoted string's value; octal escapes are UTF-8 bytes, as protobuf prints them."""
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    plain = _ESCAPE.sub(_unescape_one, inner)
    try:
        octets = plain.encode("latin-1")
    except UnicodeError:  # there are letters beside the escapes
        return plain
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return Octets(plain)


def is_unheld(word: str) -> bool:
    """Whether a word is a whole number that protobuf cannot hold; as a value it stays a word."""
    return len(word) > _SHORT and bool(_WHOLE.match(word)) and isinstance(_scalar(word), str)


def _scalar(word: str) -> Scalar:
    return _short_scalar(word) if len(word) <= _WORD_LIMIT else Identifier(word)


def _whole(word: str, base: int) -> Scalar:
    value = int(word, base)
    return value if -LARGEST_WHOLE <= value <= LARGEST_WHOLE else Identifier(word)


@lru_cache(4096)  # the same few hundred numbers and enums make up every definition
def _short_scalar(word: str) -> Scalar:
    if word in {"true", "false"}:
        return word == "true"
    if (special := _SPECIAL_FLOATS.get(word.lower())) is not None:
        return float(special)
    if _HEX.match(word):
        return _whole(word, 16)
    if _NUMBER.match(word):
        bare = word.rstrip("fF")
        return _whole(bare, 10) if bare.lstrip("+-").isdigit() else float(bare)
    return Identifier(word)


class _Reader:
    """One pass over a text, with the stack of open messages instead of recursion."""

    def __init__(self) -> None:
        self.root = Message()
        self.stack = [self.root]
        self.name: str | None = None
        self.name_ended = False  # a colon was seen
        self.in_list = False
        self.errors: list[tuple[int, str]] = []

    def read(self, text: str) -> None:
        """Read a whole text: a line at a time as far as it is printed by protobuf, else a token at a time."""
        if "\\\n" in text:  # a string may run over this line end
            self._tokens(text, 1)
            return
        for number, (line, parts) in enumerate(zip(text.split("\n"), _LINE.findall(text), strict=True), 1):
            name, string, word, opens, closes, other = parts
            if other or self.name is not None or self.in_list:
                self._tokens(line, number)
            elif string:
                self._add(name, string[1:-1])
            elif word:
                self._add_word(name, word, number)
            elif opens:
                self._open(name, number)
            elif closes:
                self._close(number)

    def _tokens(self, text: str, line: int) -> None:
        for match in _TOKEN.finditer(text):
            kind, token = match.lastgroup or "broken", match[0]
            if kind != "blank":
                _HANDLERS[kind](self, token, line)
            line += token.count("\n")

    def broken(self, token: str, line: int) -> None:
        self.errors.append((line, f"unexpected {token!r}"))
        self._forget()

    def open(self, _token: str, line: int) -> None:
        if self.name is None:
            self.errors.append((line, "a brace without a field name"))
        self._open(self.name or "", line)
        self._forget()

    def close(self, _token: str, line: int) -> None:
        if self.name is not None:
            self.errors.append((line, f"field {self.name!r} has no value"))
        self._forget()
        self._close(line)

    def mark(self, text: str, _line: int) -> None:
        if text == ":":
            self.name_ended = self.name is not None
        else:
            self.in_list = text == "["
            if text == "]":
                self._forget()

    def word(self, token: str, line: int) -> None:
        if self.name is not None and (self.name_ended or self.in_list):
            self._add_word(self.name, token, line)
            self._value_ended()
        else:
            if self.name is not None:
                self.errors.append((line, f"field {self.name!r} has no value"))
            self.name, self.name_ended = token, False

    def string(self, token: str, line: int) -> None:
        if self.name is None:
            self._continue_string(token, line)
        else:
            self._value(_unquote(token))

    def _continue_string(self, token: str, line: int) -> None:
        """Adjacent strings are one value (text format joins them)."""
        fields = self.stack[-1].fields
        last = next(reversed(fields.values()), None)
        if last and isinstance(last[-1], str):
            last[-1] += _unquote(token)
        else:
            self.errors.append((line, "a value without a field name"))

    def _value(self, value: Scalar) -> None:
        self._add(self.name or "", value)
        self._value_ended()

    def _value_ended(self) -> None:
        if not self.in_list:
            self._forget()

    def _add(self, name: str, value: Value) -> None:
        self.stack[-1].fields.setdefault(name, []).append(value)

    def _add_word(self, name: str, word: str, line: int) -> None:
        self._add(name, _scalar(word))
        if is_unheld(word):
            self.errors.append((line, f"field {name!r} has a number that 64 bits do not hold"))
            for message in self.stack[1:]:
                message.complete = False

    def _open(self, name: str, line: int) -> None:
        child = Message(line=line)
        self._add(name, child)
        self.stack.append(child)

    def _close(self, line: int) -> None:
        if len(self.stack) == 1:
            self.errors.append((line, "a closing brace too many"))
        else:
            self.stack.pop()

    def _forget(self) -> None:
        self.name, self.name_ended, self.in_list = None, False, False


_HANDLERS: Final[dict[str, Callable[[_Reader, str, int], None]]] = {
    kind: getattr(_Reader, kind) for kind in ("open", "close", "mark", "word", "string", "broken")
}


class Document(NamedTuple):
    """A parsed text: its root message, whether it was cut, and what could not be read (line, why)."""

    root: Message
    cut: bool
    errors: tuple[tuple[int, str], ...]


def parse(text: str, *, cut: bool = False) -> Document:
    """Read `text`; never raises.

    With `cut` the text is known to end at an arbitrary byte (glog's limit): its last word is not
    trusted, since `num_output: 25` may have been `num_output: 256`.
    """
    if cut:
        text = text[: max(text.rfind("\n"), 0)]
    reader = _Reader()
    reader.read(text)
    for message in reader.stack[1:]:
        message.complete = False
    is_cut = cut or len(reader.stack) > 1 or reader.name is not None
    reader.root.complete = not is_cut
    return Document(reader.root, is_cut, tuple(reader.errors))
