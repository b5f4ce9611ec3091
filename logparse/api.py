"""`parse_log` and `Log`: the model of one log, and its tables built when somebody asks for them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Self, overload

from logparse.assembling.assemble import assemble
from logparse.assembling.definitions import apply_prototxt, read_prototxt
from logparse.assembling.times import timed
from logparse.catalogue import TABLES, meaning_of
from logparse.errors import DefinitionError
from logparse.model import LogFacts
from logparse.reading.line.years import find_year
from logparse.reading.read import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    import pandas as pd

    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.terms import Terms
    from logparse.cost.whatif.change import Change
    from logparse.cost.whatif.fit import Fit
    from logparse.derive.facts import NetFact
    from logparse.derive.log import DerivedLog
    from logparse.errors import Note
    from logparse.reading.input.opening import Readable
    from logparse.textproto import Message

# Classes of the ledger that count as understood, and those that are Caffe's own lines at all.
_UNDERSTOOD: Final = frozenset({"recognised", "ignored"})
_CAFFES: Final = frozenset({"recognised", "ignored", "unknown"})


class _Named:
    """A table as an attribute of its log, under the name and with the meaning that it has in the catalogue."""

    def __set_name__(self, owner: type[Log], name: str) -> None:
        self._name = name
        self.__doc__ = meaning_of(name)

    @overload
    def __get__(self, log: None, owner: type[Log]) -> Self: ...

    @overload
    def __get__(self, log: Log, owner: type[Log]) -> pd.DataFrame: ...

    def __get__(self, log: Log | None, owner: type[Log]) -> Self | pd.DataFrame:
        return self if log is None else log.table(self._name)

    def __set__(self, log: Log, value: object) -> NoReturn:
        raise AttributeError(f"the table {self._name!r} of a log cannot be set")


class Log:
    """One log: `facts` is all it says, the tables are DataFrames of raw values (logparse/catalogue.py).

    Tables are built at first use and then kept; they are the caller's to change on a copy.
    """

    layers = _Named()
    blobs = _Named()
    params = _Named()
    nets = _Named()
    attempts = _Named()
    train = _Named()
    train_outputs = _Named()
    test = _Named()
    lr = _Named()
    clipping = _Named()
    debug = _Named()
    test_batches = _Named()
    timing = _Named()
    events = _Named()
    throughput = _Named()
    milestones = _Named()
    ledger = _Named()
    findings = _Named()
    memory = _Named()
    footprint = _Named()
    out_of_memory = _Named()
    shares = _Named()  # and `whatif`, which is a method: table("whatif") answers what anybody would ask first

    def __init__(self, facts: LogFacts) -> None:
        self.facts = facts
        self._tables: dict[str, pd.DataFrame] = {}
        self._terms: Terms | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Problems that did not stop the reading."""
        return self.facts.notes

    @cached_property
    def derived(self) -> DerivedLog:
        """What follows from the facts by the cost rules."""
        from logparse.derive.log import DerivedLog

        return DerivedLog(self.facts)

    @property
    def net_facts(self) -> Mapping[int, Sequence[NetFact]]:
        """Attempt → its nets with everything derived."""
        return self.derived.nets

    @property
    def runs(self) -> Mapping[int, Run]:
        """Attempt → what it allocates, as the memory rules see it."""
        return self.derived.runs

    @property
    def terms(self) -> Terms:
        """What no log tells and a footprint needs: the GPU's context, a cuDNN handle, the engine."""
        from logparse.cost.memory.terms import USUAL

        return self._terms or USUAL

    @terms.setter
    def terms(self, terms: Terms) -> None:
        self._terms = terms
        self._tables = {name: made for name, made in self._tables.items() if not TABLES[name].needs_terms}

    def run(self, attempt: int | None = None) -> tuple[int, Run]:
        """One attempt and what it allocates; the last one that shows a net unless `attempt` names another.

        Raises:
            WhatIfError: there is no such attempt, or none that shows a net.

        """
        from logparse.cost.whatif.resize import WhatIfError

        shown = {number: run for number, run in self.runs.items() if any(net.layers for net in run.nets)}
        number = max(shown, default=0) if attempt is None else attempt
        if number not in shown:
            what = "no attempt" if attempt is None else f"attempt {attempt} is not there or"
            raise WhatIfError(f"{self.facts.source.name}: {what} shows no net")
        return number, shown[number]

    def whatif(self, change: Change, *, attempt: int | None = None, fit: Fit | None = None) -> pd.DataFrame:
        """Figures before and after a change (`cost.whatif.change.Change`), as the table `whatif`; `fit` adds a row.

        Raises:
            WhatIfError: the change cannot be followed.

        """
        from logparse.tables.frame import frame
        from logparse.tables.memory.scenarios import figures, fit_row, whatif_rows

        number, run = self.run(attempt)
        rows = whatif_rows(number, "as asked", run, change, self.terms, figures(run, self.terms))
        return frame(TABLES["whatif"], rows if fit is None else [*rows, fit_row(number, run, fit)])

    def fit(
        self, budget_bytes: int, device: str = "gpu", change: Change | None = None, *, attempt: int | None = None
    ) -> Fit:
        """The largest batch that fits into `budget_bytes` on "gpu" or "cpu" under a change, and what binds it.

        Raises:
            WhatIfError: the batch size is not known, or the change cannot be followed.

        """
        from logparse.cost.whatif.change import AS_IT_IS
        from logparse.cost.whatif.fit import fit

        return fit(self.run(attempt)[1], budget_bytes, device, self.terms, change or AS_IT_IS)

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names that `table` knows."""
        return tuple(TABLES)

    def table(self, name: str) -> pd.DataFrame:
        """One table by name.

        Raises:
            KeyError: there is no such table.

        """
        if name not in self._tables:
            from logparse.tables.frame import frame

            table = TABLES[name]
            self._tables[name] = frame(table, table.build(self))
        return self._tables[name]

    @property
    def parsed_share(self) -> float:
        """Share of Caffe's own lines that are recognised, or ignored for a named reason; 1 where there is none."""
        counts = {kind: sum(row.lines for row in self.facts.ledger if row.kind == kind) for kind in _CAFFES}
        total = sum(counts.values())
        return sum(counts[kind] for kind in _UNDERSTOOD) / total if total else 1.0


