"""The rows of `timing` that are of a training: Intel Caffe times each layer's passes while it trains, and prints them
with the layer's place in the net and its type.

A block ends with each iteration; the last one holds the sums of all iterations, which its heading says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from logparse.tables.nets.key import own_nets
from logparse.tables.series import filing
from logparse.tables.series.arrays import known_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.derive.facts import LayerFact
    from logparse.model import Attempt
    from logparse.tables.series.arrays import Arrays
    from logparse.tables.table import BuiltRow, LogLike

_MS: Final = ("forward_ms", "backward_ms")


def training_rows(log: LogLike) -> Iterator[BuiltRow]:
    """Per attempt and layer the means of its passes."""
    facts = log.facts
    series = facts.curves.series["layer_time"]
    for number, mine in filing.slices(filing.attempt_of(series["line"], facts.attempts)):
        attempt = facts.attempts[number - 1]
        part = {name: column[mine] for name, column in series.items()}
        part = {name: column[part["line"] < _first_sum(attempt)] for name, column in part.items()}
        layers = _trained(log, attempt)
        for index in np.unique(part["layer_index"]).tolist():
            of_layer = part["layer_index"] == index
            rows = {name: column[of_layer] for name, column in part.items()}
            printed = facts.curves.names[int(rows["type"][0])]
            fact = layers[index] if 0 <= index < len(layers) and layers[index].type == printed else None
            named = {} if fact is None else {"layer": fact.layer.name}
            yield {
                "attempt": number,
                "scope": "training",
                "layer_index": known_whole(index),
                "type": printed,
                **named,
                **_means(rows),
            }


def _first_sum(attempt: Attempt) -> float:
    """The line from which on sums of all iterations are printed."""
    return min((event.line for event in attempt.events if event.kind == "layer_time_total"), default=np.inf)


def _trained(log: LogLike, attempt: Attempt) -> tuple[LayerFact, ...]:
    own = own_nets(log.derived.nets[attempt.index])
    return next((tuple(fact.layers) for fact in own if fact.net.phase == "TRAIN"), ())


def _means(rows: Arrays) -> BuiltRow:
    row: BuiltRow = {"line": int(rows["line"][0])}
    for direction, name in enumerate(_MS):
        times = rows["ms"][rows["direction"] == direction]
        if len(times):
            row[name] = float(times.mean())
            row["samples"] = max(row.get("samples", 0), len(times))
    return row
