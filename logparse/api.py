"""`parse_log` and `Log`: the model of one log, and its tables built when somebody asks for them."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Unpack

from logparse.arguments import check_whole, load_prototxt, prototxt_path
from logparse.assembling.assemble import assemble
from logparse.assembling.definitions import apply_prototxt
from logparse.assembling.times import timed
from logparse.catalogue import TABLES, NamedTable
from logparse.errors import UnknownTableError, WrongTypeError, suggestion
from logparse.formats import enumerated, shortened, shown
from logparse.model import LogFacts
from logparse.reading.line.years import YEARS, find_year
from logparse.reading.read import read
from logparse.tables.run.ledger import understood_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from logparse.comparing.values import Comparison
    from logparse.cost.memory.holdings import Run
    from logparse.cost.memory.terms import Terms
    from logparse.cost.whatif.asked import Asked
    from logparse.cost.whatif.change import Change
    from logparse.cost.whatif.fit import Fit
    from logparse.derive.facts import NetFact
    from logparse.derive.log import DerivedLog
    from logparse.errors import Note
    from logparse.reading.input.opening import Readable
    from logparse.recover.grades import RecoveredNet, RecoveredSolver
    from logparse.tables.table import KeptTables


class Log:
    """One log: `facts` is all it says, the tables are DataFrames of raw values (logparse/catalogue.py).

    `log.layers`, `log["layers"]` and `log.table("layers")` are the same table. Tables are built at first use and then
    kept; each call gives a frame of its own, so that what a caller changes in it concerns nobody else. Shared are lists
    in cells, and the arrays of a table of more than a million cells (all of it, with pandas 2): change those on a copy.
    """

    summary = NamedTable()
    layers = NamedTable()
    blobs = NamedTable()
    params = NamedTable()
    nets = NamedTable()
    attempts = NamedTable()
    train = NamedTable()
    train_outputs = NamedTable()
    test = NamedTable()
    lr = NamedTable()
    clipping = NamedTable()
    debug = NamedTable()
    test_batches = NamedTable()
    timing = NamedTable()
    events = NamedTable()
    throughput = NamedTable()
    milestones = NamedTable()
    ledger = NamedTable()
    findings = NamedTable()
    memory = NamedTable()
    plan = NamedTable()
    alive = NamedTable()
    placement = NamedTable()
    timeline = NamedTable()
    levers = NamedTable()
    footprint = NamedTable()
    out_of_memory = NamedTable()
    slots = NamedTable()
    reconciliation = NamedTable()
    kernels = NamedTable()
    shares = NamedTable()  # and `whatif`, which is a method: table("whatif") answers what anybody would ask first

    def __init__(self, facts: LogFacts) -> None:
        self.facts = facts
        self._tables: dict[str, pd.DataFrame] = {}
        self._terms: Terms | None = None

    def __getstate__(self) -> dict[str, object]:
        """What goes to another process: what was read; tables and all that is derived are built again there."""
        return {"facts": self.facts, "_tables": {}, "_terms": self._terms}

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
        from logparse.cost.memory.terms import check_terms

        check_terms(terms)
        self._terms = terms
        self._tables = {name: made for name, made in self._tables.items() if not TABLES[name].needs_terms}

    def run(self, attempt: int | None = None) -> tuple[int, Run]:
        """One attempt and what it allocates; the last one that shows a net unless `attempt` names another.

        Raises:
            WhatIfError: there is no such attempt, or none that shows a net.

        """
        from logparse.cost.whatif.resize import WhatIfError

        check_whole("attempt", attempt, range(1, 2**63))
        shown = {number: run for number, run in self.runs.items() if any(net.layers for net in run.nets)}
        number = max(shown, default=0) if attempt is None else attempt
        if number not in shown:
            what = "no attempt" if attempt is None else f"attempt {attempt} is not there, or"
            there = f"Attempts that show one: {enumerated(list(map(str, shown)))}." if shown else None
            raise WhatIfError(f"{self.facts.source.name}: {what} shows no net", remedy=there)
        return number, shown[number]

    def whatif(
        self,
        change: Change | None = None,
        *,
        attempt: int | None = None,
        fit: Fit | None = None,
        **asked: Unpack[Asked],
    ) -> pd.DataFrame:
        """Figures before and after a change, as the table `whatif`: `log.whatif(batch=64, prune={"fc*": 0.9})`.

        Keywords of the whole run: `batch`, `test_batch`, `solver`, `no_test_net`, and `weights` and `activations`
        (fp64, fp32, fp16, int8, binary). Keywords that map layers to what becomes of them, a layer by its name, a
        pattern of names (`fc*`), a type (`type=Convolution`) or a kind (`kind=fully connected`): `prune` has the share
        of single weights that goes, `prune_channels` that of output channels, `low_rank` a rank, and `compress` one
        method or several as texts: `"svd:rank=256"`, `["prune:share=90%", "codebook:bits=5", "huffman"]`
        (`logparse.cost.whatif.methods.table.METHODS` has them all). `change` is a Change to begin with. With `fit`
        there are the figures at the batch that fits as well, and that batch.

        Raises:
            WhatIfError: the change is none, cannot be followed, or gives what Caffe could not run.

        """
        from logparse.cost.whatif.asked import changed_as_asked
        from logparse.cost.whatif.limits import check_fit
        from logparse.tables.frame import frame
        from logparse.tables.memory.scenarios import asked_rows

        whole = changed_as_asked(change, asked)
        check_fit(fit)
        number, run = self.run(attempt)
        return frame(TABLES["whatif"], asked_rows(number, run, whole, self.terms, fit))

    def fit(
        self,
        budget_bytes: int,
        device: str = "gpu",
        change: Change | None = None,
        *,
        attempt: int | None = None,
        **asked: Unpack[Asked],
    ) -> Fit:
        """The largest batch that fits into `budget_bytes` on "gpu" or "cpu" under a change, and what binds it.

        The change is a Change, keywords as `whatif` has them, or both.

        Raises:
            WhatIfError: budget, device or change are none, the change cannot be followed, or no batch size is known.

        """
        from logparse.cost.whatif.asked import changed_as_asked
        from logparse.cost.whatif.fit import fit
        from logparse.cost.whatif.limits import check_budget

        check_budget(budget_bytes, device)
        whole = changed_as_asked(change, asked)
        return fit(self.run(attempt)[1], budget_bytes, device, self.terms, whole)

    def sweep(
        self, batches: Sequence[int], change: Change | None = None, *, test: bool = False, attempt: int | None = None
    ) -> pd.DataFrame:
        """The figures at several batches of the train net (or of the test nets), as the table `whatif`.

        Its scenarios are `batch N` (or `test batch N`); `change` holds for each. What Caffe could not run is NA.

        Raises:
            WhatIfError: a batch or the change is none, or no batch can be followed.

        """
        from logparse.tables.frame import frame
        from logparse.tables.memory.scenarios import sweep_rows

        number, run = self.run(attempt)
        return frame(TABLES["whatif"], sweep_rows(number, run, batches, change, self.terms, test=test))

    def compare(self, other: Log, *, attempt: int | None = None, other_attempt: int | None = None) -> Comparison:
        """Another log, or another attempt of this one, against this log, which is the base of every change.

        Of either the attempt is compared that the log is told by (the one whose net leads) unless it is named.

        Raises:
            UsageError: there is no such attempt; a WrongTypeError where `other` is no Log.

        """
        from logparse.comparing.compare import compared
        from logparse.comparing.side import side_of

        given: object = other
        if not isinstance(given, Log):
            raise WrongTypeError(f"a log is compared with a Log, not with {type(given).__name__}")
        check_whole("attempt", attempt, range(1, 2**63))
        check_whole("other_attempt", other_attempt, range(1, 2**63))
        return compared(side_of(self, attempt), side_of(other, other_attempt))

    def recover(self, as_: str | None = None, *, attempt: int | None = None) -> RecoveredNet:
        """The nets' definition back from the log, each layer graded, open fields listed.

        `as_` is "train_val" (all nets of a solver in one file), "train", "test" or "deploy"; where none is asked for,
        train_val, or the one phase that is there. The attempt is the last one that shows a net unless another is named.

        Raises:
            RecoverError: there is no such form or attempt, or no net of that phase.

        """
        from logparse.recover.recovering import recovered_net

        check_whole("attempt", attempt, range(1, 2**63))
        return recovered_net(self.facts, self.net_facts, as_, attempt)

    def recover_solver(
        self, net: str | PathLike[str], as_: str | None = None, *, attempt: int | None = None
    ) -> RecoveredSolver:
        """The solver's parameters as the log prints them, for the net recovered in the same form into the file `net`.

        Raises:
            RecoverError: as `recover`, or the log prints no solver, or the form has no training net.

        """
        from logparse.recover.recovering import recovered_solver_of

        given: object = net
        if not isinstance(given, str | PathLike):
            raise WrongTypeError(f"net is the path of the recovered net's file, not {type(given).__name__}")
        check_whole("attempt", attempt, range(1, 2**63))
        return recovered_solver_of(self.facts, self.net_facts, str(net), as_, attempt)

    @property
    def figure_names(self) -> tuple[str, ...]:
        """The names that `figure` knows for this log, in the order of its report: `memory-whole-run`."""
        from logparse.report.figures import names_of

        return names_of(self)

    def figure(self, section: str, chart: int | str | None = None, *, theme: str = "light") -> Figure:
        """A chart of the report as a figure of matplotlib: its `section` (memory, compute, training, could-be …), and
        which of its charts, by name or by place from 1; or a whole name of `figure_names`. `theme` is light or dark.

        Raises:
            UnknownFigureError: the log has no such figure; it is a KeyError too.

        """
        from logparse.report.figures import figure

        return figure(self, section, chart, theme)

    @property
    def table_names(self) -> tuple[str, ...]:
        """The names that `table` knows."""
        return tuple(TABLES)

    def table(self, name: str) -> pd.DataFrame:
        """One table by name.

        Raises:
            UnknownTableError: there is no such table; it is a KeyError too.

        """
        given: object = name
        if not isinstance(given, str):
            raise WrongTypeError(f"a table is named by a str, not by {type(given).__name__}")
        if name not in TABLES:
            raise UnknownTableError(f"there is no table {name!r}; {suggestion(name, self.table_names)}")
        from logparse.tables.frame import handed_out

        return handed_out(self._made(name))

    def _made(self, name: str) -> pd.DataFrame:
        """A table, built if it is not yet, to be read only."""
        if name not in self._tables:
            from logparse.tables.frame import frame

            table = TABLES[name]
            self._tables[name] = frame(table, table.build(self.kept))
        return self._tables[name]

    @property
    def kept(self) -> KeptTables:
        """The log for readers that change nothing: its tables are no copies. It is not held: nothing holds itself."""
        from logparse.tables.table import KeptTables

        return KeptTables(self, self._made)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """One table by name, as `table` gives it."""
        return self.table(name)

    def __contains__(self, name: object) -> bool:
        """Whether there is a table of that name."""
        return name in TABLES

    def __repr__(self) -> str:
        """File, net and outcome on one line."""
        from logparse.audit.finding import AuditedLog
        from logparse.audit.summary import leading_net

        lead, run = leading_net(AuditedLog(self))
        name = None if lead is None else lead[0]["net"]
        net = "no net" if lead is None else f"{name or 'a net without a name'} of {len(lead[1])} layers"
        outcome = "no run" if run is None else str(run["outcome"]).replace("_", " ")
        told = f"{self.facts.source.name}: {net}, {outcome}"
        return f"<Log {shown(shortened(' '.join(told.split()), 200))}>"

    def _repr_html_(self) -> str:
        """The summary and the layer table, as a notebook shows them."""
        from logparse.report.notebook import notebook_html

        return notebook_html(self)

    @property
    def parsed_share(self) -> float:
        """Share of Caffe's own lines that are recognised, or ignored for a named reason; 1 where there is none."""
        return understood_share(self.facts.ledger)


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

    Raises (LogparseErrors all of them, in logparse.errors):
        UnreadableError: an input cannot be read.
        NothingRecognisedError: nothing in the log is Caffe's.
        DefinitionError: the prototxt is no network definition.
        UsageError: an argument has no meaning here (a WrongTypeError where its type has none).

    """
    check_whole("year", year, YEARS)
    check_whole("max_bytes", max_bytes, range(1, 2**63))
    check_whole("processes", processes, range(1, 2**15))
    definition = None if prototxt is None else load_prototxt(prototxt_path(prototxt))
    extracted, facts, notes = read(
        source, max_text_bytes=max_bytes, curves=curves, hashing=hashing, processes=processes
    )
    assembled = assemble(extracted.records, extracted.lines, extracted.last)
    attempts, all_notes = assembled.attempts, (*notes, *extracted.notes, *assembled.notes)
    if definition is not None:
        attempts, more = apply_prototxt(attempts, definition)
        all_notes = (*all_notes, *more)
    origin: str | None = "given"
    if year is None:
        year, origin = find_year(extracted.year_hints, name=facts.name, first_month_day=extracted.first_month_day)
    attempts = timed(attempts, extracted, year)
    return Log(LogFacts(facts, attempts, extracted.curves, extracted.ledger, all_notes, year, origin, extracted.ranks))
