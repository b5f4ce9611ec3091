"""Real logs, damaged: bytes, numbers, names, lines, and two logs in one. The same number gives the same input.

Numbers are the kind that ends a program: beyond 64 bits, below zero, at the ends of what a double holds.
"""

from __future__ import annotations

import os
import random
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = Path(os.environ.get("LOGPARSE_SHARED", ROOT.parent / "shared"))
NO_LOGS: Final = frozenset({".json", ".tsv", ".md", ".prototxt", ".py", ".txt", ".csv", ".gz"})
LONGEST: Final = 60_000
LARGEST_LOG: Final = 2 << 20

_NUMBER: Final = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])")
_NAME: Final = re.compile(rb"[A-Za-z_][\w/]{2,}")

WHOLE: Final = (
    *(b"0", b"-1", b"1", b"7", b"1000000", b"00000000000000000001"),
    *(str(base + more).encode() for base in (2**31, 2**32, 2**53, 2**62, 2**63, 2**64) for more in (-1, 0, 1)),
    *(str(-base).encode() for base in (2**31, 2**62, 2**63, 2**64)),
    *(b"1" + b"0" * zeros for zeros in (12, 15, 18, 19, 30, 320, 5000)),
)
DECIMAL: Final = (
    *(b"nan", b"-nan", b"inf", b"-inf", b"0.0", b"-0.0", b"1e308", b"-1e308", b"1.7976931348623157e+308", b"1e309"),
    *(b"5e-324", b"-5e-324", b"2.2250738585072014e-308", b"1e-400", b"1.#QNAN", b"-1.#INF", b"1e99999"),
    *(b"0." + b"0" * 400 + b"1", b"9" * 400 + b".5", b"87.3365", b"1e15", b"-1e15", b"3.4028235e+38"),
)
NAMES: Final = (
    *(b"", b" ", b"#", b"$x_1$", b"%s%n", b"</script><b>", b"=1+1", b"a" * 5000, b"{}", b"\\", b'"'),
    *("é\u202e".encode(), "\x85\x9b31m".encode(), b"\x1b[31m", b"\x00", b"\xff\xfe", b"loss", b"accuracy", b"nan"),
)


class Input(NamedTuple):
    """One damaged log: its bytes, and what was done to which."""

    data: bytes
    story: str


@cache
def folders() -> tuple[Path, ...]:
    """Where real logs lie: those of the checkout, and the shared ones where they are."""
    return tuple(path for path in (ROOT / "sample_logs", SHARED / "logs", SHARED / "cases") if path.is_dir())


@cache
def names() -> tuple[Path, ...]:
    """The real logs, in an order that stays the same."""
    found = (path for folder in folders() for path in sorted(folder.rglob("*")))
    return tuple(
        path
        for path in found
        if path.is_file() and path.suffix not in NO_LOGS and 0 < path.stat().st_size < LARGEST_LOG
    )


@cache
def log(path: Path) -> bytes:
    """A real log."""
    return path.read_bytes()


def window(data: bytes, chance: random.Random) -> bytes:
    """A part of a log, from any byte to any other."""
    start = chance.choice((0, chance.randrange(len(data))))
    return data[start : start + chance.randrange(1, LONGEST)]


def bytes_flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bytes are any others."""
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 40)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def digits_changed(data: bytes, chance: random.Random) -> bytes:
    """Some digits are others, or signs."""
    changed = bytearray(data)
    for place in (chance.randrange(len(data)) for _ in range(200)):
        if 48 <= data[place] < 58:
            changed[place] = chance.choice(b"0123456789-.e")
    return bytes(changed)


def numbers_replaced(data: bytes, chance: random.Random) -> bytes:
    """Some numbers are those that no program expects."""
    return _replaced(_NUMBER, data, chance, (*WHOLE, *DECIMAL))


def whole_numbers_replaced(data: bytes, chance: random.Random) -> bytes:
    """Some numbers are whole ones that no program expects: fewer lines become unreadable by it."""
    return _replaced(_NUMBER, data, chance, WHOLE)


def one_number_everywhere(data: bytes, chance: random.Random) -> bytes:
    """A number is another wherever it stands, so that what the lines say still agrees."""
    found = _NUMBER.findall(data)
    return data if not found else data.replace(chance.choice(found), chance.choice((*WHOLE, *DECIMAL)), 1000)


def names_replaced(data: bytes, chance: random.Random) -> bytes:
    """A word is another wherever it stands."""
    found = _NAME.findall(data)
    return data if not found else data.replace(chance.choice(found), chance.choice(NAMES), 1000)


def _replaced(kind: re.Pattern[bytes], data: bytes, chance: random.Random, by: tuple[bytes, ...]) -> bytes:
    """Between one and every second match is replaced."""
    share = chance.choice((0.002, 0.02, 0.2, 0.5))
    return kind.sub(lambda match: chance.choice(by) if chance.random() < share else match[0], data)


def shuffled(data: bytes, chance: random.Random) -> bytes:
    """Some lines in a row stand in another order."""
    each = data.split(b"\n")
    place = chance.randrange(len(each))
    some = each[place : place + chance.randrange(2, 60)]
    chance.shuffle(some)
    return b"\n".join([*each[:place], *some, *each[place + len(some) :]])


def thinned(data: bytes, chance: random.Random) -> bytes:
    """Lines are missing."""
    keep = chance.random()
    return b"\n".join(line for line in data.split(b"\n") if chance.random() < keep)


def repeated(data: bytes, chance: random.Random) -> bytes:
    """Some lines come again at the end."""
    each = data.split(b"\n")
    place = chance.randrange(len(each))
    return b"\n".join([*each, *each[place : place + 200]])


def interleaved(data: bytes, chance: random.Random) -> bytes:
    """Two halves of the text, a few lines of each in turn, as two processes write them."""
    each = data.split(b"\n")
    half = len(each) // 2
    parts = [iter(each[:half]), iter(each[half:])]
    return b"\n".join(_in_turn(parts, chance))


def _in_turn(parts: list[Iterator[bytes]], chance: random.Random) -> Iterator[bytes]:
    while parts:
        part = chance.choice(parts)
        for _ in range(chance.randrange(1, 8)):
            line = next(part, None)
            if line is None:
                parts.remove(part)
                break
            yield line


MUTATIONS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    bytes_flipped,
    digits_changed,
    numbers_replaced,
    whole_numbers_replaced,
    one_number_everywhere,
    names_replaced,
    shuffled,
    thinned,
    repeated,
    interleaved,
)


def mutated(seed: int, number: int = 0, logs: tuple[Path, ...] | None = None) -> Input:
    """The input of this number in the row that a seed begins; `logs` are what is damaged, all there are by default."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a damage that repeats
    taken = [chance.choice(logs or names()) for _ in range(chance.choice((1, 1, 2)))]
    data = b"".join(window(log(path), chance) for path in taken)
    done = chance.sample(MUTATIONS, chance.randrange(1, 4))
    for mutation in done:
        data = mutation(data, chance) or b"\n"
    steps = ", ".join(mutation.__name__ for mutation in done)
    return Input(data, f"{' + '.join(path.name for path in taken)}: {steps}")
