"""`test_batches`: one row per value of a batch of `caffe test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, ELEMENT, LINE, printed, text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    ATTEMPT,
    whole("batch", "Batch", "Counted from 0 by caffe test."),
    text("output", "Output", "The blob's name."),
    ELEMENT,
    printed("value", "Value", "Of this batch."),
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per value; caffe test prints no index: the values of one blob follow one another."""
    import pandas as pd

    from logparse.tables.series import filing
    from logparse.tables.series.arrays import named, printed_whole

    curves = log.facts.curves
    values = curves.series.get("test_batch")
    if values is None:
        return []
    attempt = filing.attempt_of(values["line"], log.facts.attempts)
    blob = pd.DataFrame({"attempt": attempt, "batch": values["batch"], "name": values["name"]})
    return {
        "attempt": attempt,
        "batch": printed_whole(values["batch"]),
        "output": named(curves, values["name"]),
        "element": blob.groupby(["attempt", "batch", "name"]).cumcount().to_numpy(),
        "value": values["value"],
        "line": values["line"],
    }
