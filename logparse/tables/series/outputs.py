"""The lines of the net's outputs in training: each under its display, as rows or spread over columns of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from logparse.tables.series import filing
from logparse.tables.series.arrays import as_printed, named, small_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import Curves, LogFacts
    from logparse.tables.series.arrays import Array, Arrays


MOST_CELLS: Final = 1 << 23  # of all outputs' columns: 75 MB
SPARSE: Final = 4  # and in a large log as many for each line: where every display prints them all it is one


def filed_outputs(facts: LogFacts) -> Array:
    """The display that each `Train net output` belongs to: Caffe prints no other line between them."""
    series = facts.curves.series
    barriers = [series[name]["line"] for name in ("lr", "test_start") if name in series]
    return filing.filed(series["train_output"], series.get("display"), facts.attempts, barriers)


def wide_outputs(facts: LogFacts, shown: Arrays) -> dict[str, Any]:
    """Each output of training as a column `#J NAME`, in the rows of the displays `shown`; `#?` for a number too large.

    Where the columns would be far larger than what the log prints (every display with names of its own), those with
    the most lines are there, and the table `train_outputs` alone has the others.
    """
    outputs = facts.curves.series.get("train_output")
    if outputs is None:
        return {}
    row, rows = filed_outputs(facts), len(shown["line"])
    keys = output_keys(facts)
    return {
        _column_name(facts.curves, outputs, chosen): _spread(outputs["value"], row, chosen, rows)
        for chosen in _by_key(keys, most_columns(rows, len(keys)))
    }


def most_columns(rows: int, lines: int) -> int:
    """How many outputs have a column in a table of so many rows, in a log of so many output lines."""
    return max(MOST_CELLS, SPARSE * lines) // max(rows, 1)


def output_count(facts: LogFacts, most: int) -> int:
    """How many outputs training has, by index and name; 0 where fewer names and indices than `most` show it at once."""
    outputs = facts.curves.series["train_output"]
    few = len(facts.curves.names) * (int(outputs["index"].max(initial=0)) + 2) <= most
    return 0 if few else len(np.unique(output_keys(facts)))


def output_keys(facts: LogFacts) -> Array:
    """A number for each output of training (its index and name) per line, ascending by index and first appearance."""
    outputs = facts.curves.series["train_output"]
    keys: Array = small_numbers(outputs["index"]) * len(facts.curves.names) + outputs["name"]
    return keys


def _column_name(curves: Curves, outputs: Arrays, chosen: Array | slice) -> str:
    index, name = (outputs[column][chosen][0] for column in ("index", "name"))
    return f"#{index if index >= 0 else '?'} {curves.names[name]}"


def _by_key(keys: Array, most: int) -> Iterator[Array | slice]:
    """The lines of each key, ascending by key; of the `most` keys with the most lines where there are more."""
    if keys[0] == keys[-1] and (keys == keys[0]).all():
        yield slice(None)
        return
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.diff(keys[order], prepend=-1, append=-1))
    kept = range(len(edges) - 1)
    if len(kept) > most:
        kept = np.sort(np.argsort(-np.diff(edges), kind="stable")[:most]).tolist()
    for place in kept:
        yield order[edges[place] : edges[place + 1]]


def _spread(values: Array, row: Array, chosen: Array | slice, rows: int) -> Any:  # noqa: ANN401 - array or nullable
    """One output's values in the rows that they belong to; NA, which no printed nan is, in those without one."""
    places, mine = row[chosen], values[chosen]
    if len(places) == rows and places[0] == 0 and (np.diff(places) == 1).all():
        return mine
    column, gaps = np.full(rows, np.nan), np.ones(rows, dtype=bool)
    filed = places >= 0
    column[places[filed]], gaps[places[filed]] = mine[filed], False
    return pd.arrays.FloatingArray(column, gaps) if gaps.any() else column


def output_columns(curves: Curves, outputs: Arrays, group: Array) -> dict[str, Any]:
    """What an output line says; `group` numbers what has its own outputs (an attempt, a test net), from 0.

    `index` and `element` are -1 where the index is too large to be held.
    """
    element = filing.element_of(small_numbers(group) * len(curves.names) + outputs["name"], outputs["index"])
    return {
        "index": outputs["index"],
        "output": named(curves, outputs["name"]),
        "element": element,
        "value": outputs["value"],
        "loss_weight": outputs["loss_weight"],
        "weighted_loss": as_printed(outputs["weighted_loss"], ~np.isnan(outputs["loss_weight"])),
        "line": outputs["line"],
    }
