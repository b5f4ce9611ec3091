"""What a table is: its name and meaning, its columns, and what builds it out of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from logparse.cost.memory.terms import Terms
    from logparse.derive.log import DerivedLog
    from logparse.model import LogFacts
    from logparse.tables.column import Column

# Column → value; a column that is not named is NA. (A row that is read out of a table is a `rows.TableRow`.)
BuiltRow: TypeAlias = dict[str, Any]
# A table before it is a frame: row by row; or, where there can be millions of rows, column by column.
Built: TypeAlias = Sequence[BuiltRow] | Mapping[str, Any]


class LogLike(Protocol):
    """What a table is built of, and what readers of tables need of a log."""

    @property
    def facts(self) -> LogFacts:
        """What was read."""

    @property
    def derived(self) -> DerivedLog:
        """What follows from it by the cost rules."""

    @property
    def terms(self) -> Terms:
        """What no log tells and a footprint needs."""

    def table(self, name: str) -> pd.DataFrame:
        """One table by name."""


@dataclass(frozen=True)
class KeptTables:
    """A log whose tables are those that are kept, and no copies: for readers of our own, who change nothing."""

    log: LogLike
    made: Callable[[str], pd.DataFrame]

    @property
    def facts(self) -> LogFacts:
        """What was read."""
        return self.log.facts

    @property
    def derived(self) -> DerivedLog:
        """What follows from it by the cost rules."""
        return self.log.derived

    @property
    def terms(self) -> Terms:
        """What no log tells and a footprint needs."""
        return self.log.terms

    def table(self, name: str) -> pd.DataFrame:
        """One table by name, to be read only."""
        return self.made(name)


def kept_by(log: LogLike) -> LogLike:
    """The log with the tables that it keeps, where it hands out copies."""
    kept: LogLike = getattr(log, "kept", log)
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table of the catalogue; the same only as one object.

    `build` makes its rows, or its columns as arrays. `needs_curves` says that it reads the solver's lines (a log of
    gigabytes is only skimmed for the others), `needs_terms` that it depends on `LogLike.terms`, and `has_outputs`
    that outputs of the net stand in further columns, `#J NAME`, before the last one.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    build: Callable[[LogLike], Built]
    needs_curves: bool = False
    needs_terms: bool = False
    has_outputs: bool = False
