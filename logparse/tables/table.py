"""What a table is: its name and meaning, its columns, and what builds it out of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from logparse.cost.memory.footprint import Terms
    from logparse.cost.memory.holdings import Run
    from logparse.derive.nets import NetFact
    from logparse.model import LogFacts
    from logparse.tables.column import Column

# Column → value; a column that is not named is NA.
Row: TypeAlias = dict[str, Any]
# A table before it is a frame: row by row; or, where there can be millions of rows, column by column.
Built: TypeAlias = Sequence[Row] | Mapping[str, Any]


class LogView(Protocol):
    """What a table may be built of; `net_facts` and `runs` are by the attempt's index."""

    @property
    def facts(self) -> LogFacts:
        """What was read."""

    @property
    def net_facts(self) -> Mapping[int, Sequence[NetFact]]:
        """Each attempt's nets with everything derived."""

    @property
    def runs(self) -> Mapping[int, Run]:
        """What each attempt allocates, as the memory rules see it."""

    @property
    def terms(self) -> Terms:
        """What no log tells and a footprint needs."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The log's other tables."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the catalogue.

    `build` makes its rows, or its columns as arrays. `needs_curves` says that it reads the solver's lines (a log of
    gigabytes is only skimmed for the others), `needs_terms` that it depends on `LogView.terms`, and `has_outputs`
    that outputs of the net stand in further columns, `#J NAME`, before the last one.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    build: Callable[[LogView], Built]
    needs_curves: bool = False
    needs_terms: bool = False
    has_outputs: bool = False
