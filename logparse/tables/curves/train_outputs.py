"""`train_outputs`: one row per `Train net output`, under its display's iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.column import ATTEMPT, ELEMENT, FILED, LINE, WEIGHTED, printed, text, whole

if TYPE_CHECKING:
    from logparse.tables.table import Built, LogLike

COLUMNS: Final = (
    ATTEMPT,
    FILED,
    whole("index", "Output #", "The number behind '#'."),
    text("output", "Output", "The blob's name."),
    ELEMENT,
    printed("value", "Value", "Of the last batch alone."),
    *WEIGHTED,
    LINE,
)


def build(log: LogLike) -> Built:
    """One row per output; its iteration is NA where the display is missing."""
    from logparse.tables.series import filing, outputs
    from logparse.tables.series.arrays import nullable, printed_whole
    from logparse.tables.series.results import of_start

    facts = log.facts
    found = facts.curves.series.get("train_output")
    if found is None:
        return []
    attempt = filing.attempt_of(found["line"], facts.attempts)
    row = outputs.filed_outputs(facts)
    iteration = of_start(facts.curves.series.get("display"), row, "iteration")
    said = outputs.output_columns(facts.curves, found, attempt - 1)
    return {
        "attempt": attempt,
        "iteration": nullable(iteration, iteration >= 0),
        **said,
        "index": printed_whole(said["index"]),
        "element": printed_whole(said["element"]),
    }
