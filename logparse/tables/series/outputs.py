"""The lines of the net's outputs in training: each under its display, as rows or spread over columns of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from logparse.tables.series import filing
from logparse.tables.series.arrays import as_printed, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import Curves, LogFacts
    from logparse.tables.series.arrays import Array, Arrays


def filed_outputs(facts: LogFacts) -> Array:
    """The display that each `Train net output` belongs to: Caffe prints no other line between them."""
    series = facts.curves.series
    barriers = [series[name]["line"] for name in ("lr", "test_start") if name in series]
    return filing.filed(series["train_output"], series.get("display"), facts.attempts, barriers)


def wide_outputs(facts: LogFacts, shown: Arrays) -> dict[str, Any]:
    """Each output of training as a column `#J NAME`, in the rows of the displays `shown`."""
    outputs = facts.curves.series.get("train_output")
    if outputs is None:
        return {}
    row = filed_outputs(facts)
    names = facts.curves.names
    keys = outputs["index"] * len(names) + outputs["name"]
    return {
        f"#{key // len(names)} {names[key % len(names)]}": _spread(outputs["value"], row, chosen, len(shown["line"]))
        for key, chosen in _by_key(keys)
    }


def _by_key(keys: Array) -> Iterator[tuple[int, Array | slice]]:
    """Each key, ascending, with the rows that have it."""
    if keys[0] == keys[-1] and (keys == keys[0]).all():
        yield int(keys[0]), slice(None)
        return
    order = np.argsort(keys, kind="stable")
    for key, rows in filing.slices(keys[order]):
        yield key, order[rows]


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
    """What an output line says; `group` numbers what has its own outputs (an attempt, a test net), from 0."""
    return {
        "index": outputs["index"],
        "output": named(curves, outputs["name"]),
        "element": filing.element_of(group * len(curves.names) + outputs["name"], outputs["index"]),
        "value": outputs["value"],
        "loss_weight": outputs["loss_weight"],
        "weighted_loss": as_printed(outputs["weighted_loss"], ~np.isnan(outputs["loss_weight"])),
        "line": outputs["line"],
    }
