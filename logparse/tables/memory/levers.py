"""`levers`: which one layer's change buys most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from logparse.cost.whatif.levers import MOST_OF_EACH, levers
from logparse.derive.facts import layer_at
from logparse.tables.column import listed, text, whole
from logparse.tables.nets.key import OWN_NET_KEY, own_net_columns, own_nets

if TYPE_CHECKING:
    from logparse.cost.whatif.levers import Lever
    from logparse.derive.facts import NetFact
    from logparse.tables.table import Built, BuiltRow, LogLike

# Column, the figure of `whatif` that it is the saving of, title, meaning, unit
SAVINGS: Final = (
    ("saves_params", "params", "Parameters saved", "Weights and biases that go; below 0 where there are more.", ""),
    ("saves_macs_per_image", "macs_per_image", "MACs saved", "Of one image, in this layer and behind it.", "MAC"),
    ("saves_data_bytes", "distinct_data", "Data saved", "Of the blobs of the train net, each block once.", "bytes"),
    ("saves_gpu_bytes", "footprint, gpu", "GPU memory saved", "Of the whole run on one GPU, as estimated.", "bytes"),
)

COLUMNS: Final = (
    *OWN_NET_KEY,
    whole("layer_index", "Layer #", "The layer's place in its net, from 0."),
    text("layer", "Layer", f"One of those with most parameters, MACs or values in its tops ({MOST_OF_EACH} of each)."),
    text("type", "Type", "The layer's type."),
    text("change", "Change", "What is done to this layer alone."),
    *(whole(name, title, meaning, unit) for name, _, title, meaning, unit in SAVINGS),
    listed("assumptions", "Assumptions", "What the change takes for granted; why it cannot be followed where it is."),
)


def build(log: LogLike) -> Built:
    """One row per change of one layer of the first net."""
    return [
        _row(attempt, own_nets(log.derived.nets[attempt])[0], lever)
        for attempt, run in log.derived.runs.items()
        for lever in levers(run, log.terms)
    ]


def _row(attempt: int, fact: NetFact, lever: Lever) -> BuiltRow:
    found = layer_at(fact, lever.layer_index)
    inferred = () if found is None else found.assumptions
    return {
        **own_net_columns(attempt, fact),
        "layer_index": lever.layer_index,
        "layer": None if found is None else found.layer.name,
        "type": lever.layer.kind,
        "change": lever.words,
        **{column: _saved(lever, figure) for column, figure, *_ in SAVINGS},
        "assumptions": [lever.refusal] if lever.refusal else [*inferred, *lever.assumptions],
    }


def _saved(lever: Lever, figure: str) -> int | None:
    before, after = lever.before.get(figure), lever.after.get(figure)
    return None if before is None or after is None else before - after
