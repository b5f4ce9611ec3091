"""The recovered text: a head that says what it is of, then the net's fields and its layers, each under its grade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logparse.formats import count, plural
from logparse.recover.grades import Grade
from logparse.recover.textprint import comment, field_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from logparse.recover.grades import DefinedLayer, OpenField
    from logparse.textproto import Message

_GRADES = "Each layer is verbatim (the log prints its whole definition), rebuilt (its fields follow from what is said \
above it) or open (a field is left out, since the log does not fix it)."


def net_text(
    head: Iterable[str], fields: Message, layers: Sequence[DefinedLayer], open_fields: Sequence[OpenField] = ()
) -> str:
    """The text of a net."""
    return "".join(f"{line}\n" for line in _net_lines(head, fields, layers, open_fields))


def _net_lines(
    head: Iterable[str], fields: Message, layers: Sequence[DefinedLayer], open_fields: Sequence[OpenField]
) -> Iterator[str]:
    for text in (*head, *_tally(layers)):
        yield from comment(text)
    for one in open_fields:
        yield from comment(open_words(one.field, one.why))
    yield from message_lines(fields)
    for piece in layers:
        yield from comment(f"{piece.grade}: {'; '.join(piece.stated)}" if piece.stated else piece.grade)
        for field, why in piece.open:
            yield from comment(open_words(field, why))
        yield from field_lines("layer", piece.message)


def open_words(field: str, why: str) -> str:
    """What a comment says of an open field."""
    return f"not known: {field}: {why}"


def message_lines(message: Message) -> Iterator[str]:
    """The fields of a message, one after the other."""
    for name, values in message.fields.items():
        for value in values:
            yield from field_lines(name, value)


def _tally(layers: Sequence[DefinedLayer]) -> Iterator[str]:
    shares = [f"{count(sum(piece.grade is grade for piece in layers))} {grade}" for grade in Grade]
    yield f"{count(len(layers))} {plural('layer', len(layers))}: {', '.join(shares)}. {_GRADES}"
