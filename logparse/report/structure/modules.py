"""Modules of a net: runs of layers that belong together, by what their names have in common.

Caffe knows no modules; whoever writes a net names its layers so that a reader sees them: `inception_3a/1x1`,
`res2a_branch1`, `conv1_2`. What stands before the first slash names a module, else the name's first number with the
letter behind it (`2a`, `1`). A layer that writes in place, and a Split that Caffe inserts, belong to the layer whose
blob they work on. Where that gives more modules than a picture can name, the number alone counts, and at last their
order: as many of them taken together.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_NAMED: Final = 48  # modules that one picture can name
MANY_LAYERS: Final = 150  # from which on pictures are of modules first
_NUMBER: Final = re.compile(r"\d+(?:[a-wyz](?![a-zA-Z])\d*)?")  # 2a of res2a_branch1, 4b35 of res4b35; 1 of conv1x1
_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"\D*")
_SHARED: Final = 3  # modules from which on a common beginning is left out
_BORDER: Final = re.compile(r"[^_\-./]*$")  # behind the last mark that separates words


class Module(NamedTuple):
    """Layers from `start` up to before `stop`, under a name; places, not Caffe's numbers."""

    name: str
    start: int
    stop: int


def modules(names: Sequence[str], follows: Sequence[int | None], most: int = MOST_NAMED) -> tuple[Module, ...]:
    """Layers in order → modules in order, each layer in one; at most `most` of them.

    `follows` has for each layer the place of an earlier layer to whose module it belongs whatever its name is, or
    None. A module's name is that of its first layer up to what makes it a module.
    """
    for key in (_fine, _coarse):
        found = _runs(names, follows, key)
        if len(found) <= most:
            return found
    return _chunks(_runs(names, follows, _fine), most)


def _fine(name: str) -> str:
    head, slash, _ = name.partition("/")
    found = None if slash else _NUMBER.search(name)
    return head if found is None else name[: found.end()]


def _coarse(name: str) -> str:
    fine = _fine(name)
    found = _DIGITS.search(fine)
    return fine if found is None else fine[: found.end()]


def _token(key: str, name: str) -> str:
    """What two names share when they are of one module: the head before a slash, the number alone without one."""
    found = _NUMBER.search(key)
    return key if "/" in name or found is None else found[0]


def _runs(names: Sequence[str], follows: Sequence[int | None], key: Callable[[str], str]) -> tuple[Module, ...]:
    tokens: list[str] = []
    for place, (name, leader) in enumerate(zip(names, follows, strict=True)):
        led = leader is not None and leader < place and tokens[leader] == tokens[-1]
        tokens.append(tokens[-1] if led else _token(key(name), name))
    found = []
    for _, places in groupby(range(len(names)), key=tokens.__getitem__):
        run = list(places)
        found.append(Module(key(names[run[0]]), run[0], run[-1] + 1))
    return tuple(found)


def _chunks(parts: Sequence[Module], most: int) -> tuple[Module, ...]:
    """As many modules as can be named, each of as many of the parts."""
    size = -(-len(parts) // most)
    chunks = [parts[at : at + size] for at in range(0, len(parts), size)]
    return tuple(Module(_from_to(chunk[0].name, chunk[-1].name), chunk[0].start, chunk[-1].stop) for chunk in chunks)


def _from_to(first: str, last: str) -> str:
    """Two names as one, the word that both begin with said once: `block10…14`."""
    if first == last:
        return first
    word = _WORD.match(first)
    shared = word[0] if word is not None and last.startswith(word[0]) else ""
    return f"{first}…{last[len(shared) :]}"


def brief(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the words with which several of them begin: `inception_3a` → `3a`; the others as they are."""
    starts = [_BORDER.sub("", name) for name in names]
    shared = {start for start in starts if start and sum(name.startswith(start) for name in names) >= _SHARED}
    return tuple(
        name[len(start) :] if start in shared and len(name) > len(start) else name
        for name, start in zip(names, starts, strict=True)
    )


def within(name: str, names: Mapping[str, str]) -> str:
    """A layer's name in which its module has its brief name: `3a/1x1`; `names` has the brief name of each module."""
    whole, slash, rest = name.partition("/")
    return f"{names.get(whole, whole)}{slash}{rest}" if slash else name


def without_shared_words(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the words with which all of them begin; a single name as it is."""
    start = _BORDER.sub("", _beginning(min(names), max(names))) if len(names) > 1 else ""
    return tuple(name[len(start) :] or name for name in names)


def _beginning(one: str, other: str) -> str:
    """What two texts begin with; of the first and the last of several in order it is what all begin with."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:same]
