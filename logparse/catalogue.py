"""Every table there is, one row each: what the command offers, the library builds and the exports describe.

A new table is a module with its `COLUMNS` and its `build`, and a row here. A table's module is loaded when its columns
or rows are asked for, and loads neither numpy nor pandas before it builds: naming tables must cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, Self, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from logparse.tables.table import LogLike, Table


class _Row(NamedTuple):
    """One table: its meaning, the module of its columns and builder, and what else a `Table` says."""

    meaning: str
    home: str
    needs_curves: bool = False
    needs_terms: bool = False
    has_outputs: bool = False


_CURVES: Final = "logparse.tables.curves"
_MEMORY: Final = "logparse.tables.memory"
_NETS: Final = "logparse.tables.nets"
_RUN: Final = "logparse.tables.run"
_SPEED: Final = "logparse.tables.speed"

_ROWS: Final[Mapping[str, _Row]] = {
    "summary": _Row(
        "One row per log: its leading net and run, their figures, how well it was read.",
        "logparse.audit.summary",
        needs_curves=True,
        needs_terms=True,
    ),
    "layers": _Row("One row per layer, with what is derived from it.", f"{_NETS}.layers"),
    "blobs": _Row("One row per top, and per input of a net.", f"{_NETS}.blobs"),
    "params": _Row("One row per parameter blob.", f"{_NETS}.params"),
    "nets": _Row("One row per net.", f"{_NETS}.nets"),
    "attempts": _Row("One row per start of the solver.", f"{_RUN}.attempts", needs_curves=True),
    "train": _Row(
        "One row per displayed iteration, outputs in columns.", f"{_CURVES}.train", needs_curves=True, has_outputs=True
    ),
    "train_outputs": _Row("One row per displayed output.", f"{_CURVES}.train_outputs", needs_curves=True),
    "test": _Row("One row per test output.", f"{_CURVES}.test", needs_curves=True),
    "lr": _Row("One row per displayed learning rate.", f"{_CURVES}.lr", needs_curves=True),
    "clipping": _Row("One row per clipped update.", f"{_CURVES}.clipping", needs_curves=True),
    "debug": _Row("One row per figure of debug_info.", f"{_CURVES}.debug", needs_curves=True),
    "test_batches": _Row(
        "One row per output of a batch of `caffe test`.", f"{_CURVES}.test_batches", needs_curves=True
    ),
    "timing": _Row("One row per layer of `caffe time`.", f"{_SPEED}.timing", needs_curves=True),
    "events": _Row("One row per event.", f"{_RUN}.events", needs_curves=True),
    "throughput": _Row(
        "How fast each attempt trained, and what its time went into.", f"{_SPEED}.throughput", needs_curves=True
    ),
    "milestones": _Row(
        "When the loss was first as low as 1, 2 or 5 times a power of ten.", f"{_SPEED}.milestones", needs_curves=True
    ),
    "ledger": _Row("One row per kind of line.", f"{_RUN}.ledger", needs_curves=True),
    "findings": _Row(
        "What a reviewer should look at, worst first.", "logparse.audit.findings", needs_curves=True, needs_terms=True
    ),
    "memory": _Row("Bytes per net, device and kind.", f"{_MEMORY}.memory"),
    "plan": _Row("What a net's blobs would take by other rules of keeping them.", f"{_MEMORY}.plan", needs_terms=True),
    "alive": _Row("What lives at the fullest step of each plan.", f"{_MEMORY}.alive", needs_terms=True),
    "placement": _Row("Where each block of a plan lies, and how long.", f"{_MEMORY}.placement", needs_terms=True),
    "timeline": _Row("In what order a run allocates what it holds.", f"{_MEMORY}.timeline"),
    "footprint": _Row(
        "What each attempt holds in all, on the CPU and on one GPU.", f"{_MEMORY}.footprint", needs_terms=True
    ),
    "whatif": _Row(
        "Figures before and after the changes that anybody would ask about first.",
        f"{_MEMORY}.whatif",
        needs_terms=True,
    ),
    "levers": _Row("Which one layer's change buys most.", f"{_MEMORY}.levers", needs_terms=True),
    "out_of_memory": _Row(
        "Where memory ran out, and what would have fitted.", f"{_MEMORY}.out_of_memory", needs_terms=True
    ),
    "slots": _Row("One row per slot of a memory plan that a fork prints.", f"{_MEMORY}.slots"),
    "reconciliation": _Row(
        "One row per figure that the log prints of a net's memory, beside what the shapes come to.",
        f"{_MEMORY}.reconciliation",
    ),
    "kernels": _Row(
        "Where a net's convolutions have their weights and their computation, by kernel.", f"{_NETS}.kernels"
    ),
    "shares": _Row("Where a net's weights and computation sit, by kind of layer.", f"{_NETS}.shares"),
}


class _Catalogue(Mapping[str, "Table"]):
    """Name → table, in the order in which they are listed."""

    def __getitem__(self, name: str) -> Table:
        return _table(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_ROWS)

    def __len__(self) -> int:
        return len(_ROWS)

    def __contains__(self, name: object) -> bool:
        return name in _ROWS


@cache
def _table(name: str) -> Table:
    from logparse.tables.table import Table

    row = _ROWS[name]
    home = import_module(row.home)
    return Table(name, row.meaning, home.COLUMNS, home.build, row.needs_curves, row.needs_terms, row.has_outputs)


TABLES: Final[Mapping[str, Table]] = _Catalogue()


def meaning_of(name: str) -> str:
    """What a table is, its module left alone."""
    return _ROWS[name].meaning


class NamedTable:
    """A table as an attribute of its log, under the name and with the meaning that it has in the catalogue."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.__doc__ = meaning_of(name)

    @overload
    def __get__(self, log: None, owner: type) -> Self: ...

    @overload
    def __get__(self, log: LogLike, owner: type) -> pd.DataFrame: ...

    def __get__(self, log: LogLike | None, owner: type) -> Self | pd.DataFrame:
        return self if log is None else log.table(self._name)

    def __set__(self, log: LogLike, value: object) -> NoReturn:
        raise AttributeError(f"the table {self._name!r} of a log cannot be set")
