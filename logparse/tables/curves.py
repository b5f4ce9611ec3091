"""Solver columns → the `train`, `train_outputs`, `test` and `lr` frames.

One line is one row. A row is filed by line numbers: an output belongs to the last display (or test start) before it
in the same attempt, never to a neighbouring iteration. The frames of these tables can have millions of rows: they
are built from whole columns, with numpy's own types where no value is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from logparse.tables import filing
from logparse.tables.columns import TABLES
from logparse.tables.frames import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from logparse.model import Curves, LogFacts
    from logparse.tables.filing import Column, Columns

TEST_LOSS: Final = "(test loss)"  # where a blob should be called so, its index tells the two apart


def build(table: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """The registry's columns in its order; columns named by the log stand before the last one."""
    names = [column.name for column in TABLES[table] if column.name in columns]
    extra = [name for name in columns if name not in names]
    # Shared with the facts, not copied: their columns are read-only, and pandas copies what is about to be written to.
    return pd.DataFrame({name: columns[name] for name in [*names[:-1], *extra, *names[-1:]]}, copy=False)


def named(curves: Curves, places: Column) -> Any:  # noqa: ANN401 - a pandas string array
    """Names by their numbers, as one column of text; NA in a log that names nothing."""
    if not curves.names:
        return pd.array([pd.NA] * len(places), dtype="string")
    return pd.array(list(curves.names), dtype="string").take(places)


def nullable(values: Column, known: Column) -> Any:  # noqa: ANN401 - a pandas array
    """Whole numbers that are NA where they are not known."""
    return pd.arrays.IntegerArray(values.astype(np.int64), ~known)


def printed(values: Column, known: Column) -> Any:  # noqa: ANN401 - array or nullable
    """Decimals that are NA where nothing was printed, and nan where that was printed."""
    return pd.arrays.FloatingArray(values, ~known) if np.isnan(values[known]).any() else values


def train(facts: LogFacts) -> pd.DataFrame:
    """One row per display; outputs in columns `#J NAME`, by index and name."""
    shown = facts.curves.series.get("display")
    if shown is None:
        return frame("train", [])
    attempt = filing.attempt_of(shown["line"], facts.attempts)
    columns = {
        "attempt": attempt,
        "iteration": shown["iteration"],
        "loss": shown["loss"],
        "iterations_per_second": _real_rates(shown, attempt),
        "seconds": shown["seconds"],
        "epoch": shown["epoch"],
        **filing.elapsed_and_time(shown, attempt, facts),
        "superseded": filing.superseded(attempt, shown["iteration"]),
        "line": shown["line"],
    }
    return build("train", {**columns, **_wide_outputs(facts, shown)})


def _real_rates(shown: Columns, attempt: Column) -> Column:
    """iter/s without the first figure of each process: Caffe divides by memory that it never set."""
    rates = shown["iterations_per_second"].copy()
    rates[[rows.start for _, rows in filing.slices(attempt)]] = np.nan
    return rates


def _filed_outputs(facts: LogFacts) -> Column:
    """The display that each `Train net output` belongs to: Caffe prints no other line between them."""
    series = facts.curves.series
    barriers = [series[name]["line"] for name in ("lr", "test_start") if name in series]
    return filing.filed(series["train_output"], series.get("display"), facts.attempts, barriers)


def _wide_outputs(facts: LogFacts, shown: Columns) -> dict[str, Any]:
    outputs = facts.curves.series.get("train_output")
    if outputs is None:
        return {}
    row = _filed_outputs(facts)
    names = facts.curves.names
    keys = outputs["index"] * len(names) + outputs["name"]
    return {
        f"#{key // len(names)} {names[key % len(names)]}": _spread(outputs["value"], row, chosen, len(shown["line"]))
        for key, chosen in _by_key(keys)
    }


def _by_key(keys: Column) -> Iterator[tuple[int, Column | slice]]:
    """Each key, ascending, with the rows that have it."""
    if keys[0] == keys[-1] and (keys == keys[0]).all():
        yield int(keys[0]), slice(None)
        return
    order = np.argsort(keys, kind="stable")
    for key, rows in filing.slices(keys[order]):
        yield key, order[rows]


def _spread(values: Column, row: Column, chosen: Column | slice, rows: int) -> Any:  # noqa: ANN401 - array or nullable
    """One output's values in the rows that they belong to; NA, which no printed nan is, in those without one."""
    places, mine = row[chosen], values[chosen]
    if len(places) == rows and places[0] == 0 and (np.diff(places) == 1).all():
        return mine
    column, gaps = np.full(rows, np.nan), np.ones(rows, dtype=bool)
    filed = places >= 0
    column[places[filed]], gaps[places[filed]] = mine[filed], False
    return pd.arrays.FloatingArray(column, gaps) if gaps.any() else column


def _output_columns(curves: Curves, outputs: Columns, group: Column) -> dict[str, Any]:
    """What an output line says; `group` numbers what has its own outputs (an attempt, a test net), from 0."""
    return {
        "index": outputs["index"],
        "output": named(curves, outputs["name"]),
        "element": filing.element_of(group * len(curves.names) + outputs["name"], outputs["index"]),
        "value": outputs["value"],
        "loss_weight": outputs["loss_weight"],
        "weighted_loss": printed(outputs["weighted_loss"], ~np.isnan(outputs["loss_weight"])),
        "line": outputs["line"],
    }


