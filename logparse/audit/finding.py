"""A finding, what the finders see of a log, and the words that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from logparse import formats
from logparse.tables.frame import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from logparse.model import LogFacts

    Record = Mapping[str, Any]

SEVERITIES: Final = ("error", "warning", "hint", "note")  # worst first
NAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    `severity` is one of SEVERITIES; `kind` a fixed word; `title` one sentence with the figures, `text` what it means
    and what can be done; `evidence` what it rests on. Where it is: `attempt`, `net_index`, `layer_index`, `line` (from
    1; None where it is about the whole log). `saves_bytes`: distinct data bytes that the change would save in one net.
    """

    severity: str
    kind: str
    title: str
    text: str
    evidence: tuple[str, ...] = ()
    attempt: int | None = None
    net_index: int | None = None
    layer_index: int | None = None
    line: int | None = None
    saves_bytes: int | None = None


@dataclass(frozen=True)
class Case:
    """What a finder sees of one log: the facts, and its tables as frames or as rows."""

    facts: LogFacts
    tables: Mapping[str, pd.DataFrame]
    _rows: dict[str, list[Record]] = field(default_factory=dict)

    def frame(self, name: str) -> pd.DataFrame | None:
        """A table, or None where it is empty."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    def rows(self, name: str) -> list[Record]:
        """A table's rows; for tables of layers and nets, not for curves."""
        if name not in self._rows:
            frame = self.frame(name)
            self._rows[name] = [] if frame is None else records(frame)  # type: ignore[assignment]  # list is invariant
        return self._rows[name]

    def nets(self) -> Iterator[tuple[Record, list[Record]]]:
        """Every net with its layers in order."""
        layers: dict[tuple[Any, Any], list[Record]] = {}
        for row in self.rows("layers"):
            layers.setdefault(net_key(row), []).append(row)
        for net in self.rows("nets"):
            yield net, layers.get(net_key(net), [])


def net_key(row: Record) -> tuple[Any, Any]:
    """What tells a row's net from all others."""
    return row["attempt"], row["net_index"]


def whole(value: Any) -> int | None:  # noqa: ANN401 - a cell of a frame
    """A cell as an int; None where it is NA."""
    return None if formats.is_na(value) or (isinstance(value, float) and math.isnan(value)) else int(value)


def first_of(items: Iterable[str], limit: int = NAMES_SHOWN) -> list[str]:
    """The first items, and how many more there are."""
    listed = list(items)
    more = len(listed) - limit
    return [*listed[:limit], f"and {more} more"] if more > 0 else listed


def joined(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def plural(word: str, number: int) -> str:
    """The word as it stands behind the number."""
    return word if number == 1 else f"{word}s"
