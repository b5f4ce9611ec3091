"""The tables of what the solver says beside its curves, by name: each needs the log's facts and what is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.tables.diagnostics import clipping, debug, test_batches
from logparse.tables.events import events
from logparse.tables.milestones import milestones
from logparse.tables.throughput import throughput
from logparse.tables.timing import timing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from logparse.derive.facts import NetFact
    from logparse.model import LogFacts

    Nets = Mapping[int, Sequence[NetFact]]

SOLVER_BUILDERS: Final[Mapping[str, Callable[[LogFacts, Nets], pd.DataFrame]]] = {
    "clipping": lambda facts, _nets: clipping(facts),
    "debug": lambda facts, _nets: debug(facts),
    "test_batches": lambda facts, _nets: test_batches(facts),
    "events": lambda facts, _nets: events(facts),
    "timing": timing,
    "throughput": throughput,
    "milestones": lambda facts, _nets: milestones(facts),
}