def train_outputs(facts: LogFacts) -> pd.DataFrame:
    """One row per `Train net output`, under its display's iteration (NA where the display is missing)."""
    outputs, shown = facts.curves.series.get("train_output"), facts.curves.series.get("display")
    if outputs is None:
        return frame("train_outputs", [])
    attempt = filing.attempt_of(outputs["line"], facts.attempts)
    row = _filed_outputs(facts)
    printed = shown["iteration"][np.maximum(row, 0)] if shown is not None else np.zeros(len(row))
    columns = {"attempt": attempt, "iteration": nullable(printed, row >= 0)}
    return build("train_outputs", {**columns, **_output_columns(facts.curves, outputs, attempt - 1)})


def test(facts: LogFacts) -> pd.DataFrame:
    """One row per `Test net output` (or score) and per `Test loss`, under its test's iteration and net."""
    results = test_results(facts)
    if results is None:
        return frame("test", [])
    starts = facts.curves.series.get("test_start")
    attempt = filing.attempt_of(results["line"], facts.attempts)
    row = results["row"]
    iteration, net = _of_start(starts, row, "iteration"), _of_start(starts, row, "net")
    net = np.where((row >= 0) & (net < 0), 0, net)
    group = (attempt - 1) * (int(net.max(initial=0)) + 2) + net + 1
    outputs = _output_columns(facts.curves, {**results, "name": np.maximum(results["name"], 0)}, group)
    is_loss = results["name"] < 0
    outputs["index"], outputs["element"] = nullable(results["index"], ~is_loss), nullable(outputs["element"], ~is_loss)
    outputs["output"][is_loss] = TEST_LOSS
    columns = {
        "attempt": attempt,
        "iteration": nullable(iteration, iteration >= 0),
        "test_net": nullable(net, net >= 0),
        "seconds": _seconds_of_test(results, starts),
        **filing.elapsed_and_time(results, attempt, facts),
        "superseded": filing.superseded(attempt, iteration),
    }
    return build("test", {**columns, **outputs})


def test_results(facts: LogFacts) -> Columns | None:
    """All lines that say what a test found, in the order of the log; `row` is the test start that each belongs to.

    `name` and `index` are -1 for a test's loss.
    """
    parts = [part for part in (_test_outputs(facts), _test_losses(facts)) if part is not None]
    if len(parts) <= 1:
        return parts[0] if parts else None
    order = np.argsort(np.concatenate([part["line"] for part in parts]), kind="stable")
    return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}


def _test_outputs(facts: LogFacts) -> Columns | None:
    outputs = facts.curves.series.get("test_output")
    if outputs is None:
        return None
    return {**outputs, "row": filing.filed(outputs, facts.curves.series.get("test_start"), facts.attempts)}


def _test_losses(facts: LogFacts) -> Columns | None:
    losses = facts.curves.series.get("test_loss")
    if losses is None:
        return None
    once = {**losses, "index": np.zeros(len(losses["line"]), dtype=np.int64)}  # a test has one
    row = filing.filed(once, facts.curves.series.get("test_start"), facts.attempts)
    unnamed, unknown = np.full(len(row), -1), np.full(len(row), np.nan)
    columns = {"row": row, "index": unnamed, "name": unnamed, "value": losses["loss"]}
    return {**losses, **columns, "loss_weight": unknown, "weighted_loss": unknown}


def _of_start(starts: Columns | None, row: Column, name: str) -> Column:
    """A figure of each row's start; -1 where there is no start, or it does not print it."""
    if starts is None:
        return np.full(len(row), -1, dtype=np.int64)
    return np.where(row >= 0, starts[name][np.maximum(row, 0)], -1)


def _seconds_of_test(results: Columns, starts: Columns | None) -> Column:
    """How long each row's test took: from its start to the last line that says what it found."""
    if starts is None:
        return np.full(len(results["row"]), np.nan)
    durations = test_durations(results, starts)
    return np.where(results["row"] >= 0, durations[np.maximum(results["row"], 0)], np.nan)


def test_durations(results: Columns, starts: Columns) -> Column:
    """Seconds of each test of `starts`; NaN where it has no result or no time stamps."""
    begun, ended = filing.times(starts), filing.times(results)
    last, filed = np.full(len(begun), np.nan), results["row"] >= 0
    last[results["row"][filed]] = ended[filed]  # of several, numpy keeps the last
    return filing.plausible(last - begun)


def lr(facts: LogFacts) -> pd.DataFrame:
    """One row per `lr` line."""
    rates = facts.curves.series.get("lr")
    if rates is None:
        return frame("lr", [])
    attempt = filing.attempt_of(rates["line"], facts.attempts)
    names = ("iteration", "lr", "momentum", "weight_decay", "gradient_scale", "line")
    rate = printed(rates["lr"], np.ones(len(attempt), dtype=bool))
    columns = {"attempt": attempt, "superseded": filing.superseded(attempt, rates["iteration"])}
    return build("lr", {**columns, **{name: rates[name] for name in names}, "lr": rate})


CURVE_TABLES: Final[Mapping[str, Callable[[LogFacts], pd.DataFrame]]] = {
    "train": train,
    "train_outputs": train_outputs,
    "test": test,
    "lr": lr,
}
