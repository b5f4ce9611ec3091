"""The tables about memory as DataFrames: what is held, in all, where it ran out, what if, and who holds the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from logparse.tables.frames import frame
from logparse.tables.memory import footprint_rows, memory_rows
from logparse.tables.oom import out_of_memory_rows
from logparse.tables.shares import share_rows
from logparse.tables.whatif import standard_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from logparse.cost.memory.footprint import Terms
    from logparse.cost.memory.holdings import Run
    from logparse.derive.facts import NetFact
    from logparse.model import Attempt

    Row = dict[str, Any]
    RowsOf = Callable[[Attempt, Sequence[NetFact], Run, Terms], list[Row]]


def _memory(attempt: Attempt, nets: Sequence[NetFact], run: Run, _: Terms) -> list[Row]:
    return memory_rows(attempt, nets, run)


def _footprint(attempt: Attempt, _: Sequence[NetFact], run: Run, terms: Terms) -> list[Row]:
    return footprint_rows(attempt, run, terms)


def _whatif(attempt: Attempt, _: Sequence[NetFact], run: Run, terms: Terms) -> list[Row]:
    return standard_rows(attempt.index, run, terms)


def _shares(attempt: Attempt, nets: Sequence[NetFact], _: Run, __: Terms) -> list[Row]:
    return [row for net in nets for row in share_rows(attempt.index, net)]


HELD_TABLES: Final[Mapping[str, RowsOf]] = {
    "memory": _memory,
    "footprint": _footprint,
    "whatif": _whatif,
    "out_of_memory": out_of_memory_rows,
    "shares": _shares,
}


def held(
    table: str,
    attempts: Sequence[Attempt],
    nets: Mapping[int, Sequence[NetFact]],
    runs: Mapping[int, Run],
    terms: Terms,
) -> pd.DataFrame:
    """One of the tables, over all attempts; `nets` and `runs` are by attempt."""
    rows_of = HELD_TABLES[table]
    return frame(table, [row for one in attempts for row in rows_of(one, nets[one.index], runs[one.index], terms)])
