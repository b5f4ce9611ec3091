"""Templates of the lines that come by the million, and the tree that they make together.

`{name:d}` is a whole number, `{name:f}` a decimal, `{name:s}` the name of an output (up to " = "), and
`{layer,part,blob:k}` the place of a debug_info figure (up to the last ": "). A line that fits no template exactly is
not taken here: it goes to the patterns, which read every dialect. So a template is only ever a shortcut, and stands
beside the pattern that gives the same row (messages/patterns/series.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Final, TypeAlias

from logparse.reading.fast.digits import KEEP, WORD, literal_words
from logparse.reading.messages.patterns.series import SOLVER_LINES
from logparse.reading.messages.patterns.solver_line import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

WHOLE_FIELD, DECIMAL_FIELD, NAME_FIELD, PLACE_FIELD = "d", "f", "s", "k"
# How many bytes of the line a reader of each kind wants to see at once; a shifted word touches the one behind it.
_FIELD_BYTES: Final = {"": 0, WHOLE_FIELD: WORD, DECIMAL_FIELD: 2 * WORD, NAME_FIELD: 0, PLACE_FIELD: 0}

# Pattern name → its templates. The last is of an ignored message: its lines are counted.
TEMPLATES: Final[Mapping[str, tuple[Template, ...]]] = {
    **{line.pattern.name: line.templates for line in SOLVER_LINES if line.templates},
    "restarting_prefetch": (Template("Restarting data prefetching from start."),),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """The end of a template: `columns[i]` is the column of the i-th field, "" for one that is passed over."""

    pattern: str
    template: Template
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """A literal, the kind of field behind it ("" for none), and what follows both.

    `first` and `mask` are the literal's first eight bytes, `further` the rest as (index of the word, mask, word);
    `words` is how many words in a row hold the literal and as much as the field needs.
    """

    literal: bytes
    kind: str
    then: Node
    first: np.uint64
    mask: np.uint64
    further: tuple[tuple[int, np.uint64, np.uint64], ...]
    words: int

    @property
    def length(self) -> int:
        """The literal's length in bytes."""
        return len(self.literal)


@dataclass(frozen=True, slots=True)
class Fork:
    """Options, no two of which begin alike; an empty literal stands last and takes the rest."""

    options: tuple[Option, ...]


Node: TypeAlias = "Fork | Leaf"
_Symbol: TypeAlias = "tuple[str, str]"  # a kind of field, or "" and one character


def beginnings(templates: Mapping[str, Iterable[Template]]) -> tuple[tuple[np.uint64, np.uint64], ...]:
    """The first eight bytes of every template that begins with so many fixed ones, as (mask, word)."""
    firsts = {
        next(iter(Formatter().parse(template.text)))[0].encode("ascii")[:WORD]
        for some in templates.values()
        for template in some
    }
    return tuple(literal_words(first)[0][1:] for first in sorted(firsts) if len(first) == WORD)


@dataclass(slots=True)
class _Branch:
    """A node while the tree is being made: one token leads to the next."""

    after: dict[_Symbol, _Branch] = field(default_factory=dict)
    leaf: Leaf | None = None


def tree(templates: Mapping[str, Iterable[Template]]) -> Node:
    """All templates as one tree: common beginnings are read once. Every line ends with a line feed."""
    root = _Branch()
    for pattern, some in templates.items():
        for template in some:
            _insert(root, pattern, template)
    return _node(root)


def _insert(root: _Branch, pattern: str, template: Template) -> None:
    columns = []
    branch = root
    for literal, name, kind, _ in Formatter().parse(template.text + "\n"):
        for character in literal:
            branch = branch.after.setdefault(("", character), _Branch())
        if name is not None:
            columns.append(name)
            branch = branch.after.setdefault((kind or "", ""), _Branch())
    branch.leaf = Leaf(pattern, template, tuple(columns))


def _node(branch: _Branch) -> Node:
    if branch.leaf is not None:
        return branch.leaf
    options = [_run(character, after) for (_, character), after in branch.after.items() if character]
    fields = [_option("", kind, after) for (kind, _), after in branch.after.items() if kind]
    if len(fields) > 1:
        message = "fields of two kinds begin at one place"
        raise ValueError(message)
    return Fork((*options, *fields))


def _run(first: str, branch: _Branch) -> Option:
    """The literal from `first` up to where the tree forks, takes a field or ends; and that field."""
    literal = first
    while branch.leaf is None and len(branch.after) == 1:
        (kind, character), after = next(iter(branch.after.items()))
        if kind:
            return _option(literal, kind, after)
        literal += character
        branch = after
    return _option(literal, "", branch)


def _option(text: str, kind: str, after: _Branch) -> Option:
    literal = text.encode("ascii")
    (_, mask, first), *further = literal_words(literal) or ((0, KEEP[0], KEEP[0]),)
    words = -(-(len(literal) + _FIELD_BYTES[kind]) // WORD)
    places = tuple((offset // WORD, rest, word) for offset, rest, word in further)
    return Option(literal, kind, _node(after), first, mask, places, max(words, 1))
