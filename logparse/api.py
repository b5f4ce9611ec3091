"""`parse_log` and `Log`: the model of one log, and its tables built when somebody asks for them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from logparse.assembling.assemble import assemble
from logparse.assembling.definitions import apply_prototxt, read_prototxt
from logparse.assembling.times import timed
from logparse.cost.memory.footprint import Terms
from logparse.derive.log import DerivedLog
from logparse.errors import DefinitionError
from logparse.model import LogFacts
from logparse.reading.line.years import find_year
from logparse.reading.read import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    import pandas as pd

    from logparse.cost.memory.holdings import Run
    from logparse.cost.whatif.change import Change
    from logparse.cost.whatif.fit import Fit
    from logparse.derive.facts import NetFact
    from logparse.errors import Note
    from logparse.reading.input.opening import Readable
    from logparse.textproto import Message

# Classes of the ledger that count as understood, and those that are Caffe's own lines at all.
_UNDERSTOOD: Final = frozenset({"recognised", "ignored"})
_CAFFES: Final = frozenset({"recognised", "ignored", "unknown"})


class Log:
    """One log: `facts` is all it says, the tables are DataFrames of raw values (tables/columns.py).

    Tables are built at first use and then kept; they are the caller's to change on a copy.
    """

    def __init__(self, facts: LogFacts) -> None:
        self.facts = facts
        self._tables: dict[str, pd.DataFrame] = {}
        self._terms = Terms()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Problems that did not stop the reading."""
        return self.facts.notes

    @cached_property
    def derived(self) -> DerivedLog:
        """What follows from the facts by the cost rules."""
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
        return self._terms

    @terms.setter
    def terms(self, terms: Terms) -> None:
        self._terms = terms
        for name in ("footprint", "whatif", "out_of_memory"):
            self._tables.pop(name, None)

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
        from logparse.tables.frames import frame
        from logparse.tables.whatif import figures, fit_row, whatif_rows

        number, run = self.run(attempt)
        rows = whatif_rows(number, "as asked", run, change, self.terms, figures(run, self.terms))
        return frame("whatif", rows if fit is None else [*rows, fit_row(number, run, fit)])

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
        return tuple(_BUILDERS)

    def table(self, name: str) -> pd.DataFrame:
        """One table by name.

        Raises:
            KeyError: there is no such table.

        """
        if name not in self._tables:
            self._tables[name] = _BUILDERS[name](self)
        return self._tables[name]

    @property
    def parsed_share(self) -> float:
        """Share of Caffe's own lines that are recognised, or ignored for a named reason; 1 where there is none."""
        counts = {kind: sum(row.lines for row in self.facts.ledger if row.kind == kind) for kind in _CAFFES}
        total = sum(counts.values())
        return sum(counts[kind] for kind in _UNDERSTOOD) / total if total else 1.0

    @property
    def attempts(self) -> pd.DataFrame:
        """One row per start of the solver."""
        return self.table("attempts")

    @property
    def nets(self) -> pd.DataFrame:
        """One row per net."""
        return self.table("nets")

    @property
    def layers(self) -> pd.DataFrame:
        """One row per layer, with what is derived from it."""
        return self.table("layers")

    @property
    def blobs(self) -> pd.DataFrame:
        """One row per top."""
        return self.table("blobs")

    @property
    def params(self) -> pd.DataFrame:
        """One row per parameter blob."""
        return self.table("params")

    @property
    def train(self) -> pd.DataFrame:
        """One row per displayed iteration, outputs in columns."""
        return self.table("train")

    @property
    def train_outputs(self) -> pd.DataFrame:
        """One row per displayed output."""
        return self.table("train_outputs")

    @property
    def test(self) -> pd.DataFrame:
        """One row per test output."""
        return self.table("test")

    @property
    def lr(self) -> pd.DataFrame:
        """One row per displayed learning rate."""
        return self.table("lr")

    @property
    def timing(self) -> pd.DataFrame:
        """One row per layer of `caffe time`."""
        return self.table("timing")

    @property
    def events(self) -> pd.DataFrame:
        """One row per event."""
        return self.table("events")

    @property
    def ledger(self) -> pd.DataFrame:
        """One row per kind of line."""
        return self.table("ledger")

    @property
    def memory(self) -> pd.DataFrame:
        """Bytes per net, device and kind."""
        return self.table("memory")

    @property
    def footprint(self) -> pd.DataFrame:
        """What each attempt holds in all, on the CPU and on one GPU."""
        return self.table("footprint")

    @property
    def findings(self) -> pd.DataFrame:
        """What a reviewer should look at, worst first."""
        return self.table("findings")


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
    attempts, all_notes = assembled.attempts, (*notes, *assembled.notes)
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


# --- one builder a table -----------------------------------------------------------------------------------


def _per_net(name: str) -> Callable[[Log], pd.DataFrame]:
    def build(log: Log) -> pd.DataFrame:
        from logparse.tables import frames

        rows_of = frames.NET_TABLES[name]
        return frames.frame(
            name, [row for attempt, nets in log.net_facts.items() for net in nets for row in rows_of(attempt, net)]
        )

    return build


def _curve(name: str) -> Callable[[Log], pd.DataFrame]:
    def build(log: Log) -> pd.DataFrame:
        from logparse.tables import curves

        return curves.CURVE_TABLES[name](log.facts)

    return build


def _solver(name: str) -> Callable[[Log], pd.DataFrame]:
    def build(log: Log) -> pd.DataFrame:
        from logparse.tables import solver

        return solver.SOLVER_BUILDERS[name](log.facts, log.net_facts)

    return build


def _attempts(log: Log) -> pd.DataFrame:
    from logparse.tables.attempts import attempt_rows
    from logparse.tables.frames import frame

    return frame("attempts", attempt_rows(log.facts))


def _ledger(log: Log) -> pd.DataFrame:
    from logparse.tables.frames import frame, ledger_rows

    return frame("ledger", ledger_rows(log.facts.ledger))


def _findings(log: Log) -> pd.DataFrame:
    from logparse.audit.finders import find
    from logparse.tables.frames import finding_rows, frame

    return frame("findings", finding_rows(find(log)))


def _held(name: str) -> Callable[[Log], pd.DataFrame]:
    def build(log: Log) -> pd.DataFrame:
        from logparse.tables.held import held

        return held(name, log.facts.attempts, log.net_facts, log.runs, log.terms)

    return build


_BUILDERS: Final[Mapping[str, Callable[[Log], pd.DataFrame]]] = {
    "attempts": _attempts,
    "nets": _per_net("nets"),
    "layers": _per_net("layers"),
    "blobs": _per_net("blobs"),
    "params": _per_net("params"),
    "train": _curve("train"),
    "train_outputs": _curve("train_outputs"),
    "test": _curve("test"),
    "lr": _curve("lr"),
    "clipping": _solver("clipping"),
    "debug": _solver("debug"),
    "test_batches": _solver("test_batches"),
    "timing": _solver("timing"),
    "events": _solver("events"),
    "throughput": _solver("throughput"),
    "milestones": _solver("milestones"),
    "ledger": _ledger,
    "findings": _findings,
    "memory": _held("memory"),
    "footprint": _held("footprint"),
    "whatif": _held("whatif"),
    "out_of_memory": _held("out_of_memory"),
    "shares": _held("shares"),
}
