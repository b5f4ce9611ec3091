"""SkimCaffe's profile: each multiplication of a convolution timed, one image and one group at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from logparse.sums import float_sum
from logparse.tables import filing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import LogFacts
    from logparse.tables.filing import Column, Columns

    Row = dict[str, Any]


def product_rows(facts: LogFacts) -> Iterator[Row]:
    """The `timing` rows of scope image: per attempt and layer the means of its groups, added up."""
    series = facts.curves.series.get("product")
    if series is None:
        return
    for attempt, mine in filing.slices(filing.attempt_of(series["line"], facts.attempts)):
        part = {name: column[mine] for name, column in series.items()}
        layers, first = np.unique(part["layer"], return_index=True)
        for place in np.argsort(first).tolist():
            of_layer = part["layer"] == layers[place]
            row = _layer_row({name: column[of_layer] for name, column in part.items()})
            yield {
                "attempt": attempt,
                "run": 1,
                "scope": "image",
                "layer": facts.curves.names[int(layers[place])],
                **row,
            }


def _layer_row(part: Columns) -> Row:
    groups = [part["group"] == group for group in np.unique(part["group"])]
    return {
        "forward_ms": _sum_of_means(part["ms"], groups),
        "macs": round(_sum_of_means(part["macs"], groups)),
        "touched_bytes": round(_sum_of_means(part["bytes"], groups)),
        "samples": len(part["line"]),
        "line": int(part["line"][0]),
    }


def _sum_of_means(values: Column, groups: list[Column]) -> float:
    return float_sum(float(values[group].mean()) for group in groups)
