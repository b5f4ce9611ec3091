"""The catalogue: what a table says of itself is so, and who adds half of one is told which half is missing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

import logparse
from logparse.api import Log, parse_log
from logparse.catalogue import TABLES
from logparse.tables.frame import OUTPUT
from tests.writing import Layer, Writer, data, line, memory, net, read, solver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logparse.tables.table import Table

    Modules = Callable[[str, Sequence[str]], set[str]]

PACKAGE: Final = Path(logparse.__file__).parent
ALL: Final = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
# What `log.whatif` is: the table answers what anybody would ask first, the method a question of one's own.
NO_ATTRIBUTE: Final = {"whatif"}
# Built of what was counted, not of the curves; but lines that are skimmed are not counted by their kind.
COUNTED: Final = {"ledger"}


# --- logs in which every column has a value ----------------------------------------------------------------


def rare() -> Log:
    """What the sample logs lack: a run that goes on, what forks print, figures on request, memory to save."""
    conv = Layer("c", "Convolution", ("data",), ("c",), ("2 3 4 4 (96)",), "convolution_param { num_output: 3 }")
    text = solver("max_iter: 1000\n") + net([data(), conv, Layer("relu", "ReLU", ("c",), ("r",), ("2 3 4 4 (96)",))])
    writer = Writer()
    for iteration in (0, 20, 40):
        writer.show(iteration, 1.0)
    writer.say("    [0.0] Iteration 60 (20 iter/s, 1s/20 iter), 1.5/3ep, loss = 1", after_s=1.0)
    writer.say("[0.0] Iteration 60, lr = 0.1, m = 0.9, wd = 0.0005, gs = 1", file="sgd_solver.cpp")
    writer.test(60, loss=0.5)
    writer.say("Iteration 60, Testing net (#0)")
    writer.say("    [Forward] Layer c, top blob c data: 0.25")
    writer.say("Gradient clipping: scaling down gradients (L2 norm 4 > 2) by scale factor 0.5")
    writer.say("Batch 0, accuracy = 0.5", file="caffe.cpp")
    writer.say("CuDNN version: 7600", file="caffe.cpp")
    writer.say("This is NVCaffe 0.17.0 started at Wed Feb 28 07:56:37 2018", file="caffe.cpp")
    writer.say("c\t group 0: A(2x3)*B(3x5)=C(2x5) 100 B/ 1000 us = 1 MB/s", file="base_conv_layer.cpp")
    return read(text, writer.text)


def out_of_memory() -> Log:
    """A run that asks for more than the card has."""
    asks = ("caffe::SyncedMemory::to_gpu()", "caffe::SyncedMemory::mutable_gpu_data()")
    frames = (*asks, "caffe::PoolingLayer<>::Forward_gpu()", "caffe::Solver<>::Step()", "train()", "main")
    pool = Layer("pool", "Pooling", ("data",), ("pool",), ("2 3 4 4 (96)",), "pooling_param { kernel_size: 1 }")
    trace = "".join(f"    @     0x7f592d1e6bb7  {frame}\n" for frame in frames)
    return read(
        line("GPU 0: NVIDIA H100 80GB HBM3", "caffe.cpp"),
        solver(),
        net([data(), pool]),
        line("Check failed: error == cudaSuccess (2 vs. 0)  out of memory", "syncedmem.cpp", "F"),
        f"*** Check failure stack trace: ***\n{trace}",
    )


def planned() -> Log:
    """A net with a memory plan and a total that is printed once."""
    plan = ("Starting Memory Optimization:", "blob 0 name data data idx 0", "blob 0 name data diff idx 1")
    sizes = ("storage memory slot 0 size 384", "storage memory slot 1 size 384", "raw memory 768 opt memory 768")
    text = net([data()]).replace(memory(384), "") + memory(384)
    return read(text, *map(line, (*plan, *sizes)))


@pytest.fixture(scope="module")
def logs(sample_logs: Path) -> list[Log]:
    """All that the tests of this module look into."""
    return [*map(parse_log, sorted(sample_logs.glob("*.log"))), rare(), out_of_memory(), planned()]


@pytest.fixture(scope="module")
def known(logs: list[Log]) -> dict[str, set[str]]:
    """Table → the columns in which some log has a value."""
    found: dict[str, set[str]] = defaultdict(set)
    for log in logs:
        for name in TABLES:
            frame = log.table(name)
            found[name] |= set(map(str, frame.columns[frame.notna().any()]))
    return found


# --- columns and what builds them --------------------------------------------------------------------------


@ALL
def test_what_is_registered_is_built(table: Table, known: dict[str, set[str]]) -> None:
    missing = [column.name for column in table.columns if column.name not in known[table.name]]
    assert not missing, (
        f"no log gives {missing} of the table {table.name!r} a value: build them in {table.build.__module__}, or take "
        "them out of its COLUMNS; what only a rare log tells wants a line of such a log in `rare` of this test"
    )


@ALL
def test_what_is_built_is_registered_in_its_order(table: Table, logs: list[Log]) -> None:
    for log in logs:  # a key that is no column is refused as the frame is made: see test_frame.py
        names = [name for name in log.table(table.name).columns if not name.startswith(OUTPUT)]
        assert names == [column.name for column in table.columns]


@ALL
def test_a_column_is_named_once_and_described(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert all(column.title and column.meaning for column in table.columns)


@ALL
def test_columns_and_builder_of_a_table_stand_in_the_module_of_its_name(table: Table) -> None:
    home = import_module(table.build.__module__)
    assert (home.build, home.COLUMNS) == (table.build, table.columns)
    assert home.__name__.rpartition(".")[2] == table.name


def test_a_table_that_is_written_is_in_the_catalogue() -> None:
    written = [path for path in PACKAGE.rglob("*.py") if "\nCOLUMNS: Final = (" in path.read_text(encoding="utf-8")]
    assert {path.stem for path in written} == set(TABLES), "give each such module its row in logparse/catalogue.py"


# --- what a table needs ------------------------------------------------------------------------------------


class LookedAtError(Exception):
    """A table looked at what it does not say that it needs."""


class Hidden:
    """Something that is not to be looked at."""

    def __getattr__(self, name: str) -> NoReturn:
        raise LookedAtError(name)


HIDDEN: Final[Any] = Hidden()


@pytest.fixture(scope="module")
def without_curves(logs: list[Log]) -> list[Log]:
    return [Log(replace(log.facts, curves=HIDDEN)) for log in logs]


@pytest.fixture(scope="module")
def without_terms(logs: list[Log]) -> list[Log]:
    found = [Log(log.facts) for log in logs]
    for log in found:
        log._terms = HIDDEN  # terms that are none are refused where they are set
    return found


def looks(table: Table, logs: Sequence[Log]) -> bool:
    """Whether building the table of one of the logs looks at what is hidden in it."""
    for log in logs:
        try:
            table.build(log)
        except LookedAtError:
            return True
    return False


@ALL
def test_a_table_says_whether_it_reads_the_curves(table: Table, without_curves: list[Log]) -> None:
    assert (looks(table, without_curves) or table.name in COUNTED) == table.needs_curves, (
        f"set needs_curves of {table.name!r} in logparse/catalogue.py: for a table without, a log is only skimmed"
    )


@ALL
def test_a_table_says_whether_it_depends_on_terms(table: Table, without_terms: list[Log]) -> None:
    assert looks(table, without_terms) == table.needs_terms, (
        f"set needs_terms of {table.name!r} in logparse/catalogue.py: a table without is kept when the terms change"
    )


def test_lines_that_are_skimmed_are_not_counted_by_their_kind(
    sample_logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logparse.reading.read.SMALL_BYTES", 0)  # a small log is not worth skimming
    path = sample_logs / "lenet_nan.log"
    assert not parse_log(path, curves=False).ledger.equals(parse_log(path).ledger)


def test_tables_that_depend_on_terms_are_built_anew_when_these_change() -> None:
    log = out_of_memory()
    before = {name: log.kept.table(name) for name in TABLES}
    log.terms = replace(log.terms, context_bytes=10**9)
    assert {name for name in TABLES if log.kept.table(name) is not before[name]} == {
        table.name for table in TABLES.values() if table.needs_terms
    }
    assert not log.footprint.equals(before["footprint"])


# --- who reads the catalogue -------------------------------------------------------------------------------


@ALL
def test_a_table_is_an_attribute_of_its_log(table: Table, logs: list[Log]) -> None:
    if table.name in NO_ATTRIBUTE:
        return
    assert hasattr(Log, table.name), f"write `{table.name} = NamedTable()` in Log of logparse/api.py"
    assert getattr(logs[0], table.name).equals(logs[0].table(table.name))
    assert vars(Log)[table.name].__doc__ == table.meaning


def test_a_table_of_a_log_cannot_be_set() -> None:
    with pytest.raises(AttributeError, match="the table 'layers' of a log cannot be set"):
        setattr(rare(), "layers", None)  # noqa: B010 - the types forbid it too


def test_a_log_knows_the_names_of_its_tables_and_no_others() -> None:
    log = rare()
    assert log.table_names == tuple(TABLES)
    with pytest.raises(KeyError):
        log.table("laeyrs")


def test_naming_tables_and_columns_loads_no_table_package(fresh_modules: Modules) -> None:
    listing = "from logparse.catalogue import TABLES; print([(t.name, t.meaning, t.columns) for t in TABLES.values()])"
    assert not fresh_modules(listing, ("numpy", "pandas"))


def test_reading_a_log_loads_no_pandas(fresh_modules: Modules, sample_logs: Path) -> None:
    reading = f"import logparse; logparse.parse_log({str(sample_logs / 'lenet.log')!r})"
    assert fresh_modules(reading, ("numpy", "pandas")) == {"numpy"}
