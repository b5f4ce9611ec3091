"""The rows of `timing` that are of one image: SkimCaffe times each multiplication of a convolution, group by group."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from logparse.sums import float_sum
from logparse.tables.series import filing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from logparse.model import LogFacts
    from logparse.tables.series.arrays import Array, Arrays
    from logparse.tables.table import BuiltRow


def image_rows(facts: LogFacts) -> Iterator[BuiltRow]:
    """Per attempt and layer the means of its groups, added up."""
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


def _layer_row(part: Arrays) -> BuiltRow:
    groups = [part["group"] == group for group in np.unique(part["group"])]
    return {
        "forward_ms": _sum_of_means(part["ms"], groups),
        "macs": _rounded(_sum_of_means(part["macs"], groups)),
        "touched_bytes": _rounded(_sum_of_means(part["bytes"], groups)),
        "samples": len(part["line"]),
        "line": int(part["line"][0]),
    }


def _sum_of_means(values: Array, groups: list[Array]) -> float:
    with np.errstate(over="ignore"):
        return float_sum(float(values[group].mean()) for group in groups)


def _rounded(value: float) -> int | None:
    """None where a figure of a line is too large to be held."""
    return round(value) if isfinite(value) else None