def parse_log(  # noqa: PLR0913 - each is a question that users ask
    source: Readable,
    prototxt: str | PathLike[str] | None = None,
    year: int | None = None,
    *,
    max_bytes: int | None = None,
    curves: bool = True,
    hashing: bool = True,
    processes: int = 1,
) -> Log:
    """Read one log.

    `source` is a path, "-" for standard input, the log's bytes, or an open binary file. `prototxt` is the path of
    the network's definition, used where the log lacks it. `year` is the year in which the log was begun, where it
    does not say. `max_bytes` bounds the unpacked text. Without `curves` the solver's lines are counted but not read:
    nets, layers, costs and memory of a log of gigabytes in a third of the time and a few megabytes.
    Without `hashing` the source's sha256 stays empty. `processes` is how many may read a large log: others are started
    from `sys.executable`, which the command does by default and a library does not.

    Raises:
        UnreadableError: an input cannot be read.
        NothingRecognisedError: nothing in the log is Caffe's.
        DefinitionError: the prototxt is no network definition.

    """
    definition = None if prototxt is None else load_prototxt(Path(prototxt))
    extracted, facts, notes = read(
        source, max_text_bytes=max_bytes, curves=curves, hashing=hashing, processes=processes
    )
    first_series = min((int(columns["line"][0]) for columns in extracted.curves.series.values()), default=None)
    assembled = assemble(extracted.records, extracted.lines, first_series, extracted.last)
    attempts, all_notes = assembled.attempts, (*notes, *extracted.notes, *assembled.notes)
    if definition is not None:
        attempts, more = apply_prototxt(attempts, definition)
        all_notes = (*all_notes, *more)
    origin: str | None = "given"
    if year is None:
        year, origin = find_year(extracted.year_hints, name=facts.name, first_month_day=extracted.first_month_day)
    attempts = timed(attempts, extracted, year)
    return Log(LogFacts(facts, attempts, extracted.curves, extracted.ledger, all_notes, year, origin))


def load_prototxt(path: Path) -> Message:
    """Read a network definition from a file.

    Raises:
        DefinitionError: it cannot be read, or is none.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}", remedy="Give the path of a .prototxt file.") from error
    return read_prototxt(data.decode("utf-8-sig", "backslashreplace"), str(path))
